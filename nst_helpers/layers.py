"""VGG19's layers by name: which there are, how wide they are, how small an image they bear."""

import difflib
from collections.abc import Iterable, Sequence

from .errors import InputError

CONVOLUTIONS_PER_BLOCK = (2, 2, 4, 4, 4)
CHANNELS_PER_BLOCK = (64, 128, 256, 512, 512)

CHANNELS: dict[str, int] = {}
"""Layer name to number of channels, for the 16 convolutions and 5 pools from the image upwards, by Keras's names."""
for _block, (_depth, _channels) in enumerate(zip(CONVOLUTIONS_PER_BLOCK, CHANNELS_PER_BLOCK, strict=True), 1):
    for _i in range(1, _depth + 1):
        CHANNELS[f"block{_block}_conv{_i}"] = _channels
    CHANNELS[f"block{_block}_pool"] = _channels

LAYERS = tuple(CHANNELS)
CONV_LAYERS = tuple(name for name in LAYERS if "conv" in name)

CONTENT_LAYER = "block5_conv2"
STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))


def check_layer(name: str) -> str:
    """Return `name` if VGG19 has such a layer; the error suggests the nearest name."""
    if isinstance(name, str) and name in CHANNELS:
        return name
    near = difflib.get_close_matches(str(name), LAYERS, n=1, cutoff=0.0)[0]
    raise InputError(
        f"VGG19 has no layer {name!r}; did you mean {near}? (block1_conv1 … block5_conv4, block1_pool … block5_pool)"
    )


def path_to(layers: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all layers from the image up to the deepest of `layers`."""
    indices = [LAYERS.index(check_layer(layer)) for layer in layers]
    if not indices:
        raise InputError("no layer is named; name at least one, such as block1_conv1.")
    return LAYERS[: max(indices) + 1]


def smallest_side(layers: Iterable[str]) -> int:
    """Return the fewest pixels on a side that leave one position at the deepest of `layers`."""
    return 2 ** sum("pool" in name for name in path_to(layers))


def check_side(name: str, shape: Sequence[int], layers: Iterable[str]) -> None:
    """Raise InputError if an image of this shape, `[1, H, W, 3]`, is too small for the deepest of `layers`."""
    layers = tuple(layers)
    if min(shape[1:3]) < smallest_side(layers):
        raise InputError(
            f"the {name} image has {shape[2]}×{shape[1]} pixels, but {path_to(layers)[-1]} needs at least "
            f"{smallest_side(layers)} on each side; take a larger size or picture."
        )
