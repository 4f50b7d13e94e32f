"""The atlas: what there is to paint, painting and going on, a Dask cluster, and the sliders over it."""

import io
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_helpers.commands import atlas, cli, cluster
from nst_helpers.commands.atlas import build, paint_cell
from nst_helpers.errors import InputError
from nst_helpers.files.atlas_folder import AtlasFolder, Grid, Painted, ratio
from nst_helpers.files.images import save_image, to_pil
from nst_helpers.files.recipe import Picture, Recipe
from nst_helpers.settings import Settings

ROOT = Path(__file__).parents[2]
GRID = Grid(alpha=(1,), beta=(100, 10000), gamma=(0, 10), iterations=(1, 3))
RECIPE = Recipe(Picture("a.jpg", "1"), Picture("b.jpg", "2"), 48, 3, Settings())


def test_grid_is_sorted_and_checked():
    grid = Grid(["10", 1], (5,), (0,), ("20", 10, 20))
    assert (grid.alpha, grid.beta, grid.gamma, grid.iterations) == ((1, 10), (5,), (0,), (10, 20))
    with pytest.raises(InputError, match="beta must be a number"):
        Grid((1,), ("x",), (0,), (1,))
    with pytest.raises(InputError, match="at least one value"):
        Grid((1,), (), (0,), (1,))
    with pytest.raises(InputError, match="iteration"):
        Grid((1,), (1,), (0,), (0,))
    with pytest.raises(InputError, match=r"^the weights 1 : 1e\+13 : 0 are too far apart"):
        Grid((0.001,), (1e10,), (0,), (1,))


def test_each_ratio_is_painted_once():
    assert ratio(0.1, 3000, 10) == (1, 30000, 100)
    assert ratio(0, 5, 10) == (0, 1, 2)
    grid = Grid((1, 10), (100, 1000), (0,), (5,))
    assert grid.cells == [(1, 100, 0), (1, 1000, 0), (1, 10, 0)]
    assert Grid((0, 1), (0, 2), (0,), (5,)).cells == [(0, 1, 0), (1, 0, 0), (1, 2, 0)]  # without 0 : 0 : 0


def test_the_same_ratio_gives_the_same_picture(noise):
    from nst_helpers import StyleTransfer

    transfer = StyleTransfer(noise(), noise(seed=1), weights=None, precision="float32")
    start = transfer.state()

    def painted(scale):
        transfer.restore(start)
        transfer.alpha, transfer.beta, transfer.gamma = scale, 1e4 * scale, 10 * scale
        return transfer.run(10, progress=False)[-1].image

    once, tenfold = painted(1), painted(10)
    assert np.abs(once - noise()).max() > 0.1
    assert np.abs(once - tenfold).mean() < 4e-3  # rounding grows from step to step


@pytest.fixture
def folder(noise, tmp_path):
    return AtlasFolder.create(tmp_path / "atlas", RECIPE, GRID, (noise(32, 48), noise(40, 40, seed=1)))


@pytest.fixture
def stub(monkeypatch):
    """Paints cells in one colour, without TensorFlow; returns the list of the cells that were asked for."""
    asked = []

    def paint(cell, content, style, iterations, weights=None):
        asked.append(cell)
        return [flat(cell, iteration) for iteration in iterations]

    monkeypatch.setattr(atlas, "paint_cell", paint)
    return asked


def flat(cell, iteration):
    file = io.BytesIO()
    to_pil(np.full((32, 48, 3), cell[1] / 20000 + cell[2] / 50 + iteration / 20, np.float32)).save(file, "JPEG")
    return Painted(iteration, file.getvalue(), {"content": cell[1], "style": cell[2], "tv": float(iteration)})


def test_what_is_whole_is_not_painted_again(folder, stub):
    assert build(folder, progress=False) == 4
    assert sorted(stub) == sorted(GRID.cells)
    assert all(map(folder.is_complete, GRID.cells))
    assert build(folder, progress=False) == 0
    assert len(stub) == 4
    again = AtlasFolder.open(folder.path)
    assert again.grid == GRID and again.recipe == RECIPE
    assert again.picture((1, 100, 10), 3) == flat((1, 100, 10), 3).jpeg
    assert again.picture((5, 500, 50), 3) == flat((1, 100, 10), 3).jpeg
    shown = np.asarray(Image.open(io.BytesIO(flat((1, 100, 10), 3).jpeg)), np.float32) / 255
    np.testing.assert_array_equal(again.image((1, 100, 10), 3)[0], shown)
    assert again.losses((1, 100, 10)) == {i: {"content": 100, "style": 10, "tv": i} for i in (1, 3)}


