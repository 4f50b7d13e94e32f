// The playground: a state, which is also the page's address; controls that change it; show(), which draws it.
"use strict";

const { repository, atlases } = window.COURSE;
const AXES = { alpha: "alpha", beta: "beta", gamma: "gamma", step: "iterations" }; // slider -> its values in an atlas
const LEFT = { photograph: "photograph", painting: "painting", kept: "kept", nothing: "" }; // what to compare with
const FRAME_MS = 900; // of the film
const AT_ONCE = 6; // pictures that are fetched

const state = {
  content: atlases[0].content.name, style: atlases[0].style.name,
  ...USUAL, step: 200,
  versus: "photograph", wipe: 32, kept: "",
};
let atlas = atlases[0];
let film = null; // the timer while it plays

// ---- The state and the address

function nearest(values, wanted) {
  return values.reduce((best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best));
}

function change(changes) {
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
  if (document.readyState === "complete") preload(); // the first picture comes before all others
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

let newest;
function preload() {
  const places = (newest = neighbours());
  for (let i = 0; i < AT_ONCE; i++) void (async () => {
    for (const place of places) {
      if (places !== newest) return; // something has changed since
      await load(address(place));
    }
  })();
}

// ---- Drawing

const short = (at) => `${number(at.alpha)} : ${number(at.beta)} : ${number(at.gamma)}, step ${number(at.step)}`;

function described(at) {
  if (at.step === 0) return `The photograph: ${atlas.content.title}`;
  return `${atlas.content.title}, painted in the style of “${atlas.style.title}”: photograph ${number(at.alpha)}, ` +
    `style ${number(at.beta)}, smoothness ${number(at.gamma)}, after ${number(at.step)} steps`;
}

function show() {
  const compared = state.versus !== "nothing";
  const before = state.versus === "kept" ? kept() : { ...state, step: 0 };
  place($("now"), address(state), described(state));
  if (state.versus === "painting") place($("before"), atlas.style.picture, `The painting: ${atlas.style.title}`);
  else if (compared) place($("before"), address(before), described(before));
  for (const id of ["before", "before-name", "now-name"]) $(id).hidden = !compared;
  $("before-name").textContent = LEFT[state.versus] + (state.versus === "kept" ? `: ${short(before)}` : "");
  $("now-name").textContent = state.versus === "kept" ? short(state) : state.step === 0 ? "photograph" : "painted";
  $("picture").classList.toggle("whole", !compared);
  $("picture").style.setProperty("--wipe", `${state.wipe}%`);
  $("picture").style.setProperty("--ratio", atlas.width / atlas.height);
  $("wipe").value = state.wipe;
  $("wipe").disabled = !compared;

  for (const [name, axis] of Object.entries(AXES)) {
    $(name).max = atlas[axis].length - 1;
    const text = name === "step" ? `step ${number(state.step)}` : strength(name, state[name]);
    setSlider(name, atlas[axis].indexOf(state[name]), text);
  }
  for (const input of document.querySelectorAll("input[type=radio]")) input.checked = state[input.name] === input.value;

  for (const [kind, other] of [["content", "style"], ["style", "content"]]) {
    $(`${kind}-title`).textContent = atlas[kind].title;
    const partners = atlases.filter((each) => each[other].name === state[other]).map((each) => each[kind].name);
    for (const input of document.getElementsByName(kind))
      input.parentElement.classList.toggle("faint", !partners.includes(input.value));
  }
  $("pairs").hidden = !document.querySelector(".faint");

  const rows = atlas.cells[cellName(state)];
  drawShares($("shares"), $("said"), rows[atlas.iterations.indexOf(state.step)], state);
  drawCurves($("curves"), rows, atlas.iterations, state);
  const weights = Object.keys(USUAL), last = atlas.iterations.at(-1);
  const [content, style] = [state.content, state.style].map((each) => `data/${each}.jpg`);
  $("command").textContent = `nst ${content} ${style} --size ${atlas.size} ` + weights.map((each) => `--${each} ${state[each]} `).join("") +
    `--iterations ${last}` + (state.step && state.step < last ? ` --snapshots ${state.step}` : "");
  $("cell").textContent = `explore("../${content}", "../${style}", ` +
    weights.map((each) => `${each}=${state[each]}, `).join("") + `size=${atlas.size}, iterations=${last})`;
  $("live").href = "live.html#" + new URLSearchParams(weights.map((each) => [each, state[each]]));
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
  clearTimeout(film);
  film = null;
  $("play").innerHTML = '<span aria-hidden="true">▶</span> Play';
}

async function turn() { // to the next picture, once it is here
  const now = film, step = atlas.iterations.find((each) => each > state.step);
  if (step === undefined) return stop();
  await load(address({ ...state, step }));
  if (film !== now) return;
  change({ step });
  film = setTimeout(turn, step === atlas.iterations.at(-1) ? 0 : FRAME_MS);
}

$("play").addEventListener("click", () => {
  if (film) return stop();
  if (state.step === atlas.iterations.at(-1)) change({ step: 0 });
  $("play").innerHTML = '<span aria-hidden="true">❚❚</span> Pause';
  film = setTimeout(turn, FRAME_MS);
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
$("live").hidden = !LIVE;
addEventListener("hashchange", () => {
  stop();
  readAddress();
});
readAddress();
addEventListener("load", preload);
