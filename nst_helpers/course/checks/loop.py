"""Checkers for the exercises of notebook 05: Adam's step, the loop, a live weight, and a guard against NaN."""

from collections.abc import Callable

import numpy as np

from .base import Refused, checker, exercise, pixels, require


def _adam_step(
    gradient, mean, square, k, rate=0.02, betas=(0.9, 0.999), divided=(1, 1), late=0, running=1, sign=1, root=np.sqrt
):
    mean = betas[0] * mean + (1 - betas[0]) * gradient
    square = betas[1] * square + (1 - betas[1]) * gradient**2
    divisors = [1 - beta ** (k - late) if wanted else 1.0 for beta, wanted in zip(betas, divided, strict=True)]
    unbiased = mean / divisors[0], square / divisors[1]
    step = sign * rate * unbiased[0] / (root(unbiased[1]) + 1e-8)
    return step, *((mean, square) if running else unbiased)


def _step_and_means(got, *_):
    require(isinstance(got, tuple) and len(got) == 3, "return three things: the step and both running means.")
    return dict(zip(("the step", "the mean", "the mean of squares"), got, strict=True))


def _gradients_and_means(seed):
    random = np.random.default_rng(seed)
    gradient, mean = random.standard_normal((2, 1, 3, 4, 3)).astype(np.float32)
    square = random.random(gradient.shape, np.float32) + 0.1
    return (gradient, 0 * mean, 0 * square, 1, 0.02) if seed == 0 else (gradient, mean, square, 1 + 3 * seed, 0.05)


check_adam_step = exercise(
    _adam_step,
    [*map(_gradients_and_means, range(3))],
    {
        "neither mean is corrected for having begun at 0; divide by 1 - 0.9ᵏ and 1 - 0.999ᵏ.": {"divided": (0, 0)},
        "the mean of the gradients is not corrected yet; divide it by 1 - 0.9ᵏ.": {"divided": (0, 1)},
        "the mean of the squares is not corrected yet; divide it by 1 - 0.999ᵏ.": {"divided": (1, 0)},
        "the correction is one step late: the first step has k = 1.": {"late": 1},
        "it returns the corrected means; the next step needs the running ones.": {"running": 0},
        "the two rates of decay are exchanged: 0.9 for the gradients, 0.999 for their squares.": {
            "betas": (0.999, 0.9)
        },
        "it points uphill; return what is to be subtracted.": {"sign": -1},
        "the root is missing: divide by √v̂.": {"root": np.positive},
        "the rate has no effect; multiply by it.": lambda g, m, s, k, rate: _adam_step(g, m, s, k, 1.0),
        "the rate is always 0.02; multiply by the one that is given.": lambda g, m, s, k, rate: _adam_step(g, m, s, k),
    },
    "Adam as Kingma and Ba published it, at the first step and at later ones.",
    read=_step_and_means,
)


def _painted(image, loss, n, first=1, sign=1, forgets=False, clip=True, at_start=False, more=0):
    import tensorflow as tf

    mean = square = np.zeros_like(image)
    start = image
    for k in range(first, n + first + more):
        with tf.GradientTape() as tape:
            tape.watch(looked := start if at_start else image)
            value = loss(looked)
        if forgets:
            mean = square = np.zeros_like(image)
        with np.errstate(all="ignore"):
            step, mean, square = _adam_step(tape.gradient(value, looked).numpy(), mean, square, k)
        image = image - sign * step
        image = tf.clip_by_value(image, 0.0, 1.0) if clip else image
    return np.asarray(image)


PAINT_MISTAKES = {
    "k begins at 0, and Adam divides by 1 - 0.9⁰ = 0; count from 1.": {"first": 0},
    "it climbs: subtract the step.": {"sign": -1},
    "the two means begin again at each step; set them to 0 before the loop.": {"forgets": True},
    "pixels leave 0..1; clip the image after each step.": {"clip": False},
    "each gradient is taken at the first image; take it at the newest one.": {"at_start": True},
    "it takes one step too few.": {"more": -1},
    "it takes one step too many.": {"more": 1},
}


