"""Ctrl-C between two steps, never within one, and never while a picture is written."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any


@contextmanager
def interrupts_deferred() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a flag, so that no step is cut in two; the second one interrupts as usual."""
    pressed, presses = threading.Event(), []

    def count(number: int, frame: FrameType | None) -> None:
        pressed.set()
        presses.append(number)
        if len(presses) == 2:  # a third must not interrupt what the second started
            raise KeyboardInterrupt

    with _interrupts_handled_by(count):
        yield pressed


def interrupts_ignored() -> AbstractContextManager[None]:
    """Ignore Ctrl-C, except within `interrupts_deferred`."""
    return _interrupts_handled_by(lambda number, frame: None)


def terminate_like_interrupt() -> None:
    """Make SIGTERM, and closing the terminal, do what Ctrl-C does."""

    def forward(number: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)  # not callable in a script's background job, which ignores Ctrl-C
        (handler if callable(handler) else signal.default_int_handler)(number, frame)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, forward)


@contextmanager
def _interrupts_handled_by(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # others cannot handle signals
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
