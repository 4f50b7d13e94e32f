"""When a run ends by itself: what counts as a change, and where that is looked for."""

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import DATA

from nst_helpers import StyleTransfer
from nst_helpers.commands import cli, options
from nst_helpers.files.recipe import read_recipe
from nst_helpers.files.run_folder import RunFolder
from nst_helpers.machine import stillness
from nst_helpers.machine.stillness import FEWEST, STILL, visible_change, while_changing


def run_of(images, first=1):
    """Snapshots of a run with these images."""
    for iteration, image in enumerate(images, first):
        yield SimpleNamespace(iteration=iteration, image=image)


def blocks(noise, seed):
    return noise(4, 4, seed).repeat(8, axis=1).repeat(8, axis=2)


def approaching(n, noise):
    """Images that come ever nearer to one."""
    a, b = (blocks(noise, seed) for seed in (0, 1))
    return [b + i**-0.7 * (a - b) for i in range(1, n + 1)]


def test_run_ends_when_twice_the_iterations_have_changed_nothing_visible(noise):
    images = approaching(2000, noise)
    last = len(list(while_changing(run_of(images))))
    assert FEWEST < last < 500

    def change(a, b):
        return visible_change(images[a - 1], images[b - 1])

    check_before = round(last * 2**-0.25)
    assert change(last // 2, last) < STILL < change(check_before // 2, check_before)
    assert change(last, 3 * last) < STILL


def test_slow_drift_is_a_change(noise):
    """Of fifty iterations nothing can be seen, but by and by the picture becomes another one."""
    images = [blocks(noise, 0) * (0.9 - 0.04 * np.log2(i)) for i in range(1, 2001)]
    assert visible_change(images[1900], images[1950]) < 0.5
    assert len(list(while_changing(run_of(images)))) == 2000


def test_flicker_of_single_pixels_is_no_change(noise):
    gray = np.full((1, 32, 32, 3), 0.5)
    images = [gray + 0.02 * (noise(seed=seed) - 0.5) for seed in range(160)]
    assert FEWEST <= len(list(while_changing(run_of(images)))) < 1.2 * FEWEST


def test_iterations_at_smaller_sizes_do_not_count(noise):
    images = approaching(1000, noise)
    alone = len(list(while_changing(run_of(images))))
    assert len(list(while_changing(run_of([noise()] * 120 + images), before=120))) == 120 + alone


def test_resumed_run_has_to_double_its_iterations(noise):
    assert 200 < len(list(while_changing(run_of([noise()] * 1000, first=201)))) < 1.2 * 200 + 2


def test_steps_that_are_not_asked_for_are_not_made(noise):
    asked = []

    def steps():
        for snapshot in run_of([noise()] * 300):
            asked.append(snapshot.iteration)
            yield snapshot

    for snapshot in while_changing(steps()):
        assert asked[-1] == snapshot.iteration
    assert asked[-1] < 1.2 * FEWEST


@pytest.fixture
def soon(monkeypatch):
    """Lets any picture count as still after six iterations at its last size."""
    monkeypatch.setattr(stillness, "FEWEST", 6)
    monkeypatch.setattr(stillness, "CHECKS", 1)
    monkeypatch.setattr(stillness, "STILL", 256)


def test_run_in_python_ends_at_the_last_size_only(noise, soon):
    def run(**options):
        transfer = StyleTransfer(noise(40, 40), noise(seed=1), weights=None, scales={32: 5}, precision="float32")
        return transfer.run(20, progress=False, **options)

    assert run(until_still=True)[-1].iteration == 5 + 8
    assert run()[-1].iteration == 20


PICTURES = str(DATA / "summer_palace.jpg"), str(DATA / "great_wave.jpg")
FAST = ("--content-layer", "block1_conv2", "--style-layers", "block1_conv1", "--size", "32", "--precision", "float32")


@pytest.fixture
def nst(weights, nst):
    """The command, where there are weights."""
    return nst


def test_command_ends_says_when_and_the_recipe_makes_the_picture_again(nst, soon):
    code, said = nst(*PICTURES, *FAST, "--until-still", "--snapshot-every", 2, "-o", "out.png")
    assert code == cli.DONE
    assert "out.png: 8 iterations" in said and "after that nothing visible would change" in said
    assert read_recipe("out.png").iterations == 8
    code, said = nst("reproduce", "out.png", "--content", PICTURES[0], "--style", PICTURES[1])
    assert code == cli.DONE and "bit-identical" in said
    assert RunFolder.open("runs").recipe.iterations == 8  # the run is at its end


def test_run_that_ended_goes_on_when_asked(nst, soon):
    assert nst(*PICTURES, *FAST, "--until-still", "--snapshot-every", 2, "--quiet")[0] == cli.DONE
    code, said = nst("--resume", "runs", "--until-still", "-o", "more.png")
    assert (
        code == cli.DONE and "more.png: 32 iterations" in said
    )  # twice as many as at 16, from which on there is an image
    assert nst("--resume", "runs", "--iterations", 33, "--quiet", "-o", "more.png")[0] == cli.DONE
    assert read_recipe("more.png").iterations == 33


def test_command_says_if_the_picture_is_not_still_yet(nst):
    code, said = nst(*PICTURES, *FAST, "--until-still", "--iterations", 3)
    assert code == cli.DONE and "3 iterations" in said and "it still changes visibly" in said


def test_smaller_sizes_have_the_usual_iterations(nst, soon, monkeypatch):
    monkeypatch.setattr(options, "ITERATIONS", 4)
    size = ("--size", 184, *FAST[:4], *FAST[6:])
    assert nst(*PICTURES, *size, "--until-still", "--quiet", "-o", "out.png")[0] == cli.DONE
    recipe = read_recipe("out.png")
    assert (recipe.settings.scales, recipe.iterations) == ({130: 2}, 10)
