"""Picture files of every kind in, clean RGB out; and back to files that appear whole or not at all."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_pictures import swapped_profile
from PIL import Image, ImageCms

from nst_helpers.errors import InputError
from nst_helpers.files import images
from nst_helpers.files.images import check_output, load_image, save_image

pytestmark = pytest.mark.quick

GRADIENT = np.uint8(np.stack(np.meshgrid(range(0, 240, 12), range(0, 240, 20), [40, 90, 160]), -1)[:, :, :, 0])
"""12 rows, 20 columns; smooth, so that JPEG keeps it, and different in each corner."""
GRAY = GRADIENT[..., 0]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def load(tmp_path):
    """A function that saves a Pillow image and loads it with ours: the 8-bit array and the reported lines."""

    def load(image, suffix=".png", size=None, **options):
        path = tmp_path / f"picture{suffix}"
        image.save(path, **options)
        lines = []
        array = load_image(path, size, report=lines.append)
        assert array.dtype == np.float32
        assert array.shape[0] == 1
        assert array.shape[3] == 3
        assert 0 <= array.min() <= array.max() <= 1
        return np.uint8(np.round(array[0] * 255)), lines

    return load


def close(a, b, tolerance=0):
    return np.abs(np.int16(a) - np.int16(b)).max() <= tolerance


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_lossless_files_come_back_exactly(load, suffix):
    array, lines = load(Image.fromarray(GRADIENT), suffix)
    assert close(array, GRADIENT)
    assert lines == []


@pytest.mark.parametrize(("suffix", "options"), [(".jpg", {"quality": 100}), (".webp", {"lossless": True})])
def test_photograph_files(load, suffix, options):
    assert close(load(Image.fromarray(GRADIENT), suffix, **options)[0], GRADIENT, 6)


def test_gif_gives_its_first_frame(load):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    array, lines = load(frames[0], ".gif", save_all=True, append_images=frames[1:])
    assert close(array, np.full((8, 8, 3), (255, 0, 0)))
    assert lines == ["picture.gif: first of several frames taken."]


TURNED = {  # what a camera stores so that it is GRADIENT once it is turned as the orientation says
    1: GRADIENT,
    2: GRADIENT[:, ::-1],
    3: GRADIENT[::-1, ::-1],
    4: GRADIENT[::-1],
    5: GRADIENT.swapaxes(0, 1),
    6: GRADIENT.swapaxes(0, 1)[::-1],
    7: GRADIENT[::-1, ::-1].swapaxes(0, 1),
    8: GRADIENT.swapaxes(0, 1)[:, ::-1],
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_exif_orientation(load, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    array, lines = load(Image.fromarray(np.ascontiguousarray(TURNED[orientation])), suffix, exif=exif)
    assert array.shape == GRADIENT.shape
    assert close(array, GRADIENT)
    if suffix == ".png":  # Pillow turns a TIFF by itself and leaves nothing to tell
        assert lines == ([] if orientation == 1 else ["picture.png: turned upright."])


@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*garbage", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01", b"\xff" * 40])
def test_damaged_exif_does_no_harm(load, exif):
    assert close(load(Image.fromarray(GRADIENT), ".jpg", exif=exif, quality=100)[0], GRADIENT, 6)


def test_orientation_beside_a_damaged_tag(load):
    """A resolution that is text, which Pillow reads but cannot write again."""
    tags = struct.pack("<HHII", 0x0112, 3, 1, 6) + struct.pack("<HHI4s", 0x011A, 2, 4, b"abc")
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + tags + bytes(4)
    array, lines = load(Image.fromarray(np.ascontiguousarray(TURNED[6])), ".jpg", exif=exif, quality=100)
    assert close(array, GRADIENT, 6)
    assert lines == ["picture.jpg: turned upright."]


def test_colour_profile_is_converted(load):
    array, lines = load(Image.fromarray(GRADIENT), icc_profile=swapped_profile())
    assert close(array, GRADIENT[..., [1, 0, 2]], 2)
    assert lines == ["picture.png: colours converted from swap built-in to sRGB."]


def test_srgb_profile_changes_nothing(load):
    array, lines = load(Image.fromarray(GRADIENT), icc_profile=SRGB)
    assert close(array, GRADIENT)
    assert lines == []


@pytest.mark.parametrize("profile", [b"garbage", SRGB[:200], SRGB[:128] + bytes(len(SRGB) - 128)])
def test_broken_profile_is_ignored_and_reported(load, profile):
    array, lines = load(Image.fromarray(GRADIENT), icc_profile=profile)
    assert close(array, GRADIENT)
    assert lines == ["picture.png: unusable colour profile ignored."]


def with_alpha(mode):
    image = Image.fromarray(GRADIENT).convert(mode)
    alpha = np.zeros(GRAY.shape, np.uint8)
    alpha[:6] = 255
    alpha[6] = 128
    image.putalpha(Image.fromarray(alpha))
    return image


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_alpha_is_laid_on_white(load, mode):
    array, lines = load(with_alpha(mode))
    opaque = np.asarray(Image.fromarray(GRADIENT).convert(mode).convert("RGB"))
    assert close(array[:6], opaque[:6])
    assert close(array[6], (opaque[6] * 128.0 + 255 * 127.0) / 255, 1)
    assert close(array[7:], 255)
    assert lines == ["picture.png: transparency laid on white."]


def test_opaque_alpha_is_not_worth_a_word(load):
    image = Image.fromarray(GRADIENT)
    image.putalpha(255)
    array, lines = load(image)
    assert close(array, GRADIENT)
    assert lines == []


@pytest.mark.parametrize("suffix", [".png", ".gif"])
def test_palette_with_transparency(load, suffix):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 4, 2))
    array, lines = load(image, suffix, transparency=0)
    assert close(array[:2], 255)
    assert close(array[2:], np.full((2, 4, 3), (0, 0, 255)))
    assert lines == [f"picture{suffix}: transparency laid on white."]


def test_gray(load):
    array, lines = load(Image.fromarray(GRAY))
    assert close(array, GRAY[..., None])
    assert lines == ["picture.png: grey converted to RGB."]


def test_one_bit(load):
    array, _ = load(Image.fromarray(GRAY).convert("1", dither=Image.Dither.NONE))
    assert close(array, np.where(GRAY >= 128, 255, 0)[..., None])


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_gray_is_scaled_not_clipped(load, suffix):
    array, lines = load(Image.fromarray(np.uint16(GRAY) * 257), suffix)
    assert close(array, GRAY[..., None])
    assert lines == [f"picture{suffix}: scaled to 8 bits, grey converted to RGB."]


@pytest.mark.parametrize("white", [1, 255, 65535, 1e6])
def test_float_tiff_of_any_scale(load, white):
    values = np.float32(GRAY) / GRAY.max() * white
    values[0, :3] = np.nan, np.inf, -np.inf
    array, _ = load(Image.fromarray(values), ".tif")
    expected = np.round(GRAY / GRAY.max() * 255)
    expected[0, :3] = 0
    assert close(array, expected[..., None])


def test_cmyk_jpeg(load):
    array, lines = load(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), ".jpg", quality=100)
    assert close(array, np.full((16, 16, 3), (0, 255, 255)), 2)
    assert lines == ["picture.jpg: CMYK converted to RGB."]


@pytest.mark.parametrize(
    ("width", "height", "size", "shape"),
    [
        (40, 20, 10, (5, 10)),
        (20, 40, 10, (10, 5)),
        (200, 1, 10, (1, 10)),
        (20, 20, 20, (20, 20)),
        (64, 43, 32, (22, 32)),
    ],
)
def test_size_is_the_longer_side(load, width, height, size, shape):
    array, lines = load(Image.new("RGB", (width, height)), size=size)
    assert array.shape[:2] == shape
    assert lines == []


def test_smaller_picture_is_kept_and_reported(load):
    array, lines = load(Image.fromarray(GRADIENT), size=100)
    assert close(array, GRADIENT)
    assert lines == ["picture.png: kept at 20×12, since it is smaller than 100."]


@pytest.mark.parametrize("size", [0, -5, 2.5, "wide", float("nan"), 10**9])
def test_impossible_size_is_refused(load, size):
    with pytest.raises(InputError, match="size must be"):
        load(Image.fromarray(GRADIENT), size=size)


def test_resizing_averages(load):
    checks = Image.fromarray(np.uint8(np.indices((64, 64)).sum(0) % 2 * 255))
    assert close(load(checks, size=16)[0][2:-2, 2:-2], 127, 2)


def test_all_repairs_come_in_one_line(load):
    exif = Image.Exif()
    exif[0x0112] = 6
    _, lines = load(with_alpha("RGB"), exif=exif, icc_profile=swapped_profile(), size=50)
    assert len(lines) == 1
    assert lines[0].count(",") == 4  # three repairs, the size, and the comma in its phrase
    assert load_image.__kwdefaults__["report"] is print


def test_report_may_be_silent(tmp_path, capsys):
    Image.fromarray(GRAY).save(tmp_path / "gray.png")
    load_image(tmp_path / "gray.png", report=None)
    assert capsys.readouterr().out == ""


# Saving


def test_jpeg_has_full_colour_resolution_and_a_profile(tmp_path):
    save_image(GRADIENT[None] / 255, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.format == "JPEG"
        assert [component[1:3] for component in image.layer] == [(1, 1)] * 3  # no chroma subsampling
        assert max(image.quantization[0]) <= 12  # about what quality 95 gives; 75 has 61
        assert "sRGB" in ImageCms.getProfileDescription(io.BytesIO(image.info["icc_profile"]))
        assert close(image, GRADIENT, 5)


@pytest.mark.parametrize("name", ["out.png", "OUT.PNG", "mit Lücke, 'quote' 🎨.png"])
def test_png_is_exact_and_has_a_profile(tmp_path, name):
    save_image(GRADIENT / 255, tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.format == "PNG"
        assert image.info["icc_profile"]
    assert close(np.round(load_image(tmp_path / name, report=pytest.fail)[0] * 255), GRADIENT)


def test_equal_pictures_make_equal_files_on_any_day(tmp_path):
    save_image(GRADIENT / 255, tmp_path / "out.png")
    profile = Image.open(tmp_path / "out.png").info["icc_profile"]
    assert struct.unpack(">6H", profile[24:36]) == (2000, 1, 1, 0, 0, 0)
    assert ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip() == "RGB"


def test_values_outside_are_clipped(tmp_path):
    save_image(np.float32([[[-0.5, 0.5, 1.5]]]), tmp_path / "out.png")
    assert np.asarray(Image.open(tmp_path / "out.png")).tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize("name", ["out.jpg", "out.png"])
def test_full_disk_leaves_the_old_file(tmp_path, noise, name):
    resource = pytest.importorskip("resource")
    path = tmp_path / name
    path.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))  # cuts a write short as a full disk does
    try:
        with pytest.raises(OSError, match="large"):
            save_image(noise(100, 100), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_saved_file_has_the_usual_permissions(tmp_path):
    save_image(GRADIENT / 255, tmp_path / "out.png")
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "out.png").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_image_that_is_no_number_is_not_written(tmp_path, bad):
    with pytest.raises(InputError, match="NaN or infinity"):
        save_image(np.full((1, 4, 4, 3), bad), tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["out.gif", "out", "folder.png", "missing/out.png", "file/out.png", "a" * 300 + ".png"]
)
def test_impossible_output_is_found_out_beforehand(tmp_path, name):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError):
        check_output(tmp_path / name)


def test_small_picture_is_enlarged_when_asked(load, tmp_path):
    load(Image.fromarray(GRADIENT))
    told = []
    image = load_image(tmp_path / "picture.png", 40, enlarge=True, report=told.append)
    assert image.shape == (1, 24, 40, 3)
    assert told == ["picture.png: enlarged from 20×12 to 40×24."]
    assert load_image(tmp_path / "picture.png", 10, enlarge=True, report=pytest.fail).shape == (1, 6, 10, 3)


def test_longer_side_is_that_of_the_file(load, tmp_path):
    load(Image.fromarray(GRADIENT))
    assert images.longer_side(tmp_path / "picture.png") == 20
    (tmp_path / "text.png").write_text("no")
    with pytest.raises(InputError, match="is not a picture"):
        images.longer_side(tmp_path / "text.png")


def test_longest_name_can_be_written(tmp_path):
    name = "a" * 251 + ".png"
    save_image(GRADIENT / 255, check_output(tmp_path / name))
    assert (tmp_path / name).is_file()


# Files that are no pictures


def encoded(suffix=".png", **options):
    file = io.BytesIO()
    Image.fromarray(GRADIENT).save(file, images.SAVE_OPTIONS.get(suffix, {"format": suffix[1:]})["format"], **options)
    return file.getvalue()


BAD_FILES = {
    "zero bytes": b"",
    "text": b"this is not a picture\n",
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "half a png": encoded()[: len(encoded()) // 2],
    "half a jpeg": encoded(".jpg")[:-200],
    "only a header": encoded()[:8],
    "damaged png": encoded().replace(b"IDAT", b"IDAX"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_file_is_refused_in_one_sentence(tmp_path, kind):
    path = tmp_path / "bad.jpg"
    path.write_bytes(BAD_FILES[kind])
    with pytest.raises(InputError, match=r"bad\.jpg .*[;].*\.$"):
        load_image(path)


@pytest.mark.parametrize(
    "name", ["missing.jpg", ".", "a" * 300 + ".jpg", "missing/x.jpg", "new\nline.jpg", "nul\0.jpg"]
)
def test_no_file_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="name a picture"):
        load_image(tmp_path / name)


@pytest.mark.parametrize("side", [11_000, 30_000])
def test_decompression_bomb_is_refused(tmp_path, side):
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    png = bytearray(encoded())
    png[16:33] = header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    (tmp_path / "bomb.png").write_bytes(png)
    with pytest.raises(InputError, match="more than 100 million pixels"):
        load_image(tmp_path / "bomb.png")


def test_wrong_extension_does_not_matter(tmp_path):
    (tmp_path / "picture.jpg").write_bytes(encoded(".png"))
    assert load_image(tmp_path / "picture.jpg").shape == (1, 12, 20, 3)


def loads_or_refuses(path, data):
    path.write_bytes(data)
    try:
        image = load_image(path, 8, report=None)
    except InputError:
        return
    assert np.isfinite(image).all()


fuzzing = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
formats = st.sampled_from([encoded(s) for s in (".jpg", ".png", ".webp", ".tiff", ".bmp", ".gif")])
with_metadata = st.sampled_from(
    [
        encoded(s, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")
        for s in (".jpg", ".png")
    ]
    + [encoded(s, icc_profile=SRGB) for s in (".jpg", ".png", ".tiff")]
)


@fuzzing
@given(
    data=st.binary(max_size=300),
    start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"GIF89a", b"BM"]),
)
def test_random_bytes(tmp_path, data, start):
    loads_or_refuses(tmp_path / "fuzz", start + data)


@fuzzing
@given(data=formats | with_metadata, share=st.floats(0, 1))
def test_truncated_files(tmp_path, data, share):
    loads_or_refuses(tmp_path / "fuzz", data[: int(share * len(data))])


@fuzzing
@given(
    data=formats | with_metadata,
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_files(tmp_path, data, changes):
    damaged = bytearray(data)
    for where, byte in changes:
        damaged[int(where * len(data))] = byte
    loads_or_refuses(tmp_path / "fuzz", damaged)
