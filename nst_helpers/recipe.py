"""What a run was made from: both pictures, the size, the settings and the versions; as JSON, and inside a picture."""

import hashlib
import json
import os
import platform
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

from .errors import InputError, one_line
from .files import sha256_of
from .images import LARGEST_SIZE, LONGEST_EXIF, check_is_file
from .settings import Settings, whole_number
from .vgg_weights import FILE_SHA256

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from .transfer import StyleTransfer

LONGEST_JSON = LONGEST_EXIF[".png"]
ASCII = b"ASCII\0\0\0"
"""What EXIF wants in front of a comment to say how it is encoded."""
FORMATS = ("JPEG", "PNG")
OF_VERSION_0_1 = {"style_distance": "squared"}
"""What a recipe of version 0.1 does not say."""


@dataclass(frozen=True)
class Picture:
    """A picture file and the checksum of its bytes."""

    path: str
    sha256: str

    def __post_init__(self):
        if not (isinstance(self.path, str) and isinstance(self.sha256, str)):
            raise InputError("a picture must have a path and a checksum.")

    @classmethod
    def of(cls, path: str | os.PathLike) -> "Picture":
        """Return the picture at `path`, with its full path so that it is found again from another folder."""
        path = check_is_file(path).resolve()
        return cls(str(path), sha256_of(path))


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in ("nst-helpers", "tensorflow", "numpy", "scipy", "pillow"):
        with suppress(PackageNotFoundError):  # tensorflow goes by other names too, such as tensorflow-cpu
            versions[package] = version(package)
    return versions


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run's result, and what it was made with.

    Args:
        content, style: the picture files.
        size: the longer side in pixels at which both were read.
        iterations: how many are planned, or in a picture's recipe how many it has had.
        settings: the run's settings.
        weights_sha256: of VGG19's weight file.
        versions: program to version.
        machine: the processor, and the device that TensorFlow used.
        pixels_sha256: of a finished picture's 8-bit RGB pixels, row by row, before compression.
        blend: further style pictures, which count as much as the first.
        output: where the picture of a run on disk is to be written; a picture's own recipe leaves it out.

    Raises:
        InputError: a value that cannot be.

    Built in notebooks/11_your_own_picture.
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
    output: str = ""

    def __post_init__(self):
        object.__setattr__(self, "size", whole_number("size", self.size, 16, LARGEST_SIZE))
        object.__setattr__(self, "iterations", whole_number("iterations", self.iterations, 1, 10_000_000))
        texts = [self.weights_sha256, self.machine, self.pixels_sha256, self.output]
        if not all(isinstance(text, str) for text in (*texts, *self.versions, *self.versions.values())):
            raise InputError("checksums, versions, the machine's name and the output must be text.")
        object.__setattr__(self, "blend", tuple(self.blend))

    @property
    def styles(self) -> tuple[Picture, ...]:
        """All style pictures."""
        return self.style, *self.blend

    @classmethod
    def of(cls, transfer: "StyleTransfer", content: str | os.PathLike, style: str | os.PathLike, size: int) -> "Recipe":
        """Return the recipe of a run as it stands, to be saved with its picture.

        It holds if no weight was changed on the way, and for a run of one style that began as its settings say.

        Args:
            transfer: the run.
            content, style: the files that its images were loaded from.
            size: the size at which they were.

        Raises:
            InputError: the run has had no iteration, or it began with an image of its own.
        """
        return cls(Picture.of(content), Picture.of(style), size, transfer.iteration, transfer.settings).made_by(
            transfer
        )

    def made_by(self, transfer: "StyleTransfer") -> "Recipe":
        """Return the recipe with the arithmetic that was chosen, the machine and the versions."""
        from .hardware import device_name, processor_name

        settings = replace(self.settings, precision=transfer.features.precision)
        machine = f"{processor_name()}; {device_name()}"
        return replace(self, settings=settings, versions=_versions(), machine=machine, pixels_sha256="")

    def to_json(self) -> str:
        """Return the recipe as JSON."""
        values = asdict(self)
        if not self.output:
            del values["output"]
        return json.dumps(values, indent=2)

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
            values["content"], values["style"] = Picture(**values["content"]), Picture(**values["style"])
            values["blend"] = [Picture(**each) for each in values.get("blend", ())]
            values["settings"] = Settings(**OF_VERSION_0_1 | values["settings"])
            return cls(**values)
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
            raise InputError(f"this is not a recipe of nst ({error}).") from error

    def to_exif(self, picture: Image.Image) -> Image.Exif:
        """Return the recipe of a finished 8-bit RGB picture as its EXIF data: file names, but no folders."""
        content, style, *blend = (replace(each, path=Path(each.path).name) for each in (self.content, *self.styles))
        pixels = hashlib.sha256(picture.tobytes()).hexdigest()
        recipe = replace(self, content=content, style=style, blend=blend, pixels_sha256=pixels, output="")
        exif = Image.Exif()
        exif[ExifTags.Base.Software] = "nst"
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = ASCII + recipe.to_json().encode("ascii")
        return exif

    def differences(self, other: "Recipe") -> list[str]:
        """Return a phrase for each thing that would make the results of two recipes differ, iterations aside."""
        phrases = [
            f"the {name} picture is another one"
            for name in ("content", "style")
            if getattr(self, name).sha256 != getattr(other, name).sha256
        ]
        if [each.sha256 for each in self.blend] != [each.sha256 for each in other.blend]:
            phrases.append("the pictures blended with the style are others")
        if self.weights_sha256 != other.weights_sha256:
            phrases.append("the VGG19 weights are others")
        mine = {"size": self.size} | asdict(self.settings)
        its = {"size": other.size} | asdict(other.settings)
        return phrases + [f"{name} is {its[name]!r}, was {mine[name]!r}" for name in mine if mine[name] != its[name]]

    def check_version(self, what: str | os.PathLike) -> None:
        """Raise InputError if `what`, a picture or a run, was made by a version that had other losses."""
        if self.versions.get("nst-helpers", "").startswith("0.1."):
            raise InputError(
                f"{what} was made by nst 0.1, whose losses were other ones; begin it anew, or use nst 0.1."
            )

    def other_surroundings(self, other: "Recipe") -> list[str]:
        """Return a phrase for each program and machine that is not the same; results may differ slightly then."""
        mine, its = (dict(each.versions) | {"machine": each.machine} for each in (self, other))
        names = [name for name in mine | its if mine.get(name) != its.get(name)]
        return [f"{name} is {its.get(name) or 'not known'}, was {mine.get(name) or 'not known'}" for name in names]

    def describe(self) -> str:
        """Return all that the recipe says, line by line."""
        settings = dict(vars(self.settings))
        layers, scales = (settings.pop(name).items() for name in ("style_layers", "scales"))
        rows = {
            "content": f"{self.content.path}, SHA-256 {self.content.sha256}",
            "style": f"{self.style.path}, SHA-256 {self.style.sha256}",
            "blended with": "; ".join(f"{each.path}, SHA-256 {each.sha256}" for each in self.blend) or "nothing",
            "size": self.size,
            "iterations": self.iterations,
            **settings,
            "style_layers": ", ".join(f"{name}:{weight:.6g}" for name, weight in layers),
            "scales": ", ".join(f"{size}:{iterations}" for size, iterations in scales) or "none",
            "VGG19": f"SHA-256 {self.weights_sha256}",
            "versions": ", ".join(f"{name} {number}" for name, number in self.versions.items()),
            "machine": self.machine,
            "pixels": f"SHA-256 {self.pixels_sha256}",
        }
        return "\n".join(f"{name.replace('_', ' '):<14} {one_line(value)}" for name, value in rows.items())


def read_recipe(path: str | os.PathLike) -> Recipe:
    """Return the recipe that a JPEG or PNG picture of `nst` or `save_image` carries.

    Nothing in the file is trusted or executed: it is read as data, and every value is checked as any other input is.

    Raises:
        InputError: no such file, not a picture, or none with a recipe.

    Built in notebooks/11_your_own_picture.
    """
    path = check_is_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata
            with Image.open(path, formats=FORMATS) as image:  # the pixels stay packed
                exif = Image.Exif()
                exif.load(image.info.get("exif", b""))
            text = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment].removeprefix(ASCII)
    except Exception as error:  # Pillow raises a dozen different kinds, and KeyError is ours
        raise InputError(f"{path} holds no recipe; nst writes one into each JPEG and PNG that it makes.") from error
    try:
        return Recipe.from_json(text)
    except InputError as error:
        raise InputError(f"{path} holds no recipe that can be used: {error}") from error
