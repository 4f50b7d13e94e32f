"""The two ways down the loss: Adam and L-BFGS.

Both are driven alike: `update(image, loss, gradient)` takes what was found at one image and returns the image at
which to look next. Images are float32 `[1, H, W, 3]`, 0..1. What an optimizer remembers is replaced, never changed in
place: a shallow copy of it is all it takes to go back.
"""

import numpy as np
import tensorflow as tf

LBFGS_MEMORY = 10
RISE = 1.05
"""L-BFGS goes back, and shortens its steps, where the loss rises by more than this factor."""


def decay(k: int) -> tuple[float, float, float, float, float]:
    """Return, for Adam's iteration k from 1, the share of the rate, β1, β2, ε and smoothing that suit pictures.

    The rate falls, β1 grows: at first the picture is free to change, then it is steered by ever more gradients. ε, in
    units of the gradient's mean size, keeps what hardly matters from being amplified into noise. Smoothing is the share
    of a pixel's step that is the mean over its 3x3 neighbourhood.
    """
    return (1 + (k - 1) / 30) ** -0.5, min(1 - 1 / (10 + k / 10), 0.97), 0.9, 1.0, 0.5


def constant(k: int) -> tuple[float, float, float, float, float]:
    """Return the same for Adam as published."""
    return 1.0, 0.9, 0.999, 1e-7, 0.0


SCHEDULES = {"decay": decay, "constant": constant}


class Adam:
    """Adam for pictures, or plain Adam.

    The means are kept corrected for having begun at zero: each is moved towards the new gradient by
    (1 - β) / (1 - βᵏ), which is the published form in one line instead of two.

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
        self.unit = 1.0  # of gradients: the first one's size, so that none is too large to be squared

    def update(self, image: tf.Tensor, loss: float, gradient: tf.Tensor) -> tf.Tensor:
        """Return the image one step further."""
        if self.moments is None:
            self.moments = tf.zeros_like(image), tf.zeros_like(image)
            self.unit = float(tf.reduce_max(tf.abs(gradient))) or 1.0
        self.iteration += 1
        k = self.iteration
        share, beta_1, beta_2, epsilon, smoothing = SCHEDULES[self.schedule](k)
        new = [(1 - beta) / (1 - beta**k) for beta in (beta_1, beta_2)]  # how much of a mean is the new gradient
        numbers = map(tf.constant, (*new, share * self.learning_rate, epsilon, smoothing))
        image, *self.moments = _adam(image, gradient / self.unit, *self.moments, *numbers)
        return image

    def restart(self) -> None:
        """Nothing to do: the moments forget an old loss by themselves."""

    def state(self, image: tf.Tensor, iteration: int) -> dict[str, np.ndarray]:
        """Return what `restore` needs to go on from this iteration exactly."""
        state = {"image": image.numpy(), "iteration": iteration, "step": self.iteration, "unit": self.unit}
        if self.moments:
            state |= {name: moment.numpy() for name, moment in zip(("mean", "square"), self.moments, strict=True)}
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on as the optimizer did whose `state` this is."""
        self.iteration = int(state["step"])
        self.unit = float(state["unit"])
        self.moments = (tf.constant(state["mean"]), tf.constant(state["square"])) if "mean" in state else None


@tf.function(autograph=False, reduce_retracing=True)  # images of many shapes may come by
def _adam(image, gradient, mean, square, new, new_square, rate, epsilon, smoothing):
    mean += new * (gradient - mean)
    square += new_square * (gradient**2 - square)
    typical = tf.sqrt(square)
    step = mean / (typical + epsilon * tf.reduce_mean(typical) + 1e-30)
    step += smoothing * (tf.nn.avg_pool2d(step, 3, 1, "SAME") - step)
    return tf.clip_by_value(image - rate * step, 0.0, 1.0), mean, square


class LBFGS:
    """L-BFGS on pixels bounded to 0..1, without a line search: every evaluation is an iteration.

    The last LBFGS_MEMORY steps and what they did to the gradient tell the curvature, from which follows where a
    parabola would have its lowest point. A step there is taken, no longer than the learning rate, and taken back where
    the loss has risen.

    Args:
        learning_rate: the longest step, root mean square, in units of the 0..1 pixel range.

    Source: Nocedal 1980, with the two loops of Nocedal & Wright 2006, algorithm 7.4. Built in notebooks/05_the_loop.
    """

    def __init__(self, learning_rate: float):
        self.learning_rate = learning_rate
        self.steps: tuple[np.ndarray, ...] = ()  # of the image, the latest last
        self.bends: tuple[np.ndarray, ...] = ()  # what each of them did to the gradient
        self.last: tuple[np.ndarray, float, np.ndarray] | None = None  # image, loss and gradient to go on from
        self.trust = 1.0  # share of a step that is taken
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
        free = ~((image <= 0) & (gradient > 0) | (image >= 1) & (gradient < 0))  # the others are held by their bounds
        direction = free * self._direction(free * gradient)
        if np.vdot(direction, gradient) >= 0:  # not downhill: what was learnt is of no use here
            self.steps = self.bends = ()
            direction = free * -gradient
        length = float(np.sqrt(np.mean(direction**2))) + 1e-30
        wanted = length if self.steps else self.length or self.learning_rate / 2  # at first half of what it may be
        self.length = min(self.learning_rate, wanted) * self.trust
        return tf.clip_by_value(tf.constant(image + np.float32(self.length / length) * direction), 0.0, 1.0)

    def _learn(self, here: tuple[np.ndarray, float, np.ndarray]) -> None:
        step, bend = here[0] - self.last[0], here[2] - self.last[2]
        if np.vdot(step, bend) > 1e-12 * np.linalg.norm(step) * np.linalg.norm(bend):
            self.steps, self.bends = (
                (*old, new)[-LBFGS_MEMORY:] for old, new in ((self.steps, step), (self.bends, bend))
            )

    def _direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return minus the inverse of the remembered curvature times the gradient."""
        direction, shares = -gradient, []
        curvatures = [np.vdot(step, bend) for step, bend in zip(self.steps, self.bends, strict=True)]
        for step, bend, curvature in reversed(list(zip(self.steps, self.bends, curvatures, strict=True))):
            shares.append(np.vdot(step, direction) / curvature)
            direction = direction - shares[-1] * bend
        if self.steps:
            direction = direction * (curvatures[-1] / np.vdot(self.bends[-1], self.bends[-1]))
        for step, bend, curvature in zip(self.steps, self.bends, curvatures, strict=True):
            direction = direction + (shares.pop() - np.vdot(bend, direction) / curvature) * step
        return direction

    def restart(self) -> None:
        """Forget the curvature of a loss that is no longer the one to minimise."""
        self.steps, self.bends, self.last = (), (), None

    def state(self, image: tf.Tensor, iteration: int) -> dict[str, np.ndarray]:
        """Return what `restore` needs to go on from this iteration exactly."""
        state = {"image": image.numpy(), "iteration": iteration, "unit": self.unit}
        state |= {"trust": self.trust, "length": self.length}
        if self.last:
            state |= dict(zip(("last_image", "last_loss", "last_gradient"), self.last, strict=True))
        if self.steps:
            state |= {"steps": np.stack(self.steps), "bends": np.stack(self.bends)}
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on as the optimizer did whose `state` this is."""
        self.restart()
        self.unit, self.trust, self.length = (float(state[name]) for name in ("unit", "trust", "length"))
        if "last_image" in state:
            self.last = state["last_image"], float(state["last_loss"]), state["last_gradient"]
        if "steps" in state:
            self.steps, self.bends = tuple(state["steps"]), tuple(state["bends"])
