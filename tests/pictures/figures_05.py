"""Notebook 05's figure: the reader's own loop from three starts.

python -m tests.pictures.figures_05
"""

import numpy as np
import tensorflow as tf

from nst_helpers import FeatureExtractor
from nst_helpers.course.my_nst import content_loss, gram, paint, style_loss, total_variation
from nst_helpers.course.notebooks import picture
from nst_helpers.course.plots import show_images
from nst_helpers.layers import STYLE_LAYERS
from nst_helpers.losses import style_unit

from .gallery import PREVIEWS, drawn, write

SIZE, ITERATIONS, DPI = 256, 120, 100
CONTENT_LAYER = "block4_conv2"
ALPHA, BETA, GAMMA = 1.0, 1e4, 200.0


def main() -> None:
    content, style = picture("summer_palace.jpg", SIZE), picture("auvers.jpg", SIZE)
    starts = {
        "the photograph": content,
        "the painting": _cropped(style, content.shape),
        "noise": np.random.default_rng(0).random(content.shape, np.float32),
    }
    loss = loss_of(content, style)
    pictures = {}
    for name, start in starts.items():
        painted = paint(tf.constant(start), loss, ITERATIONS)
        pictures[f"from {name}: loss {float(loss(painted)):.1f}"] = painted.numpy()
    write(drawn(show_images(pictures), DPI), PREVIEWS / "05_three_starts.jpg", f"{SIZE} px, {ITERATIONS} iterations")


def loss_of(content: np.ndarray, style: np.ndarray) -> tf.types.experimental.GenericFunction:
    """Return the notebook's loss as a compiled function of the image."""
    vgg = FeatureExtractor([*STYLE_LAYERS, CONTENT_LAYER], precision="auto")

    def features_of(image):
        return {layer: tf.cast(each, tf.float32) for layer, each in vgg(image).items()}

    def grams(features):
        return {layer: gram(features[layer]) / style_unit(layer, "squared") ** 0.5 for layer in STYLE_LAYERS}

    wanted_content, wanted_grams = features_of(content)[CONTENT_LAYER], grams(features_of(style))

    def loss(image):
        features = features_of(image)
        far = ALPHA * content_loss(wanted_content, features[CONTENT_LAYER])
        return far + BETA * style_loss(wanted_grams, grams(features)) + GAMMA * total_variation(image)

    return tf.function(loss)


def _cropped(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the image, enlarged so that it covers a shape, and its upper left part of that shape."""
    _, height, width, _ = shape
    factor = max(height / image.shape[1], width / image.shape[2])
    large = tf.image.resize(image, [round(factor * side + 0.5) for side in image.shape[1:3]])
    return large[:, :height, :width].numpy()


if __name__ == "__main__":
    main()
