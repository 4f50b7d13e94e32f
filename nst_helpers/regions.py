"""Where a style is painted: a mask over a picture, and how much each position of a layer counts under it."""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from .errors import InputError
from .layers import path_to


def checked_mask(name: str, mask: np.ndarray) -> np.ndarray:
    """Return a mask `[H, W]`, 0..1, as float32.

    Raises:
        InputError: it is no array, has another shape or range, or is black everywhere.
    """
    try:
        array = np.asarray(mask, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be an array, not {mask!r}.") from error
    if array.ndim != 2 or not array.size:
        raise InputError(f"{name} must have the shape [H, W], not {list(array.shape)}.")
    check_unit_range(name, array)
    if not array.max():
        raise InputError(f"{name} is black everywhere; make white what it is to select.")
    return array


def check_unit_range(name: str, array: np.ndarray) -> None:
    """Raise InputError if an array holds anything but numbers from 0 to 1."""
    if not (np.isfinite(array).all() and array.min(initial=0) >= 0 and array.max(initial=0) <= 1):
        raise InputError(f"{name} must hold numbers from 0 to 1; divide an image of 0..255 by 255.")


def resized_mask(mask: np.ndarray, height: int, width: int) -> tf.Tensor:
    """Return a mask `[H, W]` at another size, without aliasing."""
    resized = tf.image.resize(tf.constant(mask)[..., None], [height, width], antialias=True)
    return tf.clip_by_value(resized[..., 0], 0.0, 1.0)


def carried(mask: tf.Tensor, layers: Iterable[str]) -> dict[str, tf.Tensor]:
    """Return, for each layer, how much of each position's receptive field is in the mask, `[h, w]`, 0..1.

    The mask is averaged over 3×3 positions at a convolution and 2×2 at a pool, as many as these layers see. Its edges
    become as soft as the receptive fields are wide, so that regions meet without a seam.

    Args:
        mask: `[H, W]`, 0..1, of the image's size.
        layers: as `FeatureExtractor` takes them.

    Source: Gatys, Ecker, Bethge, Hertzmann & Shechtman 2017, section 3.2, who carry masks by pooling alone.
    """
    layers = tuple(layers)
    x, found = mask[None, ..., None], {}
    for layer in path_to(layers):
        x = tf.nn.avg_pool2d(x, 2, 2, "VALID") if "pool" in layer else tf.nn.avg_pool2d(x, 3, 1, "SAME")
        found[layer] = x[0, ..., 0]
    return {layer: found[layer] for layer in layers}


def position_weights(mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return each position's weight, which add up to 1, and the share of the layer that the mask covers."""
    total = tf.reduce_sum(mask)
    return mask / tf.maximum(total, 1e-12), total / mask.shape.num_elements()
