"""What the three commands have in common: the machine in words, a table, a JSON file, and progress with time left."""

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

BAR = "{desc} {percentage:3.0f} % done, {elapsed} gone, about {remaining} left"
FASTER_ARITHMETIC = ("avx2", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16", "asimd", "bf16")


def machine() -> dict[str, Any]:
    """Return what figures depend on: processor, cores, versions, and how busy the machine is with other things."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name, flags = platform.processor() or platform.machine(), set()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        name = facts.get("model name", name)
        flags = set((facts.get("flags") or facts.get("Features", "")).split())
    versions = {}
    for package in ("tensorflow", "keras", "torch", "numpy"):
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return {
        "cpu": name,
        "cores": cores,
        "arithmetic": [flag for flag in FASTER_ARITHMETIC if flag in flags],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": versions,
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def describe(machine: dict[str, Any]) -> str:
    """Return the machine on one line."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"{machine['cpu']}, {machine['cores']} cores ({' '.join(machine['arithmetic'])}); {versions}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool = False) -> str:
    """Return rows as aligned text, the first column to the left and the others to the right."""
    lines = [list(map(str, row)) for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    cells = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    rule = ["-" * width for width in widths]
    if markdown:
        rule = [rule[0], *(dashes[:-1] + ":" for dashes in rule[1:])]
        return "\n".join(f"| {' | '.join(line)} |" for line in (cells[0], rule, *cells[1:]))
    return "\n".join("  ".join(line).rstrip() for line in (cells[0], rule, *cells[1:]))


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all three commands know."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--json", type=_new_file, metavar="FILE", help="write the machine and every sample")
    return parser


def _new_file(text: str) -> Path:
    """Refuse a file that could not be written before the measuring, not after it."""
    path = Path(text)
    if not os.access(path.parent, os.W_OK) or path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} cannot be written")
    return path


def numbers(text: str) -> list[int]:
    """Read 256,384,512."""
    return [int(part) for part in text.split(",")]


def names(text: str) -> list[str]:
    """Read a,b,c."""
    return [part.strip() for part in text.split(",")]


def progress(total: float) -> tqdm:
    """Return a bar on stderr; call its `update` with the work done and `set_description_str` with what comes."""
    return tqdm(total=total, bar_format=BAR, file=sys.stderr, smoothing=0.05)


def write_json(path: Path | None, result: dict[str, Any]) -> None:
    """Write a result if a file is named for it."""
    if path:
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
