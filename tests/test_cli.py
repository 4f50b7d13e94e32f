"""The command: its exit codes, what it says, what it writes, and that nothing it is given makes it stumble."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import DATA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from nst_helpers import cli, images, snapshots
from nst_helpers.cli import BAD_INPUT, DONE, INTERRUPTED
from nst_helpers.snapshots import LOSSES, RECIPE, STATE

CONTENT, STYLE = str(DATA / "summer_palace.jpg"), str(DATA / "great_wave.jpg")
FAST = ("--content-layer", "block1_conv2", "--style-layers", "block1_conv1", "--size", "32", "--precision", "float32")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def nst(capsys):
    """A function that runs the command in this process: exit code, what it said, and what it complained of."""

    def nst(*arguments):
        handler = signal.getsignal(signal.SIGTERM)
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse's way out
            code = stop.code
        finally:
            signal.signal(signal.SIGTERM, handler)
        said = capsys.readouterr()
        return code, said.out, said.err

    return nst


@pytest.fixture
def no_start(monkeypatch):
    """Makes a test fail in which the weight file is asked for, which comes before TensorFlow starts."""
    monkeypatch.setattr(cli, "find_weights", lambda: pytest.fail("this should have been refused before the weights"))


def refused(nst, *arguments):
    """Run the command, see that it refuses in one sentence, and return that."""
    code, _, err = nst(*arguments)
    assert code == BAD_INPUT
    *_, sentence = err.strip().splitlines()
    assert "Traceback" not in err
    assert sentence.startswith("nst: ")
    return sentence


# The main job


def test_example_of_the_readme(weights, tmp_path, nst):
    snapshots = ("--snapshot-every", 10, "--snapshot-dir", "run")
    code, out, _ = nst(CONTENT, STYLE, "--size", 96, "--iterations", 20, *snapshots, "-o", "out.jpg")
    assert code == DONE
    assert Image.open("out.jpg").size == (96, 64)  # the content has 640×427
    folder = tmp_path / "run" / "c1,s10000,t10"
    files = {"iteration_00010.jpg", "iteration_00020.jpg", LOSSES, RECIPE, STATE}
    assert {path.name for path in folder.iterdir()} == files
    rows = list(csv.DictReader((folder / LOSSES).open()))
    assert [int(row["iteration"]) for row in rows] == list(range(21))
    assert float(rows[-1]["total"]) < 0.6 * float(rows[0]["total"])
    assert json.loads((folder / RECIPE).read_text())["size"] == 96
    for told in (
        "96×64",
        "block5_conv2",
        "alpha 1, beta 10000, gamma 10",
        "20 iterations of adam",
        "out.jpg",
        str(folder.name),
    ):
        assert told in out
    picture = np.asarray(Image.open("out.jpg"), float)
    assert np.abs(picture - np.asarray(Image.open(folder / "iteration_00020.jpg"), float)).max() == 0


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_interrupted_and_resumed_is_the_straight_run(weights, tmp_path, nst, monkeypatch, optimizer):
    options = (
        *FAST,
        "--optimizer",
        optimizer,
        "--iterations",
        9,
        "--init",
        "noise",
        "--seed",
        3,
        "--snapshot-every",
        2,
    )
    assert nst(CONTENT, STYLE, *options, "--snapshot-dir", "straight", "-o", "straight.png")[0] == DONE

    note = snapshots.RunFolder.note

    def note_and_interrupt(folder, snapshot):
        note(folder, snapshot)
        if snapshot.iteration == 5:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(snapshots.RunFolder, "note", note_and_interrupt)
        code, out, _ = nst(CONTENT, STYLE, *options, "--snapshot-dir", "parts", "-o", "parts.png")
    assert code == INTERRUPTED
    assert "interrupted after 5 iterations" in out
    assert Image.open("parts.png").size == (32, 21)
    resume = re.search(r"nst --resume '(.*)'", out)[1]
    assert nst("--resume", resume, "--snapshot-every", 2, "-o", "parts.png")[0] == DONE
    same_files(tmp_path)


def same_files(tmp_path):
    straight, parts = (next((tmp_path / name).iterdir()) for name in ("straight", "parts"))
    assert (tmp_path / "straight.png").read_bytes() == (tmp_path / "parts.png").read_bytes()
    assert (straight / LOSSES).read_text() == (parts / LOSSES).read_text()
    for picture in straight.glob("*.jpg"):
        assert picture.read_bytes() == (parts / picture.name).read_bytes()
    with np.load(straight / STATE) as a, np.load(parts / STATE) as b:
        assert all(np.array_equal(a[name], b[name]) for name in a.files)


def test_killed_and_resumed_is_the_straight_run(weights, tmp_path, nst):
    """kill -9 of a real process, as soon as there is a state; or before, if the machine is slow."""
    options = [CONTENT, STYLE, *FAST, "--iterations", "40", "--snapshot-every", "1", "--quiet"]
    assert nst(*options, "--snapshot-dir", "straight", "-o", "straight.png")[0] == DONE
    process = subprocess.Popen(
        [sys.executable, "-m", "nst_helpers", *options, "--snapshot-dir", "parts", "-o", "parts.png"]
    )
    while process.poll() is None and not list((tmp_path / "parts").glob("*/iteration_00003.jpg")):
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert nst("--resume", "parts", "--snapshot-every", 1, "--quiet", "-o", "parts.png")[0] == DONE
    same_files(tmp_path)


def test_run_goes_on_beyond_its_plan(weights, nst):
    assert nst(CONTENT, STYLE, *FAST, "--iterations", 4, "--snapshot-dir", "r", "-o", "a.png", "--quiet")[0] == DONE
    assert "has its 4 iterations" in refused(nst, "--resume", "r")
    assert nst("--resume", "r", "--iterations", 6, "-o", "a.png", "--quiet")[0] == DONE
    assert nst(CONTENT, STYLE, *FAST, "--iterations", 6, "-o", "b.png", "--quiet")[0] == DONE
    with open("a.png", "rb") as a, open("b.png", "rb") as b:
        assert a.read() == b.read()


def test_quiet_is_silent(weights, nst):
    assert nst(CONTENT, STYLE, *FAST, "--iterations", 1, "--quiet") == (DONE, "", "")
    assert os.listdir() == ["output.jpg"]


def test_layer_weights_are_understood_and_told(weights, nst):
    _, out, _ = nst(CONTENT, STYLE, *FAST, "--style-layers", "block1_conv1:0.5, block1_conv2", "--iterations", 1)
    assert "style block1_conv1:0.5, block1_conv2" in out


def test_two_names_for_one_picture(weights, nst):
    assert nst(CONTENT, CONTENT, *FAST, "--iterations", 1, "--quiet")[0] == DONE


def test_odd_names(weights, nst):
    name = "mit Leerzeichen, 'quotes', \"double\", new\nline & 🎨.png"
    Image.open(CONTENT).save(name)
    assert nst(name, STYLE, *FAST, "--iterations", 1, "--quiet", "-o", f"out {name}")[0] == DONE
    assert Image.open(f"out {name}").size == (32, 21)


# When things fail that were checked before


def test_full_disk_for_snapshots_does_not_cost_the_picture(weights, nst, monkeypatch):
    def full(folder, snapshot, state):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots.RunFolder, "save", full)
    code, _, err = nst(CONTENT, STYLE, *FAST, "--iterations", 2, "--snapshot-every", 1, "--quiet")
    assert code == DONE
    assert "iteration 1 could not be kept ([Errno 28] No space left on device)" in err
    assert Image.open("output.jpg").size == (32, 21)


def test_output_that_fails_at_the_end_is_rescued(weights, nst, monkeypatch):
    write = images.write_atomically
    calls = []

    def full_at_first(path, content):
        calls.append(path)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(images, "write_atomically", full_at_first)
    code, _, err = nst(CONTENT, STYLE, *FAST, "--iterations", 1, "--quiet")
    assert code == BAD_INPUT
    assert Image.open(re.search(r"the picture is (.*)\.\n", err)[1]).size == (32, 21)


# What is refused, and when


@pytest.fixture
def files(tmp_path):
    """Files and folders of all sorts to name by mistake."""
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "cut.jpg").write_bytes((DATA / "coffee.jpg").read_bytes()[:9999])
    (tmp_path / "folder.jpg").mkdir()
    Image.new("RGB", (5, 3000)).save(tmp_path / "narrow.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")


BAD_COMMANDS = {
    "nothing": ([], "name a content picture and a style picture"),
    "only content": ([CONTENT], "name a content picture"),
    "missing": (["missing.jpg", STYLE], "missing.jpg does not exist"),
    "missing style": ([CONTENT, "missing.jpg"], "missing.jpg does not exist"),
    "empty name": (["", STYLE], "is not a file"),
    "two empty names": (["", ""], "is not a file"),
    "long name": (["a" * 5000, STYLE], "does not exist"),
    "text": (["text.jpg", STYLE], "not a picture"),
    "empty": (["empty.jpg", STYLE], "not a picture"),
    "cut": ([CONTENT, "cut.jpg"], "damaged or cut off"),
    "folder": (["folder.jpg", STYLE], "not a file"),
    "device": (["/dev/null", STYLE], "not a file"),
    "dot": (["dot.png", STYLE], "needs at least 16"),
    "narrow": ([CONTENT, "narrow.png"], "style image has 1×"),
    "small": ([CONTENT, STYLE, "--size", "20"], "needs at least 16"),
    "size": ([CONTENT, STYLE, "--size", "0"], "size must be a number from 16"),
    "huge": ([CONTENT, STYLE, "--size", "1000000"], "size must be"),
    "iterations": ([CONTENT, STYLE, "--iterations", "0"], "iterations must be"),
    "negative": ([CONTENT, STYLE, "--iterations", "-3"], "iterations must be"),
    "alpha": ([CONTENT, STYLE, "--alpha", "-1"], "alpha must be"),
    "beta": ([CONTENT, STYLE, "--beta", "nan"], "beta must be"),
    "gamma": ([CONTENT, STYLE, "--gamma", "1e308"], "gamma must be"),
    "all zero": ([CONTENT, STYLE, "--alpha", "0", "--beta", "0", "--gamma", "0"], "all zero"),
    "rate": ([CONTENT, STYLE, "--learning-rate", "inf"], "learning_rate must be"),
    "seed": ([CONTENT, STYLE, "--seed", "-1"], "seed must be"),
    "layer": ([CONTENT, STYLE, "--content-layer", "block5_conv7"], "did you mean block5_conv"),
    "style layer": ([CONTENT, STYLE, "--style-layers", "block1_conv1,conv9"], "did you mean"),
    "no style layers": ([CONTENT, STYLE, "--style-layers", ""], "no layer ''"),
    "layer weight": ([CONTENT, STYLE, "--style-layers", "block1_conv1:heavy"], "weight of block1_conv1 must be"),
    "every 0": ([CONTENT, STYLE, "--snapshot-every", "0"], "--snapshot-every must be"),
    "every -1": ([CONTENT, STYLE, "--snapshot-every", "-1"], "--snapshot-every must be"),
    "snapshots": ([CONTENT, STYLE, "--snapshots", "1,two"], "--snapshots must be"),
    "too late": (
        [CONTENT, STYLE, "--snapshots", "9000", "--iterations", "20"],
        "--snapshots must be a number from 1 to 20",
    ),
    "extension": ([CONTENT, STYLE, "-o", "out.gif"], "must end in .jpg"),
    "output is a folder": ([CONTENT, STYLE, "-o", "folder.jpg"], "is a folder"),
    "no such folder": ([CONTENT, STYLE, "-o", "no/out.jpg"], "cannot be written"),
    "under a file": ([CONTENT, STYLE, "-o", "text.jpg/out.jpg"], "cannot be written"),
    "output is input": (["folder.jpg/../dot.png", STYLE, "-o", "dot.png"], "is one of the pictures to read"),
    "resume nothing": (["--resume", "folder.jpg"], "holds no run"),
    "resume missing": (["--resume", "nowhere"], "holds no run"),
}


@pytest.mark.parametrize("kind", BAD_COMMANDS)
def test_refused_before_anything_starts(nst, files, no_start, kind):
    arguments, sentence = BAD_COMMANDS[kind]
    assert sentence in refused(nst, *arguments)


@pytest.mark.parametrize(
    "arguments", [["--size", "big"], ["--optimizer", "sgd"], ["--init", "zeros"], ["--nonsense"], ["a", "b", "c"]]
)
def test_bad_usage(nst, no_start, arguments):
    code, _, err = nst(*arguments)
    assert code == BAD_INPUT
    assert "nst: error: " in err


def test_snapshot_folder_that_cannot_be_made_is_refused_before_tensorflow_starts(nst, files, monkeypatch):
    monkeypatch.setattr(cli, "find_weights", lambda: "no weights")
    assert "cannot be made" in refused(nst, CONTENT, STYLE, "--snapshot-dir", "text.jpg")


@pytest.fixture
def begun(weights, nst):
    """The folder of a run of four iterations."""
    nst(CONTENT, STYLE, *FAST, "--iterations", 4, "--snapshot-dir", "r", "--quiet")
    return "r"


def test_existing_run_is_not_overwritten(nst, begun):
    assert "holds a run already" in refused(nst, CONTENT, STYLE, *FAST, "--snapshot-dir", "r")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ((STYLE, STYLE), "the content picture is another one"),
        ((CONTENT, CONTENT), "the style picture is another one"),
        (("--size", 40), "size is 40, was 32"),
        (("--beta", 5), "beta is 5.0, was 10000.0"),
        (("--optimizer", "lbfgs"), "optimizer is 'lbfgs', was 'adam'"),
    ],
)
def test_resume_of_something_else_is_refused(nst, begun, no_start, changes, told):
    sentence = refused(nst, "--resume", begun, "--iterations", 8, *changes)
    assert "cannot be resumed" in sentence
    assert told in sentence


@pytest.mark.parametrize("name", [STATE, LOSSES, RECIPE])
def test_resume_of_a_damaged_run_is_refused(nst, begun, no_start, tmp_path, name):
    file = next((tmp_path / begun).glob(f"*/{name}"))
    file.write_bytes(b"\xff\xfe" + file.read_bytes()[:100])
    told = "not a recipe" if name == RECIPE else "is damaged"
    assert told in refused(nst, "--resume", begun, "--iterations", 8)


words = st.sampled_from([CONTENT, STYLE, "missing.jpg", "out.png", "block1_conv1", "r", "adam", "sum", "--quiet"])
values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8) | words
values = values | st.integers().map(str) | st.floats().map(str)
options = st.sampled_from(re.findall(r"--[a-z-]+", cli._parser().format_help()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=st.lists(values | st.tuples(options, values).map("=".join), max_size=6))
def test_any_arguments_are_refused_calmly_or_get_as_far_as_the_weights(nst, monkeypatch, arguments):
    def enough():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "find_weights", enough)
    assert nst(*arguments)[0] in (DONE, BAD_INPUT, INTERRUPTED)


# As a process of its own


def process(*arguments, code=None):
    command = [sys.executable, "-m", "nst_helpers"] if code is None else [sys.executable, "-c", code]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [(["--help"], 0), ([], 2), (["missing.jpg", STYLE], 2), ([CONTENT, STYLE, "--alpha=-1"], 2)],
)
def test_quick_answers_do_not_wait_for_tensorflow(arguments, exit_code):
    code = (
        "import sys\nfrom nst_helpers.cli import main\n"
        "try: code = main()\nexcept SystemExit as stop: code = stop.code\n"
        "print(code, 'tensorflow' in sys.modules, 'scipy' in sys.modules, 'matplotlib' in sys.modules)"
    )
    assert process(*arguments, code=code).stdout.splitlines()[-1] == f"{exit_code} False False False"


def test_process_says_no_more_than_it_should(weights):
    done = process(CONTENT, STYLE, *FAST, "--iterations", "1", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "", "")
    bad = process("missing.jpg", STYLE)
    assert (bad.returncode, bad.stdout) == (BAD_INPUT, "")
    assert len(bad.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="signals are sent to a process as POSIX knows them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_saves_the_picture_so_far(weights, tmp_path, number):
    command = [
        sys.executable,
        "-m",
        "nst_helpers",
        CONTENT,
        STYLE,
        *FAST,
        "--iterations",
        "1000000",
        "--snapshots",
        "2",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        while running.poll() is None and not list(tmp_path.glob("runs/*/iteration_00002.jpg")):
            time.sleep(0.02)
        running.send_signal(number)
        out, _ = running.communicate(timeout=60)
    assert running.returncode == INTERRUPTED
    assert "interrupted after" in out
    assert "nst --resume" in out
    assert Image.open("output.jpg").size == (32, 21)
