"""The comparison of painters: a loss that is what it says, sheets that tell no names, a right count, sane judges."""

import json
import sys

import numpy as np
import pytest
from benchmarks import blind, painters, quality
from benchmarks.inputs import network_arrays
from benchmarks.judges import Judges, surface
from PIL import Image
from scipy.linalg import sqrtm

from nst_helpers.files.images import load_image, save_image

LIKENESS = ("content", "patterns", "colours")


@pytest.fixture(scope="module")
def judges():
    return Judges(weights=None)


@pytest.fixture
def features():
    """Activations `[1, 8, 9, 10]` of a picture and a style, no direction so weak that the iterations miss it."""
    random = np.random.default_rng(1)
    mix = np.eye(8) + 0.3 * random.normal(size=(8, 8))
    return [np.float32(np.einsum("bchw,cd->bdhw", random.normal(m, 1, (1, 8, 9, 10)), mix)) for m in (1, 1.5)]


def wasserstein(ours, style):
    (mean, covariance), (style_mean, style_covariance) = (
        (x.mean(axis=(0, 2, 3)), np.cov(x[0].reshape(len(x[0]), -1), bias=True) + 1e-4 * np.eye(8))
        for x in (np.float64(ours), np.float64(style))
    )
    root = np.real(sqrtm(style_covariance))
    middle = np.real(sqrtm(root @ covariance @ root))
    return (((mean - style_mean) ** 2).sum() + np.trace(covariance + style_covariance - 2 * middle)) / 8


def test_the_wasserstein_loss_and_its_gradient_are_scipys(features):
    torch = pytest.importorskip("torch")
    from benchmarks.torch_losses import WassersteinLoss

    ours, style = features
    x = torch.from_numpy(ours).requires_grad_()
    loss = WassersteinLoss(torch.from_numpy(style))(x)
    assert loss.item() == pytest.approx(wasserstein(ours, style), rel=1e-3)
    assert WassersteinLoss(torch.from_numpy(style))(torch.from_numpy(style)).item() == pytest.approx(0, abs=1e-4)

    loss.backward()
    direction = np.random.default_rng(2).normal(size=ours.shape)
    step = 1e-4 * direction
    slope = (wasserstein(ours + step, style) - wasserstein(ours - step, style)) / 2e-4
    assert (x.grad.numpy() * direction).sum() == pytest.approx(slope, rel=2e-3)


def test_the_nine_points_see_all_directions_alike():
    torch = pytest.importorskip("torch")
    from benchmarks.torch_losses import nine_point_variation

    rows = torch.arange(64.0)
    slopes = [rows[None, :] + 0 * rows[:, None], rows[:, None] + 0 * rows[None, :]]
    slopes.append((slopes[0] + slopes[1]) / 2**0.5)
    upright, across, diagonal = (nine_point_variation(slope.expand(1, 3, 64, 64)).item() for slope in slopes)
    assert upright == pytest.approx(across) == pytest.approx(1, rel=0.05)  # the square of the slope
    assert diagonal == pytest.approx(upright, rel=0.05)  # the border, which is repeated, counts a little


def test_the_torch_program_goes_from_coarse_to_fine(monkeypatch):
    torch = pytest.importorskip("torch")
    from benchmarks import torch_program

    assert torch_program.scales(384) == [136, 192, 272, 384]
    assert torch_program.scales(512) == [128, 181, 256, 362, 512]
    monkeypatch.setattr(torch_program, "SMALLEST", 32)
    shallow = dict(list(torch_program.STYLE_WEIGHTS.items())[:3])  # the roots of the deeper ones take long
    monkeypatch.setattr(torch_program, "STYLE_WEIGHTS", shallow)
    network = torch_program.Network(network_arrays(None), torch_program.LAYERS, "float32", repeat_border=True)
    content, style = (Image.open(painters.DATA / f"{name}.jpg").convert("RGB") for name in ("chelsea", "auvers"))

    def loss(image):
        with torch.no_grad():
            return torch_program.Loss(network, *(torch_program.at_size(each, 48) for each in (content, style)))(image)

    image = torch_program.paint(network, content, style, 48, 3)
    assert image.shape == (1, 3, 32, 48)
    assert image.min() >= 0 and image.max() <= 1
    assert loss(image) < 0.9 * loss(torch_program.at_size(content, 48))


