"""VGG19's layers: their names here and in other programs, their channels, and the smallest image they accept."""

import difflib
import re
from collections.abc import Iterable, Sequence

from .errors import InputError

CONVOLUTIONS_PER_BLOCK = (2, 2, 4, 4, 4)
CHANNELS_PER_BLOCK = (64, 128, 256, 512, 512)

CHANNELS: dict[str, int] = {}
"""Layer name, as in Keras, to number of channels, for the 16 convolutions and 5 pools from the image upwards."""
for _block, (_depth, _channels) in enumerate(zip(CONVOLUTIONS_PER_BLOCK, CHANNELS_PER_BLOCK, strict=True), 1):
    for _i in range(1, _depth + 1):
        CHANNELS[f"block{_block}_conv{_i}"] = _channels
    CHANNELS[f"block{_block}_pool"] = _channels

LAYERS = tuple(CHANNELS)
CONV_LAYERS = tuple(name for name in LAYERS if "conv" in name)

CONTENT_LAYER = "block5_conv2"
STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))


def _names_elsewhere() -> dict[str, list[str]]:
    """Return what other programs call the layers; a name that stands for several has them all.

    Caffe has conv4_2 and relu4_2, torchvision features.21, and PyTorch's tutorial conv_10, the tenth of all.
    """
    names: dict[str, list[str]] = {}
    convolutions, place = 0, 0  # torchvision counts a convolution and its ReLU as two
    for layer in LAYERS:
        block, number, places = layer[5], layer[-1], range(place, place + 1)
        if "conv" in layer:
            convolutions, places = convolutions + 1, range(place, place + 2)
            found = {f"{word}{block}_{number}" for word in ("conv", "relu", "r", "conv_", "relu_")}
            found |= {f"{word}{block}{number}" for word in ("conv", "relu", "r")} | {f"block{block}"}
            found |= {f"block{block}conv{number}", f"block_{block}_conv_{number}"}
            found |= {f"{word}{n}" for word in ("conv", "relu", "conv_", "relu_") for n in (block, convolutions)}
        else:
            found = {f"{word}{block}" for word in ("pool", "maxpool", "p")} | {f"pool_{block}", f"pool_{convolutions}"}
            found |= {f"block{block}pool", f"block_{block}_pool"}
        for name in (layer, *found, *(f"features_{i}" for i in places), *map(str, places)):
            names.setdefault(name, []).append(layer)
        place = places.stop
    return names


NAMES_ELSEWHERE = _names_elsewhere()


def check_layer(name: str) -> str:
    """Return `name` if VGG19 has such a layer; the error suggests what may be meant."""
    if isinstance(name, str) and name in CHANNELS:
        return name
    *others, last = NAMES_ELSEWHERE.get(_plain(name)) or [_nearest(_plain(name))]
    near = f"{', '.join(others)} or {last}" if others else last
    raise InputError(
        f"VGG19 has no layer {name!r}; did you mean {near}? (block1_conv1 … block5_conv4, block1_pool … block5_pool)"
    )


def layer_named(name: str) -> str:
    """Return the layer of that name, in another program's spelling too; the error suggests what may be meant."""
    meant = NAMES_ELSEWHERE.get(_plain(name), ()) if isinstance(name, str) else ()
    return meant[0] if len(meant) == 1 else check_layer(name)


def _nearest(plain: str) -> str:
    if numbers := re.fullmatch(r"\D+(\d)\D+(\d)", plain):  # conv4_5, conv6_1: there are fewer
        block = min(max(int(numbers[1]), 1), len(CONVOLUTIONS_PER_BLOCK))
        return f"block{block}_conv{min(max(int(numbers[2]), 1), CONVOLUTIONS_PER_BLOCK[block - 1])}"
    unique = [name for name, meant in NAMES_ELSEWHERE.items() if len(meant) == 1]
    return NAMES_ELSEWHERE[difflib.get_close_matches(plain, unique, n=1, cutoff=0.0)[0]][0]


def _plain(name: object) -> str:
    return re.sub(r"[\W_]+", "_", str(name).strip().lower())


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
