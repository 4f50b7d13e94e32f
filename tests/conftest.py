"""What many tests need: small pictures, and the real weight file."""

import os
from pathlib import Path

import numpy as np
import pytest

from nst_helpers.errors import InputError
from nst_helpers.images import load_image
from nst_helpers.vgg_weights import find_weights

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="session")
def weights():
    """The path of VGG19's weight file; where it cannot be had, the test is skipped, or fails if this is CI."""
    try:
        return find_weights()
    except InputError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


@pytest.fixture(scope="session")
def photo():
    """A shipped photograph, 64 pixels wide."""
    return load_image(DATA / "summer_palace.jpg", 64, report=None)


@pytest.fixture(scope="session")
def painting():
    """A shipped painting of another size and aspect than `photo`."""
    return load_image(DATA / "great_wave.jpg", 72, report=None)


@pytest.fixture
def noise():
    """A function from height, width and seed to a random image."""
    return lambda height=32, width=32, seed=0: np.random.default_rng(seed).random((1, height, width, 3), np.float32)
