/* A line at the foot of the window while the server cannot be reached. */
const LOST = "The server cannot be reached.";

export function start() {
  const place = document.getElementById("connection-message");
  document.addEventListener("hvae:connection", ({ detail: { state, seconds } }) => {
    if (state === "found") place.textContent = "";
    else place.textContent = state === "lost" ? `${LOST} Trying again in ${seconds} s.` : `${LOST} Trying again …`;
  });
}
