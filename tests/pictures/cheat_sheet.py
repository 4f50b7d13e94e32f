"""The cheat sheet of the course, about twenty runs on one page.

python -m tests.pictures.cheat_sheet
"""

import argparse
from pathlib import Path

from nst_helpers.course.cheat_sheet import cheat_sheet
from nst_helpers.course.notebooks import picture

from .gallery import PREVIEWS, drawn, write

SIZE, ITERATIONS = 192, 150
DPI = 88


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=SIZE, help=f"longer side of each picture in pixels ({SIZE})")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help=f"of each run ({ITERATIONS})")
    parser.add_argument("--output", type=Path, default=PREVIEWS, metavar="DIR", help="where to write it")
    options = parser.parse_args(arguments)
    images = picture("summer_palace.jpg", options.size), picture("great_wave.jpg", options.size)
    page = drawn(cheat_sheet(*images, iterations=options.iterations), DPI)
    write(page, options.output / "cheat_sheet.jpg", f"{options.size} px, {options.iterations} iterations")


if __name__ == "__main__":
    main()
