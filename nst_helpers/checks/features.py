"""Checkers for the exercises of notebooks 00 to 02: the first picture, what VGG sees, and Gram matrices."""

from collections.abc import Callable

import numpy as np

from .base import call, checker, compare, require


def _random(*shape: int) -> np.ndarray:
    """Return float32 numbers, none negative and some zero, as they are after a ReLU."""
    return np.maximum(np.random.default_rng(sum(shape)).standard_normal(shape), 0).astype(np.float32)


# Exercises of notebooks/00_start_here


@checker
def check_total_loss(answer: Callable) -> str:
    """Check `total_loss(content, style, tv, alpha, beta, gamma)`: α·content + β·style + γ·total variation."""

    def oracle(content, style, tv, alpha, beta, gamma):
        return alpha * content + beta * style + gamma * tv

    mistakes = {
        "the weights have no effect yet; multiply each loss by its own.": lambda c, s, t, a, b, g: c + s + t,
        "alpha and beta have changed places: α belongs to the content.": lambda c, s, t, a, b, g: oracle(
            c, s, t, b, a, g
        ),
        "beta and gamma have changed places: β belongs to the style.": lambda c, s, t, a, b, g: oracle(
            c, s, t, a, g, b
        ),
        "the total variation is missing.": lambda c, s, t, a, b, g: oracle(c, s, 0, a, b, g),
        "it is divided by the sum of the weights; the total is a sum, no mean.": lambda c, s, t, a, b, g: (
            oracle(c, s, t, a, b, g) / (a + b + g)
        ),
        "the losses are divided by their weights; multiply.": lambda c, s, t, a, b, g: c / a + s / b + t / g,
    }
    random = np.random.default_rng(0)
    for _ in range(4):
        compare(answer, oracle, [round(float(each), 3) for each in random.uniform(0.5, 9, 6)], mistakes)
    return "α·content + β·style + γ·total variation."


@checker
def check_fitted_size(answer: Callable) -> str:
    """Check `fitted_size(height, width, size)`: the size to which a picture is brought, longer side `size`."""

    def oracle(height, width, size, longer=max, rounded=round):
        factor = min(1, size / longer(height, width))
        return max(1, rounded(height * factor)), max(1, rounded(width * factor))

    mistakes = {
        "height and width have changed places: (height, width) is asked for.": lambda h, w, s: oracle(h, w, s)[::-1],
        "both sides become equal, so the picture is squeezed; keep the aspect.": lambda h, w, s: (s, s),
        "the shorter side has become `size`; it should be the longer one, whichever that is.": lambda h, w, s: oracle(
            h, w, s, min
        ),
        "the fraction is cut off; round to the nearest whole number.": lambda h, w, s: oracle(h, w, s, rounded=int),
        "a picture smaller than `size` stays as it is; enlarging would invent pixels.": lambda h, w, s: (
            round(h * s / max(h, w)),
            round(w * s / max(h, w)),
        ),
    }
    for height, width, size in ((427, 640, 256), (640, 427, 256), (300, 451, 160), (512, 512, 128), (90, 120, 256)):
        compare(answer, oracle, [height, width, size], mistakes)
    return "the aspect is kept, and nothing is enlarged."


# Exercises of notebooks/01_what_vgg_sees

MEAN_BGR = np.float32([103.939, 116.779, 123.68])


@checker
def check_preprocess(answer: Callable) -> str:
    """Check `preprocess(image)`: RGB 0..1 to BGR 0..255 less the mean."""

    def oracle(image):
        return image[..., ::-1] * np.float32(255) - MEAN_BGR

    mistakes = {
        "the colours are still red, green, blue; this network wants blue, green, red. Turn the last axis round.": (
            lambda x: x * 255 - MEAN_BGR
        ),
        "the colours were turned round together with the mean; its three numbers stand in blue, green, red "
        "already.": lambda x: x[..., ::-1] * 255 - MEAN_BGR[::-1],
        "the image still goes from 0 to 1; multiply by 255 before the mean is subtracted.": (
            lambda x: x[..., ::-1] - MEAN_BGR
        ),
        "the mean is still in it; subtract it.": lambda x: x[..., ::-1] * 255,
        "the mean was subtracted before the multiplication by 255, so it came out 255 times too large.": (
            lambda x: (x[..., ::-1] - MEAN_BGR) * 255
        ),
        "the picture is upside down: it is the last axis, the colours, that must be turned round.": (
            lambda x: x[:, ::-1] * 255 - MEAN_BGR
        ),
        "the picture is mirrored: it is the last axis, the colours, that must be turned round.": (
            lambda x: x[:, :, ::-1] * 255 - MEAN_BGR
        ),
    }
    for shape in ((1, 2, 2, 3), (1, 3, 5, 3), (2, 4, 3, 3)):
        compare(answer, oracle, [np.random.default_rng(shape[1]).random(shape, np.float32)], mistakes)
    return "blue, green, red, 0..255, around the mean."


