"""How a large picture is cut into tiles of one shape, which overlap as far as the network sees."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..layers import path_to, smallest_side

LEAST_STEP = 16


class Span(NamedTuple):
    """A tile along one side, in pixels: it sees from start to stop, and its own part is from begin to end."""

    start: int
    stop: int
    begin: int
    end: int


def step_and_overlap(layers: Iterable[str]) -> tuple[int, int]:
    """Return, in pixels, the step whose multiples tiles start at, and the overlap that they see beyond their own part.

    A convolution sees one position of its layer beyond a seam; a pool sees none, since seams lie between its squares.
    """
    layers, reach, stride = tuple(layers), 0, 1
    for layer in path_to(layers):
        stride, reach = (2 * stride, reach) if "pool" in layer else (stride, reach + stride)
    step = max(LEAST_STEP, smallest_side(layers))
    return step, math.ceil(reach / step) * step


def smallest_tile(layers: Iterable[str]) -> int:
    """Return the side, in pixels, below which tiles would be more overlap than picture."""
    step, overlap = step_and_overlap(layers)
    return 4 * overlap + step


def cut(shape: Sequence[int], layers: Iterable[str], pixels: float) -> list[tuple[Span, Span]]:
    """Return the tiles of a picture `[1, H, W, 3]`, rows and columns, that take the least time.

    All have the same shape, so that one compiled function serves them all.

    Args:
        shape: of the picture.
        layers: whose features are to be the same as in the whole picture.
        pixels: the most that a tile may have; at least the square of `smallest_tile`.
    """
    step, overlap = step_and_overlap(layers)
    rows, columns = (
        [_spans(side, count, step, overlap) for count in range(1, side // (2 * overlap) + 2)] for side in shape[1:3]
    )
    area = {(i, j): _length(r) * _length(c) for i, r in enumerate(rows) for j, c in enumerate(columns)}
    i, j = min(
        (each for each in area if area[each] <= pixels), key=lambda each: (each[0] + 1) * (each[1] + 1) * area[each]
    )
    return [(row, column) for row in rows[i] for column in columns[j]]


def _length(spans: list[Span]) -> int:
    return spans[0].stop


def _spans(side: int, count: int, step: int, overlap: int) -> list[Span]:
    """Return the shortest spans of equal length that overlap enough, from border to border."""
    lengths = range(min(2 * overlap, side // step * step) + side % step, side + 1, step)
    length = next(n for n in lengths if (count - 1) * ((n - 2 * overlap) // step) * step >= side - n)
    starts = [i * ((side - length) // step) // max(count - 1, 1) * step for i in range(count)]
    seams = [0, *(start + overlap for start in starts[1:]), side]
    return [
        Span(start, start + length, begin, end) for start, begin, end in zip(starts, seams, seams[1:], strict=False)
    ]
