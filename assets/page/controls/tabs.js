/* Rows of tabs, and the shown view: an element with data-views="one two" is visible in those views only. */
import { screen } from "../core/screen.js";

function showView({ view }, former) {
  if (former && former.view === view) return;
  for (const part of document.querySelectorAll("[data-views]")) {
    part.hidden = !part.dataset.views.split(" ").includes(view);
  }
  document.querySelector(".page").dataset.view = view;
}

/* On a phone a row of tabs scrolls: bring one of them into sight, and only that row moves. */
function bringIntoSight(tab) {
  const row = tab.parentElement;
  const [box, around] = [tab.getBoundingClientRect(), row.getBoundingClientRect()];
  const middle = box.left + box.width / 2 - around.left - around.width / 2;
  if (row.scrollWidth > row.clientWidth) row.scrollBy({ left: middle });
}

/* Let a row of tabs set a field of the state: class FIELD-tab, the value in data-FIELD. */
export function startTabs(field) {
  const all = () => [...document.querySelectorAll(`.${field}-tab`)];

  screen.subscribe((current, former) => {
    if (former && former[field] === current[field]) return;
    for (const tab of all()) {
      const isCurrent = tab.dataset[field] === current[field];
      tab.setAttribute("aria-selected", isCurrent);
      tab.tabIndex = isCurrent ? 0 : -1;
      if (isCurrent) bringIntoSight(tab);
    }
  });

  document.addEventListener("click", (event) => {
    const tab = event.target.closest(`.${field}-tab`);
    if (tab) screen.set({ [field]: tab.dataset[field] }, event.timeStamp);
  });

  /* Left and right go from tab to tab, as the ARIA practices recommend. */
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest(`.${field}-tab`);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!tab || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    const tabs = all();
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    screen.set({ [field]: next.dataset[field] }, event.timeStamp);
    event.preventDefault();
    event.stopPropagation();
  });
}

export function start() {
  screen.subscribe(showView);
  startTabs("view");
}
