"""Rare kinds of picture files: the right colours, held against what was written byte by byte, or a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from odd_pictures import chunk, packed, png, rows_of, swapped_profile, tiff
from PIL import Image, features

from nst_helpers.errors import InputError
from nst_helpers.files.color_spaces import ADOBE_GAMMA, SRGB_BYTES
from nst_helpers.files.images import load_image

pytestmark = pytest.mark.quick

H, W = 12, 32
Y, X = np.mgrid[:H, :W]
RGB = np.uint8(np.stack([X * 8, Y * 20, 255 - X * 6], -1))
GRAY = RGB[..., 0].copy()
GRAY[0, 0] = 255
ALPHA = np.uint8(np.where(X < 16, 255, 128))
LAID = np.round(RGB * (ALPHA / 255)[..., None] + 255 - ALPHA[..., None])
RGB_TIMES = np.uint8(np.round(RGB * (ALPHA / 255)[..., None]))
CMYK = np.dstack([RGB, np.zeros_like(GRAY)])


@pytest.fixture
def load(tmp_path):
    """A function that loads a file's bytes: the array in 8 bits, and the line that was reported."""

    def load(data, name="picture"):
        (tmp_path / name).write_bytes(data)
        lines = []
        array = load_image(tmp_path / name, report=lines.append)
        return np.round(array[0] * 255), " ".join(lines).removeprefix(f"{name}: ")

    return load


