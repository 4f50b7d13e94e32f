"""The content's colours are kept as the two formulas say, and the loop and the command do so."""

import numpy as np
import pytest
from PIL import Image

from nst_helpers.color import luminance, with_chroma_of, with_color_statistics_of
from nst_helpers.settings import Settings
from nst_helpers.transfer import StyleTransfer

SMALL = {"weights": None, "style_layers": ["block1_conv1", "block2_conv1"], "content_layers": "block2_conv2"}


def soft(image):
    """An image without extreme colours, so that nothing has to be clipped."""
    return np.float32(0.4 + 0.2 * image)


def statistics(image):
    pixels = np.float64(image).reshape(-1, 3)
    return pixels.mean(axis=0), np.cov(pixels, rowvar=False)


def test_luminance_is_pillows_gray(photo):
    pixels = np.uint8(np.round(photo[0] * 255))
    gray = np.asarray(Image.fromarray(pixels).convert("L"), np.float64)
    np.testing.assert_allclose(255 * luminance(pixels[None] / 255)[0, ..., 0], gray, atol=1)


def test_chroma_comes_from_the_content_and_luminance_from_the_image(photo, noise):
    content, image = soft(photo), soft(noise(*photo.shape[1:3]))
    kept = with_chroma_of(content, image)
    bands = [Image.fromarray(np.uint8(np.round(x[0] * 255))).convert("YCbCr").split() for x in (content, image, kept)]
    for band, source in ((0, 1), (1, 0), (2, 0)):
        wanted, got = (np.asarray(bands[i][band], np.int16) for i in (source, 2))
        assert np.abs(wanted - got).max() <= 2


def test_chroma_over_the_content_itself_changes_nothing(photo):
    np.testing.assert_allclose(with_chroma_of(photo, photo), photo, atol=1e-6)


def test_matched_style_has_the_content_s_mean_and_covariance(photo, painting):
    content, matched = soft(photo), with_color_statistics_of(soft(photo), painting)
    assert matched.shape == painting.shape and matched.dtype == np.float32
    for wanted, got, before in zip(*map(statistics, (content, matched, painting)), strict=True):
        np.testing.assert_allclose(got, wanted, atol=0.03 * np.abs(wanted).max())
        assert np.abs(before - wanted).max() > 0.1 * np.abs(wanted).max()


def test_matching_a_picture_to_itself_changes_nothing(painting):
    np.testing.assert_allclose(with_color_statistics_of(painting, painting), painting, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_plain_pictures_stay_finite(photo, value):
    plain = np.full((1, 4, 5, 3), value, np.float32)
    for matched in (with_color_statistics_of(photo, plain), with_color_statistics_of(plain, photo)):
        assert np.isfinite(matched).all() and matched.min() >= 0 and matched.max() <= 1
    np.testing.assert_allclose(with_color_statistics_of(photo, plain)[0, 0, 0], photo.mean((0, 1, 2)), atol=1e-5)


def test_gray_style_gets_no_speckles_of_colour(photo, painting):
    gray = luminance(painting) + 0.002 * np.random.default_rng(0).standard_normal(painting.shape, np.float32)
    matched = with_color_statistics_of(photo, gray)
    chroma = matched - luminance(matched)
    smooth = with_color_statistics_of(photo, luminance(painting).repeat(3, axis=-1))
    assert np.abs(chroma - (smooth - luminance(smooth))).mean() < 0.05


def test_luminance_run_is_the_plain_run_in_the_content_s_colours(photo, painting):
    plain, kept = (StyleTransfer(photo, painting, colors=colors, **SMALL) for colors in ("style", "luminance"))
    for ours, theirs in zip(kept.steps(3), plain.steps(3), strict=True):
        assert ours.losses == theirs.losses
        np.testing.assert_array_equal(ours.image, with_chroma_of(photo, theirs.image))


def test_matched_run_is_the_plain_run_with_the_matched_style(photo, painting):
    matched = with_color_statistics_of(photo, painting)
    ours = StyleTransfer(photo, painting, colors="matched", **SMALL).run(3, progress=False)[-1]
    theirs = StyleTransfer(photo, matched, **SMALL).run(3, progress=False)[-1]
    assert ours.losses == theirs.losses
    np.testing.assert_array_equal(ours.image, theirs.image)


@pytest.mark.parametrize("colors", ["luminance", "matched"])
def test_resumed_run_goes_on_exactly(photo, painting, colors):
    whole = StyleTransfer(photo, painting, colors=colors, **SMALL)
    half, resumed = (StyleTransfer(photo, painting, colors=colors, **SMALL) for _ in range(2))
    half.run(2, progress=False)
    resumed.restore(half.state())
    last, again = whole.run(4, progress=False)[-1], resumed.run(2, progress=False)[-1]
    np.testing.assert_array_equal(again.image, last.image)


def test_settings_know_no_other_colours():
    with pytest.raises(ValueError, match="colors must be one of style, luminance, matched, not 'sepia'"):
        Settings(colors="sepia")
