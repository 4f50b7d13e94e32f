"""The course's diagrams and clouds show what they say: arrows both ways, receptive fields, ellipses."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from nst_helpers.course.diagrams import BACKWARD, FORWARD, LOSSES, show_pipeline, show_vgg19
from nst_helpers.course.plots import _ellipse, show_clouds, show_table
from nst_helpers.layers import LAYERS

pytestmark = pytest.mark.quick


def words(figure):
    return " ".join(text.get_text() for ax in figure.axes for text in ax.texts)


def test_the_pipeline_has_three_pictures_three_losses_and_arrows_both_ways(noise):
    figure = show_pipeline(noise(8, 12), noise(12, 8), noise(8, 12)[0])
    (ax,) = figure.axes
    assert len(ax.images) == 3
    assert all(name in words(figure) for name in (*LOSSES, "VGG19", "total loss", "content image", "style image"))
    arrows = [text.arrow_patch for text in ax.texts if getattr(text, "arrow_patch", None)]
    colors = [arrow.get_edgecolor() for arrow in arrows]
    back = [color for color in colors if color[0] > 0.5]
    assert len(back) == 7 and len(colors) - len(back) == 9  # content and style image have no way back
    assert FORWARD != BACKWARD
    figure.canvas.draw()


def test_vgg19_is_drawn_whole_with_squares_as_large_as_the_receptive_fields(noise):
    sides = {"block1_conv1": 3, "block3_conv1": 24}
    figure = show_vgg19(noise(60, 60), sides, content="block4_conv2")
    seen, network = figure.axes
    squares = [patch for patch in seen.patches if isinstance(patch, Rectangle)]
    assert {patch.get_width() for patch in squares} == {patch.get_height() for patch in squares} == {3, 24}
    assert all(abs(patch.get_x() + patch.get_width() / 2 - 29.5) < 1e-6 for patch in squares)
    assert len(network.patches) == sum("conv" in name for name in LAYERS) == 16
    assert all(name in words(figure) for name in (*sides, "block4_conv2"))
    assert "block2_conv1" not in words(figure)
    figure.canvas.draw()


def test_the_ellipse_lies_one_standard_deviation_from_the_mean():
    points = np.random.default_rng(0).standard_normal((400, 2)) @ [[2, 1], [0, 0.5]] + [3, -1]
    around = _ellipse(points).T - points.mean(0)
    distances = np.einsum("ni,ij,nj->n", around, np.linalg.inv(np.cov(points.T)), around)
    np.testing.assert_allclose(distances, 1, rtol=1e-6)


def test_clouds_share_their_axes_and_show_the_target_in_each():
    random = np.random.default_rng(0)
    clouds = {name: (random.random((50, 2)) * scale, random.random((50, 3))) for name, scale in (("a", 1), ("b", 5))}
    figure = show_clouds(clouds, ("x", "y"), target=clouds["b"][0])
    first, second = figure.axes
    assert first.get_xlim() == second.get_xlim() and first.get_ylim() == second.get_ylim()
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"]
    assert len(first.lines) == 5  # two ellipses with white edges, and the mean
    assert len(show_clouds(clouds, ("x", "y")).axes[0].lines) == 3


@pytest.mark.parametrize(
    ("numbers", "written"),
    [
        ([0.9, 0.88, 0.14], "0.90 0.88 0.14"),
        ([80.1, 4.12, 0.59], "80.1 4.1 0.6"),
        ([22.2, 13.6], "22 14"),
        ([2.4, 0.3, -0.055], "2.40 0.30 -0.06"),
        ([4, 0, 1], "4 0 1"),
        ([12345.6, 0], "12346 0"),
        ([0, 0], "0 0"),
    ],
)
def test_a_table_has_the_same_decimals_down_each_column(numbers, written):
    assert words(show_table(np.transpose([numbers]), ["a"] * len(numbers), ["b"])) == written


def test_a_table_has_common_colours_or_those_of_each_column():
    def shades(**options):
        (image,) = show_table([[1, 20], [3, 10]], "ab", "cd", **options).axes[0].images
        return image.get_array().round(2).tolist()

    assert shades() == [[0, 1], [0.11, 0.47]]
    assert shades(by_column=True) == [[0, 1], [1, 0]]
