"""Every checker accepts the solution that its notebook shows, and refuses the usual mistakes with a helpful word."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import tensorflow as tf

import nst_helpers
from nst_helpers.checks import base as checks
from nst_helpers.checks import features as checks_features

ROOT = Path(__file__).parents[1]


def solution(notebook: str, name: str):
    """Return the function that the notebook's hidden solution defines."""
    cells = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells
    text = "\n".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")
    blocks = [
        block
        for details in re.findall(r"(?s)<details>.*?</details>", text)
        for block in re.findall(r"(?s)```python\n(.*?)```", details)
        if f"def {name}(" in block
    ]
    assert len(blocks) == 1, f"{notebook} shows {len(blocks)} solutions of {name}"
    namespace = {"np": np, "tf": tf, "nst_helpers": nst_helpers}
    exec(blocks[0], namespace)
    return namespace[name]


def stub(*_):
    return None


def crash(*_):
    raise RuntimeError("oh no")


def text(*_):
    return "forty-two"


def many_nan(*arguments):
    return np.full((3, 3), np.nan)


class Exercise:
    """A checker, where its solution is shown, and wrong answers, each with a word that the refusal must say."""

    def __init__(self, notebook: str, name: str, wrong: dict[str, tuple], answer: str | None = None):
        self.notebook, self.name, self.wrong, self.answer = notebook, name, wrong, answer or name
        self.check = getattr(checks_features, f"check_{name}")


def rows(f):  # (B, H·W, C)
    return f.reshape(f.shape[0], -1, f.shape[-1])


def gram(f):
    return rows(f).transpose(0, 2, 1) @ rows(f) / np.float32(f[0].size)


def untransposed(f):
    g = f.reshape(f.shape[0], f.shape[-1], -1)
    return g @ g.transpose(0, 2, 1) / np.float32(f[0].size)


def roots(g):
    return np.sqrt(np.outer(np.diag(g), np.diag(g)))


def masked(f, m, power=1):
    flat = f.reshape(-1, f.shape[-1])
    return flat.T @ (flat * m.reshape(-1, 1) ** power)


MEAN = np.float32([103.939, 116.779, 123.68])


def back(x):
    return ((x + MEAN) / np.float32(255))[..., ::-1]


def field(layers, kernel=1, start=1, late=False, strides=True):
    size, pixels = start, 1
    for k, stride in layers:
        size += (k - kernel) * (pixels * stride if late else pixels)
        pixels *= stride if strides else 1
    return size


def total(c, s, t, a, b, g):
    return a * c + b * s + g * t


def fit(height, width, size, side=max, rounded=round, most=1):
    factor = min(most, size / side(height, width))
    return rounded(height * factor), rounded(width * factor)


