// The Gram inspector: a table of how often two detectors answer together, and what is behind each of its squares.
// Its data are fetched when the reader comes near.
"use strict";

const PICTURES = { painting: "the painting", result: "the result", photograph: "the photograph" };
const LINES = {
  table: "How often two detectors answer together: the Gram matrix",
  first: "Where the first detector answers",
  second: "Where the second detector answers",
  cloud: "Both: a dot for each place in the picture",
};
const inspected = { layer: 0, row: 0, column: 0 };

new IntersectionObserver((entries, observer) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  observer.disconnect();
  const script = document.createElement("script");
  script.src = "gram.js";
  script.onload = startInspector;
  script.onerror = () => ($("together").textContent = "This part could not be loaded: load the page again.");
  document.head.append(script);
}, { rootMargin: "200px" }).observe($("gram"));

function startInspector() {
  for (const layer of GRAM.layers) {
    const maps = Object.values(layer.maps);
    for (const map of maps) {
      map.answers = decoded(map, layer.channels.length);
      map.gram = map.answers.map((first) => map.answers.map((second) => together(first, second)));
    }
    const most = layer.channels.map((_, i) => strongest(maps.map((map) => map.answers[i])));
    for (const map of maps) map.scaled = map.answers.map((answers, i) => answers.map((answer) => answer / most[i]));
    $("layer").append(new Option(layer.title));
  }
  const line = (heading, cell) => `<h3>${heading}</h3>` + Object.keys(PICTURES).map(cell).join("");
  $("columns").innerHTML = line("The three pictures", (name) =>
    `<figure><figcaption class="${name}">${name}</figcaption><img src="${GRAM.pictures[name]}" alt=""></figure>`
  ) + Object.entries(LINES).map(([kind, heading]) =>
    line(heading, (name) => `<canvas class="${kind} ${name}" role="img"></canvas>`)).join("");
  $("layer").addEventListener("change", (event) => chooseLayer(event.target.selectedIndex));
  for (const axis of ["row", "column"])
    $(axis).addEventListener("input", (event) => inspect({ [axis]: Number(event.target.value) }));
  $("columns").addEventListener("pointerdown", ({ target, offsetX, offsetY }) => {
    if (!target.classList.contains("table")) return;
    const count = GRAM.layers[inspected.layer].channels.length;
    const at = (offset) => Math.min(count - 1, Math.floor((offset / target.clientWidth) * count));
    inspect({ row: at(offsetY), column: at(offsetX) });
  });
  addEventListener("resize", () => inspect({}));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => inspect({}));
  chooseLayer(1);
}

function decoded({ bytes, width, height }, count) { // one list of answers, 0..1, for each detector
  const all = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  const size = width * height;
  return Array.from({ length: count }, (_, i) => Float32Array.from(all.subarray(i * size, (i + 1) * size), (b) => b / 255));
}

function chooseLayer(layer) {
  const { channels, begin } = GRAM.layers[layer];
  $("layer").selectedIndex = layer;
  for (const axis of ["row", "column"]) $(axis).max = channels.length - 1;
  inspect({ layer, row: begin[0], column: begin[1] });
}

function together(first, second) { // one entry of the Gram matrix
  return first.reduce((total, value, i) => total + value * second[i], 0) / first.length;
}

function strongest(lists) { // answer in any picture, but for half a percent of them
  const answers = Float32Array.from(lists.flatMap((list) => [...list])).sort();
  return answers[Math.floor(0.995 * answers.length)] || 1;
}

function inspect(changes) {
  Object.assign(inspected, changes);
  const { row, column } = inspected;
  const { maps, channels } = GRAM.layers[inspected.layer];
  const ellipse = ellipseOf(maps.painting.scaled[row], maps.painting.scaled[column]);
  for (const axis of ["row", "column"]) {
    $(axis).value = inspected[axis];
    $(axis).setAttribute("aria-valuetext", `${inspected[axis] + 1} of ${channels.length}`);
  }
  for (const [name, map] of Object.entries(maps)) {
    const canvas = (kind) => {
      const found = document.querySelector(`canvas.${kind}.${name}`);
      found.setAttribute("aria-label", `${LINES[kind]}; ${PICTURES[name]}`);
      return found;
    };
    const [first, second] = [map.scaled[row], map.scaled[column]];
    drawTable(canvas("table"), map.gram, Math.max(...maps.painting.gram.flat()), row, column);
    drawMap(canvas("first"), map, first);
    drawMap(canvas("second"), map, second);
    drawCloud(canvas("cloud"), first, second, ellipse);
  }
  const alike = ({ gram }) => gram[row][column] / Math.sqrt(gram[row][row] * gram[column][column] || 1);
  $("together").innerHTML = `Of 100, where 100 is “always together”: ` + Object.keys(PICTURES)
    .map((name) => `<b class="${name}">${Math.round(100 * alike(maps[name]))}</b> in ${PICTURES[name]}`).join(", ") + ".";
}

function prepared(canvas) { // square, as sharp as the screen, in the colour of its text
  const sharpness = devicePixelRatio, width = canvas.clientWidth;
  canvas.width = canvas.height = width * sharpness;
  const pen = canvas.getContext("2d");
  pen.scale(sharpness, sharpness);
  pen.fillStyle = pen.strokeStyle = getComputedStyle(canvas).color;
  return [pen, width];
}

function drawTable(canvas, gram, brightest, row, column) {
  const [pen, width] = prepared(canvas), side = width / gram.length;
  gram.forEach((line, i) => line.forEach((entry, j) => {
    pen.globalAlpha = Math.min(1, Math.sqrt(entry / brightest));
    pen.fillRect(j * side, i * side, side - 1, side - 1);
  }));
  pen.globalAlpha = 1;
  pen.lineWidth = 2;
  pen.strokeStyle = getComputedStyle(document.body).color;
  pen.strokeRect(column * side, row * side, side - 1, side - 1);
}

function drawMap(canvas, { width, height }, answers) {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  answers.forEach((answer, i) => pixels.data.set([255 * answer, 255 * answer, 255 * answer, 255], 4 * i));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

function drawCloud(canvas, first, second, reference) {
  const [pen, width] = prepared(canvas);
  pen.globalAlpha = 0.22;
  first.forEach((value, i) => pen.fillRect(value * width - 1, (1 - second[i]) * width - 1, 2, 2));
  pen.globalAlpha = 1;
  pen.lineWidth = 2;
  for (const [ellipse, dashes, colour] of [
    [reference, [4, 4], getComputedStyle(document.body).color],
    [ellipseOf(first, second), [], pen.strokeStyle],
  ]) {
    const [x, y, long, short, angle] = ellipse;
    pen.strokeStyle = colour;
    pen.setLineDash(dashes);
    pen.beginPath();
    pen.ellipse(x * width, (1 - y) * width, long * width, short * width, -angle, 0, 2 * Math.PI);
    pen.stroke();
  }
}

function ellipseOf(first, second) { // where most of the cloud is: middle, two half axes, angle
  const mean = (values) => sum(values) / values.length;
  const [x, y] = [mean(first), mean(second)];
  const xx = together(first, first) - x * x, yy = together(second, second) - y * y, xy = together(first, second) - x * y;
  const middle = (xx + yy) / 2, apart = Math.hypot((xx - yy) / 2, xy);
  const axis = (variance) => 1.5 * Math.sqrt(Math.max(0, variance));
  return [x, y, axis(middle + apart), axis(middle - apart), Math.atan2(2 * xy, xx - yy) / 2];
}
