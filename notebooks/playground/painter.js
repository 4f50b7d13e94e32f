// The course's loop on TensorFlow.js: VGG19, the three losses of notebook 04, and the Adam of notebook 09, as
// StyleTransfer(content, style, style_distance="squared") has them at one size; a test compares the two.
"use strict";

const RATE = 0.2;

/** The factor of the rate, β1 and β2 in iteration k, as optimizers.py has them. */
const schedule = (k) => [(1 + (k - 1) / 30) ** -0.5, Math.min(1 - 1 / (10 + k / 10), 0.97), 0.9];

/** What went wrong, in a sentence for the reader. */
class Trouble extends Error {}

/** Load the library and the weights; `onProgress` is told the share of bytes that are here. */
async function loadNetwork(files, onProgress) {
  await start(files);
  const values = decoded(await fetched(`${files.folder}/${files.weights}`, files.bytes, onProgress));
  let offset = 0;
  const next = (...shape) => {
    const size = shape.reduce((product, side) => product * side);
    return tf.tensor(values.subarray(offset, (offset += size)), shape);
  };
  return files.path.map(({ name, inputs, outputs }) =>
    name.endsWith("pool") ? { name } : { name, kernel: next(3, 3, inputs, outputs), bias: next(outputs) });
}

/** Load TensorFlow.js, and let it compute on the graphics processor, by WebGPU or else by WebGL. */
async function start({ folder, library, webgpu }) {
  if (!window.tf) await script(`${folder}/${library}`);
  if (await navigator.gpu?.requestAdapter()) {
    if (!tf.findBackendFactory("webgpu")) await script(`${folder}/${webgpu}`);
    if (await tf.setBackend("webgpu").catch(() => false)) return;
  }
  if (!(await tf.setBackend("webgl").catch(() => false)))
    throw new Trouble("This browser has no WebGL, by which the page computes: try another browser, or run the course on Colab.");
  if (!tf.env().getBool("WEBGL_RENDER_FLOAT32_CAPABLE"))
    throw new Trouble("This device’s graphics processor has no 32-bit numbers: try a computer, or run the course on Colab.");
}

const unloaded = () => new Trouble("The network could not be loaded: check the connection, and start again.");

function script(src) {
  return new Promise((resolve, reject) => {
    const onerror = () => reject(unloaded());
    document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror }));
  });
}

async function fetched(url, bytes, onProgress) {
  const all = new Uint8Array(bytes);
  let here = 0;
  try {
    const { ok, body } = await fetch(url);
    if (!ok) throw unloaded();
    for (const reader = body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      all.set(value, here);
      onProgress((here += value.length) / bytes);
    }
  } catch {
    throw unloaded();
  }
  if (here < bytes) throw unloaded();
  return new Uint16Array(all.buffer);
}

/** Return 16-bit floats as 32-bit ones. */
function decoded(halves) {
  const table = Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = (bits & 1023) / 1024;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
  });
  return Float32Array.from(halves, (bits) => table[bits]);
}

/** Return layer -> activations [1, h, w, C] of an image [1, H, W, 3], 0..1. */
function features(network, image) {
  const found = {};
  let x = repeated(image); // the first convolution sees the border's pixels again, all others zeros
  for (const { name, kernel, bias } of network) {
    if (name.endsWith("pool")) x = tf.maxPool(x, 2, 2, "valid");
    else x = tf.relu(tf.add(tf.conv2d(x, kernel, 1, x.shape[3] === 3 ? "valid" : "same"), bias));
    found[name] = x;
  }
  return found;
}

function repeated(image) {
  const [, height, width] = image.shape;
  const rows = tf.concat([tf.slice(image, [0, 0], [1, 1]), image, tf.slice(image, [0, height - 1], [1, 1])], 1);
  return tf.concat([tf.slice(rows, [0, 0, 0], [1, -1, 1]), rows, tf.slice(rows, [0, 0, width - 1], [1, -1, 1])], 2);
}

function gramMatrix(x) {
  const [, height, width, channels] = x.shape;
  const flat = tf.reshape(x, [height * width, channels]);
  return tf.div(tf.matMul(flat, flat, true), height * width * channels);
}

function totalVariation(image, contrast) {
  const [, height, width] = image.shape;
  const down = tf.sub(tf.slice(image, [0, 1]), tf.slice(image, [0, 0], [1, height - 1]));
  const across = tf.sub(tf.slice(image, [0, 0, 1]), tf.slice(image, [0, 0, 0], [1, -1, width - 1]));
  return tf.div(tf.add(tf.mean(tf.square(down)), tf.mean(tf.square(across))), contrast ** 2);
}

/** A run on images [1, H, W, 3], 0..1: `step` changes the image once, and what is shown is the average of its iterates. */
class Painter {
  constructor(network, content, style, { contentLayer, styleUnits, contrast }) {
    Object.assign(this, { network, contentLayer, styleUnits, contrast, iteration: 0 });
    tf.tidy(() => {
      this.content = tf.keep(features(network, content)[contentLayer]);
      const painting = features(network, style);
      this.grams = Object.fromEntries(Object.keys(styleUnits).map((layer) => [layer, tf.keep(gramMatrix(painting[layer]))]));
      this.image = tf.keep(tf.clone(content));
      this.average = tf.keep(tf.clone(content));
      this.mean = tf.keep(tf.zerosLike(content));
      this.square = tf.keep(tf.zerosLike(content));
    });
  }

  total(image, { alpha, beta, gamma }) {
    const found = features(this.network, image);
    const content = tf.mul(0.5, tf.mean(tf.square(tf.sub(found[this.contentLayer], this.content))));
    const terms = Object.entries(this.styleUnits).map(([layer, unit]) =>
      tf.div(tf.mean(tf.square(tf.sub(gramMatrix(found[layer]), this.grams[layer]))), unit));
    const smooth = totalVariation(image, this.contrast);
    return tf.addN([tf.mul(alpha, content), tf.mul(beta, tf.addN(terms)), tf.mul(gamma, smooth)]);
  }

  /** Change the image once; return the total that it had before. */
  async step(weights) {
    const k = ++this.iteration, [share, beta1, beta2] = schedule(k), rate = RATE * share;
    const towards = (old, value, beta) => tf.add(old, tf.mul((1 - beta) / (1 - beta ** k), tf.sub(value, old)));
    const [total, ...next] = tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((image) => this.total(image, weights))(this.image);
      const mean = towards(this.mean, grad, beta1), square = towards(this.square, tf.square(grad), beta2);
      const typical = tf.sqrt(square);
      const step = tf.div(mean, tf.add(tf.add(typical, tf.mean(typical)), 1e-30));
      const smoothed = tf.mul(0.5, tf.add(step, tf.avgPool(step, 3, 1, "same")));
      const image = tf.clipByValue(tf.sub(this.image, tf.mul(rate, smoothed)), 0, 1);
      return [value, image, mean, square, towards(this.average, image, 0.95)];
    });
    tf.dispose([this.image, this.mean, this.square, this.average]);
    [this.image, this.mean, this.square, this.average] = next;
    const [value] = await total.data();
    total.dispose();
    return value;
  }

  /** Return the average of the iterates as a canvas takes it. */
  async pixels() {
    const shown = tf.tidy(() => tf.clipByValue(tf.squeeze(this.average, [0]), 0, 1));
    const pixels = await tf.browser.toPixels(shown);
    shown.dispose();
    return pixels;
  }

  dispose() {
    tf.dispose([this.content, this.image, this.average, this.mean, this.square, ...Object.values(this.grams)]);
  }
}
