/* Which view is shown: an element with data-views="one two" is there in those views only. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  hvae.screen.subscribe((screen, former) => {
    if (former && former.view === screen.view) return;
    for (const part of document.querySelectorAll("[data-views]")) {
      part.hidden = !part.dataset.views.split(" ").includes(screen.view);
    }
    document.querySelector(".page").dataset.view = screen.view;
    for (const tab of document.querySelectorAll(".view-tab")) {
      const isCurrent = tab.dataset.view === screen.view;
      tab.setAttribute("aria-selected", isCurrent);
      tab.tabIndex = isCurrent ? 0 : -1;
    }
  });

  document.addEventListener("click", (event) => {
    const tab = event.target.closest(".view-tab");
    if (tab) hvae.screen.set({ view: tab.dataset.view }, event.timeStamp);
  });

  /* Left and right go from tab to tab, as the ARIA practices have it. */
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest(".view-tab");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!tab || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    const tabs = [...document.querySelectorAll(".view-tab")];
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    hvae.screen.set({ view: next.dataset.view }, event.timeStamp);
    event.preventDefault();
    event.stopPropagation();
  });
})();
