"""Checkers for the exercises of notebooks 06 to 08: live weights, layers, and when to stop."""

import numpy as np

from ...layers import STYLE_LAYERS
from .base import exercise, positive_numbers

# Exercises of notebooks/06_weight_explorer


def _new_share(share, factor):
    return share * factor / (1 - share + share * factor)


check_new_share = exercise(
    _new_share,
    ((0.25, 3.0), (0.6, 10.0), (0.9, 0.1), (0.0, 5.0), (1.0, 5.0)),
    {
        "a share cannot exceed 1: divide by the new sum of all lengths.": lambda s, f: s * f,
        "clipping it at 1 is not enough: the others' shares shrink as well.": lambda s, f: min(1.0, s * f),
        "the other terms keep their length 1 - s; only s is multiplied.": lambda s, f: s * f / (1 + s * f),
        "it returns what the others have; take it from 1.": lambda s, f: 1 - _new_share(s, f),
    },
    "a term with a share of a tenth and ten times its weight has 53 %.",
)
check_balancing_beta = exercise(
    lambda alpha, content, style: alpha * content / style,
    ((1.0, 0.02, 5e-7), (3.0, 0.5, 2e-5), (0.1, 4.0, 0.25)),
    {
        "it is upside down: the longer the style's gradient, the smaller β must be.": lambda a, c, s: a * s / c,
        "α has no effect yet; twice the α needs twice the β.": lambda a, c, s: c / s,
        "the lengths are squared; compare them as they are.": lambda a, c, s: a * (c / s) ** 2,
        "it makes the weights equal, not the gradients' lengths.": lambda a, c, s: a,
        "α belongs to the content's gradient; multiply by it.": lambda a, c, s: c / (a * s),
    },
    "both gradients are now equally long.",
)

# Exercises of notebooks/07_layer_choice


def _without_each(weights, new=lambda weight, left_out: 0 if left_out else weight):
    return {a: {b: new(weight, a == b) for b, weight in weights.items()} for a in weights}


def _layer_missing(weights):
    return {a: {b: weight for b, weight in weights.items() if a != b} for a in weights}


check_without_each = exercise(
    _without_each,
    [[positive_numbers(n, STYLE_LAYERS[:n])] for n in (2, 5)],
    {
        "a layer is missing from its own weights; a run cannot drop it: put 0 there.": _layer_missing,
        "each layer still weighs what it did where it should be left out.": {"new": lambda weight, left_out: weight},
        "without a layer, all the others are 0 as well.": {"new": lambda weight, left_out: 0},
        "this is the layer alone; keep the others.": {"new": lambda weight, left_out: weight if left_out else 0},
        "another layer's weight is 1 now; leave it as it was.": {"new": lambda weight, left_out: int(not left_out)},
    },
    "each layer is left out once, and nothing else changes.",
    hint="Only the layer that is left out changes.",
)


def _tilted(weights, terms, r, gain=lambda r, k: r**k, given=1, loss=1):
    new = {layer: weight**given * gain(r, k) for k, (layer, weight) in enumerate(weights.items())}
    before, after = (sum(w[layer] * terms[layer] ** loss for layer in terms) for w in (weights, new))
    return {layer: before / after * weight for layer, weight in new.items()}


check_tilted = exercise(
    _tilted,
    [
        (positive_numbers(seed, STYLE_LAYERS), positive_numbers(seed + 10, STYLE_LAYERS), r)
        for seed, r in enumerate((0.25, 1.0, 3.0))
    ],
    {
        "it tilts the wrong way: each deeper layer must gain by the factor r.": {"gain": lambda r, k: r**-k},
        "the weights that were given have no effect; multiply them by the powers of r.": {"given": 0},
        "a weight is 0; multiply by the k-th power of r, not by r·k.": {"gain": lambda r, k: r * k},
        "the tilt is missing: from layer to layer, each should gain by the factor r.": {"gain": lambda r, k: 1},
        "the weights' sum stays; keep the sum of weight × term, which is the loss.": {"loss": 0},
    },
    "each deeper layer gains by r, and the loss is as large as before.",
    scaled="the loss became {factor:.3g} times as large, and β with it; scale so that it stays.",
    hint="From layer to layer each weight should gain by r.",
)

# Exercises of notebooks/08_iterations_and_snapshots


def _enough(changes, threshold, patience, small=np.less, shift=0):
    below = small(changes, threshold)
    starts = [i for i in range(len(below) - patience + 1) if below[i : i + patience].all()]
    return starts[0] + shift * (patience - 1) if starts else -1


def _scattered(changes, threshold, patience):
    return _enough(changes, threshold, 1) if sum(np.less(changes, threshold)) >= patience else -1


check_enough = exercise(
    _enough,
    (
        ([8, 7, 1.5, 6, 1, 5], 2, 3),
        ([9, 5, 2.5, 1, 3, 1, 2, 1.5], 2.9, 3),
        ([9, 1, 4, 2, 1, 6, 0.5], 2.2, 2),
        ([1, 0.5, 4], 2, 1),
    ),
    {
        "the small changes need not follow one another; a large one begins the count again.": _scattered,
        "a single small change is enough for it; wait for `patience` of them.": lambda c, t, p: _enough(c, t, 1),
        "the very end is missed; let the last window reach the last change.": lambda c, t, p: _enough(c[:-1], t, p),
        "it returns the last of the small changes; return the first of them.": {"shift": 1},
        "it looks for changes above the threshold.": {"small": np.greater},
        "the smallest change decides; take the first ones below the threshold.": lambda c, t, p: int(np.argmin(c)),
    },
    "right early, late and never, whatever the patience.",
)


def _calm(content_fine):
    return content_fine <= np.quantile(content_fine, 0.2)


def _low(content_fine):
    return content_fine <= content_fine.min() + 0.2 * np.ptp(content_fine)


def _grain_in_calm(fine, content_fine, calm=_calm):
    return fine[calm(content_fine)].mean()


check_grain = exercise(
    _grain_in_calm,
    [[*np.random.default_rng(seed).random((2, *shape)) ** 2] for seed, shape in enumerate(((8, 12), (15, 10), (7, 9)))],
    {
        "it looks where the generated picture is calm; ask the content.": lambda f, c: _grain_in_calm(f, f),
        "it looks where the content is busiest; take the lowest fifth.": {"calm": lambda c: c > np.quantile(c, 0.8)},
        "it is the mean over all positions; take only the calm ones.": lambda f, c: f.mean(),
        "it is the content's own grain; average the generated picture's map.": lambda f, c: _grain_in_calm(c, c),
        "the other positions count as zeros; average over the calm ones alone.": lambda f, c: (f * _calm(c)).mean(),
        "a fifth of the content's *range* is not a fifth of its positions.": {"calm": _low},
    },
    "right on maps of three shapes.",
)
