/* Links to files and pictures that the server would have: what this page has of them is saved. */

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/* The canvas that shows the picture at an address. */
function canvasOf(address) {
  return [...document.querySelectorAll("canvas.picture")].find((canvas) => canvas.dataset.pictureUrl === address);
}

/* Save what a link of the page names. */
export function saveFiles(answers) {
  document.addEventListener(
    "click",
    async (event) => {
      const link = event.target.closest?.("a[download]");
      const address = link?.getAttribute("href") ?? "";
      if (!address.startsWith("/")) return;
      event.preventDefault();
      const canvas = canvasOf(address);
      if (canvas) canvas.toBlob((blob) => save(blob, link.download));
      else {
        const response = await answers.answer(address);
        if (response.ok) save(await response.blob(), link.download);
      }
    },
    { capture: true },
  );
}
