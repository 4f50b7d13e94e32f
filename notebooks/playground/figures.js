// Two figures: who pulls at the picture, and what is still wrong with it. A row of an atlas holds, unweighted, the three
// losses, then the pull of the photograph, of five layers of style from fine to large, and of smoothness.
"use strict";

const FORCES = ["photograph", "style", "smooth"];
const NAMES = { photograph: "photograph", style: "style", smooth: "smoothness" };
const SHORT = { photograph: "photo", style: "style", smooth: "smooth" };

const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

function drawShares(figure, said, row, { alpha, beta, gamma, step }) {
  const [, , , photograph, ...rest] = row;
  const layers = rest.slice(0, -1).map((pull) => beta * pull);
  const pulls = { photograph: alpha * photograph, style: sum(layers), smooth: gamma * rest.at(-1) };
  const all = sum(Object.values(pulls)) || 1;
  const percent = Object.fromEntries(FORCES.map((name) => [name, Math.round((100 * pulls[name]) / all)]));
  const first = FORCES.reduce((most, name) => (pulls[name] > pulls[most] ? name : most));
  percent[first] += 100 - sum(Object.values(percent)); // rounded, they still are a hundred
  const label = (name) => percent[name] < 8 ? "" : `${percent[name] < 20 ? "" : `${SHORT[name]}\n`}${percent[name]}\u00a0%`;
  figure.innerHTML = FORCES.map((name) =>
    `<span class="${name}" style="flex-grow:${pulls[name] / all}">${label(name)}</span>`).join("");
  const inWords = FORCES.map((name) => `${NAMES[name]} ${percent[name]}\u00a0%`).join(", ");
  figure.setAttribute("aria-label", inWords);
  const finest = layers.indexOf(Math.max(...layers)) < 2 ? "colours and fine strokes" : "larger shapes";
  said.textContent = `${inWords[0].toUpperCase()}${inWords.slice(1)}: ` + (step === 0
    ? "before the first step nothing of the photograph is lost, so it does not pull."
    : `the ${NAMES[first]} pulls hardest` + (first === "style" ? `, most of all its ${finest}.` : "."));
}

function drawCurves(figure, rows, iterations, { alpha, beta, gamma, step }) {
  const width = 560, height = 280, left = 56, bottom = 28, top = 10;
  const weighted = rows.map(([content, style, variation]) => [alpha * content, beta * style, gamma * variation]);
  const start = sum(weighted[0]);
  const highest = Math.max(...weighted.map(sum)) / start;
  const x = (i) => left + ((width - left - 12) * i) / (rows.length - 1);
  const y = (share) => top + (height - top - bottom) * (1 - share / highest);
  const order = [2, 0, 1]; // from below: what stays lies under what falls
  const upTo = (i, n) => sum(order.slice(0, n).map((each) => weighted[i][each])) / start;
  const areas = order.map((force, n) => {
    const edge = (k) => rows.map((_, i) => `${x(i).toFixed(1)},${y(upTo(i, k)).toFixed(1)}`);
    return `<polygon class="${FORCES[force]}" points="${[...edge(n + 1), ...edge(n).reverse()].join(" ")}"/>`;
  });
  const percent = (i) => Math.round(100 * upTo(i, 3));
  const now = iterations.indexOf(step), end = percent(rows.length - 1);
  const ticks = iterations.map((each, i) => `<text x="${x(i)}" y="${height - 8}" text-anchor="middle">${each}</text>`);
  const label = `The sum of the three complaints ${end < 100 ? "falls" : "rises"} from 100 % to ${end} %.`;
  const caption = step === 0 ? "Before the first step all of the complaint, <b>100 %</b>, is there."
    : percent(now) > 100 ? `After ${step} steps the complaint has grown to <b>${percent(now)} %</b>: the picture is painted small first, and gets its details later.`
    : `After ${step} steps <b>${percent(now)} %</b> of the complaint is left.`;
  figure.innerHTML = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
    ${areas.join("")}
    <text x="${left - 8}" y="${y(1) + 5}" text-anchor="end">100 %</text>
    <text x="${left - 8}" y="${y(0)}" text-anchor="end">0</text>
    <line class="now" x1="${x(now)}" x2="${x(now)}" y1="${top}" y2="${height - bottom}"/>
    <circle class="now" cx="${x(now)}" cy="${y(upTo(now, 3))}" r="5"/>
    ${ticks.join("")}</svg>
    <figcaption>${caption}</figcaption>`;
}
