"""The cheat sheet: every picture stands under the settings that it was made with, and each row changes one of them."""

from dataclasses import asdict
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from matplotlib.colors import same_color
from pictures import cheat_sheet as command
from PIL import Image

from nst_helpers.course import cheat_sheet as sheet
from nst_helpers.errors import InputError
from nst_helpers.settings import DEFAULTS, Settings


class StandIn:
    """Paints a picture of one level, which shows by what settings it was made and how many iterations it has had."""

    made: ClassVar[list[Settings]] = []

    def __init__(self, content, style, *, weights, **settings):
        self.shape, self.number = content.shape, len(self.made)
        self.made.append(Settings(**settings))

    def steps(self, n):
        for k in range(1, n + 1):
            yield SimpleNamespace(iteration=k, image=np.full(self.shape, (1 + self.number + k / n) / 100))


@pytest.fixture
def page(monkeypatch, noise):
    """The axes that show pictures, by their captions, of a sheet that was painted by stand-ins."""
    monkeypatch.setattr(sheet, "StyleTransfer", StandIn)
    monkeypatch.setattr(StandIn, "made", [])
    figure = sheet.cheat_sheet(noise(32, 48), noise(40, 40), iterations=100, progress=False)
    figure.canvas.draw()
    return {ax.get_title(): ax for ax in figure.axes if ax.images}


def level(ax) -> float:
    return 100 * float(ax.images[0].get_array().min())


@pytest.mark.parametrize("knob", sheet.KNOBS, ids=lambda knob: knob.name)
def test_along_a_row_one_setting_changes_but_for_the_seed(knob):
    settings = [asdict(Settings(**case)) for case in knob.cases.values() if case is not None]
    changing = {name for name in settings[0] if any(each[name] != settings[0][name] for each in settings)}
    assert len(changing - {"seed"}) == 1
    assert len(settings) >= 3 and len(knob.cases) == sheet.COLUMNS


@pytest.mark.parametrize("knob", sheet.KNOBS, ids=lambda knob: knob.name)
def test_the_usual_run_is_in_every_row(knob):
    assert any(Settings(**case) == DEFAULTS for case in knob.cases.values() if case is not None)


def test_every_picture_stands_under_its_settings(page):
    assert len(StandIn.made) == len({repr(each) for each in StandIn.made})  # no run twice
    for knob in sheet.KNOBS:
        for caption, settings in knob.cases.items():
            if settings is not None:
                assert level(page[caption]) == pytest.approx(2 + StandIn.made.index(Settings(**settings))), caption


def test_the_last_row_is_one_run_as_it_grows(page):
    levels = [level(page[f"after {round(share * 100)}"]) for share in sheet.STAGES]
    assert levels == sorted(levels) and levels[-1] == level(page["generated G"])


def test_the_usual_run_is_framed_wherever_it_stands_and_nothing_else(page):
    usual = level(page["generated G"])
    for caption, ax in page.items():
        framed = ax.spines["top"].get_visible() and same_color(ax.spines["top"].get_edgecolor(), sheet.USUAL)
        assert framed == (level(ax) == usual), caption


def test_too_few_iterations_are_refused(noise):
    with pytest.raises(InputError, match="20"):
        sheet.cheat_sheet(noise(), noise(), iterations=5)


def test_real_runs_differ(monkeypatch, noise):
    knob = sheet.Knob("", "", {"usual": {}, "other": {"init": "noise"}})
    monkeypatch.setattr(sheet, "KNOBS", (knob,))
    figure = sheet.cheat_sheet(noise(32, 48, 5), noise(40, 40), iterations=20, progress=False, weights=None)
    pictures = {ax.get_title(): ax.images[0].get_array() for ax in figure.axes if ax.images}
    np.testing.assert_array_equal(pictures["usual"], pictures["after 20"])
    assert np.abs(pictures["usual"] - pictures["other"]).mean() > 0.05


def test_the_command_writes_a_page_to_read(monkeypatch, tmp_path):
    monkeypatch.setattr(sheet, "StyleTransfer", StandIn)
    monkeypatch.setattr(StandIn, "made", [])
    command.main(["--size", "32", "--iterations", "20", "--output", str(tmp_path)])
    with Image.open(tmp_path / "cheat_sheet.jpg") as page:
        assert page.width > 900 and page.height > page.width
