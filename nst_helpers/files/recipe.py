"""What a run was made from: its pictures, size, settings and versions; as JSON, and inside a picture."""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image

from ..errors import InputError, one_line
from ..machine.disk import File, sha256_of
from ..machine.vgg_weights import FILE_SHA256
from ..settings import Settings, check_mask_counts, in_range, whole_number
from .images import LARGEST_SIZE, LONGEST_EXIF
from .pixels import check_is_file, opened

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from ..transfer import StyleTransfer

MOST_ITERATIONS = 10_000_000
LONGEST_JSON = LONGEST_EXIF[".png"]
ASCII = b"ASCII\0\0\0"
"""The prefix that names a comment's encoding in EXIF."""
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
OF_VERSION_0_1 = {"style_distance": "squared"}
"""What a recipe of version 0.1 leaves out."""
ROLES = {
    "content": "the content picture is another one",
    "style": "the style picture is another one",
    "blend": "the pictures blended with the style are others",
    "masks": "the masks are others",
    "style_masks": "the style masks are others",
    "keep": "the mask of what is kept is another one",
    "init_picture": "the picture to start from is another one",
}
"""Each field of a recipe that holds pictures, and what to say if they differ."""
SEVERAL = ("blend", "masks", "style_masks")
"""Those that hold any number of pictures; the others hold one or None."""


