"""Checkers for the exercises of notebooks 03, 04 and 12: losses and their weights."""

from collections.abc import Callable

import numpy as np

from ...layers import STYLE_LAYERS
from .base import checker, exercise, pixels, positive_numbers, require
from .features import on_tensors

# Exercises of notebooks/03_texture_from_noise


def _style_loss(style, generated, distance=np.square, average=np.mean):
    return np.float32(sum(average(distance(style[layer] - generated[layer])) for layer in style))


def _in_order(style, generated):
    return _style_loss(style, dict(zip(style, generated.values(), strict=True)))


def _two_pictures(*channels):
    style = {f"block{i}_conv1": np.float32(i) * pixels(c, c) for i, c in enumerate(channels, 1)}
    generated = {name: gram[::-1].copy() for name, gram in style.items()}
    return style, dict(reversed(generated.items()))


check_style_loss = on_tensors(
    exercise(
        _style_loss,
        [_two_pictures(*channels) for channels in ((3,), (4, 4), (5, 5, 5))],
        {
            "each layer's squares are summed; take their mean, or wide layers count more.": {"average": np.sum},
            "it is the mean over the layers; add them up.": lambda s, g: _style_loss(s, g) / np.float32(len(s)),
            "differences are taken as they are, or absolute; square them.": {"distance": np.abs},
            "differences are taken as they are; square them.": {"distance": np.positive},
            "the tables are paired by their order; pair them by the layer's name.": _in_order,
            "only the last layer is there; add up all of them.": lambda s, g: _style_loss(dict([*s.items()][-1:]), g),
        },
        "right for one, two and three layers, in whatever order; and gradients come through.",
    ),
    _two_pictures(3, 4),
)
check_equal_weights = exercise(
    lambda terms: {layer: sum(terms.values()) / len(terms) / term for layer, term in terms.items()},
    [[positive_numbers(seed, STYLE_LAYERS[: seed + 2])] for seed in range(3)],
    {"the weights grow with the terms, which makes the largest larger still; divide by the term.": lambda terms: terms},
    "all layers contribute equally, and the whole is as large as before.",
    scaled="all layers are equal now, but their sum went up {factor:.3g} times, and β with it; keep the sum.",
    hint="Weight × term must be the same number for all layers.",
)


@checker
def check_palette_noise(answer: Callable) -> str:
    """Check `palette_noise(style, seed)`: the style's pixels in random order, float32, in its shape."""
    for shape in ((1, 8, 8, 3), (1, 5, 9, 3)):
        style = pixels(*shape)
        got, again, other = (np.asarray(answer(style.copy(), seed)) for seed in (0, 0, 1))
        require(got.shape == shape, f"given an image of shape {list(shape)}, it returns {list(got.shape)}.")
        require(got.dtype == np.float32, f"the pixels come as {got.dtype}; the course keeps float32.")
        shuffled, right = got.reshape(-1, 3), style.reshape(-1, 3)
        if not {*map(tuple, shuffled)} <= {*map(tuple, right)}:
            apart = np.array_equal(np.sort(got, axis=None), np.sort(style, axis=None))
            require(
                not apart, "red, green and blue are shuffled apart, which makes colours that the painting never had."
            )
            require(False, "some pixels have a colour that the painting does not have.")
        once = np.array_equal(np.sort(shuffled, axis=0), np.sort(right, axis=0))
        require(once, "some pixels are there twice and some not at all; shuffle them, do not draw with replacement.")
        require((shuffled != right).any(axis=1).mean() > 0.5, "nearly all pixels are where they were; shuffle them.")
        lines = [np.array_equal(np.sort(got, axis=axis), np.sort(style, axis=axis)) for axis in (1, 2)]
        require(not any(lines), "whole rows or columns were moved; shuffle single pixels: [H·W, 3] first.")
        require(np.array_equal(got, again), "the same seed gives two different results; make the generator from seed.")
        require(not np.array_equal(got, other), "two seeds give the same result; make the generator from seed.")
    return "every pixel of the painting is there once, in a place left to chance."


# Exercises of notebooks/04_three_losses


def _content_loss(content, generated, half=0.5, distance=np.square, average=np.mean):
    return np.float32(half * average(distance(content - generated)))


check_content_loss = on_tensors(
    exercise(
        _content_loss,
        [[pixels(*shape), pixels(*shape)[:, ::-1] ** 2] for shape in ((1, 4, 6, 8), (1, 3, 3, 5), (1, 2, 7, 3))],
        {
            "the ½ of the formula is missing.": {"half": 1},
            "the squares are summed; take their mean, or a larger picture has a larger loss.": {"average": np.sum},
            "these are absolute differences; square them.": {"distance": np.abs},
            "the root is one too many: the loss is the mean square itself.": (
                lambda c, x: np.sqrt(np.mean((c - x) ** 2))
            ),
            "it is the square of the mean difference, in which differences cancel; square first.": (
                lambda c, x: 0.5 * np.mean(c - x) ** 2
            ),
            "it compares the means over all positions, as a style does; compare place by place.": (
                lambda c, x: 0.5 * np.mean((c.mean((1, 2)) - x.mean((1, 2))) ** 2)
            ),
        },
        "place by place, for layers of three shapes, and a tape can follow it.",
        scaled="it is {factor:.4g} times what it should be; look at the ½ and at what the mean is taken over.",
    ),
    [pixels(1, 3, 5, 3), pixels(1, 3, 5, 3)[:, ::-1]],
)


