"""The machine's own limit, as TensorFlow's libraries reach it: the fastest large product found."""

import time

import tensorflow as tf

PRODUCTS = ((2048, 2048, 2048), (4096, 4096, 4096), (16384, 512, 512))  # rows, inner, columns
CONVOLUTIONS = ((128, 128), (64, 256))  # side, channels


class Peak:
    """In `step()` a few matrix products and convolutions; in `rates` the most operations a second that each reached.

    Where the library has to rearrange what a large matrix product reads, convolutions can come out above it.
    """

    def __init__(self, precision: str, small: bool = False):
        self.precision = precision
        self.rates = {"matmul": 0.0, "convolution": 0.0}
        self._products = []
        for m, k, n in ((256, 256, 256),) if small else PRODUCTS:
            self._products.append(("matmul", tf.matmul, *self._pair([m, k], [k, n]), 2 * m * k * n))
        for side, channels in ((16, 32),) if small else CONVOLUTIONS:
            pair = self._pair([1, side, side, channels], [3, 3, channels, channels])
            self._products.append(("convolution", _convolve, *pair, 2 * 9 * side**2 * channels**2))

    def step(self):
        for kind, multiply, a, b, flops in self._products:
            start = time.perf_counter()
            multiply(a, b)[0, 0].numpy()  # reading a part of it back waits for the whole
            self.rates[kind] = max(self.rates[kind], flops / (time.perf_counter() - start))

    def _pair(self, *shapes):
        return [tf.cast(tf.random.normal(shape), self.precision) for shape in shapes]


def _convolve(image, kernel):
    return tf.nn.conv2d(image, kernel, 1, "SAME")
