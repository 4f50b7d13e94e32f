"""The one optimisation loop: a content image and a style image in, a generated image out, snapshot by snapshot."""

import copy
import math
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from .budget import check_memory
from .color import with_chroma_of, with_color_statistics_of
from .errors import Diverged, InputError
from .inputs import checked_image, enlarged, first_image, shape_at_size, shrunk
from .interrupts import interrupts_noted
from .objective import Objective
from .optimizers import LBFGS, Adam
from .settings import DEFAULTS, Settings, whole_number
from .vgg import FeatureExtractor, Kernels

BAR = "{percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]"
HALVINGS = 8
"""How often a step that diverges is tried again, at half the rate each time."""


@dataclass(frozen=True)
class Losses:
    """The unweighted content, style and total variation losses, their weighted total, and the style layers' terms."""

    content: float
    style: float
    tv: float
    total: float
    style_layers: dict[str, float]


@dataclass(frozen=True)
class Snapshot:
    """The image `[1, H, W, 3]`, float32, 0..1, at an iteration, and its losses.

    The image has the content's shape. While a run is still at a smaller size it is enlarged, and the losses are those
    of the smaller one; `size` is the longer side, in pixels, that was painted. With `colors="luminance"` the content's
    chroma is in it already; the losses are those of the image without.
    """

    iteration: int
    image: np.ndarray
    losses: Losses
    size: int

    def row(self) -> dict[str, float]:
        """Return the iteration and all losses by name, the style layers' among them."""
        losses = dict(vars(self.losses))
        layers = losses.pop("style_layers")
        return {"iteration": self.iteration} | losses | layers


def _live(name: str) -> property:
    """A setting that may be changed between two steps of a run."""
    return property(
        lambda self: getattr(self.settings, name),
        lambda self, value: self._change(name, value),
        doc=f"`{name}`, which may be changed between two steps without compiling anything anew.",
    )


