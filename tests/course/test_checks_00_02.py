"""The checkers of notebooks 00 to 02b refuse the usual mistakes with a helpful word."""

import numpy as np
import pytest
import tensorflow as tf
from exercises import checks, refusal

pytestmark = pytest.mark.quick

CHECKS = checks("0[012]*_*")


def rows(f):  # (H·W, C)
    return tf.reshape(f, [-1, f.shape[-1]])


def gram(f):
    return tf.transpose(rows(f)) @ rows(f) / tf.cast(tf.size(f), tf.float32)


def untransposed(f):
    g = tf.reshape(f, [f.shape[-1], -1])
    return g @ tf.transpose(g) / tf.cast(tf.size(f), tf.float32)


def in_numpy(f):
    flat = np.asarray(f).reshape(-1, f.shape[-1])
    return flat.T @ flat / np.float32(flat.size)


def roots(g):
    return np.sqrt(np.outer(np.diag(g), np.diag(g)))


MEAN = np.float32([103.939, 116.779, 123.68])


def bgr(x):
    return tf.reverse(x, [-1])


def mmd(x, y, k, cross=2, average=np.mean):
    return average(k(x, x)) - cross * average(k(x, y)) + average(k(y, y))


def field(layers, kernel=1, start=1, late=False, strides=True):
    size, pixels = start, 1
    for k, stride in layers:
        size += (k - kernel) * (pixels * stride if late else pixels)
        pixels *= stride if strides else 1
    return size


def total(c, s, t, a, b, g):
    return a * c + b * s + g * t


WRONG = {
    "total_loss": {
        "no weights": (lambda c, s, t, a, b, g: c + s + t, "no effect"),
        "α for β": (lambda c, s, t, a, b, g: total(c, s, t, b, a, g), "α belongs"),
        "β for γ": (lambda c, s, t, a, b, g: total(c, s, t, a, g, b), "β belongs"),
        "no total variation": (lambda c, s, t, a, b, g: a * c + b * s, "total variation is missing"),
        "mean": (lambda c, s, t, a, b, g: total(c, s, t, a, b, g) / (a + b + g), "no mean"),
        "divided": (lambda c, s, t, a, b, g: c / a + s / b + t / g, "multiply"),
        "three numbers": (lambda c, s, t, a, b, g: [a * c, b * s, g * t], "shape"),
    },
    "vgg_input": {
        "RGB": (lambda x: x * 255 - MEAN, "blue, green, red"),
        "mean turned round": (lambda x: bgr(x) * 255 - MEAN[::-1], "already"),
        "0..1": (lambda x: bgr(x) - MEAN, "255"),
        "no mean": (lambda x: bgr(x) * 255, "mean"),
        "mean first": (lambda x: (bgr(x) - MEAN) * 255, "before"),
        "upside down": (lambda x: tf.reverse(x, [1]) * 255 - MEAN, "upside down"),
        "mirrored": (lambda x: tf.reverse(x, [2]) * 255 - MEAN, "mirrored"),
        "float64": (lambda x: tf.cast(bgr(x) * 255 - MEAN, tf.float64), "float64"),
        "batch lost": (lambda x: bgr(x)[0] * 255 - MEAN, "shape"),
        "NumPy": (lambda x: np.asarray(x)[..., ::-1] * 255 - MEAN, "tf.reshape"),
        "rounded": (lambda x: tf.cast(tf.cast(1e5 * (bgr(x) * 255 - MEAN), tf.int64), tf.float32) / 1e5, "gradient"),
    },
    "receptive_field": {
        "no strides": (lambda n: field(n, strides=False), "strides"),
        "own stride too early": (lambda n: field(n, late=True), "after it"),
        "kernel, not kernel - 1": (lambda n: field(n, kernel=0), "adds 2"),
        "from 0": (lambda n: field(n, start=0), "1 pixel"),
        "product of strides": (lambda n: np.prod([stride for _, stride in n]), "right"),
    },
    "gram": {
        "reshape without transpose": (untransposed, "transpose"),
        "no divisor": (lambda f: tf.transpose(rows(f)) @ rows(f), "divide"),
        "divided by H·W": (lambda f: gram(f) * f.shape[-1], "C as well"),
        "divided by twice as much": (lambda f: gram(f) / 2, "divisor"),
        "positions for channels": (lambda f: rows(f) @ tf.transpose(rows(f)) / tf.cast(tf.size(f), tf.float32), "FᵀF"),
        "centred": (lambda f: gram(f - tf.reduce_mean(f, (0, 1, 2))), "covariance"),
        "float64": (lambda f: tf.cast(gram(f), tf.float64), "float64"),
        "flat": (lambda f: tf.reshape(gram(f), [-1]), "shape"),
        "with a batch": (lambda f: gram(f)[None], "batch"),
        "NumPy": (in_numpy, "TensorFlow"),
        "NumPy inside": (lambda f: tf.constant(in_numpy(f)), "gradient"),
    },
    "normalised_gram": {
        "no root": (lambda g: g / (roots(g) ** 2 + 1e-12), "root"),
        "rows only": (lambda g: g / (np.diag(g)[:, None] + 1e-12), "row"),
        "columns only": (lambda g: g / (np.diag(g)[None] + 1e-12), "column"),
        "one divisor": (lambda g: g / g.max(), "pair"),
        "0/0": (lambda g: g / roots(g), "never fires"),
        "centred": (lambda g: np.corrcoef(g).astype(np.float32), "right"),
    },
    "mmd": {
        "across only once": (lambda x, y, k: mmd(x, y, k, cross=1), "twice"),
        "plus": (lambda x, y, k: mmd(x, y, k, cross=-2), "signs"),
        "sums": (lambda x, y, k: mmd(x, y, k, average=np.sum), "means"),
        "root": (lambda x, y, k: np.sqrt(mmd(x, y, k)), "root"),
        "of mean points": (lambda x, y, k: mmd(x.mean(0)[None], y.mean(0)[None], k), "mean points"),
        "always quadratic": (lambda x, y, k: mmd(x, y, lambda a, b: (a @ b.T) ** 2), "quadratic"),
        "always linear": (lambda x, y, k: mmd(x, y, lambda a, b: a @ b.T), "linear"),
        "the table": (lambda x, y, k: k(x, y), "shape"),
        "without themselves": (
            lambda x, y, k: (
                sum((k(c, c).sum() - np.trace(k(c, c))) / np.float32(len(c) ** 2 - len(c)) for c in (x, y))
                - 2 * k(x, y).mean()
            ),
            "itself",
        ),
    },
}
CASES = [pytest.param(name, *case, id=f"{name}: {mistake}") for name in WRONG for mistake, case in WRONG[name].items()]


@pytest.mark.parametrize(("name", "wrong", "hint"), CASES)
def test_a_mistake_is_refused_with_a_hint(name, wrong, hint):
    assert hint in refusal(CHECKS[name], wrong)
