"""`nst reproduce`: make a picture again from the recipe inside it, and say whether it is the same."""

import argparse
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import InputError, one_line
from ..files import free_name
from ..images import check_new_output, encode, to_pil
from ..recipe import FORMATS, Picture, Recipe, read_recipe
from ..vgg_weights import FILE_SHA256, find_weights
from .painting import DONE, begin, load_pictures, save_picture

NOT_IDENTICAL = 1
DESCRIPTION = "Make a picture again from the recipe inside it, and say whether the new one is bit-identical."


@dataclass(frozen=True)
class Reproduction:
    """A picture that was made again, and how it compares with the file it was made after.

    `image`: float32 `[1, H, W, 3]`, 0..1; `same_pixels`: its 8-bit pixels, before compression, have the recipe's
    checksum; `largest`, `mean`: difference between the two files' pixels, 0..255, after the same compression;
    `changes`: what the machine and the versions are now, where they are others.
    """

    image: np.ndarray
    recipe: Recipe
    same_pixels: bool
    largest: int
    mean: float
    changes: list[str]

    @property
    def identical(self) -> bool:
        """Whether pixels and file are both what they were."""
        return self.same_pixels and self.largest == 0

    def __str__(self) -> str:
        if self.identical:
            return "bit-identical"
        how_far = f"at most {self.largest} of 255 levels, {self.mean:.2g} on average"
        if self.same_pixels:
            return f"bit-identical to what was computed, but the file has been changed since ({how_far})"
        changes = "; ".join(self.changes) or "machine and versions are the same"
        return f"not bit-identical, the files' pixels differ by {how_far} ({changes})"


def reproduce(
    picture: str | os.PathLike,
    content: str | os.PathLike,
    style: str | os.PathLike | Sequence[str | os.PathLike],
    *,
    progress: bool = True,
    say: Callable[[str], None] = print,
) -> Reproduction:
    """Make a picture again from the recipe inside it.

    Args:
        picture: a file that `nst`, or `save_image` with a recipe, has made.
        content, style: the files that it was made from, whatever they are called now; of blended styles a list, in
            the same order.
        progress: whether to show a bar with the time left.
        say: gets each line about the run.

    Raises:
        InputError: no recipe, or not these files; both are found out before the run.
        KeyboardInterrupt: it was interrupted.

    Built in notebooks/11_your_own_picture.
    """
    picture = Path(picture)
    then = read_recipe(picture)
    then.check_version(picture)
    first, *blend = map(Picture.of, style if isinstance(style, (list, tuple)) else [style])
    now = replace(then, content=Picture.of(content), style=first, blend=blend, weights_sha256=FILE_SHA256)
    if others := then.differences(now):
        made_from = " and ".join(each.path for each in (then.content, *then.styles))
        raise InputError(f"{picture} was made from {made_from}, and {'; '.join(others)}; name those files.")
    if then.settings.init == "image":
        raise InputError(f"{picture} began with an image of its own, which no recipe holds.")
    old, suffix = _decode(picture, picture)
    images = load_pictures(now, say)
    if images[0].shape[1:] != old.shape:
        raise InputError(f"{picture} has another size than its recipe makes; it was scaled or cut since.")
    transfer, now = begin(now, images, find_weights(), say)
    last = transfer.run(now.iterations, progress=progress)[-1]
    if last.iteration < now.iterations:
        raise KeyboardInterrupt
    new = to_pil(last.image)
    difference = np.abs(_decode(io.BytesIO(encode(new, suffix)), picture)[0] - old)
    same_pixels = hashlib.sha256(new.tobytes()).hexdigest() == then.pixels_sha256
    how_far = int(difference.max()), float(difference.mean())
    return Reproduction(last.image, now, same_pixels, *how_far, then.other_surroundings(now))


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code: 0 bit-identical, 1 not so."""
    options = _parser().parse_args(arguments)
    say = (lambda line: None) if options.quiet else (lambda line: print(one_line(line), flush=True))
    picture = Path(options.picture)
    inputs = picture, options.content, *options.style
    name = options.output or free_name(Path(picture.with_stem(f"{picture.stem}_again").name))
    output = check_new_output(name, *(each for each in inputs if Path(each).exists()))
    if output.exists():
        say(f"output   {output}, in the place of the picture that is there")
    made = reproduce(picture, options.content, options.style, progress=not options.quiet, say=say)
    saved = save_picture(made.image, output, made.recipe)
    print(one_line(f"{saved}: {made}"))
    return DONE if made.identical else NOT_IDENTICAL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nst reproduce", description=DESCRIPTION)
    add = parser.add_argument
    add("picture", metavar="PICTURE", help="made by nst")
    add("--content", metavar="FILE", required=True, help="the content picture that it was made from")
    add("--style", metavar="FILE", required=True, action="append", help="the style picture; each of them, if blended")
    add("-o", "--output", metavar="FILE", help="what to write (PICTURE_again)")
    add("--quiet", action="store_true", help="say nothing but the outcome")
    return parser


def _decode(file: Path | io.BytesIO, path: Path) -> tuple[np.ndarray, str]:
    """Return a picture's pixels `[H, W, 3]`, 0..255, just as they are in the file, and the ending for its format."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            return np.asarray(image.convert("RGB"), np.int16), ".png" if image.format == "PNG" else ".jpg"
    except Exception as error:  # on damaged files Pillow's decoders raise a dozen different kinds
        raise InputError(f"{path} is damaged or cut off ({error}), so that nothing can be compared with it.") from error
