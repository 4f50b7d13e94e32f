"""A progress bar in which iterations at small sizes count less."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm.auto import tqdm

BAR = "{percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]"


@contextmanager
def progress_bar(transfer: Any, n: int, *, shown: bool = True) -> Iterator[Callable[[Any], None]]:
    """Show a bar with the time left for the next `n` iterations of a `StyleTransfer`.

    Yields a function to call with each `Snapshot`.
    """
    last = transfer.iteration + n
    with tqdm(total=transfer.work(n), disable=not shown, bar_format=BAR) as bar:

        def advance(snapshot: Any) -> None:
            bar.set_postfix_str(f"iteration {snapshot.iteration} of {last}, {snapshot.describe()}", refresh=False)
            share = (snapshot.size / max(snapshot.image.shape)) ** 2  # of the pixels
            bar.update(min(share, bar.total - bar.n))

        yield advance
