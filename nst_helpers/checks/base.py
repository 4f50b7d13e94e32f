"""Checkers for the exercises: each tries a reader's function on random inputs and says what is wrong, and why.

A checker compares the answer with an oracle. It also knows the usual mistakes as functions: where the answer agrees
with one of them, the reader hears its name. Nothing is raised, so that a notebook runs through with empty answers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
            print(f"✓ {answer.__name__}: {check(_watched(answer))}")
        except Refused as reason:
            print(f"✗ {answer.__name__}, not yet: {reason}")

    return checked


def _watched(answer: Callable) -> Callable:
    """Return the answer, which raises Refused where it stops with an error or returns nothing."""

    @wraps(answer)
    def watched(*arguments: Any) -> Any:
        try:
            got = answer(*arguments)
        except Exception as error:
            said = str(error).partition("\n")[0][:200]
            raise Refused(f"{_given(arguments)}it stops with {type(error).__name__}: {said}") from error
        if got is None or got is Ellipsis:
            raise Refused("it returns nothing yet; write its body, and end it with return.")
        return got

    return watched


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
    right = np.asarray(oracle(*arguments))
    got, given = call(answer, *arguments), _given(arguments)
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
    """Return what an answer gives as an array; raise Refused if that is no numbers."""
    got = answer(*arguments)
    try:
        got = np.asarray(got)
        if got.dtype.kind in "US":  # text that looks like a number is none
            raise TypeError
        np.float64(got)
    except (TypeError, ValueError) as error:
        raise Refused(f"{_given(arguments)}it returns a {type(got).__name__}, not numbers.") from error
    return got


def named_numbers(got: Any, names: Iterable[str], what: str) -> np.ndarray:
    """Return the numbers of a dict in the order of the names; raise Refused if it is none of just these names.

    Args:
        what: is in the dict, such as "layer to weight".
    """
    require(isinstance(got, Mapping), f"it returns a {type(got).__name__}; return a dict from {what}.")
    require(
        set(got) == set(names), f"it has the {what.split()[0]}s {sorted(map(str, got))}, but was given {sorted(names)}."
    )
    try:
        return np.array([float(got[name]) for name in names])
    except (TypeError, ValueError) as error:
        raise Refused(f"not all that is in its dict are numbers: {error}") from error


def _agree(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    scale = np.abs(np.float64(b)).max(initial=0)
    return bool(np.allclose(np.float64(a), np.float64(b), rtol=0, atol=tolerance * scale + 1e-12))


def _difference(got: np.ndarray, right: np.ndarray, tolerance: float) -> str:
    factor = (got * right).sum() / max((right * right).sum(), 1e-300)
    if right.size > 1 and factor > 0 and _agree(got / factor, right, tolerance):
        return f"every number is {factor:.4g} times what it should be; look at the divisor."
    at = np.unravel_index(np.abs(got - right).argmax(), right.shape)
    where = f" at {[int(i) for i in at]}" if at else ""
    return f"it returns {got[at]:.4g}{where} where {right[at]:.4g} is right."


def _given(arguments: Sequence[Any]) -> str:
    return f"given {', '.join(map(_describe, arguments))}, " if arguments else ""


def _describe(argument: Any) -> str:
    if isinstance(argument, Mapping):
        return f"a dict of {', '.join(map(str, argument))}"
    shape = getattr(argument, "shape", None)
    return f"numbers of shape {list(shape)}" if shape is not None and len(shape) else repr(argument)