@pytest.mark.parametrize("damage", ["cut", "empty", "missing", "no losses", "half the losses", "no number"])
def test_damaged_cell_is_painted_again(folder, stub, damage):
    build(folder, progress=False)
    cell = folder.path / "c1,s10000,t10"
    picture, losses = cell / "iteration_00003.jpg", cell / "losses.csv"
    if damage == "cut":
        picture.write_bytes(picture.read_bytes()[:-40])
    elif damage == "empty":
        picture.write_bytes(b"")
    elif damage == "missing":
        picture.unlink()
    elif damage == "no losses":
        losses.unlink()
    elif damage == "half the losses":
        losses.write_text("\n".join(losses.read_text().splitlines()[:-1]))
    else:
        losses.write_text(losses.read_text().replace("10000", "x"))
    stub.clear()
    assert build(folder, progress=False) == 1
    assert stub == [(1, 10000, 10)]
    assert folder.is_complete((1, 10000, 10))


def test_interrupted_build_goes_on(folder, stub, monkeypatch):
    paint = atlas.paint_cell

    def interrupted(cell, *rest):
        if len(stub) == 2:
            raise KeyboardInterrupt
        return paint(cell, *rest)

    monkeypatch.setattr(atlas, "paint_cell", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(folder, progress=False)
    there = [cell for cell in GRID.cells if folder.is_complete(cell)]
    assert 0 < len(there) < 4
    monkeypatch.setattr(atlas, "paint_cell", paint)
    stub.clear()
    assert build(folder, progress=False) == 4 - len(there)
    assert not set(stub) & set(there)


def test_larger_grid_adds_to_an_atlas(folder, stub, noise):
    build(folder, progress=False)
    larger = Grid(GRID.alpha, (*GRID.beta, 1e6), GRID.gamma, GRID.iterations)
    again = AtlasFolder.create(folder.path, RECIPE, larger, (noise(32, 48), noise(40, 40, seed=1)))
    assert build(again, progress=False) == 2
    assert AtlasFolder.open(folder.path).grid.beta == (100, 10000, 1e6)


def test_atlas_of_other_pictures_is_left_alone(folder, noise):
    other = Recipe(Picture("a.jpg", "1"), Picture("c.jpg", "3"), 48, 3, Settings())
    with pytest.raises(InputError, match="another atlas: the style picture is another one"):
        AtlasFolder.create(folder.path, other, GRID, (noise(), noise()))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"grid": {}, "recipe": {}}', "[" * 100000])
def test_damaged_description_is_refused(folder, text):
    (folder.path / "atlas.json").write_text(text)
    with pytest.raises(InputError, match=r"(damaged|not a recipe)"):
        AtlasFolder.open(folder.path)


def test_folder_without_atlas_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no atlas"):
        AtlasFolder.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="name another"):
        AtlasFolder.create(tmp_path / "file", RECIPE, GRID, ())


def losses_and_pictures(folder):
    for cell in GRID.cells:
        for iteration, losses in folder.losses(cell).items():
            yield losses, np.asarray(Image.open(io.BytesIO(folder.picture(cell, iteration))), np.float32)


def test_two_dask_workers_paint_what_one_process_paints(folder, noise, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("NST_PRECISION", "float32")
    options = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        assert build(folder, scheduler=cluster.scheduler_address, progress=False, weights=None) == 4
        threads = client.run(lambda: ("tensorflow" in sys.modules, os.environ.get("TF_NUM_INTRAOP_THREADS")))
    assert list(threads.values()) == [(True, "1"), (True, "1")]  # both have painted, each with a core of its own
    alone = AtlasFolder.create(folder.path.parent / "alone", RECIPE, GRID, (noise(32, 48), noise(40, 40, seed=1)))
    build(alone, progress=False, weights=None)
    for (losses, picture), (same, alike) in zip(losses_and_pictures(folder), losses_and_pictures(alone), strict=True):
        assert losses == pytest.approx(same, rel=1e-2, abs=4e-7)  # small terms differ more, by the order of sums
        assert np.abs(picture - alike).mean() < 1
    first, *_, last = (picture for _, picture in losses_and_pictures(alone))
    assert np.abs(first - last).mean() > 3  # it is not all one picture


def test_painted_cell_follows_its_weights(folder):
    """A worker's run serves one cell after the other, also where a weight is 0 before or after."""
    images = [(folder.path / name).read_bytes() for name in ("content.png", "style.png")]

    def losses(*cell):
        painted = paint_cell(cell, *images, (2, 4), None)
        assert [each.iteration for each in painted] == [2, 4]
        return painted[-1].losses

    for cell in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1e4, 10)):
        found = losses(*cell)
        total = sum(weight * found[name] for weight, name in zip(cell, ("content", "style", "tv"), strict=True))
        assert found["total"] == pytest.approx(total, rel=1e-3, abs=1e-6)
    assert losses(1, 1e4, 10) == found  # nothing is left of the cell before


