"""Ctrl-C: the first is a flag, the second interrupts, a third does nothing; and while files are written none does."""

import signal

import pytest

from nst_helpers.machine.interrupts import interrupts_deferred, interrupts_ignored, terminate_like_interrupt

pytestmark = pytest.mark.quick


@pytest.fixture(autouse=True)
def usual_handlers():
    """Ctrl-C as a terminal's foreground program has it, also where these tests run in the background."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    before = [signal.getsignal(number) for number in numbers]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def press():
    signal.raise_signal(signal.SIGINT)


def test_first_press_is_a_flag():
    with interrupts_deferred() as noted:
        assert not noted.is_set()
        press()
        assert noted.is_set()


def test_second_press_interrupts_and_a_third_does_not():
    with interrupts_deferred() as noted:
        press()
        with pytest.raises(KeyboardInterrupt):
            press()
        press()
        assert noted.is_set()
    with pytest.raises(KeyboardInterrupt):
        press()


def test_nothing_interrupts_what_is_held():
    with interrupts_ignored():
        for _ in range(3):
            press()
    with pytest.raises(KeyboardInterrupt):
        press()


def test_noted_within_held():
    with interrupts_ignored():
        with interrupts_deferred() as noted:
            press()
        press()
        assert noted.is_set()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_termination_does_what_ctrl_c_does(name):
    number = getattr(signal, name, None) or pytest.skip("not on this system")
    before = signal.signal(number, signal.SIG_DFL)
    try:
        terminate_like_interrupt()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        with interrupts_deferred() as noted:
            signal.raise_signal(number)
            assert noted.is_set()
        with interrupts_ignored():
            signal.raise_signal(number)
    finally:
        signal.signal(number, before)


def test_termination_reaches_a_background_job_that_ctrl_c_does_not():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        terminate_like_interrupt()
        press()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)


def test_ignored_hangup_stays_ignored():
    number = getattr(signal, "SIGHUP", None) or pytest.skip("not on this system")
    before = signal.signal(number, signal.SIG_IGN)
    try:
        terminate_like_interrupt()
        assert signal.getsignal(number) == signal.SIG_IGN
    finally:
        signal.signal(number, before)
