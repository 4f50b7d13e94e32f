"""The checkers of notebooks 03 to 05 refuse the usual mistakes with a helpful sentence."""

import numpy as np
import pytest
import tensorflow as tf
from exercises import checks, refusal

pytestmark = pytest.mark.quick

CHECKS = checks("0[345]_*")


def mean_square(x, **options):
    return np.mean(np.square(x), **options)


def baked_step():
    weight = 1.0

    @tf.function
    def step(image, _):
        return weight * tf.reduce_mean(image**2)

    return step


def retracing_step():
    return tf.function(lambda image, weight: weight * tf.reduce_mean(image**2))


def summing_step():
    return tf.function(lambda image, weight: tf.convert_to_tensor(weight) * tf.reduce_sum(image**2))


def clipped(image, gradient, rate):
    return np.clip(image - rate * gradient, 0, 1)


def shares(power=2, root=True, weighted=True, whole=sum):
    def answer(gradients, weights):
        size = {name: np.sum(np.abs(g) ** power) for name, g in gradients.items()}
        pull = {n: (weights[n] if weighted else 1) * (s ** (1 / power) if root else s) for n, s in size.items()}
        return {name: p / (whole(pull.values()) or 1) for name, p in pull.items()}

    return answer


def adam_step(g, m, s, k, rate=0.02, late=0, fixed=True, b=(0.9, 0.999), running=True, sign=1, root=np.sqrt):
    m, s = b[0] * m + (1 - b[0]) * g, b[1] * s + (1 - b[1]) * g**2
    corrected = (m / (1 - b[0] ** (k - late)), s / (1 - b[1] ** (k - late))) if fixed else (m, s)
    step = sign * rate * corrected[0] / (root(corrected[1]) + 1e-8)
    return step, *((m, s) if running else corrected)


def half_corrected(which):
    def answer(g, m, s, k, rate=0.02):
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        first, second = (m / (1 - 0.9**k), s) if which == "mean" else (m, s / (1 - 0.999**k))
        return rate * first / (np.sqrt(second) + 1e-8), m, s

    return answer


def painter(first=1, sign=1, clip=True, forget=False, at_start=False, more=0):
    def paint(image, loss, iterations):
        start, mean, square = image, 0.0, 0.0
        for k in range(first, iterations + first + more):
            with tf.GradientTape() as tape:
                tape.watch(looked := start if at_start else image)
                value = loss(looked)
            if forget:
                mean = square = 0.0
            step, mean, square = adam_step(tape.gradient(value, looked).numpy(), mean, square, k)
            image = image - sign * step
            image = tf.clip_by_value(image, 0, 1) if clip else image
        return image

    return paint


def differences(image):
    return image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]


def shuffled(style, seed, axis):
    return np.random.default_rng(seed).permuted(style.reshape(-1, 3), axis=axis).reshape(style.shape)


def drawn(style, seed):
    pixels = style.reshape(-1, 3)
    return np.random.default_rng(seed).choice(pixels, len(pixels)).reshape(style.shape)


