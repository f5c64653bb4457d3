/* The exported page begins: what the server would answer is unpacked, and Dash runs on it. app/export wrote all of it.
 *
 * This program is linked to one script that stands in the HTML. Everything else is packed: in the HTML, or in files
 * beside it.
 */
import { Answers } from "./answers.js";
import { saveFiles } from "./downloads.js";
import { answerRequests } from "./requests.js";
import { runAll, textAddress } from "./scripts.js";
import { openAt } from "./start.js";
import { unpackedJson } from "./unpack.js";

const contents = JSON.parse(document.getElementById("export-contents").textContent);

/* What the linked page script asks for: the address of the models' worker. */
globalThis.hvaeExport = { worker: "" };

function say(sentence) {
  const place = document.querySelector("._dash-loading") ?? document.body;
  place.textContent = sentence;
}

async function begin() {
  const atlas = openAt(contents);
  const [scripts, recorded] = await Promise.all([unpackedJson("scripts"), unpackedJson(atlas)]);
  let drawing = null;
  const figureScripts = () => (drawing ??= runAll(scripts.figures));
  document.addEventListener("hvae:figures", ({ detail }) => detail.waitUntil(figureScripts()));
  const answers = new Answers(atlas, contents, recorded, figureScripts);
  answerRequests(answers);
  saveFiles(answers);
  globalThis.hvaeExport.worker = textAddress(scripts.worker);
  await runAll(scripts.page);
}

if (typeof DecompressionStream === "undefined") say("This page needs a browser of 2023 or later.");
else begin().catch((error) => {
  say(`This page cannot be shown: ${error.message}`);
  throw error;
});
