// Painting in the page: two pictures, three sliders and a button; painter.js does the work.
"use strict";

const ITERATIONS = 300; // by then the picture has settled
const SLIDERS = Object.keys(USUAL);
const SOURCES = ["content", "style"];

const state = { ...USUAL, size: 128 };
const images = {}; // content and style
let network = null, painter = null;
let painting = false; // what is wanted: a step that has begun is finished first
let working = false; // whether paint() runs

const say = (text) => ($("said").textContent = text);

// ---- The state and the address

function readAddress() {
  const address = new URLSearchParams(location.hash.slice(1));
  for (const name of SLIDERS) {
    const value = Number(address.get(name) ?? NaN);
    if (value >= 0) state[name] = Math.min(value, 10 ** $(name).max);
  }
  const sizes = [...$("size").options].map((option) => Number(option.value));
  if (sizes.includes(Number(address.get("size")))) state.size = Number(address.get("size"));
}

function show() {
  for (const name of SLIDERS)
    setSlider(name, state[name] ? Math.log10(state[name]) : $(name).min, strength(name, state[name]));
  $("size").value = state.size;
  $("paint").textContent = painting ? "Pause" : painter ? "Go on" : "Start painting";
}

// ---- The two pictures

async function choose(kind, url) {
  const image = new Image(), preview = $(`${kind}-picture`);
  preview.dataset.wanted = image.src = url;
  try {
    await image.decode();
    if (!image.naturalWidth) throw new Error("a drawing without a size");
  } catch {
    $("unread").textContent = "The browser cannot read this file as a picture: choose a JPEG, PNG or WebP.";
    return;
  }
  if (preview.dataset.wanted !== url) return; // overtaken by another one
  $("unread").textContent = "";
  preview.src = url;
  images[kind] = image;
  if (images.content && images.style) begin();
}

/** Show the photograph as it is: what is painted from now on begins with it. */
function begin() {
  painter?.dispose();
  painter = null;
  const { width, height } = fitted(images.content, $("canvas"));
  $("picture").style.setProperty("--ratio", width / height);
  $("canvas").setAttribute("aria-label", "The photograph");
  $("count").textContent = "";
  $("save").hidden = true;
  show();
}

/** Draw an image, its longer side as long as is wanted. */
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

// ---- Painting

async function paint() {
  working = true;
  try {
    if (!network) {
      say("Loading the network …");
      network = await loadNetwork(LIVE, (share) => ($("progress").value = share));
    }
    let seconds = 0, before = performance.now();
    while (painting) {
      if (!painter) {
        $("progress").value = 0;
        say("Preparing the graphics processor …");
        await pause();
        painter = prepared();
      }
      const mine = painter, total = await mine.step(state);
      if (painter !== mine) continue; // another picture has been chosen
      if (!Number.isFinite(total)) throw new Trouble("The numbers have become too large: make a force weaker, and start again.");
      const pixels = await mine.pixels();
      if (painter !== mine) continue;
      $("canvas").getContext("2d").putImageData(new ImageData(pixels, $("canvas").width), 0, 0);
      const now = performance.now(), took = (now - before) / 1000;
      seconds = mine.iteration > 2 && seconds ? 0.8 * seconds + 0.2 * took : took; // the first steps compile
      before = now;
      tell(mine.iteration, seconds, total);
      if (mine.iteration % ITERATIONS === 0) painting = false;
      await pause();
    }
  } catch (error) {
    painting = false;
    begin();
    say(error instanceof Trouble ? error.message
      : `This browser cannot paint (${error.message}): try another one, or run the course on Colab.`);
    return;
  } finally {
    working = false;
  }
  say("");
  if (painter) offer();
  show();
}

const pause = () => new Promise((resolve) => setTimeout(resolve)); // in which the page is drawn, and clicks are heard

function prepared() {
  const [content, style] = SOURCES.map((kind) =>
    tf.tidy(() => tf.expandDims(tf.div(tf.browser.fromPixels(fitted(images[kind])), 255), 0)));
  const made = new Painter(network, content, style, LIVE);
  tf.dispose([content, style]);
  return made;
}

function tell(iteration, seconds, total) {
  const done = ((iteration - 1) % ITERATIONS) + 1, left = (ITERATIONS - done) * seconds;
  const time = left > 90 ? `${Math.round(left / 60)} min` : `${Math.ceil(left)} s`;
  const loss = total.toLocaleString("en", { maximumSignificantDigits: 3 });
  $("progress").value = done / ITERATIONS;
  $("count").textContent = `Iteration ${iteration} · ${iteration > 1 ? `${time} left · ` : ""}loss ${loss}`;
  if (iteration > 1) say("");
}

/** Let the picture be saved, now that it rests. */
function offer() {
  $("canvas").setAttribute("aria-label", `The photograph, painted like the painting, after ${painter.iteration} iterations`);
  $("save").href = $("canvas").toDataURL();
  $("save").hidden = false;
}

// ---- Controls

for (const name of SLIDERS)
  $(name).addEventListener("input", ({ target }) => {
    state[name] = target.value === target.min ? 0 : Number((10 ** target.value).toPrecision(2));
    show();
  });
$("size").addEventListener("change", () => {
  state.size = Number($("size").value);
  begin();
});
for (const kind of SOURCES)
  $(kind).addEventListener("change", ({ target }) => {
    if (target.files[0]) choose(kind, URL.createObjectURL(target.files[0]));
    target.value = ""; // so that the same file counts again
  });
addEventListener("change", () => history.replaceState(null, "", "#" + new URLSearchParams(state)));
$("paint").addEventListener("click", () => {
  if (!SOURCES.every((kind) => images[kind])) return;
  painting = !painting;
  show();
  if (painting && !working) paint();
});

readAddress();
show();
if (LIVE) {
  say(`The first start loads ${LIVE.megabytes} MB: the network, and what computes with it.`);
} else {
  $("paint").disabled = true;
  $("website").href = `${WEBSITE}live.html`;
  $("elsewhere").hidden = false;
}
for (const kind of SOURCES) choose(kind, window.COURSE.atlases[0][kind].picture);
