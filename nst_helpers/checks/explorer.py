"""Checkers for the exercises of notebook 06: a logarithmic slider, shares of the pull, a balance."""

from collections.abc import Callable
from math import log10

from .base import checker, compare


@checker
def check_log_slider(answer: Callable) -> str:
    """Check `slider_value(position, low, high)`: low · (high / low)^position."""

    def oracle(position, low, high):
        return low * (high / low) ** position

    mistakes = {
        "equal steps add the same amount; on this slider they should multiply by the same factor.": (
            lambda p, low, high: low + p * (high - low)
        ),
        "it returns the power of ten; raise 10 to it.": lambda p, low, high: (
            log10(low) + p * (log10(high) - log10(low))
        ),
        "position 0 gives 1; begin at low.": lambda p, low, high: (high / low) ** p,
        "position 1 gives low · high; multiply by (high / low) to the power of the position.": (
            lambda p, low, high: low * high**p
        ),
        "it runs from high to low.": lambda p, low, high: oracle(1 - p, low, high),
    }
    for arguments in ((0.25, 0.1, 1e5), (0.5, 1.0, 1e8), (0.9, 1e-3, 7.0), (0.0, 2.0, 300.0), (1.0, 2.0, 300.0)):
        compare(answer, oracle, arguments, mistakes)
    return f"half-way between 1 and 10⁸ is {oracle(0.5, 1.0, 1e8):,.0f}, and each end is where it belongs."


@checker
def check_new_share(answer: Callable) -> str:
    """Check `new_share(share, factor)`: share · factor / (1 - share + share · factor)."""

    def oracle(share, factor):
        return share * factor / (1 - share + share * factor)

    mistakes = {
        "a share cannot outgrow 1: divide by the new sum of all pulls.": lambda s, f: s * f,
        "cutting it off at 1 is not enough: the others' shares shrink as soon as this one grows.": (
            lambda s, f: min(1.0, s * f)
        ),
        "the others pull as they did; only this term's part of the sum is multiplied.": lambda s, f: (
            s * f / (1 + s * f)
        ),
        "the factor is missing below the line: the sum of all pulls has grown, too.": lambda s, f: s * f / (1 - s + s),
        "it returns what the others have; take it from 1.": lambda s, f: 1 - oracle(s, f),
    }
    for arguments in ((0.25, 3.0), (0.6, 10.0), (0.9, 0.1), (0.0, 5.0), (1.0, 5.0)):
        compare(answer, oracle, arguments, mistakes)
    return f"a term with a tenth of the pull and ten times its weight has {oracle(0.1, 10.0):.0%}."


@checker
def check_balancing_beta(answer: Callable) -> str:
    """Check `balancing_beta(alpha, content_length, style_length)`: α · content / style."""

    def oracle(alpha, content, style):
        return alpha * content / style

    mistakes = {
        "it is upside down: the longer the style's gradient, the smaller β.": lambda a, c, s: a * s / c,
        "α has no effect yet; twice the α asks for twice the β.": lambda a, c, s: c / s,
        "the lengths are squared already inside the root; compare them as they are.": lambda a, c, s: a * (c / s) ** 2,
        "it makes the losses' weights equal, not the pulls.": lambda a, c, s: a,
        "α pulls from the other side; multiply by it.": lambda a, c, s: c / (a * s),
    }
    for arguments in ((1.0, 0.02, 5e-7), (3.0, 0.5, 2e-5), (0.1, 4.0, 0.25)):
        compare(answer, oracle, arguments, mistakes)
    return "content and style now pull equally hard."
