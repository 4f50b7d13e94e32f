"""The checkers of notebook 11 refuse the usual mistakes with a helpful sentence."""

import re

import numpy as np
import pytest
from exercises import checks

pytestmark = pytest.mark.quick

CHECKS = checks("11_*")


def sorting_in_place(a, b):
    a.sort()
    b.sort()
    return np.mean(np.abs(a - b))


WRONG = {
    "wasserstein": {
        "into order first": lambda a, b: np.mean(np.abs(a - b)),
        "cancel each other": lambda a, b: np.mean(np.sort(a) - np.sort(b)),
        "compares the means": lambda a, b: abs(np.mean(a) - np.mean(b)),
        "summed over": lambda a, b: np.sum(np.abs(np.sort(a) - np.sort(b))),
        "are squared": lambda a, b: np.mean((np.sort(a) - np.sort(b)) ** 2),
        "the root of the mean square": lambda a, b: np.sqrt(np.mean((np.sort(a) - np.sort(b)) ** 2)),
        "that it was given": sorting_in_place,
        "shape": lambda a, b: np.abs(np.sort(a) - np.sort(b)),
        "float32": lambda a, b: np.float32(np.mean(np.abs(np.sort(a) - np.sort(b)))),
        "returns None": lambda *_: ...,
    },
}


@pytest.mark.parametrize(("name", "sentence"), [(name, each) for name, wrong in WRONG.items() for each in wrong])
def test_a_wrong_answer_is_refused_with_a_hint(name, sentence, capsys):
    answer = WRONG[name][sentence]
    answer.__name__ = name
    CHECKS[name](answer)
    said = capsys.readouterr().out
    assert said.startswith(f"✗ {name}, not yet") and re.search(sentence, said), said
