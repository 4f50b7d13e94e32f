"""Ablation: to see what a part of the loss does, leave it out, run again from the same start, and compare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from .errors import InputError
from .plots import WIDTH, show_images
from .settings import Settings, whole_number
from .transfer import Snapshot, StyleTransfer

TERMS = {"content": "alpha", "style": "beta", "total variation": "gamma"}
"""Term of the loss to the setting that weighs it."""


@dataclass(frozen=True)
class Ablation:
    """What `ablate` has seen: the start, the full run, and the run without each part, by the part's name.

    The losses of all snapshots are those under the full weights, so that they can be compared.
    """

    start: Snapshot
    full: Snapshot
    without: Mapping[str, Snapshot]

    def difference(self, part: str) -> np.ndarray:
        """Return how far each pixel is from the full run's, `[H, W]`: the mean of its channels' distances, 0..1."""
        return np.abs(self.without[part].image - self.full.image)[0].mean(axis=-1)

    def changed(self) -> dict[str, float]:
        """Return part to the root mean square difference of all pixels from the full run's, 0..1."""
        return {part: float(np.sqrt(np.mean((s.image - self.full.image) ** 2))) for part, s in self.without.items()}

    def ratios(self) -> dict[str, dict[str, float]]:
        """Return part to loss to how many times the full run's it is, for the three terms and each style layer."""
        full = _by_name(self.full)
        return {
            part: {name: value / max(full[name], 1e-30) for name, value in _by_name(snapshot).items()}
            for part, snapshot in self.without.items()
        }

    def strip(self, parts: Iterable[str] | None = None, *, width: float = WIDTH) -> Figure:
        """Return the full run's picture and those without the given parts, or all of them; below, what differs.

        Bright is different: white, on one scale for all, is as much as one pixel in a hundred differs.
        """
        parts = list(self.without if parts is None else parts)
        differences, changed = {part: self.difference(part) for part in self.without}, self.changed()
        white = max(float(np.percentile(each, 99)) for each in differences.values())
        pictures = {"all together": self.full.image} | {f"without\n{part}": self.without[part].image for part in parts}
        below = {"the start": self.start.image} | {
            f"{part}:\nchanged by {100 * changed[part]:.0f} %": _gray(differences[part] / max(white, 1e-9))
            for part in parts
        }
        return show_images(pictures | below, columns=len(pictures), width=width)


def ablate(transfer: StyleTransfer, n: int, *, progress: bool = True) -> Ablation:
    """Run `n` iterations with everything, then without each term and without each style layer, from the same start.

    A part is left out by the weight 0, all others stay as they are; so nothing is compiled anew. In the end the
    transfer stands where it stood, with the weights that it had.

    Args:
        transfer: where to start, with the full weights.
        n: iterations of each run, at least 1.
        progress: whether to show a bar with the time left.

    Raises:
        InputError: `n` is no whole number, or there is nothing to leave out because only one part has a weight.

    Built in notebooks/07_layer_choice.
    """
    n = whole_number("n", n, 1, 10**6)
    changes = _changes(transfer.settings)
    state, start = transfer.state(), transfer.snapshot
    with tqdm(total=n * (1 + len(changes)), disable=not progress, unit="it") as bar:

        def run(part: str, change: Mapping[str, Any]) -> Snapshot:
            bar.set_postfix_str(part, refresh=False)
            full = {name: getattr(transfer, name) for name in change}
            try:
                _set(transfer, change)
                for _ in transfer.steps(n):
                    bar.update()
                _set(transfer, full)
                return transfer.snapshot
            finally:
                _set(transfer, full)
                transfer.restore(state)

        full = run("with everything", {})
        return Ablation(start, full, {part: run(f"without {part}", change) for part, change in changes.items()})


def _changes(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return part to what leaves it out; parts that weigh nothing, or without which nothing is left, are not there."""
    terms = {term: {name: 0.0} for term, name in TERMS.items() if getattr(settings, name) > 0}
    layers = {layer: weight for layer, weight in settings.style_layers.items() if weight > 0}
    changes = terms if len(terms) > 1 else {}
    if settings.beta > 0 and len(layers) > 1:
        changes |= {layer: {"style_layers": {**settings.style_layers, layer: 0.0}} for layer in layers}
    if not changes:
        raise InputError("only one part of the loss has a weight; give a second one a weight to leave either out.")
    return changes


def _set(transfer: StyleTransfer, change: Mapping[str, Any]) -> None:
    for name, value in change.items():
        setattr(transfer, name, value)


def _by_name(snapshot: Snapshot) -> dict[str, float]:
    losses = snapshot.losses
    return {"content": losses.content, "style": losses.style, "total variation": losses.tv, **losses.style_layers}


def _gray(values: np.ndarray) -> np.ndarray:
    return values[..., None].repeat(3, axis=-1)
