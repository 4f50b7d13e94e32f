"""Variants in processes of their own, driven round by round from one parent, so that no two compute at once."""

import multiprocessing
import resource
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

PAUSE = 0.1  # seconds in which one variant's threads come to rest before the next one starts
WARM_UP = 2


class Worker:
    """A variant in a process of its own, which `build` makes there at once; what goes wrong is kept in `error`."""

    def __init__(self, name: str, *args: Any):
        self.name, self.error, self.told = name, None, {}
        self.samples: list[tuple[float, float]] = []  # as `_timed` gives them
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, name, *args), daemon=True)
        self._process.start()
        theirs.close()

    def wait(self) -> None:
        """Wait until the variant stands and is warm."""
        self._answer()

    def sample(self, steps: int) -> None:
        """Time some steps, if the variant has not failed."""
        self.samples += self._ask(steps) or []

    def finish(self) -> None:
        """End the process and take what the variant has to tell: losses, precision, peak memory."""
        self.told = self._ask("finish") or {}
        self._process.kill()  # faster than to let TensorFlow take itself down
        self._process.join()

    def _ask(self, request: Any) -> Any:
        if not self.error:
            self._pipe.send(request)
        return self._answer()

    def _answer(self) -> Any:
        answer = None
        if not self.error:
            try:
                answer, self.error = self._pipe.recv()
            except (EOFError, OSError):
                self.error = "its process has ended; too little memory?"
        return answer


def interleave(workers: list[Worker], rounds: int, steps: int) -> Iterator[None]:
    """Wait until all are warm, time A B C, A B C, …, and end them; yields after each of these things."""
    for worker in workers:
        worker.wait()
        yield
    for _ in range(rounds):
        for worker in workers:
            time.sleep(PAUSE)
            worker.sample(steps)
            yield
    for worker in workers:
        worker.finish()


def run_apart(function, *args: Any) -> None:
    """Call a function in a process of its own: a process's peak memory counts what its parent had when it began."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=args)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit("the inputs could not be prepared; see above.")


def _serve(pipe, name: str, *args: Any) -> None:
    """Say when the variant is warm, then answer each request, always with a pair: the answer, and what went wrong."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which takes its workers with it
    try:
        variant = build(name, *args)
        for _ in range(WARM_UP):
            variant.step()
        pipe.send((None, None))
        while (request := pipe.recv()) != "finish":
            pipe.send(([_timed(variant.step) for _ in range(request)], None))
        pipe.send((_tell(variant), None))
    except Exception as error:  # whatever it is, its place is in the table
        pipe.send((None, f"{type(error).__name__}: {error}".splitlines()[0][:120]))


def build(name: str, path: Path, weights: str | None) -> Any:
    """Return the variant of that name; imports are here so that none pays for another's."""
    with np.load(path) as inputs:
        if name.startswith("torch-"):
            from .torch_variant import Torch

            return Torch(inputs, name.removeprefix("torch-"))

        import nst_helpers.machine.hardware  # noqa: F401  starts TensorFlow without its banner

        from . import peak, variants

        match name:
            case "peak-float32" | "peak-bfloat16":
                return peak.Peak(name.removeprefix("peak-"), small=weights is None)
            case "ours":
                return variants.Ours(inputs, weights)
            case "ours-float32":
                return variants.Ours(inputs, weights, "float32")
            case "ours-wasserstein":
                return variants.Ours(inputs, weights, distance="wasserstein")
            case "tutorial":
                return variants.Tutorial(inputs)
            case "keras-example":
                return variants.KerasExample(inputs)
            case "eager":
                return variants.Eager(inputs)


def _tell(variant: Any) -> Mapping[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    names = ("precision", "losses", "rates")
    return {name: getattr(variant, name) for name in names if hasattr(variant, name)} | {"peak_bytes": peak}


def _timed(step) -> tuple[float, float]:
    """Return the seconds on the clock and on the processor's cores together; others disturb the latter less."""
    start, cpu = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - start, time.process_time() - cpu
