"""Checkers for the exercises of notebooks 03 to 05: losses, their weights, and the loop."""

from collections.abc import Callable

import numpy as np

from .base import Refused, call, checker, compare, named_numbers, require


def _pixels(*shape: int) -> np.ndarray:
    """Return float32 numbers 0..1, the same at every call."""
    return np.random.default_rng(sum(shape)).random(shape, np.float32)


def _terms(seed: int, layers: int) -> dict[str, float]:
    """Return one positive number for each of the first blocks, over several orders of magnitude."""
    random = np.random.default_rng(seed)
    return {f"block{b}_conv1": float(10.0 ** random.uniform(-6, 2)) for b in range(1, layers + 1)}


# Exercises of notebooks/03_texture_from_noise


@checker
def check_style_loss(answer: Callable) -> str:
    """Check `weighted_style_loss(style, generated, weights)` of dicts: Σ_l w_l · mean (S_l - G_l)²."""

    def terms(style, generated, average=np.mean):
        return {layer: average((style[layer] - generated[layer]) ** 2) for layer in style}

    def oracle(style, generated, weights):
        return sum(np.float32(weights[layer]) * term for layer, term in terms(style, generated).items())

    mistakes = {
        "each layer's squares are summed; take their mean, or wide layers count more.": lambda s, g, w: sum(
            w[layer] * term for layer, term in terms(s, g, np.sum).items()
        ),
        "the weights have no effect yet; multiply each layer's mean by its own.": lambda s, g, w: sum(
            terms(s, g).values()
        ),
        "the weights are squared as well; multiply after squaring the difference.": lambda s, g, w: sum(
            w[layer] ** 2 * term for layer, term in terms(s, g).items()
        ),
        "it is the mean over the layers; add them up.": lambda s, g, w: oracle(s, g, w) / len(s),
        "differences are taken as they are, or absolute; square them.": lambda s, g, w: sum(
            w[layer] * np.mean(np.abs(s[layer] - g[layer])) for layer in s
        ),
        "layers and weights are paired by their order; take each weight by its layer's name.": lambda s, g, w: sum(
            weight * term for weight, term in zip(w.values(), terms(s, g).values(), strict=True)
        ),
    }
    for seed, sizes in enumerate(((3,), (4, 6), (2, 5, 7))):
        names = [f"block{b}_conv1" for b in range(1, len(sizes) + 1)]
        style = {name: _pixels(1, c, c) for name, c in zip(names, sizes, strict=True)}
        generated = {name: _pixels(1, c, c)[:, ::-1].copy() for name, c in zip(names, sizes, strict=True)}
        weights = dict(reversed(_terms(seed, len(sizes)).items()))
        compare(answer, oracle, [style, generated, weights], mistakes)
    return "right for one, two and three layers, whatever the order of the weights."


@checker
def check_equal_weights(answer: Callable) -> str:
    """Check `equal_weights(terms)`: weights with which all terms are equal and their sum is what it was."""
    for seed in range(3):
        terms = _terms(seed, seed + 2)
        weights = named_numbers(answer(dict(terms)), terms, "layer to weight")
        sizes = np.array(list(terms.values()))
        weighted = weights * sizes
        require(
            not np.allclose(weights / weights[0], sizes / sizes[0]),
            "the weights grow with the terms, which makes the largest larger still; divide by the term.",
        )
        require(
            np.allclose(weighted, weighted[0], rtol=1e-4),
            f"weight × term still goes from {weighted.min():.3g} to {weighted.max():.3g}; it must be the same number.",
        )
        require(
            np.isclose(weighted.sum(), sizes.sum(), rtol=1e-4),
            f"all layers are equal now, but their sum went from {sizes.sum():.3g} to {weighted.sum():.3g}, and β with "
            "it; scale the weights so that the sum stays.",
        )
    return "every layer has the same say, and the whole is as large as before."