@dataclass(frozen=True)
class Picture:
    """A picture file and the checksum of its bytes."""

    path: str
    sha256: str

    def __post_init__(self):
        if not (isinstance(self.path, str) and isinstance(self.sha256, str)):
            raise InputError("a picture must have a path and a checksum.")

    @classmethod
    def of(cls, path: File) -> "Picture":
        """Return the picture at `path`, with its absolute path."""
        path = check_is_file(path).resolve()
        return cls(str(path), sha256_of(path))


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in ("nst-helpers", "tensorflow", "numpy", "scipy", "pillow"):
        with suppress(PackageNotFoundError):  # TensorFlow has other names too, such as tensorflow-cpu
            versions[package] = version(package)
    return versions


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a run's result, and the machine and versions it was made with.

    Args:
        content, style: the picture files.
        size: the longer side in pixels at which both were read; a smaller picture is read as it is.
        iterations: how many are planned, or in a picture's recipe how many were run.
        settings: of the run.
        weights_sha256: of VGG19's weight file.
        versions: program to version.
        machine: the processor, and the device that TensorFlow used.
        pixels_sha256: `checksum` of a finished picture's RGB pixels, before compression.
        blend: further style pictures, weighted by the settings' `style_weights`.
        style_scale: the size of each style picture relative to `size`: one number for all, or one for each.
        masks, style_masks, keep: as `StyleTransfer` takes them.
        init_picture: the picture to start from, if the settings' `init` is "image".
        enlarge: whether a content picture smaller than `size` is enlarged.
        bits: of each colour in the finished picture's file; None for the default of that kind of file.
        output: where a run on disk writes its picture; empty in a picture's own recipe.
        snapshots: the iterations that a run on disk keeps, or a number m for every m-th; empty in a picture's recipe.

    Raises:
        InputError: an invalid value.

    Used in notebooks/11_your_own_picture.
    """

    content: Picture
    style: Picture
    size: int
    iterations: int
    settings: Settings
    weights_sha256: str = FILE_SHA256
    versions: Mapping[str, str] = field(default_factory=_versions)
    machine: str = ""
    pixels_sha256: str = ""
    blend: Sequence[Picture] = ()
    style_scale: Sequence[float] = ()
    masks: Sequence[Picture] = ()
    style_masks: Sequence[Picture] = ()
    keep: Picture | None = None
    init_picture: Picture | None = None
    enlarge: bool = False
    bits: int | None = None
    output: str = ""
    snapshots: Sequence[int] | int = ()

    def __post_init__(self):
        self._set("size", whole_number("size", self.size, 16, LARGEST_SIZE))
        self._set("iterations", whole_number("iterations", self.iterations, 1, MOST_ITERATIONS))
        texts = [self.weights_sha256, self.machine, self.pixels_sha256, self.output]
        if not all(isinstance(text, str) for text in (*texts, *self.versions, *self.versions.values())):
            raise InputError("checksums, versions, the machine's name and the output must be text.")
        if self.enlarge not in (True, False) or self.bits not in (None, 8, 16):
            raise InputError("enlarge must be true or false, and bits 8, 16 or nothing.")
        for name in (*SEVERAL, "style_scale"):
            self._set(name, tuple(getattr(self, name)))
        self._check_styles()
        wanted = [self.snapshots] if isinstance(self.snapshots, int) else self.snapshots
        checked = tuple(whole_number("each of snapshots", number, 1, MOST_ITERATIONS) for number in wanted)
        self._set("snapshots", checked[0] if isinstance(self.snapshots, int) else checked)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the way to fill in a frozen dataclass

    def _check_styles(self) -> None:
        """Check that there is one of everything for each style; repeat a style_scale that is for all."""
        styles, scales = len(self.styles), self.style_scale
        if len(scales) not in (0, 1, styles):
            raise InputError(f"{len(scales)} style scales for {styles} styles; give one for each, or one for all.")
        scales = tuple(in_range("style_scale", each, 0.01, 100) for each in scales)
        scales = scales * styles if len(scales) == 1 else scales
        self._set("style_scale", () if set(scales) == {1} else scales)
        check_mask_counts(self.masks, self.style_masks, styles, self.settings.style_weights)
        if self.init_picture and self.settings.init != "image":
            raise InputError(f"the image starts as {self.settings.init}, not as a picture.")

    @property
    def styles(self) -> tuple[Picture, ...]:
        """All style pictures."""
        return self.style, *self.blend

    @property
    def style_sizes(self) -> list[int]:
        """The longer side in pixels at which each style picture is read, unless it is smaller."""
        return [max(1, round(scale * self.size)) for scale in self.style_scale or [1] * len(self.styles)]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures: the content, the styles, masks and so on."""
        return tuple(each for role in ROLES for each in self._of_role(role))

    def _of_role(self, role: str) -> tuple[Picture, ...]:
        field = getattr(self, role)
        return field if isinstance(field, tuple) else (field,) if field else ()

    def with_pictures(self, change: Callable[[Picture], Picture]) -> "Recipe":
        """Return the recipe with `change` applied to each of its pictures."""
        changed = {role: tuple(map(change, self._of_role(role))) for role in ROLES}
        one = {role: each[0] if each else None for role, each in changed.items() if role not in SEVERAL}
        return replace(self, **changed | one)

    @classmethod
    def of(cls, transfer: "StyleTransfer", content: File, style: File, size: int) -> "Recipe":
        """Return the recipe of a run's present picture.

        It holds for a run of one style, without masks or an initial image, during which no weight was changed.

        Args:
            transfer: the run.
            content, style: the files that its images were loaded from.
            size: the size at which they were loaded.

        Raises:
            InputError: the run has had no iteration.
        """
        recipe = cls(Picture.of(content), Picture.of(style), size, transfer.iteration, transfer.settings)
        return recipe.made_by(transfer)

    def made_by(self, transfer: "StyleTransfer") -> "Recipe":
        """Return the recipe with the precision that a run chose, this machine and its versions."""
        from ..machine.hardware import device_name, processor_name

        settings = replace(self.settings, precision=transfer.features.precision)
        machine = f"{processor_name()}; {device_name()}"
        return replace(self, settings=settings, versions=_versions(), machine=machine, pixels_sha256="")

    def to_json(self) -> str:
        """Return the recipe as JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Recipe":
        """Return the recipe that `to_json` wrote.

        Raises:
            InputError: the text is not such a recipe.
        """
        try:
            if len(text) > LONGEST_JSON:
                raise ValueError("it is far too long")
            values = json.loads(text)
            for role in ROLES:
                if role in SEVERAL:
                    values[role] = [Picture(**each) for each in values.get(role, ())]
                elif role in ("content", "style") or values.get(role) is not None:
                    values[role] = Picture(**values[role])
            settings = OF_VERSION_0_1 | values["settings"]
            if "content_layer" in settings:  # version 0.1 had only one
                settings["content_layers"] = settings.pop("content_layer")
            values["settings"] = Settings(**settings)
            return cls(**values)
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
            raise InputError(f"this is not a recipe of nst ({error}).") from error

    def to_exif(self, pixels: np.ndarray) -> Image.Exif:
        """Return the EXIF data for a finished picture with these pixels: the recipe, its paths without folders."""
        recipe = replace(
            self.with_pictures(lambda each: replace(each, path=Path(each.path).name)),
            pixels_sha256=checksum(pixels),
            bits=8 * pixels.dtype.itemsize,
            output="",
            snapshots=(),
        )
        exif = Image.Exif()
        exif[ExifTags.Base.Software] = "nst"
        exif[ExifTags.IFD.Exif] = {ExifTags.Base.UserComment: ASCII + recipe.to_json().encode("ascii")}
        return exif

    def differences(self, other: "Recipe") -> list[str]:
        """Return a phrase for each difference of two recipes that changes the result, except iterations."""
        phrases = [
            phrase
            for role, phrase in ROLES.items()
            if [each.sha256 for each in self._of_role(role)] != [each.sha256 for each in other._of_role(role)]
        ]
        if self.weights_sha256 != other.weights_sha256:
            phrases.append("the VGG19 weights are others")
        mine, its = (
            {name: getattr(each, name) for name in ("size", "enlarge", "style_scale")} | asdict(each.settings)
            for each in (self, other)
        )
        return phrases + [f"{name} is {its[name]!r}, was {mine[name]!r}" for name in mine if mine[name] != its[name]]

    def check_version(self, what: File) -> None:
        """Raise InputError if `what`, a picture or a run, was made by version 0.1, whose losses were different."""
        if self.versions.get("nst-helpers", "").startswith("0.1."):
            raise InputError(f"{what} was made by nst 0.1, whose losses were different; start it over, or use nst 0.1.")

    def environment_changes(self, other: "Recipe") -> list[str]:
        """Return a phrase for each version that differs, and for the machine; results may then differ slightly."""
        mine, its = (dict(each.versions) | {"machine": each.machine} for each in (self, other))
        names = [name for name in mine | its if mine.get(name) != its.get(name)]
        return [f"{name} is {its.get(name) or 'not known'}, was {mine.get(name) or 'not known'}" for name in names]

    def describe(self) -> str:
        """Return the whole recipe as lines of text."""
        rows = {role: self._of_role(role) for role in ROLES}
        rows |= {name: getattr(self, name) for name in ("style_scale", "size", "iterations", "enlarge")}
        rows |= vars(self.settings) | {
            "VGG19": f"SHA-256 {self.weights_sha256}",
            "versions": ", ".join(f"{name} {number}" for name, number in self.versions.items()),
            "machine": self.machine,
            "pixels": f"{self.bits or 8} bits, SHA-256 {self.pixels_sha256}",
        }
        texts = {name.replace("_", " "): _text(value) for name, value in rows.items()}
        return "\n".join(f"{name:<14} {one_line(text)}" for name, text in texts.items() if text)


def checksum(pixels: np.ndarray) -> str:
    """Return the SHA-256 of the colours of a picture's pixels, row by row, as hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(pixels[..., :3], pixels.dtype.newbyteorder("<"))).hexdigest()


