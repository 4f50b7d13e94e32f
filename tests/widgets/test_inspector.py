"""The Gram inspector without a browser: widgets are moved from Python, as a frontend would move them."""

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ipywidgets")

from nst_helpers import FeatureExtractor, gram_matrix
from nst_helpers.course.plots import show_gram_cell
from nst_helpers.widgets.inspector import CHOSEN, SHOWN, GramInspector
from nst_helpers.widgets.panel import VIEW

LAYERS = ("block1_conv1", "block2_conv1")


@pytest.fixture(scope="module")
def extractor():
    return FeatureExtractor(LAYERS, weights=None)


@pytest.fixture(scope="module")
def made(extractor):
    random = np.random.default_rng(0)
    pictures = {name: random.random((1, 24, 36, 3), np.float32) for name in ("style", "result")}
    return GramInspector(extractor, pictures, row=1, column=2)


@pytest.fixture
def inspector(made):
    yield made
    made.layer.value = LAYERS[0]
    if chosen(made) != (1, 2):
        made.choose(1, 2)


def picture(panel) -> Image.Image:
    return Image.open(io.BytesIO(panel.view.value))


def chosen(inspector) -> tuple[int, int]:
    return inspector.row.value, inspector.column.value


def test_panel_shows_its_box_and_says_so_where_there_is_no_kernel(inspector, monkeypatch):
    shown = []
    monkeypatch.setattr("nst_helpers.widgets.panel.display", lambda data, raw: shown.append(data))
    inspector._ipython_display_()
    assert shown[0][VIEW]["model_id"] == inspector.box.model_id
    assert "notebook runs" in shown[0]["text/plain"]


def test_it_begins_at_the_given_cell_or_at_the_strongest(extractor, noise, inspector):
    assert chosen(inspector) == (1, 2)
    image = noise(24, 36)
    diagonal = np.diag(gram_matrix(extractor(image)["block2_conv1"])[0])
    other = GramInspector(extractor, {"style": image}, layer="block2_conv1")
    assert chosen(other) == tuple(np.argsort(-diagonal)[:2])


@pytest.mark.parametrize("slider", ["row", "column"])
def test_sliders_choose_the_cell(inspector, slider):
    before = inspector.view.value
    assert picture(inspector).size[0] > 500
    getattr(inspector, slider).value = 7
    assert inspector.view.value != before
    assert f"channels {inspector.row.value} and {inspector.column.value}" in inspector.status.value
    assert 7 in chosen(inspector)


def test_every_button_chooses_the_cell_that_its_tooltip_names(inspector, monkeypatch):
    monkeypatch.setattr("nst_helpers.widgets.inspector.show_gram_cell", lambda *_: None)  # 144 figures would take long
    monkeypatch.setattr("nst_helpers.widgets.inspector.png", lambda _: b"")
    for i, line in enumerate(inspector.cells):
        for j, cell in enumerate(line):
            cell.click()
            assert chosen(inspector) == (inspector.shown[i], inspector.shown[j])
            assert cell.tooltip == f"channels {inspector.shown[i]} and {inspector.shown[j]}"


def test_a_click_draws_the_cell_once_and_marks_it(inspector, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "nst_helpers.widgets.inspector.show_gram_cell", lambda *a, **k: drawn.append(a) or show_gram_cell(*a, **k)
    )
    before = inspector.view.value
    inspector.cells[2][9].click()
    assert [call[1:] for call in drawn] == [(inspector.shown[2], inspector.shown[9])]
    assert list(drawn[0][0]) == ["style", "result"]
    assert inspector.view.value != before
    marked = [(i, j) for i in range(SHOWN) for j in range(SHOWN) if inspector.cells[i][j].style.button_color == CHOSEN]
    assert marked == [(2, 9)]


def test_buttons_are_the_strongest_channels_and_colored_like_the_matrix(extractor, noise, inspector):
    gram = gram_matrix(extractor(noise(24, 36))["block1_conv1"]).numpy()[0]
    assert set(inspector.shown) == set(np.argsort(-np.diag(gram))[:SHOWN])
    inspector.choose(0, 0)
    i, j = np.unravel_index(gram[np.ix_(inspector.shown, inspector.shown)].argmax(), (SHOWN, SHOWN))
    brightest = inspector.cells[i][j].style.button_color
    assert brightest in (CHOSEN, "#fcfdbf")  # the upper end of magma
    assert inspector.cells[3][5].style.button_color == inspector.cells[5][3].style.button_color


def test_another_layer_has_another_matrix(inspector):
    inspector.choose(60, 60)
    before = inspector.view.value
    inspector.layer.value = "block2_conv1"
    assert inspector.gram.shape == (128, 128)
    assert inspector.row.max == inspector.column.max == 127
    assert "block2_conv1" in inspector.status.value
    assert inspector.view.value != before
    inspector.choose(120, 100)
    inspector.layer.value = "block1_conv1"
    assert max(chosen(inspector)) < 64
    assert "block1_conv1" in inspector.status.value


def test_closest_and_rarest_partner(inspector):
    inspector.closest.click()
    row, closest = chosen(inspector)
    others = np.delete(inspector.similarity[row], row)
    assert row == 1
    assert inspector.similarity[row, closest] == others.max()
    inspector.rarest.click()
    row, rarest = chosen(inspector)
    assert row == 1
    assert inspector.strong[rarest]
    assert inspector.similarity[row, rarest] == inspector.similarity[row, inspector.strong].min()


def test_similarity_is_the_cosine_of_two_maps(extractor, noise, inspector):
    maps = extractor(noise(24, 36))["block1_conv1"].numpy().reshape(-1, 64)
    cosine = maps[:, 4] @ maps[:, 9] / np.linalg.norm(maps[:, 4]) / np.linalg.norm(maps[:, 9])
    assert inspector.similarity[4, 9] == pytest.approx(cosine, abs=1e-4)


def test_the_figure_shows_both_pictures_on_one_scale(extractor, noise):
    bright, dark = noise(16, 24), noise(16, 24) / 2
    pictures = {name: (image, extractor(image)["block1_conv1"]) for name, image in {"a": bright, "b": dark}.items()}
    axes = np.reshape([ax for ax in show_gram_cell(pictures, 3, 5).axes], (2, 5))
    assert [ax.get_title() for ax in axes[:, 1]] == ["a", "b"]
    for line, (_, features) in zip(axes, pictures.values(), strict=True):
        shown = [np.asarray(ax.get_images()[0].get_array()) for ax in line]
        maps = features.numpy()[0]
        np.testing.assert_allclose(shown[2], maps[..., 3])
        np.testing.assert_allclose(shown[3], maps[..., 5])
        np.testing.assert_allclose(shown[4], maps[..., 3] * maps[..., 5])
        np.testing.assert_allclose(10 ** shown[0][3, 5], shown[4].mean() / 64, rtol=1e-4)
        assert f"{shown[4].mean() / 64:.2g}" in line[4].get_title()
    for above, below in axes.T[[0, 2, 3, 4]]:
        assert above.get_images()[0].get_clim() == below.get_images()[0].get_clim()


def test_an_error_is_reported_in_the_status_line(inspector, monkeypatch, capsys):
    monkeypatch.setattr("nst_helpers.widgets.inspector.show_gram_cell", lambda *_: 1 / 0)
    inspector.row.value = 5
    assert "stopped: division by zero" in inspector.status.value
    assert capsys.readouterr() == ("", "")
