"""The images that a run is given: checked, scaled, and made into the one it begins with."""

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from .errors import InputError
from .layers import check_side, smallest_side
from .settings import Settings


def checked_image(name: str, image: np.ndarray, layers: Iterable[str]) -> tf.Tensor:
    """Return an image `[1, H, W, 3]`, RGB, 0..1, as a float32 tensor.

    Raises:
        InputError: it has another shape or range, or is too small for the deepest of the layers.
    """
    array = np.asarray(image, np.float32)
    if array.ndim != 4 or array.shape[0] != 1 or array.shape[3] != 3:
        raise InputError(f"the {name} image must have the shape [1, H, W, 3], not {list(array.shape)}.")
    if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
        raise InputError(f"the {name} image must hold numbers from 0 to 1; divide an image of 0..255 by 255.")
    check_side(name, array.shape, layers)
    return tf.constant(array)


def first_image(init: str | np.ndarray, content: tf.Tensor, style: tf.Tensor, settings: Settings) -> tf.Tensor:
    """Return the image with which a run begins: `init` is "content", "noise", "style" or an image of its shape.

    Raises:
        InputError: the image is none, or of another shape.
    """
    if not isinstance(init, str):
        image = checked_image("initial", init, settings.layers)
        if image.shape != content.shape:
            raise InputError(f"the initial image must have the content's shape {list(content.shape)}.")
        return image
    if init == "noise":
        return tf.constant(np.random.default_rng(settings.seed).random(content.shape, np.float32))
    if init == "style":
        return tf.clip_by_value(tf.image.resize(style, content.shape[1:3], antialias=True), 0, 1)
    return content


def shape_at_size(shape: Sequence[int], size: float, layers: Iterable[str]) -> tuple[int, ...]:
    """Return the shape of an image `[1, H, W, 3]` whose longer side is `size` pixels, of about the same aspect.

    It is no larger than `shape`, and large enough for the deepest of the layers where that is.
    """
    _, height, width, channels = shape
    share = min(1.0, max(size / max(height, width), smallest_side(layers) / min(height, width)))
    return 1, round(share * height), round(share * width), channels


def shrunk(image: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    """Return an image scaled down to a shape, without aliasing; unchanged if that is its own."""
    return _resized(image, shape, "lanczos3", antialias=True)


def enlarged(image: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    """Return an image scaled up to a shape; unchanged if that is its own."""
    return _resized(image, shape, "bicubic")


def _resized(image: tf.Tensor, shape: Sequence[int], method: str, antialias: bool = False) -> tf.Tensor:
    if tuple(image.shape) == tuple(shape):
        return image
    return tf.clip_by_value(tf.image.resize(image, shape[1:3], method, antialias=antialias), 0, 1)
