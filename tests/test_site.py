"""The course as a site: it builds without a warning, every link and picture of it is there, and a phone can show it."""

import html
import importlib.util
import json
import re
import subprocess
import sys
import time
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from jupyter_page import missing, serious
from PIL import Image

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
LINKS = {"a": "href", "link": "href", "img": "src", "script": "src"}
MOST_SECONDS = 120


class Page(HTMLParser):
    """What a page links to, and the names that links may lead to."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.names = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names |= {attributes.get("id"), attributes.get("name")}
        if tag in LINKS and attributes.get(LINKS[tag]):
            self.links.append((tag, attributes[LINKS[tag]]))


parsed = lru_cache(Page)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site."""
    if importlib.util.find_spec("myst_nb") is None or importlib.util.find_spec("furo") is None:
        missing("the site needs Sphinx: pip install -e '.[site]'")
    folder, doctrees = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("doctrees")
    begun = time.monotonic()
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q"]
    command += ["-d", str(doctrees), "-c", "notebooks/_config", ".", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert time.monotonic() - begun < MOST_SECONDS
    return folder


def is_there(name, path):
    """Whether a page has a place of that name; those with = are states of the playground."""
    return not name or "=" in name or name in parsed(path).names


def pages(site):
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


def test_every_link_and_picture_of_the_site_is_there(site):
    broken = []
    for path in pages(site):
        for tag, link in parsed(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or not target.is_relative_to(site.resolve()):
                broken.append(f"{path.relative_to(site)}: {link}")
            elif tag == "img" and target.suffix != ".svg":
                with Image.open(target) as picture:
                    picture.verify()
            elif target.suffix == ".html" and not is_there(unquote(parts.fragment), target):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert not broken


def test_pages_ask_only_the_site_for_pictures_and_scripts(site):
    for path in pages(site):
        foreign = [link for tag, link in parsed(path).links if tag in ("img", "script") and urlsplit(link).netloc]
        assert not foreign, path.name


def test_formulas_are_set_without_a_script(site):
    text = (site / "notebooks/02_gram_matrices.html").read_text(encoding="utf-8")
    assert text.count('<div class="formula"><math') >= 1
    assert "MathJax" not in text and "$$" not in text


def test_notebooks_stand_in_order_with_their_outputs_and_a_link_to_colab(site):
    readme = (site / "index.html").read_text(encoding="utf-8")
    places = [readme.index(f'href="notebooks/{name}.html"') for name in NOTEBOOKS]
    assert places == sorted(places)
    for before, name, after in zip([None, *NOTEBOOKS], NOTEBOOKS, [*NOTEBOOKS[1:], None], strict=False):
        text = (site / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
        for neighbour, relation in ((before, "prev"), (after, "next")):
            assert neighbour is None or (f'rel="{relation}"' in text and f'href="{neighbour}.html"' in text)
        assert f"/blob/main/notebooks/{name}.ipynb" in text
        cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
        jpegs = sum("image/jpeg" in data for data in outputs)
        assert sum(tag == "img" for tag, _ in parsed(site / "notebooks" / f"{name}.html").links) >= jpegs


def test_every_picture_is_described(site):
    bare = {}
    for path in pages(site):
        images = re.findall(r"<img[^>]*>", path.read_text(encoding="utf-8"))
        if path.parent.name != "playground":
            bare[path.name] = sum(not re.search(r'alt="[^"]', image) for image in images)
    assert not any(bare.values()), bare
    gram = html.unescape((site / "notebooks/02_gram_matrices.html").read_text(encoding="utf-8"))
    cells = json.loads((ROOT / "notebooks/02_gram_matrices.ipynb").read_text(encoding="utf-8"))["cells"]
    prose = " ".join(" ".join("".join(cell["source"]).split()) for cell in cells if cell["cell_type"] == "markdown")
    sentences = re.findall(r'alt="Output, after: ([^"`*$]+)"', gram)
    assert sum(sentence in prose for sentence in sentences) > 3


def test_the_words_of_the_course_can_be_found(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert all(f"notebooks/{name}" in index for name in [*NOTEBOOKS, "glossary"])
    assert '"wasserstein"' in index or "wasserstein:" in index


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone(site, chromium, scheme):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    for name in ["index", "notebooks/02_gram_matrices", "notebooks/11_your_own_picture", "notebooks/glossary"]:
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    context.close()


@pytest.mark.browser
def test_axe_finds_nothing_serious(site, page):
    for name in ["index", "notebooks/02_gram_matrices"]:
        page.goto((site / f"{name}.html").as_uri())
        assert not serious(page), name
