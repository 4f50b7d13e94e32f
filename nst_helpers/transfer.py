"""The one optimisation loop: a content image and a style image in, a generated image out, snapshot by snapshot."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from .errors import InputError
from .interrupts import interrupts_noted
from .layers import STYLE_LAYERS, check_side
from .losses import content_loss, gram_loss, gram_matrix, total_variation_loss
from .optimizers import LBFGS, Adam
from .settings import DEFAULTS, Settings, whole_number
from .vgg import FeatureExtractor

LOSS_SCALE = 1024.0
"""Lifts float16 gradients above the smallest number that float16 can hold."""


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
    """The image `[1, H, W, 3]`, float32, 0..1, at an iteration, and the losses of that very image."""

    iteration: int
    image: np.ndarray
    losses: Losses


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
        content, style: float32 `[1, H, W, 3]`, RGB, 0..1; they may differ in size and aspect.
        alpha, beta, gamma: weights of the content, style and total variation loss, at least 0.
        content_layer: the layer whose activations are to be kept.
        style_layers: the layers whose Gram matrices are to be matched: names, each with its `balanced_weight`, or a
            dict from name to weight.
        init: where the image starts: "content", "noise", "style" (scaled to the content's shape), or an image.
        optimizer: "adam" or "lbfgs". An iteration is one update of the image, after which it is evaluated once.
        learning_rate: length of the first step, in units of the 0..1 pixel range; None takes what suits the schedule.
        schedule: "decay" lets Adam's rate fall like 1/√k and takes a large ε; "constant" is Adam as published.
        reduction: "mean" makes weights mean the same at every size; "sum" is the literal form, on VGG19's raw
            activations and with all layers' weights 1.
        pooling: "max", as VGG19 was trained, or "avg".
        seed: of the noise.
        precision: arithmetic of the network, "auto", "float32", "bfloat16" or "float16"; the image, the losses and
            the optimizer are float32 always.
        weights: "imagenet", the path of the weight file, or None for an untrained network.

    `alpha`, `beta`, `gamma`, `learning_rate` and the weights in `style_layers` may be set between steps.

    Raises:
        InputError: a setting or an image that cannot work.

    Source: Gatys, Ecker & Bethge 2016. Built in notebooks/05_the_loop.
    """

    alpha, beta, gamma = _live("alpha"), _live("beta"), _live("gamma")
    learning_rate, style_layers = _live("learning_rate"), _live("style_layers")

    def __init__(
        self,
        content: np.ndarray,
        style: np.ndarray,
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
        weights: str | os.PathLike | None = "imagenet",
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
        )
        content, style = (_check_image(*each, s.layers) for each in (("content", content), ("style", style)))
        self.features = FeatureExtractor(
            s.layers, weights=weights, pooling=s.pooling, normalize=s.reduction == "mean", precision=s.precision
        )
        self._content_target, self._style_target = tf.function(self._targets)(content, style)
        self._evaluate = tf.function(self._losses_and_gradient)
        self._optimizer = Adam(s.learning_rate, s.schedule) if s.optimizer == "adam" else LBFGS(s.learning_rate)
        self.image = _first_image(init, content, style, s)
        self.iteration = 0
        self._found: tuple[Losses, tf.Tensor] | None = None  # at self.image, under the present weights

    def steps(self, n: int) -> Iterator[Snapshot]:
        """Yield a snapshot after each of the next `n` iterations."""
        for _ in range(n):
            losses, gradient = self._evaluate_once()
            image = self._optimizer.update(self.image, losses.total, gradient)
            self.image, self.iteration, self._found = image, self.iteration + 1, None
            yield self.snapshot

    @property
    def snapshot(self) -> Snapshot:
        """The present image and its losses."""
        losses, _ = self._evaluate_once()
        return Snapshot(self.iteration, self.image.numpy(), losses)

    def run(
        self,
        n: int,
        *,
        snapshots: Iterable[int] | int = (),
        progress: bool = True,
        each: Callable[[Snapshot], None] | None = None,
    ) -> list[Snapshot]:
        """Do `n` iterations; Ctrl-C ends them after the one under way.

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
            for snapshot in self.steps(n):
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

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays from which `restore` goes on exactly; for L-BFGS a few iterations further back."""
        return self._optimizer.state(self.image, self.iteration)

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a `state` of a run with the same images and settings.

        Raises:
            InputError: the state is of an image of another shape.
        """
        if state["image"].shape != tuple(self.image.shape):
            raise InputError("the saved state is of an image of another shape; start the run anew.")
        self._optimizer.restore(state)
        self.image, self.iteration, self._found = tf.constant(state["image"]), int(state["iteration"]), None

    def _change(self, name: str, value) -> None:
        settings = replace(self.settings, **{name: value})
        if list(settings.style_layers) != list(self.settings.style_layers):
            raise InputError("only the weights of the style layers can be changed during a run, not which they are.")
        self.settings, self._found = settings, None
        self._optimizer.learning_rate = settings.learning_rate
        self._optimizer.restart()

    def _evaluate_once(self) -> tuple[Losses, tf.Tensor]:
        if self._found is None:
            s = self.settings
            weights = tf.constant([s.alpha, s.beta, s.gamma]), tf.constant(list(s.style_layers.values()))
            values, gradient = self._evaluate(self.image, *weights)
            total, content, style, tv, *terms = values.numpy().tolist()
            if not np.isfinite(total):
                raise InputError("the loss is no longer a finite number; lower the weights or the learning rate.")
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
        reduction = self.settings.reduction
        with tf.GradientTape() as tape:
            tape.watch(image)
            features = self.features(image)
            content = content_loss(self._content_target, features[self.settings.content_layer], reduction=reduction)
            grams = self._grams(features)
            terms = [gram_loss(self._style_target[layer], grams[layer], reduction=reduction) for layer in grams]
            style = tf.reduce_sum(layer_weights * terms)
            tv = total_variation_loss(image, reduction=reduction)
            total = alpha * content + beta * style + gamma * tv
            scale = LOSS_SCALE if self.features.precision == "float16" else 1.0
            scaled = total * scale
        return tf.stack([total, content, style, tv, *terms]), tape.gradient(scaled, image) / scale

    def _targets(self, content: tf.Tensor, style: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        return self.features(content)[self.settings.content_layer], self._grams(self.features(style))

    def _grams(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        reduction = self.settings.reduction
        return {layer: gram_matrix(features[layer], reduction=reduction) for layer in self.settings.style_layers}


def describe(losses: Losses) -> str:
    """Return the losses on one line."""
    return f"content {losses.content:.3g}, style {losses.style:.3g}, tv {losses.tv:.3g}, total {losses.total:.4g}"


def is_wanted(iteration: int, snapshots: Iterable[int] | int) -> bool:
    """Whether `snapshots`, a list of iterations or a number m for every m-th, names this iteration."""
    return iteration % snapshots == 0 if isinstance(snapshots, int) else iteration in snapshots


def _check_image(name: str, image: np.ndarray, layers: Iterable[str]) -> tf.Tensor:
    array = np.asarray(image, np.float32)
    if array.ndim != 4 or array.shape[0] != 1 or array.shape[3] != 3:
        raise InputError(f"the {name} image must have the shape [1, H, W, 3], not {list(array.shape)}.")
    if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
        raise InputError(f"the {name} image must hold numbers from 0 to 1; divide an image of 0..255 by 255.")
    check_side(name, array.shape, layers)
    return tf.constant(array)


def _first_image(init: str | np.ndarray, content: tf.Tensor, style: tf.Tensor, settings: Settings) -> tf.Tensor:
    if not isinstance(init, str):
        image = _check_image("initial", init, settings.layers)
        if image.shape != content.shape:
            raise InputError(f"the initial image must have the content's shape {list(content.shape)}.")
        return image
    if init == "noise":
        return tf.constant(np.random.default_rng(settings.seed).random(content.shape, np.float32))
    if init == "style":
        return tf.clip_by_value(tf.image.resize(style, content.shape[1:3], antialias=True), 0, 1)
    return content
