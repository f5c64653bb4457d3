/* Training a point: the button, the bar, and what is said about it. The job itself is a Dash background callback.
 *
 * A job goes on while its page is loaded again: app/training/tickets.py finds it by a ticket that the window keeps meanwhile.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const KEPT = "training"; // in the window's own storage
  const SAME = 1e-3; // two values of β, as a share
  let wish = null; // what is in training, or was last
  let asked = 0;
  let cancelled = false;
  let betas = null; // of the fold on screen
  let first = ""; // the words that stand there before anything is trained

  const find = (id) => document.getElementById(id);
  const state = () => find("training-panel")?.dataset.state;

  function say(newState, text) {
    const words = find("training-words");
    first = first || words.textContent;
    find("training-panel").dataset.state = newState;
    if (newState !== "running") sessionStorage.removeItem(KEPT);
    words.replaceChildren(text || first);
    lock();
  }

  /* A dot that is there already need not be trained. */
  function lock() {
    const button = find("train-point");
    const near = (one, other) => Math.abs(Math.log(one / other)) < SAME;
    const isDot =
      betas && hvae.folds.setting.dots.some((dot) => near(dot.beta_2, betas[0]) && near(dot.beta_1, betas[1]));
    button.disabled = isDot || state() === "running";
    button.title = isDot ? "This very β is a dot already" : "";
  }

  function bar(value) {
    if (value === null) find("training-bar").removeAttribute("value");
    else find("training-bar").value = value;
  }

  function timeLeft(seconds) {
    if (seconds === null) return "";
    if (seconds < 90) return `, about ${Math.max(1, Math.round(seconds))} s left`;
    return `, about ${Math.round(seconds / 60)} min left`;
  }

  function title([beta2, beta1]) {
    return `β₂ = ${hvae.folds.short(beta2, 3)}, β₁ = ${hvae.folds.short(beta1, 3)}`;
  }

  function newTicket() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* What was in training here when the page was loaded again. */
  hvae.screen.subscribe((screen, former) => {
    const kept = former ? null : JSON.parse(sessionStorage.getItem(KEPT));
    if (!kept || kept.atlas !== screen.atlas || !find("train-point")) return;
    const { atlas, ...data } = kept;
    wish = [data.beta_2, data.beta_1];
    bar(null);
    say("running", `${title(wish)}: is it still in training? …`);
    window.dash_clientside.set_props("training-wish", { data: { ...data, again: true } });
  });

  document.addEventListener("click", (event) => {
    if (event.target.id === "train-point" && betas && state() !== "running") {
      wish = betas;
      asked += 1;
      cancelled = false;
      bar(null);
      say("running", `${title(wish)}: starting …`);
      const [beta_2, beta_1] = wish;
      const data = { beta_2, beta_1, ticket: newTicket() };
      sessionStorage.setItem(KEPT, JSON.stringify({ atlas: hvae.screen.current.atlas, ...data }));
      window.dash_clientside.set_props("training-wish", { data });
    } else if (event.target.id === "training-cancel" && state() === "running") {
      cancelled = true;
      bar(null);
      say("running", "Cancelling …");
    }
  });

  const STAGES = { loading: "reading the images …", measuring: "measuring …", writing: "adding the dot …" };

  Object.assign(window.dash_clientside.hvae, {
    trainingProgress(progress) {
      if (progress && state() === "running" && !cancelled) {
        const { stage, step, steps, seconds_left: seconds } = progress;
        bar(stage === "training" ? step / steps : null);
        const count = stage === "training" ? `step ${step} of ${steps}${timeLeft(seconds)}` : STAGES[stage];
        say("running", `${title(wish)}: ${count}`);
      }
      return window.dash_clientside.no_update;
    },

    /* The job has ended. With a result there are words for it; a process that was killed has none. */
    trainingRunning(running) {
      if (running === false && state() === "running" && cancelled) say("idle", "Cancelled: no dot was added.");
      else if (running === false && state() === "running") {
        const which = asked;
        setTimeout(() => {
          if (state() === "running" && asked === which) say("failed", "The training ended without a result; the server's log says more.");
        }, 1500);
      }
      return window.dash_clientside.no_update;
    },

    trainingResult(result) {
      if (result && result.error) say("failed", result.error);
      else if (result && result.point) {
        say("done", `${title(wish || betas)} is a dot now, in your own copy of this atlas: the server's log says where.`);
      }
      return window.dash_clientside.no_update;
    },
  });

  hvae.training = {
    /* Which fold the button is about. */
    show(beta2, beta1) {
      betas = hvae.folds.betas(hvae.folds.name(beta2, beta1));
      if (find("training-panel")) lock();
    },
  };
})();
