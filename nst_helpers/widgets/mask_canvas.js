// A marker over a photograph. The mask is an opaque grey canvas, white where it was marked; a filter shows it as a tint.
const TEMPLATE = `
  <svg width="0" height="0" aria-hidden="true"><filter id="nst-mask-tint" color-interpolation-filters="sRGB">
    <feColorMatrix values="0 0 0 0 0.95  0 0 0 0 0.3  0 0 0 0 0  0.7 0 0 0 0"/></filter></svg>
  <div class="nst-mask-tools">
    <button class="nst-mask-marker" aria-pressed="true" title="Drag over the photograph to mark a place.">marker</button>
    <button class="nst-mask-eraser" aria-pressed="false" title="Drag to take the mark away.">eraser</button>
    <label title="How wide marker and eraser are.">width <input class="nst-mask-size" type="range" min="2" max="50" value="14"></label>
    <label title="How gently the mark ends.">soft edge <input class="nst-mask-soft" type="range" min="0" max="100" value="50"></label>
    <button class="nst-mask-undo" title="Take back the last stroke.">undo</button>
    <button class="nst-mask-clear" title="Take all marks away.">clear</button>
  </div>
  <div class="nst-mask-picture"><img alt="the photograph" draggable="false"><canvas></canvas><div class="nst-mask-ring"></div></div>`;
const SPACING = 0.15; // between two dabs of a stroke, in radii

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "nst-mask";
  root.innerHTML = TEMPLATE;
  el.append(root);
  const part = (name) => root.querySelector(name.startsWith(".") ? ".nst-mask-" + name.slice(1) : name);
  const [photo, canvas, ring] = [part("img"), part("canvas"), part(".ring")];
  const pen = canvas.getContext("2d");
  let erasing = false, last = null, shown = "", earlier = [];

  const radius = () => (part(".size").value / 200) * Math.max(canvas.width, canvas.height);

  function fill(shade) {
    pen.globalCompositeOperation = "source-over";
    pen.fillStyle = shade;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }

  function dab(x, y) { // the lightest or darkest of what is there and a round spot: strokes do not pile up
    const r = radius(), core = Math.max(0, Math.min(r * (1 - part(".soft").value / 100), r - 1));
    const spot = pen.createRadialGradient(x, y, core, x, y, r);
    spot.addColorStop(0, erasing ? "black" : "white");
    spot.addColorStop(1, erasing ? "white" : "black");
    pen.globalCompositeOperation = erasing ? "darken" : "lighten";
    pen.fillStyle = spot;
    pen.fillRect(x - r, y - r, 2 * r, 2 * r);
  }

  function stroke(to) {
    const from = last ?? to, length = Math.hypot(to.x - from.x, to.y - from.y);
    const dabs = Math.max(1, Math.ceil(length / Math.max(1, SPACING * radius())));
    for (let i = 1; i <= dabs; i++) dab(from.x + ((to.x - from.x) * i) / dabs, from.y + ((to.y - from.y) * i) / dabs);
    last = to;
  }

  function place(event) {
    const box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    Object.assign(ring.style, { left: `${x}px`, top: `${y}px`, width: `${(2 * radius()) / scale}px` });
    return { x: x * scale, y: y * scale };
  }

  function show(mask) { // a picture as a data URL; "" is black
    shown = mask;
    if (!mask) return fill("black");
    const picture = new Image();
    picture.onload = () => {
      if (shown !== mask) return;
      pen.globalCompositeOperation = "source-over";
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    };
    picture.src = mask;
  }

  function send(mask) {
    shown = mask;
    model.set("mask", mask);
    model.save_changes();
  }

  function change(mask) {
    show(mask);
    send(mask);
  }

  function open() {
    photo.src = model.get("photo");
    [canvas.width, canvas.height] = [model.get("width"), model.get("height")];
    earlier = [];
    show(model.get("mask"));
  }

  function received() { // what another view or Python has painted
    const mask = model.get("mask");
    if (mask === shown) return;
    earlier.push(shown);
    show(mask);
  }

  function take(eraser) {
    erasing = eraser;
    part(".marker").setAttribute("aria-pressed", !eraser);
    part(".eraser").setAttribute("aria-pressed", eraser);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    last = null;
    stroke(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.isPrimary) return;
    for (const each of last ? event.getCoalescedEvents?.() ?? [] : []) stroke(place(each));
    const to = place(event);
    if (last) stroke(to);
  });
  const end = (event) => {
    if (!event.isPrimary || !last) return;
    last = null;
    earlier.push(shown);
    send(canvas.toDataURL("image/png"));
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  part(".marker").onclick = () => take(false);
  part(".eraser").onclick = () => take(true);
  part(".undo").onclick = () => earlier.length && change(earlier.pop());
  part(".clear").onclick = () => {
    if (!shown) return;
    earlier.push(shown);
    change("");
  };
  model.on("change:photo", open);
  model.on("change:mask", received);
  open();
  return () => {
    model.off("change:photo", open);
    model.off("change:mask", received);
  };
}

export default { render };
