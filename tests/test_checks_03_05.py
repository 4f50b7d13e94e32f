"""The checkers of notebooks 03 to 05 refuse the usual mistakes with a helpful sentence."""

import numpy as np
import pytest
import tensorflow as tf
from exercises import checks, refusal

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


def one_end(image):
    gradient = np.zeros_like(image)
    gradient[:, 1:] += 2 * np.diff(image, axis=1)
    gradient[:, :, 1:] += 2 * np.diff(image, axis=2)
    return gradient


def tv_gradient(image):
    gradient = one_end(image)
    gradient[:, :-1] -= 2 * np.diff(image, axis=1)
    gradient[:, :, :-1] -= 2 * np.diff(image, axis=2)
    return gradient


def rolled(image):
    return sum(2 * (2 * image - np.roll(image, 1, a) - np.roll(image, -1, a)) for a in (1, 2))


def shuffled(style, seed, axis):
    return np.random.default_rng(seed).permuted(style.reshape(-1, 3), axis=axis).reshape(style.shape)


def drawn(style, seed):
    pixels = style.reshape(-1, 3)
    return np.random.default_rng(seed).choice(pixels, len(pixels)).reshape(style.shape)


WRONG = {
    "weighted_style_loss": {
        "mean": lambda s, g, w: sum(w[k] * np.sum((s[k] - g[k]) ** 2) for k in s),
        "no effect": lambda s, g, w: sum(mean_square(s[k] - g[k]) for k in s),
        "add them up": lambda s, g, w: np.float32(np.mean([w[k] * mean_square(s[k] - g[k]) for k in s])),
        "square them": lambda s, g, w: sum(w[k] * np.mean(np.abs(s[k] - g[k])) for k in s),
        "by its layer's name": lambda s, g, w: sum(
            v * mean_square(s[k] - g[k]) for k, v in zip(s, w.values(), strict=True)
        ),
        "float64": lambda s, g, w: np.float64(sum(w[k] * np.mean(np.float64(s[k] - g[k]) ** 2) for k in s)),
        "nothing yet": lambda s, g, w: None,
    },
    "equal_weights": {
        "divide by the term": lambda t: t,
        "their sum went": lambda t: {k: 1 / v for k, v in t.items()},
        "must be the same": lambda t: dict.fromkeys(t, 1.0),
        "return a dict": lambda t: list(t.values()),
        "nothing yet": lambda t: None,
        "are numbers": lambda t: dict.fromkeys(t, "many"),
        "has the layers": lambda t: {"block1_conv1": 1.0},
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
    "total_variations": {
        "take their means": lambda x: sum(np.sum(np.diff(x, axis=a) ** 2, axis=(1, 2, 3)) for a in (1, 2)),
        "absolute": lambda x: sum(np.mean(np.abs(np.diff(x, axis=a)), axis=(1, 2, 3)) for a in (1, 2)),
        "np.roll": lambda x: sum(mean_square(x - np.roll(x, 1, a), axis=(1, 2, 3)) for a in (1, 2)),
        "mixed": lambda x: sum(mean_square(np.diff(x, axis=a)) for a in (1, 2)),
        "across": lambda x: mean_square(np.diff(x, axis=1), axis=(1, 2, 3)),
        "down": lambda x: mean_square(np.diff(x, axis=2), axis=(1, 2, 3)),
        "float64": lambda x: sum(mean_square(np.diff(np.float64(x), axis=a), axis=(1, 2, 3)) for a in (1, 2)),
    },
    "from_sums": {
        "½Q": lambda b, c, m, n: b * c**4 / n,
        "wrong side": lambda b, c, m, n: b * c**4 / n / 2,
        "other way": lambda b, c, m, n: b * n / (2.0 * c**4),
        "left out": lambda b, c, m, n: 2.0 * b * c**4,
        "M must cancel": lambda b, c, m, n: 2.0 * b * c**4 * m**2 / n,
        "four times": lambda b, c, m, n: 2.0 * b * c**2 / n,
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
        "nothing yet": lambda g, w: None,
    },
    "tv_gradient": {
        "factor 2": lambda x: tv_gradient(x) / 2,
        "sign": lambda x: -tv_gradient(x),
        "np.roll": rolled,
        "two ends": one_end,
        "the mean": lambda x: np.float32(
            sum(
                2
                * (
                    np.pad(d, [(0, 0)] * a + [(1, 0)] + [(0, 0)] * (3 - a))
                    - np.pad(d, [(0, 0)] * a + [(0, 1)] + [(0, 0)] * (3 - a))
                )
                / d.size
                for a, d in ((a, np.diff(x, axis=a)) for a in (1, 2))
            )
        ),
        "float64": lambda x: tv_gradient(np.float64(x)),
        "nothing yet": lambda x: ...,
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
        "nothing yet": lambda: None,
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
        "nothing yet": lambda i, g, r: None,
    },
}
CASES = [pytest.param(name, hint, wrong, id=f"{name}: {hint}") for name in WRONG for hint, wrong in WRONG[name].items()]


@pytest.mark.parametrize(("name", "hint", "wrong"), CASES)
def test_a_wrong_answer_is_refused_with_a_hint(name, hint, wrong):
    assert hint in refusal(CHECKS[name], wrong)
