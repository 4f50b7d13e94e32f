"""The upload buttons of notebook 11 without a browser, with values as ipywidgets 7 and 8 give them."""

import datetime
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

pytest.importorskip("ipywidgets")

from conftest import DATA

from nst_helpers.widgets.uploads import OwnPictures


@pytest.fixture
def own():
    return OwnPictures(DATA / "summer_palace.jpg", DATA / "great_wave.jpg")


def png(mode="RGB", size=(40, 30), orientation=None) -> bytes:
    file, exif = io.BytesIO(), Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    Image.new(mode, size, (255, 0, 0, 128)[: len(mode)]).save(file, "PNG", exif=exif)
    return file.getvalue()


def upload(own, which, value):
    """Do what a browser does, with the value of either ipywidgets."""
    own.uploads[which] = SimpleNamespace(value=value)
    own.take()


def as_in_7(name, content):
    return {name: {"metadata": {"name": name}, "content": content}}


def as_in_8(name, content):
    return ({"name": name, "type": "image/png", "size": len(content), "content": memoryview(content)},)


def test_shipped_pictures_stand_in(own):
    assert own.content == DATA / "summer_palace.jpg" and own.style == DATA / "great_wave.jpg"
    assert Image.open(io.BytesIO(own.views["content"].value)).size == (256, 171)


@pytest.mark.parametrize("version", [as_in_7, as_in_8])
def test_an_upload_takes_its_place_just_as_it_came(own, version):
    content = png("RGBA", orientation=6)
    upload(own, "content", version("mine.png", content))
    assert own.content.name == "mine.png" and own.content.read_bytes() == content
    assert own.style == DATA / "great_wave.jpg"
    assert Image.open(io.BytesIO(own.views["content"].value)).size == (30, 40)
    for finding in ("turned upright", "transparency laid on white", "kept at 30×40"):
        assert finding in own.status.value


def test_the_button_itself_is_heard(own):
    if isinstance(own.uploads["style"].value, dict):
        own.uploads["style"].set_trait("value", as_in_7("mine.png", png()))
    else:
        (file,) = as_in_8("mine.png", png())
        own.uploads["style"].value = (file | {"last_modified": datetime.datetime.now()},)
    assert own.style.read_bytes() == png()


def test_the_style_has_a_place_of_its_own(own):
    upload(own, "content", as_in_8("same name.png", png(size=(300, 100))))
    upload(own, "style", as_in_8("same name.png", png(size=(300, 200))))
    assert own.content != own.style
    assert [Image.open(path).height for path in (own.content, own.style)] == [100, 200]
    assert "nothing had to be corrected" in own.status.value


def test_the_same_file_counts_again_after_it_was_refused(own):
    def choose(content):
        if isinstance(own.uploads["style"].value, dict):
            own.uploads["style"].set_trait("value", as_in_7("mine.png", content))
        else:
            (file,) = as_in_8("mine.png", content)
            own.uploads["style"].value = (file | {"last_modified": datetime.datetime(2026, 1, 1)},)

    for _ in range(2):
        own.say("")
        choose(png()[:50])
        assert "damaged" in own.status.value
        assert not own.uploads["style"].value
    choose(png())
    assert own.style.read_bytes() == png()


def test_the_limit_of_uploads_and_the_alternative_are_shown(own):
    words = own.box.children[1].value
    assert "up to about 10 MB, on Colab 1 MB" in words
    assert 'Path("its name")' in words


def test_what_is_no_picture_is_reported_and_changes_nothing(own):
    upload(own, "content", as_in_8("notes.txt", b"dear diary"))
    assert "not a picture that can be read" in own.status.value
    assert own.content == DATA / "summer_palace.jpg"

    upload(own, "content", as_in_8("mine.png", png()))
    upload(own, "content", as_in_8("mine.png", png()[:50]))  # the same name again, cut off
    assert own.content.read_bytes() == png()


def test_a_name_cannot_lead_out_of_the_folder(own):
    upload(own, "content", as_in_8("../../escaped.png", png()))
    assert own.content.name == "escaped.png"
    assert Path(own._folder.name) in own.content.resolve().parents
