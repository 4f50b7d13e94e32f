"""The two optimizers: Adam and L-BFGS.

Both have the same interface: `update(image, loss, gradient)` takes the loss and gradient at an image and returns the
next image to evaluate. Images are float32 `[1, H, W, 3]`, 0..1. State is replaced, never changed in place, so that a
shallow copy of an optimizer is enough to go back to.
"""

import numpy as np
import tensorflow as tf

LBFGS_MEMORY = 10
RISE = 1.05
"""L-BFGS goes back and shortens its steps if the loss rises by more than this factor."""


def decay(k: int) -> tuple[float, float, float, float, float, float]:
    """Return, for Adam's iteration k from 1, the factor of the rate, β1, β2, ε, smoothing and averaging for pictures.

    The rate falls and β1 grows: at first the picture changes freely, later each step averages more gradients. ε, in
    units of the mean root of Adam's second moment, keeps pixels with tiny gradients from being amplified into noise.
    Smoothing is the share of a pixel's step that is the mean over its 3×3 neighbourhood. Averaging is the share of
    earlier images in the one that is shown, since single iterates oscillate about their mean, seen as dots and grain.
    """
    return (1 + (k - 1) / 30) ** -0.5, min(1 - 1 / (10 + k / 10), 0.97), 0.9, 1.0, 0.5, 0.95


def constant(k: int) -> tuple[float, float, float, float, float, float]:
    """Return the same for Adam as published."""
    return 1.0, 0.9, 0.999, 1e-7, 0.0, 0.0


SCHEDULES = {"decay": decay, "constant": constant}


