"""On Colab a notebook fetches the course by itself, and says where the GPU is."""

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import nbformat
import pytest

from nst_helpers.course.notebooks import GPU_HINT, REPOSITORY, setup_report
from nst_helpers.machine import hardware

ROOT = Path(__file__).parents[1]
SHELL = """
import json, os, sys, types
from IPython.core.interactiveshell import InteractiveShell
colab, cell = json.loads(sys.argv[1])
if colab:
    sys.modules["google.colab"] = types.ModuleType("google.colab")
shell, installed = InteractiveShell.instance(), []
shell.register_magic_function(installed.append, magic_name="pip")
for _ in range(2):
    shell.run_cell(cell).raise_error()
print(json.dumps([installed, os.getcwd()]))
"""


def run_install_cell(folder, colab):
    """Run the cell twice in an empty folder, pip aside; return what pip was told, and the new place."""
    git = {  # takes this checkout for the address on GitHub
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{REPOSITORY}",
        "IPYTHONDIR": str(folder.parent / "ipython"),
    }
    cells = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    command = [sys.executable, "-c", SHELL, json.dumps([colab, first])]
    ended = subprocess.run(command, cwd=folder, env=os.environ | git, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.fixture
def empty(tmp_path):
    folder = tmp_path / "content"
    folder.mkdir()
    return folder


def test_the_first_cell_fetches_the_course_once_and_goes_into_it(empty):
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    installed, place = run_install_cell(empty, colab=True)
    assert installed == ["install -q ./course anywidget"]
    assert Path(place) == (empty / "course" / "notebooks").resolve()
    assert (empty / "course" / "data" / "content.jpg").is_file()


def test_the_first_cell_does_nothing_elsewhere(empty):
    installed, place = run_install_cell(empty, colab=False)
    assert (installed, Path(place)) == ([], empty.resolve())
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(("colab", "gpus", "hinted"), [(True, [], True), (True, ["GPU"], False), (False, [], False)])
def test_the_setup_report_says_how_to_switch_on_colab_s_gpu(colab, gpus, hinted, weights, monkeypatch):
    if colab:
        monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setattr(hardware, "GPUS", gpus)
    monkeypatch.setattr(hardware, "device_name", lambda: "a device")
    monkeypatch.setattr(hardware, "fastest_precision", lambda: "float32")
    assert (GPU_HINT in setup_report()) == hinted
