"""The checkers of notebook 09 refuse the usual mistakes with a helpful sentence."""

import numpy as np
import pytest
from exercises import checks, refusal

pytestmark = pytest.mark.quick

CHECKS = checks("09_*")


def masked(f, m, power=1):
    flat = f.reshape(-1, f.shape[-1])
    return flat.T @ (flat * m.reshape(-1, 1) ** power)


WRONG = {
    "masked_gram": {
        "small mask": lambda f, m: masked(f, m) / f.size,
        "twice": lambda f, m: masked(f, m, 2) / (m.sum() * f.shape[-1]),
        "no effect": lambda f, m: masked(f, m, 0) / f.size,
        "not by C": lambda f, m: masked(f, m) / m.sum(),
        "same order": lambda f, m: masked(f, np.ascontiguousarray(m.T)) / (m.sum() * f.shape[-1]),
        "shape": lambda f, m: (masked(f, m) / (m.sum() * f.shape[-1]))[None],
        "float64": lambda f, m: np.float64(masked(f, m)) / (m.sum() * f.shape[-1]),
        "returns None": lambda f, m: ...,
    },
}
CASES = [pytest.param(name, hint, wrong, id=f"{name}: {hint}") for name in WRONG for hint, wrong in WRONG[name].items()]


@pytest.mark.parametrize(("name", "hint", "wrong"), CASES)
def test_a_wrong_answer_is_refused_with_a_hint(name, hint, wrong):
    assert hint in refusal(CHECKS[name], wrong)