@checker
def check_palette_noise(answer: Callable) -> str:
    """Check `palette_noise(style, seed)`: the style's pixels in random order, float32, in its shape."""
    for shape in ((1, 8, 8, 3), (1, 5, 9, 3)):
        style = _pixels(*shape)
        got, again, other = (call(answer, style.copy(), seed) for seed in (0, 0, 1))
        require(got.shape == shape, f"given an image of shape {list(shape)}, it returns {list(got.shape)}.")
        require(got.dtype == np.float32, f"the pixels come as {got.dtype}; the course keeps float32.")
        pixels, all_pixels = got.reshape(-1, 3), style.reshape(-1, 3)
        known = {tuple(pixel) for pixel in all_pixels}
        strange = sum(tuple(pixel) not in known for pixel in pixels)
        if strange and np.array_equal(np.sort(got, axis=None), np.sort(style, axis=None)):
            require(False, "red, green and blue are shuffled apart, which makes colours that the painting never had.")
        require(not strange, f"{strange} of {len(pixels)} pixels have a colour that the painting does not have.")
        require(
            np.array_equal(np.sort(pixels, axis=0), np.sort(all_pixels, axis=0)),
            "some pixels are there twice and some not at all; shuffle them, do not draw with replacement.",
        )
        moved = (pixels != all_pixels).any(axis=1).mean()
        rows = np.array_equal(np.sort(got, axis=1), np.sort(style, axis=1))
        columns = np.array_equal(np.sort(got, axis=2), np.sort(style, axis=2))
        require(moved > 0.5, "nearly all pixels are where they were; shuffle them.")
        require(not (rows or columns), "whole rows or columns were moved; shuffle single pixels: [H·W, 3] first.")
        require(np.array_equal(got, again), "the same seed gives two different results; make the generator from seed.")
        require(not np.array_equal(got, other), "two seeds give the same result; make the generator from seed.")
    return "every pixel of the painting is there once, and none where it was told to be."


# Exercises of notebooks/04_three_losses


@checker
def check_total_variation(answer: Callable) -> str:
    """Check `total_variations(images)`: `[B, H, W, 3]` to `[B]`, mean squared difference down + across."""

    def both(images, change, average=np.mean):
        return sum(average(change(np.diff(images, axis=axis)), axis=(1, 2, 3)) for axis in (1, 2))

    def oracle(images):
        return both(images, np.square)

    def wrapped(images):
        return sum(np.mean((images - np.roll(images, 1, axis))[...] ** 2, axis=(1, 2, 3)) for axis in (1, 2))

    mistakes = {
        "the squares are summed; take their means, or a larger picture has a larger loss.": lambda x: both(
            x, np.square, np.sum
        ),
        "these are absolute differences; square them.": lambda x: both(x, np.abs),
        "the last row meets the first one (np.roll goes round); compare neighbours only, as np.diff does.": wrapped,
        "the images of the batch are mixed; give one number for each.": lambda x: oracle(x).mean(),
        "it is half of the right number; add the two means, do not average them.": lambda x: oracle(x) / 2,
        "only the differences down are there; add those across.": lambda x: np.mean(
            np.diff(x, axis=1) ** 2, axis=(1, 2, 3)
        ),
        "only the differences across are there; add those down.": lambda x: np.mean(
            np.diff(x, axis=2) ** 2, axis=(1, 2, 3)
        ),
    }
    for shape in ((1, 4, 4, 3), (2, 3, 7, 3), (3, 6, 2, 3)):
        compare(answer, oracle, [_pixels(*shape)], mistakes)
    return "right for one image, for oblong ones and for a batch."


@checker
def check_translate(answer: Callable) -> str:
    """Check `from_sums(beta, C, M, N)`: the weight for Q/N and S/(C⁴M²) that pulls like beta for ½Q and S/M²."""

    def oracle(beta, channels, positions, activations):
        return 2.0 * beta * channels**4 / activations

    mistakes = {
        "the ½ of the content loss is missing: in the sums, content is ½Q.": lambda b, c, m, n: b * c**4 / n,
        "the ½ of the content loss is on the wrong side: half the content makes the style's pull twice as strong.": (
            lambda b, c, m, n: b * c**4 / n / 2
        ),
        "it translates the other way, from means to sums.": lambda b, c, m, n: b * n / (2.0 * c**4),
        "content is left out: in means it is divided by N, and only the balance of the two counts.": (
            lambda b, c, m, n: 2.0 * b * c**4
        ),
        "N is on the wrong side: means make content smaller by N, so style must become smaller too.": (
            lambda b, c, m, n: 2.0 * b * c**4 * n
        ),
        "both conventions divide by M², so M must cancel.": lambda b, c, m, n: 2.0 * b * c**4 * m**2 / n,
        "C counts four times: twice in the Gram's divisor, twice in the mean over C × C.": (
            lambda b, c, m, n: 2.0 * b * c**2 / n
        ),
    }
    for arguments in ((1.0, 64, 96 * 64, 512 * 24), (3e-9, 512, 12 * 8, 512 * 24), (0.5, 128, 100, 2048)):
        compare(answer, oracle, list(arguments), mistakes, tolerance=1e-6)
    return "right for three layers and sizes."


