"""The engine of the checkers: try a reader's function on some inputs and say what is wrong, and why.

A checker compares the answer with the right function. It also knows the usual mistakes as functions: where the answer
agrees with one of them, the reader gets its explanation. Nothing is raised, so that a notebook runs through with empty
answers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from functools import partial, wraps
from typing import Any

import numpy as np


class Refused(Exception):
    """An answer is wrong; the message says what to look at."""


def require(condition: Any, explanation: str) -> None:
    """Raise Refused with the explanation unless the condition holds."""
    if not condition:
        raise Refused(explanation)


def checker(check: Callable[[Callable], str]) -> Callable[[Callable], None]:
    """Make a checker of a function that returns the praise for a right answer and raises Refused for a wrong one."""

    @wraps(check)
    def checked(answer: Callable) -> None:
        try:
            with np.errstate(all="ignore"):
                print(f"✓ {answer.__name__}: {check(_watched(answer))}")
        except Refused as reason:
            print(f"✗ {answer.__name__}, not yet: {reason}")

    return checked


def exercise(
    right: Callable,
    inputs: Iterable[Sequence[Any]],
    mistakes: Mapping[str, Callable | Mapping[str, Any]],
    praise: str,
    *,
    read: Callable[..., Any] = lambda got, *_: got,
    scaled: str = "every number is {factor:.4g} times what it should be; look at the divisor.",
    hint: str = "",
    tolerance: float = 1e-4,
) -> Callable[[Callable], None]:
    """Return a checker that compares an answer with the right function on all inputs.

    Args:
        right: returns numbers, an array, or a dict of these; the answer must have the same form.
        inputs: the arguments of each call.
        mistakes: explanation to a function that makes this mistake, or to keyword arguments with which `right` does.
        praise: for a right answer.
        read: from what a function returns, and its arguments, to what is compared.
        scaled: explanation for an answer that is a multiple of the right one, with `{factor}`.
        hint: comes after the first number that is wrong, where no mistake is recognised.
        tolerance: relative to the largest number of the right answer, in a dict of each entry.
    """
    switched = {
        explanation: partial(right, **mistake) if isinstance(mistake, Mapping) else mistake
        for explanation, mistake in mistakes.items()
    }

    @checker
    def check(answer: Callable) -> str:
        for arguments in inputs:
            given = deepcopy(arguments)
            got, expected = read(answer(*given), *arguments), read(right(*arguments), *arguments)
            try:
                np.testing.assert_equal(given, arguments)
            except AssertionError:
                raise Refused("it changes the numbers that it was given; make new ones, as np.sort(x) does.") from None
            factor = _multiple(got, expected, tolerance)
            if factor != 1:
                factors = {
                    explanation: _multiple(got, read(mistake(*arguments), *arguments), tolerance)
                    for explanation, mistake in switched.items()
                }
                said = [explanation for explanation, times in factors.items() if times == 1]
                said += [scaled.format(factor=factor)] if factor else []
                said += [explanation for explanation, times in factors.items() if times]
                raise Refused(said[0] if said else _given(arguments) + _difference(got, expected, tolerance, hint))
            if not isinstance(expected, Mapping):
                kind, wanted = np.asarray(got).dtype, np.asarray(expected).dtype
                wish = "whole numbers are asked for" if wanted.kind == "i" else f"the course keeps {wanted}"
                require(kind == wanted, f"the numbers are right, but they come as {kind}; {wish}.")
        return praise

    return check


def pixels(*shape: int) -> np.ndarray:
    """Return float32 numbers 0..1, the same at every call."""
    return np.random.default_rng(sum(shape)).random(shape, np.float32)


def positive_numbers(seed: int, names: Iterable[str], low: float = -6) -> dict[str, float]:
    """Return name to a positive number, over several orders of magnitude."""
    random = np.random.default_rng(seed)
    return {name: float(10.0 ** random.uniform(low, 2)) for name in names}


def _watched(answer: Callable) -> Callable:
    """Return the answer, which raises Refused where it stops with an error or returns nothing."""

    @wraps(answer)
    def watched(*arguments: Any) -> Any:
        try:
            got = answer(*arguments)
        except Exception as error:
            message = str(error).partition("\n")[0][:200]
            raise Refused(f"{_given(arguments)}it stops with {type(error).__name__}: {message}") from error
        nothing = got is None or got is Ellipsis
        require(not nothing, "it returns None; write the body, and return a value.")
        return got

    return watched


def _leaves(value: Any, like: Any, name: str = "") -> dict[str, np.ndarray]:
    """Return the arrays of a value by their names, "" where it is no dict; raise Refused if its form is another."""
    place = f" for {name}" if name else ""
    if isinstance(like, Mapping):
        kind = type(value).__name__
        require(isinstance(value, Mapping), f"it returns a {kind}{place}; return a dict of {', '.join(like)}.")
        names = f"it returns a dict of {', '.join(map(str, value))}{place}"
        require(set(value) == set(like), f"{names}; {', '.join(like)} are asked for.")
        parts = [_leaves(value[key], part, f"{name}, {key}".strip(", ")) for key, part in like.items()]
        return {leaf: array for part in parts for leaf, array in part.items()}
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.array(None)
    require(array.dtype.kind in "biuf", f"it returns a {type(value).__name__}{place}, not numbers.")
    got, wanted = list(array.shape), list(np.shape(like))
    require(got == wanted, f"it returns the shape {got}{place}, but {wanted} is asked for.")
    return {name: array}


def _multiple(got: Any, right: Any, tolerance: float) -> float | None:
    """Return how many times `right` the answer is, 1 if they agree, or None if it has other numbers or another form."""
    try:
        a, b = _leaves(got, right), _leaves(right, right)
    except Refused:
        return None
    if all(_close(a[name], b[name], tolerance) for name in b):
        return 1
    flat_a, flat_b = (np.concatenate([np.float64(each).ravel() for each in leaves.values()]) for leaves in (a, b))
    factor = flat_a @ flat_b / (flat_b @ flat_b)
    if len(flat_b) > 1 and 0 < factor < np.inf and all(_close(a[n] / factor, b[n], tolerance) for n in b):
        return float(factor)
    return None


def _close(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    scale = np.abs(np.float64(b), where=np.isfinite(b), out=np.zeros(b.shape)).max(initial=0)
    return np.allclose(np.float64(a), np.float64(b), rtol=0, atol=tolerance * scale + 1e-12, equal_nan=True)


def _difference(got: Any, right: Any, tolerance: float, hint: str) -> str:
    """Return what is wrong with the form of an answer, or where its first wrong array differs most."""
    try:
        a, b = _leaves(got, right), _leaves(right, right)
    except Refused as reason:
        return str(reason)
    name = next(name for name in b if not _close(a[name], b[name], tolerance))
    a, b, place = np.float64(a[name]), np.float64(b[name]), f" for {name}" if name else ""
    if not np.isfinite(a).all():
        return f"it returns NaN or infinity{place}."
    at = np.unravel_index(np.abs(a - b).argmax(), b.shape)
    where = f" at {[int(i) for i in at]}" if at else ""
    return f"it returns {a[at]:.4g}{place}{where} where {b[at]:.4g} is right. {hint}".strip()


def _given(arguments: Sequence[Any]) -> str:
    return f"given {', '.join(map(_described, arguments))}, " if arguments else ""


def _described(argument: Any) -> str:
    if isinstance(argument, Mapping):
        return f"a dict of {', '.join(map(str, argument))}"
    return f"numbers of shape {list(argument.shape)}" if isinstance(argument, np.ndarray) else repr(argument)