def test_one_ctrl_c_ends_a_cell_at_once(folder, monkeypatch):
    """A cell that ended early must not be taken for a finished one."""
    from nst_helpers import StyleTransfer

    steps = StyleTransfer.steps

    def interrupted(transfer, n):
        for snapshot in steps(transfer, n):
            if snapshot.iteration == 2:
                signal.raise_signal(signal.SIGINT)
            yield snapshot

    monkeypatch.setattr(StyleTransfer, "steps", interrupted)
    images = [(folder.path / name).read_bytes() for name in ("content.png", "style.png")]
    with pytest.raises(KeyboardInterrupt):
        paint_cell((1, 1e4, 10), *images, (1, 4), None)


@pytest.fixture
def pictures(noise, tmp_path):
    save_image(noise(40, 60), tmp_path / "a.png")
    save_image(noise(50, 50, seed=1), tmp_path / "b.png")
    return [str(tmp_path / "a.png"), str(tmp_path / "b.png")]


@pytest.fixture
def command(pictures, stub, tmp_path, monkeypatch):
    """`nst atlas` on two small pictures; returns its exit code."""
    monkeypatch.setattr(atlas, "find_weights", lambda: None)
    grid = ["--size", "48", "--alphas", "1", "--betas", "1e2,1e4", "--gammas", "0", "--iterations", "1,3"]
    return lambda *more: cli.main(["atlas", *pictures, "-o", str(tmp_path / "out"), *grid, *more])


def test_command_builds_says_so_and_goes_on(command, stub, tmp_path, capsys):
    assert command() == 0
    out, err = capsys.readouterr()
    assert "2 cells of 3 iterations, 0 of them finished already" in out
    assert "view_atlas(" in out and "2/2" in err
    assert command() == 0
    assert "2 of them finished already" in capsys.readouterr().out
    assert len(stub) == 2
    folder = AtlasFolder.open(tmp_path / "out")
    assert folder.grid.beta == (100, 10000) and folder.recipe.content.path == "a.png"
    assert folder.content.shape == (1, 32, 48, 3)
    assert command("--betas", "1e3", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert stub[-1] == (1, 1000, 0)


def test_command_looks_at_each_picture_once(command, monkeypatch):
    command()
    asked, is_complete = [], AtlasFolder.is_complete

    def counted(folder, cell):
        asked.append(cell)
        return is_complete(folder, cell)

    monkeypatch.setattr(AtlasFolder, "is_complete", counted)
    assert command() == 0
    assert sorted(asked) == [(1, 100, 0), (1, 10000, 0)]


def test_command_interrupted_after_the_first_cell_says_how_many_are_there(command, stub, monkeypatch, capsys):
    paint = atlas.paint_cell

    def interrupt(cell, *rest):
        if stub:
            raise KeyboardInterrupt
        return paint(cell, *rest)

    monkeypatch.setattr(atlas, "paint_cell", interrupt)
    assert command() == 130
    assert "1 of 2 cells" in capsys.readouterr().out


def test_interrupted_command_tells_how_to_go_on(command, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(atlas, "paint_cell", interrupt)
    assert command() == 130
    assert "the same command goes on" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--alphas", "-1"], "alpha must be"),
        (["--betas", "x"], "beta must be"),
        (["--iterations", "0"], "each iteration must be"),
        (["--workers", "0"], "--workers must be"),
        (["--size", "16"], "at least 16 on each side"),
        (["--scheduler", "nonsense://x"], "no Dask scheduler answers"),
    ],
)
def test_command_refuses_in_one_sentence(command, capsys, more, message):
    assert command(*more) == 2
    err = capsys.readouterr().err
    assert message in err and err.startswith("nst: ") and err.count("\n") == 1


