// The playground: a state, which is also the page's address; controls that change it; show(), which draws it.
"use strict";

const { repository, atlases } = window.COURSE;
const $ = (id) => document.getElementById(id);
const AXES = { alpha: "alpha", beta: "beta", gamma: "gamma", step: "iterations" }; // slider -> its values in an atlas
const LETTERS = { alpha: "α", beta: "β", gamma: "γ" };
const LEFT = { photograph: "photograph", painting: "painting", kept: "kept", nothing: "" }; // what to compare with
const FRAME_MS = 900; // of the film
const AT_ONCE = 6; // pictures that are fetched
const number = (value) => value.toLocaleString("en");

try { // the site's choice between light and dark holds here too
  document.documentElement.style.colorScheme = { light: "light", dark: "dark" }[localStorage.theme] ?? "";
} catch { /* no storage, no choice */ }

const state = {
  content: atlases[0].content.name, style: atlases[0].style.name,
  alpha: 1, beta: 10000, gamma: 10, step: 200,
  versus: "photograph", wipe: 32, kept: "",
};
let atlas = atlases[0];
let touched = false; // whether somebody is here: then all pictures are fetched
let film = null; // the timer while it plays

// ---- The state and the address

function nearest(values, wanted) {
  return values.reduce((best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best));
}

function change(changes) {
  const old = atlas;
  Object.assign(state, changes);
  const has = (kind) => (each) => each[kind].name === state[kind];
  const chosen = "style" in changes && !("content" in changes) ? "style" : "content"; // not every pair is painted
  atlas = atlases.find((each) => has("content")(each) && has("style")(each)) ?? atlases.find(has(chosen)) ?? atlases[0];
  state.content = atlas.content.name;
  state.style = atlas.style.name;
  for (const [name, axis] of Object.entries(AXES)) state[name] = nearest(atlas[axis], state[name]);
  if (!Object.hasOwn(LEFT, state.versus)) state.versus = "photograph";
  if (state.kept || state.versus === "kept") state.kept = written(state.kept ? kept() : state);
  state.wipe = Math.min(100, Math.max(0, state.wipe));
  show();
  if (touched && atlas !== old) preload(everything());
}

function readAddress() {
  const changes = {};
  for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
    if (!Object.hasOwn(state, name)) continue;
    const value = typeof state[name] === "number" ? Number(text) : text;
    if (!Number.isNaN(value)) changes[name] = value;
  }
  change(changes);
}

let writing;
function writeAddress() { // not at every move of a slider: browsers stop a page that does
  clearTimeout(writing);
  writing = setTimeout(() => {
    const entries = Object.entries(state).filter(([, value]) => value !== "");
    history.replaceState(null, "", "#" + new URLSearchParams(entries));
  }, 150);
}

const written = (at) => Object.keys(AXES).map((name) => at[name]).join("_"); // a kept picture, in the address
function kept() {
  const values = state.kept.split("_");
  return Object.fromEntries(Object.entries(AXES).map(([name, axis], i) => [name, nearest(atlas[axis], Number(values[i]))]));
}

// ---- Pictures

// Only the ratios of the weights decide where a run goes, so that several combinations share a folder.
function cellName({ alpha, beta, gamma }) {
  const unit = alpha || beta || gamma;
  const [c, s, t] = [alpha, beta, gamma].map((weight) => Number((weight / unit).toPrecision(9)));
  return `c${c},s${s},t${t}`;
}

function address(at) {
  if (at.step === 0) return atlas.content.picture;
  return `${atlas.folder}/${cellName(at)}/iteration_${String(at.step).padStart(5, "0")}${atlas.ending}`;
}

const loaded = new Map(); // address -> image, ready to be shown
const loading = new Map(); // address -> promise of it

function load(url) {
  if (!loading.has(url)) {
    const image = new Image(atlas.width, atlas.height);
    image.decoding = "sync"; // or a copy of it would be blank for a moment
    image.src = url;
    loading.set(url, image.decode().then(() => loaded.set(url, image), () => loading.delete(url)));
  }
  return loading.get(url);
}

async function place(layer, url, alt) {
  layer.dataset.wanted = url;
  if (!loaded.has(url)) await load(url);
  if (layer.dataset.wanted !== url) return; // overtaken by another one
  if (!loaded.has(url)) {
    layer.replaceChildren();
    $("said").textContent = "This picture could not be loaded: check the connection, and move a slider.";
    return;
  }
  const image = loaded.get(url).cloneNode();
  image.alt = alt;
  const old = film ? [...layer.children].slice(-1) : []; // a film blends from frame to frame
  image.classList.toggle("blend", old.length > 0);
  layer.replaceChildren(...old, image);
}

function* neighbours() { // what one move of a slider leads to
  for (const [name, axis] of Object.entries(AXES)) for (const value of atlas[axis]) yield { ...state, [name]: value };
}

function* everything() {
  for (const step of [...atlas.iterations].reverse())
    for (const alpha of atlas.alpha) for (const beta of atlas.beta) for (const gamma of atlas.gamma)
      yield { alpha, beta, gamma, step };
}

function preload(places) {
  const of = atlas;
  for (let i = 0; i < AT_ONCE; i++) void (async () => {
    for (const place of places) {
      if (atlas !== of) return;
      await load(address(place));
    }
  })();
}

// ---- Drawing

const short = (at) => `${number(at.alpha)} : ${number(at.beta)} : ${number(at.gamma)}, step ${number(at.step)}`;

