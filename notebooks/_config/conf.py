"""The course as a site: README, glossary and notebooks with the outputs that are committed; nothing is run.

sphinx-build -W -d build/doctrees -c notebooks/_config . build/site        from the root of the repository

The source is the whole repository, so that links between README, notebooks and other files hold as they stand.
"""

import re
import shutil
from pathlib import Path

from docutils import nodes
from ipython_pygments_lexers import IPython3Lexer
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REPOSITORY = re.search(r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/main", README)[1]
PLAYGROUND, ATLAS = "notebooks/playground", "data/atlas"
"""Folders that keep their places, so that the playground finds its files on the site as on a disk."""

project = "Neural style transfer, step by step"
author = "the authors of the course"
extensions = ["myst_nb"]
root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/SOURCES.md", "notebooks/*.ipynb"]
include_patterns += ["notebooks/glossary.md"]

nb_execution_mode = "off"
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]  # needs a kernel
myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 4

html_math_renderer = "mathml"  # browsers set it themselves, without a script

html_theme = "furo"
html_title = project
html_copy_source = html_show_sourcelink = False
html_static_path = ["site.css"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "playground.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_theme_options = {
    "source_repository": f"https://github.com/{REPOSITORY}/",
    "source_branch": "main",
    "source_directory": "",
}

CONTENTS = """
```{toctree}
:hidden:
:caption: The course
:glob:

notebooks/[0-9]*
```

```{toctree}
:hidden:
:caption: To look things up

notebooks/glossary
CONTRIBUTING
CHANGELOG
data/SOURCES
```
"""


def adapt(app: Sphinx, document: str, source: list[str]) -> None:
    """Give README the list of pages; point links to folders and code at GitHub; let no badge ask another server."""
    text = re.sub(r"\[!\[(Open in Colab)\]\([^)]*\)\]", r"[\1]", source[0])
    if document == root_doc:
        text += CONTENTS
    if not document.startswith("notebooks/"):
        files = r"\]\((?!https?:|#)(?![^)]*\.(?:md|ipynb|jpg|png|gif)(?:#[^)]*)?\))([^)]+)\)"
        text = re.sub(files, rf"](https://github.com/{REPOSITORY}/blob/main/\1)", text)
    source[0] = text


def describe_outputs(app: Sphinx, document: nodes.document) -> None:
    """Give each picture that a cell has put out, and that says nothing of itself, the sentence above its cell."""
    sentence = ""
    for node in document.findall(lambda node: isinstance(node, nodes.paragraph | nodes.image)):
        if isinstance(node, nodes.paragraph):
            sentence = re.split(r"(?<=[.!?]) ", " ".join(node.astext().split()))[-1]
        elif not node.get("alt"):
            node["alt"] = f"Output, after: {sentence}"


def level_captions(app: Sphinx, page: str, template: str, context: dict, document: nodes.document | None) -> None:
    """Say at which level the captions in the list of pages stand, which Sphinx leaves open."""
    context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def add_playground(app: Sphinx, error: Exception | None) -> None:
    """Copy the playground next to the pages, and make README's page the one that a visitor sees first."""
    if error or app.builder.format != "html":
        return
    atlases = (ROOT / PLAYGROUND / "atlases.js").read_text(encoding="utf-8")
    for folder in (PLAYGROUND, ATLAS) if ATLAS in atlases else (PLAYGROUND,):
        shutil.copytree(ROOT / folder, Path(app.outdir, folder), dirs_exist_ok=True)
    shutil.copy(Path(app.outdir, "README.html"), Path(app.outdir, "index.html"))


def set_formula(translator: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML."""
    block = isinstance(node, nodes.math_block)
    formula = convert(node.astext(), display="block" if block else "inline")
    translator.body.append(f'<div class="formula">{formula}</div>' if block else formula)
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Let Sphinx call the functions above."""
    app.add_html_math_renderer("mathml", inline_renderers=(set_formula, None), block_renderers=(set_formula, None))
    app.add_lexer("python", IPython3Lexer)  # which knows !git and %matplotlib
    app.connect("source-read", adapt)
    app.connect("doctree-read", describe_outputs)
    app.connect("html-page-context", level_captions, priority=900)  # after furo
    app.connect("build-finished", add_playground)
