"""Who paints best in the same seconds: sheets for blind comparison, and judges in numbers.

Every method paints every pair of pictures; a content that is smaller than --size is enlarged for all alike. sheets/
gets each two of their pictures as A and B, without names, key.json the names. Whoever has looked at the sheets writes
`{"001": "A", "002": "B", "003": "=", …}` into a file, and --judge counts. What --output has already of that size stays
as it is: so a run is gone on with, and methods are added.

nst        the package by its command; painters.py has candidates with further options
torch      a PyTorch program of the shape of crowsonkb's, torch_program.py
a90d924    the package's default as of that commit, 200 Adam steps at one size; its pictures ship in today/

quality.json, next to this file, has the verdicts of the last comparison and how it was made.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import blind, report
from .drive import run_apart
from .inputs import DATA, write_network
from .painters import METHODS, Painter

PAIRS = "summer_palace:great_wave,astronaut:great_wave,chelsea:auvers"


def main() -> None:
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=report.names, default=PAIRS, help="content:style, pictures in data/")
    parser.add_argument("--methods", type=report.names, default="nst,torch,a90d924", help=f"of {', '.join(METHODS)}")
    parser.add_argument("--seconds", type=report.numbers, default="30,80,300", help="for each picture")
    parser.add_argument("--size", type=int, default=384, help="longer side of the pictures")
    parser.add_argument("--output", type=Path, default="quality", metavar="DIR", help="for pictures, sheets and key")
    parser.add_argument("--judge", type=Path, nargs="+", metavar="FILE", help="count verdicts on the sheets in DIR")
    options = parser.parse_args()
    options.output /= f"{options.size}px"
    if options.judge:
        return judge(options)
    if unknown := set(options.methods) - set(METHODS):
        parser.error(f"no such method: {', '.join(sorted(unknown))}")

    (options.output / "pictures").mkdir(parents=True, exist_ok=True)
    result = {"benchmark": "quality", "machine": report.machine(), "size": options.size, "runs": [], "missing": []}
    for run in painted(options, result["missing"]):
        result["runs"].append(run)
        report.write_json(options.json, result)
    pictures: dict[tuple[str, int], dict[str, Path]] = {}
    for run in result["runs"]:
        pictures.setdefault((run["pair"], run["asked"]), {})[run["method"]] = Path(run["picture"])
    key = blind.make_sheets(pictures, options.output)
    add_numbers(result["runs"], options.size)
    report.write_json(options.json, result)
    print(f"{report.describe(result['machine'])}; {options.size} px\n")
    print(report.table(*rows(result["runs"]), markdown=options.markdown))
    print(*result["missing"], f"sheets: {len(key)}, in {options.output / 'sheets'}", sep="\n")


def painted(options: Any, missing: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what is known of each picture once it is there; `missing` gets a sentence for each that cannot be."""
    each = len(options.pairs) * len(options.methods)
    with tempfile.TemporaryDirectory() as folder, report.progress(each * sum(options.seconds)) as bar:
        network = Path(folder) / "network.npz"
        if "torch" in options.methods:
            run_apart(write_network, network, "imagenet")
        for pair in options.pairs:
            painters = [Painter(name, tuple(pair.split(":")), options.size, network) for name in options.methods]
            for seconds in sorted(options.seconds):
                for painter in painters:
                    bar.set_description_str(f"{pair}, {painter.method}, {seconds} s:")
                    if reason := painter.missing(seconds):
                        missing.append(reason)
                    else:
                        told = painter.paint(seconds, options.output / "pictures")
                        yield {"pair": pair, "method": painter.method, "asked": seconds, **told}
                    bar.update(seconds)


def add_numbers(runs: list[dict[str, Any]], size: int) -> None:
    """Add to each run what the judges say of its picture; after the painting, since TensorFlow takes memory."""
    from nst_helpers import load_image

    from .judges import Judges

    judges = Judges()
    for run in runs:
        content, style = (DATA / f"{name}.jpg" for name in run["pair"].split(":"))
        made, content = (load_image(file, size, enlarge=True, report=None) for file in (run["picture"], content))
        run["judges"] = judges(made, content, load_image(style, size, report=None))


def judge(options: Any) -> None:
    """Print the tally of the verdicts, and keep it in the benchmark's JSON."""
    file = options.output / "key.json"
    if not file.exists():
        sys.exit(f"there is no {file}; paint first, or name its folder by --output and its --size.")
    key = json.loads(file.read_text())
    counted = blind.tally(key, map(blind.read_verdicts, options.judge))
    print(report.table(*blind.rows(counted), markdown=options.markdown))
    if options.json:
        result = json.loads(options.json.read_text()) if options.json.exists() else {"benchmark": "quality"}
        report.write_json(options.json, result | {"tally": counted})


def rows(runs: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return the table's head and rows."""
    names = list(runs[0]["judges"]) if runs else []
    head = ["pair", "method", "asked", "seconds", "iterations", *names]
    lines = []
    for run in runs:
        about = [run["pair"], run["method"], f"{run['asked']}", f"{run['seconds']:.0f}", f"{run['iterations']}"]
        lines.append([*about, *(f"{run['judges'][name]:.3f}" for name in names)])
    return head, lines


if __name__ == "__main__":
    main()
