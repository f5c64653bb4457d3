/* This page elsewhere: without Python, in another page, on phones, and as a link. */
import { element } from "../../core/dom.js";
import { screen } from "../../core/screen.js";
import { copy } from "./copying.js";
import { qrDrawing } from "./qr-drawing.js";
import { copyRow } from "./rows.js";

const EMBEDDED = "The server must have been started with --embed and the other page's origin.";
const TOO_LONG = "This address is too long for a QR code.";
export const UNREACHABLE = "Only this machine has this address. Phones need a server that was started with --host 0.0.0.0.";
const OWN_NAMES = /^(localhost|127\.[0-9.]+|\[::1\])$/; // of a machine that nobody else reaches by them

const find = (id) => document.getElementById(id);

/* Whether others could open the page's address. */
function hasAddress() {
  return location.protocol.startsWith("http");
}

/* Rows with commands that make a page without Python; none where the page is one. */
function exportRows() {
  const { command, opening } = find("export").dataset;
  if (!command) return [];
  const line = (path) => `${command} --export ${path} --start "${new URL(screen.address()).search}"`;
  const about = opening.startsWith("Atlas.open(") ? `In place of ${command.split(" ").at(-1)}, write the atlas's folder.` : "";
  return [copyRow("This page as one file", line("lecture.html")), copyRow("… as a web site", line("site"), about)];
}

function embedRow() {
  const address = screen.address().replaceAll("&", "&amp;");
  const text = `<iframe src="${address}" title="HVAE Explorer" width="100%" height="900"></iframe>`;
  return copyRow("Embed", text, find("export").dataset.command ? EMBEDDED : "");
}

/* Draw the address, small and large; returns the sentence about it. */
function drawAddress() {
  for (const id of ["qr-small", "qr-large"]) {
    const drawing = qrDrawing(screen.address());
    find(id).replaceChildren(...(drawing ? [drawing] : []));
    if (!drawing) return TOO_LONG;
  }
  return OWN_NAMES.test(location.hostname) ? UNREACHABLE : "";
}

/* Fill in the section, for what is on screen now. */
export function showThisPage() {
  const isOnline = hasAddress();
  find("page-list").replaceChildren(...exportRows(), ...(isOnline ? [embedRow()] : []));
  find("share").hidden = !isOnline;
  find("qr-place").hidden = !isOnline;
  if (!isOnline) return;
  const about = drawAddress();
  find("qr-small").hidden = about === TOO_LONG;
  find("qr-about").replaceChildren(...(about ? [element("p", "export-about", about)] : []));
}

/* Hand the link to another program; where the browser cannot, copy it. */
async function share(button) {
  const url = screen.address();
  if (!navigator.share) return copy(url, button);
  try {
    return await navigator.share({ title: document.title, url });
  } catch (error) {
    return error.name === "AbortError" ? null : copy(url, button); // that is a visitor who changed their mind
  }
}

/* Show the code as large as the screen allows. */
function showLarge() {
  find("qr-screen").showModal();
  // Where a browser does not allow it, the code fills the window.
  find("qr-large").requestFullscreen?.().catch(() => {});
}

export function startThisPage() {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("#copy-link, #share, #qr-small, #qr-large");
    if (button?.id === "copy-link") copy(screen.address(), button);
    if (button?.id === "share") share(button);
    if (button?.id === "qr-small") showLarge();
    if (button?.id === "qr-large") find("qr-screen").close();
  });
  find("qr-screen").addEventListener("close", () => document.fullscreenElement && document.exitFullscreen());
  document.addEventListener("fullscreenchange", () => document.fullscreenElement || find("qr-screen").close());
}
