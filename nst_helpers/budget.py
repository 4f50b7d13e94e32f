"""What a run will cost: its memory, known before it starts, and its time, from a few timed steps."""

import math
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from .errors import InputError
from .layers import CHANNELS, path_to
from .settings import Settings

SIZES = (128, 256, 384, 512, 768, 1024, 1536, 2048)
TIMED_SIZES, TIMED_STEPS = (96, 192), 3
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}

# Fitted to peaks of resident memory at 128 to 1024 px; `python -m tests.benchmarks.memory` measures them again.
FIXED = 60e6  # compiled functions and libraries' buffers
KEPT = 1.55  # activations held for the gradient and those under way, as a multiple of the network's
CONTENT_COPIES = 5  # float32 tensors of the content layer's shape: target, difference, square, gradients
IMAGE_COPIES = 10  # float32 images: the image, its gradient, Adam's moments, the inputs
LBFGS_COPIES = 30  # float32 images: 10 steps, what each did to the gradient, and what is computed from them

SYSTEM = Path("/")


def peak_bytes(shape: Sequence[int], style_shape: Sequence[int], settings: Settings, precision: str) -> int:
    """Return the memory that a run will need at its peak, in bytes, above what the process takes with TensorFlow alone.

    Together with that it comes within 25 % of the peak of resident memory measured on a CPU.

    Args:
        shape, style_shape: of the content image and the style image, `[1, H, W, 3]`.
        settings: the run's settings.
        precision: "float32", "bfloat16" or "float16".
    """
    item, pixels, style_pixels = BYTES[precision], math.prod(shape[1:3]), math.prod(style_shape[1:3])
    parameters = activations = 0.0  # activations for each pixel of the image
    channels, area = 3, 1.0
    for layer in path_to(settings.layers):
        if "pool" in layer:
            area /= 4
        else:
            parameters += 9 * channels * CHANNELS[layer]
        channels = CHANNELS[layer]
        activations += area * channels
        if layer == settings.content_layer:
            content = area * channels
    each = KEPT * item * activations + 4 * CONTENT_COPIES * content + 4 * 3 * IMAGE_COPIES
    if settings.optimizer == "lbfgs":
        each += 4 * 3 * LBFGS_COPIES
    forward = 2 * item * CHANNELS["block1_conv1"] + 4 * 3 * IMAGE_COPIES  # the style image needs no gradient
    return int(FIXED + 2 * item * parameters + max(each * pixels, forward * style_pixels))


def available_bytes() -> int | None:
    """Return the memory that a run can have: what the machine, its container, or its GPU has left; None if unknown."""
    if (gpu := _gpu_bytes()) is not None:
        return gpu
    known = [each for each in (_system_bytes(), _container_bytes()) if each is not None]
    return min(known, default=None)


def check_memory(shape: Sequence[int], style_shape: Sequence[int], settings: Settings, precision: str) -> None:
    """Raise InputError if a run cannot fit into memory, with the largest size that would.

    Args:
        shape, style_shape, settings, precision: as for `peak_bytes`.
    """
    available = available_bytes()
    needed = peak_bytes(shape, style_shape, settings, precision)
    if available is None or needed <= available:
        return
    largest = largest_size(shape, style_shape, settings, precision, available)
    advice = f"take a size of at most {largest}" if largest else "free some, or take a larger machine"
    raise InputError(
        f"a run at {shape[2]}×{shape[1]} pixels needs about {needed / 1e9:.1f} GB of memory, and "
        f"{available / 1e9:.1f} GB are left; {advice}."
    )


def largest_size(
    shape: Sequence[int], style_shape: Sequence[int], settings: Settings, precision: str, available: float
) -> int:
    """Return the longest side, in pixels, at which a run of such images fits into `available` bytes, or 0."""

    def fits(size: int) -> bool:
        return peak_bytes(_scaled(shape, size), _scaled(style_shape, size), settings, precision) <= available

    low, high = 0, 1 << 20
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


@dataclass(frozen=True)
class Cost:
    """What a run of some iterations costs at a size: seconds, bytes at the peak, and whether it fits into memory."""

    size: int
    seconds_per_step: float
    seconds: float
    peak_bytes: int
    fits: bool


