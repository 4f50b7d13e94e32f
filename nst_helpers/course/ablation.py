"""Ablation: to see what a part of the loss does, leave it out, run again from the same start, and compare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from ..errors import InputError
from ..settings import Settings, whole_number
from ..transfer import Snapshot, StyleTransfer
from .plots import show_images

TERMS = {"content": "alpha", "style": "beta", "total variation": "gamma"}
"""Term of the loss to the setting that weights it."""


@dataclass(frozen=True)
class Ablation:
    """The results of `ablate`: the start, the full run, and the run without each part, by the part's name.

    The losses of all snapshots are those under the full weights, so that they can be compared.
    """

    start: Snapshot
    full: Snapshot
    without: Mapping[str, Snapshot]

    def difference(self, part: str) -> np.ndarray:
        """Return each pixel's distance from the full run's, `[H, W]`: the mean over its channels, 0..1."""
        return np.abs(self.without[part].image - self.full.image)[0].mean(axis=-1)

    def changed(self) -> dict[str, float]:
        """Return part to the root mean square difference of all pixels from the full run's, 0..1."""
        return {part: float(np.sqrt(np.mean((s.image - self.full.image) ** 2))) for part, s in self.without.items()}

    def strip(self, parts: Iterable[str] | None = None) -> Figure:
        """Return the pictures of the full run and of those without the given parts (default: all); below, differences.

        Brighter is more different, on one scale for all, which ends at the 99th percentile.
        """
        parts = list(self.without if parts is None else parts)
        differences, changed = {part: self.difference(part) for part in self.without}, self.changed()
        white = max(1e-9, *(float(np.percentile(each, 99)) for each in differences.values()))
        above = {"all together": self.full.image} | {f"without\n{part}": self.without[part].image for part in parts}
        below = {"the start": self.start.image} | {
            f"{part}:\nchanged by {100 * changed[part]:.0f} %": np.stack([differences[part] / white] * 3, axis=-1)
            for part in parts
        }
        return show_images(above | below, columns=len(above))


def ablate(transfer: StyleTransfer, n: int, *, progress: bool = True) -> Ablation:
    """Run `n` iterations with everything, then without each term and without each style layer, from the same start.

    A part is left out by the weight 0, so nothing is compiled again. Afterwards the transfer is as it was before.

    Args:
        transfer: where to start, with the full weights.
        n: iterations of each run, at least 1.
        progress: whether to show a bar with the time left.

    Raises:
        InputError: `n` is no whole number, or only one part has a weight, so that there is nothing to leave out.

    Built in notebooks/07_layer_choice.
    """
    n = whole_number("n", n, 1, 10**6)
    changes = _changes(transfer.settings)
    state, start = transfer.state(), transfer.snapshot
    with tqdm(total=n * (1 + len(changes)), disable=not progress, unit="it") as bar:

        def run(name: str, value: Any) -> Snapshot:
            full = getattr(transfer, name)
            transfer.restore(state)
            setattr(transfer, name, value)
            try:
                for _ in transfer.steps(n):
                    bar.update()
            finally:
                setattr(transfer, name, full)
            return transfer.snapshot

        try:
            full = run("alpha", transfer.alpha)
            return Ablation(start, full, {part: run(*change) for part, change in changes.items()})
        finally:
            transfer.restore(state)


def _changes(settings: Settings) -> dict[str, tuple[str, Any]]:
    """Return part to the setting and value that leave it out, for each part with a weight that is not the only one."""
    terms = {term: (name, 0.0) for term, name in TERMS.items() if getattr(settings, name) > 0}
    layers = {layer: weight for layer, weight in settings.style_layers.items() if weight > 0}
    changes = terms if len(terms) > 1 else {}
    if settings.beta > 0 and len(layers) > 1:
        changes |= {layer: ("style_layers", {**settings.style_layers, layer: 0.0}) for layer in layers}
    if not changes:
        raise InputError("only one part of the loss has a weight; give a second one a weight to leave either out.")
    return changes
