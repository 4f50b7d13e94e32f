"""What a run was made from: both pictures, the size, the settings and the versions, as JSON."""

import json
import os
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version

from .errors import InputError
from .files import sha256_of
from .images import LARGEST_SIZE, check_is_file
from .settings import Settings, whole_number
from .vgg_weights import FILE_SHA256

LONGEST_JSON = 100_000


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
    """Everything that decides a run's result, and the versions it was made with.

    `size` is the longer side in pixels, `iterations` how many are planned.
    """

    content: Picture
    style: Picture
    size: int
    iterations: int
    settings: Settings
    weights_sha256: str = FILE_SHA256
    versions: dict[str, str] = field(default_factory=_versions)

    def __post_init__(self):
        object.__setattr__(self, "size", whole_number("size", self.size, 16, LARGEST_SIZE))
        object.__setattr__(self, "iterations", whole_number("iterations", self.iterations, 1, 10_000_000))

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
            values["content"], values["style"] = Picture(**values["content"]), Picture(**values["style"])
            values["settings"] = Settings(**values["settings"])
            return cls(**values)
        except (TypeError, KeyError, ValueError, RecursionError) as error:
            raise InputError(f"this is not a recipe of nst ({error}).") from error

    def differences(self, other: "Recipe") -> list[str]:
        """Return a phrase for each thing that would make the results of two recipes differ, iterations aside."""
        phrases = [
            f"the {name} picture is another one"
            for name in ("content", "style")
            if getattr(self, name).sha256 != getattr(other, name).sha256
        ]
        if self.weights_sha256 != other.weights_sha256:
            phrases.append("the VGG19 weights are others")
        mine = {"size": self.size} | asdict(self.settings)
        its = {"size": other.size} | asdict(other.settings)
        return phrases + [f"{name} is {its[name]!r}, was {mine[name]!r}" for name in mine if mine[name] != its[name]]