class StyleTransfer:
    """Neural style transfer by optimising the image: total = α·content + β·style + γ·total variation.

    Args:
        content, style: float32 `[1, H, W, 3]`, RGB, 0..1; they may differ in size and aspect. A list of style images
            blends their styles in equal parts (name one twice and it counts twice).
        alpha, beta, gamma: weights of the content, style and total variation loss, at least 0.
        content_layer: the layer whose activations are to be kept.
        style_layers: the layers whose statistics are to be matched: names, each with its usual weight, or a dict from
            name to weight.
        style_distance: how a layer's statistics are compared: "wasserstein", of the Gaussians that have its mean and
            covariance; or "squared", the squared differences of its Gram matrix, as the method's authors do.
        scales: smaller sizes to begin with, from coarse to fine: longer side in pixels to iterations there, as
            `coarse_to_fine` gives them. What follows is painted at the content's own size.
        init: where the image starts: "content", "noise", "style" (scaled to the content's shape), or an image.
        optimizer: "adam" or "lbfgs". An iteration is one update of the image, after which it is evaluated once.
        learning_rate: length of the first step, in units of the 0..1 pixel range; None takes what suits the schedule.
        schedule: "decay" lets Adam's rate fall and its β1 grow, with a large ε; "constant" is Adam as published.
        reduction: "mean" makes weights mean the same at every size; "sum" is the literal form, on VGG19's raw
            activations and with all layers' weights 1.
        pooling: "max", as VGG19 was trained, or "avg".
        seed: of the noise.
        precision: arithmetic of the network, "auto", "float32", "bfloat16" or "float16"; the image, the losses and
            the optimizer are float32 always.
        colors: "style"; "luminance" lays the content's chroma over the result; "matched" first gives the style image
            the mean and covariance of the content's colours.
        weights: "imagenet", the path of the weight file, None for an untrained network, or kernels of your own, as
            `FeatureExtractor` takes them.

    `alpha`, `beta`, `gamma`, `learning_rate` and the weights in `style_layers` may be set between steps. `warn` gets a
    sentence where a step had to be taken back; unless it is set, that is one of Python's warnings.

    Raises:
        InputError: a setting or an image that cannot work.

    Source: Gatys, Ecker & Bethge 2016. Built in notebooks/05_the_loop.
    """

    alpha, beta, gamma = _live("alpha"), _live("beta"), _live("gamma")
    learning_rate, style_layers = _live("learning_rate"), _live("style_layers")
    Objective = Objective
    """What is minimised at each size; a subclass may put one of its own here."""

    def __init__(
        self,
        content: np.ndarray,
        style: np.ndarray | Sequence[np.ndarray],
        *,
        alpha: float = DEFAULTS.alpha,
        beta: float = DEFAULTS.beta,
        gamma: float = DEFAULTS.gamma,
        content_layer: str = DEFAULTS.content_layer,
        style_layers: Iterable[str] | Mapping[str, float | None] = tuple(DEFAULTS.style_layers),
        style_distance: str | None = None,
        scales: Mapping[int, int] = DEFAULTS.scales,
        init: str | np.ndarray = DEFAULTS.init,
        optimizer: str = DEFAULTS.optimizer,
        learning_rate: float | None = None,
        schedule: str = DEFAULTS.schedule,
        reduction: str = DEFAULTS.reduction,
        pooling: str = DEFAULTS.pooling,
        seed: int = DEFAULTS.seed,
        precision: str = DEFAULTS.precision,
        colors: str = DEFAULTS.colors,
        weights: str | os.PathLike | Kernels | None = "imagenet",
    ):
        self.settings = s = Settings(
            alpha=alpha,
            beta=beta,
            gamma=gamma,
            content_layer=content_layer,
            style_layers=style_layers,
            style_distance=style_distance,
            scales=scales,
            init=init if isinstance(init, str) else "image",
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=schedule,
            reduction=reduction,
            pooling=pooling,
            seed=seed,
            precision=precision,
            colors=colors,
        )
        content = checked_image("content", content, s.layers)
        if s.scales and max(s.scales) >= max(content.shape[1:3]):
            raise InputError(f"the sizes in scales must be smaller than the content, {max(content.shape[1:3])} pixels.")
        styles = [
            checked_image("style", each, s.layers) for each in (style if isinstance(style, (list, tuple)) else [style])
        ]
        if s.colors == "matched":
            styles = [tf.constant(with_color_statistics_of(content, each)) for each in styles]
        self._finish = partial(with_chroma_of, content) if s.colors == "luminance" else np.asarray
        self.features = FeatureExtractor(
            s.layers, weights=weights, pooling=s.pooling, normalize=s.reduction == "mean", precision=s.precision
        )
        check_memory(content.shape, max(styles, key=tf.size).shape, s, self.features.precision)
        self._images = content, styles
        self._objectives: dict[tuple[int, ...], Objective] = {}
        self._optimizer = self._new_optimizer()
        small = shrunk(content, self._shape_at(1))  # noise has to be that of the size it begins at
        first = first_image(init, small if isinstance(init, str) else content, styles[0], s)
        self._most_saturation = 0.5 + 0.5 * max(map(_saturation, (content, *styles, first)))
        self.iteration = 0
        self.image = shrunk(first, small.shape)
        self.objective = self._objective_for(self.image.shape)
        self._lock, self.warn = threading.RLock(), partial(warnings.warn, stacklevel=3)
        self._found: tuple[Losses, tf.Tensor] | None = None  # at self.image, under the present weights

    def steps(self, n: int) -> Iterator[Snapshot]:
        """Yield a snapshot after each of the next `n` iterations.

        A step that diverges is taken back and tried again at half the learning rate, with a warning.

        Raises:
            Diverged: that did not help; `image` is the last good one.
        """
        for _ in range(n):
            with self._lock:  # a cell may step a run that a widget is playing
                self._step()
                snapshot = self.snapshot
            yield snapshot

    @property
    def snapshot(self) -> Snapshot:
        """The present image and its losses."""
        losses, _ = self._evaluate_once()
        image = enlarged(self.image, self._images[0].shape).numpy()
        return Snapshot(self.iteration, self._finish(image), losses, max(self.image.shape))

    def run(
        self,
        n: int,
        *,
        snapshots: Iterable[int] | int = (),
        progress: bool = True,
        each: Callable[[Snapshot], None] | None = None,
    ) -> list[Snapshot]:
        """Do `n` iterations; Ctrl-C ends them after the one under way, a step that diverges for good before it.

        Args:
            n: how many iterations, at least 1.
            snapshots: the iterations to keep, counted from the start of the run, or a number m for every m-th.
            progress: whether to show a bar with the losses and the time left.
            each: is called with every snapshot.

        Returns:
            The snapshots that were to be kept; the last one of the run is always there, as `[-1]`.
        """
        n = whole_number("n", n, 1, 10**9)
        if isinstance(snapshots, int):
            whole_number("snapshots", snapshots, 1, 10**9)
        kept = []
        with interrupts_noted() as interrupted, progress_bar(self, n, shown=progress) as tell:
            for snapshot in self._until_it_diverges(n):
                tell(snapshot)
                if each:
                    each(snapshot)
                if is_wanted(snapshot.iteration, snapshots):
                    kept.append(snapshot)
                if interrupted.is_set():
                    break
        if not kept or kept[-1].iteration != self.iteration:
            kept.append(self.snapshot)
        return kept

    def work(self, n: int) -> float:
        """Return how many iterations at the content's size would take as long as the next `n` will, at their sizes."""
        shape, begun, end = self._images[0].shape, self.iteration, self.iteration + n
        first, work = 0, 0.0
        for size, iterations in self.settings.scales.items():
            smaller = shape_at_size(shape, size, self.settings.layers)
            within = max(0, min(first + iterations, end) - max(first, begun))
            work += within * math.prod(smaller) / math.prod(shape)
            first += iterations
        return work + max(0, end - max(first, begun))

    def _until_it_diverges(self, n: int) -> Iterator[Snapshot]:
        try:
            yield from self.steps(n)
        except Diverged as error:
            warnings.warn(str(error), stacklevel=3)

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays from which `restore` goes on exactly."""
        return self._optimizer.state(self.image, self.iteration) | {"learning_rate": self._optimizer.learning_rate}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a `state` of a run with the same images and settings.

        Raises:
            InputError: the state is of an image of another shape.
        """
        shape = state["image"].shape
        if shape not in (self._shape_at(int(state["iteration"]) + further) for further in (0, 1)):
            raise InputError("the saved state is of an image of another shape; start the run anew.")
        self._optimizer.restore(state)
        self._optimizer.learning_rate = float(state["learning_rate"])
        self.image, self.iteration, self._found = tf.constant(state["image"]), int(state["iteration"]), None
        self.objective = self._objective_for(shape)

    def _step(self) -> None:
        if self.image.shape != (shape := self._shape_at(self.iteration + 1)):
            self._go_on_at(shape)
        losses, gradient = self._evaluate_once()
        good = self.image, self._optimizer, self._found
        for _ in range(HALVINGS):
            self._optimizer = copy.copy(self._optimizer)
            self.image, self._found = self._optimizer.update(self.image, losses.total, gradient), None
            self.iteration += 1
            if not (trouble := self._trouble()):
                return
            self.iteration -= 1
            self.image, self._optimizer, self._found = good
            rate = self._optimizer.learning_rate = self._optimizer.learning_rate / 2
            self.warn(f"iteration {self.iteration + 1} diverged: {trouble}; trying again at the rate {rate:g}.")
        raise Diverged(
            f"iteration {self.iteration + 1} diverges at any learning rate; the picture after iteration "
            f"{self.iteration} is kept: lower the weights, or the learning rate, and start anew."
        )

    def _shape_at(self, iteration: int) -> tuple[int, ...]:
        """Return the shape of the image that an iteration, counted from 1, makes."""
        content = self._images[0]
        for size, iterations in self.settings.scales.items():
            if iteration <= iterations:
                return shape_at_size(content.shape, size, self.settings.layers)
            iteration -= iterations
        return tuple(content.shape)

    def _go_on_at(self, shape: tuple[int, ...]) -> None:
        """Enlarge the image to the next size, where the optimizer begins again: that ends lower than to carry on."""
        rate = self._optimizer.learning_rate
        self.objective, self.image, self._found = self._objective_for(shape), enlarged(self.image, shape), None
        self._optimizer = self._new_optimizer()
        self._optimizer.learning_rate = rate

    def _new_optimizer(self) -> Adam | LBFGS:
        s = self.settings
        return Adam(s.learning_rate, s.schedule) if s.optimizer == "adam" else LBFGS(s.learning_rate)

    def _objective_for(self, shape: tuple[int, ...]) -> Objective:
        """Return what is to be minimised at a size: both originals are scaled down to it."""
        shape = tuple(shape)
        if shape not in self._objectives:
            content, styles = self._images
            share = max(shape) / max(content.shape)
            smaller = [
                shrunk(each, shape_at_size(each.shape, share * max(each.shape), self.settings.layers))
                for each in styles
            ]
            self._objectives[shape] = self.Objective(shrunk(content, shape), smaller, self.settings, self.features)
        return self._objectives[shape]

    def _trouble(self) -> str | None:
        """Return what is wrong with the present image, if anything is."""
        try:
            self._evaluate_once()
        except Diverged:
            return "the loss or its gradient is not a finite number"
        if (share := _saturation(self.image)) > self._most_saturation:
            return f"{share:.0%} of its values were wholly dark or bright"
        return None

    def _change(self, name: str, value) -> None:
        settings = replace(self.settings, **{name: value})
        if list(settings.style_layers) != list(self.settings.style_layers):
            raise InputError("only the weights of the style layers can be changed during a run, not which they are.")
        with self._lock:
            self.settings, self._found = settings, None
            if name == "learning_rate":
                self._optimizer.learning_rate = settings.learning_rate
            else:
                self._optimizer.restart()

    def _evaluate_once(self) -> tuple[Losses, tf.Tensor]:
        if self._found is None:
            s = self.settings
            weights = tf.constant([s.alpha, s.beta, s.gamma]), tf.constant(list(s.style_layers.values()))
            values, gradient = self.objective.evaluate(self.image, *weights)
            total, content, style, tv, *terms = values.numpy().tolist()
            if not (np.isfinite(total) and np.isfinite(gradient).all()):
                raise Diverged("the loss or its gradient is not a finite number; lower the weights.")
            layers = dict(zip(s.style_layers, terms, strict=True))
            self._found = Losses(content, style, tv, total, layers), gradient
        return self._found