class Adam:
    """Adam for pictures, or plain Adam.

    The moments are stored with their bias corrected: each moves towards the new gradient by (1 - β) / (1 - βᵏ), which
    is the published form in one line instead of two. The same holds for the average of the images, which is the one to
    show; it is the image itself where the schedule averages nothing.

    Args:
        learning_rate: the first step's length, in units of the 0..1 pixel range.
        schedule: "decay" or "constant", the functions above.

    Source: Kingma & Ba 2015, algorithm 1. Built in notebooks/05_the_loop.
    """

    def __init__(self, learning_rate: float, schedule: str = "decay"):
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.iteration = 0
        self.moments: tuple[tf.Tensor, tf.Tensor] | None = None
        self.average: tf.Tensor | None = None
        self.unit = 1.0  # of gradients: the first one's size, so that squares do not overflow

    def update(self, image: tf.Tensor, loss: float, gradient: tf.Tensor) -> tf.Tensor:
        """Return the image one step further."""
        if self.moments is None:
            self.moments = tf.zeros_like(image), tf.zeros_like(image)
            self.unit = float(tf.reduce_max(tf.abs(gradient))) or 1.0
        self.iteration += 1
        k = self.iteration
        share, beta_1, beta_2, epsilon, smoothing, averaging = SCHEDULES[self.schedule](k)
        new = [(1 - beta) / (1 - beta**k) for beta in (beta_1, beta_2, averaging)]  # the new value's share of each mean
        numbers = map(tf.constant, (*new[:2], share * self.learning_rate, epsilon, smoothing))
        image, *self.moments = _adam(image, gradient / self.unit, *self.moments, *numbers)
        self.average = image if self.average is None else self.average + new[2] * (image - self.average)
        return image

    def restart(self) -> None:
        """Do nothing: the moments forget an old loss by themselves."""

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` needs to continue exactly."""
        state = {"learning_rate": self.learning_rate, "step": self.iteration, "unit": self.unit}
        if self.moments:
            kept = dict(zip(("mean", "square", "average"), (*self.moments, self.average), strict=True))
            state |= {name: tensor.numpy() for name, tensor in kept.items()}
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue as the optimizer with this `state` would."""
        self.learning_rate, self.unit = float(state["learning_rate"]), float(state["unit"])
        self.iteration = int(state["step"])
        self.moments = (tf.constant(state["mean"]), tf.constant(state["square"])) if "mean" in state else None
        self.average = tf.constant(state["average"]) if "average" in state else None


@tf.function(autograph=False, reduce_retracing=True)  # for images of many shapes
def _adam(image, gradient, mean, square, new, new_square, rate, epsilon, smoothing):
    mean += new * (gradient - mean)
    square += new_square * (gradient**2 - square)
    typical = tf.sqrt(square)
    step = mean / (typical + epsilon * tf.reduce_mean(typical) + 1e-30)
    step += smoothing * (tf.nn.avg_pool2d(step, 3, 1, "SAME") - step)
    return tf.clip_by_value(image - rate * step, 0.0, 1.0), mean, square


class LBFGS:
    """L-BFGS on pixels bounded to 0..1, without a line search: every evaluation is an iteration.

    The last LBFGS_MEMORY steps, and how the gradient changed with each, approximate the curvature, and with it the
    minimum of a parabola. The step goes there, but no further than the learning rate, and is undone if the loss rises.

    Args:
        learning_rate: the longest step, root mean square, in units of the 0..1 pixel range.

    Source: Nocedal 1980, with the two loops of Nocedal & Wright 2006, algorithm 7.4.
    Used in notebooks/09_better_and_faster.
    """

    average = None
    """Nothing is averaged."""
    NUMBERS = ("learning_rate", "unit", "trust", "length")

    def __init__(self, learning_rate: float):
        self.learning_rate = learning_rate
        self.steps: tuple[np.ndarray, ...] = ()  # of the image, the latest last
        self.changes: tuple[np.ndarray, ...] = ()  # of the gradient, with each of these steps
        self.last: tuple[np.ndarray, float, np.ndarray] | None = None  # image, loss and gradient to continue from
        self.trust = 1.0  # the share of a step that is taken
        self.length = 0.0  # of the last step
        self.unit = 1.0  # of gradients and losses

    def update(self, image: tf.Tensor, loss: float, gradient: tf.Tensor) -> tf.Tensor:
        """Return the image one step further."""
        if self.last is None:
            self.unit = float(tf.reduce_max(tf.abs(gradient))) or 1.0
        here = image.numpy(), loss / self.unit, gradient.numpy() / np.float32(self.unit)
        if self.last is not None:
            self._learn(here)
        if self.last is None or here[1] <= RISE * self.last[1]:
            self.last, self.trust = here, min(1.0, 1.5 * self.trust)
        else:
            self.trust *= 0.4
        image, _, gradient = self.last
        free = ~((image <= 0) & (gradient > 0) | (image >= 1) & (gradient < 0))  # the others are at a bound
        direction = free * self._direction(free * gradient)
        if np.vdot(direction, gradient) >= 0:  # not downhill: the remembered curvature does not fit
            self.steps = self.changes = ()
            direction = free * -gradient
        length = float(np.sqrt(np.mean(direction**2))) + 1e-30
        wanted = length if self.steps else self.length or self.learning_rate / 2  # at first half the longest
        self.length = min(self.learning_rate, wanted) * self.trust
        return tf.clip_by_value(tf.constant(image + np.float32(self.length / length) * direction), 0.0, 1.0)

    def _learn(self, here: tuple[np.ndarray, float, np.ndarray]) -> None:
        step, change = here[0] - self.last[0], here[2] - self.last[2]
        if np.vdot(step, change) > 1e-12 * np.linalg.norm(step) * np.linalg.norm(change):
            self.steps, self.changes = (
                (*old, new)[-LBFGS_MEMORY:] for old, new in ((self.steps, step), (self.changes, change))
            )

    def _direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return minus the inverse of the approximated Hessian times the gradient."""
        direction, shares = -gradient, []
        curvatures = [np.vdot(step, change) for step, change in zip(self.steps, self.changes, strict=True)]
        for step, change, curvature in reversed(list(zip(self.steps, self.changes, curvatures, strict=True))):
            shares.append(np.vdot(step, direction) / curvature)
            direction = direction - shares[-1] * change
        if self.steps:
            direction = direction * (curvatures[-1] / np.vdot(self.changes[-1], self.changes[-1]))
        for step, change, curvature in zip(self.steps, self.changes, curvatures, strict=True):
            direction = direction + (shares.pop() - np.vdot(change, direction) / curvature) * step
        return direction

    def restart(self) -> None:
        """Forget the curvature of a loss that is no longer the one to minimise."""
        self.steps, self.changes, self.last = (), (), None

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` needs to continue exactly."""
        state = {name: getattr(self, name) for name in self.NUMBERS}
        if self.last:
            state |= dict(zip(("last_image", "last_loss", "last_gradient"), self.last, strict=True))
        if self.steps:
            state |= {"steps": np.stack(self.steps), "changes": np.stack(self.changes)}
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue as the optimizer with this `state` would."""
        self.restart()
        for name in self.NUMBERS:
            setattr(self, name, float(state[name]))
        if "last_image" in state:
            self.last = state["last_image"], float(state["last_loss"]), state["last_gradient"]
        if "steps" in state:
            self.steps, self.changes = tuple(state["steps"]), tuple(state["changes"])