function described(at) {
  if (at.step === 0) return `the photograph, ${atlas.content.title}`;
  return `${atlas.content.title} painted like ${atlas.style.title}: photograph ${number(at.alpha)}, ` +
    `style ${number(at.beta)}, smoothness ${number(at.gamma)}, after ${number(at.step)} steps`;
}

function show() {
  const compared = state.versus !== "nothing";
  const before = state.versus === "kept" ? kept() : { ...state, step: 0 };
  place($("now"), address(state), described(state));
  if (state.versus === "painting") place($("before"), atlas.style.picture, `the painting, ${atlas.style.title}`);
  else if (compared) place($("before"), address(before), described(before));
  for (const id of ["before", "before-name", "now-name"]) $(id).hidden = !compared;
  $("before-name").textContent = LEFT[state.versus] + (state.versus === "kept" ? `: ${short(before)}` : "");
  $("now-name").textContent = state.versus === "kept" ? short(state) : state.step === 0 ? "photograph" : "painted";
  $("picture").classList.toggle("whole", !compared);
  $("picture").style.setProperty("--wipe", `${state.wipe}%`);
  $("picture").style.aspectRatio = `${atlas.width} / ${atlas.height}`;
  $("wipe").value = state.wipe;
  $("wipe").disabled = !compared;

  for (const [name, axis] of Object.entries(AXES)) {
    const slider = $(name), value = number(state[name]);
    slider.max = atlas[axis].length - 1;
    slider.value = atlas[axis].indexOf(state[name]);
    slider.style.setProperty("--filled", `${(100 * slider.value) / slider.max}%`);
    slider.setAttribute("aria-valuetext", value);
    $(`${name}-value`).textContent = name === "step" ? `step ${value}` : `${LETTERS[name]} = ${value}`;
  }
  for (const input of document.querySelectorAll("input[type=radio]")) input.checked = state[input.name] === input.value;

  for (const kind of ["content", "style"]) $(`${kind}-title`).textContent = atlas[kind].title;

  const rows = atlas.cells[cellName(state)];
  drawShares($("shares"), $("said"), rows[atlas.iterations.indexOf(state.step)], state);
  drawCurves($("curves"), rows, atlas.iterations, state);
  const weights = ["alpha", "beta", "gamma"], last = atlas.iterations.at(-1);
  const [content, style] = [state.content, state.style].map((each) => `data/${each}.jpg`);
  $("command").textContent = `nst ${content} ${style} --size ${atlas.size} ` + weights.map((each) => `--${each} ${state[each]} `).join("") +
    `--iterations ${last}` + (state.step && state.step < last ? ` --snapshots ${state.step}` : "");
  $("cell").textContent = `explore("../${content}", "../${style}", ` +
    weights.map((each) => `${each}=${state[each]}, `).join("") + `size=${atlas.size}, iterations=${last})`;
  writeAddress();
}

// ---- Controls

for (const [name, axis] of Object.entries(AXES))
  $(name).addEventListener("input", (event) => {
    if (name === "step") stop();
    change({ [name]: atlas[axis][event.target.value] });
  });
$("wipe").addEventListener("input", (event) => change({ wipe: Number(event.target.value) }));
$("keep").addEventListener("click", () => change({ kept: written(state), versus: "kept" }));
document.addEventListener("change", ({ target }) => {
  if (target.type === "radio") change({ [target.name]: target.value });
});

function stop() {
  clearInterval(film);
  film = null;
  $("play").innerHTML = '<span aria-hidden="true">▶</span> Play';
}

$("play").addEventListener("click", () => {
  if (film) return stop();
  const left = () => atlas.iterations.filter((step) => step > state.step);
  if (!left().length) change({ step: 0 });
  $("play").innerHTML = '<span aria-hidden="true">❚❚</span> Pause';
  film = setInterval(() => {
    change({ step: left()[0] ?? state.step });
    if (!left().length) stop();
  }, FRAME_MS);
});

for (const button of document.querySelectorAll("[data-copy]"))
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren($(button.dataset.copy)); // where copying is forbidden, it can still be done by hand
    const copying = navigator.clipboard?.writeText($(button.dataset.copy).textContent) ?? Promise.reject();
    button.textContent = await copying.then(() => "Copied", () => "Selected: press Ctrl+C");
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });

function choices(fieldset, kind) { // a thumbnail for each photograph, or painting
  const known = new Map(atlases.map((each) => [each[kind].name, each[kind]]));
  const labels = [...known.values()].map(({ name, title, picture }) =>
    `<label><input type="radio" name="${kind}" value="${name}"><img src="${picture}" alt="${title}"></label>`);
  fieldset.insertAdjacentHTML("beforeend", `<div class="choices">${labels.join("")}</div><p id="${kind}-title"></p>`);
}

choices($("contents"), "content");
choices($("styles"), "style");
$("colab").href = `https://colab.research.google.com/github/${repository}/blob/main/notebooks/06_weight_explorer.ipynb`;
if (location.protocol === "file:") { // the pages of the course are on the web only
  const [owner, project] = repository.split("/");
  for (const link of document.querySelectorAll("a[href^='../']"))
    link.href = new URL(link.getAttribute("href"), `https://${owner}.github.io/${project}/notebooks/playground/`);
}
addEventListener("hashchange", () => {
  stop();
  readAddress();
});
readAddress();
addEventListener("load", () => preload(neighbours()));
for (const event of ["pointerdown", "keydown"])
  addEventListener(event, () => {
    if (!touched) preload(everything());
    touched = true;
  });
