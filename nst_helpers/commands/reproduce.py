"""`nst reproduce`: make a picture again from the recipe inside it, and compare the two."""

import argparse
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import InputError, one_line
from ..files.fitted import load_opacity
from ..files.images import OPAQUE, encode, to_pixels
from ..files.recipe import FORMATS, Picture, Recipe, checksum, read_recipe
from ..files.sixteen_bits import decode
from ..machine.vgg_weights import FILE_SHA256, find_weights
from .painting import DONE, begin, choose_output, load_pictures, save_picture
from .terminal import reporter

IDENTICAL = "bit-identical"
NOT_IDENTICAL = 1
DESCRIPTION = "Make a picture again from the recipe inside it, and report whether the new one is bit-identical."


def main(arguments: Sequence[str]) -> int:
    """Run `nst reproduce` and return its exit code: 0 bit-identical, 1 not.

    Raises:
        InputError: there is no recipe, or the files differ; both are checked before the run.
        KeyboardInterrupt: the run was interrupted.
    """
    options = _parser().parse_args(arguments)
    report, picture = reporter(options.quiet), options.picture
    then = read_recipe(picture)
    then.check_version(picture)
    if then.settings.init == "image" and not then.init_picture:
        raise InputError(f"{picture} began with an image that is not a file, which no recipe holds.")
    first, *blend = map(Picture.of, options.style)
    given = {
        "content": Picture.of(options.content),
        "style": first,
        "blend": blend,
        "masks": [*map(Picture.of, options.masks)],
        "style_masks": [*map(Picture.of, options.style_masks)],
        "keep": options.keep and Picture.of(options.keep),
        "init_picture": options.init and Picture.of(options.init),
    }
    now = _with(then, given, picture)
    inputs = [picture, *(each.path for each in now.pictures)]
    output = choose_output(options.output, picture.with_stem(f"{picture.stem}_again").name, inputs, report, then.bits)
    old, suffix = _decode(picture.read_bytes(), picture)
    pictures = load_pictures(now, report)
    if pictures["content"].shape[1:] != old.shape:
        raise InputError(f"{picture} has another size than its recipe makes; it has been scaled or cropped.")
    opacity = None if suffix in OPAQUE else load_opacity(now.content.path, pictures["content"].shape)
    transfer, now = begin(now, pictures, find_weights(), report)
    last = transfer.run(now.iterations, progress=not options.quiet)[-1]
    if last.iteration < now.iterations:
        raise KeyboardInterrupt
    pixels = to_pixels(last.image, then.bits or 8, opacity)
    difference = np.abs(_decode(encode(pixels, suffix), picture)[0] - old)
    said = _comparison(checksum(pixels) == then.pixels_sha256, difference, then.environment_changes(now))
    saved = save_picture(last.image, output, now, opacity)
    print(one_line(f"{saved}: {said}"))
    return DONE if said == IDENTICAL else NOT_IDENTICAL


def _comparison(same_pixels: bool, difference: np.ndarray, changes: list[str]) -> str:
    """Return how a picture made again compares: before compression, and as a file, 0..255; and what may explain it."""
    if same_pixels and not difference.any():
        return IDENTICAL
    how_far = f"at most {difference.max():.3g} of 255 levels, {difference.mean():.2g} on average"
    if same_pixels:
        return f"bit-identical to what was computed, but the file has been changed since ({how_far})"
    why = "; ".join(changes) or "machine and versions are the same"
    return f"not bit-identical, the files' pixels differ by {how_far} ({why})"


def _with(then: Recipe, given: dict[str, Picture | Sequence[Picture] | None], picture: Path) -> Recipe:
    """Return a picture's recipe with the given files, or raise InputError if it was made from others."""
    made_from = ", ".join(each.path for each in then.pictures)
    try:
        now = replace(then, **given, weights_sha256=FILE_SHA256)
    except InputError as error:  # such as a mask too many
        raise InputError(f"{picture} was made from {made_from}; name those files.") from error
    if others := then.differences(now):
        raise InputError(f"{picture} was made from {made_from}, and {'; '.join(others)}; name those files.")
    return now


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nst reproduce", description=DESCRIPTION)
    add = parser.add_argument
    add("picture", metavar="PICTURE", type=Path, help="made by nst")
    add("--content", metavar="FILE", required=True, help="the content picture that it was made from")
    add("--style", metavar="FILE", required=True, action="append", help="the style picture; each of them, if blended")
    masks = {"metavar": "FILE", "action": "append", "default": []}
    add("--mask", dest="masks", **masks, help="the mask, where there was one; each of them, in order")
    add("--style-mask", dest="style_masks", **masks, help="the style's mask, where there was one; each of them")
    add("--keep", metavar="FILE", help="the mask of what was kept, where there was one")
    add("--init", metavar="FILE", help="the picture that it started from, where there was one")
    add("-o", "--output", metavar="FILE", default="", help="what to write (PICTURE_again)")
    add("--quiet", action="store_true", help="report nothing but the outcome")
    return parser


def _decode(file: bytes, path: Path) -> tuple[np.ndarray, str]:
    """Return the colours `[H, W, 3]`, 0..255, exactly as in the file, and the suffix of its format."""
    try:
        with Image.open(io.BytesIO(file), formats=FORMATS) as image:
            suffix = {"JPEG": ".jpg"}.get(image.format, f".{image.format.lower()}")
            pixels = decode(file)
            return np.asarray(image.convert("RGB"), np.int16) if pixels is None else pixels / 257, suffix
    except Exception as error:  # on damaged files Pillow's decoders raise a dozen different kinds
        raise InputError(f"{path} is damaged or cut off ({error}), so that nothing can be compared with it.") from error
