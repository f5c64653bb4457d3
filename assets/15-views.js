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

  /* Tabs are the buttons of a class; of each, data-FIELD is the value of that field of the state that it stands for. */
  hvae.tabs = function (className, field) {
    const all = () => [...document.querySelectorAll(`.${className}`)];

    hvae.screen.subscribe((screen, former) => {
      if (former && former[field] === screen[field]) return;
      for (const tab of all()) {
        const isCurrent = tab.dataset[field] === screen[field];
        tab.setAttribute("aria-selected", isCurrent);
        tab.tabIndex = isCurrent ? 0 : -1;
      }
    });

    document.addEventListener("click", (event) => {
      const tab = event.target.closest(`.${className}`);
      if (tab) hvae.screen.set({ [field]: tab.dataset[field] }, event.timeStamp);
    });

    /* Left and right go from tab to tab, as the ARIA practices have it. */
    document.addEventListener("keydown", (event) => {
      const tab = event.target.closest(`.${className}`);
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

  hvae.tabs("view-tab", "view");
})();
