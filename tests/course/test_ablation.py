"""Ablation on an untrained network and tiny pictures: the right part is left out, everything else stays."""

import numpy as np
import pytest

from nst_helpers import InputError, StyleTransfer
from nst_helpers.course.ablation import TERMS, ablate

LAYERS = {"block1_conv1": 2.0, "block2_conv1": 3.0}


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    return random.random((1, 24, 32, 3), np.float32), random.random((1, 20, 20, 3), np.float32)


def transfer(pictures, **options):
    options = {"content_layers": "block2_conv1", "style_layers": LAYERS, "beta": 100, **options}
    return StyleTransfer(*pictures, weights=None, precision="float32", **options)


@pytest.fixture(scope="module")
def run(pictures):
    return transfer(pictures)


@pytest.fixture(scope="module")
def ablation(run):
    return ablate(run, 4, progress=False)


def test_every_term_and_every_layer_is_left_out_once(ablation):
    assert list(ablation.without) == [*TERMS, *LAYERS]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("content", {"alpha": 0}),
        ("style", {"beta": 0}),
        ("total variation", {"gamma": 0}),
        ("block1_conv1", {"style_layers": {"block1_conv1": 0, "block2_conv1": 3}}),
    ],
)
def test_a_part_is_left_out_as_if_it_had_never_been_there(pictures, ablation, part, change):
    by_hand = transfer(pictures, **change).run(4, progress=False)[-1]
    np.testing.assert_allclose(ablation.without[part].image, by_hand.image, atol=1e-5)


def test_losses_are_those_under_the_full_weights(run, ablation):
    for snapshot in [ablation.full, *ablation.without.values()]:
        losses = snapshot.losses
        style = sum(LAYERS[layer] * term for layer, term in losses.style_layers.items())
        assert losses.style == pytest.approx(style, rel=1e-5)
        assert losses.total == pytest.approx(losses.content + 100 * losses.style + 10 * losses.tv, rel=1e-5)


def test_the_transfer_stands_where_it_stood(run, ablation):
    assert run.iteration == 0
    np.testing.assert_array_equal(run.image, ablation.start.image)
    assert (run.alpha, run.beta, run.gamma, run.style_layers) == (1, 100, 10, LAYERS)
    assert run.snapshot.losses == ablation.start.losses


def test_it_starts_in_the_middle_of_a_run_as_well(pictures):
    run = transfer(pictures)
    run.run(3, progress=False)
    there = run.image.numpy()
    middle = ablate(run, 2, progress=False)
    assert (middle.start.iteration, middle.full.iteration, run.iteration) == (3, 5, 3)
    np.testing.assert_array_equal(run.image, there)
    np.testing.assert_allclose(run.run(2, progress=False)[-1].image, middle.full.image, atol=1e-6)


def test_an_interrupted_ablation_leaves_the_transfer_whole(pictures, monkeypatch):
    run = transfer(pictures)
    monkeypatch.setattr(run, "steps", lambda n: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        ablate(run, 2, progress=False)
    assert (run.alpha, run.iteration) == (1, 0)


def test_each_part_makes_a_difference(ablation):
    for part, snapshot in ablation.without.items():
        apart = snapshot.image - ablation.full.image
        assert ablation.changed()[part] == pytest.approx(np.sqrt(np.square(apart).mean()), rel=1e-4)
        np.testing.assert_allclose(ablation.difference(part), np.abs(apart[0]).sum(-1) / 3, atol=1e-6)
        assert ablation.changed()[part] > 0
    assert ablation.without["style"].losses.style > ablation.full.losses.style
    assert ablation.without["total variation"].losses.tv > ablation.full.losses.tv


def test_the_strip_shows_pictures_above_and_differences_below(ablation):
    shown = [ax for ax in ablation.strip(["style", "block1_conv1"]).axes if ax.get_images()]
    titles = [ax.get_title() for ax in shown]
    assert titles[:4] == ["all together", "without\nstyle", "without\nblock1_conv1", "the start"]
    assert titles[4] == f"style:\nchanged by {100 * ablation.changed()['style']:.0f} %"
    np.testing.assert_allclose(shown[1].get_images()[0].get_array(), ablation.without["style"].image[0], atol=1e-6)
    below = np.asarray(shown[5].get_images()[0].get_array())[..., 0]
    apart = ablation.difference("block1_conv1")
    assert np.corrcoef(below.ravel(), apart.ravel())[0, 1] > 0.9
    assert len([ax for ax in ablation.strip().axes if ax.get_images()]) == 2 * (1 + len(ablation.without))


def test_what_weighs_nothing_is_not_left_out(pictures):
    assert list(ablate(transfer(pictures, alpha=0), 1, progress=False).without) == ["style", "total variation", *LAYERS]
    one_layer = transfer(pictures, style_layers={"block1_conv1": 1, "block2_conv1": 0}, gamma=0)
    assert list(ablate(one_layer, 1, progress=False).without) == ["content", "style"]


def test_nothing_to_leave_out_is_refused(pictures):
    with pytest.raises(InputError, match="only one part"):
        ablate(transfer(pictures, alpha=0, gamma=0, style_layers=["block1_conv1"]), 1)
    with pytest.raises(InputError, match="n must be"):
        ablate(transfer(pictures), 0)
