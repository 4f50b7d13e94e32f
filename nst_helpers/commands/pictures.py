"""The pictures on a command line: a parser that takes two of them, and says what was meant where there are more."""

import argparse
import os
import shlex
from collections.abc import Sequence

from ..images import SAVE_OPTIONS


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments say; options may stand between the pictures. Bad usage ends the process.

    Args:
        parser: takes a CONTENT and a STYLE.
        arguments: of the command.
    """
    options, more = parser.parse_known_intermixed_args(arguments)
    if more and not any(word.startswith("-") and word != "-" for word in more):
        parser.error(_meant(parser.prog, [options.content, options.style, *more]))
    if more:
        parser.error(f"unrecognized arguments: {shlex.join(more)}")
    return options


def _meant(command: str, pictures: Sequence[str]) -> str:
    content, style, *more = pictures
    last = more[-1]
    if len(more) == 1 and os.path.splitext(last)[1].lower() in SAVE_OPTIONS and not os.path.exists(last):
        meant = shlex.join([*command.split(), content, style, "-o", last])
        return f"{last} is a third picture; if it is to be written, say so by -o: {meant}"
    loop = f'for photo in …; do {command} "$photo" {shlex.quote(last)}; done'
    return (
        f"{len(pictures)} pictures are named, but a run takes a photograph and a painting; for several photographs run "
        f"it for each ({loop}), for further paintings say --blend, and for what to write -o."
    )