@pytest.fixture
def refusal(tmp_path):
    """A function that loads a file's bytes in vain and returns the sentence without the file's name."""

    def refusal(data, name="picture.jpg"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as caught:
            load_image(tmp_path / name)
        sentence = str(caught.value)
        assert sentence.startswith(str(tmp_path / name))
        assert sentence.endswith(".")
        return sentence.removeprefix(str(tmp_path / name))

    return refusal


def same(array, truth, tolerance=1):
    truth = np.float64(truth)
    return np.abs(array - (truth if truth.shape[-1] == 3 else truth[..., None])).max() <= tolerance


# TIFF

TIFFS = {  # kind: the file in either order of bytes, what is in it, what is reported
    "gray 16": (lambda o: tiff(np.uint16(GRAY) * 257, 1, order=o), GRAY, "scaled to 8 bits"),
    "gray 8, white is zero": (lambda o: tiff(255 - GRAY, 0, order=o), GRAY, "grey converted to RGB"),
    "gray 32": (lambda o: tiff(np.int32(GRAY) * 2**23, 1, order=o, kind=2), GRAY, "scaled to 8 bits"),
    "gray 16 with sign": (lambda o: tiff(np.int16(GRAY) * 128, 1, order=o, kind=2), GRAY, "scaled to 8 bits"),
    "below zero": (lambda o: tiff(np.int16(GRAY) * 128 - 9, 1, order=o, kind=2), GRAY, "values below 0 set to 0"),
    "float": (lambda o: tiff(np.float32(GRAY) / 255, 1, order=o, kind=3), GRAY, "scaled to 8 bits"),
    "float, white is zero": (lambda o: tiff(1 - np.float32(GRAY) / 255, 0, order=o, kind=3), GRAY, "scaled to 8 bits"),
    "RGB 8": (lambda o: tiff(RGB, 2, order=o), RGB, ""),
    "RGB 16": (lambda o: tiff(np.uint16(RGB) * 257, 2, order=o), RGB, ""),
    "RGB 8, planes": (lambda o: tiff(RGB, 2, order=o, planar=2), RGB, ""),
    "RGBA": (lambda o: tiff(np.dstack([RGB, ALPHA]), 2, order=o, extra=[2]), LAID, "transparency laid on white"),
    "RGBA 16": (lambda o: tiff(np.uint16(np.dstack([RGB, ALPHA])) * 257, 2, order=o, extra=[2]), LAID, "on white"),
    "RGBA, premultiplied": (
        lambda o: tiff(np.dstack([RGB_TIMES, ALPHA]), 2, order=o, extra=[1]),
        LAID,
        "on white",
    ),
    "gray and alpha": (lambda o: tiff(np.dstack([GRAY, ALPHA]), 1, order=o, extra=[2]), None, "on white"),
    "gray and alpha, premultiplied": (
        lambda o: tiff(np.dstack([np.round(GRAY * (ALPHA / 255)), ALPHA]).astype(np.uint8), 1, order=o, extra=[1]),
        None,
        "on white",
    ),
    "fourth channel that says nothing": (lambda o: tiff(np.dstack([RGB, 0 * GRAY]), 2, order=o, extra=[0]), RGB, ""),
    "CMYK": (lambda o: tiff(CMYK, 5, order=o), 255 - RGB, "CMYK converted to RGB"),
    "CMYK 16": (lambda o: tiff(np.uint16(CMYK) * 257, 5, order=o), 255 - RGB, "CMYK converted to RGB"),
}  # fmt: skip
GRAY_LAID = np.round(GRAY * (ALPHA / 255) + 255 - ALPHA)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", TIFFS)
def test_tiff(load, kind, order):
    make, truth, reported = TIFFS[kind]
    try:
        array, line = load(make(order))
    except InputError as error:  # what older versions of Pillow do not read
        assert kind in ("gray and alpha, premultiplied", "CMYK 16")
        assert "of a kind that cannot be read here" in str(error)
        pytest.skip(str(error))
    assert same(array, GRAY_LAID if truth is None else truth)
    assert reported in line
    assert line or not reported


def test_gray_16_where_white_is_zero(load, refusal):
    array, _ = load(tiff(65535 - np.uint16(GRAY) * 257, 0))
    assert same(array, GRAY)
    assert "of a kind that cannot be read here" in refusal(tiff(65535 - np.uint16(GRAY) * 257, 0, order=">"))


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_few_bits(load, bits, white_is_zero):
    most = 2**bits - 1
    values = GRAY >> (8 - bits)
    stored = most - values if white_is_zero else values
    rows = np.stack([np.frombuffer(row, np.uint8) for row in packed(stored, bits)])
    array, _ = load(tiff(rows, int(not white_is_zero), bits=bits, width=W))
    assert same(array, values / most * 255)


def test_twelve_bits_packed(load):
    a, b = np.uint16(GRAY[:, ::2]) * 16, np.uint16(GRAY[:, 1::2]) * 16
    rows = np.stack([a >> 4, (a & 15) << 4 | b >> 8, b & 255], -1).reshape(H, -1).astype(np.uint8)
    array, line = load(tiff(rows, 1, bits=12, width=W))
    assert same(array, GRAY)
    assert "4095" in line


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("bits", "white"), [(8, 255), (10, 1023), (12, 4095)])
def test_fewer_bits_within_sixteen_are_stretched(load, order, bits, white):
    array, line = load(tiff(np.uint16(GRAY) << (bits - 8), 1, order=order))
    assert same(array, GRAY, 2)
    assert line == f"values up to {white} stretched to white, grey converted to RGB."


def test_twelve_bits_in_a_png(load):
    array, line = load(png(rows_of(np.uint16(GRAY) * 16), W, 16, 0))
    assert same(array, GRAY)
    assert "values up to 4095" in line


@pytest.mark.parametrize("bits", [12, 14])
def test_fewer_bits_that_cannot_be_stretched_are_reported(load, bits):
    files = [tiff(np.uint16(RGB) << (bits - 8), 2), png(rows_of(np.uint16(RGB) << (bits - 8)), W, 16, 2)]
    files += [tiff(np.uint16(GRAY) << 6, 1)]
    for data in files:
        assert "dark, perhaps because its values use fewer than 16 bits" in load(data)[1]


def test_a_dark_picture_in_eight_bits_is_its_own_affair(load):
    array, line = load(tiff(RGB >> 3, 2))
    assert same(array, RGB >> 3)
    assert line == ""
    assert load(tiff(np.zeros((H, W), np.uint16), 1))[0].max() == 0


