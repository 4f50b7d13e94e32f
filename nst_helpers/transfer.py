"""The one optimisation loop: a content image and a style image in, a generated image out, snapshot by snapshot."""

import copy
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from .budget import check_memory
from .color import with_chroma_of, with_color_statistics_of
from .errors import Diverged, InputError
from .inputs import checked_image, first_image
from .interrupts import interrupts_noted
from .layers import STYLE_LAYERS
from .losses import content_loss, gram_loss, gram_matrix, total_variation_loss
from .optimizers import LBFGS, Adam
from .settings import DEFAULTS, Settings, whole_number
from .vgg import FeatureExtractor, Kernels

LOSS_SCALE = 1024.0
"""Lifts float16 gradients above the smallest number that float16 can hold."""
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
    """The image `[1, H, W, 3]`, float32, 0..1, at an iteration, and the losses of that very image.

    With `colors="luminance"` the content's chroma is in it already; the losses are those of the image without.
    """

    iteration: int
    image: np.ndarray
    losses: Losses

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
        style_layers: the layers whose Gram matrices are to be matched: names, each with its `balanced_weight`, or a
            dict from name to weight.
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

    def __init__(
        self,
        content: np.ndarray,
        style: np.ndarray | Sequence[np.ndarray],
        *,
        alpha: float = DEFAULTS.alpha,
        beta: float = DEFAULTS.beta,
        gamma: float = DEFAULTS.gamma,
        content_layer: str = DEFAULTS.content_layer,
        style_layers: Iterable[str] | Mapping[str, float | None] = STYLE_LAYERS,
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
        # AutoGraph would rewrite Python's ifs and loops over tensors; here are none, and to look for them takes longer
        # than all the tracing.
        self._content_target = tf.function(self._content_features, autograph=False)(content)
        self._style_target = _blended([tf.function(self._style_statistics, autograph=False)(each) for each in styles])
        self._evaluate = tf.function(self._losses_and_gradient, autograph=False)
        self._optimizer = Adam(s.learning_rate, s.schedule) if s.optimizer == "adam" else LBFGS(s.learning_rate)
        self.image = first_image(init, content, styles[0], s)
        self._most_saturation = 0.5 + 0.5 * max(map(_saturation, (content, *styles, self.image)))
        self.iteration = 0
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
        return Snapshot(self.iteration, self._finish(self.image.numpy()), losses)

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
        with interrupts_noted() as interrupted, tqdm(total=n, disable=not progress, unit="it") as bar:
            for snapshot in self._until_it_diverges(n):
                bar.update()
                bar.set_postfix_str(describe(snapshot.losses), refresh=False)
                if each:
                    each(snapshot)
                if is_wanted(snapshot.iteration, snapshots):
                    kept.append(snapshot)
                if interrupted.is_set():
                    break
        if not kept or kept[-1].iteration != self.iteration:
            kept.append(self.snapshot)
        return kept

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
        if state["image"].shape != tuple(self.image.shape):
            raise InputError("the saved state is of an image of another shape; start the run anew.")
        self._optimizer.restore(state)
        self._optimizer.learning_rate = float(state["learning_rate"])
        self.image, self.iteration, self._found = tf.constant(state["image"]), int(state["iteration"]), None

    def _step(self) -> None:
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
            values, gradient = self._evaluate(self.image, *weights)
            total, content, style, tv, *terms = values.numpy().tolist()
            if not (np.isfinite(total) and np.isfinite(gradient).all()):
                raise Diverged("the loss or its gradient is not a finite number; lower the weights.")
            layers = dict(zip(s.style_layers, terms, strict=True))
            self._found = Losses(content, style, tv, total, layers), gradient
        return self._found

    def _losses_and_gradient(
        self, image: tf.Tensor, weights: tf.Tensor, layer_weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The step's work: the losses at an image and the gradient of their total.

        The weights come as tensors: as Python floats each new value would be compiled into a function of its own.
        """
        alpha, beta, gamma = tf.unstack(weights)
        with tf.GradientTape() as tape:
            tape.watch(image)
            content, terms, tv = self.terms(image)
            style = tf.reduce_sum(layer_weights * terms)
            total = alpha * content + beta * style + gamma * tv
            scale = LOSS_SCALE if self.features.precision == "float16" else 1.0
            scaled = total * scale
        return tf.stack([total, content, style, tv, *terms]), tape.gradient(scaled, image) / scale

    def terms(self, image: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """Return the unweighted losses at an image `[1, H, W, 3]`: content, each style layer's, total variation."""
        reduction = self.settings.reduction
        features = self.features(image)
        content = content_loss(self._content_target, features[self.settings.content_layer], reduction=reduction)
        style = [
            gram_loss(target, self.style_statistic(features[layer]), reduction=reduction)
            for layer, target in self._style_target.items()
        ]
        return content, style, total_variation_loss(image, reduction=reduction)

    def style_statistic(self, features: tf.Tensor) -> tf.Tensor:
        """Return what is to be alike in style and generated image at a layer `[1, h, w, C]`: its Gram matrix.

        A subclass may take another statistic, made by TensorFlow's functions, as notebooks/10_do_we_need_gram does.
        """
        return gram_matrix(features, reduction=self.settings.reduction)

    def _content_features(self, content: tf.Tensor) -> tf.Tensor:
        return self.features(content)[self.settings.content_layer]

    def _style_statistics(self, style: tf.Tensor) -> dict[str, tf.Tensor]:
        features = self.features(style)
        return {layer: self.style_statistic(features[layer]) for layer in self.settings.style_layers}


def describe(losses: Losses) -> str:
    """Return the losses on one line."""
    return f"content {losses.content:.3g}, style {losses.style:.3g}, tv {losses.tv:.3g}, total {losses.total:.4g}"


def is_wanted(iteration: int, snapshots: Iterable[int] | int) -> bool:
    """Whether `snapshots`, a list of iterations or a number m for every m-th, names this iteration."""
    return iteration % snapshots == 0 if isinstance(snapshots, int) else iteration in snapshots


def _saturation(image: tf.Tensor) -> float:
    """Return the share of an image's values that are 0 or 1, where clipping leaves what has gone too far."""
    return float(np.mean((image == 0) | (image == 1)))


def _blended(styles: list[dict[str, tf.Tensor]]) -> dict[str, tf.Tensor]:
    """Return the mean of what several style images are to be matched by."""
    return {layer: tf.add_n([each[layer] for each in styles]) / len(styles) for layer in styles[0]}
