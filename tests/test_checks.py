"""Every exercise has a checker, which accepts the solution that the notebook shows and refuses what is no answer."""

import importlib
import pkgutil

import numpy as np
import pytest
from exercises import NOTEBOOKS, exercises

import nst_helpers.checks
from nst_helpers.checks.base import checker, compare

each = pytest.mark.parametrize("exercise", exercises(), ids=lambda each: f"{each.notebook[:2]}-{each.name}")


def stub(*_):
    return None


def crash(*_):
    raise RuntimeError("oh no")


def text(*_):
    return "forty-two"


def many_nan(*_):
    return np.full((3, 3), np.nan)


@each
def test_the_solution_that_the_notebook_shows_is_accepted(exercise, capsys):
    assert exercise.code, "the notebook shows not exactly one solution"
    exercise.check(exercise.solution())
    said = capsys.readouterr().out
    assert said.startswith(f"✓ {exercise.name}"), said


@each
@pytest.mark.parametrize("useless", [stub, crash, text, many_nan])
def test_what_is_no_answer_is_refused(exercise, useless, capsys):
    exercise.check(useless)
    said = capsys.readouterr().out
    assert said.startswith("✗") and ("oh no" in said or useless is not crash), said


def test_every_notebook_has_exercises():
    assert {exercise.notebook for exercise in exercises()} == {path.stem for path in NOTEBOOKS.glob("*.ipynb")}


def test_every_checker_checks_an_exercise():
    modules = [
        importlib.import_module(f"nst_helpers.checks.{module.name}")
        for module in pkgutil.iter_modules(nst_helpers.checks.__path__)
    ]
    public = [name for module in modules for name in vars(module) if name.startswith("check_")]
    assert sorted(public) == sorted(exercise.check.__name__ for exercise in exercises())


def test_what_a_refusal_says(capsys):
    @checker
    def check(answer):
        compare(answer, lambda x: x * 2, [np.float32([1, 2, 3])])
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
