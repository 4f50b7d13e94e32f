"""The images that a run is given: checked, scaled, and made into the one it starts from."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from .color import with_chroma_of, with_color_statistics_of
from .errors import InputError
from .layers import check_side, smallest_side
from .regions import check_unit_range, checked_mask, resized_mask
from .settings import Settings, check_mask_counts


@dataclass(frozen=True)
class Originals:
    """The images of a run, what each of its sizes uses of them, and what a finished picture keeps of the content.

    Args:
        content: `[1, H, W, 3]`, 0..1.
        styles: images `[1, h, w, 3]`, 0..1.
        settings: of the run; its `scales` say how many iterations each smaller size has.
        masks: where the styles are painted, `[h, w]`, 0..1, as `Objective` takes them but of any size.
        style_masks: the part of each style image to learn from, in the same form, or None.
    """

    content: tf.Tensor
    styles: Sequence[tf.Tensor]
    settings: Settings
    masks: Sequence[np.ndarray]
    style_masks: Sequence[np.ndarray | None]

    @classmethod
    def checked(
        cls,
        content: np.ndarray,
        style: np.ndarray | Sequence[np.ndarray],
        settings: Settings,
        masks: Sequence[np.ndarray],
        style_masks: Sequence[np.ndarray | None],
        keep: np.ndarray | None,
    ) -> "Originals":
        """Return the images that `StyleTransfer` is given; `keep` is cut out of all masks.

        Raises:
            InputError: one of them is no image or mask, there are too many or too few, or `scales` are too large.
        """
        content = checked_image("content", content, settings.layers)
        longer = max(content.shape[1:3])
        if settings.scales and max(settings.scales) >= longer:
            raise InputError(f"the sizes in scales must be smaller than the content, {longer} pixels.")
        styles = style if isinstance(style, (list, tuple)) else [style]
        if not styles:
            raise InputError("the list of style images is empty; give at least one.")
        styles = [checked_image("style", each, settings.layers) for each in styles]
        weights = settings.style_weights
        if weights and not 1 < len(weights) == len(styles):
            raise InputError(
                f"styles: {len(styles)}, style_weights: {len(weights)}; give one weight for each of several styles."
            )
        if settings.colors == "matched":
            styles = [tf.constant(with_color_statistics_of(content, each)) for each in styles]
        check_mask_counts(masks, style_masks, len(styles), weights)
        painted = [checked_mask("a mask", mask) for mask in masks]
        if keep is not None:
            kept = checked_mask("keep", keep)
            painted = [mask * (1 - resized_mask(kept, *mask.shape).numpy()) for mask in painted] or [1 - kept]
            if not all(mask.max() > 0 for mask in painted):
                raise InputError("keep covers everything that the styles are to be painted on; make some of it black.")
        seen = [None if mask is None else checked_mask("a style mask", mask) for mask in style_masks]
        return cls(content, styles, settings, painted, seen)

    def shape_at(self, iteration: int) -> tuple[int, ...]:
        """Return the shape of the image that an iteration, counted from 1, makes."""
        for size, iterations in self.settings.scales.items():
            if iteration <= iterations:
                return shape_at_size(self.content.shape, size, self.settings.layers)
            iteration -= iterations
        return tuple(self.content.shape)

    def at(self, shape: Sequence[int]) -> dict[str, Any]:
        """Return what `Objective` takes at a size: the content scaled to a shape, the rest by the same factor."""
        share = max(shape) / max(self.content.shape)
        shapes = [shape_at_size(style.shape, share * max(style.shape), self.settings.layers) for style in self.styles]
        pairs = zip(self.style_masks, shapes, strict=bool(self.style_masks))
        return {
            "content": shrunk(self.content, shape),
            "styles": list(map(shrunk, self.styles, shapes)),
            "masks": [resized_mask(mask, *shape[1:3]) for mask in self.masks],
            "style_masks": [None if mask is None else resized_mask(mask, *smaller[1:3]) for mask, smaller in pairs],
        }

    def work(self, begun: int, end: int) -> float:
        """Return how many iterations at the full size take as long as those after `begun`, up to `end`."""
        full = math.prod(self.content.shape)
        first, work = 0, 0.0
        for iterations in (*self.settings.scales.values(), end):
            within = max(0, min(first + iterations, end) - max(first, begun))
            work += within * math.prod(self.shape_at(first + 1)) / full
            first += iterations
        return work

    def finish(self, image: np.ndarray, color_strength: float) -> np.ndarray:
        """Return an image of the content's shape with the content laid over it: its chroma, and what masks leave."""
        content = self.content.numpy()
        if self.settings.colors == "luminance":
            image = with_chroma_of(content, image, color_strength)
        if self.masks:
            image = image + self._unpainted * (content - image)
        return image

    @cached_property
    def _unpainted(self) -> np.ndarray:
        painted = sum(resized_mask(mask, *self.content.shape[1:3]).numpy() for mask in self.masks)
        return 1 - np.clip(painted, 0, 1)[..., None]


def checked_image(name: str, image: np.ndarray, layers: Iterable[str]) -> tf.Tensor:
    """Return an image `[1, H, W, 3]`, RGB, 0..1, as a float32 tensor.

    Raises:
        InputError: it is no array, has another shape or range, or is too small for the deepest of the layers.
    """
    try:
        array = np.asarray(image, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the {name} image must be an array, not {image!r}; load_image makes one of a file."
        ) from error
    if array.ndim != 4 or array.shape[0] != 1 or array.shape[3] != 3:
        raise InputError(f"the {name} image must have the shape [1, H, W, 3], not {list(array.shape)}.")
    check_unit_range(f"the {name} image", array)
    check_side(name, array.shape, layers)
    return tf.constant(array)


def first_image(init: str | np.ndarray, content: tf.Tensor, style: tf.Tensor, settings: Settings) -> tf.Tensor:
    """Return the image that a run starts from: `init` is "content", "noise", "style" or an image of its shape.

    Raises:
        InputError: it is no image, or one of another shape.
    """
    if not isinstance(init, str):
        image = checked_image("initial", init, settings.layers)
        if image.shape != content.shape:
            raise InputError(f"the initial image must have the content's shape {list(content.shape)}.")
        return image
    if init == "image":
        raise InputError('init "image" stands for a picture in recipes; give the image itself, [1, H, W, 3].')
    if init == "noise":
        return tf.constant(np.random.default_rng(settings.seed).random(content.shape, np.float32))
    if init == "style":
        return tf.clip_by_value(tf.image.resize(style, content.shape[1:3], antialias=True), 0, 1)
    return content


def shape_at_size(shape: Sequence[int], size: float, layers: Iterable[str]) -> tuple[int, ...]:
    """Return an image's shape `[1, H, W, 3]` scaled to a longer side of `size` pixels.

    It is at most `shape`, and large enough for the deepest of the layers if `shape` is.
    """
    _, height, width, channels = shape
    share = min(1.0, max(size / max(height, width), smallest_side(layers) / min(height, width)))
    return 1, round(share * height), round(share * width), channels


def shrunk(image: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    """Return an image scaled down to a shape without aliasing, or the image itself if it has that shape."""
    return _resized(image, shape, "lanczos3", antialias=True)


def enlarged(image: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    """Return an image scaled up to a shape, or the image itself if it has that shape."""
    return _resized(image, shape, "bicubic")


def _resized(image: tf.Tensor, shape: Sequence[int], method: str, antialias: bool = False) -> tf.Tensor:
    if tuple(image.shape) == tuple(shape):
        return image
    return tf.clip_by_value(tf.image.resize(image, shape[1:3], method, antialias=antialias), 0, 1)
