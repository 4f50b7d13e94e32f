"""The memory that a run needs at its peak, and what this machine has left."""

import ctypes
import math
import os
import shutil
import subprocess
import warnings
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ..errors import InputError
from ..layers import CHANNELS, path_to
from . import BYTES
from .grid import cut, smallest_tile

# Fitted to peaks of resident memory at 128 to 1024 px; `python -m tests.benchmarks.memory` measures them again.
FIXED = 60e6  # compiled functions and libraries' buffers
KEPT = 1.55  # activations kept for the gradient and those being computed, as a multiple of the network's
CONTENT_COPIES = 5  # float32 tensors of the content layer's shape: target, difference, square, gradients
IMAGE_COPIES = 10  # float32 images: the image, its gradient, Adam's moments, the inputs
LBFGS_COPIES = 30  # float32 images: 10 steps, what each did to the gradient, and what is computed from them
TILE_KEPT = 1.85  # as KEPT, for a tile, with the weights of its positions
TILED_COPIES = 4  # further float32 images: the gradient being summed, and the weights of all positions

LARGEST_SIZE = 100_000  # pixels
SYSTEM = Path("/")


class Plan(Protocol):
    """What determines how much memory a run needs, such as the method's `Settings`."""

    content_layers: Mapping[str, float]
    optimizer: str
    layers: tuple[str, ...]


def peak_bytes(
    shape: Sequence[int], style_shape: Sequence[int], plan: Plan, precision: str, tile: float | None = None
) -> int:
    """Return the memory that a run needs at its peak, in bytes, beyond what TensorFlow alone takes.

    The sum of both is within 25 % of the peak measured on a CPU.

    Args:
        shape, style_shape: of the content image and the style image, `[1, H, W, 3]`.
        plan: the run's settings.
        precision: "float32", "bfloat16" or "float16".
        tile: the pixels of a tile, for a run in tiles.
    """
    pixels, style_pixels = math.prod(shape[1:3]), math.prod(style_shape[1:3])
    fixed, image, network, tiled_image, tiled_network = _costs(plan, precision)
    if tile is not None:
        return int(fixed + tiled_image * max(pixels, style_pixels) + tiled_network * tile)
    forward = 2 * BYTES[precision] * CHANNELS["block1_conv1"] + 4 * 3 * IMAGE_COPIES  # the style needs no gradient
    return int(fixed + max((image + network) * pixels, forward * style_pixels))


def _costs(plan: Plan, precision: str) -> tuple[float, float, float, float, float]:
    """Return the bytes of a run: fixed; per pixel of the image, and of the network; the latter two for tiles."""
    item = BYTES[precision]
    parameters = activations = content = 0.0  # numbers for each pixel of the image
    channels, area = 3, 1.0
    for layer in path_to(plan.layers):
        if "pool" in layer:
            area /= 4
        else:
            parameters += 9 * channels * CHANNELS[layer]
        channels = CHANNELS[layer]
        activations += area * channels
        if layer in plan.content_layers:
            content += area * channels
    image = 4 * 3 * (IMAGE_COPIES + (LBFGS_COPIES if plan.optimizer == "lbfgs" else 0))
    network, tile = (kept * item * activations + 4 * CONTENT_COPIES * content for kept in (KEPT, TILE_KEPT))
    return FIXED + 2 * item * parameters, image, network, image + 4 * 3 * TILED_COPIES + item * content, tile


def available_bytes() -> int | None:
    """Return the free memory of the GPU, or else of the machine and its container; None if unknown."""
    if (gpu := _gpu_bytes()) is not None:
        return gpu
    known = [each for each in (_system_bytes(), *_limits()) if each is not None]
    return min(known, default=None)


