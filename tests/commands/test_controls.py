"""What a user asks of a picture is done, kept in the recipe, resumed to the last bit and made again."""

import numpy as np
import pytest
from conftest import DATA
from PIL import Image

from nst_helpers.commands import cli
from nst_helpers.files.images import load_image
from nst_helpers.files.recipe import read_recipe
from nst_helpers.files.sixteen_bits import decode

CONTENT, STYLE, SECOND, START = (
    str(DATA / f"{name}.jpg") for name in ("summer_palace", "great_wave", "auvers", "chelsea")
)
FAST = ("--content-layers", "block1_conv1:0.5,block1_conv2", "--style-layers", "block1_conv1", "--precision", "float32")
SMALL = (*FAST, "--size", 32, "--quiet")


@pytest.fixture
def nst(nst):
    """The command, in a folder with masks in it."""
    left = np.zeros((43, 64), np.uint8)
    left[:, :32] = 255
    for name, array in (("left.png", left), ("right.png", 255 - left), ("top.png", np.tril(left.T).T)):
        Image.fromarray(array).save(name)

    return nst


def pixels(name):
    return np.asarray(Image.open(name), float)


REGIONS = {
    "--blend": [SECOND],
    "--mask": ["left.png", "right.png"],
    "--style-mask": ["top.png", "white.png"],
    "--keep": ["top.png"],
    "--init": [START],
}
ALL = [word for flag, files in REGIONS.items() for file in files for word in (flag, file)]


def test_all_at_once_is_resumed_and_made_again_to_the_last_bit(weights, nst):
    with Image.open(SECOND) as second:
        Image.new("L", second.size, 255).save("white.png")
    options = (*SMALL, *ALL, "--style-scale", "0.5,2", "--snapshot-every", 1)
    code, said = nst(CONTENT, STYLE, *options, "--iterations", 4, "-o", "a.tiff", "--snapshot-dir", "straight")
    assert (code, said) == (0, "")
    assert nst(CONTENT, STYLE, *options, "--iterations", 2, "-o", "b.tiff", "--snapshot-dir", "parts")[0] == 0
    for change, told in (
        (("--style-scale", "1"), "style_scale is (), was (0.5, 2.0)"),
        (("--keep", "left.png"), "the mask of what is kept is another one"),
        (("--mask", "left.png"), "the masks are others"),
        (("--init", "noise"), "the picture to start from is another one; init is 'noise', was 'image'"),
    ):
        assert told in nst("--resume", "parts", "--iterations", 4, *change)[1]
    assert nst("--resume", "parts", "--iterations", 4, "--quiet") == (0, "")
    with open("a.tiff", "rb") as a, open("b.tiff", "rb") as b:
        assert a.read() == b.read()

    recipe = read_recipe("a.tiff")
    assert recipe.settings.content_layers == {"block1_conv1": 0.5, "block1_conv2": 1}
    assert (recipe.style_sizes, recipe.bits) == ([16, 64], 16)
    again = nst("--recipe", "a.tiff")[1].splitlines()[-1].split()[2:]
    assert again[:2] == ["reproduce", "a.tiff"]
    files = {"--content": [CONTENT], "--style": [STYLE, SECOND], **REGIONS}
    del files["--blend"]
    given = [word for flag, names in files.items() for name in names for word in (flag, name)]
    assert [word.rpartition("/")[2] for word in given] == again[2:]
    code, said = nst("reproduce", "a.tiff", *given, "--quiet")
    assert (code, said) == (0, "a_again.tiff: bit-identical\n")
    code, said = nst("reproduce", "a.tiff", *given[:-4], "--quiet")
    assert code == cli.BAD_INPUT
    assert "the mask of what is kept is another one; the picture to start from is another one; name those" in said


def test_what_is_kept_is_the_photograph(weights, nst):
    assert nst(CONTENT, STYLE, *SMALL, "--iterations", 3, "--keep", "left.png", "-o", "a.png")[0] == 0
    content = load_image(CONTENT, 32, report=None)[0] * 255
    assert np.abs(pixels("a.png") - content)[:, :14].max() <= 0.51
    assert np.abs(pixels("a.png") - content)[:, 18:].mean() > 2


def test_keeping_everything_is_refused_in_a_sentence(weights, nst):
    Image.new("L", (64, 43), 255).save("white.png")
    code, said = nst(CONTENT, STYLE, *SMALL, "--keep", "white.png", "--snapshot-every", 1)
    assert (code, said.count("\n")) == (cli.BAD_INPUT, 1)
    assert "keep covers everything" in said


