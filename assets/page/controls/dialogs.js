/* Dialogs: what opens and closes them. */

const OPENERS = "#open-keys, #open-export, #open-about-page";

/* "keys", "export" or "about-page". */
export function openDialog(id) {
  document.getElementById(id).showModal();
}

export function isDialogOpen() {
  return document.querySelector("dialog[open]") !== null;
}

export function start() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest(OPENERS);
    if (opener) openDialog(opener.id.replace("open-", ""));
    const dialog = event.target.closest("dialog");
    // A click on the backdrop is a click on the dialog itself.
    if (dialog && (event.target === dialog || event.target.closest(".dialog-close"))) dialog.close();
  });
}