WRONG = {
    "style_loss": {
        "mean": lambda s, g: tf.add_n([tf.reduce_sum((s[k] - g[k]) ** 2) for k in s]),
        "add them up": lambda s, g: tf.reduce_mean([tf.reduce_mean((s[k] - g[k]) ** 2) for k in s]),
        "square them": lambda s, g: tf.add_n([tf.reduce_mean(tf.abs(s[k] - g[k])) for k in s]),
        "by the layer's name": lambda s, g: tf.add_n(
            [tf.reduce_mean((a - b) ** 2) for a, b in zip(s.values(), g.values(), strict=True)]
        ),
        "only the last": lambda s, g: [tf.reduce_mean((s[k] - g[k]) ** 2) for k in s][-1],
        "float64": lambda s, g: np.float64(sum(mean_square(np.float64(s[k] - g[k])) for k in s)),
        "TensorFlow's functions": lambda s, g: np.float32(sum(mean_square(np.asarray(s[k] - g[k])) for k in s)),
        "returns None": lambda s, g: None,
    },
    "equal_weights": {
        "divide by the term": lambda t: t,
        "their sum went": lambda t: {k: 1 / v for k, v in t.items()},
        "must be the same": lambda t: dict.fromkeys(t, 1.0),
        "return a dict": lambda t: list(t.values()),
        "returns None": lambda t: None,
        "not numbers": lambda t: dict.fromkeys(t, "many"),
        "are asked for": lambda t: {"block1_conv1": 1.0},
    },
    "palette_noise": {
        "shuffled apart": lambda s, seed: shuffled(s, seed, 0),
        "with replacement": drawn,
        "where they were": lambda s, seed: s,
        "rows or columns": lambda s, seed: np.random.default_rng(seed).permutation(s, axis=1),
        "same seed": lambda s, seed: np.random.default_rng().permutation(s.reshape(-1, 3)).reshape(s.shape),
        "two seeds": lambda s, seed: np.random.default_rng(7).permutation(s.reshape(-1, 3)).reshape(s.shape),
        "does not have": lambda s, seed: np.random.default_rng(seed).random(s.shape, np.float32),
        "float64": lambda s, seed: np.float64(s),
        "it returns [": lambda s, seed: s.reshape(-1, 3),
    },
    "content_loss": {
        "½": lambda c, x: tf.reduce_mean((c - x) ** 2),
        "take their mean": lambda c, x: 0.5 * tf.reduce_sum((c - x) ** 2),
        "square them": lambda c, x: 0.5 * tf.reduce_mean(tf.abs(c - x)),
        "one too many": lambda c, x: tf.sqrt(tf.reduce_mean((c - x) ** 2)),
        "square first": lambda c, x: 0.5 * tf.reduce_mean(c - x) ** 2,
        "place by place": lambda c, x: (
            0.5 * tf.reduce_mean((tf.reduce_mean(c, (1, 2)) - tf.reduce_mean(x, (1, 2))) ** 2)
        ),
        "TensorFlow's functions": lambda c, x: 0.5 * np.mean((np.asarray(c) - np.asarray(x)) ** 2),
        "returns None": lambda c, x: None,
    },
    "total_variation": {
        "take their means": lambda x: sum(tf.reduce_sum(d**2) for d in differences(x)),
        "absolute": lambda x: sum(tf.reduce_mean(tf.abs(d)) for d in differences(x)),
        "tf.roll": lambda x: sum(tf.reduce_mean((x - tf.roll(x, 1, a)) ** 2) for a in (1, 2)),
        "half of the right number": lambda x: sum(tf.reduce_mean(d**2) for d in differences(x)) / 2,
        "across": lambda x: tf.reduce_mean(differences(x)[0] ** 2),
        "down": lambda x: tf.reduce_mean(differences(x)[1] ** 2),
        "TensorFlow's functions": lambda x: sum(np.mean(np.diff(x, axis=a) ** 2) for a in (1, 2)),
        "returns None": lambda x: ...,
    },
    "gradient_shares": {
        "no effect": shares(weighted=False),
        "root": shares(root=False),
        "with their signs": lambda g, w: {
            k: w[k] * np.sum(g[k]) / (sum(w[n] * np.sum(g[n]) for n in g) or 1) for k in g
        },
        "add up to": shares(whole=max),
        "√Σg² is the length": shares(power=1),
        "0/0": lambda g, w: {k: w[k] * np.linalg.norm(g[k]) / sum(w[n] * np.linalg.norm(g[n]) for n in g) for k in g},
        "return a dict": lambda g, w: 1.0,
        "returns None": lambda g, w: None,
    },
    "adam_step": {
        "neither mean is corrected": lambda *a: adam_step(*a, fixed=False),
        "mean of the gradients is not corrected": half_corrected("square"),
        "mean of the squares is not corrected": half_corrected("mean"),
        "one step late": lambda *a: adam_step(*a, late=1),
        "returns the corrected means": lambda *a: adam_step(*a, running=False),
        "are exchanged": lambda *a: adam_step(*a, b=(0.999, 0.9)),
        "uphill": lambda *a: adam_step(*a, sign=-1),
        "the root is missing": lambda *a: adam_step(*a, root=lambda x: x),
        "no effect": lambda g, m, s, k, rate: adam_step(g, m, s, k, 1.0),
        "always 0.02": lambda g, m, s, k, rate: adam_step(g, m, s, k),
        "three things": lambda *a: adam_step(*a)[0],
        "returns None": lambda *a: None,
    },
    "paint": {
        "count from 1": painter(first=0),
        "subtract the step": painter(sign=-1),
        "clip the image": painter(clip=False),
        "begin again": painter(forget=True),
        "at the newest": painter(at_start=True),
        "one step too few": painter(more=-1),
        "one step too many": painter(more=1),
        "differ from Adam's": lambda image, loss, n: image,
        "it returns [": lambda image, loss, n: image[0],
        "returns None": lambda image, loss, n: None,
    },
    "make_step": {
        "baked in": baked_step,
        "traced 3 times": retracing_step,
        "is right": lambda: tf.function(
            lambda image, weight: weight * tf.reduce_sum(image**2),
            input_signature=[tf.TensorSpec([1, None, None, 3]), tf.TensorSpec([])],
        ),
        "not compiled": lambda: lambda image, weight: weight * tf.reduce_mean(image**2),
        "stops with": lambda: tf.function(
            lambda image, weight: weight * tf.reduce_mean(image**2),
            input_signature=[tf.TensorSpec([1, None, None, 3]), tf.TensorSpec([], tf.float64)],
        ),
        "returns None": lambda: None,
    },
    "guarded_step": {
        "went into the image": lambda i, g, r: (clipped(i, g, r), r),
        "np.isfinite": lambda i, g, r: (i, r / 2) if (g == np.nan).any() else (clipped(i, g, r), r),
        "infinity": lambda i, g, r: (i, r / 2) if np.isnan(g).any() else (np.nan_to_num(clipped(i, g, r)), r),
        "the whole step": lambda i, g, r: (
            clipped(i, np.nan_to_num(g, posinf=0, neginf=0), r),
            r if np.isfinite(g).all() else r / 2,
        ),
        "half of what": lambda i, g, r: (clipped(i, g, r), r) if np.isfinite(g).all() else (i, r),
        "clip": lambda i, g, r: (i - r * g, r) if np.isfinite(g).all() else (i, r / 2),
        "uphill": lambda i, g, r: (clipped(i, -g, r), r) if np.isfinite(g).all() else (i, r / 2),
        "two things": clipped,
        "returns None": lambda i, g, r: None,
    },
}
CASES = [pytest.param(name, hint, wrong, id=f"{name}: {hint}") for name in WRONG for hint, wrong in WRONG[name].items()]


@pytest.mark.parametrize(("name", "hint", "wrong"), CASES)
def test_a_wrong_answer_is_refused_with_a_hint(name, hint, wrong):
    assert hint in refusal(CHECKS[name], wrong)
