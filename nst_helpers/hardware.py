"""TensorFlow, started without its banner, and the arithmetic in which this machine runs VGG19 fastest."""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

from .settings import CHOICES, one_of


@contextmanager
def _banner_hidden() -> Iterator[None]:
    """Send to nowhere what TensorFlow's C++ side writes to stderr as it starts; if it cannot start, show it."""
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

    tf.get_logger().setLevel("ERROR")  # each StyleTransfer compiles its own step, which TensorFlow would remark upon
    GPUS = tf.config.list_physical_devices("GPU")
    for _gpu in GPUS:
        with suppress(RuntimeError):  # somebody has put TensorFlow to use already
            tf.config.experimental.set_memory_growth(_gpu, True)


PROBES = 10
"""How often each arithmetic is timed, in turns; the first time, which is slow, does not count."""


@lru_cache
def fastest_precision() -> str:
    """Return the arithmetic in which VGG19 runs fastest here: "bfloat16" or "float16" where that pays, else "float32".

    A GPU is asked for its compute capability. On a CPU one convolution is timed, because where the processor has to
    emulate bfloat16 it is three times slower. The environment variable NST_PRECISION overrides the choice.
    """
    if forced := os.environ.get("NST_PRECISION"):
        return one_of("NST_PRECISION", forced, CHOICES["precision"][1:])
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
    """Return the processor's name, as far as the system tells it."""
    with suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _convolution_seconds(precision: str) -> float:
    """Return the seconds of all cores together, which other programs on a busy machine hardly change."""
    x, kernel = tf.ones([1, 64, 64, 128], precision), tf.ones([3, 3, 128, 128], precision)
    start = time.process_time()
    tf.nn.conv2d(x, kernel, 1, "SAME").numpy()
    return time.process_time() - start
