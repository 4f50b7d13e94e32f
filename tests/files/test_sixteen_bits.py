"""Pictures of 16 bits come back to the last bit, and other programs read them too."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from nst_helpers.errors import InputError
from nst_helpers.files.color_spaces import SRGB_BYTES
from nst_helpers.files.images import load_image, save_image, to_pixels
from nst_helpers.files.recipe import Picture, Recipe, read_recipe
from nst_helpers.files.sixteen_bits import decode, encode_png, encode_tiff
from nst_helpers.settings import Settings

pytestmark = pytest.mark.quick

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.random((1, 9, 7, 3), np.float32)
OPACITY = RANDOM.random((9, 7), np.float32)
RECIPE = Recipe(Picture("/a/content.jpg", "11"), Picture("/a/style.jpg", "22"), 384, 200, Settings())

each_kind = pytest.mark.parametrize("name", ["out.png", "out.tif", "out.TIFF"])
with_and_without = pytest.mark.parametrize("opacity", [None, OPACITY])


@each_kind
@with_and_without
def test_every_bit_comes_back_with_profile_and_recipe(tmp_path, name, opacity):
    path = tmp_path / name
    save_image(IMAGE, path, bits=16, opacity=opacity, recipe=RECIPE)
    np.testing.assert_array_equal(decode(path.read_bytes()), np.uint16(np.round(IMAGE[0] * 65535)))
    assert (read_recipe(path).bits, read_recipe(path).size) == (16, 384)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == SRGB_BYTES
        seen = np.asarray(image)
    np.testing.assert_array_equal(seen, to_pixels(IMAGE, 16, opacity) >> 8)  # Pillow's eyes see 8 bits


@with_and_without
def test_without_a_recipe(tmp_path, opacity):
    for name in ("a.png", "a.tif"):
        save_image(IMAGE, tmp_path / name, bits=16, opacity=opacity)
        assert decode((tmp_path / name).read_bytes()).shape == (9, 7, 3)
        with pytest.raises(InputError, match="holds no recipe"):
            read_recipe(tmp_path / name)


def test_a_tiff_has_16_bits_unless_8_are_asked_for(tmp_path):
    for bits in (None, 8):
        save_image(IMAGE, tmp_path / "a.tiff", bits=bits, recipe=RECIPE)
        with Image.open(tmp_path / "a.tiff") as image:
            assert image.tag_v2[258] == (bits or 16,) * 3
    assert read_recipe(tmp_path / "a.tiff").bits == 8
    np.testing.assert_array_equal(load_image(tmp_path / "a.tiff"), np.round(IMAGE * 255) / np.float32(255))


def test_the_comment_of_a_tiff_has_the_type_that_it_should_have(tmp_path):
    save_image(IMAGE, tmp_path / "a.tiff", recipe=RECIPE)
    assert struct.pack(">HH", 0x9286, 7) in (tmp_path / "a.tiff").read_bytes()


@pytest.mark.parametrize("encode", [encode_png, encode_tiff])
def test_a_picture_of_one_pixel_and_of_one_color(encode):
    for pixels in (np.full((1, 1, 3), 65535, np.uint16), np.zeros((3, 400, 4), np.uint16)):
        np.testing.assert_array_equal(decode(encode(pixels, SRGB_BYTES, None)), pixels[..., :3])


def test_pictures_of_8_bits_and_other_programs_tiffs_are_not_decoded(tmp_path):
    for name in ("a.jpg", "b.png", "c.webp"):
        save_image(IMAGE, tmp_path / name)
        assert decode((tmp_path / name).read_bytes()) is None
    for options in ({"compression": "tiff_lzw"}, {}):
        file = io.BytesIO()
        Image.fromarray(np.uint16(IMAGE[0, :, :, 0] * 65535)).save(file, "TIFF", **options)
        assert decode(file.getvalue()) is None


@pytest.mark.parametrize(("name", "kept"), [("a.jpg", False), ("a.png", True), ("a.webp", True), ("a.tif", True)])
def test_transparency_is_written_where_the_kind_of_file_has_it(tmp_path, name, kept):
    save_image(IMAGE, tmp_path / name, opacity=OPACITY, recipe=RECIPE)
    with Image.open(tmp_path / name) as image:
        assert image.has_transparency_data == kept
        assert image.info["icc_profile"] == SRGB_BYTES
        if kept:
            np.testing.assert_allclose(np.asarray(image)[..., 3] / 255, OPACITY, atol=1 / 255)
    assert read_recipe(tmp_path / name).iterations == 200


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_16_bits_are_refused_where_there_are_none(tmp_path, name):
    with pytest.raises(InputError, match=r"cannot have 16 bits; a \.png or a \.tiff can"):
        save_image(IMAGE, tmp_path / name, bits=16)