@checker
def check_paint(answer: Callable) -> str:
    """Check `paint(image, loss, iterations)`: so many of Adam's steps down a loss, within 0..1."""
    import tensorflow as tf

    start, target = tf.constant(pixels(1, 4, 5, 3)), 2 * pixels(1, 5, 4, 3).reshape(1, 4, 5, 3) - 0.5

    def loss(image):
        return tf.reduce_sum((image - target) ** 2)

    for n in (30, 3, 1):
        got, right = np.asarray(answer(start, loss, n)), _painted(start, loss, n)
        require(got.shape == right.shape, f"given an image of shape {list(right.shape)}, it returns {list(got.shape)}.")
        if np.allclose(got, right, atol=1e-4):
            continue
        for explanation, mistake in PAINT_MISTAKES.items():
            wrong = _painted(start, loss, n, **mistake)
            require(not np.allclose(got, wrong, atol=1e-4, equal_nan=True), explanation)
        raise Refused(f"after {n} iterations its pixels differ from Adam's by up to {np.abs(got - right).max():.2g}.")
    return "thirty steps of Adam, where they should be."


@checker
def check_live_weight(answer: Callable) -> str:
    """Check `make_step()`: it returns a tf.function of image and weight, weight · mean(image²), traced only once."""
    import tensorflow as tf

    step, image, weights = answer(), tf.constant(pixels(1, 4, 4, 3)), (1.0, 2.0, 10.0)
    compiled = hasattr(step, "experimental_get_tracing_count")
    require(compiled, "what it returns is not compiled; put @tf.function above the step.")
    try:
        got = [float(step(image, weight)) for weight in weights]
    except Exception as error:
        message = str(error).splitlines()[0][:200]
        require(False, f"given the weight 1.0, it stops with {type(error).__name__}: {message}")
    right = [weight * float(tf.reduce_mean(image**2)) for weight in weights]
    same = np.allclose(got, got[0])
    require(not same, f"weights {weights} all give {got[0]:.3g}: the weight is baked in or not used.")
    require(np.allclose(got, right, rtol=1e-4), f"it returns {got[1]:.4g} where {right[1]:.4g} is right.")
    traces = step.experimental_get_tracing_count()
    require(
        traces == 1,
        f"it was traced {traces} times for {len(weights)} weights; a Python float as argument is compiled in each "
        "time. Say that it is a tensor: input_signature, or tf.convert_to_tensor outside.",
    )
    return "three weights, three results, one trace."


def _guarded(image, gradient, rate, sign=1, clip=(0, 1), sound=1.0, finite=np.isfinite, instead=None, dropped=0.5):
    def step(gradient):
        return np.clip(image - sign * rate * gradient, *clip)

    if np.all(finite(gradient)):
        return step(gradient), rate * sound
    return image if instead is None else step(instead(gradient)), rate * dropped


def _without_poison(gradient):
    return np.nan_to_num(gradient, posinf=0, neginf=0)


def _image_and_rate(got, *_):
    require(isinstance(got, tuple) and len(got) == 2, "return two things: the image and the rate.")
    return {"the image": got[0], "the rate": got[1]}


def _steps():
    gradient = 3 * np.random.default_rng(0).standard_normal((1, 3, 4, 3)).astype(np.float32)
    poison = [np.where(np.arange(36).reshape(gradient.shape) == 18, bad, gradient) for bad in (np.nan, np.inf, -np.inf)]
    return [(pixels(1, 3, 4, 3), each.astype(np.float32), 0.1) for each in (gradient, *poison)]


check_guard = exercise(
    _guarded,
    _steps(),
    {
        "the gradient was sound, so the rate must stay as it was.": {"sound": 0.5},
        "pixels leave 0..1; clip the image after the step.": {"clip": (-np.inf, np.inf)},
        "it goes uphill; subtract the gradient.": {"sign": -1},
        "NaN or infinity went into the image; use np.isfinite, as NaN == NaN is False.": {"finite": np.ones_like},
        "NaN or infinity in one place must drop the whole step, yet the image moved.": {"instead": _without_poison},
        "after a dropped step the rate must be half of what it was.": {"dropped": 1},
    },
    "sound steps are taken, poisoned ones are dropped and the rate is halved.",
    read=_image_and_rate,
)
