"""The images that a run is given: checked, and made into the one it begins with."""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from .errors import InputError
from .layers import check_side
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
