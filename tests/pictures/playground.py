"""What the playground shows: atlases, and the maps behind a Gram matrix, as scripts that a page from a disk may load.

python -m tests.pictures.playground                   from data/atlas, whose pictures are shown where they lie
python -m tests.pictures.playground ATLAS [ATLAS …]   from atlases that nst atlas has made; pictures are copied, smaller

It also measures which term of the loss pulls at which picture, so that this takes minutes for large atlases.
"""

import argparse
import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from nst_helpers import FeatureExtractor, StyleTransfer, load_image
from nst_helpers.course.influence import InfluenceMeter
from nst_helpers.course.notebooks import REPOSITORY
from nst_helpers.files.atlas_folder import CONTENT, STYLE, AtlasFolder, Weights
from nst_helpers.files.images import encode, to_pixels
from nst_helpers.files.recipe import Picture

from .gallery import DATA, ROOT

PLAYGROUND = ROOT / "notebooks" / "playground"
ATLAS, RESULT = DATA / "atlas", DATA / "default" / "iteration_00200.jpg"
LARGEST = 25_000_000
"""Bytes that all pictures of the playground may have together."""
WEBP = {"format": "WEBP", "quality": 62, "method": 6}
TITLES = {
    "chelsea": "A cat",
    "summer_palace": "The Summer Palace",
    "coffee": "A cup of coffee",
    "astronaut": "An astronaut",
    "great_wave": "Hokusai, The Great Wave",
    "auvers": "Van Gogh, Village Street in Auvers",
    "composition_viii": "Kandinsky, Composition VIII",
    "stained_glass": "A window computed from random numbers",
}
INSPECTED = {"block1_conv1": "edges and colours", "block3_conv1": "strokes", "block4_conv1": "larger shapes"}
SHOWN, INSPECTED_SIZE, MAP_WIDTH = 10, 256, 64
"""How many channels of a layer are shown, in a picture how wide, in maps how wide at most."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlases", nargs="*", type=Path, metavar="ATLAS", help="folders that nst atlas has made")
    parser.add_argument("--output", type=Path, default=PLAYGROUND, metavar="DIR", help="where the playground lies")
    options = parser.parse_args(arguments)
    folders = dict.fromkeys(options.atlases or [ATLAS])  # the first one is shown first
    atlases = [AtlasFolder.open(folder) for folder in folders]
    shutil.rmtree(options.output / "pictures", ignore_errors=True)
    shown = [described(atlas, options.output) for atlas in atlases]
    size = sum(path.stat().st_size for path in (options.output / "pictures").rglob("*.webp"))
    print(f"{len(atlases)} atlases, {size / 1e6:.1f} MB of pictures copied")
    if size > LARGEST:
        raise SystemExit(f"That is more than {LARGEST / 1e6:.0f} MB: give it fewer atlases, or smaller ones.")
    shown = [page | {"cells": measured(atlas)} for page, atlas in zip(shown, atlases, strict=True)]
    write_script(options.output / "atlases.js", "COURSE", {"repository": REPOSITORY, "atlases": shown})
    write_script(options.output / "gram.js", "GRAM", gram())


def write_script(path: Path, name: str, value: Any) -> None:
    """Write a value as a script: a page that was opened from a disk may not fetch JSON."""
    path.write_text(f"window.{name} = {json.dumps(value, separators=(',', ':'))};\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def described(atlas: AtlasFolder, output: Path) -> dict[str, Any]:
    """Return what is known of an atlas unmeasured; its pictures are copied unless they are the course's own."""
    grid, recipe = atlas.grid, atlas.recipe
    content, style = original(recipe.content), original(recipe.style)
    if atlas.path.resolve() == ATLAS.resolve():
        folder, photograph, painting, ending = "../../data/atlas", CONTENT, STYLE, ".jpg"
    else:
        folder, photograph, painting, ending = f"pictures/{content}+{style}", "content.webp", "style.webp", ".webp"
        copy_pictures(atlas, output / folder)
    with Image.open(atlas.path / CONTENT) as picture:
        width, height = picture.size
    return {
        "content": {"name": content, "title": title(content), "picture": f"{folder}/{photograph}"},
        "style": {"name": style, "title": title(style), "picture": f"{folder}/{painting}"},
        "folder": folder,
        "ending": ending,
        "width": width,
        "height": height,
        "size": recipe.size,
        "alpha": grid.alpha,
        "beta": grid.beta,
        "gamma": grid.gamma,
        "iterations": [0, *grid.iterations],
    }


def measured(atlas: AtlasFolder) -> dict[str, list[list[float]]]:
    """Return cell -> a row for iteration 0 and each kept one: the losses, and the length of each term's gradient.

    Both are of the picture that is shown; the atlas has its iterate's, at the size at which that was painted.
    """
    meter = InfluenceMeter(StyleTransfer(atlas.content, atlas.style))
    start = row(meter, atlas.content)
    return {
        name_of(cell): [start, *(row(meter, atlas.image(cell, iteration)) for iteration in atlas.grid.iterations)]
        for cell in tqdm(atlas.grid.cells, unit="cell")
    }


