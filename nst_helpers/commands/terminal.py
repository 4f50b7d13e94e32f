"""Output to a terminal, a file or a pipe that may go away, or knows few letters, without harm to the run."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO


class _Lasting:
    """A text stream that never fails: what cannot be written is dropped, what cannot be encoded becomes `?`."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            encoding = self._stream.encoding or "utf-8"
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
        except (OSError, ValueError):
            self._drop()
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._drop()

    def _drop(self) -> None:
        """Send to nowhere what waits to be written, which Python would try again as it ends."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextmanager
def lasting_output() -> Iterator[None]:
    """Let nothing that is printed within fail: a reader that has left, a full disk, a terminal without ×."""
    out, err = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115 None if closed
    with redirect_stdout(_Lasting(out)), redirect_stderr(_Lasting(err)):
        yield
