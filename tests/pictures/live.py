"""What the playground needs to paint in the page: TensorFlow.js, and VGG19's weights as 16-bit floats, 28 MB in all.

python -m tests.pictures.live         needs npm, which fetches TensorFlow.js
"""

import argparse
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nst_helpers.errors import InputError
from nst_helpers.layers import path_to
from nst_helpers.losses import CONTRAST, style_unit
from nst_helpers.machine.kernels import trained_kernels
from nst_helpers.settings import DEFAULTS
from nst_helpers.vgg import CAFFE_MEAN, MEAN_ACTIVATION, normalized

from .playground import PLAYGROUND, write_script

VERSION = "4.22.0"
LIBRARY = {"tfjs": "tf.min.js", "tfjs-backend-webgpu": "tf-backend-webgpu.min.js"}
"""Package of TensorFlow.js -> the file of it that a page needs."""
WEIGHTS = "vgg19.bin"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `python -m tests.pictures.live`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=PLAYGROUND, metavar="DIR", help="where the playground lies")
    options = parser.parse_args(arguments)
    folder = options.output / "live"
    folder.mkdir(exist_ok=True)
    fetch_library(folder)
    path, values = network()
    (folder / WEIGHTS).write_bytes(values.tobytes())
    write_script(options.output / "live.files.js", "LIVE", described(folder, path))


def fetch_library(folder: Path) -> None:
    """Put TensorFlow.js into a folder.

    Raises:
        InputError: npm is not installed, or could not fetch it.
    """
    if not (npm := shutil.which("npm")):
        raise InputError("npm, which fetches TensorFlow.js, is not installed; install Node.js.")
    with tempfile.TemporaryDirectory() as scratch:
        for package, file in LIBRARY.items():
            command = [npm, "pack", "--silent", f"@tensorflow/{package}@{VERSION}"]
            if subprocess.run(command, cwd=scratch, stdout=subprocess.DEVNULL, check=False).returncode:
                raise InputError("npm could not fetch TensorFlow.js; see above, and check the connection.")
            with tarfile.open(Path(scratch, f"tensorflow-{package}-{VERSION}.tgz")) as archive:
                (folder / file).write_bytes(archive.extractfile(f"package/dist/{file}").read())


def network() -> tuple[list[dict[str, Any]], np.ndarray]:
    """Return VGG19's layers in order, and all kernels and biases in one row of 16-bit floats.

    The first convolution takes RGB, 0..1: what VGG19 expects, BGR, 0..255 without the mean, is folded into it.
    """
    names = path_to({*DEFAULTS.content_layers, *DEFAULTS.style_layers})
    kernels = normalized(trained_kernels(names), MEAN_ACTIVATION["max"])
    first, bias = kernels["block1_conv1"]
    bias = bias - np.einsum("hwio,i->o", first, np.array(CAFFE_MEAN))
    kernels = {**kernels, "block1_conv1": (255 * first[:, :, ::-1], bias)}
    path, values = [], []
    for name in names:
        if name in kernels:
            kernel, bias = kernels[name]
            path.append({"name": name, "inputs": kernel.shape[2], "outputs": kernel.shape[3]})
            values += [kernel.ravel(), bias.ravel()]
        else:
            path.append({"name": name})
    return path, np.concatenate(values).astype("<f2")


def described(folder: Path, path: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return all that the page must know of its files, the network and the losses."""
    library, webgpu = LIBRARY.values()
    (content,) = DEFAULTS.content_layers
    sizes = {file: (folder / file).stat().st_size for file in (library, webgpu, WEIGHTS)}
    return {
        "folder": folder.name,
        "library": library,
        "webgpu": webgpu,
        "weights": WEIGHTS,
        "bytes": sizes[WEIGHTS],
        "megabytes": round(sum(sizes.values()) / 1e6),
        "path": path,
        "contentLayer": content,
        "styleUnits": {layer: style_unit(layer, "squared") for layer in DEFAULTS.style_layers},
        "contrast": CONTRAST,
    }


if __name__ == "__main__":
    main()
