"""The command: its exit codes, what it says, what it writes, and that nothing it is given makes it stumble."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import DATA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from nst_helpers.commands import cli, painting
from nst_helpers.commands.cli import BAD_INPUT, DONE, INTERRUPTED
from nst_helpers.commands.options import _pairs, build_parser
from nst_helpers.errors import InputError
from nst_helpers.files import images
from nst_helpers.files import run_folder as snapshots
from nst_helpers.files.recipe import Picture, Recipe, read_recipe
from nst_helpers.files.run_folder import LOSSES, RECIPE, STATE
from nst_helpers.machine import memory
from nst_helpers.settings import Settings

CONTENT, STYLE = str(DATA / "summer_palace.jpg"), str(DATA / "great_wave.jpg")
FAST = ("--content-layer", "block1_conv2", "--style-layers", "block1_conv1", "--size", "32", "--precision", "float32")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def nst(capsys):
    """A function that runs the command in this process: exit code, what it said, and what it complained of."""

    def nst(*arguments):
        numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
        handlers = [signal.getsignal(number) for number in numbers]
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse's way out
            code = stop.code
        finally:
            for number, handler in zip(numbers, handlers, strict=True):
                signal.signal(number, handler)
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
    folder = tmp_path / "run" / "summer_palace_great_wave" / "c1,s10000,t10"
    files = {"iteration_00010.jpg", "iteration_00020.jpg", LOSSES, RECIPE, STATE}
    assert {path.name for path in folder.iterdir()} == files
    rows = list(csv.DictReader((folder / LOSSES).open()))
    assert [int(row["iteration"]) for row in rows] == list(range(21))
    assert float(rows[-1]["total"]) < 0.6 * float(rows[0]["total"])
    assert json.loads((folder / RECIPE).read_text())["size"] == 96
    for told in (
        "96×64",
        "block4_conv2",
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

    record = snapshots.RunFolder.record

    def note_and_interrupt(folder, snapshot):
        record(folder, snapshot)
        if snapshot.iteration == 5:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(snapshots.RunFolder, "record", note_and_interrupt)
        code, out, _ = nst(CONTENT, STYLE, *options, "--snapshot-dir", "parts", "-o", "parts.png")
    assert code == INTERRUPTED
    assert "interrupted after 5 iterations" in out
    assert Image.open("parts.png").size == (32, 21)
    resume = re.search(r"nst --resume '(.*)'", out)[1]
    assert nst("--resume", resume, "-o", "parts.png")[0] == DONE
    same_files(tmp_path)


def same_files(tmp_path):
    straight, parts = (next((tmp_path / name).glob("*/*")) for name in ("straight", "parts"))
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
    while process.poll() is None and not list((tmp_path / "parts").glob("*/*/iteration_00003.jpg")):
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert nst("--resume", "parts", "--quiet", "-o", "parts.png")[0] == DONE
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


def test_layers_by_other_programs_names_are_taken_and_said(weights, nst):
    options = ("--content-layer", "relu1_2", "--style-layers", "conv1_1:2", "--size", 32, "--precision", "float32")
    code, out, err = nst(CONTENT, STYLE, *options, "--iterations", 1)
    assert code == DONE
    assert "nst: relu1_2 is read as block1_conv2" in err
    assert "nst: conv1_1 is read as block1_conv1" in err
    assert "content block1_conv2; style block1_conv1:2" in out


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


def interrupting(monkeypatch, target, name, when):
    """Let a function be interrupted twice, as by two impatient presses of Ctrl-C, where `when` says so."""
    function = getattr(target, name)

    def wrapped(*arguments, **options):
        if when(*arguments, **options):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return function(*arguments, **options)

    monkeypatch.setattr(target, name, wrapped)


@pytest.mark.parametrize(
    ("target", "name"), [(painting, "save_image"), (images, "write_atomically"), (images, "encode")]
)
def test_ctrl_c_while_the_picture_is_written_does_not_cost_it(weights, nst, monkeypatch, target, name):
    interrupting(monkeypatch, target, name, lambda *_, **__: True)
    assert nst(CONTENT, STYLE, *FAST, "--iterations", 2, "--quiet")[0] == DONE
    assert Image.open("output.jpg").size == (32, 21)


def test_second_ctrl_c_within_a_step_keeps_the_picture_so_far_and_the_last_snapshot(
    weights, nst, monkeypatch, tmp_path
):
    from nst_helpers.optimizers import Adam

    options = (*FAST, "--iterations", 6, "--snapshot-every", 2, "--snapshot-dir")
    with monkeypatch.context() as patched:
        interrupting(patched, Adam, "update", lambda adam, *_: adam.iteration == 3)
        code, out, _ = nst(CONTENT, STYLE, *options, "parts", "-o", "parts.png")
    assert code == INTERRUPTED
    assert "interrupted after 3 iterations" in out
    assert read_recipe("parts.png").iterations == 3
    assert nst("--resume", "parts", "-o", "parts.png")[0] == DONE
    assert nst(CONTENT, STYLE, *options, "straight", "-o", "straight.png")[0] == DONE
    same_files(tmp_path)


def test_interruption_before_the_first_step_writes_nothing(weights, nst, monkeypatch):
    from nst_helpers.optimizers import Adam

    interrupting(monkeypatch, Adam, "update", lambda *_: True)
    code, _, err = nst(CONTENT, STYLE, *FAST, "--iterations", 2, "--quiet")
    assert code == INTERRUPTED
    assert "no picture was written" in err
    assert os.listdir() == []


@pytest.mark.parametrize("error", [InputError("it diverged."), RuntimeError("out of memory")])
def test_run_that_fails_keeps_the_picture_so_far(weights, nst, monkeypatch, error):
    from nst_helpers import StyleTransfer

    steps = StyleTransfer.steps

    def three(transfer, n, **how):
        yield from steps(transfer, 3, **how)
        raise error

    monkeypatch.setattr(StyleTransfer, "steps", three)
    command = (CONTENT, STYLE, *FAST, "--iterations", 9, "--quiet")
    if isinstance(error, InputError):
        code, _, err = nst(*command)
        assert code == BAD_INPUT
        assert "nst: it diverged." in err
        assert "the picture after 3 iterations is output.jpg" in err
    else:
        with pytest.raises(RuntimeError):
            nst(*command)
    assert read_recipe("output.jpg").iterations == 3


def test_warning_is_one_line(weights, nst, monkeypatch):
    def begin(*_):
        warnings.warn("the rate\nis halved", stacklevel=1)
        raise InputError("enough.")

    monkeypatch.setattr(cli, "begin", begin)
    assert nst(CONTENT, STYLE, *FAST, "--quiet")[2] == "nst: the rate\\nis halved\nnst: enough.\n"


def test_too_little_memory_is_told_before_the_run(weights, nst, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    assert "GB of memory" in refused(nst, CONTENT, STYLE, *FAST, "--quiet")
    assert os.listdir() == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte, where this may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "nst-test", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_disk_that_fills_up(weights, nst, small_disk):
    """The run goes on, its last whole snapshot stays, and the picture is rescued to another disk."""
    (small_disk / "ballast").write_bytes(bytes(960_000))
    options = ("--snapshot-every", 1, "--snapshot-dir", small_disk, "-o", small_disk / "out.png")
    code, _, err = nst(CONTENT, STYLE, *FAST, "--init", "noise", "--iterations", 40, "--quiet", *options)
    assert "could not be kept" in err
    run = small_disk / "summer_palace_great_wave" / "c1,s10000,t10"
    for path in run.iterdir():
        assert not path.name.startswith(".")
        if path.suffix == ".jpg":
            Image.open(path).load()
    state = snapshots.RunFolder.open(run).load_state()
    assert 0 < int(state["iteration"]) < 40
    rescued = re.search(r"the picture is (.*)\.\n", err)
    picture = rescued[1] if rescued else small_disk / "out.png"
    assert read_recipe(picture).iterations == 40
    assert code == (BAD_INPUT if rescued else DONE)
    (small_disk / "ballast").unlink()
    assert nst("--resume", run, "--quiet", "-o", "resumed.png")[0] == DONE
    assert Image.open("resumed.png").tobytes() == Image.open(picture).tobytes()


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
    Image.new("L", (64, 43)).save(tmp_path / "black.png")
    Image.new("L", (64, 43), 255).save(tmp_path / "white.png")
    Image.new("L", (64, 64), 255).save(tmp_path / "square.png")
    (tmp_path / "lost.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "link.png").symlink_to(CONTENT)
    os.link(tmp_path / "dot.png", tmp_path / "twin.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")


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
    "folder": (["folder.jpg", STYLE], "many pictures take the form"),
    "device": (["/dev/null", STYLE], "not a file"),
    "endless device": (["/dev/zero", STYLE], "not a file"),
    "pipe": ([CONTENT, "pipe.jpg"], "not a file"),
    "lost link": (["lost.jpg", STYLE], "not a file"),
    "new line": (["a\nb\x1b[2J.jpg", STYLE], r"a\nb\x1b[2J.jpg does not exist"),
    "dot": (["dot.png", STYLE], "needs at least 16"),
    "narrow": ([CONTENT, "narrow.png"], "style image has 1×"),
    "small": ([CONTENT, STYLE, "--size", "20"], "needs at least 16"),
    "size": ([CONTENT, STYLE, "--size", "0"], "size must be a number from 16"),
    "huge": ([CONTENT, STYLE, "--size", "1000000"], "size must be"),
    "size in words": ([CONTENT, STYLE, "--size", "big"], "size must be a number from 16 to 10000, not 'big'"),
    "iterations": ([CONTENT, STYLE, "--iterations", "0"], "iterations must be"),
    "negative": ([CONTENT, STYLE, "--iterations", "-3"], "iterations must be"),
    "alpha": ([CONTENT, STYLE, "--alpha", "-1"], "alpha must be"),
    "beta": ([CONTENT, STYLE, "--beta", "nan"], "beta must be"),
    "gamma": ([CONTENT, STYLE, "--gamma", "1e308"], "gamma must be"),
    "all zero": ([CONTENT, STYLE, "--alpha", "0", "--beta", "0", "--gamma", "0"], "all zero"),
    "too large for a float": ([CONTENT, STYLE, "--beta", "1e309"], "beta must be"),
    "minus infinity": ([CONTENT, STYLE, "--beta=-inf"], "beta must be"),
    "rate": ([CONTENT, STYLE, "--learning-rate", "inf"], "learning_rate must be"),
    "seed": ([CONTENT, STYLE, "--seed", "-1"], "seed must be"),
    "layer": ([CONTENT, STYLE, "--content-layer", "block5_conv7"], "did you mean block5_conv"),
    "style layer": ([CONTENT, STYLE, "--style-layers", "block1_conv1,conv4"], "did you mean"),
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
    "16 bits in a JPEG": ([CONTENT, STYLE, "--bits", "16"], "output.jpg cannot have 16 bits"),
    "16 bits in a WebP": ([CONTENT, STYLE, "--bits", "16", "-o", "a.webp"], "cannot have 16 bits; a .png or a .tiff"),
    "style scale": ([CONTENT, STYLE, "--style-scale", "0"], "style_scale must be a number from 0.01"),
    "style scale in words": ([CONTENT, STYLE, "--style-scale", "big"], "style_scale must be a number"),
    "style scales": ([CONTENT, STYLE, "--style-scale", "1,2"], "2 style scales for 1 styles"),
    "tiny style": ([CONTENT, STYLE, "--style-scale", "0.02"], "the style image has 8×5 pixels"),
    "huge style": ([CONTENT, STYLE, "--style-scale", "99"], "size must be a number from 1 to 10000"),
    "blend weight": ([CONTENT, STYLE, "--blend", f"{STYLE}:-1"], "style_weights must be a number from 0"),
    "blend weight nan": ([CONTENT, STYLE, "--blend", f"{STYLE}:nan"], "style_weights must be a number from 0"),
    "blend missing": ([CONTENT, STYLE, "--blend", "no.jpg:0.5"], "no.jpg does not exist"),
    "mask missing": ([CONTENT, STYLE, "--mask", "no.png"], "no.png does not exist"),
    "mask black": ([CONTENT, STYLE, "--mask", "black.png"], "black.png is black everywhere"),
    "keep black": ([CONTENT, STYLE, "--keep", "black.png"], "black.png is black everywhere"),
    "mask square": ([CONTENT, STYLE, "--mask", "square.png"], "a mask must have the same proportions"),
    "style mask square": ([CONTENT, STYLE, "--style-mask", "square.png"], "a mask must have the same proportions"),
    "too many masks": ([CONTENT, STYLE, *["--mask", "white.png"] * 2], "masks: 2, styles: 1"),
    "too few style masks": (
        [CONTENT, STYLE, "--blend", STYLE, "--style-mask", "white.png"],
        "style masks: 1, styles: 2",
    ),
    "masks and weights": (
        [CONTENT, STYLE, "--blend", f"{STYLE}:2", *["--mask", "white.png"] * 2],
        "styles with a mask each have no weights",
    ),
    "start": (
        [CONTENT, STYLE, "--init", "zeros"],
        "--init takes content, noise, style or a picture, and zeros does not",
    ),
    "start is text": ([CONTENT, STYLE, "--init", "text.jpg"], "text.jpg is not a picture"),
    "strength alone": ([CONTENT, STYLE, "--color-strength", "0.5"], "--colors luminance keeps; give that, too"),
    "strength": ([CONTENT, STYLE, "--colors", "luminance", "--color-strength", "2"], "must be a number from 0 to 1"),
    "original of text": (["text.jpg", STYLE, "--size", "original"], "text.jpg is not a picture"),
    "output is a mask": ([CONTENT, STYLE, "--mask", "white.png", "-o", "white.png"], "is one of the pictures to read"),
    "output is a folder": ([CONTENT, STYLE, "-o", "folder.jpg"], "is a folder"),
    "no such folder": ([CONTENT, STYLE, "-o", "no/out.jpg"], "cannot be written"),
    "under a file": ([CONTENT, STYLE, "-o", "text.jpg/out.jpg"], "cannot be written"),
    "output is input": (["folder.jpg/../dot.png", STYLE, "-o", "dot.png"], "is one of the pictures to read"),
    "output is a link to an input": ([CONTENT, STYLE, "-o", "link.png"], "is one of the pictures to read"),
    "output is an input's other name": (["dot.png", STYLE, "-o", "twin.png"], "is one of the pictures to read"),
    "output where nobody can write": ([CONTENT, STYLE, "-o", "/proc/out.jpg"], "cannot be written"),
    "recipe and more": (["--recipe", "dot.png", "--size", "64"], "takes nothing else"),
    "recipe of none": (["--recipe", "dot.png"], "holds no recipe"),
    "reproduce none": (["reproduce", "dot.png", "--content", CONTENT, "--style", STYLE], "holds no recipe"),
    "reproduce nothing": (["reproduce", "no.png", "--content", CONTENT, "--style", STYLE], "does not exist"),
    "resume nothing": (["--resume", "folder.jpg"], "holds no run"),
    "resume missing": (["--resume", "nowhere"], "holds no run"),
}


@pytest.mark.parametrize("kind", BAD_COMMANDS)
def test_refused_before_anything_starts(nst, files, no_start, kind):
    arguments, sentence = BAD_COMMANDS[kind]
    assert sentence in refused(nst, *arguments)


@pytest.mark.parametrize(
    ("option", "setting"),
    [
        (("--alpha", "-1"), {"alpha": "-1"}),
        (("--beta", "nan"), {"beta": "nan"}),
        (("--style-layers", "blok1_conv1"), {"style_layers": ["blok1_conv1"]}),
        (("--content-layer", "conv5"), {"content_layers": "conv5"}),
        (("--alpha", "0", "--beta", "0", "--gamma", "0"), {"alpha": 0, "beta": 0, "gamma": 0}),
    ],
)
def test_python_says_the_same(nst, no_start, option, setting):
    with pytest.raises(InputError) as error:
        Settings(**setting)
    said = refused(nst, CONTENT, STYLE, *option)
    assert said.replace("-1.0", "'-1'").replace("not nan", "not 'nan'") == f"nst: {error.value}"


@pytest.mark.parametrize(
    "arguments", [["--iterations", "many"], ["--optimizer", "sgd"], ["--bits", "12"], ["--nonsense"], ["a", "b", "c"]]
)
def test_bad_usage(nst, no_start, arguments):
    code, _, err = nst(*arguments)
    assert code == BAD_INPUT
    assert "nst: error: " in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["C", "S", "out.jpg"], "out.jpg (name what to write with -o"),
        (["C", "S", "--size", "64", "my out.png"], "'my out.png' (name what to write with -o"),
        (["a.jpg", "b.jpg", "c.jpg", STYLE], "the style of many photographs with --style"),
        (["C", "S", CONTENT], "another style with --blend"),
        (["atlas", "a", "b", "c"], "c (name what to write with -o"),
        (["C", "S", "T", "--nonsense"], "unrecognized arguments: T --nonsense"),
    ],
)
def test_what_was_meant_by_more_than_two_pictures(nst, no_start, arguments, told):
    code, _, err = nst(*arguments)
    assert code == BAD_INPUT
    assert "nst: error: " in err or "nst atlas: error: " in err
    assert told in err.splitlines()[-1]


def test_options_may_stand_between_the_pictures(nst, no_start):
    for arguments in (["missing.jpg", "--size", "64", STYLE], ["--size", "64", "missing.jpg", "--quiet", STYLE]):
        assert "missing.jpg does not exist" in refused(nst, *arguments)


@pytest.mark.parametrize("arguments", [["https://example.org/a.jpg", STYLE], [CONTENT, "http://x/y.png"]])
def test_address_is_not_taken_for_a_file(nst, no_start, arguments):
    sentence = refused(nst, *arguments)
    assert "://" in sentence
    assert "is an address; download the picture" in sentence


# Several runs, and what was there before


def test_a_folder_of_photographs_with_snapshots(weights, nst):
    """Each photograph has a run of its own, also two of the same name; the pictures are numbered."""
    os.mkdir("other")
    shutil.copy(DATA / "coffee.jpg", "other/summer_palace.jpg")
    for photo in (CONTENT, DATA / "chelsea.jpg", "other/summer_palace.jpg"):
        assert nst(photo, STYLE, *FAST, "--iterations", 2, "--snapshot-every", 1)[0] == DONE
    assert sorted(os.listdir("runs")) == [
        "chelsea_great_wave",
        "summer_palace_great_wave",
        "summer_palace_great_wave_2",
    ]
    assert {"output.jpg", "output_2.jpg", "output_3.jpg"} < set(os.listdir())
    made_from = [read_recipe(f"output{n}.jpg").content.sha256 for n in ("", "_2", "_3")]
    assert len(set(made_from)) == 3


def test_folder_is_claimed_before_tensorflow_starts(weights, nst, monkeypatch):
    def second(*_):
        assert "holds a run already" in refused(nst, CONTENT, STYLE, *FAST, "--snapshot-every", 1)
        pytest.importorskip("fcntl")
        assert "another run is writing to" in refused(nst, "--resume", "runs")
        raise InputError("enough.")

    monkeypatch.setattr(cli, "begin", second)
    assert refused(nst, CONTENT, STYLE, *FAST, "--snapshot-every", 1) == "nst: enough."
    assert os.listdir("runs") == []


@pytest.mark.parametrize("error", [InputError("too little memory."), KeyboardInterrupt()])
def test_run_that_cannot_begin_does_not_block_the_next(weights, nst, monkeypatch, error):
    def fail(*_):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(cli, "begin", fail)
        assert nst(CONTENT, STYLE, *FAST, "--snapshot-every", 1)[0] in (BAD_INPUT, INTERRUPTED)
    assert nst(CONTENT, STYLE, *FAST, "--iterations", 1, "--snapshot-every", 1)[0] == DONE


def test_output_that_nobody_named_is_numbered_and_a_named_one_replaced_with_a_word(weights, nst):
    command = (CONTENT, STYLE, *FAST, "--iterations", 1)
    assert nst(*command)[0] == DONE
    with open("output.jpg", "rb") as file:
        first = file.read()
    _, out, _ = nst(*command)
    assert "output   output_2.jpg, since output.jpg exists already" in out
    assert "output_2.jpg: 1 iterations" in out
    with open("output.jpg", "rb") as file:
        assert file.read() == first
    _, out, _ = nst(*command, "-o", "output.jpg", "--beta", 1)
    assert "output   output.jpg, which replaces the picture that is there" in out
    with open("output.jpg", "rb") as file:
        assert file.read() != first


def test_resume_remembers_where_to_write_and_how_far_to_go(weights, nst, tmp_path, monkeypatch):
    command = (CONTENT, STYLE, *FAST, "--snapshot-dir", "r", "--quiet")
    assert nst(*command, "--iterations", 3, "-o", "mine.png")[0] == DONE
    assert "r" in os.listdir() and "output.jpg" not in os.listdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    _, out, _ = nst("--resume", "../r", "--iterations", 5)
    assert "which replaces the picture that is there" in out
    assert read_recipe(tmp_path / "mine.png").iterations == 5
    assert os.listdir() == []
    assert "has its 5 iterations" in refused(nst, "--resume", "../r")
    assert nst("--resume", "../r", "--iterations", 6, "-o", "new.png", "--quiet")[0] == DONE
    assert nst("--resume", "../r", "--iterations", 7, "--quiet")[0] == DONE
    assert read_recipe("new.png").iterations == 7
    assert str(tmp_path).encode() not in (tmp_path / "mine.png").read_bytes()


def test_resume_remembers_which_snapshots_to_keep_until_others_are_asked_for(weights, nst, tmp_path):
    command = (CONTENT, STYLE, *FAST, "--snapshot-dir", "r", "--quiet", "-o", "a.png")

    def kept():
        return sorted(int(path.stem.partition("_")[2]) for path in tmp_path.glob("r/*/*/*.jpg"))

    assert nst(*command, "--snapshots", "1,3", "--iterations", 3)[0] == DONE
    assert nst("--resume", "r", "--snapshots", "5,7", "--iterations", 7, "--quiet")[0] == DONE
    assert kept() == [1, 3, 5, 7]
    assert nst("--resume", "r", "--snapshot-every", 2, "--iterations", 9, "--quiet")[0] == DONE
    assert nst("--resume", "r", "--iterations", 11, "--quiet")[0] == DONE
    assert kept() == [1, 3, 5, 7, 8, 9, 10, 11]
    assert snapshots.RunFolder.open("r").recipe.snapshots == 2
    assert read_recipe("a.png").snapshots == ()  # which is the run's business, not the picture's


def test_picture_that_another_run_writes_meanwhile_is_not_replaced(weights, nst, monkeypatch):
    def meanwhile(*_):
        shutil.copy(CONTENT, "output.jpg")
        return False

    monkeypatch.setattr("nst_helpers.transfer.is_wanted", meanwhile)
    _, out, _ = nst(CONTENT, STYLE, *FAST, "--iterations", 1, "--snapshot-every", 1)
    assert "output   output_2.jpg, since another run has written output.jpg meanwhile" in out
    with open("output.jpg", "rb") as file, open(CONTENT, "rb") as content:
        assert file.read() == content.read()
    assert read_recipe("output_2.jpg").iterations == 1


# A recipe that does not fit


@pytest.mark.parametrize("name", ["out.jpg", "out.png"])
def test_recipe_too_long_for_its_file_is_left_out_and_the_picture_kept(weights, nst, name):
    long = "x" * 200 + ".jpg"
    shutil.copy(STYLE, long)
    count = 220 if name == "out.jpg" else 1700
    recipe = Recipe(Picture.of(CONTENT), Picture.of(STYLE), 32, 1, Settings(), blend=[Picture(long, "0" * 64)] * count)
    with pytest.warns(UserWarning, match="written without its recipe, which is longer than"):
        assert painting.save_picture(np.zeros((4, 4, 3)), Path(name), recipe) == Path(name)
    assert Image.open(name).size == (4, 4)
    with pytest.raises(InputError, match="holds no recipe"):
        read_recipe(name)


def test_many_blended_styles_are_painted_and_the_png_keeps_the_recipe(weights, nst):
    long = "x" * 200 + ".jpg"
    shutil.copy(STYLE, long)
    blend = [word for _ in range(220) for word in ("--blend", long)]
    command = (CONTENT, STYLE, *FAST, "--iterations", 1, *blend, "--quiet")
    code, _, err = nst(*command)
    assert (code, err.count("nst: the picture is written without its recipe")) == (DONE, 1)
    assert Image.open("output.jpg").size == (32, 21)
    assert nst(*command, "-o", "out.png") == (DONE, "", "")
    assert len(read_recipe("out.png").blend) == 220


@pytest.mark.parametrize("error", [ValueError("EXIF data is too long"), RuntimeError("odd"), MemoryError()])
def test_nothing_that_a_recipe_does_costs_the_picture(weights, nst, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(Recipe, "to_exif", fail)
    code, _, err = nst(CONTENT, STYLE, *FAST, "--iterations", 1, "--quiet", "--snapshot-every", 1)
    assert code == DONE
    assert "output.jpg was written without its recipe" in err
    assert "iteration 1 could not be kept" in err
    assert Image.open("output.jpg").size == (32, 21)


def test_folder_that_vanishes_during_the_run_does_not_cost_the_picture(weights, nst, monkeypatch):
    os.mkdir("gone")
    monkeypatch.setattr("nst_helpers.transfer.is_wanted", lambda *_: shutil.rmtree("gone", ignore_errors=True))
    code, _, err = nst(CONTENT, STYLE, *FAST, "--iterations", 1, "-o", "gone/out.png", "--snapshot-every", 1, "--quiet")
    assert code == BAD_INPUT
    assert read_recipe(re.search(r"the picture is (.*)\.\n", err)[1]).iterations == 1


def test_snapshot_folder_that_cannot_be_made_is_refused_before_tensorflow_starts(nst, files, monkeypatch):
    monkeypatch.setattr(cli, "find_weights", lambda: "no weights")
    assert "cannot be written to" in refused(nst, CONTENT, STYLE, "--snapshot-dir", "text.jpg")


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
    file = next((tmp_path / begun).glob(f"*/*/{name}"))
    file.write_bytes(b"\xff\xfe" + file.read_bytes()[:100])
    told = "not a recipe" if name == RECIPE else "is damaged"
    assert told in refused(nst, "--resume", begun, "--iterations", 8)


words = st.sampled_from(
    [CONTENT, STYLE, "missing.jpg", "out.png", "block1_conv1", "r", "adam", "sum", "--quiet", "reproduce"]
)
values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8) | words
values = values | st.integers().map(str) | st.floats().map(str)
options = st.sampled_from(re.findall(r"--[a-z-]+", build_parser().format_help()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=st.lists(values | st.tuples(options, values).map("=".join), max_size=6))
def test_any_arguments_are_refused_calmly_or_get_as_far_as_the_weights(nst, monkeypatch, arguments):
    def enough():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "find_weights", enough)
    assert nst(*arguments)[0] in (DONE, BAD_INPUT, INTERRUPTED)


pieces = st.sampled_from(
    ["block1_conv1", "block5_conv4", "block3_pool", "block9_conv1", ":", ",", "0.5", "nan", "-1", " "]
)


@settings(deadline=None)
@given(text=st.text(max_size=30) | st.lists(pieces, max_size=9).map("".join))
def test_any_layers_are_taken_or_refused(text):
    try:
        layers = Settings(style_layers=_pairs(text)).style_layers
    except InputError as error:
        assert len(str(error).splitlines()) == 1
        return
    assert all(np.isfinite(weight) and weight >= 0 for weight in layers.values())


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
        "import sys\nfrom nst_helpers.commands.cli import main\n"
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
        while running.poll() is None and not list(tmp_path.glob("runs/*/*/iteration_00002.jpg")):
            time.sleep(0.02)
        running.send_signal(number)
        out, _ = running.communicate(timeout=60)
    assert running.returncode == INTERRUPTED
    assert "interrupted after" in out
    assert "nst --resume" in out
    assert Image.open("output.jpg").size == (32, 21)
