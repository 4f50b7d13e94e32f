"""What is printed never fails, whatever became of the reader, the disk or the letters."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stdout

import pytest

from nst_helpers.commands.terminal import lasting_output

pytestmark = pytest.mark.quick


def printed(encoding):
    """What arrives of a line in a stream of that encoding."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    with redirect_stdout(stream), lasting_output():
        print("96×64 → α")
    return raw.getvalue()


def test_letters_that_a_terminal_does_not_know():
    assert printed("utf-8").decode().strip() == "96×64 → α"
    assert printed("ascii").strip() == b"96?64 ? ?"
    assert printed("cp1252").decode("cp1252").strip() == "96×64 ? ?"


def test_surrogates_of_an_undecodable_name():
    with lasting_output():
        print(os.fsdecode(b"\xff.jpg"))


TALK = """
import sys
from nst_helpers.commands.terminal import lasting_output
with lasting_output():
    for _ in range(100):
        print("x" * 100_000)
        print("y", file=sys.stderr, flush=True)
open("done", "w").close()
"""


@pytest.mark.skipif(os.name != "posix", reason="run by a POSIX shell's redirections")
@pytest.mark.parametrize("where", ["| head -c 5", "2>&1 | head -c 5", ">&-", "2>&-", ">&- 2>&-", "> /dev/full"])
def test_reader_that_leaves_and_disk_that_is_full(tmp_path, where):
    if where.endswith("full") and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    (tmp_path / "talk.py").write_text(TALK)
    command = f'"$PYTHON" talk.py {where}'
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"Error" not in done.stderr
    assert (tmp_path / "done").exists()
