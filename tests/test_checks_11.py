"""The checkers of notebook 11 refuse the usual mistakes with a helpful sentence."""

import re

import numpy as np
import pytest
from exercises import checks

from nst_helpers.score_card import pareto_front

CHECKS = checks("11_*")


def sorting_in_place(a, b):
    a.sort()
    b.sort()
    return np.mean(np.abs(a - b))


def best_of_each(costs):
    return [min(costs, key=lambda name: costs[name][i]) for i in range(len(next(iter(costs.values()))))]


def not_beaten_everywhere(costs):
    return [n for n in costs if not any(all(x < y for x, y in zip(costs[o], costs[n], strict=True)) for o in costs)]


def nobody(costs):
    return [n for n in costs if not any(all(x <= y for x, y in zip(costs[o], costs[n], strict=True)) for o in costs)]


WRONG = {
    "seconds_for": {
        "grows with the side": lambda size, n, timed, each: n * each * size / timed,
        "turn the fraction round": lambda size, n, timed, each: n * each * (timed / size) ** 2,
        "that is one step": lambda size, n, timed, each: each * (size / timed) ** 2,
        "no effect yet": lambda size, n, timed, each: n * each,
        "times what it should be|is right": lambda size, n, timed, each: n * each * (size / timed) ** 3,
        "nothing yet": lambda *_: None,
        "stops with ZeroDivisionError": lambda *_: 1 / 0,
        "not numbers": lambda *_: "an hour",
    },
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
        "nothing yet": lambda *_: ...,
    },
    "unbeaten": {
        "only the best in each column": best_of_each,
        "that one is beaten": not_beaten_everywhere,
        "names nobody|is right": nobody,
        "lower is better": lambda costs: pareto_front({n: [-x for x in row] for n, row in costs.items()}),
        "is right": lambda costs: list(costs),
        "list of names": lambda costs: 3,
        "not all names": lambda costs: [1, 2],
        "return a list": lambda costs: costs,
        "nothing yet": lambda costs: None,
        "stops with KeyError": lambda costs: costs["x"],
    },
}


@pytest.mark.parametrize(("name", "sentence"), [(name, each) for name, wrong in WRONG.items() for each in wrong])
def test_a_wrong_answer_is_refused_with_a_hint(name, sentence, capsys):
    answer = WRONG[name][sentence]
    answer.__name__ = name
    CHECKS[name](answer)
    told = capsys.readouterr().out
    assert told.startswith(f"✗ {name}, not yet") and re.search(sentence, told), told
