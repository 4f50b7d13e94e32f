"""What every variant starts from: the same three images, the same kernels, the same units.

They go into one file, so that a variant without TensorFlow reads the same numbers, and without its memory.
"""

from pathlib import Path

import numpy as np

from nst_helpers.layers import CONTENT_LAYER, STYLE_LAYERS

DATA = Path(__file__).parents[2] / "data"
LAYERS = (*STYLE_LAYERS, CONTENT_LAYER)


def load_square(name: str, size: int) -> np.ndarray:
    """Return the middle of a picture in data/ as float32 `[1, size, size, 3]`, RGB, 0..1."""
    from PIL import Image, ImageOps

    with Image.open(DATA / f"{name}.jpg") as picture:
        square = ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    return np.asarray(square, np.float32)[None] / 255


def write_inputs(path: Path, size: int, weights: str | None, content: str, style: str) -> None:
    """Write images, VGG19's kernels and each layer's mean activation; `weights` is "imagenet" or None."""
    images = {"content": load_square(content, size), "style": load_square(style, size)}
    images["start"] = (images["content"] + images["style"]) / 2  # where neither loss is zero
    np.savez(path, **images, **network_arrays(weights))


def write_network(path: Path, weights: str | None) -> None:
    """Write the network alone."""
    np.savez(path, **network_arrays(weights))


def network_arrays(weights: str | None) -> dict[str, np.ndarray]:
    """Return VGG19's kernels, biases and mean activations by name."""
    import nst_helpers.machine.hardware  # noqa: F401  starts TensorFlow without its banner
    from nst_helpers.vgg import MEAN_ACTIVATION, FeatureExtractor

    network = FeatureExtractor(LAYERS, weights=weights, normalize=False, precision="float32", border="zeros")
    arrays = {}
    for layer, (kernel, bias) in network._kernels.items():
        arrays |= {f"{layer}/kernel": kernel.numpy(), f"{layer}/bias": bias.numpy()}
        arrays[f"{layer}/mean"] = np.float32(MEAN_ACTIVATION["max"][layer] if weights else 1)
    return arrays
