"""Who paints: commands that take as many iterations as the given seconds allow, and pictures that ship.

A command is timed as a whole, from its start to the file; so are its seconds to be understood.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .inputs import DATA

ROOT = Path(__file__).parents[2]
TODAY = Path(__file__).parent / "today"
"""Pictures at 384 px by commit a90d924, each after as many iterations as its seconds were on two undisturbed cores with
avx512_bf16: 6.3 s before the first, then 0.184 s each at 384×256 and 0.28 s at 384×384."""
CANDIDATES: dict[str, list[str]] = {  # what `nst` is given beside pictures, size, iterations and output
    "nst": [],
    "average-pooling": ["--pooling", "avg"],
}
METHODS = (*CANDIDATES, "torch", "a90d924")
PROBES = {"torch": (1, 5)}
"""Iterations of the two runs from which a command's pace is first known; PROBE for all others."""
PROBE = (5, 30)
TRIES, TOLERANCE = 2, 0.1
"""A picture whose seconds are further off than that is painted once more, at the pace that is then known."""


@dataclass
class Pace:
    """Iterations to the seconds that a command took for them: a line, through the shortest and the longest run."""

    runs: dict[int, float] = field(default_factory=dict)

    def iterations(self, seconds: float) -> int:
        """Return how many iterations take so many seconds."""
        (few, short), *_, (many, long) = sorted(self.runs.items())
        each = max(1e-3, (long - short) / (many - few))
        return max(1, round(many + (seconds - long) / each))


@dataclass
class Painter:
    """One method on one content and style, its `pair`; `network` is the file that gives the PyTorch program VGG19."""

    method: str
    pair: tuple[str, str]
    size: int
    network: Path
    pace: Pace = field(default_factory=Pace)

    def missing(self, seconds: int) -> str | None:
        """Return why there can be no picture for so many seconds, in a sentence."""
        if self.method == "torch" and not importlib.util.find_spec("torch"):
            return "torch is not installed, so its program does not paint."
        if self.method == "a90d924" and not (self.size == 384 and self._shipped(seconds).exists()):
            return f"a90d924 has no picture of {':'.join(self.pair)} for {seconds} s at {self.size} px."
        return None

    def paint(self, seconds: int, folder: Path) -> dict[str, Any]:
        """Return `{"picture": file, "iterations": …, "seconds": …}`; what the folder has already is not made again."""
        if self.method == "a90d924":
            known = json.loads((TODAY / "today.json").read_text())
            return {"picture": os.path.relpath(self._shipped(seconds)), **known[self._shipped(seconds).name]}
        picture = folder / f"{'-'.join(self.pair)}-{seconds}-{self.method}.png"
        record = picture.with_suffix(".json")
        if not record.exists():
            self._probe(folder)
            for _ in range(TRIES):
                iterations = self.pace.iterations(seconds)
                took = self._run(iterations, picture)
                if abs(took - seconds) <= TOLERANCE * seconds:
                    break
            told = {"picture": os.path.relpath(picture), "iterations": iterations, "seconds": took}
            record.write_text(json.dumps(told) + "\n")
        return json.loads(record.read_text())

    def command(self, iterations: int, picture: Path) -> list[str]:
        """Return the command line."""
        pictures = [str(DATA / f"{name}.jpg") for name in self.pair]
        numbers = ["--size", str(self.size), "--iterations", str(iterations), "-o", str(picture)]
        if self.method == "torch":
            module, more = "tests.benchmarks.torch_program", ["--network", str(self.network)]
        else:
            module, more = "nst_helpers", ["--enlarge", *CANDIDATES[self.method]]
        return [sys.executable, "-m", module, *pictures, *numbers, *more]

    def _shipped(self, seconds: int) -> Path:
        return TODAY / f"{'-'.join(self.pair)}-{seconds}.jpg"

    def _probe(self, folder: Path) -> None:
        for iterations in PROBES.get(self.method, PROBE):
            if iterations not in self.pace.runs:
                self._run(iterations, folder / "probe.png")

    def _run(self, iterations: int, picture: Path) -> float:
        start = time.perf_counter()
        ended = subprocess.run(
            self.command(iterations, picture.resolve()), cwd=ROOT, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            sys.exit(f"{self.method} did not paint {':'.join(self.pair)}: {ended.stderr.strip()[-200:]}")
        self.pace.runs[iterations] = time.perf_counter() - start
        return self.pace.runs[iterations]
