/* The keyboard: every key does what some control of the page does too. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

  /* The next point of the grid in a direction: `across` changes β₂, `up` changes β₁; null at the edge. */
  function neighbour(point, across, up) {
    const here = hvae.screen.points[point];
    if (!here) return null;
    const moving = across ? "beta_2" : "beta_1";
    const resting = across ? "beta_1" : "beta_2";
    const sign = across || up;
    let best = null;
    let least = [Infinity, Infinity];
    for (const [name, there] of Object.entries(hvae.screen.points)) {
      const ahead = sign * Math.log(there[moving] / here[moving]);
      if (ahead < 1e-6 || there.fold) continue;
      // Along the row or column first, then the nearest: a grid may lack points.
      const distance = [Math.abs(Math.log(there[resting] / here[resting])), ahead];
      if (distance[0] < least[0] - 1e-6 || (distance[0] < least[0] + 1e-6 && distance[1] < least[1])) {
        [best, least] = [name, distance];
      }
    }
    return best;
  }

  function view(index) {
    const tab = document.querySelectorAll(".view-tab")[index];
    if (tab) hvae.screen.set({ view: tab.dataset.view });
  }

  function press(key, since) {
    const { point } = hvae.screen.current;
    if (STEPS[key]) {
      const next = neighbour(point, ...STEPS[key]);
      if (next) hvae.screen.set({ point: next }, since);
    } else if (key >= "1" && key <= "9") view(Number(key) - 1);
    else if (key === "s") hvae.model.drawAgain(since);
    else if (key === "p") hvae.pins.toggle(point, since);
    else if (key === "l") hvae.lecture.toggle();
    else if (key === "e") document.getElementById("export").showModal();
    else if (key === "?") document.getElementById("keys").showModal();
    else return false;
    return true;
  }

  /* Where a key has a meaning of its own. */
  function isTyping(target, key) {
    // A slider or a row of radio buttons keeps the keys that move it, and leaves letters and digits to the page.
    if (target.matches("input[type=radio], input[type=range]")) return !/^[a-z1-9?]$/.test(key);
    return target.closest("input, textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=option]");
  }

  document.addEventListener("keydown", (event) => {
    if (!hvae.screen.current || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (isTyping(event.target, event.key) || document.querySelector("dialog[open]")) return;
    if (event.target.closest("[data-keys=own]")) return;
    if (press(event.key, event.timeStamp)) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("#open-keys, #open-export");
    if (opener) document.getElementById(opener.id.replace("open-", "")).showModal();
    const dialog = event.target.closest("dialog");
    // A click on the backdrop is a click on the dialog itself.
    if (dialog && (event.target === dialog || event.target.closest(".dialog-close"))) dialog.close();
  });
})();
