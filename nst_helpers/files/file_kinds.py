"""What a file is that cannot be read as a picture, and what to do about it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import ExifTags, UnidentifiedImageError, features

from ..errors import InputError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", *(["AVIF"] if features.check("avif") else []))
"""What can be read; AVIF only if this Pillow has a decoder for it."""
PICTURES = "JPEG, PNG, WebP, TIFF, BMP or GIF"

CONVERT = "open it in a picture program and save it as JPEG or PNG"
AVIF, HEIC, RAW = "an AVIF picture", "a HEIC picture", "a camera's raw file"
LFS, VIDEO, ZIP = "a pointer to a file in Git LFS", "a video", "a ZIP archive"
KINDS = {  # by the file's first bytes
    b"8BPS": "a Photoshop file",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript file",
    b"gimp xcf": "a GIMP file",
    b"FUJIFILMCCD-RAW": RAW,
    b"PK\x03\x04": ZIP,
    b"version https://git-lfs": LFS,
    **{b"P%d\n" % i: "a PNM picture" for i in range(1, 8)},
}
ADVICE = {  # where CONVERT is not the best
    AVIF: f"{CONVERT}, or pip install --upgrade pillow, which reads AVIF from 11.3 on",
    HEIC: "share it from the phone as JPEG, or convert it with libheif's heif-convert FILE.heic FILE.jpg",
    LFS: "fetch it with git lfs pull",
    VIDEO: "save one of its frames as JPEG",
    ZIP: "unpack it and name the picture in it",
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
    "decoder error",
)
"""What Pillow says of intact files that it cannot decode; libtiff's "decoder error" does not give the cause."""


def describe_failure(path: Path, error: Exception) -> str:
    """Return a sentence on a picture file that Pillow refused with `error`: what it is, and what helps."""
    with path.open("rb") as file:
        head = file.read(4096)
    if kind := _foreign_kind(head):
        return f"{path} is {kind}, which cannot be read here; {ADVICE.get(kind, CONVERT)}."
    if isinstance(error, MemoryError):
        return f"{path} does not fit into memory; make it smaller first."
    own = next((name for start, name in OWN.items() if head.startswith(start)), None)
    unidentified = isinstance(error, UnidentifiedImageError)
    if own and (unidentified or any(word in str(error).lower() for word in UNSUPPORTED)):
        return f"{path} is a {own} of a kind that cannot be read here, or damaged; {CONVERT}."
    if unidentified:
        return f"{path} is not a picture that can be read; use {PICTURES}."
    return f"{path} is damaged or cut off ({error}); get the file again."


def check_tiff(path: Path, tags: Mapping[int, Any]) -> None:
    """Raise InputError for a TIFF that Pillow would read, but not as what it is."""
    if tags.get(ExifTags.Base.NewSubfileType, 0) & 1:  # a small copy of another page comes first
        raise InputError(f"{path} begins with a preview, as a camera's raw file does; develop it into a JPEG first.")
    if tags.get(ExifTags.Base.PlanarConfiguration) == 2 and max(tags.get(ExifTags.Base.BitsPerSample, (8,))) > 8:
        raise InputError(
            f"{path} is a TIFF with 16 bits in separate colour planes, which cannot be read here; {CONVERT}."
        )


def _foreign_kind(head: bytes) -> str | None:
    """Return what a file with these first bytes is, if it is known and not one of FORMATS."""
    if head[4:8] == b"ftyp":  # the container format of MP4, HEIC and AVIF
        brands = head[8 : int.from_bytes(head[:4], "big")]
        if b"avif" in brands or b"avis" in brands:
            return None if "AVIF" in FORMATS else AVIF
        if any(brand in brands for brand in (b"hei", b"hev", b"mif1", b"msf1")):
            return HEIC
        return RAW if b"crx " in brands else VIDEO
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<svg", b"<?xml")) and b"<svg" in head:
        return "an SVG drawing"
    return next((kind for start, kind in KINDS.items() if head.startswith(start)), None)
