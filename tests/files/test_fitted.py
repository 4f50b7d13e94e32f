"""Masks, starts and transparency take the shape of the picture that they go with, or are refused."""

import numpy as np
import pytest
from PIL import Image

from nst_helpers.errors import InputError
from nst_helpers.files.fitted import load_fitting, load_mask, load_opacity

pytestmark = pytest.mark.quick

SHAPE = (1, 20, 30, 3)


@pytest.fixture
def saved(tmp_path):
    """A function that saves an array of 0..255 as a picture and returns its path."""

    def saved(array, name="mask.png"):
        Image.fromarray(np.uint8(array)).save(tmp_path / name)
        return tmp_path / name

    return saved


def halves(height=40, width=60):
    array = np.zeros((height, width))
    array[:, : width // 2] = 255
    return array


@pytest.mark.parametrize("make", [halves, lambda: np.dstack([halves()] * 3)])
def test_a_mask_is_scaled_to_its_picture(saved, make):
    told = []
    mask = load_mask(saved(make()), SHAPE, report=told.append)
    assert (mask.shape, mask.dtype, told) == ((20, 30), np.float32, [])
    assert (mask[:, :14] == 1).all()
    assert (mask[:, 16:] == 0).all()


def test_gray_is_partly(saved):
    assert load_mask(saved(np.full((20, 30), 51)), SHAPE) == pytest.approx(0.2)


def test_a_mask_drawn_on_a_transparent_layer(saved):
    told = []
    mask = load_mask(saved(np.dstack([np.full((40, 60, 3), 255), halves()])), SHAPE, report=told.append)
    assert mask[0, 0] == 1
    assert mask[0, -1] == 0
    assert "laid on black" in told[0]


def test_colours_in_a_mask_are_told(saved):
    told = []
    load_mask(saved(np.dstack([halves(), np.zeros((40, 60, 2))])), SHAPE, report=told.append)
    assert told == ["mask.png: colours read as grey."]


@pytest.mark.parametrize("size", [(427, 640), (2, 3), (4000, 6050)])
def test_the_proportions_may_be_rounded(saved, size):
    assert load_mask(saved(np.full(size, 255)), (1, 21, 32, 3)).shape == (21, 32)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.full((30, 30), 255), r"mask\.png has 30×30 pixels and the picture that it is for 30×20"),
        (np.full((60, 40), 255), "must have the same proportions"),
        (np.zeros((20, 30)), r"mask\.png is black everywhere; make white"),
    ],
)
def test_a_mask_that_cannot_work_is_refused(saved, array, told):
    with pytest.raises(InputError, match=told):
        load_mask(saved(array), SHAPE)


def test_a_missing_mask_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_mask(tmp_path / "mask.png", SHAPE)


def test_a_picture_to_start_from_is_cropped_around_its_centre_and_scaled(saved):
    told = []
    array = np.zeros((80, 60, 3))
    array[20:60] = 200
    image = load_fitting(saved(array), SHAPE, report=told.append)
    assert image.shape == SHAPE
    assert image[:, 4:-4] == pytest.approx(200 / 255, abs=0.01)
    assert told == ["mask.png: cropped around its centre to the proportions of 30×20."]
    load_fitting(saved(halves(10, 15)), SHAPE, report=told.append)
    assert "enlarged from 15×10" in told[-1]


def test_transparency_is_that_of_the_file(saved):
    opacity = load_opacity(saved(np.dstack([np.full((40, 60, 3), 90), halves()])), SHAPE)
    assert opacity.shape == (20, 30)
    assert opacity[0, 0] == 1
    assert opacity[0, -1] == 0
    assert load_opacity(saved(np.full((40, 60, 4), 255)), SHAPE) is None
    assert load_opacity(saved(halves()), SHAPE) is None
