/* Image files that a visitor chooses or drops. */
const MOST_BYTES = 64e6;
const MOST_PIXELS = 64e6; // a browser takes four bytes for each

/* Resolves when a browser knows the size of a picture, which it says before it decodes any of it. */
function loaded(picture) {
  return new Promise((resolve, reject) => Object.assign(picture, { onload: resolve, onerror: reject }));
}

/* What is wrong with a file before it is opened, a sentence; "" if nothing. */
function refusal(file, name) {
  if (file.size > MOST_BYTES) return `${name} has more than 64 MB: choose a smaller image.`;
  // SVG is a program that draws, for as long as it likes.
  if (file.type.startsWith("image/svg")) return `${name} is no image of pixels: choose a PNG or JPEG.`;
  return "";
}

/* Open a file and `use(picture)`, a decoded <img>. Returns "" or, if it cannot be used, why: a sentence for the
 * user. */
export async function openImage(file, use) {
  if (!file) return "That is no file: choose or drop a PNG or JPEG.";
  const name = file.name.slice(0, 100);
  const refused = refusal(file, name);
  if (refused) return refused;
  const address = URL.createObjectURL(file);
  const picture = new Image();
  try {
    const known = loaded(picture);
    picture.src = address;
    await known;
    const pixels = picture.naturalWidth * picture.naturalHeight;
    if (pixels > MOST_PIXELS) return `${name} has more than 64 million pixels: choose a smaller image.`;
    await picture.decode();
    if (!pixels) throw new Error("no pixels");
    use(picture);
    return "";
  } catch {
    return `${name} is not an image that this browser can open: choose a PNG or JPEG.`;
  } finally {
    URL.revokeObjectURL(address);
  }
}
