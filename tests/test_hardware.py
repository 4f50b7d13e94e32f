"""The arithmetic is chosen by what is faster here, however unsteady the machine, or by the environment."""

import pytest
import tensorflow as tf

from nst_helpers import hardware
from nst_helpers.errors import InputError


@pytest.fixture
def chosen(monkeypatch):
    """A function from the seconds that each convolution takes, one after the other, to the choice."""
    monkeypatch.delenv("NST_PRECISION", raising=False)
    monkeypatch.setattr(hardware, "GPUS", [])

    def choose(**seconds):
        left = {precision: iter(each) for precision, each in seconds.items()}
        monkeypatch.setattr(hardware, "_convolution_seconds", lambda precision: next(left[precision]))
        return hardware.fastest_precision.__wrapped__()

    return choose


def test_bfloat16_where_it_is_faster(chosen):
    assert chosen(bfloat16=[1] * 99, float32=[2] * 99) == "bfloat16"
    assert chosen(bfloat16=[3] * 99, float32=[1] * 99) == "float32"
    assert chosen(bfloat16=[0.9] * 99, float32=[1] * 99) == "float32"  # not worth its rounding


def test_slow_first_calls_do_not_decide(chosen):
    assert chosen(bfloat16=[9, 5, 5, 5] + [1] * 99, float32=[2] * 99) == "bfloat16"


def test_float32_where_bfloat16_cannot_be_computed(monkeypatch, chosen):
    def seconds():
        raise tf.errors.InternalError(None, None, "no such primitive")
        yield

    assert chosen(bfloat16=seconds(), float32=[1] * 99) == "float32"


def test_the_environment_decides(monkeypatch, chosen):
    monkeypatch.setenv("NST_PRECISION", "float32")
    assert chosen(bfloat16=[1] * 99, float32=[2] * 99) == "float32"
    monkeypatch.setenv("NST_PRECISION", "float8")
    with pytest.raises(InputError, match="NST_PRECISION must be one of"):
        chosen(bfloat16=[1] * 99, float32=[2] * 99)
