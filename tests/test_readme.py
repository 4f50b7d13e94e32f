"""What README, CONTRIBUTING and the like say is so: links, commands, options, numbers."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pictures import results
from PIL import Image

from nst_helpers.commands import cli
from nst_helpers.commands.options import ITERATIONS, build_parser
from nst_helpers.course.notebooks import REPOSITORY
from nst_helpers.files.images import load_image
from nst_helpers.files.recipe import Recipe
from nst_helpers.settings import DEFAULTS, coarse_to_fine

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[1]
TEXTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/SOURCES.md")

each_text = pytest.mark.parametrize("name", TEXTS)


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text):
    return re.sub(r"(?ms)^```.*?^```", "", text)


@each_text
def test_relative_links_and_pictures_exist(name):
    prose = without_code(text_of(name))
    targets = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'(?:src|href)="([^"]+)"', prose)
    for target in targets:
        if not re.match(r"https?:|#|mailto:", target):
            assert ((ROOT / name).parent / target.partition("#")[0]).exists(), target


@each_text
def test_reference_links_are_defined_and_used(name):
    prose = without_code(text_of(name))
    defined = set(re.findall(r"(?m)^\[([^\]]+)\]: \S+$", prose))
    used = set(re.findall(r"\]\[([^\]]+)\]", prose))
    assert used == defined


@each_text
def test_paths_in_code_style_exist(name):
    for path in re.findall(r"`((?:nst_helpers|notebooks|data|tests|\.ci|\.github)/[\w./,-]*)`", text_of(name)):
        assert (ROOT / path).exists(), path


def commands(name):
    """Each command of a text's shell blocks as a list of words, comments and `&&` taken apart."""
    blocks = re.findall(r"(?ms)^```bash\n(.*?)^```", text_of(name))
    for line in "\n".join(blocks).splitlines():
        for part in line.split("&&"):
            if words := shlex.split(part, comments=True):
                yield words


def nst_options():
    return set(build_parser()._option_string_actions)


def help_of(*command):
    ended = subprocess.run([sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    return ended.stdout


@each_text
def test_every_nst_command_can_be_parsed(name):
    for words in commands(name):
        if Path(words[0]).name == "nst":
            if words[1] in cli.COMMANDS:
                shown = help_of("-m", "nst_helpers", words[1])
                assert all(word.partition("=")[0] in shown for word in words[2:] if word.startswith("--")), words
            elif "--help" not in words:
                build_parser().parse_args(words[1:])


@each_text
def test_every_module_that_is_run_exists_and_knows_its_options(name):
    for words in commands(name):
        if Path(words[0]).name.startswith("python") and "-m" in words and words[2] not in ("venv", "pip", "pytest"):
            path = ROOT / words[2].replace(".", "/")
            assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), words
            options = [word for word in words[3:] if word.startswith("--")]
            assert not options or all(option in help_of("-m", words[2]) for option in options), words


@each_text
def test_every_file_that_a_command_names_exists(name):
    for words in commands(name):
        for word in words:
            if re.match(r"(data|notebooks|tests|\.ci)/", word):
                assert (ROOT / word).exists(), word
        if words[0].startswith((".ci/", "tests/")):
            assert (ROOT / words[0]).stat().st_mode & 0o100, f"{words[0]} cannot be executed"


@each_text
def test_options_in_the_prose_exist(name):
    for option in re.findall(r"`(--[\w-]+)", without_code(text_of(name))):
        assert option in nst_options(), option


def test_readme_leads_to_every_notebook_in_the_course_s_order():
    linked = re.findall(r"\]\(notebooks/(\w+)\.ipynb\)", text_of("README.md").partition("## The course")[2])
    assert list(dict.fromkeys(linked)) == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def first_cell(name):
    return json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"]


@pytest.mark.parametrize("name", ["README.md", "notebooks/00_start_here.ipynb"])
def test_the_map_s_minutes_are_those_that_each_notebook_says(name):
    rows = re.findall(r"\| \[[^\]]+\]\((?:notebooks/)?(\d\d\w?_\w+)\.ipynb\) \|[^\n]*?\| (\d+) \|\n?", text_of(name))
    there = [(book, minutes) for book, minutes in rows if (ROOT / "notebooks" / f"{book}.ipynb").exists()]
    assert len(there) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    for book, minutes in there:
        assert re.search(rf"\*\*Time:\*\* {minutes} minutes", "".join(first_cell(book))), book


def test_results_are_those_of_the_shipped_runs():
    _, mark, rest = text_of("README.md").partition(results.MARKS[0])
    assert mark
    shown = rest.partition(results.MARKS[1])[0]
    assert shown == results.section(*results.measured(shown))


def test_the_default_run_that_ships_has_today_s_defaults():
    recipe = Recipe.from_json((results.DEFAULT / "run.json").read_bytes())
    assert recipe.iterations == ITERATIONS
    assert replace(recipe.settings, precision=DEFAULTS.precision, scales={}) == DEFAULTS
    shape = load_image(ROOT / "data" / recipe.content.path, recipe.size).shape
    assert recipe.settings.scales == coarse_to_fine(shape, recipe.iterations)


def test_the_gallery_is_of_the_size_that_the_readme_says():
    section = text_of("README.md").partition("## Gallery")[2].partition("\n## ")[0]
    size = int(re.search(r"(\d+) px", section)[1])
    with Image.open(ROOT / "notebooks" / "previews" / "gallery.jpg") as sheet:
        assert sheet.info["comment"].decode() == f"{size} px, {ITERATIONS} iterations"


def test_citation_changes_and_package_agree():
    citation = dict(re.findall(r"(?m)^([\w-]+): (\S+)$", text_of("CITATION.cff")))
    version = re.search(r'(?m)^version = "(.+)"$', text_of("pyproject.toml"))[1]
    newest = re.search(r"(?m)^## (\S+) — (\S+)$", text_of("CHANGELOG.md"))
    assert citation["version"] == version == newest[1]
    assert citation["date-released"] == newest[2]
    assert citation["repository-code"] == f"https://github.com/{REPOSITORY}"
    assert citation["license"] == "MIT"


def test_github_runs_what_ci_runs():
    steps = re.findall(r"(?m)^ +- run: (.+)$", text_of(".github/workflows/test.yml"))
    assert ".ci/run" in steps
    for step in (step for step in steps if " " not in step):
        assert (ROOT / step).stat().st_mode & 0o100, f"{step} cannot be executed"


def test_github_tries_the_oldest_and_the_newest_python():
    oldest, beyond = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text_of("pyproject.toml")).groups()
    tried = re.search(r"python: \[(.+)\]", text_of(".github/workflows/test.yml"))[1]
    assert tried == f'"3.{oldest}", "3.{int(beyond) - 1}"'


def test_colab_s_set_is_one_that_the_package_allows():
    required = {re.split(r"[=<>~]", line)[0]: line for line in text_of("pyproject.toml").splitlines() if ">=" in line}
    pins = re.findall(r"(?m)^([\w-]+)==([\d.]+)", text_of("tests/colab/requirements.txt"))
    assert {"tensorflow", "ipywidgets", "ipykernel", "ipython"} <= {name for name, _ in pins}
    lowest = dict(re.findall(r'"([\w-]+)>=([\d.]+)"', "".join(required.values())))
    for name, pin in pins:
        if name in lowest:
            have, need = ([int(part) for part in number.strip(".").split(".")] for number in (pin, lowest[name]))
            assert have >= need, name
