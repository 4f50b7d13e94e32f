"""Many pictures: what is painted and what is not, going on after a stop, broken files, and a Dask cluster."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import DATA
from PIL import Image

from nst_helpers.commands import cli, series
from nst_helpers.commands.cli import BAD_INPUT, DONE, INTERRUPTED
from nst_helpers.commands.series import SOME_NOT_PAINTED, Series
from nst_helpers.files.images import save_image
from nst_helpers.files.recipe import read_recipe
from nst_helpers.machine.disk import locked

CONTENT, STYLE = str(DATA / "summer_palace.jpg"), str(DATA / "great_wave.jpg")
FAST = ("--content-layer", "block1_conv2", "--style-layers", "block1_conv1", "--size", "32", "--precision", "float32")
QUICK = ("--style", STYLE, *FAST, "--output-dir", "out")
SHORT = (*QUICK, "--iterations", 4)


@pytest.fixture
def nst(capsys, tmp_path, monkeypatch):
    """A function that runs the command in this process: exit code, what it said, and what it complained of."""
    monkeypatch.chdir(tmp_path)

    def nst(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return nst


def refused(nst, *arguments):
    """Run the command, see that it refuses in one sentence, and return that."""
    code, _, err = nst(*arguments)
    assert code == BAD_INPUT
    assert err.startswith("nst: ") and err.count("\n") == 1
    return err


@pytest.fixture
def photos(noise, tmp_path):
    """A folder of three small photographs."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate("abc"):
        save_image(noise(24, 32, seed), folder / f"{name}.png")
    return folder


@pytest.fixture
def broken(photos):
    """Three files among them that are no pictures."""
    (photos / "cut.jpg").write_bytes((DATA / "coffee.jpg").read_bytes()[:9999])
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "text.png").write_text("not a picture")


def pictures(folder="out"):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def of(*names):
    return {f"{name}_great_wave.png" for name in names}


# What is painted, and under what names


def test_folder_with_broken_files_is_painted_without_them_and_says_which(weights, nst, photos, broken):
    (photos / "notes.txt").write_text("")
    (photos / ".hidden.png").write_bytes(b"")
    code, out, err = nst(photos, *SHORT)
    assert code == SOME_NOT_PAINTED
    assert set(pictures()) == of("a", "b", "c")
    assert f"{photos}: 6 pictures, without notes.txt" in out
    assert "6 pictures to paint, 0 finished already" in out
    assert "out: 3 of 6 pictures painted" in out
    assert "cut.jpg is damaged or cut off" in err and "text.png is not a picture" in err
    *_, last = err.strip().splitlines()
    assert last == f"nst: not painted: {photos / 'cut.jpg'}, {photos / 'empty.jpg'}, {photos / 'text.png'}"
    recipe = read_recipe("out/b_great_wave.png")
    assert (recipe.content.path, recipe.style.path, recipe.iterations) == ("b.png", "great_wave.jpg", 4)


def test_each_picture_is_what_the_command_makes_of_it_alone(weights, nst, photos):
    options = (*FAST, "--iterations", 4, "--beta", 3e3, "--blend", CONTENT, "--colors", "luminance")
    assert nst(*sorted(photos.iterdir()), "--style", STYLE, "--output-dir", "out", *options)[0] == DONE
    for name in "abc":
        assert nst(photos / f"{name}.png", STYLE, *options, "-o", f"{name}.png")[0] == DONE
        assert Path(f"{name}.png").read_bytes() == Path(f"out/{name}_great_wave.png").read_bytes()


def test_what_all_have_in_common_is_said_once(weights, nst, photos):
    _, out, _ = nst(photos, *SHORT)
    assert out.count("weights  alpha") == out.count("style    great_wave.jpg") == 1
    assert out.count("4 iterations, ") == 3


def test_quiet_series_is_silent(weights, nst, photos):
    assert nst(photos, *SHORT, "--quiet") == (DONE, "", "")