@checker
def check_gradient_shares(answer: Callable) -> str:
    """Check `gradient_shares(gradients, weights)` of dicts: w·‖g‖ / Σ w·‖g‖, and 0 where nothing pulls."""
    names = ("content", "style", "total variation")

    def shares(gradients, weights):
        return named_numbers(answer(gradients, weights), names, "name to share")

    def right(gradients, weights, length=np.linalg.norm):
        pull = np.array([weights[name] * length(gradients[name]) for name in names])
        return pull / pull.sum()

    def no_weights(gradients, weights):
        return right(gradients, dict.fromkeys(names, 1.0))

    def squared(gradients, weights):
        pull = np.array([np.sum((weights[name] * gradients[name]) ** 2) for name in names])
        return pull / pull.sum()

    mistakes = {
        "the weights have no effect yet; multiply each length by its weight.": no_weights,
        "the squares are added but no root is taken, which exaggerates the strongest.": squared,
        "the weight is inside the length's square, but the root is missing.": lambda g, w: right(
            g, w, lambda x: np.sum(x**2)
        ),
        "the entries are added with their signs, so that they cancel; take the length, √Σg².": lambda g, w: right(
            g, w, np.sum
        ),
    }
    for seed in range(3):
        random = np.random.default_rng(seed)
        gradients = {name: random.standard_normal((1, 3, 4, 3)).astype(np.float32) for name in names}
        weights = {name: float(random.uniform(0.1, 10)) for name in reversed(names)}
        got = shares(gradients, weights)
        if np.allclose(got, right(gradients, weights), rtol=1e-4):
            continue
        for explanation, mistake in mistakes.items():
            require(not np.allclose(got, mistake(gradients, weights), rtol=1e-4), explanation)
        require(np.isclose(got.sum(), 1, rtol=1e-4), f"the shares add up to {got.sum():.3g}; divide by their sum.")
        require(
            False, f"content has {got[0]:.3g} where {right(gradients, weights)[0]:.3g} is right; √Σg² is the length."
        )
    nothing = {name: np.zeros((1, 2, 2, 3), np.float32) for name in names}
    try:
        with np.errstate(all="ignore"):
            got = shares(nothing, dict.fromkeys(names, 1.0))
    except Refused:
        got = np.array([np.nan])
    require(not np.any(got != 0), "where nothing pulls, 0/0 must not happen: give every term the share 0.")
    return "the shares add up to 1, follow the weights, and survive a picture where nothing pulls."


# Exercises of notebooks/05_the_loop


@checker
def check_tv_gradient(answer: Callable) -> str:
    """Check `tv_gradient(image)`: `[1, H, W, 3]` to the gradient of Σ (down)² + Σ (across)², without a tape."""

    def part(image, axis, sign=1.0):
        d = np.diff(image, axis=axis)
        before, after = [(0, 0)] * 4, [(0, 0)] * 4
        before[axis], after[axis] = (1, 0), (0, 1)
        return 2 * (np.pad(d, before) - sign * np.pad(d, after))

    def oracle(image):
        return part(image, 1) + part(image, 2)

    def wrapped(image):
        return sum(2 * (2 * image - np.roll(image, 1, axis) - np.roll(image, -1, axis)) for axis in (1, 2))

    mistakes = {
        "the factor 2 of the derivative of a square is missing.": lambda x: oracle(x) / 2,
        "the sign is wrong: a pixel above its neighbours has a positive gradient, it must come down.": lambda x: (
            -oracle(x)
        ),
        "the picture is closed to a ring (np.roll); the first and the last row have one neighbour less.": wrapped,
        "each difference has two ends: it pulls one pixel up and the other one down.": lambda x: sum(
            2 * np.pad(np.diff(x, axis=a), [(0, 0)] * a + [(1, 0)] + [(0, 0)] * (3 - a)) for a in (1, 2)
        ),
        "both ends of a difference have the same sign; they must be opposite.": lambda x: (
            part(x, 1, -1.0) + part(x, 2, -1.0)
        ),
        "it is the gradient of the mean; here the sum is asked for.": lambda x: sum(
            part(x, a) / np.diff(x, axis=a).size for a in (1, 2)
        ),
    }
    for shape in ((1, 3, 3, 3), (1, 4, 6, 3), (1, 5, 2, 3)):
        compare(answer, oracle, [_pixels(*shape)], mistakes)
    return "the tape would say the same."


