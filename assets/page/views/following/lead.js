/* The lecturer's page: it says to the server what it shows, for others to follow, and shows the hall how.
 *
 * ?lead=KEY begins it. The tab remembers the key, a secret that no other address of the page has.
 */
import { openDialog } from "../../controls/dialogs.js";
import { forget, remember, remembered } from "../../controls/remembered.js";
import { screen } from "../../core/screen.js";
import { LEAD } from "../../server/server-addresses.js";
import { request } from "../../server/requests.js";
import { qrDrawing } from "../export/qr-drawing.js";
import { UNREACHABLE } from "../export/this-page.js";

const KEY = "lead"; // the name of what the tab remembers
const TAB = "sessionStorage";
const GAP_MS = 100; // from one screen to the next, while a hand drags
const COUNT_MS = 5000; // from one count of followers to the next

let key = null;
let isSending = false;
let hasChanged = false; // since the last sending began

const find = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function showFollowers({ code, address, followers }) {
  for (const button of document.querySelectorAll(".followers-button")) {
    button.hidden = false;
    button.textContent = `Followers: ${followers}`;
  }
  const place = new URL(`?follow=${code}`, address || location.href).href;
  if (find("followers-address").textContent === place) return;
  find("followers-address").textContent = place;
  find("followers-about").textContent = address ? "" : UNREACHABLE;
  find("followers-code").replaceChildren(qrDrawing(place));
}

function end(sentence) {
  key = null;
  forget(KEY, TAB);
  for (const button of document.querySelectorAll(".followers-button")) button.hidden = true;
  find("following").hidden = false;
  find("following-words").textContent = sentence;
}

/* Send what is on screen, one message at a time: the next has what has changed meanwhile. */
async function send() {
  hasChanged = true;
  if (isSending) return;
  isSending = true;
  while (hasChanged && key) {
    hasChanged = false;
    try {
      const headers = { Authorization: `Bearer ${key}`, "Content-Type": "text/plain" };
      const body = new URL(screen.address()).search.slice(1);
      showFollowers(await (await request(LEAD, () => true, { method: "POST", headers, body })).json());
      await pause(GAP_MS);
    } catch (error) {
      if (!error.nextTry) end(error.message);
      else await error.nextTry;
      hasChanged = true;
    }
  }
  isSending = false;
}

export function start() {
  const asked = new URLSearchParams(location.search).get("lead");
  if (asked) remember(KEY, asked, TAB);
  key = asked || remembered(KEY, TAB);
  if (!key) return;
  screen.subscribe(() => key && send());
  setInterval(() => key && send(), COUNT_MS);
  document.addEventListener("click", ({ target }) => {
    if (target.closest(".followers-button")) openDialog("followers");
  });
}
