"""TensorFlow without its start-up messages, and the precision in which this machine runs VGG19 fastest."""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

from ..errors import InputError
from . import BYTES


@contextmanager
def _banner_hidden() -> Iterator[None]:
    """Hide what TensorFlow's C++ code writes to stderr as it starts, unless it fails to start."""
    with tempfile.TemporaryFile() as banner:
        sys.stderr.flush()
        stderr = os.dup(2)
        os.dup2(banner.fileno(), 2)
        try:
            yield
        except BaseException:
            banner.seek(0)
            os.write(stderr, banner.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


with _banner_hidden():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # else TensorFlow warns that each StyleTransfer compiles its step
    GPUS = tf.config.list_physical_devices("GPU")
    for _gpu in GPUS:
        with suppress(RuntimeError):  # TensorFlow is in use already
            tf.config.experimental.set_memory_growth(_gpu, True)


PROBES = 10
"""How often each precision is timed, in turns; the first time is slow and does not count."""


def fastest_precision() -> str:
    """Return the precision in which VGG19 runs fastest here: "bfloat16" or "float16" where faster, else "float32".

    A GPU's compute capability decides; on a CPU a convolution is timed, since emulated bfloat16 is three times slower.
    The environment variable NST_PRECISION overrides the choice.
    """
    if forced := os.environ.get("NST_PRECISION"):
        if forced not in BYTES:
            raise InputError(f"NST_PRECISION must be one of {', '.join(BYTES)}, not {forced!r}.")
        return forced
    return _measured_precision()


@lru_cache
def _measured_precision() -> str:
    if GPUS:
        capability = tf.config.experimental.get_device_details(GPUS[0]).get("compute_capability", (0, 0))
        return "bfloat16" if capability >= (8, 0) else "float16" if capability >= (7, 0) else "float32"
    try:
        _, *pairs = [[_convolution_seconds(each) for each in ("bfloat16", "float32")] for _ in range(PROBES)]
    except tf.errors.OpError:
        return "float32"
    half, full = map(sum, zip(*pairs, strict=True))
    return "bfloat16" if half < 0.8 * full else "float32"


def device_name() -> str:
    """Return the GPU's name, or "CPU with n cores"."""
    if GPUS:
        return tf.config.experimental.get_device_details(GPUS[0]).get("device_name", "GPU")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return "CPU with 1 core" if cores == 1 else f"CPU with {cores} cores"


def processor_name() -> str:
    """Return the processor's name, or its architecture where the system does not know the name."""
    with suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _convolution_seconds(precision: str) -> float:
    """Return the CPU time of all cores together, which other programs on a busy machine barely affect."""
    x, kernel = tf.ones([1, 64, 64, 128], precision), tf.ones([3, 3, 128, 128], precision)
    start = time.process_time()
    tf.nn.conv2d(x, kernel, 1, "SAME").numpy()
    return time.process_time() - start
