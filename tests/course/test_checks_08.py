"""The checkers of notebook 08 refuse the usual mistakes with a helpful sentence."""

import numpy as np
import pytest
from exercises import checks

pytestmark = pytest.mark.quick

CHECKS = checks("08_*")


def first_below(changes, threshold, patience):
    return next((i for i, change in enumerate(changes) if change < threshold), -1)


def counted(changes, threshold, patience):
    below = [i for i, change in enumerate(changes) if change < threshold]
    return below[0] if len(below) >= patience else -1


def window(changes, threshold, patience, last=0, shift=0):
    for i in range(len(changes) - patience + 1 - last):
        if max(changes[i : i + patience]) < threshold:
            return i + shift * (patience - 1)
    return -1


def calm(chosen, quantile=0.2):
    return chosen <= np.quantile(chosen, quantile)


WRONG = [
    ("enough", lambda c, t, p: None, "returns None"),
    ("enough", first_below, "a single small change"),
    ("enough", counted, "need not follow"),
    ("enough", lambda c, t, p: window(c, t, p, last=1), "the very end is missed"),
    ("enough", lambda c, t, p: window(c, t, p, shift=1), "last of the small changes"),
    ("enough", lambda c, t, p: int(np.argmin(c)), "smallest change decides"),
    ("enough", lambda c, t, p: window(c, t, p) if window(c, t, p) >= 0 else len(c), "where -1 is right"),
    ("enough", lambda c, t, p: c[p], "is right"),
    ("grain_in_calm", lambda f, c: f.mean(), "over all positions"),
    ("grain_in_calm", lambda f, c: f[calm(f)].mean(), "ask the content"),
    ("grain_in_calm", lambda f, c: f[~calm(c, 0.8)].mean(), "busiest"),
    ("grain_in_calm", lambda f, c: c[calm(c)].mean(), "content's own"),
    ("grain_in_calm", lambda f, c: (f * calm(c)).mean(), "count as zeros"),
    ("grain_in_calm", lambda f, c: f[c <= c.min() + 0.2 * np.ptp(c)].mean(), "fifth of the content's *range*"),
    ("grain_in_calm", lambda f, c: f[calm(c)], "shape"),
    ("grain_in_calm", lambda f, c: float(f[calm(c)].mean()) * 255, "is right"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG, ids=[f"{name}, {hint}" for name, _, hint in WRONG])
def test_a_wrong_answer_is_refused_with_a_hint(name, answer, hint, capsys):
    CHECKS[name](answer)
    out = capsys.readouterr().out
    assert out.startswith("✗") and hint in out


def test_right_answers_written_otherwise_are_accepted(capsys):
    CHECKS["enough"](window)
    CHECKS["enough"](lambda c, t, p: np.int64(window(c, t, p)))
    CHECKS["grain_in_calm"](lambda f, c: float(f[calm(c)].mean()))
    assert capsys.readouterr().out.count("✓") == 3
