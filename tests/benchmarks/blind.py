"""Blind comparison: sheets with two pictures called A and B, the key to them apart, and the tally of the verdicts."""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

Key = dict[str, dict[str, Any]]
"""Sheet to its pair, its seconds, and the methods that "A" and "B" are."""
VERDICTS = ("A", "B", "=")
MARGIN, LABEL, SMALL = 12, 28, 160


def make_sheets(pictures: Mapping[tuple[str, int], Mapping[str, Path]], folder: Path) -> Key:
    """Write a sheet for each two methods that painted a pair of pictures in the same seconds; returns the whole key.

    Both the order of the sheets and who is A are left to chance. Sheets that the key knows stay as they are, so that
    verdicts stay valid when methods are added.

    Args:
        pictures: `(pair, seconds)` to method to its picture; the pair as content:style, pictures in data/.
        folder: gets key.json, and the sheets in sheets/.
    """
    from .inputs import DATA

    file = folder / "key.json"
    key = json.loads(file.read_text()) if file.exists() else {}
    known = {(each["pair"], each["seconds"], *sorted((each["A"], each["B"]))) for each in key.values()}
    wanted = {
        (pair, seconds, *two)
        for (pair, seconds), painted in pictures.items()
        for two in combinations(sorted(painted), 2)
    }
    (folder / "sheets").mkdir(exist_ok=True)
    new = sorted(wanted - known)
    random.shuffle(new)
    for pair, seconds, *two in new:
        a, b = random.sample(two, 2)
        name = f"{len(key) + 1:03d}"
        inputs = [DATA / f"{each}.jpg" for each in pair.split(":")]
        painted = [pictures[pair, seconds][method] for method in (a, b)]
        sheet(*map(_opened, inputs + painted)).save(folder / "sheets" / f"{name}.jpg", quality=95, subsampling="4:4:4")
        key[name] = {"pair": pair, "seconds": seconds, "A": a, "B": b}
        file.write_text(json.dumps(key, indent=1) + "\n")
    return key


def sheet(content: Image.Image, style: Image.Image, a: Image.Image, b: Image.Image) -> Image.Image:
    """Return content and style small, and below them two pictures in full size, called A and B."""
    small = [each.resize((round(each.width * SMALL / each.height), SMALL)) for each in (content, style)]
    width = max(a.width + b.width, sum(each.width for each in small)) + 3 * MARGIN
    drawn = Image.new("RGB", (width, SMALL + LABEL + max(a.height, b.height) + 3 * MARGIN), "#808080")
    draw, font, top = ImageDraw.Draw(drawn), ImageFont.load_default(20), SMALL + 2 * MARGIN
    drawn.paste(small[0], (MARGIN, MARGIN))
    drawn.paste(small[1], (small[0].width + 2 * MARGIN, MARGIN))
    for name, picture, left in (("A", a, MARGIN), ("B", b, a.width + 2 * MARGIN)):
        draw.text((left, top), name, "white", font)
        drawn.paste(picture, (left, top + LABEL))
    return drawn


def read_verdicts(path: Path) -> dict[str, str]:
    """Read one judge's verdicts, `{"001": "A", "002": "B", "003": "="}`."""
    verdicts = json.loads(path.read_text())
    if wrong := [sheet for sheet, verdict in verdicts.items() if verdict not in VERDICTS]:
        sys.exit(f"{path}: the verdict on {wrong[0]} must be one of {', '.join(VERDICTS)}.")
    return verdicts


def tally(key: Key, judges: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return for each two methods and their seconds how often the one, the other or neither was preferred."""
    counts: dict[tuple, Counter] = {}
    for verdicts in judges:
        for name, verdict in verdicts.items():
            if name not in key:
                sys.exit(f"there is no sheet {name}; the key has {', '.join(key)}.")
            who = key[name]
            two = tuple(sorted((who["A"], who["B"])))
            counts.setdefault((*two, who["seconds"]), Counter())[who.get(verdict)] += 1
    return [
        {"methods": [a, b], "seconds": seconds, "preferred": [found[a], found[b]], "even": found[None]}
        for (a, b, seconds), found in sorted(counts.items())
    ]


def rows(counted: Iterable[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of the tally's table."""
    lines = []
    for each in counted:
        (a, b), (for_a, for_b) = each["methods"], each["preferred"]
        lines.append([a, b, f"{each['seconds']}", f"{for_a}", f"{for_b}", f"{each['even']}"])
    return ["first", "second", "seconds", "for the first", "for the second", "even"], lines


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")
