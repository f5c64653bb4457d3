/* What is on screen, and the address bar, which always says it. The one place that changes it.
 *
 * `current` has the fields of app/page/state.py's Screen, and `change`, which counts our changes. Modules subscribe to
 * it. Dash is told of it as little as possible, since each change of one of its stores takes it 10 to 90 ms: the
 * store `screen` holds what a visitor sees first, and `look`, the part that figures depend on, is kept up to date.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const LOOK = ["view", "sizes", "colour", "units", "axes", "layer", "probe", "score", "rate", "lecture"];
  const FOLD = /^fold_b2-[0-9.e+-]{1,24}_b1-[0-9.e+-]{1,24}$/;
  const listeners = [];
  let first = null;
  let fields = {};

  hvae.screen = {
    current: null,
    points: {},

    /* Begin with what Dash knows, and with what the address says. */
    start(screen, theFields, points) {
      if (this.current) return;
      first = screen;
      fields = theFields;
      this.points = points || {};
      this.current = { ...screen, ...read(location.search), change: 0 };
      this.told = look(first);
      tell(null, performance.now());
      write("replaceState");
      if (look(this.current) !== this.told) tellLook();
    },

    /* Call `listener(current, former, since)` at the start and after every change; former is null at the start.
     * `since`: when the input event happened, for who measures. */
    subscribe(listener) {
      listeners.push(listener);
      if (this.current) listener(this.current, null, performance.now());
    },

    /* Change some of it. What one model's sliders shift means nothing in another. Before the page has begun there
     * is nothing to change. */
    set(change, since = performance.now()) {
      const former = this.current;
      if (!former) return;
      const shifts = (change.point ?? former.point) === former.point ? former.shifts : first.shifts;
      this.current = { ...former, shifts, ...change, change: former.change + 1 };
      tell(former, since);
      // Back leads to the former view, not to the former dot.
      write(this.current.view === former.view ? "replaceState" : "pushState");
      if (look(this.current) !== this.told) tellLook();
    },

    /* Go to another atlas, which has a page of its own: how things are shown stays, what is shown is its own. */
    open(atlas) {
      const how = Object.fromEntries([...LOOK, "part"].map((name) => [name, this.current[name]]));
      const said = new URLSearchParams(query({ ...first, ...how, lecture: first.lecture, atlas }));
      said.delete("point");
      location.assign(`/?${said}`);
    },

    /* Have Dash draw the figures of what is on screen, which it was told of before. */
    drawFigures() {
      tellLook();
    },

    /* The address that shows what is on screen now. */
    address() {
      return new URL(`?${query(this.current)}`, location.href).href;
    },
  };

  function tell(former, since) {
    for (const listener of listeners) listener(hvae.screen.current, former, since);
  }

  function tellLook() {
    hvae.screen.told = look(hvae.screen.current);
    window.dash_clientside.set_props("look", { data: JSON.parse(hvae.screen.told) });
  }

  function look(screen) {
    return JSON.stringify(Object.fromEntries(LOOK.map((name) => [name, screen[name]])));
  }

  /* The fields that an address says, as far as they are valid. */
  function read(search) {
    const said = new URLSearchParams(search);
    const values = {};
    for (const [name, field] of Object.entries(fields)) {
      const text = said.get(name);
      const value = text === null ? undefined : parse(field, text);
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  function parse(field, text) {
    const list = text === "" ? [] : text.split(",");
    // Without a parent there are no folds.
    const isPoint = (name) => Object.hasOwn(hvae.screen.points, name) || (FOLD.test(name) && Boolean(hvae.folds.setting));
    switch (field.kind) {
      case "choice":
        return field.choices.includes(text) ? text : undefined;
      case "choices":
        return list.length === field.length && list.every((one) => field.choices.includes(one)) ? list : undefined;
      case "integer":
        return /^[0-9]{1,10}$/.test(text) && Number(text) <= field.most ? Number(text) : undefined;
      case "point":
        return isPoint(text) ? text : undefined;
      case "points":
        return list.every(isPoint) ? [...new Set(list)].slice(0, field.most) : undefined;
      case "text":
        return text.length <= field.most && new RegExp(`^(?:${field.pattern})$`).test(text) ? text : undefined;
    }
    return undefined;
  }

  /* Atlas, view and point always; the rest where it is not what a visitor sees first. */
  function query(screen) {
    const said = new URLSearchParams({ atlas: screen.atlas });
    for (const name of Object.keys(fields)) {
      const text = String(screen[name] ?? "");
      if (name === "view" || name === "point" || text !== String(first[name] ?? "")) said.set(name, text);
    }
    return said.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  }

  function write(how) {
    const address = `?${query(hvae.screen.current)}`;
    if (address !== location.search) history[how](null, "", address);
  }

  window.addEventListener("popstate", () => {
    if (!hvae.screen.current) return;
    const { atlas, change } = hvae.screen.current;
    hvae.screen.set({ ...first, ...read(location.search), atlas, change });
  });

  /* Callbacks of this name space are entered by each module below. */
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.hvae = window.dash_clientside.hvae || {};

  /* Dash calls this with the stores once the page stands. */
  window.dash_clientside.hvae.start = function (screen, theFields, points) {
    hvae.screen.start(screen, theFields, points);
    return window.dash_clientside.no_update;
  };
})();
