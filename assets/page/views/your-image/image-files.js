/* Image files that a visitor chooses or drops. */
const MOST_BYTES = 64e6;
const MOST_PIXELS = 64e6; // a browser takes four bytes for each

/* Resolves when the browser knows a picture's size, which is before it decodes the picture. */
function loaded(picture) {
  return new Promise((resolve, reject) => Object.assign(picture, { onload: resolve, onerror: reject }));
}

/* Why a file cannot be opened, a sentence; "" if it may be tried. */
function refusal(file, name) {
  if (file.size > MOST_BYTES) return `${name} has more than 64 MB: choose a smaller image.`;
  // SVG is a program that may draw for ever.
  if (file.type.startsWith("image/svg")) return `${name} is a drawing, not an image of pixels: choose a PNG or JPEG.`;
  return "";
}

/* Open a file and call `use(picture)` with a decoded <img>. Returns "" or a sentence that says why it cannot be
 * used. */
export async function openImage(file, use) {
  if (!file) return "This is not a file: choose or drop a PNG or JPEG.";
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
