"""The checkers of notebook 07 refuse the usual mistakes with a helpful sentence."""

import pytest
from exercises import checks

pytestmark = pytest.mark.quick

CHECKS = checks("07_*")


def changed(weights):
    for layer in weights:
        weights[layer] = 0
    return {layer: weights for layer in weights}


def tilt(weights, terms, r, sign=1, keep="loss"):
    new = {layer: w * r ** (sign * k) for k, (layer, w) in enumerate(weights.items())}
    kept = {"loss": terms, "sum": dict.fromkeys(terms, 1.0)}.get(keep)
    scale = sum(weights[n] * kept[n] for n in new) / sum(new[n] * kept[n] for n in new) if kept else 1
    return {layer: scale * w for layer, w in new.items()}


WRONG = [
    ("without_each", lambda w: None, "returns None"),
    ("without_each", lambda w: list(w), "returns a list"),
    ("without_each", lambda w: 1 / 0, "stops with ZeroDivisionError"),
    ("without_each", lambda w: {"block1_conv1": w}, "are asked for"),
    ("without_each", changed, "changes the numbers that it was given"),
    ("without_each", lambda w: {a: {b: x for b, x in w.items() if b != a} for a in w}, "missing from its own"),
    ("without_each", lambda w: {a: dict(w) for a in w}, "still weighs"),
    ("without_each", lambda w: {a: dict.fromkeys(w, 0) for a in w}, "all the others are 0"),
    ("without_each", lambda w: {a: {b: 0 if a == b else 1 for b in w} for a in w}, "another layer's weight"),
    ("without_each", lambda w: dict.fromkeys(w, 0), "return a dict of block1_conv1"),
    ("tilted", lambda w, t, r: ..., "returns None"),
    ("tilted", lambda w, t, r: list(w.values()), "returns a list"),
    ("tilted", lambda w, t, r: w["pool"], "stops with KeyError"),
    ("tilted", lambda w, t, r: tilt(w, t, r, sign=-1), "wrong way"),
    ("tilted", lambda w, t, r: tilt(w, t, r, keep=None), "scale so that it stays"),
    ("tilted", lambda w, t, r: tilt(w, t, r, keep="sum"), "keep the sum of weight × term"),
    ("tilted", lambda w, t, r: tilt(dict.fromkeys(w, 1.0), t, r), "have no effect"),
    ("tilted", lambda w, t, r: {n: x * r * k for k, (n, x) in enumerate(w.items())}, "a weight is 0"),
    ("tilted", lambda w, t, r: {n: x * r for n, x in w.items()}, "each should gain by"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG, ids=[f"{name}: {hint}" for name, _, hint in WRONG])
def test_wrong_answers_are_refused_with_a_hint(name, answer, hint, capsys):
    CHECKS[name](answer)
    said = capsys.readouterr().out
    assert said.startswith("✗")
    assert hint in said