def test_same_names_in_two_folders(weights, nst, photos, noise):
    os.mkdir("more")
    save_image(noise(24, 32, 7), "more/a.png")
    shutil.copy(photos / "b.png", "more/b.png")
    save_image(noise(24, 32, 8), "more/C.PNG")
    code, out, _ = nst(photos, "more", *SHORT)
    assert code == DONE
    assert set(pictures()) == of("a", "b", "c") | {"a_great_wave_2.png", "C_great_wave_2.png"}
    assert "more/a.png becomes a_great_wave_2.png" in out
    assert "more/b.png is left out, since the same picture comes before" in out
    before = pictures()
    for order in (("more", photos), (photos, "more"), ("more",)):
        code, out, _ = nst(*order, *SHORT)
        assert code == DONE and "0 pictures to paint" in out
    assert pictures() == before


def test_style_among_the_photographs_is_left_out(weights, nst, photos):
    shutil.copy(STYLE, photos / "wave.jpg")
    code, out, _ = nst(photos, *SHORT)
    assert code == DONE and set(pictures()) == of("a", "b", "c")
    assert "wave.jpg is left out, since it is a style" in out


def test_pictures_of_a_pattern_that_no_shell_has_expanded(weights, nst, photos):
    assert nst(photos / "[ab].png", *SHORT)[0] == DONE
    assert set(pictures()) == of("a", "b")


def test_one_picture_with_the_style_named_by_option(weights, nst, photos):
    assert nst(photos / "a.png", "--style", STYLE, *FAST, "--iterations", 2, "--quiet")[0] == DONE
    assert read_recipe("output.jpg").style.path == "great_wave.jpg"


# Going on


def test_finished_pictures_are_not_painted_again_and_changed_settings_are(weights, nst, photos):
    assert nst(photos, *SHORT)[0] == DONE
    before = pictures()
    code, out, _ = nst(photos, *SHORT)
    assert code == DONE and "0 pictures to paint, 3 finished already" in out
    assert pictures() == before
    os.rename("out/a_great_wave.png", "out/mine.png")
    assert "3 finished already" in nst(photos, *SHORT)[1]
    os.rename("out/mine.png", "out/a_great_wave.png")
    code, out, _ = nst(photos, *SHORT, "--beta", 5)
    assert code == DONE and "3 pictures to paint" in out
    assert "becomes a_great_wave_2.png, since a_great_wave.png is the name of another picture" in out
    after = pictures()
    assert len(after) == 6 and before.items() < after.items()


def test_damaged_picture_is_painted_again(weights, nst, photos):
    assert nst(photos, *SHORT)[0] == DONE
    cut = Path("out/b_great_wave.png")
    whole = cut.read_bytes()
    cut.write_bytes(whole[:-200])
    assert "1 picture to paint, 2 finished already" in nst(photos, *SHORT)[1]
    assert Path("out/b_great_wave_2.png").read_bytes() == whole


def test_default_scales_are_those_of_the_picture(weights, nst, photos):
    """A finished picture tells its shape, by which its scales would be chosen."""
    shutil.copy(DATA / "coffee.jpg", photos)
    options = ("--style", STYLE, "--output-dir", "out", "--size", 184, "--iterations", 4, "--precision", "float32")
    assert nst(photos / "coffee.jpg", *options)[0] == DONE
    assert read_recipe("out/coffee_great_wave.jpg").settings.scales == {130: 2}
    assert "1 finished already" in nst(photos / "coffee.jpg", *options)[1]
    assert "0 finished already" in nst(photos / "coffee.jpg", *options, "--scales", "none", "--iterations", 1)[1]


@pytest.fixture
def interrupted_at(monkeypatch):
    """A function that lets Ctrl-C be pressed at an iteration of a picture, both counted from 1."""
    from nst_helpers import StyleTransfer

    steps, runs = StyleTransfer.steps, []

    def at(picture, iteration):
        def pressed(transfer, n, until_still=False):
            if until_still:  # which takes its steps from here
                yield from steps(transfer, n, until_still=True)
                return
            runs.append(transfer)
            for snapshot in steps(transfer, n):
                if (len(runs), snapshot.iteration) == (picture, iteration):
                    signal.raise_signal(signal.SIGINT)
                yield snapshot

        monkeypatch.setattr(StyleTransfer, "steps", pressed)

    return at


def test_ctrl_c_keeps_the_picture_under_way_and_the_same_command_goes_on(weights, nst, photos, interrupted_at):
    interrupted_at(2, 3)
    code, out, _ = nst(photos, *SHORT)
    assert code == INTERRUPTED
    assert set(pictures()) == {"a_great_wave.png", "b_great_wave.unfinished.png"}
    assert "interrupted after 3 iterations" in out and "the same command goes on" in out
    assert read_recipe("out/b_great_wave.unfinished.png").iterations == 3
    first = pictures()["a_great_wave.png"]
    code, out, _ = nst(photos, *SHORT)
    assert code == DONE and "2 pictures to paint, 1 finished already" in out
    assert set(pictures()) == of("a", "b", "c")
    assert pictures()["a_great_wave.png"] == first


