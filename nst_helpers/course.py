"""What the notebooks of the course share: pictures, guesses that are scored, badges, and how they are run anew.

python -m nst_helpers.course --repository OWNER/NAME     the course has moved there: write the new address everywhere
python -m nst_helpers.course --execute [NOTEBOOK …]      run notebooks and keep their new outputs
"""

import argparse
import platform
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError
from .images import load_image

REPOSITORY = "nst-course/neural-style-transfer"
"""Where the course lives on GitHub; everything that needs the address takes it from here."""

ROOT = Path(__file__).parents[1]
NOTEBOOKS = (
    "00_start_here",
    "01_what_vgg_sees",
    "02_gram_matrices",
    "03_texture_from_noise",
    "04_three_losses",
    "05_the_loop",
    "06_weight_explorer",
    "07_layer_choice",
    "08_iterations_and_snapshots",
    "09_better_and_faster",
    "10_do_we_need_gram",
    "11_your_own_picture",
)
PHOTOGRAPHS = ("summer_palace.jpg", "chelsea.jpg", "astronaut.jpg", "coffee.jpg")
PAINTINGS = ("great_wave.jpg", "auvers.jpg", "composition_viii.jpg", "stained_glass.jpg")
BADGE = "https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}.ipynb"
GPU_HINT = "Colab's GPU is off; switch it on by Runtime → Change runtime type → T4 GPU, then run all cells again."
INSTALL_TITLE = "# @title On Colab, fetch the course (elsewhere this does nothing)"
INSTALL = f"""{INSTALL_TITLE}
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("../data"):
    !git clone -q --depth 1 https://github.com/{{repository}} course
    %pip install -q ./course
    %cd -q course/notebooks"""


def picture(name: str, size: int = 128) -> np.ndarray:
    """Return a picture of the course's data folder, `[1, H, W, 3]`, 0..1, its longer side `size` pixels."""
    return load_image(picture_path(name), size, report=None)


def picture_path(name: str) -> Path:
    """Return the path of a picture in the course's data folder.

    Raises:
        InputError: there is none of that name, or no such folder near.
    """
    for folder in (Path("../data"), ROOT / "data"):
        if (folder / name).is_file():
            return (folder / name).resolve()
    raise InputError(f"there is no data/{name}; run the notebook from the folder notebooks/ of the course.")


@dataclass(frozen=True)
class Guess:
    """A question and what the reader thinks the answer is; None for no guess."""

    question: str
    value: Any = None


def predict(question: str, value: float | str | bool | None = None) -> Guess:
    """Keep the reader's guess until `score` compares it with what was measured."""
    print(question)
    print("No guess yet: replace None by yours." if value is None else f"You say: {_text(value)}")
    return Guess(question, value)


def score(guess: Guess, measured: float | str | bool) -> None:
    """Say what was measured, and how near the guess was."""
    print(f"Measured: {_text(measured)}")
    if guess.value is None:
        print("You made no guess this time.")
    else:
        print(f"You said: {_text(guess.value)}. {_verdict(guess.value, measured)}")


def _verdict(guess: Any, measured: Any) -> str:
    if isinstance(measured, str | bool | np.bool_):
        return "Right!" if guess == measured else "Not so: look again at what happened, this is where you learn most."
    guess, measured = float(guess), float(measured)
    if abs(guess - measured) <= 0.1 * abs(measured):
        return "Spot on!"
    if guess * measured <= 0:
        return "Not even the sign or the order of magnitude: this is where you learn most."
    factor = max(guess / measured, measured / guess)
    if factor <= 1.5:
        return "Close!"
    if factor <= 5:
        return f"The right order of magnitude, off by a factor of {factor:.1f}."
    return f"Off by a factor of {factor:,.0f}: this is where you learn most."


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | bool | np.bool_) else f"{float(value):.3g}"


def setup_report() -> str:
    """Return what the course runs on: versions, the device, and whether the weight file of VGG19 is the right one."""
    from .hardware import GPUS, device_name, fastest_precision
    from .vgg_weights import find_weights

    lines = [f"{'python':12} {platform.python_version()}"]
    for package in ("tensorflow", "numpy", "matplotlib", "ipywidgets"):
        try:
            lines.append(f"{package:12} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package:12} is missing: pip install {package}")
    lines.append(f"{'device':12} {device_name()}, VGG19 computes in {fastest_precision()}")
    if "google.colab" in sys.modules and not GPUS:
        lines.append(f"{'hint':12} {GPU_HINT}")
    find_weights()
    return "\n".join([*lines, f"{'weights':12} VGG19 as trained on ImageNet, checksum right"])


def badge(name: str, repository: str = REPOSITORY) -> str:
    """Return the Markdown of a notebook's Colab badge."""
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open in Colab]({image})]({BADGE.format(repository=repository, name=name)})"


def install_cell(repository: str = REPOSITORY) -> str:
    """Return the source of the hidden cell by which a notebook fetches the course on Colab."""
    return INSTALL.format(repository=repository)


def move(repository: str, root: Path = ROOT) -> list[Path]:
    """Write another address wherever the course's own one stands; return the files that were changed.

    Raises:
        InputError: an address that is not OWNER/NAME.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise InputError(f"{repository!r} is not the address of a repository; write OWNER/NAME.")
    course = root / "nst_helpers" / "course.py"
    present = re.search(r'(?m)^REPOSITORY = "(.*)"$', course.read_text(encoding="utf-8"))[1]
    pattern = re.compile(rf"(?<![\w.-]){re.escape(present)}(?!\w|[.-]\w)")
    texts = [root / name for name in ("README.md", "CONTRIBUTING.md", "CITATION.cff")]
    changed = []
    for path in [*sorted((root / "notebooks").glob("*.ipynb")), *filter(Path.exists, texts), course]:
        before = path.read_text(encoding="utf-8")
        after = pattern.sub(repository, before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


def execute(notebooks: Iterable[Path]) -> None:
    """Run each notebook top to bottom, say how long it took, and keep its outputs but for what every run changes."""
    import nbformat
    from nbclient import NotebookClient

    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": str(path.resolve().parent)}}
        options = {"timeout": 600, "kernel_name": "python3", "store_widget_state": False, "record_timing": False}
        print(f"{path.name}: ", end="", flush=True)
        started = time.perf_counter()
        NotebookClient(notebook, resources=resources, **options).execute()
        seconds = time.perf_counter() - started
        for name in ("widgets", "language_info"):
            notebook.metadata.pop(name, None)
        nbformat.write(notebook, path)
        print(f"{seconds:.0f} s, {path.stat().st_size / 1e3:.0f} kB")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `python -m nst_helpers.course`."""
    parser = argparse.ArgumentParser(prog="python -m nst_helpers.course", description="Keep the notebooks in order.")
    parser.add_argument("--repository", metavar="OWNER/NAME", help="write this address everywhere")
    parser.add_argument("--execute", nargs="*", type=Path, metavar="NOTEBOOK", help="run these notebooks, or all")
    options = parser.parse_args(arguments)
    if options.repository:
        for path in move(options.repository):
            print(f"changed {path.relative_to(ROOT)}")
    if options.execute is not None:
        execute(options.execute or sorted((ROOT / "notebooks").glob("*.ipynb")))


if __name__ == "__main__":
    main()
