"""The checkers of notebook 06 refuse the usual mistakes with a helpful sentence."""

import re

import pytest
from exercises import checks

pytestmark = pytest.mark.quick

CHECKS = checks("06_*")


WRONG = [
    ("new_share", lambda s, f: s * f, "cannot exceed 1"),
    ("new_share", lambda s, f: min(1.0, s * f), "cannot exceed 1|clipping it"),
    ("new_share", lambda s, f: s * f / (1 + s * f), "keep their length"),
    ("new_share", lambda s, f: (1 - s) / (1 - s + s * f), "what the others have"),
    ("new_share", lambda s, f: ..., "returns None"),
    ("new_share", lambda s, f: s / 0, "ZeroDivisionError"),
    ("balancing_beta", lambda a, c, s: a * s / c, "upside down"),
    ("balancing_beta", lambda a, c, s: c / s, "α has no effect yet"),
    ("balancing_beta", lambda a, c, s: a * (c / s) ** 2, "compare them as they are"),
    ("balancing_beta", lambda a, c, s: c / (a * s), "multiply by it"),
    ("balancing_beta", lambda a, c, s: a, "not the gradients"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_a_wrong_answer_is_refused_with_a_hint(name, answer, hint, capsys):
    answer.__name__ = name
    CHECKS[name](answer)
    said = capsys.readouterr().out
    assert said.startswith(f"✗ {name}, not yet")
    assert re.search(hint.replace("(", r"\(").replace(")", r"\)"), said), said
