/* What the server would answer: recorded by app/export, or a file of the atlas. docs/endpoints.md lists the addresses. */
import { figuresAnswer } from "./figures-answer.js";
import { keyOf } from "../page/figures/recorded/colour-key.js";
import { Recorded } from "../page/figures/recorded/recorded.js";
import { fileBeside, packedHere, unpackedJson } from "./unpack.js";

const FILE = /^\/atlases\/([^/]+)\/([^/?]+)(?:\?.*)?$/;
const OF_ATLAS = /^\/pages\/([^/]+)\/(version|figures\.json)$/;
const NO_MODEL = "This page has no server to ask: either it does not hold this model, or this browser cannot run it.";
const NOBODY = "Nobody leads here: this page has no server.";
const NO_FILE = "This file is not part of this page, which has no server to ask.";

function json(value, status = 200) {
  return new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json" } });
}

const NOTHING_NEW = () => new Response(null, { status: 204 });

export class Answers {
  #atlas;
  #contents;
  #recorded;
  #figures;
  #figureScripts;

  /* atlas: its name. contents: what the page holds. recorded: what app/export recorded of the atlas. figureScripts: runs
   * the scripts that draw figures, if they have not run; no figure may be on the page before. */
  constructor(atlas, contents, recorded, figureScripts) {
    this.#figureScripts = figureScripts;
    this.#atlas = atlas;
    this.#contents = contents;
    this.#recorded = recorded;
    this.#figures = new Recorded(recorded.figures);
  }

  /* The answer to a request for an address, which begins with a slash. body: of a POST. */
  async answer(address, body) {
    const path = address.split("?")[0];
    if (path.endsWith("/_dash-layout")) return json(this.#recorded.layout);
    if (path.endsWith("/_dash-dependencies")) return json(this.#recorded.dependencies);
    if (path.endsWith("/_dash-update-component")) return this.#update(JSON.parse(body));
    if (path === "/healthz") return json({ status: "ok" });
    const [, named, what] = OF_ATLAS.exec(path) ?? [];
    if (named) return this.#ofAtlas(decodeURIComponent(named), what);
    if (path === "/explanations.json") return json(this.#recorded.explanations);
    if (path.startsWith("/follow")) return json({ error: NOBODY }, 404);
    const file = FILE.exec(address);
    if (!file) return json({ error: NO_MODEL }, 404);
    const bytes = await this.#file(...file.slice(1).map(decodeURIComponent));
    return bytes ? new Response(bytes) : json({ error: NO_FILE }, 404);
  }

  async #ofAtlas(name, what) {
    const { version, figures, key } = await this.#recordedOf(name);
    if (what === "version") return json({ version });
    await this.#figureScripts();
    return json({ ...figures, key });
  }

  /* What app/export recorded of any atlas of this page. */
  async #recordedOf(name) {
    return name === this.#atlas ? this.#recorded : unpackedJson(name);
  }

  /* The atlas that a look has beside this one, as drawnBeside takes it; null if there is none. */
  async #other({ beside }) {
    if (beside === this.#atlas || !this.#contents.atlases.includes(beside)) return null;
    const { figures } = await this.#recordedOf(beside);
    return { name: beside, title: this.#contents.titles[beside], figures: new Recorded(figures) };
  }

  async #file(atlas, name) {
    if (atlas !== this.#atlas || !this.#recorded.files.includes(name)) return null;
    if (this.#contents.isOneFile) return packedHere(`${atlas}/${name}`);
    return fileBeside(`atlases/${encodeURIComponent(atlas)}/${encodeURIComponent(name)}`);
  }

  /* What a callback of Dash's answers: figures, or the colour key. Others have nothing to say here. */
  async #update({ output, inputs, state }) {
    const look = inputs?.find(({ id }) => id === "look")?.value;
    if (!look) return NOTHING_NEW();
    const answer = output.startsWith("figures-key.")
      ? { "figures-key": { children: keyOf(this.#recorded.key, this.#figures, look) } }
      : null;
    if (answer) return json({ multi: true, response: answer });
    const other = await this.#other(look);
    const drawn = figuresAnswer(this.#figures, other, this.#recorded.version, output, look, state?.[0]?.value);
    if (!drawn) return NOTHING_NEW();
    await this.#figureScripts();
    return json(drawn);
  }
}
