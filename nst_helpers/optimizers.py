"""The two ways down the loss: Adam, and SciPy's L-BFGS-B.

Both are driven alike: `update(image, loss, gradient)` takes what was found at one image and returns the image at
which to look next. Images are float32 `[1, H, W, 3]`, 0..1.
"""

import queue
import threading

import numpy as np
import tensorflow as tf

BETA_1 = 0.9
BETA_2 = {"decay": 0.99, "constant": 0.999}
EPSILON = {"decay": 1.0, "constant": 1e-7}
"""In units of the gradient's mean size. A large one keeps Adam from amplifying what hardly matters into noise."""
DECAY_ITERATIONS = 30
LBFGS_EVALUATIONS = 50
LBFGS_MEMORY = 20
LATER_FIRST_STEP = 0.02


class Adam:
    """Adam for pictures, or plain Adam.

    Args:
        learning_rate: the first step's length, in units of the 0..1 pixel range.
        schedule: "decay" lets the rate fall like 1/√k and takes an ε as large as the gradient; "constant" is Adam as
            published, with a rate that stays.

    Source: Kingma & Ba 2015, algorithm 1. Built in notebooks/05_the_loop.
    """

    def __init__(self, learning_rate: float, schedule: str = "decay"):
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.iteration = 0
        self.moments: tuple[tf.Tensor, tf.Tensor] | None = None
        self.unit = 1.0  # of gradients: the first one's size, so that none is too large to be squared

    def update(self, image: tf.Tensor, loss: float, gradient: tf.Tensor) -> tf.Tensor:
        """Return the image one step further."""
        if self.moments is None:
            self.moments = tf.zeros_like(image), tf.zeros_like(image)
            self.unit = float(tf.reduce_max(tf.abs(gradient))) or 1.0
        rate = self.learning_rate
        if self.schedule == "decay":
            rate /= (1 + self.iteration / DECAY_ITERATIONS) ** 0.5
        self.iteration += 1
        numbers = (float(self.iteration), rate, BETA_2[self.schedule], EPSILON[self.schedule])
        image, *self.moments = _adam(image, gradient / self.unit, *self.moments, *map(tf.constant, numbers))
        return image

    def restart(self) -> None:
        """Nothing to do: the moments forget an old loss by themselves."""

    def state(self, image: tf.Tensor, iteration: int) -> dict[str, np.ndarray]:
        """Return what `restore` needs to go on from this iteration exactly."""
        state = {"image": image.numpy(), "iteration": iteration, "unit": self.unit}
        if self.moments:
            state |= {name: moment.numpy() for name, moment in zip(("mean", "square"), self.moments, strict=True)}
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on as the optimizer did whose `state` this is."""
        self.iteration = int(state["iteration"])
        self.unit = float(state["unit"])
        self.moments = (tf.constant(state["mean"]), tf.constant(state["square"])) if "mean" in state else None


@tf.function(reduce_retracing=True)  # images of many shapes may come by
def _adam(image, gradient, mean, square, iteration, rate, beta_2, epsilon):
    mean = BETA_1 * mean + (1 - BETA_1) * gradient
    square = beta_2 * square + (1 - beta_2) * gradient**2
    typical = tf.sqrt(square / (1 - beta_2**iteration))
    step = mean / (1 - BETA_1**iteration) / (typical + epsilon * tf.reduce_mean(typical) + 1e-30)
    return tf.clip_by_value(image - rate * step, 0.0, 1.0), mean, square


class LBFGS:
    """SciPy's L-BFGS-B on pixels bounded to 0..1, turned inside out: it asks where SciPy would call.

    SciPy runs in a thread of its own, waiting whenever it needs a loss and a gradient. It starts afresh every
    LBFGS_EVALUATIONS evaluations and whenever a weight changes; such a start is also where a run can be resumed.

    Source: Zhu, Byrd, Lu & Nocedal 1997. Built in notebooks/05_the_loop.
    """

    def __init__(self, learning_rate: float):
        self.learning_rate = learning_rate
        self._starts = 0
        self._asked: queue.SimpleQueue | None = None  # images at which SciPy wants to know the loss
        self._told: queue.SimpleQueue | None = None  # (loss, gradient) at the last of them, None to stop
        self._evaluations = 0

    def update(self, image: tf.Tensor, loss: float, gradient: tf.Tensor) -> tf.Tensor:
        """Return the image at which SciPy wants to know the loss next."""
        if self._asked is None or self._evaluations >= LBFGS_EVALUATIONS:
            self._start(image, gradient)
        self._told.put((loss * self._scale, np.float64(gradient).ravel() * self._scale))
        self._evaluations += 1
        asked = self._asked.get()
        if asked is None:  # SciPy sees no way further down
            self._asked = None
            return image
        return tf.constant(asked.reshape(image.shape), tf.float32)

    def restart(self) -> None:
        """Forget the curvature of a loss that is no longer the one to minimise."""
        if self._told is not None:
            self._told.put(None)
        self._asked = self._told = None

    def state(self, image: tf.Tensor, iteration: int) -> dict[str, np.ndarray]:
        """Return what is needed to go on from the last fresh start, which repeats the iterations since."""
        if self._asked is None:
            return {"image": image.numpy(), "iteration": iteration}
        return {"image": self._first.numpy(), "iteration": iteration - self._evaluations}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Start afresh, which is what happened at the iteration that `state` describes."""
        self.restart()
        self._starts = int(state["iteration"] > 0)

    __del__ = restart

    def _start(self, image: tf.Tensor, gradient: tf.Tensor) -> None:
        self.restart()
        self._first, self._evaluations = image, 0
        # SciPy's first step is the gradient itself: bring that to a length that suits, a short one near the goal.
        length = self.learning_rate if self._starts == 0 else LATER_FIRST_STEP * self.learning_rate
        self._scale = length / (np.sqrt(np.mean(np.float64(gradient) ** 2)) + 1e-300)
        self._starts += 1
        self._asked, self._told = queue.SimpleQueue(), queue.SimpleQueue()
        threading.Thread(target=_minimize, args=(image.numpy(), self._asked, self._told), daemon=True).start()


def _minimize(image: np.ndarray, asked: queue.SimpleQueue, told: queue.SimpleQueue) -> None:
    import scipy.optimize  # takes a while, and Adam does not need it

    first = True

    def loss_and_gradient(x):
        nonlocal first
        if not first:  # the loss at the starting image is told without being asked for
            asked.put(x.copy())
        first = False
        if (answer := told.get()) is None:
            raise StopIteration
        return answer

    options = {"maxcor": LBFGS_MEMORY, "maxiter": 10**9, "maxfun": 10**9, "ftol": 0.0, "gtol": 0.0}
    try:
        scipy.optimize.minimize(
            loss_and_gradient,
            np.float64(image).ravel(),
            jac=True,
            method="L-BFGS-B",
            bounds=scipy.optimize.Bounds(0, 1),
            options=options,
        )
    except StopIteration:
        return
    asked.put(None)