EXERCISES = [
    Exercise(
        "00_start_here",
        "total_loss",
        {
            "no weights": (lambda c, s, t, a, b, g: c + s + t, "no effect"),
            "α for β": (lambda c, s, t, a, b, g: total(c, s, t, b, a, g), "α belongs"),
            "β for γ": (lambda c, s, t, a, b, g: total(c, s, t, a, g, b), "β belongs"),
            "no total variation": (lambda c, s, t, a, b, g: a * c + b * s, "total variation is missing"),
            "mean": (lambda c, s, t, a, b, g: total(c, s, t, a, b, g) / (a + b + g), "no mean"),
            "divided": (lambda c, s, t, a, b, g: c / a + s / b + t / g, "multiply"),
            "three numbers": (lambda c, s, t, a, b, g: [a * c, b * s, g * t], "shape"),
        },
    ),
    Exercise(
        "00_start_here",
        "fitted_size",
        {
            "width first": (lambda h, w, s: fit(h, w, s)[::-1], "(height, width)"),
            "square": (lambda h, w, s: (s, s), "aspect"),
            "shorter side": (lambda h, w, s: fit(h, w, s, min), "longer"),
            "always the width": (lambda h, w, s: fit(h, w, s, lambda h, w: w), "whichever"),
            "cut off": (lambda h, w, s: fit(h, w, s, rounded=int), "round"),
            "enlarged": (lambda h, w, s: fit(h, w, s, most=9), "stays as it is"),
            "not whole": (lambda h, w, s: fit(h, w, s, rounded=float), "right"),
        },
    ),
    Exercise(
        "01_what_vgg_sees",
        "preprocess",
        {
            "RGB": (lambda x: x * 255 - MEAN, "blue, green, red"),
            "mean turned round": (lambda x: x[..., ::-1] * 255 - MEAN[::-1], "already"),
            "0..1": (lambda x: x[..., ::-1] - MEAN, "255"),
            "no mean": (lambda x: x[..., ::-1] * 255, "mean"),
            "mean first": (lambda x: (x[..., ::-1] - MEAN) * 255, "before"),
            "upside down": (lambda x: x[:, ::-1] * 255 - MEAN, "upside down"),
            "mirrored": (lambda x: x[:, :, ::-1] * 255 - MEAN, "mirrored"),
            "float64": (lambda x: np.float64(x[..., ::-1]) * 255 - MEAN, "float64"),
            "batch lost": (lambda x: x[0, ..., ::-1] * 255 - MEAN, "shape"),
        },
        answer="preprocess_by_hand",
    ),
    Exercise(
        "01_what_vgg_sees",
        "deprocess",
        {
            "no clip": (back, "clip"),
            "BGR": (lambda x: np.clip(back(x)[..., ::-1], 0, 1), "last axis"),
            "turned round first": (lambda x: np.clip((x[..., ::-1] + MEAN) / 255, 0, 1), "mean"),
            "0..255": (lambda x: np.clip((x + MEAN)[..., ::-1], 0, 255), "255"),
            "no mean": (lambda x: np.clip(x[..., ::-1] / 255, 0, 1), "mean"),
            "whole numbers": (lambda x: np.uint8(np.clip(back(x), 0, 1) * 255), "right"),
        },
    ),
    Exercise(
        "01_what_vgg_sees",
        "receptive_field",
        {
            "no strides": (lambda n: field(n, strides=False), "strides"),
            "own stride too early": (lambda n: field(n, late=True), "after it"),
            "kernel, not kernel - 1": (lambda n: field(n, kernel=0), "adds 2"),
            "from 0": (lambda n: field(n, start=0), "1 pixel"),
            "product of strides": (lambda n: np.prod([stride for _, stride in n]), "right"),
        },
    ),
    Exercise(
        "02_gram_matrices",
        "gram",
        {
            "reshape without transpose": (untransposed, "transpose"),
            "no divisor": (lambda f: rows(f).transpose(0, 2, 1) @ rows(f), "divide"),
            "divided by H·W": (lambda f: gram(f) * f.shape[-1], "H·W·C"),
            "divided by the whole batch": (lambda f: gram(f) / len(f), "divisor"),
            "mean over the batch": (lambda f: gram(f).mean(0), "batch"),
            "positions for channels": (lambda f: rows(f) @ rows(f).transpose(0, 2, 1) / np.float32(f[0].size), "FᵀF"),
            "float64": (lambda f: gram(np.float64(f)), "float64"),
            "flat": (lambda f: gram(f).ravel(), "shape"),
        },
    ),
    Exercise(
        "02_gram_matrices",
        "correlation",
        {
            "no root": (lambda g: g / (roots(g) ** 2 + 1e-12), "root"),
            "rows only": (lambda g: g / (np.diag(g)[:, None] + 1e-12), "row"),
            "columns only": (lambda g: g / (np.diag(g)[None] + 1e-12), "column"),
            "one divisor": (lambda g: g / g.max(), "pair"),
            "0/0": (lambda g: g / roots(g), "never fires"),
            "centred": (lambda g: np.corrcoef(g).astype(np.float32), "right"),
        },
    ),
    Exercise(
        "02_gram_matrices",
        "masked_gram",
        {
            "divided by H·W·C": (lambda f, m: masked(f, m) / f.size, "small mask"),
            "mask squared": (lambda f, m: masked(f, m, 2) / (m.sum() * f.shape[-1]), "twice"),
            "mask ignored": (lambda f, m: masked(f, m, 0) / f.size, "no effect"),
            "not by C": (lambda f, m: masked(f, m) / m.sum(), "not by C"),
            "mask transposed": (
                lambda f, m: masked(f, np.ascontiguousarray(m.T).reshape(m.shape)) / (m.sum() * f.shape[-1]),
                "order",
            ),
        },
    ),
]
each = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: f"{exercise.notebook[:2]}-{exercise.name}")


@each
def test_solution_is_accepted(exercise, capsys):
    exercise.check(solution(exercise.notebook, exercise.answer))
    said = capsys.readouterr().out
    assert said.startswith(f"✓ {exercise.answer}: "), said


@each
def test_mistakes_are_refused_with_a_hint(exercise, capsys):
    assert len(exercise.wrong) >= 3
    for mistake, (wrong, hint) in exercise.wrong.items():
        with np.errstate(all="ignore"):
            exercise.check(wrong)
        said = capsys.readouterr().out
        assert said.startswith("✗"), f"{mistake} was accepted"
        assert hint in said, f"{mistake}: {said}"


@each
@pytest.mark.parametrize("useless", [stub, crash, text, many_nan])
def test_useless_answers_are_refused(exercise, useless, capsys):
    exercise.check(useless)
    assert capsys.readouterr().out.startswith("✗")


def test_every_checker_is_tested():
    public = {name for name in vars(checks_features) if name.startswith("check_")}
    assert public == {f"check_{exercise.name}" for exercise in EXERCISES}


def test_what_a_refusal_says(capsys):
    @checks.checker
    def check(answer):
        checks.compare(answer, lambda x: x * 2, [np.float32([1, 2, 3])])
        return "doubled."

    for answer, said in [
        (lambda x: x * 2, "doubled."),
        (lambda x: x * 6, "every number is 3 times"),
        (lambda x: x * 2 + np.float32([0, 1, 0]), "5 at [1] where 4 is right"),
        (lambda x: x[:2], "shape [2], but [3]"),
        (lambda x: x * np.nan, "NaN"),
        (lambda x: np.float64(x * 2), "come as float64"),
        (lambda x: x.nonsense, "AttributeError"),
        (lambda x: ..., "returns nothing yet"),
    ]:
        check(answer)
        assert said in capsys.readouterr().out
