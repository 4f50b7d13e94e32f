"""The film and the first picture of notebook 02b: a cloud of activations takes on a painting's ellipse.

python -m tests.pictures.figures_02b

It writes 02b_why_the_gram_matrix.gif and .jpg. The photograph is painted with the defaults; what is drawn beside it are
the activations of two channels of block3_conv1, one point for each position, in the colour of that position.
"""

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from nst_helpers import FeatureExtractor, StyleTransfer
from nst_helpers.course.notebooks import picture
from nst_helpers.course.plots import show_clouds
from nst_helpers.files.images import to_pil
from nst_helpers.settings import coarse_to_fine

from .gallery import PREVIEWS, drawn, write

NOTEBOOK = "02b_why_the_gram_matrix"
LAYER, STEP, CHANNELS = "block3_conv1", 4, [9, 110]
SIZE, ITERATIONS = 384, 120
FRAMES = (0, 1, 2, 3, 4, 6, 8, 12, 18, 30, 45, 60, 90, 120)
HEIGHT, COLORS, LAST = 216, 56, 2500
"""Of a frame: pixels, colours; milliseconds of the last one."""


def main() -> None:
    photo, painting = picture("summer_palace.jpg", SIZE), picture("auvers.jpg", SIZE)
    run = StyleTransfer(photo, painting, scales=coarse_to_fine(photo.shape, ITERATIONS))
    kept = {0: photo}

    def keep(snapshot):
        if snapshot.iteration in FRAMES:
            kept[snapshot.iteration] = snapshot.image

    run.run(ITERATIONS, each=keep)
    vgg = FeatureExtractor([LAYER])
    target = cloud(vgg, painting)
    frames = [frame(image, cloud(vgg, image), target, i) for i, image in kept.items()]
    ends = Image.new("RGB", (frames[0].width, 2 * HEIGHT))
    ends.paste(frames[0], (0, 0))
    ends.paste(frames[-1], (0, HEIGHT))
    palette = ends.quantize(COLORS, dither=Image.Dither.NONE)
    small = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in frames]
    path = PREVIEWS / f"{NOTEBOOK}.gif"
    times = [300] * (len(small) - 1) + [LAST]
    small[0].save(path, save_all=True, append_images=small[1:], duration=times, loop=0, optimize=True)
    print(f"{path}: {small[0].width}×{small[0].height}, {path.stat().st_size / 1e3:.0f} kB")
    shown = {"photograph": photo, "painted": kept[ITERATIONS], "painting": painting}
    how = f"{SIZE} px, {ITERATIONS} iterations, {LAYER}, channels {CHANNELS}"
    write(three(shown, vgg, target), PREVIEWS / f"{NOTEBOOK}.jpg", how)


def cloud(vgg: FeatureExtractor, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the activations of the two channels, and the mean colour of the pixels below each position."""
    features = vgg(image)[LAYER].numpy()[0]
    height, width = features.shape[:2]
    tiles = image[0, : height * STEP, : width * STEP].reshape(height, STEP, width, STEP, 3)
    return features[..., CHANNELS].reshape(-1, 2), tiles.mean((1, 3)).reshape(-1, 3)


def frame(image: np.ndarray, points: tuple, target: tuple, iteration: int) -> Image.Image:
    """Return the picture beside its cloud, equally high."""
    names = tuple(f"channel {c}" for c in CHANNELS)
    figure = show_clouds({f"iteration {iteration}": points}, names, target=target[0], width=3)
    (ax,) = figure.axes
    ax.set(xlim=(-0.6, 10), ylim=(-0.6, 13))
    beside = drawn(figure, 80).resize((HEIGHT, HEIGHT), Image.Resampling.LANCZOS)
    left = to_pil(image)
    left = left.resize((round(HEIGHT * left.width / left.height), HEIGHT), Image.Resampling.LANCZOS)
    both = Image.new("RGB", (left.width + beside.width, HEIGHT), "white")
    both.paste(left, (0, 0))
    both.paste(beside, (left.width, 0))
    return both


def three(pictures: dict[str, np.ndarray], vgg: FeatureExtractor, target: tuple) -> Image.Image:
    """Return the pictures in a row, each above its cloud."""
    figure = Figure(figsize=(11, 2.6), layout="constrained")
    for i, image in enumerate(pictures.values(), 1):
        ax = figure.add_subplot(1, len(pictures), i)
        ax.imshow(image[0])
        ax.axis("off")
    clouds = {name: cloud(vgg, image) for name, image in pictures.items()}
    below = drawn(show_clouds(clouds, tuple(f"channel {c}" for c in CHANNELS), target=target[0]), 80)
    above = drawn(figure, 80)
    whole = Image.new("RGB", (below.width, above.height + below.height), "white")
    whole.paste(above, (0, 0))
    whole.paste(below, (0, above.height))
    return whole


if __name__ == "__main__":
    main()
