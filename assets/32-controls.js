/* Controls of what figures show: <... id="control-NAME"> writes the field NAME of the state, and shows it.
 *
 * `size-0`, `size-1`, … are the entries of the field `sizes`.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const NAMES = ["size-0", "size-1", "size-2", "colour", "units", "axes", "layer", "probe", "score", "rate"];

  function entry(name) {
    const match = /^size-([0-9])$/.exec(name);
    return match ? Number(match[1]) : null;
  }

  function valueOf(screen, name) {
    return entry(name) === null ? screen[name] : screen.sizes[entry(name)];
  }

  function choose(name, value) {
    const { current } = hvae.screen;
    if (current && typeof value === "string" && valueOf(current, name) !== value) {
      const change =
        entry(name) === null
          ? { [name]: value }
          : { sizes: current.sizes.map((size, index) => (index === entry(name) ? value : size)) };
      hvae.screen.set(change);
    }
    return window.dash_clientside.no_update;
  }

  /* Dash calls these when a visitor has chosen. */
  for (const name of NAMES) window.dash_clientside.hvae[`choose-${name}`] = (value) => choose(name, value);

  /* An address, a key or a lecture has chosen. */
  hvae.screen.subscribe((screen, former) => {
    for (const name of NAMES) {
      const value = valueOf(screen, name);
      const isOld = former ? valueOf(former, name) === value : !location.search;
      if (isOld || value === undefined || !document.getElementById(`control-${name}`)) continue;
      window.dash_clientside.set_props(`control-${name}`, { value });
    }
  });
})();