def budget(
    content: np.ndarray,
    style: np.ndarray,
    iterations: int = 200,
    *,
    sizes: Iterable[int] = SIZES,
    progress: bool = True,
    **settings: Any,
) -> list[Cost]:
    """Time a few steps at two small sizes and return what a run costs at each of `sizes`.

    The time of a step is a constant and a part that grows with the number of pixels; both come from the two sizes.

    Args:
        content, style: `[1, H, W, 3]`, 0..1, of any size; only their aspect counts.
        iterations: of the run that is planned.
        sizes: longer sides in pixels.
        progress: whether to show a bar while steps are timed.
        settings: for `StyleTransfer`.

    Built in notebooks/11_your_own_picture.
    """
    with tqdm(TIMED_SIZES, desc="timing a step", disable=not progress, leave=False) as timing:
        (small, fast, transfer), (large, slow, _) = (_time_step(content, style, size, settings) for size in timing)
    each = max(0.0, slow - fast) / (large - small)
    available = available_bytes()
    costs = []
    for size in sizes:
        shape = _scaled(content.shape, size)
        seconds = max(fast, fast + each * (math.prod(shape[1:3]) - small))
        style_shape = _scaled(style.shape, size)
        peak = peak_bytes(shape, style_shape, transfer.settings, transfer.features.precision)
        costs.append(Cost(size, seconds, seconds * iterations, peak, available is None or peak <= available))
    return costs


def _time_step(content: np.ndarray, style: np.ndarray, size: int, settings: dict[str, Any]) -> tuple[int, float, Any]:
    """Return the number of pixels, the seconds of the fastest step, and the run."""
    from .transfer import StyleTransfer

    transfer = StyleTransfer(_resized(content, size), _resized(style, size), **settings)
    seconds = []
    for _ in range(1 + TIMED_STEPS):  # the first one is compiled
        start = time.perf_counter()
        for _ in transfer.steps(1):
            seconds.append(time.perf_counter() - start)
    return math.prod(transfer.image.shape[1:3]), min(seconds[1:]), transfer


def _scaled(shape: Sequence[int], size: int) -> list[int]:
    """Return the shape of an image of such an aspect whose longer side is `size`."""
    height, width = (max(1, round(side * size / max(shape[1:3]))) for side in shape[1:3])
    return [1, height, width, 3]


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    """Return an image of another size; which pixels it is made of does not matter for the time it takes."""
    _, height, width, _ = _scaled(image.shape, size)
    rows, columns = (
        np.linspace(0, n - 1, m).astype(int) for n, m in zip(image.shape[1:3], (height, width), strict=True)
    )
    return image[:, rows][:, :, columns]


def _system_bytes() -> int | None:
    """Return what Linux says is available, or elsewhere all the memory that the machine has."""
    with suppress(OSError, ValueError, IndexError, StopIteration):
        lines = (SYSTEM / "proc/meminfo").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1])
    with suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _container_bytes() -> int | None:
    """Return what the limits of control groups leave, version 2 or 1, or None if there is none.

    The limit of a job, a login or a container may be set on any group from this process's own one up to the root.
    """
    left = [_left_in(folder, *names) for names, folder in _control_groups()]
    return min((each for each in left if each is not None), default=None)


def _control_groups() -> Iterator[tuple[tuple[str, str], Path]]:
    """Yield the names of limit and use, and a folder, for each group that this process is in."""
    mounted = SYSTEM / "sys/fs/cgroup"
    own = {"": "", "memory": ""}  # controller to group; where /proc does not tell, the root is all there is
    with suppress(OSError, ValueError):
        for line in (SYSTEM / "proc/self/cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            own |= dict.fromkeys(controllers.split(","), group)
    for controller, names, roots in (
        ("", ("memory.max", "memory.current"), (mounted, mounted / "unified")),
        ("memory", ("memory.limit_in_bytes", "memory.usage_in_bytes"), (mounted / "memory",)),
    ):
        parts = [part for part in own[controller].split("/") if part not in ("", "..")]
        for root in roots:
            for depth in range(len(parts), -1, -1):
                yield names, root.joinpath(*parts[:depth])


def _left_in(group: Path, limit: str, used: str) -> int | None:
    with suppress(OSError, ValueError, KeyError):
        left = int((group / limit).read_text()) - int((group / used).read_text())
        statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        cached = (
            statistics.get("total_inactive_file") or statistics["inactive_file"]
        )  # with the groups below, in version 1
        return left + int(cached)
    return None


def _gpu_bytes() -> int | None:
    """Return the free memory of the GPU that has most, as its driver tells, or None if TensorFlow uses no GPU."""
    from .hardware import GPUS, tf

    if not GPUS or not (program := shutil.which("nvidia-smi")):
        return None
    query = [program, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        told = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout
        pool = tf.config.experimental.get_memory_info("GPU:0")  # what TensorFlow took before it uses again
        return (max(int(line) for line in told.split()) << 20) + pool["peak"] - pool["current"]
    return None