def check_memory(
    shape: Sequence[int], style_shape: Sequence[int], plan: Plan, precision: str, *, tiles: bool = True
) -> float | None:
    """Return None if a run fits into memory, else the most pixels that a tile may have, with a warning.

    Args:
        shape, style_shape, plan, precision: as for `peak_bytes`.
        tiles: whether the run can be cut into tiles.

    Raises:
        InputError: it does not fit; the message names the largest size that does.
    """
    available = available_bytes()
    needed = peak_bytes(shape, style_shape, plan, precision)
    if available is None or needed <= available:
        return None
    why = f"needs about {needed / 1e9:.1f} GB of memory, and {available / 1e9:.1f} GB are left"
    smallest = smallest_tile(plan.layers) ** 2 if tiles else None
    if tiles and peak_bytes(shape, style_shape, plan, precision, smallest) <= available:
        rest = available - peak_bytes(shape, style_shape, plan, precision, 0)
        pixels = rest / _costs(plan, precision)[-1]
        if (count := len(cut(shape, plan.layers, pixels))) > 1:
            warnings.warn(f"the picture is painted in {count} tiles, because the whole {why}.", stacklevel=3)
        return pixels
    largest = largest_size(shape, style_shape, plan, precision, available, smallest)
    advice = f"take a size of at most {largest}" if largest else "free some, or use a larger machine"
    raise InputError(f"a run at {shape[2]}×{shape[1]} pixels {why}; {advice}.")


def largest_size(
    shape: Sequence[int],
    style_shape: Sequence[int],
    plan: Plan,
    precision: str,
    available: float,
    tile: float | None = None,
) -> int:
    """Return the largest longer side, in pixels, at which such images fit into `available` bytes, or 0.

    With `tile`, the pixels of the smallest tile, a run in tiles counts too.
    """

    def needed(size: int) -> int:
        shapes = scaled(shape, size), scaled(style_shape, size)
        return min(peak_bytes(*shapes, plan, precision, each) for each in {None, tile})

    return bisect_right(range(1, LARGEST_SIZE), available, key=needed)


def scaled(shape: Sequence[int], size: int) -> list[int]:
    """Return the shape of an image with the same aspect whose longer side is `size`."""
    height, width = (max(1, round(side * size / max(shape[1:3]))) for side in shape[1:3])
    return [1, height, width, 3]


def _system_bytes() -> int | None:
    """Return the available memory on Linux, elsewhere the machine's total memory."""
    with suppress(OSError, ValueError, IndexError, StopIteration):
        lines = (SYSTEM / "proc/meminfo").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1])
    with suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _limits() -> list[int | None]:
    """Return what each limit of control groups, version 2 or 1, leaves.

    Any group from this process's up to the root may carry the limit of a job, a login or a container.
    """
    mounted, left = SYSTEM / "sys/fs/cgroup", []
    lines = ["0::/", "0:memory:/"]  # the roots, in case /proc names no group
    with suppress(OSError, ValueError):
        lines += (SYSTEM / "proc/self/cgroup").read_text().splitlines()
    for line in lines:
        controllers, _, group = line.partition(":")[2].partition(":")
        if not controllers:
            roots, names = (mounted, mounted / "unified"), ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            roots, names = (mounted / "memory",), ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        parts = [part for part in group.split("/") if part not in ("", "..")]
        left += [_left_in(root.joinpath(*parts[:n]), *names) for root in roots for n in range(len(parts) + 1)]
    return left


def _left_in(group: Path, limit: str, used: str) -> int | None:
    with suppress(OSError, ValueError, KeyError):
        left = int((group / limit).read_text()) - int((group / used).read_text())
        statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        # In version 1 the sum over the groups below has another name.
        return left + int(statistics.get("total_inactive_file") or statistics["inactive_file"])
    return None


def _gpu_bytes() -> int | None:
    """Return the free memory of the GPU that TensorFlow uses, or None if it uses none."""
    from .hardware import GPUS, tf

    if not GPUS or not (program := shutil.which("nvidia-smi")):
        return None
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        query = [program, f"--id={_gpu_address()}", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
        free = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout
        pool = tf.config.experimental.get_memory_info("GPU:0")  # TensorFlow reuses what it took before
        return (int(free) << 20) + pool["peak"] - pool["current"]
    return None


def _gpu_address() -> str:
    """Return the PCI address of CUDA's first GPU; nvidia-smi lists others, too, and in another order."""
    cuda, device, address = ctypes.CDLL("libcuda.so.1"), ctypes.c_int(), ctypes.create_string_buffer(32)
    if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0) or cuda.cuDeviceGetPCIBusId(address, 32, device):
        raise OSError("CUDA names no GPU")
    return address.value.decode()
