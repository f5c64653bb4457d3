/* Base64 in the alphabet of addresses, without padding: how an image travels in an address. */

export function toBase64Url(base64) {
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64Url(text) {
  return text.replaceAll("-", "+").replaceAll("_", "/");
}