def test_the_average_forgets():
    torch = pytest.importorskip("torch")
    from benchmarks.torch_program import Average

    average = Average(torch.tensor([1.0]))
    average.add(torch.tensor([0.0]))
    assert average.value.item() == pytest.approx(0.99 / 1.99)


def test_judges_like_best_what_is_identical(judges, photo, painting):
    same = judges(photo, photo, photo)
    assert [same[name] for name in LIKENESS] == pytest.approx([1, 1, 1], abs=1e-5)
    assert same["fine"] == same["border"] == same["rim"] == same["strokes"] == pytest.approx(1)
    assert same["scale"] == 1 and same["shift"] > 1000  # no distance at all, but for the picture that is moved
    other = judges(1 - photo, photo, painting)
    assert all(other[name] < 0.999 for name in LIKENESS)


def test_judges_see_dots_on_the_grid(judges, photo, painting):
    dotted = photo.copy()
    dotted[:, ::2, ::2] = np.clip(dotted[:, ::2, ::2] + 0.2, 0, 1)
    clean, dots = (judges(image, photo, painting) for image in (photo, dotted))
    assert clean["nyquist"] < 2 and dots["nyquist"] > 10 * clean["nyquist"]
    assert dots["dots"] > 2 * clean["dots"]
    stripes = 0.5 + 0.2 * np.cos(2 * np.pi / 2.25 * np.arange(64))  # fine, but not of the grid's period
    assert surface(np.broadcast_to(stripes[:, None], photo.shape), photo)["nyquist"] < 0.1


def test_judges_see_a_dark_rim(photo):
    dark = photo.copy()
    dark[:, :2] *= 0.5
    dark[:, -2:] *= 0.5
    assert surface(dark, photo)["rim"] < 0.9 < surface(photo, photo)["rim"]


def test_the_pace_is_a_line_that_later_runs_correct():
    pace = painters.Pace({10: 8.0, 60: 18.0})
    assert pace.iterations(30) == 120
    pace.runs[120] = 41.0  # slower than it seemed
    assert pace.iterations(80) == 250


def test_a_picture_that_took_too_long_is_painted_once_more(tmp_path, monkeypatch):
    def run(painter, iterations, picture):  # each iteration takes longer than the probes let expect
        asked.append(iterations)
        painter.pace.runs[iterations] = 5 + iterations * (0.5 if iterations > 30 else 0.25)
        return painter.pace.runs[iterations]

    asked = []
    monkeypatch.setattr(painters.Painter, "_run", run)
    painter = painters.Painter("nst", ("chelsea", "auvers"), 384, tmp_path)
    told = painter.paint(30, tmp_path)
    assert asked == [5, 30, 100, 51]
    assert (told["iterations"], told["seconds"]) == (51, 30.5)
    assert painter.paint(30, tmp_path) == told and len(asked) == 4  # what is there is kept


def test_sheets_tell_no_names_and_the_key_does(tmp_path):
    colours = {"nst": "#ff0000", "torch": "#00ff00", "a90d924": "#0000ff"}
    files = {name: tmp_path / f"{name}.png" for name in colours}
    for name, colour in colours.items():
        Image.new("RGB", (40, 30), colour).save(files[name])
    pictures = {("chelsea:auvers", seconds): files for seconds in (30, 80)}
    key = blind.make_sheets(pictures, tmp_path)
    assert len(key) == 6
    for name, who in key.items():
        file = tmp_path / "sheets" / f"{name}.jpg"
        assert not any(method.encode() in file.read_bytes() for method in colours)
        row = np.asarray(Image.open(file))[-blind.MARGIN - 10]
        for side, left in (("A", blind.MARGIN), ("B", 40 + 2 * blind.MARGIN)):
            shown = "#" + "".join(f"{round(value / 255) * 255:02x}" for value in row[left + 20])
            assert shown == colours[who[side]]
    assert blind.make_sheets(pictures, tmp_path) == key  # a second run leaves verdicts valid


