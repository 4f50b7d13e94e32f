"""VGG19's layers by name, here and in other programs: how wide they are, and how small an image they bear."""

import difflib
import re
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


ALIASES: dict[str, str] = {}
"""Names of other programs that mean just one layer: conv4_2 and relu4_2 (Caffe), r42, pool4, features.21 (torchvision),
and conv_8, the eighth of all, as PyTorch's tutorial counts them."""
_GUESSES: dict[str, list[str]] = {}
"""Names that may mean one of several."""


def _learn_names() -> None:
    convolutions, in_torch = 0, 0
    for layer in LAYERS:
        kind = "pool" if "pool" in layer else "conv"
        block, number = layer[5], layer[-1]
        convolutions += kind == "conv"
        counted = [f"{word}_{convolutions}" for word in (("conv", "relu") if kind == "conv" else ("pool",))]
        if kind == "conv":
            known = [f"{word}{block}_{number}" for word in ("conv", "relu", "r", "conv_", "relu_")]
            known += [f"r{block}{number}", f"block{block}conv{number}", f"block_{block}_conv_{number}"]
            run_together = [f"{word}{block}{number}" for word in ("conv", "relu")]
            guesses = [name.replace("_", "") for name in counted]
            guesses += [f"{word}{block}" for word in ("conv", "relu", "conv_", "relu_", "block")]
            (known if int(block + number) > len(CONV_LAYERS) else guesses).extend(run_together)
        else:
            known = [f"{word}{block}" for word in ("pool", "maxpool", "p")] + [
                f"block{block}pool",
                f"block_{block}_pool",
            ]
            guesses = [f"pool_{block}"]
        (guesses if convolutions <= len(CHANNELS_PER_BLOCK) else known).extend(counted)
        for _ in range(2 if kind == "conv" else 1):  # there a convolution and its ReLU are two
            known.append(f"features_{in_torch}")
            guesses.append(f"{in_torch}")
            in_torch += 1
        ALIASES.update(dict.fromkeys([layer, *known], layer))
        for name in guesses:
            _GUESSES.setdefault(name, []).append(layer)


_learn_names()


def check_layer(name: str) -> str:
    """Return `name` if VGG19 has such a layer; the error suggests what may be meant."""
    if isinstance(name, str) and name in CHANNELS:
        return name
    *others, last = _GUESSES.get(_plain(str(name))) or [_nearest(_plain(str(name)))]
    near = f"{', '.join(others)} or {last}" if others else last
    raise InputError(
        f"VGG19 has no layer {name!r}; did you mean {near}? (block1_conv1 … block5_conv4, block1_pool … block5_pool)"
    )


def layer_named(name: str) -> str:
    """Return the layer of that name, be it another program's, such as conv4_2; the error suggests what may be meant."""
    return ALIASES.get(_plain(name)) or check_layer(name) if isinstance(name, str) else check_layer(name)


def _nearest(plain: str) -> str:
    if numbers := re.fullmatch(r"\D+(\d)\D+(\d)", plain):  # conv4_5, conv6_1: there are fewer
        block = min(max(int(numbers[1]), 1), len(CONVOLUTIONS_PER_BLOCK))
        return f"block{block}_conv{min(max(int(numbers[2]), 1), CONVOLUTIONS_PER_BLOCK[block - 1])}"
    return ALIASES[difflib.get_close_matches(plain, ALIASES, n=1, cutoff=0.0)[0]]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.strip().lower())


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
