// Painting in the page: two pictures, three sliders and a button; painter.js does the work.
"use strict";

const $ = (id) => document.getElementById(id);
const ITERATIONS = 300; // by then the picture has settled
const SLIDERS = ["alpha", "beta", "gamma"];
const LETTERS = { alpha: "α", beta: "β", gamma: "γ" };
const SOURCES = ["content", "style"];

const state = { alpha: 1, beta: 10000, gamma: 10, size: 128 };
const images = {}; // content and style
let network = null, painter = null, painting = false;

try { // the site's choice between light and dark holds here too
  document.documentElement.style.colorScheme = { light: "light", dark: "dark" }[localStorage.theme] ?? "";
} catch { /* no storage, no choice */ }

const say = (text) => ($("said").textContent = text);

// ---- The state and the address

for (const [name, text] of new URLSearchParams(location.hash.slice(1)))
  if (Object.hasOwn(state, name) && Number(text) > 0) state[name] = Number(text);
if (![128, 192, 256].includes(state.size)) state.size = 128;

function show() {
  for (const name of SLIDERS) {
    const slider = $(name);
    slider.value = Math.log10(state[name]);
    slider.style.setProperty("--filled", `${(100 * (slider.value - slider.min)) / (slider.max - slider.min)}%`);
    const value = Number(state[name].toPrecision(2)).toLocaleString("en");
    slider.setAttribute("aria-valuetext", value);
    $(`${name}-value`).textContent = `${LETTERS[name]} = ${value}`;
  }
  $("size").value = state.size;
  history.replaceState(null, "", "#" + new URLSearchParams(state));
}

// ---- The two pictures

async function choose(kind, url) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    return say("This file is not a picture that the browser can read; choose a JPEG, PNG or WebP.");
  }
  images[kind] = image;
  $(`${kind}-picture`).src = url;
  begin();
}

/** Show the photograph again, at its size; what was painted before is gone. */
function begin() {
  painting = false;
  painter?.dispose();
  painter = null;
  if (images.content) $("canvas").getContext("2d").drawImage(fitted(images.content, $("canvas")), 0, 0);
  $("picture").style.aspectRatio = `${$("canvas").width} / ${$("canvas").height}`;
  $("canvas").setAttribute("aria-label", "The photograph");
  $("save").hidden = true;
  $("progress").hidden = true;
  $("paint").textContent = "Start painting";
  if ($("paint").disabled) return;
  say(network ? "" : `The first start loads ${Math.round(window.LIVE.bytes / 1e6) + 3} MB: the network and what runs it.`);
}

/** Return a canvas, new or given, with an image scaled to the wanted longer side. */
function fitted(image, canvas = document.createElement("canvas")) {
  const scale = state.size / Math.max(image.naturalWidth, image.naturalHeight);
  canvas.width = Math.max(32, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(32, Math.round(image.naturalHeight * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white"; // behind what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const pixels = (image) => tf.tidy(() => tf.expandDims(tf.div(tf.browser.fromPixels(fitted(image)), 255), 0));

// ---- Painting

async function paint() {
  painting = true;
  $("paint").textContent = "Pause";
  $("progress").hidden = false;
  if (!network) {
    say("Loading the network …");
    $("paint").disabled = true;
    network = await loadNetwork(window.LIVE, (share) => ($("progress").value = share));
    $("paint").disabled = false;
    if (!painting) return begin(); // another picture was chosen meanwhile
  }
  say("Preparing the graphics processor …");
  if (!painter) {
    const [content, style] = SOURCES.map((kind) => pixels(images[kind]));
    painter = new Painter(network, content, style, window.LIVE);
    tf.dispose([content, style]);
  }
  const mine = painter, end = (Math.floor(mine.iteration / ITERATIONS) + 1) * ITERATIONS;
  const drawn = document.createElement("canvas");
  let last = performance.now(), pace = 0;
  while (painting && mine.iteration < end) {
    const total = await mine.step(state);
    if (painter !== mine) return;
    if (!Number.isFinite(total)) throw new Error("the numbers have become too large");
    const shown = mine.shown;
    await tf.browser.toPixels(shown, drawn);
    shown.dispose();
    if (painter !== mine) return;
    $("canvas").getContext("2d").drawImage(drawn, 0, 0);
    const now = performance.now();
    pace = mine.iteration === 2 ? 1000 / (now - last) : 0.8 * pace + (0.2 * 1000) / (now - last); // the first one compiles
    last = now;
    if (mine.iteration > 1) told(mine.iteration, end, pace, total);
    await tf.nextFrame();
  }
  if (painter !== mine) return;
  painting = false;
  $("paint").textContent = "Go on";
  $("canvas").setAttribute("aria-label", `The photograph, painted like the painting, after ${mine.iteration} iterations`);
  $("save").href = $("canvas").toDataURL();
  $("save").hidden = false;
}

function told(iteration, end, pace, total) {
  const left = (end - iteration) / pace;
  $("progress").value = 1 - (end - iteration) / ITERATIONS;
  say(`Iteration ${iteration} · ${pace.toPrecision(2)} a second · ` +
    `${left > 90 ? `${Math.round(left / 60)} min` : `${Math.ceil(left)} s`} left · total loss ${total.toPrecision(3)}`);
}

function failed(error) {
  $("paint").disabled = false;
  begin();
  say(`This browser cannot paint: ${error.message}. Try another one, or run the course on Colab.`);
}

// ---- Controls

for (const name of SLIDERS)
  $(name).addEventListener("input", () => {
    state[name] = 10 ** $(name).value;
    show();
  });
$("size").addEventListener("change", () => {
  state.size = Number($("size").value);
  show();
  begin();
});
for (const kind of SOURCES)
  $(kind).addEventListener("change", ({ target }) => {
    if (target.files[0]) choose(kind, URL.createObjectURL(target.files[0]));
  });
$("paint").addEventListener("click", () => {
  if (painting) painting = false;
  else paint().catch(failed);
});

show();
if (!window.LIVE || location.protocol === "file:") {
  $("paint").disabled = true;
  say("Painting works on the course’s website only.");
}
for (const kind of SOURCES) void choose(kind, window.COURSE.atlases[0][kind].picture);