def test_scheduler_that_does_not_answer(folder, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match="no Dask scheduler answers at tcp://127"):
        build(folder, scheduler=address, progress=False)


@pytest.mark.parametrize("where", [{"workers": 2}, {"scheduler": "tcp://127.0.0.1:1"}])
def test_missing_dask_is_reported_where_it_is_needed(folder, stub, monkeypatch, where):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'nst-helpers\[atlas\]'"):
        build(folder, progress=False, **where)
    assert build(folder, progress=False) == 4


@pytest.fixture
def panel(folder, stub):
    pytest.importorskip("ipywidgets")
    from nst_helpers.widgets.atlas_panel import AtlasPanel

    grid = Grid((1, 10), (100, 10000), (0, 10), (1, 3))
    folder = AtlasFolder(folder.path, RECIPE, grid)
    build(folder, progress=False)
    return AtlasPanel(folder)


def test_panel_opens_at_the_defaults(panel):
    assert (panel.weights, panel.iteration.value) == ((1, 10000, 10), 3)
    assert panel.view.value == panel.atlas.picture((1, 10000, 10), 3)
    assert "α : β : γ = 1 : 10000 : 10, iteration 3 · losses: content 1e+04" in panel.status.value


@pytest.mark.parametrize(
    ("name", "value", "cell", "iteration"),
    [
        ("alpha", 10, (1, 1000, 1), 3),
        ("beta", 100, (1, 100, 10), 3),
        ("gamma", 0, (1, 10000, 0), 3),
        ("iteration", 1, (1, 10000, 10), 1),
    ],
)
def test_each_slider_changes_the_picture(panel, name, value, cell, iteration):
    slider = getattr(panel, name)
    tip = slider.tooltip if slider.has_trait("tooltip") else slider.description_tooltip
    assert slider.description and len(tip) > 20
    slider.value = value
    assert panel.view.value == flat(cell, iteration).jpeg
    assert f"tv {iteration}" in panel.status.value


def test_missing_picture_is_told_in_the_status_line(panel):
    (panel.atlas.path / "c1,s100,t10" / "iteration_00003.jpg").unlink()
    panel.beta.value = 100
    assert "stopped: c1,s100,t10 is not in the atlas yet" in panel.status.value
    panel.beta.value = 10000
    assert "stopped" not in panel.status.value


def test_all_weights_zero_are_told(folder, stub):
    pytest.importorskip("ipywidgets")
    from nst_helpers.widgets.atlas_panel import AtlasPanel

    folder = AtlasFolder(folder.path, RECIPE, Grid((0, 1), (0,), (0,), (1,)))
    build(folder, progress=False)
    panel = AtlasPanel(folder)
    panel.alpha.value = 0
    assert "all three weights are 0" in panel.status.value


def test_run_for_real_hands_over_to_the_explorer(panel, monkeypatch):
    from types import SimpleNamespace

    import ipywidgets

    handed = {}
    box = ipywidgets.VBox()

    def explore(content, style, **options):
        handed.update(options, content=content, style=style)
        return SimpleNamespace(box=box)

    monkeypatch.setitem(sys.modules, "nst_helpers.widgets.explorer", SimpleNamespace(explore=explore))
    panel.beta.value = 100
    panel.real.click()
    path = panel.atlas.path
    assert handed == {
        "content": path / "content.png",
        "style": path / "style.png",
        "size": 48,
        "alpha": 1,
        "beta": 100,
        "gamma": 10,
    }
    assert panel.live.children == (box,)
    assert "below" in panel.status.value


def test_where_tensorflow_is_missing_one_is_told(panel, monkeypatch):
    monkeypatch.setitem(sys.modules, "nst_helpers.widgets.explorer", None)
    panel.real.click()
    assert "stopped: a live run needs TensorFlow" in panel.status.value
    assert panel.live.children == ()


def test_looking_needs_no_tensorflow(panel):
    code = f"""
import sys
sys.modules["tensorflow"] = None
from nst_helpers.widgets.atlas_panel import view_atlas
panel = view_atlas({str(panel.atlas.path)!r})
panel.beta.value = 100
assert panel.view.value and "stopped" not in panel.status.value
"""
    subprocess.run([sys.executable, "-c", code], check=True)