def test_interrupted_picture_is_not_taken_for_a_still_one(weights, nst, photos, interrupted_at):
    interrupted_at(1, 3)
    assert nst(photos, *SHORT, "--until-still")[0] == INTERRUPTED
    assert "3 pictures to paint, 0 finished already" in nst(photos, *SHORT, "--until-still")[1]


def test_ctrl_c_before_the_first_step_ends_the_series(weights, nst, photos, monkeypatch):
    def begin(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "begin", begin)
    code, out, _ = nst(photos, *SHORT)
    assert code == INTERRUPTED and "out: 0 of 3 pictures painted" in out
    assert pictures() == {}


def test_snapshots_go_on_too(weights, nst, photos, interrupted_at, monkeypatch):
    kept = ("--snapshot-every", 2, "--snapshot-dir")
    with monkeypatch.context():
        interrupted_at(2, 3)
        assert nst(photos, *SHORT, *kept, "parts")[0] == INTERRUPTED
    assert nst(photos, *SHORT, *kept, "parts")[0] == DONE
    parts = pictures()
    assert nst(photos, *SHORT, "--output-dir", "straight", *kept, "runs")[0] == DONE
    assert parts == pictures("straight")
    assert len(list(Path("parts").glob("*/*/iteration_00004.jpg"))) == 3
    shutil.rmtree("out")
    assert nst(photos, *SHORT, *kept, "parts")[0] == DONE  # from the runs, which are finished
    assert pictures() == parts


@pytest.mark.skipif(os.name != "posix", reason="processes are killed as POSIX does it")
def test_killed_and_started_again_is_the_straight_series(weights, nst, photos, broken):
    options = [str(word) for word in (photos, *QUICK, "--iterations", 40, "--quiet")]
    process = subprocess.Popen([sys.executable, "-m", "nst_helpers", *options], stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(Path().glob("out/a_*.png")):
        time.sleep(0.005)
    process.kill()
    process.wait()
    there = pictures()
    assert there
    assert nst(*options)[0] == SOME_NOT_PAINTED
    assert there.items() <= pictures().items()
    assert set(pictures()) == of("a", "b", "c")
    assert nst(*options, "--output-dir", "straight")[0] == SOME_NOT_PAINTED
    assert pictures() == pictures("straight")


# Failures


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), MemoryError(), OSError(5, "Input/output error")])
def test_run_that_fails_is_not_that_of_the_others(weights, nst, photos, monkeypatch, error):
    begin = cli.begin

    def fail(recipe, *rest):
        if recipe.content.path.endswith("b.png"):
            raise error
        return begin(recipe, *rest)

    monkeypatch.setattr(cli, "begin", fail)
    code, _, err = nst(photos, *SHORT)
    assert code == SOME_NOT_PAINTED and set(pictures()) == of("a", "c")
    assert f"b.png: {type(error).__name__}" in err and err.endswith(f"nst: not painted: {photos / 'b.png'}\n")


def test_picture_that_cannot_be_written_is_rescued_and_named(weights, nst, photos, monkeypatch):
    from nst_helpers.commands import painting

    save = painting.save_image

    def full(image, path, **options):
        if path.name.startswith("b") and path.parent.name == "out":
            raise OSError(28, "No space left on device")
        save(image, path, **options)

    monkeypatch.setattr(painting, "save_image", full)
    code, _, err = nst(photos, *SHORT)
    assert code == SOME_NOT_PAINTED and "could not be written" in err
    assert set(pictures()) == of("a", "c")


