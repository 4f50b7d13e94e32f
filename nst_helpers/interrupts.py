"""Ctrl-C, taken between two steps and not within one; and never while the picture is written."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def interrupts_noted() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a flag, so that no step is cut in two; the second one interrupts as usual."""
    noted, presses = threading.Event(), []

    def note(number: int, frame: FrameType | None) -> None:
        noted.set()
        presses.append(number)
        if len(presses) == 2:  # a third must not interrupt what the second set going
            raise KeyboardInterrupt

    with _interrupts_go_to(note):
        yield noted


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let Ctrl-C do nothing, save where it is noted within."""
    with _interrupts_go_to(lambda number, frame: None):
        yield


def terminate_like_interrupt() -> None:
    """Let SIGTERM, and a terminal that closes, do what Ctrl-C does."""

    def forward(number: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)  # none in a script's background job, which Ctrl-C is not to reach
        (handler if callable(handler) else signal.default_int_handler)(number, frame)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) == signal.SIG_DFL:  # nohup has SIGHUP ignored
            signal.signal(number, forward)


@contextmanager
def _interrupts_go_to(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only there can signals be handled
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
