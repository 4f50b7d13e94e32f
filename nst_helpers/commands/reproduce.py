"""`nst reproduce`: make a picture again from the recipe inside it, and compare the two."""

import argparse
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from .terminal import Report, reporter

NOT_IDENTICAL = 1
DESCRIPTION = "Make a picture again from the recipe inside it, and report whether the new one is bit-identical."


@dataclass(frozen=True)
class Reproduction:
    """A picture that was made again, and how it compares with the original file.

    `image`: float32 `[1, H, W, 3]`, 0..1; `opacity`: the content picture's, `[H, W]`, 0..1, or None; `same_pixels`: its
    pixels, before compression, have the recipe's checksum; `largest`, `mean`: difference between the two files' pixels,
    0..255, after the same compression; `changes`: what differs in machine and versions.
    """

    image: np.ndarray
    opacity: np.ndarray | None
    recipe: Recipe
    same_pixels: bool
    largest: float
    mean: float
    changes: list[str]

    @property
    def identical(self) -> bool:
        """Whether pixels and file are both unchanged."""
        return self.same_pixels and self.largest == 0

    def __str__(self) -> str:
        if self.identical:
            return "bit-identical"
        how_far = f"at most {self.largest:.3g} of 255 levels, {self.mean:.2g} on average"
        if self.same_pixels:
            return f"bit-identical to what was computed, but the file has been changed since ({how_far})"
        changes = "; ".join(self.changes) or "machine and versions are the same"
        return f"not bit-identical, the files' pixels differ by {how_far} ({changes})"


def reproduce(
    picture: str | os.PathLike,
    content: str | os.PathLike,
    style: str | os.PathLike | Sequence[str | os.PathLike],
    *,
    masks: Sequence[str | os.PathLike] = (),
    style_masks: Sequence[str | os.PathLike] = (),
    keep: str | os.PathLike | None = None,
    init: str | os.PathLike | None = None,
    progress: bool = True,
    report: Report = print,
) -> Reproduction:
    """Make a picture again from the recipe inside it.

    Args:
        picture: a file that `nst`, or `save_image` with a recipe, has made.
        content, style: the files that it was made from, under any names; of blended styles a list, in order.
        masks, style_masks, keep, init: the other files that it was made from, if any.
        progress: whether to show a bar with the time left.
        report: receives each line about the run.

    Raises:
        InputError: there is no recipe, or the files differ; both are checked before the run.
        KeyboardInterrupt: the run was interrupted.

    Built in notebooks/11_your_own_picture.
    """
    picture = Path(picture)
    then = read_recipe(picture)
    then.check_version(picture)
    if then.settings.init == "image" and not then.init_picture:
        raise InputError(f"{picture} began with an image that is not a file, which no recipe holds.")
    first, *blend = map(Picture.of, style if isinstance(style, (list, tuple)) else [style])
    given = {"content": Picture.of(content), "style": first, "blend": blend}
    given |= {"masks": [*map(Picture.of, masks)], "style_masks": [*map(Picture.of, style_masks)]}
    given |= {name: each and Picture.of(each) for name, each in (("keep", keep), ("init_picture", init))}
    now = _with(then, given, picture)
    old, suffix = _decode(picture.read_bytes(), picture)
    pictures = load_pictures(now, report)
    if pictures["content"].shape[1:] != old.shape:
        raise InputError(f"{picture} has another size than its recipe makes; it has been scaled or cropped.")
    opacity = None if suffix in OPAQUE else load_opacity(now.content.path, pictures["content"].shape)
    transfer, now = begin(now, pictures, find_weights(), report)
    last = transfer.run(now.iterations, progress=progress)[-1]
    if last.iteration < now.iterations:
        raise KeyboardInterrupt
    pixels = to_pixels(last.image, then.bits or 8, opacity)
    difference = np.abs(_decode(encode(pixels, suffix), picture)[0] - old)
    how_far = float(difference.max()), float(difference.mean())
    same_pixels = checksum(pixels) == then.pixels_sha256
    return Reproduction(last.image, opacity, now, same_pixels, *how_far, then.environment_changes(now))


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


def main(arguments: Sequence[str]) -> int:
    """Run `nst reproduce` and return its exit code: 0 bit-identical, 1 not.

    Raises:
        InputError: bad input.
    """
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
    options = parser.parse_args(arguments)
    report, picture = reporter(options.quiet), options.picture
    files = {name: getattr(options, name) for name in ("masks", "style_masks", "keep", "init")}
    named = [options.content, *options.style, *options.masks, *options.style_masks, options.keep, options.init]
    inputs = [each for each in (picture, *named) if each and os.path.exists(each)]
    bits = read_recipe(picture).bits
    output = choose_output(options.output, picture.with_stem(f"{picture.stem}_again").name, inputs, report, bits)
    progress = not options.quiet
    made = reproduce(picture, options.content, options.style, **files, progress=progress, report=report)
    saved = save_picture(made.image, output, made.recipe, made.opacity)
    print(one_line(f"{saved}: {made}"))
    return DONE if made.identical else NOT_IDENTICAL


def _decode(file: bytes, path: Path) -> tuple[np.ndarray, str]:
    """Return the colours `[H, W, 3]`, 0..255, exactly as in the file, and the suffix of its format."""
    try:
        with Image.open(io.BytesIO(file), formats=FORMATS) as image:
            suffix = {"JPEG": ".jpg"}.get(image.format, f".{image.format.lower()}")
            pixels = decode(file)
            return np.asarray(image.convert("RGB"), np.int16) if pixels is None else pixels / 257, suffix
    except Exception as error:  # on damaged files Pillow's decoders raise a dozen different kinds
        raise InputError(f"{path} is damaged or cut off ({error}), so that nothing can be compared with it.") from error