def test_chance_decides_who_is_a(tmp_path):
    files = {name: tmp_path / f"{name}.png" for name in ("one", "other")}
    for file in files.values():
        Image.new("RGB", (4, 3)).save(file)
    key = blind.make_sheets({("chelsea:auvers", seconds): files for seconds in range(40)}, tmp_path)
    assert {who["A"] for who in key.values()} == set(files)
    assert [who["seconds"] for who in key.values()] != list(range(40))


def test_the_tally_unblinds():
    key = {
        "001": {"seconds": 30, "A": "torch", "B": "nst"},
        "002": {"seconds": 30, "A": "nst", "B": "torch"},
        "003": {"seconds": 80, "A": "nst", "B": "a90d924"},
    }
    judged = [{"001": "B", "002": "A", "003": "="}, {"001": "A", "003": "B"}]
    assert blind.tally(key, judged) == [
        {"methods": ["a90d924", "nst"], "seconds": 80, "preferred": [1, 0], "even": 1},
        {"methods": ["nst", "torch"], "seconds": 30, "preferred": [2, 1], "even": 0},
    ]
    with pytest.raises(SystemExit, match="no sheet 004"):
        blind.tally(key, [{"004": "A"}])


def test_verdicts_are_a_b_or_even(tmp_path):
    file = tmp_path / "me.json"
    file.write_text('{"001": "A", "002": "C"}')
    with pytest.raises(SystemExit, match="002 must be one of A, B, ="):
        blind.read_verdicts(file)


def test_what_ships_can_be_shown():
    names = {f"{'-'.join(pair.split(':'))}-{s}.jpg" for pair in quality.PAIRS.split(",") for s in (30, 80, 300)}
    known = json.loads((painters.TODAY / "today.json").read_text())
    assert set(known) == names == {file.name for file in painters.TODAY.glob("*.jpg")}
    for name in names:
        assert max(load_image(painters.TODAY / name).shape) == 384


def test_the_command_paints_judges_and_counts(tmp_path, monkeypatch, capsys):
    def command(painter, iterations, picture):  # a painter whose picture is the content and who takes no time
        content = load_image(painters.DATA / f"{painter.pair[0]}.jpg", painter.size)
        save_image(content if painter.method == "nst" else 1 - content, picture)
        return [sys.executable, "-c", ""]

    def run(*more):
        where = ["--output", str(tmp_path), "--size", "48", "--json", str(file)]
        monkeypatch.setattr(sys, "argv", ["quality", *where, *more])
        quality.main()
        return json.loads(file.read_text())

    file = tmp_path / "quality.json"
    monkeypatch.setattr(painters.Painter, "command", command)
    monkeypatch.setattr("benchmarks.judges.Judges", lambda: Judges(weights=None))
    methods = ["--methods", "nst,average-pooling,a90d924"]
    painted = run("--pairs", "coffee:auvers", "--seconds", "30", *methods)
    assert [each["method"] for each in painted["runs"]] == ["nst", "average-pooling"]
    assert painted["runs"][0]["judges"]["content"] == pytest.approx(1, abs=1e-3)
    assert "a90d924 has no picture of coffee:auvers" in painted["missing"][0]

    verdicts = tmp_path / "me.json"
    key = json.loads((tmp_path / "48px" / "key.json").read_text())
    verdicts.write_text(json.dumps({name: "A" if who["A"] == "nst" else "B" for name, who in key.items()}))
    (counted,) = run("--judge", str(verdicts))["tally"]
    assert counted == {"methods": ["average-pooling", "nst"], "seconds": 30, "preferred": [0, 1], "even": 0}
    assert "for the second" in capsys.readouterr().out
