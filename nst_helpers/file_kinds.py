"""What a file is that cannot be read as a picture, and what to do about it, in one sentence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import ExifTags, UnidentifiedImageError, features

from .errors import InputError

TAG = ExifTags.Base
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", *(["AVIF"] if features.check("avif") else []))
"""What is read; AVIF where this Pillow can, which an older one or one of a distribution's may not."""
PICTURES = "JPEG, PNG, WebP, TIFF, BMP or GIF"

CONVERT = "open it in a picture program and save it as JPEG or PNG"
HEIC = "share it from the telephone as JPEG, or convert it with libheif's heif-convert FILE.heic FILE.jpg"
KINDS = {  # the file's first bytes: what it is, and what to do
    b"8BPS": ("a Photoshop file", CONVERT),
    b"\xff\x0a": ("a JPEG XL picture", CONVERT),
    b"\0\0\0\x0cJXL ": ("a JPEG XL picture", CONVERT),
    b"\0\0\0\x0cjP  ": ("a JPEG 2000 picture", CONVERT),
    b"\xff\x4f\xff\x51": ("a JPEG 2000 picture", CONVERT),
    b"%PDF": ("a PDF document", "export the page as JPEG or PNG"),
    b"%!PS": ("a PostScript file", "export it as PNG"),
    b"<svg": ("an SVG drawing", "export it as PNG"),
    b"gimp xcf": ("a GIMP file", "export it as PNG in GIMP"),
    b"\0\0\x01\0": ("an icon", CONVERT),
    b"qoif": ("a QOI picture", CONVERT),
    b"\x76\x2f\x31\x01": ("an OpenEXR picture", CONVERT),
    b"#?RADIANCE": ("a Radiance picture", CONVERT),
    b"DDS ": ("a DDS texture", CONVERT),
    b"FUJIFILMCCD-RAW": ("a camera's raw file", "develop it into a JPEG"),
    b"PK\x03\x04": ("a ZIP archive", "unpack it and name the picture in it"),
    b"version https://git-lfs": ("the stand-in for a file that Git LFS keeps", "fetch it: git lfs pull"),
    **{b"P%d\n" % i: ("a PNM picture", CONVERT) for i in range(1, 8)},
}
BRANDS = {  # of the containers that MP4, HEIC and AVIF have in common
    b"avif": ("an AVIF picture", CONVERT + ", or pip install --upgrade pillow, which reads AVIF from 11.3 on"),
    b"avis": ("an AVIF picture", CONVERT + ", or pip install --upgrade pillow, which reads AVIF from 11.3 on"),
    b"crx ": ("a camera's raw file", "develop it into a JPEG"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), ("a HEIC picture", HEIC)),
}
OWN = {
    **{b"\xff\xd8": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF", b"BM": "BMP"},
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "TIFF"),
}
UNSUPPORTED = (
    "unsupported",
    "not supported",
    "unknown",
    "unrecognized",
    "cannot handle",
    "not available",
    "invalid palette",
)


def why_not(path: Path, error: Exception) -> str:
    """Return the sentence for a picture file that Pillow refused with `error`: what it is, and what would help."""
    with path.open("rb") as file:
        head = file.read(4096)
    own = next((name for start, name in OWN.items() if head.startswith(start)), None)
    if what := foreign_kind(head):
        return f"{path} is {what[0]}, which cannot be read here; {what[1]}."
    if isinstance(error, MemoryError):
        return f"{path} does not fit into memory; make it smaller first."
    if own and (isinstance(error, UnidentifiedImageError) or _is_rare(head, error)):
        return f"{path} is a {own} of a kind that cannot be read here, or damaged; {CONVERT}."
    if isinstance(error, UnidentifiedImageError):
        return f"{path} is not a picture that can be read; use {PICTURES}."
    return f"{path} is damaged or cut off ({error}); get the file again."


def foreign_kind(head: bytes) -> tuple[str, str] | None:
    """Return what a file with these first bytes is and what to do, if it is none of FORMATS and known."""
    if head[4:8] == b"ftyp":
        brands = (head[8:12], *(head[i : i + 4] for i in range(16, int.from_bytes(head[:4], "big"), 4)))
        if b"avif" in brands and "AVIF" in FORMATS:
            return None
        known = next((BRANDS[brand] for brand in brands if brand in BRANDS), None)
        return known or ("a video", "save one of its pictures as JPEG")
    if b"<svg" in head[:1000] and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return KINDS[b"<svg"] if b"<html" not in head[:1000].lower() else None
    return next((what for start, what in KINDS.items() if head.startswith(start)), None)


def check_tiff(path: Path, tags: Mapping[int, Any]) -> None:
    """Raise InputError for a TIFF that Pillow would read, but not as what it is."""
    if tags.get(TAG.NewSubfileType, 0) & 1:  # a small copy of another page comes first
        raise InputError(f"{path} begins with a preview, as a camera's raw file does; develop it into a JPEG first.")
    if tags.get(TAG.PlanarConfiguration) == 2 and max(tags.get(TAG.BitsPerSample, (8,))) > 8:
        raise InputError(
            f"{path} is a TIFF with 16 bits whose colours lie apart, which cannot be read here; {CONVERT}."
        )


def _is_rare(head: bytes, error: Exception) -> bool:
    """Whether a file of a known format is whole, as far as one can tell, but needs a decoder that is not there."""
    text = str(error).lower()
    libtiff = head[:2] in (b"II", b"MM") and "decoder error" in text  # it does not say why
    return libtiff or any(word in text for word in UNSUPPORTED) or _rare_jpeg(head)


def _rare_jpeg(head: bytes) -> bool:
    """Whether a JPEG is lossless, hierarchical or has more than 8 bits: its frame header, if that is within reach."""
    at = 2
    while head[:2] == b"\xff\xd8" and at + 5 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return head[at + 4] != 8 or marker not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return False
