/* A line at the foot of the window while the server cannot be reached, or is busy. */
const LOST = "The server cannot be reached.";
const BUSY = "The server is busy. Trying again …";

export function start() {
  const place = document.getElementById("connection-message");
  let lost = "";
  let busy = "";
  const say = () => (place.textContent = lost || busy);
  document.addEventListener("hvae:connection", ({ detail: { state, seconds } }) => {
    if (state === "found") lost = "";
    else lost = state === "lost" ? `${LOST} Trying again in ${seconds} s.` : `${LOST} Trying again …`;
    say();
  });
  document.addEventListener("hvae:busy", ({ detail: { isBusy } }) => {
    busy = isBusy ? BUSY : "";
    say();
  });
}
