/* Text to the clipboard, and words beside the button about it. */

/* Copy a text. button: what was clicked; the status of its section says how it went. */
export async function copy(text, button) {
  const status = button.closest("section").querySelector("[role=status]");
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = "Copied.";
  } catch {
    status.textContent = "The browser does not allow this: select the text and copy it.";
  }
}