@checker
def check_live_weight(answer: Callable) -> str:
    """Check `make_step()`: it returns a tf.function of image and weight, weight · mean(image²), traced only once."""
    import tensorflow as tf

    step = answer()
    require(
        hasattr(step, "experimental_get_tracing_count"),
        "what it returns is not compiled; put @tf.function above the step.",
    )
    image = tf.constant(_pixels(1, 4, 4, 3))
    weights = (1.0, 2.0, 10.0)
    try:
        got = [float(step(image, weight)) for weight in weights]
    except Exception as error:
        require(
            False, f"given the weight 1.0, it stops with {type(error).__name__}: {str(error).splitlines()[0][:200]}"
        )
    right = [weight * float(tf.reduce_mean(image**2)) for weight in weights]
    require(
        not np.allclose(got, got[0]),
        f"weights {weights} all give {got[0]:.3g}: the weight is baked in or not used.",
    )
    require(np.allclose(got, right, rtol=1e-4), f"it returns {got[1]:.4g} where {right[1]:.4g} is right.")
    traces = step.experimental_get_tracing_count()
    require(
        traces == 1,
        f"it was traced {traces} times for {len(weights)} weights; a Python float as argument is compiled in anew each "
        "time. Say that it is a tensor: input_signature, or tf.convert_to_tensor outside.",
    )
    return "three weights, three results, one trace."


@checker
def check_guard(answer: Callable) -> str:
    """Check `guarded_step(image, gradient, rate)`: a step and the rate, or no step and half the rate."""

    def result(gradient, rate=0.1):
        image = _pixels(1, 3, 4, 3)
        got = answer(image.copy(), gradient, rate)
        require(isinstance(got, tuple) and len(got) == 2, "return two things: the image and the rate.")
        return image, np.asarray(got[0]), float(got[1])

    random = np.random.default_rng(0)
    good = random.standard_normal((1, 3, 4, 3)).astype(np.float32) * 3
    image, got, rate = result(good)
    step = image - 0.1 * good
    require(rate == 0.1, "the gradient was sound, so the rate must stay as it was.")
    require(got.shape == image.shape, f"the image comes back as {list(got.shape)}.")
    require(not np.allclose(got, step, atol=1e-5), "pixels leave 0..1; clip the image after the step.")
    require(
        not np.allclose(got, np.clip(image + 0.1 * good, 0, 1), atol=1e-5), "it goes uphill; subtract the gradient."
    )
    require(
        np.allclose(got, np.clip(step, 0, 1), atol=1e-5), "a sound step is image - rate · gradient, clipped to 0..1."
    )
    for poison, name in ((np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "minus infinity")):
        bad = good.copy()
        bad[0, 1, 2, 0] = poison
        with np.errstate(all="ignore"):
            image, got, rate = result(bad)
        hint = "; NaN is not equal to itself, so == never finds it: use np.isfinite" if name == "NaN" else ""
        require(np.isfinite(got).all(), f"{name} in the gradient went into the image{hint}.")
        require(
            np.array_equal(got, image),
            f"{name} in one place of the gradient, and yet the image moved; the whole step must be dropped.",
        )
        require(rate == 0.05, f"after {name} the rate must be half of what it was, not {rate:g}.")
    return "sound steps are taken, poisoned ones are dropped and the rate is halved."
