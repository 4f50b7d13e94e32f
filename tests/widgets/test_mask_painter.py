"""The mask painter without a browser: what the brush sends becomes a mask, and uploads do."""

import base64
import io

import numpy as np
import pytest
from conftest import DATA
from PIL import Image
from test_explorer import set_upload

pytest.importorskip("anywidget")

from nst_helpers import InputError, StyleTransfer, load_image
from nst_helpers.widgets.mask_painter import paint_mask


@pytest.fixture
def painter(photo):
    return paint_mask(photo)


def png(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.uint8(pixels)).save(file, "PNG")
    return file.getvalue()


def sent(painter, mask):
    """Do as the brush does, which sends its canvas: red, green and blue alike, and opaque."""
    shape = painter.canvas.height, painter.canvas.width
    gray = np.asarray(Image.fromarray(np.uint8(255 * mask)).resize(shape[::-1], Image.Resampling.NEAREST))
    rgba = np.dstack([gray, gray, gray, np.full(shape, 255)])
    painter.canvas.mask = f"data:image/png;base64,{base64.b64encode(png(rgba)).decode()}"


def test_nothing_is_marked_at_first_and_a_run_says_so(painter, photo, painting):
    assert painter.value.shape == photo.shape[1:3]
    assert painter.value.dtype == np.float32
    assert not painter.value.any()
    assert "Drag over the photograph" in painter.status.value
    with pytest.raises(InputError, match="a mask is black everywhere"):
        StyleTransfer(photo, painting, masks=[painter.value], weights=None)


def test_the_canvas_is_large_enough_to_brush_on_and_has_the_photograph_s_proportions(painter, photo):
    _, height, width, _ = photo.shape
    assert max(painter.canvas.width, painter.canvas.height) == 512
    assert painter.canvas.width / painter.canvas.height == pytest.approx(width / height, rel=0.01)
    large = paint_mask(np.zeros((1, 1500, 1000, 3), np.float32))
    assert (large.canvas.width, large.canvas.height) == (683, 1024)
    assert large.value.shape == (1500, 1000)


def test_what_the_brush_sends_is_the_mask(painter, photo):
    mask = np.zeros(photo.shape[1:3], np.float32)
    mask[:, :16] = 1
    sent(painter, mask)
    assert "25% of the picture is marked" in painter.status.value
    np.testing.assert_allclose(painter.value[:, :15], 1)
    np.testing.assert_allclose(painter.value[:, 17:], 0)
    painter.canvas.mask = ""  # clear
    assert not painter.value.any()


def test_a_mask_can_be_set_and_another_photograph_clears_it(painter, photo):
    ramp = np.tile(np.linspace(0, 1, photo.shape[2], dtype=np.float32), (photo.shape[1], 1))
    painter.value = ramp
    np.testing.assert_allclose(painter.value, ramp, atol=0.01)
    painter.show(np.zeros((1, 40, 30, 3), np.float32))
    assert painter.value.shape == (40, 30)
    assert not painter.value.any()


def test_an_uploaded_mask_takes_the_place_of_what_was_brushed(painter, photo):
    mask = np.zeros((84, 128), np.uint8)
    mask[42:] = 255
    set_upload(painter.upload, "mask.png", png(mask))
    assert "50% of the picture is marked" in painter.status.value
    assert painter.value[-5:].min() == 1
    assert painter.value[:5].max() == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (png(np.full((30, 90), 255)), "odd.png has 90×30 pixels.*the same proportions"),
        (png(np.zeros((84, 128))), "odd.png is black everywhere"),
        (b"no picture", "odd.png"),
    ],
    ids=["proportions", "black", "text"],
)
def test_an_upload_that_is_no_mask_is_refused_and_the_old_one_stays(painter, content, words):
    painter.value = np.ones(painter.value.shape, np.float32)
    set_upload(painter.upload, "odd.png", content)
    import re

    assert re.search(f"stopped: {words}", painter.status.value)
    assert painter.value.min() == 1


def test_a_run_paints_where_the_mask_is(painting):
    content = load_image(DATA / "summer_palace.jpg", 48, report=None)
    painter = paint_mask(content)
    mask = np.zeros(content.shape[1:3], np.float32)
    mask[:, :24] = 1
    painter.value = mask
    few = {"content_layers": "block2_conv1", "style_layers": ["block1_conv1", "block2_conv1"], "precision": "float32"}
    run = StyleTransfer(content, painting, masks=[painter.value], weights=None, **few)
    change = np.abs(run.run(15, progress=False)[-1].image - content)[0]
    assert change[:, :20].mean() > 2 * change[:, 28:].mean()
