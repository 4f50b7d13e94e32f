// What both pages of the playground share: how strong a force is, in words; light or dark; where links lead.
"use strict";

const $ = (id) => document.getElementById(id);
const LETTERS = { alpha: "α", beta: "β", gamma: "γ" };
const USUAL = { alpha: 1, beta: 10000, gamma: 10 };
const number = (value) => value.toLocaleString("en");

try { // the site's choice between light and dark holds here too
  document.documentElement.style.colorScheme = { light: "light", dark: "dark" }[localStorage.theme] ?? "";
} catch { /* no storage, no choice */ }

function strength(name, value) {
  const ratio = value / USUAL[name], times = Number(Math.max(ratio, 1 / ratio).toPrecision(1));
  const words = value === 0 ? "off" : times === 1 ? "as usual" : ratio > 1 ? `${times} times as strong` : `1/${times} as strong`;
  return `${words} · ${LETTERS[name]} = ${number(value)}`;
}

function setSlider(name, place, text) {
  const slider = $(name);
  slider.value = place;
  slider.style.setProperty("--filled", `${(100 * (slider.value - slider.min)) / (slider.max - slider.min)}%`);
  slider.setAttribute("aria-valuetext", text);
  $(`${name}-value`).textContent = text;
}

const [owner, project] = window.COURSE.repository.split("/");
const WEBSITE = `https://${owner}.github.io/${project}/notebooks/playground/`;
const LIVE = location.protocol === "file:" ? null : window.LIVE; // a page from a disk may not fetch the network
if (location.protocol === "file:") // the pages of the course are on the web only
  for (const link of document.querySelectorAll("a[href^='../']")) link.href = new URL(link.getAttribute("href"), WEBSITE);
