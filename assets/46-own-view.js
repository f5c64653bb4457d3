/* The own-input view: drawing on the canvas, dropping and choosing images, and what the model makes of them.
 *
 * The image travels in the addresses of its pictures, and in the page's own (`own`), so that a link carries it.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const ask = hvae.pictures.askOnce;
  const MOST_BYTES = 64e6;
  const MOST_PIXELS = 64e6; // a browser takes four bytes for each
  let strokes = []; // in pixels of the canvas
  let stroke = null; // the one under the pen
  let image = ""; // what is shown, base64url

  const canvas = () => document.getElementById("own-canvas");
  const place = () => document.getElementById("own-place");

  /* The model's frame, in pixels. */
  function frame() {
    const { channels, height, width, fill } = place().dataset;
    return { channels: Number(channels), height: Number(height), width: Number(width), fill: Number(fill) };
  }

  document.addEventListener("hvae:drawn", ({ detail }) => {
    if (detail.slot === "own-layers" && image) answerMore();
  });

  /* Show what the model makes of `image`. */
  function answer(since) {
    document.getElementById("own-empty").hidden = Boolean(image);
    document.getElementById("own-answer").hidden = !image;
    place().classList.toggle("is-empty", !image);
    if (!image || !hvae.screen.points[hvae.screen.current.point]) return;
    // The rest when the main picture is there: while the pen moves, it would wait for them.
    if (!ask("own-layers", "layers", `draws=0&image=${image}`, since)) answerMore(since);
  }

  function answerMore(since) {
    const { atlas, point, seed } = hvae.screen.current;
    ask("own-resample", "resample", `seed=${seed}&image=${image}`, since);
    const path = ["rates", atlas, point].map(encodeURIComponent).join("/");
    askRates(`/${path}.json?image=${image}`);
  }

  /* Rates are numbers, not a picture, but asked for alike: one request at a time, the latest wish next. */
  let wish = null;
  let busy = false;
  let told = "";
  let known = null; // the last answer

  async function askRates(url) {
    wish = url === told ? null : url;
    if (busy) return;
    busy = true;
    while (wish) {
      const current = wish;
      wish = null;
      try {
        const response = await hvae.request(current, () => !wish);
        [known, told] = [(await response.json()).images[0], current];
      } catch {
        [known, told] = [null, ""]; // its pictures say why
      }
      tellRates();
    }
    busy = false;
  }

  function tellRates() {
    const bars = document.querySelector(".rate-bars");
    const means = hvae.screen.points[hvae.screen.current.point]?.numbers || {};
    const most = 1.25 * Number(bars.dataset.most);
    for (const row of bars.querySelectorAll(".rate-row")) {
      const { latent } = row.dataset;
      const nats = known?.[`rate_${latent}`] ?? NaN;
      const mean = means[`rate_${latent}`];
      const share = (value) => `${100 * Math.min(1, Math.max(0, value / most || 0))}%`;
      const track = row.querySelector(".rate-track");
      row.querySelector(".rate-fill").style.width = share(nats);
      track.style.setProperty("--mean", share(mean));
      track.classList.toggle("has-mean", Number.isFinite(mean));
      row.querySelector(".rate-number").textContent = hvae.words.rate(nats);
    }
    for (const number of document.querySelectorAll(".own-stats [data-number]")) {
      number.textContent = hvae.words.rate(known?.[number.dataset.number] ?? NaN);
    }
  }

  /* Take over an image, and let the address say it once the hand rests. */
  function take(text, since, rests = true) {
    const most = Number(place().dataset.mostCharacters);
    if (text.length > most) {
      document.getElementById("own-message").textContent = "This image is too large for a link: choose a simpler one.";
      return;
    }
    image = text;
    answer(since);
    if (rests && hvae.screen.current.own !== image) hvae.screen.set({ own: image }, since);
  }

  /* Paint the canvas: the strokes, or the image as the model gets it. */
  function paint() {
    const context = canvas().getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas().width, canvas().height);
    if (strokes.length) hvae.drawing.show(context, strokes, canvas().height);
  }

  function paintImage(text) {
    const picture = new Image();
    picture.onload = () => {
      if (text !== image || strokes.length) return;
      const context = canvas().getContext("2d");
      context.imageSmoothingEnabled = false;
      context.drawImage(picture, 0, 0, canvas().width, canvas().height);
    };
    picture.src = hvae.drawing.toAddress(text);
  }

  function clear(since) {
    [strokes, stroke] = [[], null];
    document.getElementById("own-message").textContent = "";
    take("", since);
    paint();
  }

  /* A picture that the browser can show becomes the image. */
  function takePicture(picture, since) {
    strokes = [];
    paint();
    take(hvae.drawing.toText(hvae.drawing.scaled(picture, frame())), since);
    paintImage(image);
  }

  /* Resolves when a browser knows the size of a picture, which it says before it decodes any of it. */
  function loaded(picture) {
    return new Promise((resolve, reject) => Object.assign(picture, { onload: resolve, onerror: reject }));
  }

  async function takeFile(file, since) {
    const say = (text) => (document.getElementById("own-message").textContent = text);
    if (!file) return say("That is no file: choose or drop a PNG or JPEG.");
    const name = file.name.slice(0, 100);
    if (file.size > MOST_BYTES) return say(`${name} has more than 64 MB: choose a smaller image.`);
    // SVG is a program that draws, for as long as it likes.
    if (file.type.startsWith("image/svg")) return say(`${name} is no image of pixels: choose a PNG or JPEG.`);
    const address = URL.createObjectURL(file);
    const picture = new Image();
    try {
      const known = loaded(picture);
      picture.src = address;
      await known;
      const pixels = picture.naturalWidth * picture.naturalHeight;
      if (pixels > MOST_PIXELS) return say(`${name} has more than 64 million pixels: choose a smaller image.`);
      await picture.decode();
      if (!pixels) throw new Error("no pixels");
      say("");
      takePicture(picture, since);
    } catch {
      say(`${name} is not an image that this browser can open: choose a PNG or JPEG.`);
    } finally {
      URL.revokeObjectURL(address);
    }
  }

  /* A test image is cut out of the sheet that shows them all. */
  async function takeThumbnail(button, since) {
    const sheet = document.getElementById("own-thumbnails-picture");
    if (sheet.dataset.state !== "shown") return;
    const buttons = [...button.parentNode.children];
    const columns = Math.min(8, buttons.length);
    const { width, height } = frame();
    const [across, down] = [buttons.indexOf(button) % columns, Math.floor(buttons.indexOf(button) / columns)];
    const gap = columns > 1 ? (sheet.naturalWidth - columns * width) / (columns - 1) : 0;
    takePicture(await createImageBitmap(sheet, across * (width + gap), down * (height + gap), width, height), since);
  }

  function where(event) {
    const box = canvas().getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * canvas().width,
      ((event.clientY - box.top) / box.height) * canvas().height,
    ];
  }

  function redraw(since, rests) {
    paint();
    take(hvae.drawing.toText(hvae.drawing.frame(strokes, frame())), since, rests);
  }

  document.addEventListener("pointerdown", (event) => {
    if (event.target.id !== "own-canvas" || !event.isPrimary || event.button !== 0 || frame().channels !== 1) return;
    event.target.setPointerCapture(event.pointerId);
    // The default would do that, and scroll as well: from here on, keys are the page's.
    document.activeElement.blur();
    stroke = [where(event)];
    strokes.push(stroke);
    redraw(event.timeStamp, false);
    event.preventDefault();
  });

  document.addEventListener("pointermove", (event) => {
    if (!stroke || event.target.id !== "own-canvas" || !event.isPrimary) return;
    const passed = event.getCoalescedEvents?.() || [];
    stroke.push(...(passed.length ? passed : [event]).map(where));
    redraw(event.timeStamp, false);
  });

  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, (event) => {
      if (!stroke || !event.isPrimary) return;
      stroke = null;
      redraw(event.timeStamp, true);
    });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#own-clear")) clear(event.timeStamp);
    const thumbnail = event.target.closest(".own-view .thumbnail");
    if (thumbnail) takeThumbnail(thumbnail, event.timeStamp);
  });

  document.addEventListener("change", (event) => {
    if (event.target.id !== "own-file") return;
    if (event.target.files.length) takeFile(event.target.files[0], event.timeStamp);
    event.target.value = ""; // the same file may be chosen again
  });

  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const there = event.target.closest?.("#own-place");
      place()?.classList.toggle("is-target", name === "dragover" && Boolean(there));
      if (!there) return;
      event.preventDefault();
      if (name === "drop") takeFile(event.dataTransfer.files[0], event.timeStamp);
    });
  }

  function placeFileInput() {
    const there = document.getElementById("own-file-place");
    if (there.firstChild) return;
    there.append(hvae.dom.element("input", "", "", { type: "file", id: "own-file", accept: "image/*" }));
  }

  hvae.screen.subscribe((screen, former, since) => {
    if (screen.view !== "own") return;
    placeFileInput();
    hvae.thumbnails.show("own-thumbnails", Number(document.querySelector(".own-view").dataset.images), since);
    if (screen.own !== image) {
      // Another image than the last one drawn here: a link, or the way back.
      strokes = [];
      image = screen.own;
      paint();
      if (image) paintImage(image);
    } else if (!former && !image) paint();
    answer(since);
    tellRates();
  });
})();
