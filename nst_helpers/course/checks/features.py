"""Checkers for the exercises of notebooks 00 to 02b: the first picture, what VGG sees, Gram matrices, distributions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from .base import checker, exercise, pixels, require

MEAN = np.float32([103.939, 116.779, 123.68])  # of blue, green, red
SHAPES = (1, 2, 2, 3), (1, 3, 5, 3), (2, 4, 3, 3)


def _activations(*shape: int) -> np.ndarray:
    """Return float32 numbers, none negative and some zero, as they are after a ReLU."""
    return np.maximum(np.random.default_rng(sum(shape)).standard_normal(shape), 0).astype(np.float32)


def on_tensors(check: Callable[[Callable], None], *inputs: Sequence[Any]) -> Callable[[Callable], None]:
    """Return a checker that asks, beyond what `check` does, that a gradient comes through the answer.

    Args:
        check: a checker, which tries the answer on arrays.
        inputs: arguments of calls, arrays or dicts of arrays; they are given as tensors, the last one watched.
    """

    @wraps(check)
    @checker
    def both(answer: Callable) -> str:
        import tensorflow as tf

        praise = check.__wrapped__(answer)
        for arguments in inputs:
            tensors = tf.nest.map_structure(tf.constant, list(arguments))
            with tf.GradientTape() as tape:
                tape.watch(tensors[-1])
                got = answer(*tensors)
            require(
                tf.is_tensor(got),
                f"given a tensor, it returns a {type(got).__name__}, through which no gradient comes: {TENSORS}",
            )
            gradients = tf.nest.flatten(tape.gradient(got, tensors[-1]))
            require(
                all(each is not None for each in gradients),
                f"the numbers are right, but no gradient comes through: {TENSORS}",
            )
        return praise

    return both


TENSORS = "use TensorFlow's functions (tf.reshape, tf.matmul, tf.reduce_mean …) instead of NumPy's."

# Exercises of notebooks/00_start_here


def _total(content, style, tv, alpha, beta, gamma):
    return alpha * content + beta * style + gamma * tv


check_total_loss = exercise(
    _total,
    np.random.default_rng(0).uniform(0.5, 9, (4, 6)).round(3).tolist(),
    {
        "the weights have no effect yet; multiply each loss by its own.": lambda c, s, t, a, b, g: c + s + t,
        "α and β have changed places: α belongs to the content.": lambda c, s, t, a, b, g: _total(c, s, t, b, a, g),
        "β and γ have changed places: β belongs to the style.": lambda c, s, t, a, b, g: _total(c, s, t, a, g, b),
        "the total variation is missing.": lambda c, s, t, a, b, g: a * c + b * s,
        "the total is a sum, no mean.": lambda c, s, t, a, b, g: _total(c, s, t, a, b, g) / (a + b + g),
        "the losses are divided by their weights; multiply.": lambda c, s, t, a, b, g: c / a + s / b + t / g,
    },
    "α·content + β·style + γ·total variation.",
)


# Exercises of notebooks/01_what_vgg_sees


def _preprocess(image, turned=np.s_[..., ::-1], scale=255, mean=MEAN):
    return image[turned] * scale - mean


check_vgg_input = on_tensors(
    exercise(
        _preprocess,
        [[pixels(*shape)] for shape in SHAPES],
        {
            "the colours are still red, green, blue; VGG19 takes blue, green, red. Reverse the last axis.": {
                "turned": ...
            },
            "the mean was reversed as well; its three numbers are blue, green, red already.": {"mean": MEAN[::-1]},
            "the image still goes from 0 to 1; multiply by 255 before the mean is subtracted.": {"scale": 1},
            "the mean is still in it; subtract it.": {"mean": 0},
            "the mean was subtracted before the multiplication by 255, which made it too large.": {"mean": 255 * MEAN},
            "the picture is upside down: reverse the last axis, the colours.": {"turned": np.s_[:, ::-1]},
            "the picture is mirrored: reverse the last axis, the colours.": {"turned": np.s_[:, :, ::-1]},
        },
        "blue, green, red, 0..255, around the mean; and gradients come through.",
    ),
    [pixels(1, 3, 5, 3)],
)


def _receptive_field(layers, kernel=1, side=1, late=0, strided=1):
    step = 1  # pixels between two neighbours
    for size, stride in layers:
        side += (size - kernel) * (step * stride if late else step)
        step *= stride if strided else 1
    return side


check_receptive_field = exercise(
    _receptive_field,
    [
        [[(3, 1)]],
        [[(3, 1), (3, 1), (2, 2), (3, 1)]],
        [[(5, 2), (3, 1)]],
        *([np.random.default_rng(n).integers(1, 4, (n, 2)).tolist()] for n in (4, 6)),
    ],
    {
        "the strides have no effect yet: after a pool one step is 2 pixels, then 4, then 8.": {"strided": 0},
        "a layer's own stride counts only for the layers after it; widen the field first, then multiply.": {"late": 1},
        "a kernel of 3 adds 2 steps, not 3: one of its places is there already.": {"kernel": 0},
        "it starts too small: a single pixel sees 1 pixel, not 0.": {"side": 0},
    },
    "block5_conv1 sees 156 pixels.",
)

# Exercises of notebooks/02_gram_matrices


def _gram(features, to=lambda f: f.reshape(-1, f.shape[-1])):
    flat = to(features[0])
    return flat.T @ flat / np.float32(features.size)


def _cut_apart(features):
    return features.reshape(features.shape[-1], -1).T


check_gram = on_tensors(
    exercise(
        _gram,
        [[_activations(*shape)] for shape in ((1, 4, 4, 3), (1, 3, 5, 4), (1, 5, 2, 6))],
        {
            "[C, h·w] cuts the channels apart; reshape to [h·w, C], then transpose.": {"to": _cut_apart},
            "the sum over the positions is right; divide it by h·w·C.": lambda f: _gram(f) * f.size,
            "it is divided by h·w only; divide by C as well.": lambda f: _gram(f) * f.shape[-1],
            "this is FFᵀ, of positions; FᵀF is of channels.": {"to": lambda f: f.reshape(-1, f.shape[-1]).T},
            "the means of the channels are subtracted, which makes it a covariance; leave them in.": {
                "to": lambda f: f.reshape(-1, f.shape[-1]) - f.mean((0, 1))
            },
            "keep the matrix alone: [C, C], without a batch.": lambda f: _gram(f)[None],
        },
        "right for square and for oblong maps, and gradients come through.",
    ),
    [_activations(1, 3, 5, 4)],
)


def _normalised_gram(gram, row=0.5, column=0.5, dead=0):
    scale = np.diag(gram)[:, None] ** row * np.diag(gram) ** column
    return np.divide(gram, scale, out=np.full_like(gram, dead), where=scale > 0)


check_normalised_gram = exercise(
    _normalised_gram,
    [[_gram(_activations(1, 4, 5, channels))] for channels in (2, 3, 6)]
    + [[_gram(_activations(1, 4, 5, 5) * np.float32([1, 1, 0, 1, 1]))]],
    {
        "the root is missing: divide by √(G_ii·G_jj), so that the diagonal becomes 1.": {"row": 1, "column": 1},
        "each row is divided by G_ii alone; divide by the column's √G_jj too.": {"row": 1, "column": 0},
        "each column is divided by G_jj alone; divide by the row's √G_ii too.": {"row": 0, "column": 1},
        "everything is divided by one number; each pair has its own, √(G_ii·G_jj).": lambda g: g / g.max(),
        "a channel that never fires makes 0/0: give its whole row and column a 0.": {"dead": np.nan},
    },
    "1 on the diagonal, never more elsewhere, and dead channels do no harm.",
)


# Exercises of notebooks/02b_why_the_gram_matrix


@dataclass(frozen=True)
class _Kernel:
    name: str
    of: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def __call__(self, a, b):
        return self.of(a, b)

    def __repr__(self):
        return f"the kernel {self.name}"


def _gaussian_kernel(a, b):
    return np.exp(-((a[:, None] - b[None]) ** 2).sum(-1))


LINEAR, QUADRATIC = _Kernel("aᵀb", lambda a, b: a @ b.T), _Kernel("(aᵀb)²", lambda a, b: (a @ b.T) ** 2)
KERNELS = QUADRATIC, LINEAR, _Kernel("exp(-|a - b|²)", _gaussian_kernel)


def _mmd(x, y, kernel, cross=2, average=np.mean):
    return average(kernel(x, x)) - cross * average(kernel(x, y)) + average(kernel(y, y))


def _others(similarities):
    """Return the mean without each point's similarity with itself, where there are such."""
    if len(similarities) != len(similarities.T):
        return similarities.mean()
    return (similarities.sum() - np.trace(similarities)) / np.float32(len(similarities) * (len(similarities) - 1))


check_mmd = exercise(
    _mmd,
    [(_activations(5, 3), _activations(7, 3) + np.float32(0.5), kernel) for kernel in KERNELS],
    {
        "the similarity across the clouds counts twice; subtract 2 · mean k(x, y).": {"cross": 1},
        "the signs are wrong: what lies across the clouds is subtracted.": {"cross": -2},
        "sums depend on how many points there are; take means.": {"average": np.sum},
        "each point with itself is left out; here all pairs belong to the mean.": {"average": _others},
        "it is the square root; the squared discrepancy is asked for.": lambda x, y, k: np.sqrt(_mmd(x, y, k)),
        "the kernel of two mean points is not the mean of the kernel: average the similarities.": lambda x, y, k: _mmd(
            x.mean(0, keepdims=True), y.mean(0, keepdims=True), k
        ),
        "it always takes the quadratic kernel; use the one that it is given.": lambda x, y, k: _mmd(x, y, QUADRATIC),
        "it always takes the linear kernel; use the one that it is given.": lambda x, y, k: _mmd(x, y, LINEAR),
    },
    "right for three kernels. With the quadratic one it is the squared difference of two Gram matrices.",
)
