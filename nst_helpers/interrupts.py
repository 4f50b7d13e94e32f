"""Ctrl-C, taken between two steps and not within one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_noted() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a flag, so that no step is cut in two; the second one interrupts as usual."""
    noted = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # only there can signals be handled
        yield noted
        return

    def note(number, frame):
        noted.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
