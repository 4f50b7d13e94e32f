"""Every exercise has a checker, which accepts the solution that the notebook shows and refuses what is no answer."""

import importlib
import pkgutil

import numpy as np
import pytest
from exercises import NOTEBOOKS, exercises

import nst_helpers.course.checks
from nst_helpers.course.checks.base import exercise as checker_of

pytestmark = pytest.mark.quick

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
        importlib.import_module(f"nst_helpers.course.checks.{module.name}")
        for module in pkgutil.iter_modules(nst_helpers.course.checks.__path__)
    ]
    public = [check for module in modules for name, check in vars(module).items() if name.startswith("check_")]
    assert set(public) == {exercise.check for exercise in exercises()}
    assert len(public) == len(exercises())


def test_what_a_refusal_says(capsys):
    check = checker_of(lambda x: x * 2, [[np.float32([1, 2, 3])]], {"one is added.": lambda x: x + 1}, "doubled.")
    for answer, said in [
        (lambda x: x * 2, "doubled."),
        (lambda x: x * 6, "every number is 3 times"),
        (lambda x: x * 2 + np.float32([0, 1, 0]), "5 at [1] where 4 is right"),
        (lambda x: x + 1, "one is added"),
        (lambda x: 5 * (x + 1), "one is added"),
        (lambda x: x.sort() or x * 2, "doubled."),
        (lambda x: np.multiply(x, 2, out=x), "changes the numbers that it was given"),
        (lambda x: [2, 4, 7], "is right"),
        (lambda x: {"x": x}, "not numbers"),
        (lambda x: x[:2], "shape [2], but [3]"),
        (lambda x: x * np.nan, "NaN"),
        (lambda x: np.float64(x * 2), "come as float64"),
        (lambda x: x.nonsense, "AttributeError"),
        (lambda x: ..., "returns None"),
    ]:
        check(answer)
        assert said in capsys.readouterr().out


def test_what_a_refusal_of_a_dict_says(capsys):
    inputs, names = [[{"a": 1.0, "b": 1e6}]], "a, b"
    check = checker_of(lambda x: x, inputs, {}, "the same.", scaled="{factor:.1f} times", hint="Copy it.")
    for answer, said in [
        (dict, "the same."),
        (lambda x: {"b": 1e6, "a": 1}, "the same."),
        (lambda x: [1.0, 1e6], f"returns a list; return a dict of {names}"),
        (lambda x: {"a": 1.0}, f"returns a dict of a; {names} are asked for"),
        (lambda x: {"a": 1.0, "b": "many"}, "a str for b, not numbers"),
        (lambda x: {"a": 2.0, "b": 1e6}, "2 for a where 1 is right. Copy it."),
        (lambda x: {"a": 3.0, "b": 3e6}, "3.0 times"),
        (lambda x: x.update(a=0) or x, "changes the numbers that it was given"),
    ]:
        check(answer)
        assert said in capsys.readouterr().out
