/* Between Dash, which calls functions of classic scripts, and the page, which is made of modules.
 *
 * Dash loads only what lies beside this file, with ?m=… after its address. A module must not lie here: imports do not
 * add that, and two addresses are two modules. Addresses are relative to this file, so the page may lie in any folder.
 */
(function () {
  "use strict";
  const loading = import("./page/main.js");
  let page = null;
  loading.then((module) => (page = module));

  /* What a clientside callback of this name does: at once if the page is loaded, so that Dash need not wait. */
  function callback(name) {
    return (...values) => {
      const { no_update } = window.dash_clientside;
      if (!page) return loading.then((module) => module.call(name, ...values)).then(() => no_update);
      page.call(name, ...values);
      return no_update;
    };
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.hvae = new Proxy({}, { get: (_, name) => callback(name) });
})();
