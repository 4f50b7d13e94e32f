"""How long one waits: for help, for an error message, for the first step and for the first picture.

Each is a command of its own, run in turns; what TensorFlow's own import takes is measured among them.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import report
from .inputs import DATA

CONTENT, STYLE = str(DATA / "summer_palace.jpg"), str(DATA / "great_wave.jpg")
FIRST_STEP = """
import sys
from nst_helpers import StyleTransfer, load_image
content, style, size = sys.argv[1:]
transfer = StyleTransfer(load_image(content, int(size)), load_image(style, int(size)))
next(transfer.steps(1))
"""


def commands(size: int, output: Path) -> dict[str, tuple[list[str], int]]:
    """Return each command after `python`, and the exit code that it must have."""
    nst = ["-m", "nst_helpers"]
    return {
        "python alone": (["-c", ""], 0),
        "import nst_helpers": (["-c", "import nst_helpers"], 0),
        "nst --help": ([*nst, "--help"], 0),
        "an input error": ([*nst, "missing.jpg", STYLE], 2),
        "import tensorflow": (["-c", "import tensorflow"], 0),
        "first step": (["-c", FIRST_STEP, CONTENT, STYLE, str(size)], 0),
        "first picture": ([*nst, CONTENT, STYLE, "--size", str(size), "--iterations", "1", "-o", str(output)], 0),
    }


def main() -> None:
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256, help="of the first step and the first picture")
    parser.add_argument("--rounds", type=int, default=7, help="how often each command is run")
    parser.add_argument("--only", type=report.names, metavar="A,B", help="leave out all commands but these")
    options = parser.parse_args()

    result = {"benchmark": "startup", "machine": report.machine(), "size": options.size, "samples": {}}
    with tempfile.TemporaryDirectory() as folder:
        all_commands = commands(options.size, Path(folder) / "output.jpg")
        chosen = {name: all_commands[name] for name in options.only or all_commands}
        with report.progress(len(chosen) * (options.rounds + 1)) as bar:
            for turn in range(options.rounds + 1):
                for name, (arguments, code) in chosen.items():
                    bar.set_description_str(f"{name}:")
                    seconds = run(arguments, code)
                    if turn:  # the first one fills the disk's cache
                        result["samples"].setdefault(name, []).append(seconds)
                    bar.update()
    medians = {name: statistics.median(samples) for name, samples in result["samples"].items()}
    result["medians"] = medians
    if {"first step", "import tensorflow"} <= medians.keys():
        medians["first step beyond TensorFlow's import"] = medians["first step"] - medians["import tensorflow"]
    rows = [[name, f"{seconds:.2f}"] for name, seconds in medians.items()]
    print(f"{report.describe(result['machine'])}\n")
    print(report.table([f"at {options.size} px, from the command on", "seconds"], rows, markdown=options.markdown))
    report.write_json(options.json, result)


def run(arguments: list[str], code: int) -> float:
    """Return the seconds that a Python command takes; the exit code must be as expected."""
    start = time.perf_counter()
    ended = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if ended.returncode != code:
        sys.exit(f"python {' '.join(arguments)} ended with {ended.returncode}, not {code}:\n{ended.stderr[-2000:]}")
    return seconds


if __name__ == "__main__":
    main()