def row(meter: InfluenceMeter, image: np.ndarray) -> list[float]:
    """Return an image's losses and the lengths of its gradients, at three digits."""
    transfer = meter.transfer
    transfer.restore(transfer.state() | {"image": image})
    losses = transfer.snapshot.losses
    return [float(f"{value:.3g}") for value in (losses.content, losses.style, losses.tv, *meter.lengths().values())]


def copy_pictures(atlas: AtlasFolder, folder: Path) -> None:
    """Write the pictures of an atlas into a folder of the playground, as WebP: half the size, and as good."""
    folder.mkdir(parents=True)
    for name in (CONTENT, STYLE):
        Image.open(atlas.path / name).convert("RGB").save(folder / Path(name).with_suffix(".webp"), **WEBP)
    for cell in atlas.grid.cells:
        (folder / name_of(cell)).mkdir()
        for iteration in atlas.grid.iterations:
            source = atlas.path / name_of(cell) / f"iteration_{iteration:05d}.jpg"
            Image.open(source).save(folder / name_of(cell) / f"iteration_{iteration:05d}.webp", **WEBP)


def name_of(cell: Weights) -> str:
    """Return the name of a cell's folder, as in `c1,s10000,t10`."""
    return "c{:.10g},s{:.10g},t{:.10g}".format(*cell)


def original(picture: Picture) -> str:
    """Return the name of a picture of data/ that has the same bytes; `content` and `style` are copies of others."""
    return next((name for name, hashed in hashes().items() if hashed == picture.sha256), Path(picture.path).stem)


@lru_cache(maxsize=1)
def hashes() -> dict[str, str]:
    """Return the name of each picture of data/ -> its hash."""
    paths = sorted(DATA.glob("*.jpg"), key=lambda path: path.stem in ("content", "style"))
    return {path.stem: Picture.of(path).sha256 for path in paths}


def title(name: str) -> str:
    """Return what people call a picture."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()


def gram() -> dict[str, Any]:
    """Return what the Gram inspector shows: the strongest channels of some layers, for three pictures."""
    paths = {"painting": DATA / "style.jpg", "photograph": DATA / "content.jpg", "result": RESULT}
    images = {name: load_image(path, INSPECTED_SIZE, report=None) for name, path in paths.items()}
    extractor = FeatureExtractor(tuple(INSPECTED))
    features = {name: extractor(image) for name, image in images.items()}
    layers = [
        {"name": layer, "title": INSPECTED[layer]} | maps({name: features[name][layer].numpy()[0] for name in features})
        for layer in INSPECTED
    ]
    return {"pictures": {name: data_url(image) for name, image in images.items()}, "layers": layers}


def maps(features: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the painting's strongest channels of a layer, as bytes, with the pair of channels to begin with.

    Args:
        features: picture -> activations `(h, w, C)`.
    """
    strength = np.sqrt(np.square(features["painting"]).mean((0, 1)))  # (C,)
    chosen = np.sort(np.argsort(-strength)[:SHOWN])
    step = max(1, features["painting"].shape[1] // MAP_WIDTH)
    sampled = {name: each[::step, ::step, chosen] for name, each in features.items()}
    brightest = max(np.percentile(each, 99.9) for each in sampled.values())
    likeness = {name: alike(each.reshape(-1, SHOWN)) for name, each in sampled.items()}
    moved = abs(likeness["photograph"] - likeness["painting"]) - abs(likeness["result"] - likeness["painting"])
    first, second = np.unravel_index(np.argmax(np.triu(moved, 1)), moved.shape)
    return {
        "channels": chosen.tolist(),
        "begin": [int(first), int(second)],
        "maps": {
            name: {
                "height": each.shape[0],
                "width": each.shape[1],
                "bytes": base64.b64encode(
                    np.uint8(np.clip(each / brightest, 0, 1).transpose(2, 0, 1) * 255 + 0.5).tobytes()
                ).decode(),
            }
            for name, each in sampled.items()
        },
    }


def alike(flat: np.ndarray) -> np.ndarray:
    """Return the Gram matrix of activations `(n, C)`, divided by the channels' strengths: 0..1."""
    product = flat.T @ flat
    strength = np.sqrt(np.diag(product))
    return product / np.maximum(np.outer(strength, strength), 1e-9)


def data_url(image: np.ndarray) -> str:
    """Return a picture as text that stands in a page."""
    return "data:image/jpeg;base64," + base64.b64encode(encode(to_pixels(image), ".jpg")).decode()


if __name__ == "__main__":
    main()
