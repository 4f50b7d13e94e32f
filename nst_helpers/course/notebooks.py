"""What the notebooks share: pictures, guesses and their scores, a report on the setup; and how they are executed.

python -m nst_helpers.course.notebooks [NOTEBOOK …]     run these notebooks, or all, and write their outputs back
"""

import inspect
import platform
import re
import runpy
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..files.images import load_image

REPOSITORY = "nst-course/neural-style-transfer"
"""Where the course is on GitHub."""

ROOT = Path(__file__).parents[2]
MINE = Path("my_nst.py")
"""Where a reader's own functions are kept, beside the notebooks."""

PHOTOGRAPHS = ("summer_palace.jpg", "chelsea.jpg", "astronaut.jpg", "coffee.jpg")
PAINTINGS = ("great_wave.jpg", "auvers.jpg", "composition_viii.jpg", "stained_glass.jpg")
GPU_HINT = "Colab's GPU is off; switch it on by Runtime → Change runtime type → T4 GPU, then run all cells again."


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


class Guess(NamedTuple):
    """A question and the reader's guess, None for no guess."""

    question: str
    value: Any


def predict(question: str, value: float | str | bool | None = None) -> Guess:
    """Keep the reader's guess, if there is one, until `score` compares it with what was measured."""
    if value is not None:
        print(f"{question} Your guess: {_text(value)}")
    return Guess(question, value)


def score(guess: Guess, measured: float | str | bool) -> None:
    """Print what was measured, and how close the guess was if there was one."""
    print(f"Measured: {_text(measured)}")
    if guess.value is not None:
        print(f"Your guess: {_text(guess.value)}. {_verdict(guess.value, measured)}")


def keep(function: Callable) -> None:
    """Save a reader's function in my_nst.py beside the notebooks, replacing an earlier one of that name."""
    source = inspect.getsource(function)
    before = MINE.read_text(encoding="utf-8") if MINE.exists() else "import numpy as np\nimport tensorflow as tf\n"
    blocks = re.split(r"\n\n\n(?=def |@)", before.rstrip())
    blocks = [block for block in blocks if not re.search(rf"^def {function.__name__}\(", block, re.MULTILINE)]
    MINE.write_text("\n\n\n".join([*blocks, source.rstrip()]) + "\n", encoding="utf-8")


def mine(name: str) -> Callable:
    """Return the reader's function of that name from my_nst.py, or the course's own where there is none yet."""
    from . import my_nst  # starts TensorFlow

    names = runpy.run_path(str(MINE)) if MINE.exists() else {}
    return names.get(name) or getattr(my_nst, name)


def _verdict(guess: Any, measured: Any) -> str:
    if isinstance(measured, str | bool | np.bool_):
        return "Right!" if guess == measured else "Not quite. Compare your guess with the result."
    try:
        guess, measured = float(guess), float(measured)
    except ValueError:
        return "Please guess a number here."
    if abs(guess - measured) <= 0.1 * abs(measured):
        return "Spot on!"
    if guess * measured <= 0:
        return "Wrong sign or order of magnitude. Look at the result again."
    factor = max(guess / measured, measured / guess)
    if factor <= 1.5:
        return "Close!"
    if factor <= 5:
        return f"The right order of magnitude, off by a factor of {factor:.1f}."
    return f"Off by a factor of {factor:,.0f}. Look at the result again."


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | bool | np.bool_) else f"{float(value):.3g}"


def setup_report() -> str:
    """Return what the course runs on: versions, the device, and VGG19's weight file, whose checksum is verified."""
    from ..machine.hardware import GPUS, device_name, fastest_precision
    from ..machine.vgg_weights import find_weights

    find_weights()
    lines = {"python": platform.python_version()}
    lines |= {package: version(package) for package in ("tensorflow", "numpy", "matplotlib", "ipywidgets")}
    lines["device"] = f"{device_name()}, VGG19 computes in {fastest_precision()}"
    if "google.colab" in sys.modules and not GPUS:
        lines["hint"] = GPU_HINT
    lines["weights"] = "VGG19 as trained on ImageNet, checksum right"
    return "\n".join(f"{name:12} {text}" for name, text in lines.items())


def execute(notebooks: Iterable[Path]) -> None:
    """Run each notebook from top to bottom, print the seconds, and write its outputs back."""
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


if __name__ == "__main__":
    execute([Path(name) for name in sys.argv[1:]] or sorted((ROOT / "notebooks").glob("*.ipynb")))