def test_sixteen_bits_in_planes_are_refused_rather_than_garbled(refusal):
    assert "in separate colour planes" in refusal(tiff(np.uint16(RGB) * 257, 2, planar=2))


def test_lab(load):
    """Against the formulas of CIE L*a*b* and sRGB, with the matrix from D50 after Bradford."""
    lightness, a, b = 128 / 2.55, 40, -10
    f = np.array([(lightness + 16) / 116 + a / 500, (lightness + 16) / 116, (lightness + 16) / 116 - b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.9642, 1, 0.8249)
    matrix = [[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]]
    light = matrix @ xyz
    truth = 255 * (1.055 * light ** (1 / 2.4) - 0.055)
    array, _ = load(tiff(np.uint8(np.broadcast_to([128, a, b % 256], (H, W, 3))), 8))
    assert same(array, truth, 2)


def test_pages_and_raw_files(load, refusal):
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "TIFF", save_all=True, append_images=[Image.fromarray(255 - RGB)])
    array, line = load(file.getvalue())
    assert same(array, RGB)
    assert line == "first of several frames taken."
    assert "develop it into a JPEG" in refusal(tiff(RGB, 2, t254=(4, [1])))


# PNG


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_value_that_a_gray_png_calls_transparent(load, bits):
    most = 2**bits - 1
    values = np.uint16(GRAY >> (8 - bits) if bits < 8 else GRAY if bits == 8 else np.uint16(GRAY) * 257)
    clear = values[5, 7]
    rows = packed(values, bits) if bits < 8 else rows_of(values.astype(f"u{bits // 8}"))
    array, line = load(png(rows, W, bits, 0, chunk(b"tRNS", struct.pack(">H", clear))))
    ground = 255 if bits > 1 else 0  # of black and white only white is left
    assert same(array, np.where(values == clear, ground, values / most * 255))
    assert f"transparency laid on {'white' if ground else 'black'}" in line


@pytest.mark.parametrize("bits", [8, 16])
def test_the_colour_that_a_png_calls_transparent(load, bits):
    values = RGB if bits == 8 else np.uint16(RGB) * 257
    array, line = load(png(rows_of(values), W, bits, 2, chunk(b"tRNS", struct.pack(">3H", *values[5, 7]))))
    assert same(array, np.where(np.all(RGB[5, 7] == RGB, -1, keepdims=True), 255, RGB))
    assert line == "transparency laid on white."


def test_palette_with_an_opacity_for_each_colour(load):
    colors, alphas = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]), bytes([0, 128, 255])
    rows = [bytes([0, 1, 2])] * 2
    array, _ = load(png(rows, 3, 8, 3, chunk(b"PLTE", colors), chunk(b"tRNS", alphas)))
    assert same(array[0], [[255, 255, 255], [127, 255, 127], [0, 0, 255]])


@pytest.mark.parametrize(("color", "values"), [(4, [GRAY, ALPHA]), (6, [RGB, ALPHA])])
def test_sixteen_bits_and_alpha(load, color, values):
    array, _ = load(png(rows_of(np.uint16(np.dstack(values)) * 257), W, 16, color))
    assert same(array, GRAY_LAID if color == 4 else LAID)