def _total_variation(image, distance=np.square, average=np.mean, axes=(1, 2), difference=np.diff, share=1.0):
    return np.float32(share * sum(average(distance(difference(image, axis=axis))) for axis in axes))


def _ring_difference(image, axis):
    return image - np.roll(image, 1, axis)


check_total_variation = on_tensors(
    exercise(
        _total_variation,
        [[pixels(*shape)] for shape in ((1, 4, 4, 3), (1, 3, 7, 3), (1, 6, 2, 3))],
        {
            "the squares are summed; take their means, or a larger picture has a larger loss.": {"average": np.sum},
            "these are absolute differences, the original total variation; this course squares them.": {
                "distance": np.abs
            },
            "tf.roll compares the last row with the first one; compare neighbours only.": {
                "difference": _ring_difference
            },
            "it is half of the right number; add the two means, do not average them.": {"share": 0.5},
            "only the differences down are there; add those across.": {"axes": [1]},
            "only the differences across are there; add those down.": {"axes": [2]},
        },
        "right for square and oblong images, and a tape can follow it.",
    ),
    [pixels(1, 3, 5, 3)],
)
TERMS = ("content", "style", "total variation")


def _shares(gradients, weights, length=np.linalg.norm, weighted=1, nothing=1.0):
    pull = {name: weights[name] ** weighted * length(gradients[name]) for name in TERMS}
    whole = sum(pull.values()) or np.float64(nothing)
    return {name: part / whole for name, part in pull.items()}


def _square_sum(gradient):
    return np.sum(gradient**2)


def _gradients_and_weights(seed):
    random = np.random.default_rng(seed)
    gradients = {name: random.standard_normal((1, 3, 4, 3)).astype(np.float32) for name in TERMS}
    return gradients, {name: float(random.uniform(0.1, 10)) for name in reversed(TERMS)}


check_gradient_shares = exercise(
    _shares,
    [*map(_gradients_and_weights, range(3)), ({n: np.zeros((1, 2, 2, 3)) for n in TERMS}, dict.fromkeys(TERMS, 1.0))],
    {
        "the weights have no effect yet; multiply each length by its weight.": {"weighted": 0},
        "the root is missing, which exaggerates the strongest.": {"length": _square_sum},
        "the weight is inside the square, and the root is missing.": {"length": _square_sum, "weighted": 2},
        "the entries are added with their signs, so that they cancel; take the length, √Σg².": {"length": np.sum},
        "the absolute entries are added; √Σg² is the length.": {"length": lambda g: np.sum(np.abs(g))},
        "where nothing pulls, 0/0 must not happen: give every term the share 0.": {"nothing": 0},
    },
    "the shares add up to 1, follow the weights, and survive a picture where nothing pulls.",
    scaled="the shares add up to {factor:.3g}; divide by their sum.",
    hint="√Σg² is the length.",
)

# Exercises of notebooks/12_units_and_conversions

check_translate = exercise(
    lambda beta, c, m, n, two=2.0, c_power=4.0, m_power=0.0, n_power=-1.0: (
        two * beta * c**c_power * m**m_power * n**n_power
    ),
    ((1.0, 64, 96 * 64, 512 * 24), (3e-9, 512, 12 * 8, 512 * 24), (0.5, 128, 100, 2048)),
    {
        "the ½ of the content loss is missing: in the sums, content is ½Q.": {"two": 1},
        "the ½ is on the wrong side: half the content makes the style's pull twice as strong.": {"two": 0.5},
        "it translates the other way, from means to sums.": {"two": 0.5, "c_power": -4, "n_power": 1},
        "content is left out: in means it is divided by N, and only the balance of the two counts.": {"n_power": 0},
        "N is on the wrong side: means make content smaller by N, so style must become smaller too.": {"n_power": 1},
        "both conventions divide by M², so M must cancel.": {"m_power": 2},
        "C counts four times: twice in the Gram's divisor, twice in the mean over C × C.": {"c_power": 2},
    },
    "right for three layers and sizes.",
    tolerance=1e-6,
)
check_raw_weights = exercise(
    lambda weights, means, power=4: {layer: weight / means[layer] ** power for layer, weight in weights.items()},
    [(positive_numbers(seed, STYLE_LAYERS), positive_numbers(seed + 20, STYLE_LAYERS, -4)) for seed in range(2)],
    {
        "it multiplies by μ⁴; raw activations are μ times as large, so their weights must be smaller.": {"power": -4},
        "the ratios are what they were; divide each weight by a power of its mean, by its layer's name.": {"power": 0},
        "it divides by μ; but the Gram matrix is a product of two activations, and the loss squares it.": {"power": 1},
        "it divides by μ²: that makes up for the Gram matrix, but the loss squares that once more.": {"power": 2},
    },
    "normalised or raw, the loss is now the same.",
    scaled="all weights are {factor:.3g} times what they should be: the layers are in balance, but β changes.",
    hint="Is each mean taken by its layer's name?",
)
