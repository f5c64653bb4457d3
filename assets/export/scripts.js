/* Classic scripts that are there as texts, run one after the other. */

/* An address at which a text can be had as a script. */
export function textAddress(text) {
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

function run(text) {
  const script = document.createElement("script");
  const address = textAddress(text);
  return new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error("a script of the page does not run."));
    script.async = false;
    script.src = address;
    document.body.append(script);
  }).finally(() => URL.revokeObjectURL(address));
}

/* Run scripts, one after the other. */
export async function runAll(texts) {
  for (const text of texts) await run(text);
}
