"""Checkers for the exercises: each tries a reader's function on random inputs and says what is wrong, and why.

A checker compares the answer with an oracle. It also knows the usual mistakes as functions: where the answer agrees
with one of them, the reader hears its name. Nothing is raised, so that a notebook runs through with empty answers.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np

TOLERANCE = 1e-4
"""Relative to the largest number of the right answer."""


class Refused(Exception):
    """An answer is wrong; the message says what to look at."""


def checker(check: Callable[[Callable], str]) -> Callable[[Callable], None]:
    """Make a checker of a function that raises Refused for a wrong answer and returns what a right one has shown."""

    @wraps(check)
    def checked(answer: Callable) -> None:
        try:
            print(f"✓ {answer.__name__}: {check(answer)}")
        except Refused as reason:
            print(f"✗ {answer.__name__}, not yet: {reason}")

    return checked


def compare(
    answer: Callable,
    oracle: Callable,
    arguments: Sequence[Any],
    mistakes: Mapping[str, Callable] | None = None,
    *,
    tolerance: float = TOLERANCE,
) -> None:
    """Raise Refused unless `answer(*arguments)` is `oracle(*arguments)`: its shape, its type and its numbers.

    Args:
        mistakes: explanation to a function that makes this mistake.
        tolerance: relative to the largest number of the right answer.
    """
    given = f"given {', '.join(_describe(each) for each in arguments)}, "
    right = np.asarray(oracle(*arguments))
    got = _result(answer, arguments, given)
    if got.shape == right.shape and _agree(got, right, tolerance):
        if got.dtype != right.dtype:
            raise Refused(f"the numbers are right, but they come as {got.dtype}; the course keeps {right.dtype}.")
        return
    for explanation, mistake in (mistakes or {}).items():
        wrong = np.asarray(mistake(*arguments))
        if got.shape == wrong.shape and _agree(got, wrong, tolerance):
            raise Refused(explanation)
    if got.shape != right.shape:
        raise Refused(f"{given}it returns the shape {list(got.shape)}, but {list(right.shape)} is asked for.")
    if not np.isfinite(got).all():
        raise Refused(f"{given}it returns NaN or infinity.")
    raise Refused(given + _difference(np.float64(got), np.float64(right), tolerance))


def require(condition: Any, explanation: str) -> None:
    """Raise Refused with the explanation unless the condition holds."""
    if not condition:
        raise Refused(explanation)


def call(answer: Callable, *arguments: Any) -> np.ndarray:
    """Return what an answer gives as an array; raise Refused if it gives nothing or stops with an error."""
    return _result(answer, arguments, f"given {', '.join(_describe(each) for each in arguments)}, ")


def _result(answer: Callable, arguments: Sequence[Any], given: str) -> np.ndarray:
    try:
        got = answer(*arguments)
    except Exception as error:
        raise Refused(
            f"{given}it stops with {type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
        ) from error
    if got is None or got is Ellipsis:
        raise Refused("it returns nothing yet; write its body, and end it with return.")
    try:
        got = np.asarray(got)
        np.float64(got)
    except (TypeError, ValueError) as error:
        raise Refused(f"{given}it returns a {type(got).__name__}, not numbers.") from error
    return got


def _agree(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    scale = np.abs(np.float64(b)).max(initial=0)
    return bool(np.allclose(np.float64(a), np.float64(b), rtol=0, atol=tolerance * scale + 1e-12))


def _difference(got: np.ndarray, right: np.ndarray, tolerance: float) -> str:
    factor = (got * right).sum() / max((right * right).sum(), 1e-300)
    if factor > 0 and _agree(got / factor, right, tolerance):
        return f"every number is {factor:.4g} times what it should be; look at the divisor."
    at = np.unravel_index(np.abs(got - right).argmax(), right.shape)
    where = f" at {[int(i) for i in at]}" if at else ""
    return f"it returns {got[at]:.4g}{where} where {right[at]:.4g} is right."


def _describe(argument: Any) -> str:
    shape = getattr(argument, "shape", None)
    return f"numbers of shape {list(shape)}" if shape is not None and len(shape) else repr(argument)


def _random(*shape: int) -> np.ndarray:
    """Return float32 numbers, none negative and some zero, as they are after a ReLU."""
    return np.maximum(np.random.default_rng(sum(shape)).standard_normal(shape), 0).astype(np.float32)


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