@checker
def check_deprocess(answer: Callable) -> str:
    """Check `deprocess(x)`: the way back from `preprocess`, clipped to 0..1."""

    def back(x):
        return ((x + MEAN_BGR) / np.float32(255))[..., ::-1]

    mistakes = {
        "numbers below 0 or above 1 are no colours; clip them.": back,
        "the colours are still blue, green, red; turn the last axis round.": lambda x: np.clip(
            back(x)[..., ::-1], 0, 1
        ),
        "the colours were turned round before the mean was added, so that each got another one's mean.": (
            lambda x: np.clip((x[..., ::-1] + MEAN_BGR) / 255, 0, 1)
        ),
        "it still goes from 0 to 255; divide by 255.": lambda x: np.clip((x + MEAN_BGR)[..., ::-1], 0, 255),
        "the mean is missing; add it.": lambda x: np.clip(x[..., ::-1] / 255, 0, 1),
    }
    for shape in ((1, 2, 2, 3), (1, 3, 5, 3), (2, 4, 3, 3)):
        image = np.random.default_rng(shape[1]).uniform(-0.2, 1.2, shape).astype(np.float32)
        compare(answer, lambda x: np.clip(back(x), 0, 1), [image[..., ::-1] * 255 - MEAN_BGR], mistakes)
    return "the way back, clipped to colours that exist."


@checker
def check_receptive_field(answer: Callable) -> str:
    """Check `receptive_field(layers)`: pairs of (kernel, stride) to the side of the square that one number sees."""

    def walk(layers, before=1, late=0):
        field, pixels = 1, 1
        for kernel, stride in layers:
            field += (kernel - before) * (pixels * stride if late else pixels)
            pixels *= stride
        return field

    mistakes = {
        "the strides have no effect yet: after a pool, one step is 2 pixels of the picture, then 4, then 8.": (
            lambda layers: walk([(kernel, 1) for kernel, _ in layers])
        ),
        "a layer's own stride counts only for the layers after it; widen the field first, then multiply.": (
            lambda layers: walk(layers, late=1)
        ),
        "a kernel of 3 adds 2 steps, not 3: one of its places is there already.": lambda layers: walk(layers, 0),
        "it starts too small: a single pixel sees 1 pixel, not 0.": lambda layers: walk(layers) - 1,
    }
    random = np.random.default_rng(0)
    networks = [[(3, 1)], [(3, 1), (3, 1), (2, 2), (3, 1)], [(5, 2), (3, 1)]]
    networks += [[(int(k), int(s)) for k, s in random.integers(1, 4, (n, 2))] for n in (4, 6)]
    for layers in networks:
        compare(answer, walk, [layers], mistakes)
    return f"block5_conv1 sees {walk(([(3, 1)] * 2 + [(2, 2)]) * 2 + ([(3, 1)] * 4 + [(2, 2)]) * 2 + [(3, 1)])} pixels."


# Exercises of notebooks/02_gram_matrices


