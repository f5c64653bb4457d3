/* Other atlases: the menu in the page's head leads to them, and a link to one that is not here says so. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  /* Dash calls this when a visitor has chosen. */
  window.dash_clientside.hvae["choose-atlas"] = (atlas) => {
    const { current } = hvae.screen;
    if (current && atlas && atlas !== current.atlas) hvae.screen.open(atlas);
    return window.dash_clientside.no_update;
  };

  /* Back may show the page as it was left: with the menu at the atlas that it led to. */
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.dash_clientside.set_props("control-atlas", { value: hvae.screen.current.atlas });
  });

  hvae.screen.subscribe((screen, former) => {
    const asked = new URLSearchParams(location.search).get("atlas");
    if (former || !asked || asked === screen.atlas) return;
    const { atlas } = document.getElementById("about").dataset;
    document.getElementById("atlas-message").textContent = `There is no atlas “${asked.slice(0, 80)}” here: this is ${atlas}.`;
  });
})();