def _text(value: object) -> str:
    """Return a value of a recipe as text, empty if there is nothing to say."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}:{each:.6g}" for name, each in value.items()) or "none"
    if isinstance(value, Picture):
        return f"{value.path}, SHA-256 {value.sha256}"
    if isinstance(value, tuple):
        return "; ".join(map(_text, value))
    return "" if value is False else str(value)


def read_recipe(path: File) -> Recipe:
    """Return the recipe in a picture that `nst` or `save_image` wrote.

    The file is read as data: nothing in it is executed, and every value is checked like any other input.

    Raises:
        InputError: no such file, not a picture, or none with a recipe.

    Used in notebooks/11_your_own_picture.
    """
    path = check_is_file(path)
    try:
        with opened(path) as image:  # without decoding the pixels
            exif = image.getexif() if image.format == "TIFF" else Image.Exif()
            if image.format != "TIFF":
                exif.load(image.info.get("exif", b""))
            text = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment].removeprefix(ASCII)
    except Exception as error:  # on damaged files Pillow raises a dozen different kinds
        raise InputError(f"{path} holds no recipe; nst writes one into each picture that it makes.") from error
    try:
        return Recipe.from_json(text)
    except InputError as error:
        raise InputError(f"{path} holds no recipe that can be used: {error}") from error