@contextmanager
def progress_bar(transfer: StyleTransfer, n: int, *, shown: bool = True) -> Iterator[Callable[[Snapshot], None]]:
    """Show a bar with the time left for the next `n` iterations at their sizes; yields what is to get each snapshot."""
    last = transfer.iteration + n
    with tqdm(total=transfer.work(n), disable=not shown, bar_format=BAR) as bar:

        def tell(snapshot: Snapshot) -> None:
            bar.set_postfix_str(f"iteration {snapshot.iteration} of {last}, {describe(snapshot)}", refresh=False)
            share = (snapshot.size / max(snapshot.image.shape)) ** 2  # of the pixels
            bar.update(min(share, bar.total - bar.n))

        yield tell


def describe(snapshot: Snapshot) -> str:
    """Return the size that was painted and the losses on one line."""
    x = snapshot.losses
    return f"{snapshot.size} px, content {x.content:.3g}, style {x.style:.3g}, tv {x.tv:.3g}, total {x.total:.4g}"


def is_wanted(iteration: int, snapshots: Iterable[int] | int) -> bool:
    """Whether `snapshots`, a list of iterations or a number m for every m-th, names this iteration."""
    return iteration % snapshots == 0 if isinstance(snapshots, int) else iteration in snapshots


def _saturation(image: tf.Tensor) -> float:
    """Return the share of an image's values that are 0 or 1, where clipping leaves what has gone too far."""
    return float(np.mean((image == 0) | (image == 1)))