@pytest.mark.parametrize("options", [("-o", "a.png", "--bits", 16), ("-o", "a.webp"), ("-o", "a.tif"), ("-o", "a.png")])
def test_transparency_of_the_content_is_that_of_the_result(weights, nst, options):
    content = Image.open(CONTENT).resize((64, 43))
    content.putalpha(Image.open("left.png"))
    content.save("cut.png")
    assert nst("cut.png", STYLE, *SMALL, "--iterations", 2, *options)[0] == 0
    with Image.open(options[1]) as image:
        opacity = np.asarray(image.getchannel("A"))
    assert (opacity[:, :14] == 255).all()
    assert (opacity[:, 18:] == 0).all()
    code, said = nst("reproduce", options[1], "--content", "cut.png", "--style", STYLE, "--quiet")
    assert (code, "bit-identical" in said) == (0, True)
    again = said.partition(":")[0]
    with open(options[1], "rb") as a, open(again, "rb") as b:
        assert a.read() == b.read()


def test_a_jpeg_without_the_transparency_says_so(weights, nst):
    Image.new("RGBA", (64, 43), (9, 99, 199, 128)).save("cut.png")
    _, said = nst("cut.png", STYLE, *SMALL[:-1], "--iterations", 1)
    assert "output.jpg, without transparency, which a .png, .webp or .tiff would keep" in said
    assert Image.open("output.jpg").mode == "RGB"


def test_low_bits_that_were_changed_are_found(weights, nst):
    assert nst(CONTENT, STYLE, *SMALL, "--iterations", 1, "-o", "a.tiff")[0] == 0
    with open("a.tiff", "r+b") as file:
        data = bytearray(file.read())
        data[-1] ^= 1
        file.seek(0)
        file.write(data)
    code, said = nst("reproduce", "a.tiff", "--content", CONTENT, "--style", STYLE, "--quiet")
    assert code == 1
    assert "the file has been changed since (at most 0.00389 of 255 levels" in said


def test_the_bits_of_a_resumed_run_are_those_that_were_asked_for(weights, nst):
    command = (CONTENT, STYLE, *SMALL, "--snapshot-dir", "r")
    assert nst(*command, "--iterations", 1, "-o", "a.png", "--bits", 16)[0] == 0
    assert nst("--resume", "r", "--iterations", 2, "--quiet")[0] == 0
    with open("a.png", "rb") as file:
        assert decode(file.read()) is not None
    code, said = nst("--resume", "r", "--iterations", 3, "--quiet", "-o", "a.jpg")
    assert (code, "cannot have 16 bits" in said) == (cli.BAD_INPUT, True)
    assert nst("--resume", "r", "--iterations", 3, "--quiet", "-o", "a.jpg", "--bits", 8)[0] == 0


def test_a_small_photograph_is_enlarged_only_when_asked(weights, nst):
    Image.open(CONTENT).resize((48, 32)).save("small.png")
    common = ("small.png", STYLE, *FAST, "--iterations", 1)
    _, said = nst(*common, "--size", 64, "-o", "a.png")
    assert "small.png: kept at 48×32, since it is smaller than 64" in said
    _, said = nst(*common, "--size", 64, "--enlarge", "-o", "b.png")
    assert "small.png: enlarged from 48×32 to 64×43" in said
    assert (Image.open("a.png").size, Image.open("b.png").size) == ((48, 32), (64, 43))
    code, said = nst("reproduce", "b.png", "--content", "small.png", "--style", STYLE, "--quiet")
    assert (code, "bit-identical" in said) == (0, True)
    assert nst(*common, "--size", "original", "-o", "c.png")[0] == 0
    assert Image.open("c.png").size == (48, 32)
    assert read_recipe("c.png").size == 48


def test_strength_of_the_contents_colors(weights, nst):
    found = {}
    for strength in (0, 0.5, 1):
        options = ("--colors", "luminance", "--color-strength", strength, "-o", f"{strength}.png")
        assert nst(CONTENT, STYLE, *SMALL, "--iterations", 3, *options)[0] == 0
        found[strength] = pixels(f"{strength}.png")
    np.testing.assert_allclose(found[0.5], (found[0] + found[1]) / 2, atol=1)
    assert np.abs(found[0] - found[1]).mean() > 2


def test_weights_of_a_blend_count(weights, nst):
    for name, blend in (("first", f"{SECOND}:0"), ("second", f"{SECOND}:1000000"), ("both", SECOND)):
        assert nst(CONTENT, STYLE, *SMALL, "--iterations", 5, "--blend", blend, "-o", f"{name}.png")[0] == 0
    for name, style in (("first", STYLE), ("second", SECOND)):
        assert nst(CONTENT, style, *SMALL, "--iterations", 5, "-o", f"{name}_alone.png")[0] == 0
        assert np.abs(pixels(f"{name}.png") - pixels(f"{name}_alone.png")).mean() < 1
        assert np.abs(pixels("both.png") - pixels(f"{name}.png")).mean() > 2