@checker
def check_gram(answer: Callable) -> str:
    """Check `gram(features)`: `[B, H, W, C]` to `[B, C, C]`, FᵀF / (H·W·C) of each image."""

    def rows(f):  # (B, H·W, C)
        return f.reshape(f.shape[0], -1, f.shape[-1])

    def products(f):
        return rows(f).transpose(0, 2, 1) @ rows(f)

    def oracle(f):
        return products(f) / np.float32(f[0].size)

    def untransposed(f):
        g = f.reshape(f.shape[0], f.shape[-1], -1)
        return g @ g.transpose(0, 2, 1) / np.float32(f[0].size)

    mistakes = {
        "the numbers are those of reshape to [C, H·W]: that cuts the memory into C pieces that are no channels. "
        "Reshape to [H·W, C] and transpose after that.": untransposed,
        "the sum over the positions is right, but it is not divided yet; divide by H·W·C.": products,
        "it is divided by H·W only; the course's mean divides by H·W·C.": lambda f: products(f) / f[0, ..., 0].size,
        "the images of the batch are mixed; each has a Gram matrix of its own.": lambda f: oracle(f).mean(0),
        "this is FFᵀ, one row for each position; FᵀF has one for each channel.": lambda f: (
            rows(f) @ rows(f).transpose(0, 2, 1) / np.float32(f[0].size)
        ),
    }
    for shape in ((1, 4, 4, 3), (1, 3, 5, 4), (3, 5, 2, 6)):
        compare(answer, oracle, [_random(*shape)], mistakes)
    return "right for one image, for oblong ones and for a batch."


@checker
def check_correlation(answer: Callable) -> str:
    """Check `correlation(gram)`: `[C, C]` to G_ij / √(G_ii·G_jj), and 0 where a channel is dead."""

    def divided(gram, by):
        return np.divide(gram, by, out=np.zeros_like(gram), where=by > 0)

    def energies(gram):
        return np.outer(np.diag(gram), np.diag(gram))

    def oracle(gram):
        return divided(gram, np.sqrt(energies(gram)))

    mistakes = {
        "the root is missing: divide by √(G_ii·G_jj), so that the diagonal becomes 1.": lambda g: divided(
            g, energies(g)
        ),
        "each row is divided by G_ii alone; divide by the column's √G_jj too.": lambda g: divided(
            g, np.repeat(np.diag(g)[:, None], len(g), 1)
        ),
        "each column is divided by G_jj alone; divide by the row's √G_ii too.": lambda g: divided(
            g, np.repeat(np.diag(g)[None], len(g), 0)
        ),
        "everything is divided by one number; each pair has its own, √(G_ii·G_jj).": lambda g: g / g.max(),
    }
    for channels in (2, 3, 6):
        flat = _random(20, channels)
        compare(answer, oracle, [flat.T @ flat / np.float32(flat.size)], mistakes)
    flat = _random(20, 5)
    flat[:, 2] = 0
    gram = flat.T @ flat / np.float32(flat.size)
    with np.errstate(all="ignore"):
        got = call(answer, gram)
    dead = "a channel that never fires makes 0/0: give its whole row and column a 0."
    require(np.isfinite(got).all(), dead)
    require(got.shape == gram.shape and not got[2].any() and not got[:, 2].any(), dead)
    return "1 on the diagonal, never more elsewhere, and dead channels do no harm."


@checker
def check_masked_gram(answer: Callable) -> str:
    """Check `masked_gram(features, mask)`: `[H, W, C]`, `[H, W]` to Σ m·f·fᵀ / (C·Σ m), `[C, C]`."""

    def weighted(f, m):
        flat = f.reshape(-1, f.shape[-1])
        return flat.T @ (flat * m.reshape(-1, 1))

    def oracle(f, m):
        return weighted(f, m) / np.float32(m.sum() * f.shape[-1])

    mistakes = {
        "it is divided by H·W·C; a small mask would then make a small Gram. Divide by C times the sum of the mask.": (
            lambda f, m: weighted(f, m) / np.float32(f.size)
        ),
        "the mask is counted twice, once in each factor; put it into one of them only.": lambda f, m: (
            oracle(f, m * m) * np.float32((m * m).sum() / m.sum())
        ),
        "the mask has no effect yet; multiply one of the two factors by it.": lambda f, m: oracle(f, np.ones_like(m)),
        "it is divided by the sum of the mask, but not by C.": lambda f, m: oracle(f, m) * f.shape[-1],
        "the positions of mask and features do not meet: flatten both in the same order, rows first.": lambda f, m: (
            oracle(f, np.ascontiguousarray(m.T).reshape(m.shape))
        ),
    }
    for shape in ((4, 4, 3), (3, 5, 4), (6, 2, 5)):
        mask = np.random.default_rng(shape[0]).random(shape[:2], np.float32)
        compare(answer, oracle, [_random(*shape), mask], mistakes)
    return "right for masks with soft edges, square or not."
