/* What is packed: in the HTML as <script type="text/plain" id="packed-NAME"> in base64, else in files beside it. */

async function unzipped(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function fromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

const fetchHere = globalThis.fetch.bind(globalThis);

/* The bytes of a file beside the page; null where there is none. */
export async function fileBeside(path) {
  const response = await fetchHere(path);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${path} answers ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}

/* The bytes that are packed under a name in the HTML; null where there are none. */
export async function packedHere(name) {
  const place = document.getElementById(`packed-${name}`);
  return place ? unzipped(fromBase64(place.textContent)) : null;
}

/* What is packed under a name, as JSON. */
export async function unpackedJson(name) {
  let bytes = await packedHere(name);
  if (!bytes) {
    const packed = await fileBeside(`page/${encodeURIComponent(name)}.bin`);
    if (!packed) throw new Error(`page/${name}.bin is missing.`);
    bytes = await unzipped(packed);
  }
  return JSON.parse(new TextDecoder().decode(bytes));
}
