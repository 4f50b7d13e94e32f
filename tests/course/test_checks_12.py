"""The checkers of notebook 12 refuse the usual mistakes with a helpful sentence."""

import pytest
from exercises import checks, refusal

pytestmark = pytest.mark.quick

CHECKS = checks("12_*")
WRONG = {
    "from_sums": {
        "½Q": lambda b, c, m, n: b * c**4 / n,
        "wrong side": lambda b, c, m, n: b * c**4 / n / 2,
        "other way": lambda b, c, m, n: b * n / (2.0 * c**4),
        "left out": lambda b, c, m, n: 2.0 * b * c**4,
        "M must cancel": lambda b, c, m, n: 2.0 * b * c**4 * m**2 / n,
        "four times": lambda b, c, m, n: 2.0 * b * c**2 / n,
        "returns None": lambda b, c, m, n: None,
    },
    "raw_weights": {
        "multiplies by μ⁴": lambda w, m: {k: w[k] * m[k] ** 4 for k in w},
        "the ratios are what they were": lambda w, m: dict(w),
        "squares it": lambda w, m: {k: w[k] / m[k] for k in w},
        "once more": lambda w, m: {k: w[k] / m[k] ** 2 for k in w},
        "but β changes": lambda w, m: {k: 3 * w[k] / m[k] ** 4 for k in w},
        "returns None": lambda w, m: None,
    },
}
CASES = [pytest.param(name, hint, wrong, id=f"{name}: {hint}") for name in WRONG for hint, wrong in WRONG[name].items()]


@pytest.mark.parametrize(("name", "hint", "wrong"), CASES)
def test_a_wrong_answer_is_refused_with_a_hint(name, hint, wrong):
    assert hint in refusal(CHECKS[name], wrong)
