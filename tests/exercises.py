"""The exercises as the notebooks have them: the checker, the name that it is called with, and the solution shown."""

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import tensorflow as tf

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SHOWN = re.compile(r"<details>.*?```python\n(.*?)```", re.DOTALL)


class Exercise(NamedTuple):
    """An exercise; `code` is of its solution, or None if the notebook shows none, or more than one."""

    notebook: str
    name: str
    check: Callable
    code: str | None

    def solution(self) -> Callable:
        """Return the function that the solution defines."""
        names = {"np": np, "tf": tf, "nst_helpers": import_module("nst_helpers")}
        exec(self.code, names)
        return names[self.name]


@cache
def exercises(notebook: str = "*") -> list[Exercise]:
    """Return the exercises of the notebooks whose name fits the pattern."""
    found = []
    for path in sorted(NOTEBOOKS.glob(f"{notebook}.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        code, prose = ("\n".join(c.source for c in cells if c.cell_type == kind) for kind in ("code", "markdown"))
        module = import_module(re.search(r"from (nst_helpers\.course\.checks\.\w+) import", code)[1])
        for checker, name in re.findall(r"^(check_\w+)\((\w+)\)$", code, re.MULTILINE):
            shown = [block for block in SHOWN.findall(prose) if re.search(rf"^def {name}\(", block, re.MULTILINE)]
            found.append(Exercise(path.stem, name, getattr(module, checker), shown[0] if len(shown) == 1 else None))
    return found


def checks(notebook: str) -> dict[str, Callable]:
    """Return the checkers of the notebooks whose name fits the pattern, by the function that each checks."""
    return {exercise.name: exercise.check for exercise in exercises(notebook)}


def refusal(check: Callable, wrong: Callable) -> str:
    """Return what a checker says to a wrong answer, which must be a refusal."""
    with redirect_stdout(io.StringIO()) as said, np.errstate(all="ignore"):
        check(wrong)
    assert said.getvalue().startswith("✗"), said.getvalue()
    return said.getvalue()
