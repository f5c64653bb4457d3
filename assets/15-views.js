/* Which view is shown: an element with data-views="one two" is there in those views only. And rows of tabs. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  hvae.screen.subscribe((screen, former) => {
    if (former && former.view === screen.view) return;
    for (const part of document.querySelectorAll("[data-views]")) {
      part.hidden = !part.dataset.views.split(" ").includes(screen.view);
    }
    document.querySelector(".page").dataset.view = screen.view;
  });

  /* Rows of tabs that stand for values of a field of the state: class FIELD-tab, the value in data-FIELD. */
  hvae.tabs = function (field) {
    const all = () => [...document.querySelectorAll(`.${field}-tab`)];

    hvae.screen.subscribe((screen, former) => {
      if (former && former[field] === screen[field]) return;
      for (const tab of all()) {
        const isCurrent = tab.dataset[field] === screen[field];
        tab.setAttribute("aria-selected", isCurrent);
        tab.tabIndex = isCurrent ? 0 : -1;
      }
    });

    document.addEventListener("click", (event) => {
      const tab = event.target.closest(`.${field}-tab`);
      if (tab) hvae.screen.set({ [field]: tab.dataset[field] }, event.timeStamp);
    });

    /* Left and right go from tab to tab, as the ARIA practices have it. */
    document.addEventListener("keydown", (event) => {
      const tab = event.target.closest(`.${field}-tab`);
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!tab || !step || event.altKey || event.ctrlKey || event.metaKey) return;
      const tabs = all();
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
      next.focus();
      hvae.screen.set({ [field]: next.dataset[field] }, event.timeStamp);
      event.preventDefault();
      event.stopPropagation();
    });
  };

  hvae.tabs("view");
})();
