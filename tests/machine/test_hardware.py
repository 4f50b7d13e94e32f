"""The arithmetic is chosen by what is faster here, however unsteady the machine, or by the environment."""

import subprocess
import sys

import pytest
import tensorflow as tf

from nst_helpers.errors import InputError
from nst_helpers.machine import hardware


@pytest.fixture
def chosen(monkeypatch):
    """A function from the seconds that each convolution takes, one after the other, to the choice."""
    monkeypatch.delenv("NST_PRECISION", raising=False)
    monkeypatch.setattr(hardware, "GPUS", [])

    def choose(**seconds):
        left = {precision: iter(each) for precision, each in seconds.items()}
        monkeypatch.setattr(hardware, "_convolution_seconds", lambda precision: next(left[precision]))
        return hardware._measured_precision.__wrapped__()

    return choose


def test_bfloat16_where_it_is_faster(chosen):
    assert chosen(bfloat16=[1] * 99, float32=[2] * 99) == "bfloat16"
    assert chosen(bfloat16=[3] * 99, float32=[1] * 99) == "float32"
    assert chosen(bfloat16=[0.9] * 99, float32=[1] * 99) == "float32"  # not worth its rounding


def test_slow_first_calls_do_not_decide(chosen):
    assert chosen(bfloat16=[99] + [1] * 99, float32=[2] * 99) == "bfloat16"
    assert chosen(bfloat16=[3] * 99, float32=[99] + [2] * 99) == "float32"


BUSY = "import numpy as np; a = np.ones((1500, 1500), np.float32); print(flush=True)\nwhile True: a @ a"


def test_a_busy_machine_chooses_what_an_idle_one_does(monkeypatch):
    monkeypatch.delenv("NST_PRECISION", raising=False)
    monkeypatch.setattr(hardware, "GPUS", [])
    idle = hardware._measured_precision.__wrapped__()
    busy = [sys.executable, "-c", BUSY]
    others = [subprocess.Popen(busy, stdout=subprocess.PIPE) for _ in range(8)]
    try:
        for other in others:
            other.stdout.readline()
        assert {hardware._measured_precision.__wrapped__() for _ in range(5)} == {idle}
    finally:
        for other in others:
            other.kill()
            other.communicate()


def test_float32_where_bfloat16_cannot_be_computed(monkeypatch, chosen):
    def seconds():
        raise tf.errors.InternalError(None, None, "no such primitive")
        yield

    assert chosen(bfloat16=seconds(), float32=[1] * 99) == "float32"


def test_the_environment_decides(monkeypatch):
    for forced in ("bfloat16", "float32"):
        monkeypatch.setenv("NST_PRECISION", forced)
        assert hardware.fastest_precision() == forced
    monkeypatch.setenv("NST_PRECISION", "float8")
    with pytest.raises(InputError, match="NST_PRECISION must be one of"):
        hardware.fastest_precision()