def test_two_series_do_not_write_into_one_folder(weights, nst, photos):
    pytest.importorskip("fcntl")
    os.mkdir("out")
    with locked(Path("out")):
        assert "another run is writing to out" in refused(nst, photos, *SHORT)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["photos", "--style", STYLE], "take the form"),
        (["photos/a.png", "photos/b.png", "--style", STYLE], "take the form"),
        (["photos/a.png", "photos/b.png", "--output-dir", "out"], "take the form"),
        (["photos", "--scheduler", "tcp://x:1"], "take the form"),
        (["--style", STYLE, "--output-dir", "out"], "take the form"),
        (["photos", *QUICK, "-o", "x.png"], "leave out --output"),
        (["photos", *QUICK, "--resume", "runs"], "leave out --output and --resume"),
        (["photos", *QUICK, "--scheduler", "tcp://x:1", "--snapshot-every", 1], "leave out the snapshots"),
        (["photos", *QUICK, "--beta", -1], "beta must be"),
        (["photos", *QUICK, "--style", "missing.jpg"], "missing.jpg does not exist"),
        (["photos", *QUICK, "--style", "photos/text.png"], "not a picture"),
        (["nothing", *QUICK], "here are no pictures"),
        (["photos", *QUICK, "--output-dir", "photos"], "a.png lies where the pictures are to go"),
        (["photos", *QUICK, "--output-dir", "photos/a.png"], "cannot be written to"),
    ],
)
def test_refused_before_anything_is_painted(nst, photos, broken, monkeypatch, arguments, told):
    monkeypatch.setattr(cli, "find_weights", lambda: pytest.fail("this should have been refused before the weights"))
    os.mkdir("nothing")
    before = pictures("photos")
    assert told in refused(nst, *arguments)
    assert pictures("photos") == before


# The bar over all


def test_bar_is_full_when_all_are_painted(tmp_path):
    two = Series(tmp_path, None, None, quiet=True)
    two.todo = [("a", "b")] * 2
    transfer = SimpleNamespace(iteration=0, work=lambda n: 5 + 5 / 4)
    bar = SimpleNamespace(n=0, set_postfix_str=lambda text, refresh: told.append(text))
    told, seen = [], []

    def update(n):
        bar.n += n
        seen.append(bar.n)

    bar.update = update
    for number in (0, 1):
        with two._part_of(bar, number, "a.png", transfer, 10) as advance:
            for iteration in range(1, 11):
                size = 16 if iteration <= 5 else 32
                advance(SimpleNamespace(iteration=iteration, size=size, image=np.zeros((1, 32, 20, 3))))
        assert bar.n == pytest.approx(number + 1)
    assert seen == sorted(seen) and seen[4] == pytest.approx(1 / 5)
    assert told[-1] == "picture 2 of 2, iteration 10 of 10, a.png"


# A Dask cluster


def test_two_dask_workers_paint_what_one_process_paints(weights, nst, photos, broken):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        command = (photos, *SHORT, "--scheduler", cluster.scheduler_address)
        code, out, err = nst(*command)
        assert code == SOME_NOT_PAINTED and "out: 3 of 6 pictures painted" in out
        assert "text.png is not a picture" in err and "not painted: " in err
        assert any(client.run(lambda: "tensorflow" in sys.modules).values())  # they have painted
        before = pictures()
        assert "3 finished already" in nst(*command)[1]
        assert pictures() == before
    assert nst(photos, *SHORT, "--output-dir", "here")[0] == SOME_NOT_PAINTED
    assert set(before) == set(pictures("here")) == of("a", "b", "c")
    for name in before:
        assert not read_recipe(f"out/{name}").differences(read_recipe(f"here/{name}"))
        there, here = (np.asarray(Image.open(f"{folder}/{name}"), float) for folder in ("out", "here"))
        assert (
            np.abs(there - here).mean() < 1 < np.abs(there - np.asarray(Image.open(photos / f"{name[0]}.png"))).mean()
        )


def test_ctrl_c_while_a_cluster_paints_keeps_what_is_finished(weights, nst, photos, monkeypatch):
    @contextmanager
    def first_and_then_interrupted(function, jobs, shared, *, scheduler):
        def results():
            job = next(jobs)
            yield job, lambda: function(job, *shared)
            raise KeyboardInterrupt

        yield results()

    monkeypatch.setattr(series, "done_by", first_and_then_interrupted)
    code, out, _ = nst(photos, *SHORT, "--scheduler", "tcp://x:1")
    assert code == INTERRUPTED and "the same command goes on" in out
    assert set(pictures()) == of("a")


def test_scheduler_that_does_not_answer_is_told(nst, photos):
    assert "no Dask scheduler answers" in refused(nst, photos, *SHORT, "--scheduler", "nonsense://x", "--quiet")
