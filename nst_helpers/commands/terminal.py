"""Output to a terminal, file or pipe that may close, fill up or lack characters, without harm to the run."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO

from ..errors import one_line

Report = Callable[[str], None]
"""Receives each line about a run."""


def reporter(quiet: bool) -> Report:
    """Return a function that prints a line at once, or does nothing if `quiet`."""
    return (lambda line: None) if quiet else (lambda line: print(one_line(line), flush=True))


class _Lasting:
    """A text stream that never fails: what cannot be written is dropped, what cannot be encoded becomes `?`."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        encoding = self._stream.encoding or "utf-8"
        self._attempt(self._stream.write, text.encode(encoding, "replace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    def _attempt(self, action: Callable[..., Any], *arguments: str) -> None:
        try:
            action(*arguments)
        except (OSError, ValueError):  # what is still in the buffer must be dropped, or Python fails when it exits
            with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())


@contextmanager
def lasting_output() -> Iterator[None]:
    """Let printing never fail: when the reader has left, the disk is full, or the terminal lacks a character."""
    out, err = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115 None if closed
    with redirect_stdout(_Lasting(out)), redirect_stderr(_Lasting(err)):
        yield
