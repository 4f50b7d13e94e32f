"""The one optimisation loop: a content image and a style image in, a generated image out, snapshot by snapshot."""

import copy
import inspect
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from .errors import Diverged, InputError
from .inputs import Originals, enlarged, first_image, shrunk
from .machine.disk import File
from .machine.interrupts import interrupts_deferred
from .machine.memory import check_memory
from .machine.progress import progress_bar
from .machine.stillness import while_changing
from .objective import Objective
from .optimizers import LBFGS, Adam
from .settings import Settings, check_mask_counts, whole_number
from .snapshot import Losses, Snapshot
from .tiles import TiledObjective
from .vgg import Kernels, shared_extractor

HALVINGS = 8
"""How often a diverging step is retried, each time at half the learning rate."""


def _live(name: str) -> property:
    """Return a property for a setting that may be changed between two steps of a run."""
    return property(
        lambda self: getattr(self.settings, name),
        lambda self, value: self._change(name, value),
        doc=f"`{name}`, which may be changed between two steps; nothing is compiled again.",
    )


class StyleTransfer:
    """Neural style transfer by optimising the image: total = α·content + β·style + γ·total variation.

    Args:
        content, style: images `[1, H, W, 3]`, RGB, 0..1, of any two sizes; a list of style images blends their styles.
        masks: where the styles are painted, arrays `[h, w]`, 0..1, scaled to the content: one for all styles or one
            for each. White is painted, grey partly; where all are black the content stays.
        style_masks: for each style the part of its image to learn from, in the same form, or None for all of it.
        keep: where the content stays even if a mask is white, in the same form.
        init: the image to start from: "content", "noise", "style" (scaled to the content's shape), or an image.
        weights: "imagenet", the path of the weight file, None for an untrained network, or kernels of your own, as
            `FeatureExtractor` takes them.
        settings: the others, as `Settings` explains them: `alpha`, `beta`, `gamma`, `content_layers`, `style_layers`,
            `style_distance`, `style_weights`, `scales`, `optimizer`, `learning_rate`, `schedule`, `reduction`,
            `pooling`, `seed`, `precision`, `colors`, `color_strength`.

    `alpha`, `beta`, `gamma`, `learning_rate`, `style_weights`, `color_strength` and the weights in `style_layers` may
    be set between steps. `warn` is called with a sentence when a step is retried; by default it is `warnings.warn`.

    Raises:
        InputError: a setting or an image that cannot work.

    Source: Gatys, Ecker & Bethge 2016. Built in notebooks/05_the_loop.
    """

    alpha, beta, gamma = _live("alpha"), _live("beta"), _live("gamma")
    learning_rate, style_layers = _live("learning_rate"), _live("style_layers")
    style_weights, color_strength = _live("style_weights"), _live("color_strength")
    Objective = Objective
    """What is minimised at each size; a subclass may replace it."""

    def __init__(
        self,
        content: np.ndarray,
        style: np.ndarray | Sequence[np.ndarray],
        *,
        masks: Sequence[np.ndarray] = (),
        style_masks: Sequence[np.ndarray | None] = (),
        keep: np.ndarray | None = None,
        init: str | np.ndarray = "content",
        weights: File | Kernels | None = "imagenet",
        **settings: Any,
    ):
        self._lock = threading.RLock()  # a cell may step a run that a widget is playing
        self.settings = s = Settings(init=init if isinstance(init, str) else "image", **settings)
        self.originals = Originals.checked(content, style, s, masks, style_masks, keep)
        self.features = shared_extractor(
            s.layers, weights, s.precision, pooling=s.pooling, normalize=s.reduction == "mean"
        )
        content, styles = self.originals.content, self.originals.styles
        largest_style = max(styles, key=tf.size).shape
        self._tile_pixels = check_memory(
            content.shape, largest_style, s, self.features.precision, tiles=self.Objective is Objective
        )
        small = shrunk(content, self.originals.shape_at(1))  # noise is drawn at the first size
        first = first_image(init, small if isinstance(init, str) else content, styles[0], s)
        self._most_saturation = 0.5 + 0.5 * max(map(_saturation, (content, *styles, first)))
        self._objectives: dict[tuple[int, ...], Objective] = {}
        self._optimizer = self._new_optimizer(s.learning_rate)
        self.iteration = 0
        self.image = shrunk(first, small.shape)
        self.objective = self._objective_at(self.image.shape)
        self._evaluated: tuple[Losses, tf.Tensor] | None = None  # losses and gradient at self.image, once evaluated
        self.warn = partial(warnings.warn, stacklevel=3)

    def steps(self, n: int, *, until_still: bool = False) -> Iterator[Snapshot]:
        """Yield a snapshot after each of the next `n` iterations.

        A step that diverges is undone and retried at half the learning rate, with a warning. With `until_still` it ends
        early, once the picture at its last size no longer changes visibly.

        Raises:
            Diverged: retrying did not help; `image` is the last good one.
        """
        if until_still:
            yield from while_changing(self.steps(n), sum(self.settings.scales.values()))
            return
        for _ in range(n):
            with self._lock:
                self._step()
                snapshot = self.snapshot
            yield snapshot

    def _step(self) -> None:
        if self.image.shape != (shape := self.originals.shape_at(self.iteration + 1)):
            self._go_on_at(shape)
        losses, gradient = self._evaluate_once()
        good = self.image, self._optimizer, self._evaluated
        for _ in range(HALVINGS):
            self._optimizer = copy.copy(self._optimizer)
            self.image, self._evaluated = self._optimizer.update(self.image, losses.total, gradient), None
            self.iteration += 1
            if not (trouble := self._trouble()):
                return
            self.iteration -= 1
            self.image, self._optimizer, self._evaluated = good
            rate = self._optimizer.learning_rate = self._optimizer.learning_rate / 2
            self.warn(f"iteration {self.iteration + 1} diverged: {trouble}; trying again at the rate {rate:g}.")
        raise Diverged(
            f"iteration {self.iteration + 1} diverges at any learning rate; the picture after iteration "
            f"{self.iteration} is kept: lower the weights or the learning rate, and start again."
        )

    def _evaluate_once(self) -> tuple[Losses, tf.Tensor]:
        if self._evaluated is None:
            s = self.settings
            weights = tf.constant([s.alpha, s.beta, s.gamma]), tf.constant(list(s.style_layers.values()))
            values, gradient = self.objective.evaluate(self.image, *weights)
            total, content, style, tv, *terms = values.numpy().tolist()
            if not (np.isfinite(total) and np.isfinite(gradient).all()):
                raise Diverged("the loss or its gradient is not a finite number; lower the weights.")
            layers = dict(zip(s.style_layers, terms, strict=True))
            self._evaluated = Losses(content, style, tv, total, layers), gradient
        return self._evaluated

    def _trouble(self) -> str | None:
        """Return what is wrong with the present image, if anything is."""
        try:
            self._evaluate_once()
        except Diverged:
            return "the loss or its gradient is not a finite number"
        if (share := _saturation(self.image)) > self._most_saturation:
            return f"{share:.0%} of its values were pure black or white"
        return None

    def _go_on_at(self, shape: tuple[int, ...]) -> None:
        """Enlarge the picture to the next size; a new optimizer there ends lower than the old one would."""
        self.objective, self.image, self._evaluated = self._objective_at(shape), enlarged(self._shown, shape), None
        self._optimizer = self._new_optimizer(self._optimizer.learning_rate)

    def _objective_at(self, shape: Sequence[int]) -> Objective:
        """Return what is minimised at a size; it is kept, since a run may return to that size."""
        shape = tuple(shape)
        if shape not in self._objectives:
            given = self.originals.at(shape)
            largest = max(tf.size(each) / 3 for each in (given["content"], *given["styles"]))
            whole = self._tile_pixels is None or largest <= self._tile_pixels
            kind = self.Objective if whole else partial(TiledObjective, pixels=self._tile_pixels)
            self._objectives[shape] = kind(**given, settings=self.settings, features=self.features)
        return self._objectives[shape]

    def _new_optimizer(self, rate: float) -> Adam | LBFGS:
        return Adam(rate, self.settings.schedule) if self.settings.optimizer == "adam" else LBFGS(rate)

    @property
    def _shown(self) -> tf.Tensor:
        """The average of this size's iterates, or the image itself where nothing is averaged."""
        return self.image if self._optimizer.average is None else self._optimizer.average

    @property
    def snapshot(self) -> Snapshot:
        """The present image and its losses."""
        with self._lock:
            losses, _ = self._evaluate_once()
            image = enlarged(self._shown, self.originals.content.shape).numpy()
            image = self.originals.finish(image, self.settings.color_strength)
            return Snapshot(self.iteration, image, losses, max(self.image.shape))

    def run(
        self,
        n: int,
        *,
        snapshots: Iterable[int] | int = (),
        progress: bool = True,
        until_still: bool = False,
        each: Callable[[Snapshot], None] | None = None,
    ) -> list[Snapshot]:
        """Do `n` iterations, fewer after Ctrl-C, or if a step diverges for good and is undone.

        Args:
            n: how many iterations, at least 1.
            snapshots: the iterations to keep, counted from the start of the run, or a number m for every m-th.
            progress: whether to show a bar with the losses and the time left.
            until_still: as for `steps`.
            each: is called with every snapshot.

        Returns:
            The snapshots to keep, and always the last one, as `[-1]`.
        """
        n = whole_number("n", n, 1, 10**9)
        if isinstance(snapshots, Iterable):
            snapshots = set(snapshots)
        else:
            snapshots = whole_number("snapshots", snapshots, 1, 10**9)
        kept = []
        with interrupts_deferred() as interrupted, progress_bar(self, n, shown=progress) as advance:
            try:
                for snapshot in self.steps(n, until_still=until_still):
                    advance(snapshot)
                    if each:
                        each(snapshot)
                    if is_wanted(snapshot.iteration, snapshots):
                        kept.append(snapshot)
                    if interrupted.is_set():
                        break
            except Diverged as error:
                warnings.warn(str(error), stacklevel=2)
        if not kept or kept[-1].iteration != self.iteration:
            kept.append(self.snapshot)
        return kept

    def work(self, n: int) -> float:
        """Return how many iterations at the content's size take as long as the next `n`, some of them smaller."""
        return self.originals.work(self.iteration, self.iteration + n)

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays from which `restore` continues exactly."""
        with self._lock:
            return {"image": self.image.numpy(), "iteration": self.iteration} | self._optimizer.state()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from a `state` of a run with the same images and settings.

        Raises:
            InputError: the state is of an image of another shape.
        """
        shape, iteration = state["image"].shape, int(state["iteration"])
        if shape not in (self.originals.shape_at(iteration), self.originals.shape_at(iteration + 1)):
            raise InputError("the saved state is of an image of another shape; start the run again.")
        with self._lock:
            self._optimizer.restore(state)
            self.image, self.iteration, self._evaluated = tf.constant(state["image"]), iteration, None
            self.objective = self._objective_at(shape)

    def _change(self, name: str, value: Any) -> None:
        with self._lock:
            settings = replace(self.settings, **{name: value})
            if list(settings.style_layers) != list(self.settings.style_layers):
                raise InputError("during a run only the weights of the style layers can be changed, not the layers.")
            if name == "style_weights":
                styles = len(self.originals.styles)
                if len(settings.style_weights) != styles:
                    raise InputError(f"style_weights must be {styles} numbers, one for each style.")
                check_mask_counts(self.originals.masks, (), styles, settings.style_weights)
            self.settings = settings
            if name == "color_strength":
                return
            self._evaluated = None
            if name == "style_weights":
                for objective in self._objectives.values():
                    objective.blend(settings.style_weights)
            if name == "learning_rate":
                self._optimizer.learning_rate = settings.learning_rate
            else:
                self._optimizer.restart()


def _naming_settings(own: inspect.Signature) -> inspect.Signature:
    """Return a signature with the settings by name, which is what help, Tab and Shift-Tab show."""
    named = [parameter for parameter in own.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    settings = inspect.signature(Settings).parameters.values()
    named += [each.replace(kind=each.KEYWORD_ONLY) for each in settings if each.name not in own.parameters]
    return own.replace(parameters=named)


StyleTransfer.__signature__ = _naming_settings(inspect.signature(StyleTransfer))


def is_wanted(iteration: int, snapshots: Iterable[int] | int) -> bool:
    """Whether `snapshots`, a list of iterations or a number m for every m-th, names this iteration."""
    return iteration % snapshots == 0 if isinstance(snapshots, int) else iteration in snapshots


def _saturation(image: tf.Tensor) -> float:
    """Return the share of an image's values that are 0 or 1, where clipping leaves what has gone too far."""
    return float(np.mean((image == 0) | (image == 1)))