def test_interlaced(load):
    """Two pixels by two: Adam7's passes 1, 6 and 7."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 1))
    passes = b"\0" + bytes([10]) + b"\0" + bytes([20]) + b"\0" + bytes([30, 40])
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(passes)) + chunk(b"IEND", b"")
    assert load(data)[0][..., 0].tolist() == [[10, 20], [30, 40]]


def test_animated_png(load):
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "PNG", save_all=True, append_images=[Image.fromarray(255 - RGB)])
    array, line = load(file.getvalue())
    assert same(array, RGB)
    assert line == "first of several frames taken."


def text(kind, content):
    return chunk(b"zTXt", b"workflow\0\0" + content) if kind == "zTXt" else chunk(b"iTXt", b"w\0\1\0\0\0" + content)


@pytest.mark.parametrize("kind", ["zTXt", "iTXt"])
@pytest.mark.parametrize("times", [1, 20])
def test_png_with_megabytes_of_text_is_read(load, kind, times):
    workflow = text(kind, zlib.compress(bytes(5 << 20)))
    array, line = load(png(rows_of(RGB), W, 8, 2, *[workflow] * times))
    assert same(array, RGB)
    assert line == ""


def test_png_with_a_large_profile_is_converted(load):
    profile = swapped_profile()
    profile = struct.pack(">I", len(profile) + (3 << 20)) + profile[4:] + bytes(3 << 20)
    array, line = load(png(rows_of(RGB), W, 8, 2, chunk(b"iCCP", b"p\0\0" + zlib.compress(profile))))
    assert line == "colours converted from swap built-in to sRGB."
    assert same(array, RGB[..., [1, 0, 2]], 2)


@pytest.mark.parametrize("gamma", [1.0, 1 / 1.8, 0.3])
def test_gamma_of_a_png(load, gamma):
    array, line = load(png(rows_of(RGB), W, 8, 2, chunk(b"gAMA", struct.pack(">I", round(gamma * 1e5)))))
    light = (RGB / 255) ** (1 / gamma)
    truth = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert same(array, 255 * truth, 3)
    assert line == f"colours converted from gamma {gamma:.2g} to sRGB."


@pytest.mark.parametrize("chunks", [
    [chunk(b"gAMA", struct.pack(">I", 45455))],
    [chunk(b"gAMA", struct.pack(">I", 100000)), chunk(b"sRGB", b"\0")],
    [chunk(b"gAMA", struct.pack(">I", 0))],
    [chunk(b"gAMA", struct.pack(">I", 4294967295))],
    [chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))],
])  # fmt: skip
def test_gamma_and_primaries_that_change_nothing(load, chunks):
    array, line = load(png(rows_of(RGB), W, 8, 2, *chunks))
    assert same(array, RGB)
    assert line == ""


def test_other_primaries_of_a_png_are_reported(load):
    adobe = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    for numbers in (adobe, [0] * 8):
        array, line = load(png(rows_of(RGB), W, 8, 2, chunk(b"cHRM", struct.pack(">8I", *numbers))))
        assert line == "colours read as sRGB, though the file names other primaries."
        assert same(array, RGB)


# Colour spaces


def from_adobe(rgb):
    """Adobe RGB (1998) to sRGB in 8 bits, by the matrices that its specification and IEC 61966-2-1 print."""
    to_xyz = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
    to_srgb = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    light = np.clip((rgb / 255) ** ADOBE_GAMMA @ np.array(to_xyz).T @ np.array(to_srgb).T, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def exif(space, interoperability=None):
    """EXIF data in which only the colour space is said, in three directories, each of which leads to the next."""
    data = b"II*\0" + struct.pack("<IH2HIII", 8, 1, 0x8769, 4, 1, 26, 0)
    if not interoperability:
        return b"Exif\0\0" + data + struct.pack("<H2HIII", 1, 0xA001, 3, 1, space, 0)
    data += struct.pack("<H2HII2HIII", 2, 0xA001, 3, 1, space, 0xA005, 4, 1, 56, 0)
    return b"Exif\0\0" + data + struct.pack("<H2HI4sI", 1, 1, 2, 4, interoperability.encode(), 0)


def saved(suffix, image=None, **options):
    file = io.BytesIO()
    (Image.fromarray(RGB) if image is None else image).save(file, suffix, **options)
    return file.getvalue()


@pytest.mark.parametrize(("format", "options"), [
    ("JPEG", {"quality": 100, "subsampling": 0}), ("PNG", {}), ("WEBP", {"lossless": True}),
])  # fmt: skip
@pytest.mark.parametrize(("space", "index"), [(0xFFFF, "R03"), (2, None)])
def test_adobe_rgb_that_only_exif_names(load, format, options, space, index):
    array, line = load(saved(format, exif=exif(space, index), **options))
    assert same(array, from_adobe(RGB), 12 if format == "JPEG" else 3)
    assert np.abs(array - from_adobe(RGB)).mean() < 1.5 < np.abs(array - RGB).mean()
    assert line == "colours converted from Adobe RGB to sRGB."


def test_other_color_spaces_of_exif(load):
    unknown = "colours read as sRGB, since its EXIF data say only that they are not"
    for space, index, reported in ((1, "R98", ""), (1, None, ""), (0xFFFF, "R98", unknown), (0xFFFF, None, unknown)):
        array, line = load(saved("PNG", exif=exif(space, index)))
        assert same(array, RGB)
        assert line == (f"{reported}." if reported else "")


def test_a_profile_comes_before_exif(load):
    array, line = load(saved("PNG", exif=exif(0xFFFF, "R03"), icc_profile=SRGB_BYTES))
    assert same(array, RGB)
    assert line == ""


def test_gray_with_a_profile_for_colour(load):
    """The curve of sRGB with another exponent."""
    profile = SRGB_BYTES.replace(struct.pack(">i", round(2.4 * 65536)), struct.pack(">i", 3 << 16)).replace(
        "sRGB".encode("utf-16-be"), "dark".encode("utf-16-be")
    )
    array, line = load(saved("PNG", Image.fromarray(GRAY | 16), icc_profile=profile))
    light = (((GRAY | 16) / 255 + 0.055) / 1.055) ** 3
    assert same(array, 255 * (1.055 * light ** (1 / 2.4) - 0.055), 2)
    assert line == "colours converted from dark built-in to sRGB."


def test_gray_in_adobe_rgb_that_only_exif_names(load):
    array, line = load(saved("PNG", Image.fromarray(GRAY), exif=exif(0xFFFF, "R03")))
    assert same(array, from_adobe(np.repeat(GRAY[..., None], 3, -1)), 1)
    assert "Adobe RGB" in line


def test_cmyk_with_a_profile(load):
    """A profile that cannot be used for these channels is left aside, and that is reported."""
    array, line = load(saved("TIFF", Image.fromarray(CMYK, "CMYK"), icc_profile=SRGB_BYTES))
    assert same(array, 255 - RGB)
    assert line == "unusable colour profile ignored, CMYK converted to RGB."


def test_phone_s_jpeg_with_a_preview(load):
    array, line = load(
        saved("MPO", save_all=True, append_images=[Image.fromarray(255 - RGB)], quality=100, subsampling=0)
    )
    assert same(array, RGB, 8)
    assert line == ""


# Transparency


def drawing(ink, paper=(0, 0, 0)):
    image = np.zeros((H, W, 4), np.uint8)
    image[..., :3] = paper
    image[4:8, 4:20] = (*ink, 255)
    return image


def test_white_drawing_on_nothing_is_laid_on_black(load):
    for ink, paper in (((255, 255, 255), (255, 255, 255)), ((250, 250, 240), (0, 0, 0))):
        array, line = load(saved("PNG", Image.fromarray(drawing(ink, paper))))
        assert same(array[5, 6], ink)
        assert array[0, 0].max() == 0
        assert line == "transparency laid on black, since nothing would show on white."


def test_dark_and_coloured_drawings_stay_on_white(load):
    for ink in ((0, 0, 0), (255, 255, 0)):
        array, line = load(saved("PNG", Image.fromarray(drawing(ink))))
        assert same(array[5, 6], ink)
        assert array[0, 0].min() == 255
        assert line == "transparency laid on white."


def test_wholly_transparent_picture_is_refused(refusal):
    image = Image.fromarray(np.dstack([RGB, 0 * GRAY]))
    assert refusal(saved("PNG", image)) == " is fully transparent; save it without transparency first."


def test_the_unused_byte_of_a_bmp_is_no_transparency(load):
    header = struct.pack("<IiiHHIIiiII4I", 56, W, -H, 1, 32, 3, 0, 0, 0, 0, 0, 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    pixels = np.dstack([RGB[..., ::-1], 0 * GRAY]).tobytes()
    data = b"BM" + struct.pack("<IHHI", 70 + len(pixels), 0, 0, 70) + header + pixels
    array, line = load(data)
    assert same(array, RGB)
    assert line == ""


# What is no picture here, and says what it is


def container(brand, *compatible):
    brands = b"".join(each.encode() for each in (brand, "\0\0\0\0", *compatible))
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + bytes(300)


FOREIGN = {
    "HEIC": (container("heic", "mif1", "heic"), "is a HEIC picture"),
    "HEIC by its second brand": (container("mif1", "mif1", "heic"), "is a HEIC picture"),
    "video": (container("isom", "isom", "mp42"), "is a video"),
    "Photoshop": (b"8BPS\0\1" + bytes(99), "is a Photoshop file"),
    "JPEG XL": (b"\xff\x0a" + bytes(99), "is a JPEG XL picture"),
    "JPEG XL in a box": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "is a JPEG XL picture"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99), "is a JPEG 2000 picture"),
    "PDF": (b"%PDF-1.7\n" + bytes(99), "is a PDF document"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing"),
    "PNM": (b"P6\n2 2\n255\n" + bytes(12), "is a PNM picture"),
    "ZIP": (b"PK\x03\x04" + bytes(99), "is a ZIP archive"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
    "TIFF of floats": (tiff(np.float64(GRAY) / 255, 1, kind=3), "is a TIFF of a kind that cannot be read here"),
    "TIFF of five channels": (tiff(np.dstack([RGB, GRAY, GRAY]), 1), "is a TIFF of a kind"),
    "TIFF, rare compression": (tiff(RGB, 2, compression=34712), "is a TIFF of a kind"),
    "JPEG of 12 bits": (
        saved("JPEG", quality=90).replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"),
        "is a JPEG of a kind that cannot be read here",
    ),
    "BMP, rare": (saved("BMP")[:30] + struct.pack("<I", 5) + saved("BMP")[34:], "is a BMP of a kind"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_it_is_and_what_to_do(refusal, kind):
    data, reported = FOREIGN[kind]
    sentence = refusal(data)
    assert reported in sentence
    assert ";" in sentence
    assert "get the file again" not in sentence


@pytest.mark.parametrize(("format", "share"), [("PNG", 0.5), ("JPEG", 0.5), ("GIF", 0.8), ("TIFF", 0.5)])
def test_damage_is_still_called_damage(refusal, format, share):
    data = saved(format, Image.fromarray(GRAY))
    assert "damaged or cut off" in refusal(data[: int(len(data) * share)])


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_is_read_whatever_its_name(load):
    array, line = load(saved("AVIF", quality=100, subsampling="4:4:4"), "picture.jpg")
    assert same(array, RGB, 6)
    assert line == ""
    cut = saved("AVIF", quality=100)[:-100]
    with pytest.raises(InputError, match="damaged or cut off"):
        load(cut)


def test_avif_where_it_cannot_be_read(refusal, monkeypatch):
    from nst_helpers.files import file_kinds, pixels

    for module in (file_kinds, pixels):
        monkeypatch.setattr(module, "FORMATS", ("JPEG", "PNG"))
    assert "is an AVIF picture" in refusal(container("avif", "mif1", "miaf"))


@pytest.mark.parametrize("address", ["https://example.org/a.jpg", "http://example.org/a%20b.png?x=1", "ftp://x/y.jpg"])
def test_address_is_not_taken_for_a_file(address):
    from pathlib import Path

    for given in (address, Path(address)):
        with pytest.raises(InputError, match=r"is an address.*download"):
            load_image(given)
    with pytest.raises(InputError, match=address.replace("?", r"\?")):
        load_image(address)
