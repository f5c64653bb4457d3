/* Lecture mode: type for a hall, and a sequence of steps, each of which sets the page. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  let steps = [];
  let begun = false;
  // Now, because the address is written in full soon.
  const saysMore = [...new URLSearchParams(location.search).keys()].some((name) => !["atlas", "lecture"].includes(name));

  function go(number, since) {
    if (number < 1 || number > steps.length) return;
    hvae.screen.set({ ...steps[number - 1].screen, lecture: number }, since);
  }

  hvae.lecture = {
    /* Into lecture mode, at its first step, or out of it. */
    toggle(since) {
      if (hvae.screen.current.lecture) hvae.screen.set({ lecture: 0 }, since);
      else go(1, since);
    },
  };

  function show(screen) {
    const bar = document.getElementById("lecture");
    const step = steps[screen.lecture - 1];
    bar.hidden = !step;
    document.documentElement.toggleAttribute("data-lecture", Boolean(step));
    if (!step) return;
    document.getElementById("lecture-number").textContent = `${screen.lecture} / ${steps.length}`;
    document.getElementById("lecture-title").textContent = step.title;
    document.getElementById("lecture-sentence").textContent = step.sentence;
    document.getElementById("lecture-back").disabled = screen.lecture === 1;
    document.getElementById("lecture-next").disabled = screen.lecture === steps.length;
  }

  const BUTTONS = { "lecture-back": -1, "lecture-next": 1 };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#lecture button, #open-lecture");
    if (!button) return;
    if (BUTTONS[button.id]) go(hvae.screen.current.lecture + BUTTONS[button.id], event.timeStamp);
    else hvae.lecture.toggle(event.timeStamp);
  });

  /* A presenter's clicker sends the page keys. */
  document.addEventListener("keydown", (event) => {
    const number = hvae.screen.current?.lecture;
    if (!number || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") hvae.screen.set({ lecture: 0 });
    else if (event.key === "PageDown") go(number + 1, event.timeStamp);
    else if (event.key === "PageUp") go(number - 1, event.timeStamp);
    else return;
    event.preventDefault();
  });

  /* An address that says a step and nothing else of the screen means that step's. */
  function begin() {
    if (begun || !steps.length || !hvae.screen.current) return;
    begun = true;
    if (!saysMore) go(hvae.screen.current.lecture);
  }

  hvae.screen.subscribe((screen, former) => {
    if (!former || former.lecture !== screen.lecture) show(screen);
    begin();
  });

  /* Dash calls this with the store `lecture-steps`, before or after the screen has started. */
  window.dash_clientside.hvae.lectureSteps = function (theSteps) {
    steps = theSteps || [];
    if (hvae.screen.current) show(hvae.screen.current);
    begin();
  };
})();
