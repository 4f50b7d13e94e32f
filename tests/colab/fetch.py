"""Run a notebook as Colab does: alone in an empty folder, so that its first cell has to fetch and install the course.

python tests/colab/fetch.py, in an environment of its own: the cell installs this checkout's last commit into it
"""

import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from nst_helpers.course.notebooks import REPOSITORY

ROOT = Path(__file__).parents[2]
NOTEBOOK = "00_start_here.ipynb"
ON_COLAB = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')"


def main() -> None:
    os.environ |= {  # git takes the checkout for the address on GitHub
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{REPOSITORY}",
    }
    notebook = nbformat.read(ROOT / "notebooks" / NOTEBOOK, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(ON_COLAB))
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        client.execute()
        assert (Path(folder) / "course" / "notebooks" / NOTEBOOK).is_file(), "the course was not fetched"
    print(f"{NOTEBOOK} fetched the course, installed it, and ran to its end")


if __name__ == "__main__":
    main()
