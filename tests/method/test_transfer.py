"""The loop: its losses are the right ones, it goes where it should, and it goes on exactly where it stopped."""

import dataclasses
import inspect
import signal
import threading
from itertools import pairwise

import independent
import numpy as np
import pytest
import tensorflow as tf
from conftest import compilations

from nst_helpers import optimizers
from nst_helpers.errors import Diverged, InputError
from nst_helpers.inputs import shrunk
from nst_helpers.losses import LEAST_VARIANCE, style_unit
from nst_helpers.settings import DEFAULTS, Settings
from nst_helpers.transfer import Snapshot, StyleTransfer
from nst_helpers.vgg import AVERAGE_GAIN, MEAN_ACTIVATION

SHALLOW = {
    "content_layers": "block2_conv1",
    "style_layers": ("block1_conv1", "block2_conv1"),
    "weights": None,
    "precision": "float32",
}


@pytest.fixture
def shallow(noise):
    """A function that makes a transfer between random images on the first layers of an untrained network: fast."""
    return lambda **changes: StyleTransfer(noise(20, 24, 0), noise(18, 16, 1), **SHALLOW | changes)


@pytest.fixture(scope="module")
def real(weights, photo, painting):
    """A function that makes a transfer between the shipped pictures, on the real network."""
    return lambda **changes: StyleTransfer(photo, painting, **{"weights": weights, "precision": "float32"} | changes)


def transfer_weights(transfer):
    """The weights as the compiled step takes them."""
    s = transfer.settings
    return tf.constant([s.alpha, s.beta, s.gamma]), tf.constant(list(s.style_layers.values()))


def last(transfer, n):
    return transfer.run(n, progress=False)[-1]


def same(a, b):
    return np.array_equal(a.image, b.image) and a.losses == b.losses and a.iteration == b.iteration


# The losses


@pytest.mark.parametrize(
    "changes", [{}, {"style_distance": "squared"}, {"pooling": "avg"}, {"reduction": "sum", "pooling": "avg"}]
)
def test_losses_equal_those_of_plain_numpy(real, weights, photo, painting, changes):
    transfer = real(style_layers={"block1_conv1": 2.0, "block3_conv1": 0.5, "block5_conv1": 1.0}, **changes)
    snapshot = last(transfer, 3)
    tables = MEAN_ACTIVATION, style_unit, AVERAGE_GAIN, LEAST_VARIANCE
    expected = independent.losses(weights, photo, painting, transfer.image.numpy(), transfer.settings, *tables)
    found = {**vars(snapshot.losses), **snapshot.losses.style_layers}
    tolerance = 1e-4 if transfer.settings.style_distance == "squared" else 2e-3  # float32 roots of tiny variances
    assert {name: found[name] for name in expected} == {
        name: pytest.approx(v, rel=tolerance) for name, v in expected.items()
    }


@pytest.mark.parametrize("weights", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.5, 300, 7)])
def test_total_is_the_weighted_sum(shallow, weights):
    losses = last(shallow(**dict(zip(("alpha", "beta", "gamma"), weights, strict=True))), 2).losses
    assert losses.total == pytest.approx(np.dot(weights, (losses.content, losses.style, losses.tv)), rel=1e-5)
    assert losses.style == pytest.approx(sum(losses.style_layers.values()), rel=1e-5)


def test_content_loss_starts_at_zero_from_the_content(shallow):
    losses = shallow().snapshot.losses
    assert losses.content == 0
    assert min(losses.style, losses.tv) > 0


@pytest.mark.parametrize(("distance", "tolerance"), [("squared", 1e-9), ("wasserstein", 5e-6)])
def test_style_loss_starts_at_zero_from_the_style(noise, distance, tolerance):
    style = noise(20, 24, 1)
    run = StyleTransfer(noise(20, 24, 0), style, init="style", style_distance=distance, **SHALLOW)
    losses = run.snapshot.losses
    assert losses.style == pytest.approx(0, abs=tolerance)
    assert losses.content > 0


# The weights


@pytest.fixture(scope="module")
def ends(real):
    """The losses after a few steps with each of the weights raised, and with none."""
    transfer = real()
    start, losses = transfer.state(), {}
    for name in ("none", "alpha", "beta", "gamma"):
        transfer.restore(start)
        before = getattr(transfer, name, None)
        if before is not None:
            setattr(transfer, name, before * 30)
        losses[name] = last(transfer, 10).losses
        if before is not None:
            setattr(transfer, name, before)
    return losses


@pytest.mark.parametrize(("weight", "loss"), [("alpha", "content"), ("beta", "style"), ("gamma", "tv")])
def test_each_weight_lowers_its_own_loss(ends, weight, loss):
    assert getattr(ends[weight], loss) < 0.95 * getattr(ends["none"], loss)
    others = {"content", "style", "tv"} - {loss}
    assert any(getattr(ends[weight], other) > getattr(ends["none"], other) for other in others)


def test_changing_weights_compiles_nothing_anew(shallow):
    transfer = shallow()
    last(transfer, 2)
    before = compilations(transfer.objective)
    for changes in ({"alpha": 3}, {"beta": 0.5, "gamma": 2}, {"learning_rate": 0.01}):
        for name, value in changes.items():
            setattr(transfer, name, value)
        last(transfer, 2)
    transfer.style_layers = {"block1_conv1": 0.25, "block2_conv1": 4}
    last(transfer, 1)
    assert compilations(transfer.objective) == before


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_changed_weights_take_effect_at_once(shallow, optimizer):
    transfer = shallow(optimizer=optimizer)
    before = last(transfer, 3)
    transfer.alpha, transfer.beta, transfer.gamma = 5, 20, 30
    losses = transfer.snapshot.losses
    assert np.array_equal(transfer.snapshot.image, before.image)
    assert losses.content == before.losses.content
    assert losses.total == pytest.approx(5 * losses.content + 20 * losses.style + 30 * losses.tv, rel=1e-5)
    assert last(transfer, 10).losses.total < losses.total


def test_changed_layer_weights_take_effect_at_once(shallow):
    transfer = shallow()
    transfer.style_layers = {"block1_conv1": 0, "block2_conv1": 3}
    losses = transfer.snapshot.losses
    assert losses.style == pytest.approx(3 * losses.style_layers["block2_conv1"], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "value"), [("alpha", -1), ("beta", float("nan")), ("learning_rate", 0), ("style_layers", ["block1_conv1"])]
)
def test_bad_change_is_refused_and_changes_nothing(shallow, name, value):
    transfer = shallow()
    before = transfer.settings
    with pytest.raises(InputError):
        setattr(transfer, name, value)
    assert transfer.settings == before


# The way down


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"schedule": "constant"},
        {"optimizer": "lbfgs"},
        {"optimizer": "lbfgs", "reduction": "sum"},
        {"reduction": "sum"},
    ],
)
def test_loss_falls(real, changes):
    transfer = real(**changes)
    first, *_, end = [transfer.snapshot, *transfer.steps(12)]
    assert end.losses.total < 0.6 * first.losses.total
    assert end.image.dtype == np.float32
    assert 0 <= end.image.min() < end.image.max() <= 1


@pytest.mark.parametrize("rate", [0.001, 0.02])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_learning_rate_bounds_the_first_step(shallow, optimizer, rate):
    transfer = shallow(optimizer=optimizer, learning_rate=rate)
    start = transfer.snapshot.image
    step = last(transfer, 1).image - start
    assert 0.1 * rate < np.sqrt(np.mean(step**2)) < 1.01 * rate


def test_a_constant_schedule_is_adam_as_published(shallow):
    transfer = shallow(schedule="constant")
    images, mean, square = [transfer.image.numpy()], 0, 0
    for k, snapshot in enumerate(transfer.steps(4), 1):
        gradient = np.float64(transfer.objective.evaluate(tf.constant(images[-1]), *transfer_weights(transfer))[1])
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        step = mean / (1 - 0.9**k) / np.sqrt(square / (1 - 0.999**k))
        expected = np.clip(images[-1] - transfer.learning_rate * step, 0, 1)
        np.testing.assert_allclose(snapshot.image, expected, atol=1e-4)
        images.append(snapshot.image)


def test_the_usual_schedule_asks_ever_more_gradients_for_ever_shorter_steps():
    rates, betas, *_ = zip(*map(optimizers.decay, range(1, 400)), strict=True)
    assert rates[0] == 1 and all(a > b for a, b in pairwise(rates))
    assert betas[0] == pytest.approx(0.9, abs=0.01) and betas[-1] == 0.97 and sorted(betas) == list(betas)


def test_half_of_a_usual_step_is_the_mean_of_its_neighbourhood():
    gradient = np.random.default_rng(0).normal(size=(5, 4))
    steps = gradient / (np.abs(gradient) + np.abs(gradient).mean())
    beyond = np.pad(steps, 1, constant_values=np.nan)  # a border has fewer neighbours
    means = [np.nanmean(beyond[y : y + 3, x : x + 3]) for y, x in np.ndindex(steps.shape)]
    colours = np.float32(gradient[None, ..., None].repeat(3, axis=-1))
    moved = optimizers.Adam(0.2).update(tf.fill(colours.shape, 0.5), 1.0, tf.constant(colours))
    expected = 0.5 - 0.2 * (steps + np.reshape(means, steps.shape)) / 2
    np.testing.assert_allclose(moved[0], expected[..., None].repeat(3, axis=-1), atol=1e-6)


def test_the_usual_schedule_takes_ever_shorter_steps(shallow):
    images = [s.image for s in shallow(alpha=0, beta=0, gamma=1).steps(30)]
    steps = [np.abs(b - a).max() for a, b in pairwise(images)]
    assert steps[-1] < 0.8 * steps[0]


@pytest.mark.parametrize(("precision", "tolerance"), [("bfloat16", 0.02), ("float16", 0.005)])
def test_half_precision_goes_the_same_way(real, precision, tolerance):
    exact, rough = (last(real(precision=each, learning_rate=0.1), 6) for each in ("float32", precision))
    assert 0 < np.abs(exact.image - rough.image).mean() < tolerance
    assert rough.losses.total == pytest.approx(exact.losses.total, rel=0.05)


def test_image_of_the_settings_size_whatever_the_style(noise):
    transfer = StyleTransfer(noise(17, 40), noise(50, 16, 1), **SHALLOW)
    assert last(transfer, 1).image.shape == (1, 17, 40, 3)


# Exact repeats


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_same_seed_same_picture(shallow, optimizer):
    one, two, other = (last(shallow(init="noise", optimizer=optimizer, seed=seed), 5) for seed in (1, 1, 2))
    assert same(one, two)
    assert not np.array_equal(one.image, other.image)


def test_steps_add_up(shallow):
    parts, whole = shallow(), shallow()
    last(parts, 5)
    assert same(last(parts, 5), last(whole, 10))


@pytest.mark.parametrize("changes", [{}, {"schedule": "constant"}, {"optimizer": "lbfgs"}])
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_restored_run_ends_as_the_uninterrupted_one(shallow, monkeypatch, changes, stop):
    monkeypatch.setattr(optimizers, "LBFGS_MEMORY", 3)
    whole = last(shallow(**changes), 10)
    stopped = shallow(**changes)
    last(stopped, stop)
    state = {name: np.copy(value) for name, value in stopped.state().items()}
    resumed = shallow(**changes)
    resumed.restore(state)
    assert resumed.iteration == stop
    assert same(last(resumed, 10 - resumed.iteration), whole)


def test_restored_at_the_start(shallow):
    transfer = shallow()
    start = transfer.state()
    first = last(transfer, 4)
    transfer.restore(start)
    assert same(last(transfer, 4), first)


# Divergence


def breaking(transfer, monkeypatch, times):
    """Let the next evaluations after the present image's find a loss that is not a number."""
    transfer.snapshot  # noqa: B018
    evaluate, left = transfer.objective.evaluate, [times]

    def broken(*arguments):
        values, gradient = evaluate(*arguments)
        left[0] -= 1
        return (values * np.nan if left[0] >= 0 else values), gradient

    monkeypatch.setattr(transfer.objective, "evaluate", broken)


@pytest.mark.parametrize("changes", [{}, {"schedule": "constant"}, {"optimizer": "lbfgs"}])
def test_a_step_to_no_number_is_tried_again_at_half_the_rate(shallow, monkeypatch, changes):
    transfer, slower = shallow(**changes), shallow(**changes)
    last(transfer, 3), last(slower, 3)
    slower._optimizer.learning_rate /= 4
    breaking(transfer, monkeypatch, 2)
    with pytest.warns(UserWarning, match="iteration 4 diverged: .* not a finite number") as warned:
        snapshot = last(transfer, 1)
    assert len(warned) == 2
    assert same(snapshot, last(slower, 1))


def test_a_gradient_that_is_no_number_counts_as_well(shallow, monkeypatch):
    transfer = shallow()
    transfer.snapshot  # noqa: B018
    evaluate = transfer.objective.evaluate
    monkeypatch.setattr(transfer.objective, "evaluate", lambda *a: (evaluate(*a)[0], tf.constant(np.inf)))
    with pytest.warns(UserWarning, match="not a finite number"):
        assert last(transfer, 1).iteration == 0


def test_a_saturated_picture_is_taken_back(shallow):
    transfer = shallow(learning_rate=1.0, schedule="constant")
    with pytest.warns(UserWarning, match=r"iteration 1 diverged: \d+% of its values .* at the rate 0.5"):
        image = last(transfer, 5).image
    assert np.mean((image == 0) | (image == 1)) < 0.5


def test_pictures_in_black_and_white_are_no_divergence(noise, recwarn):
    transfer = StyleTransfer(np.round(noise()), np.round(noise(seed=1)), **SHALLOW)
    last(transfer, 3)
    assert not recwarn.list


def test_what_diverges_at_any_rate_stops_with_the_last_good_picture(shallow, monkeypatch):
    transfer = shallow()
    good = last(transfer, 3)
    breaking(transfer, monkeypatch, 10**6)
    with pytest.warns(UserWarning), pytest.raises(Diverged, match="iteration 4 diverges at any learning rate"):
        next(transfer.steps(1))
    assert same(transfer.snapshot, good)
    with pytest.warns(UserWarning, match="iteration 3 is kept"):
        assert same(last(transfer, 5), good)


def test_a_halved_rate_outlasts_an_interruption(shallow, monkeypatch):
    whole, resumed = shallow(), shallow()
    last(whole, 2)
    breaking(whole, monkeypatch, 1)
    with pytest.warns(UserWarning):
        last(whole, 1)
    resumed.restore(whole.state())
    assert same(last(resumed, 3), last(whole, 3))


def test_weights_too_large_for_any_step_are_refused(shallow, monkeypatch):
    transfer = shallow()
    monkeypatch.setattr(transfer.objective, "evaluate", lambda *_: (tf.constant([np.inf] * 6), transfer.image))
    with pytest.raises(InputError, match="lower the weights"):
        next(transfer.steps(1))


# run()


@pytest.mark.parametrize(
    ("snapshots", "kept"), [((), [7]), ((2, 5), [2, 5, 7]), ((2, 7), [2, 7]), (3, [3, 6, 7]), (7, [7]), (100, [7])]
)
def test_snapshots_kept(shallow, snapshots, kept):
    found = shallow().run(7, snapshots=snapshots, progress=False)
    assert [snapshot.iteration for snapshot in found] == kept
    assert all(isinstance(snapshot, Snapshot) for snapshot in found)


def test_snapshots_are_counted_from_the_start_of_the_run(shallow):
    transfer = shallow()
    last(transfer, 3)
    assert [snapshot.iteration for snapshot in transfer.run(4, snapshots=[2, 5], progress=False)] == [5, 7]


def test_snapshots_do_not_change_afterwards(shallow):
    transfer = shallow()
    snapshot = transfer.snapshot
    before = snapshot.image.copy()
    last(transfer, 2)
    assert np.array_equal(snapshot.image, before)
    with pytest.raises(AttributeError):
        snapshot.iteration = 5


def test_each_sees_every_step(shallow):
    seen = []
    shallow().run(4, progress=False, each=lambda snapshot: seen.append(snapshot.iteration))
    assert seen == [1, 2, 3, 4]


def test_progress_is_told_or_not(shallow, capsys):
    transfer = shallow()
    transfer.run(2, progress=False)
    assert capsys.readouterr() == ("", "")
    transfer.run(2)
    assert "iteration 4 of 4" in (told := capsys.readouterr().err)
    assert "total" in told


def test_interrupt_ends_the_run_after_the_step(shallow):
    handler = signal.getsignal(signal.SIGINT)
    interrupt = {3: lambda: signal.raise_signal(signal.SIGINT)}
    kept = shallow().run(10, progress=False, each=lambda s: interrupt.get(s.iteration, int)())
    assert [snapshot.iteration for snapshot in kept] == [3]
    assert signal.getsignal(signal.SIGINT) is handler


def test_second_interrupt_is_not_held_back(shallow):
    transfer = shallow()
    with pytest.raises(KeyboardInterrupt):
        transfer.run(10, progress=False, each=lambda s: [signal.raise_signal(signal.SIGINT) for _ in range(2)])
    assert transfer.iteration == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_run_in_a_thread(shallow):
    transfer, kept = shallow(), []
    thread = threading.Thread(target=lambda: kept.extend(transfer.run(2, progress=False)))
    thread.start()
    thread.join()
    assert [snapshot.iteration for snapshot in kept] == [2]


# Where the image starts, and what is no image


@pytest.mark.parametrize("init", ["content", "noise", "style", "array"])
def test_init(shallow, noise, init):
    start = shallow(init=noise(20, 24, 5) if init == "array" else init).snapshot.image
    assert start.shape == (1, 20, 24, 3)
    assert 0 <= start.min() < start.max() <= 1
    expected = {"content": noise(20, 24, 0), "array": noise(20, 24, 5)}
    if init in expected:
        assert np.array_equal(start, expected[init])
    if init == "style":
        assert start.mean() == pytest.approx(noise(18, 16, 1).mean(), abs=0.05)


def test_noise_is_uniform(noise):
    start = StyleTransfer(noise(64, 64), noise(), init="noise", **SHALLOW).snapshot.image
    np.testing.assert_allclose(np.histogram(start, 4, (0, 1))[0] / start.size, 0.25, atol=0.02)


BAD_IMAGES = {
    "0..255": lambda good: good * 255,
    "negative": lambda good: good - 0.5,
    "NaN": lambda good: np.where(good > 0.9, np.nan, good),
    "infinite": lambda good: np.where(good > 0.9, np.inf, good),
    "no batch": lambda good: good[0],
    "two": lambda good: np.concatenate([good, good]),
    "gray": lambda good: good[..., :1],
    "empty": lambda good: good[:, :0],
    "alpha": lambda good: np.concatenate([good, good[..., :1]], -1),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
@pytest.mark.parametrize("which", ["content", "style", "initial"])
def test_bad_image_is_refused(noise, which, kind):
    images = {"content": noise(), "style": noise(), "initial": noise()}
    images[which] = BAD_IMAGES[kind](images[which])
    with pytest.raises(InputError, match="image"):
        StyleTransfer(images["content"], images["style"], init=images["initial"], **SHALLOW)


def test_init_needs_the_image_itself(shallow):
    with pytest.raises(InputError, match="give the image itself"):
        shallow(init="image")


@pytest.mark.parametrize("kind", [iter, range, list, np.int64])
def test_snapshots_are_kept_whatever_names_them(shallow, kind):
    wanted = {iter: iter([2, 4]), range: range(2, 5, 2), list: [2, 4], np.int64: np.int64(2)}[kind]
    assert [s.iteration for s in shallow().run(4, snapshots=wanted, progress=False)] == [2, 4]


def test_the_name_of_a_file_is_no_image(noise):
    with pytest.raises(InputError, match="content image must be an array, not 'photo'; load_image"):
        StyleTransfer("photo", noise(), **SHALLOW)


def test_no_style_is_refused_in_a_sentence(noise):
    with pytest.raises(InputError, match=r"^the list of style images is empty; give at least one\.$"):
        StyleTransfer(noise(), [], **SHALLOW)


@pytest.mark.parametrize("which", ["content", "style"])
def test_image_too_small_is_refused(noise, which):
    images = {"content": noise(), "style": noise()} | {which: noise(1, 32)}
    with pytest.raises(InputError, match=f"the {which} image has 32×1 pixels"):
        StyleTransfer(**images, **SHALLOW)


def test_initial_image_of_another_shape_is_refused(shallow, noise):
    with pytest.raises(InputError, match="content's shape"):
        shallow(init=noise(24, 20))


def test_state_of_another_image_is_refused(shallow, noise):
    other = StyleTransfer(noise(24, 20), noise(18, 16), **SHALLOW)
    with pytest.raises(InputError, match="another shape"):
        shallow().restore(other.state())


# Coarse to fine

SCALES = {24: 3, 34: 2}


@pytest.fixture
def growing(noise):
    """A function that makes a run that begins at smaller sizes, between random images."""
    return lambda **changes: StyleTransfer(noise(40, 48, 0), noise(36, 32, 1), **SHALLOW | {"scales": SCALES} | changes)


def test_each_size_has_its_iterations(growing):
    transfer = growing()
    sizes, shapes = zip(*((s.size, transfer.image.shape[1:3]) for s in transfer.steps(8)), strict=True)
    assert sizes == (24, 24, 24, 34, 34, 48, 48, 48)
    assert [tuple(shape) for shape in shapes[2:6]] == [(20, 24), (28, 34), (28, 34), (40, 48)]


def test_every_snapshot_has_the_contents_shape(growing):
    assert {s.image.shape for s in growing().steps(8)} == {(1, 40, 48, 3)}


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("stop", [1, 3, 4, 5, 7])
def test_a_run_resumed_at_any_size_ends_as_the_uninterrupted_one(growing, optimizer, stop):
    whole = last(growing(optimizer=optimizer), 9)
    stopped = growing(optimizer=optimizer)
    last(stopped, stop)
    resumed = growing(optimizer=optimizer)
    resumed.restore(stopped.state())
    assert same(last(resumed, 9 - stop), whole)


def test_back_to_the_smallest_size_compiles_nothing_anew(growing):
    transfer = growing()
    start, first = transfer.state(), last(transfer, 8)
    objectives = dict(transfer._objectives)
    compiled = list(map(compilations, objectives.values()))
    transfer.restore(start)
    assert same(last(transfer, 8), first)
    assert transfer._objectives == objectives and len(objectives) == 3
    assert list(map(compilations, objectives.values())) == compiled


def test_the_last_size_has_the_losses_of_a_run_at_that_size_alone(growing):
    transfer = growing()
    end = last(transfer, 6)
    alone = growing(init=end.image, scales={})
    assert alone.snapshot.losses == end.losses


def test_a_smaller_size_has_both_pictures_scaled_down(growing, noise):
    pictures = (noise(40, 48, 0), (20, 24)), (noise(36, 32, 1), (18, 16))
    small = [tf.image.resize(each, shape, "lanczos3", antialias=True) for each, shape in pictures]
    expected = StyleTransfer(*(np.clip(each, 0, 1) for each in small), **SHALLOW).snapshot.losses
    assert growing().snapshot.losses == expected


@pytest.mark.parametrize("init", ["content", "noise", "style", "array"])
def test_a_run_begins_at_the_smallest_size_from_any_start(growing, noise, init):
    given = noise(40, 48, 7) if init == "array" else init
    image = growing(init=given).image
    assert image.shape == (1, 20, 24, 3)
    expected = {
        "content": shrunk(noise(40, 48, 0), image.shape),
        "noise": np.random.default_rng(0).random(image.shape, np.float32),  # not averaged to gray
        "style": tf.clip_by_value(tf.image.resize(noise(36, 32, 1), (20, 24), antialias=True), 0, 1),
        "array": shrunk(noise(40, 48, 7), image.shape),
    }
    np.testing.assert_allclose(image, expected[init], atol=1e-6)


def test_a_smaller_size_is_large_enough_for_the_layers(noise):
    transfer = StyleTransfer(noise(16, 96), noise(64, 16, 1), weights=None, scales={24: 1})
    assert transfer.image.shape == (1, 16, 96, 3)
    assert last(transfer, 2).image.shape == (1, 16, 96, 3)


def test_a_halved_rate_is_carried_to_the_next_size(growing, monkeypatch):
    transfer = growing()
    breaking(transfer, monkeypatch, 1)
    with pytest.warns(UserWarning):
        last(transfer, 4)
    assert transfer._optimizer.learning_rate == transfer.settings.learning_rate / 2


def test_weights_changed_on_the_way_hold_at_the_next_size(growing):
    transfer = growing()
    last(transfer, 2)
    transfer.beta = 7
    losses = last(transfer, 3).losses
    assert losses.total == pytest.approx(losses.content + 7 * losses.style + 10 * losses.tv, rel=1e-5)


@pytest.mark.parametrize("scales", [{24: 3}, {90: 3}])
def test_sizes_that_are_not_smaller_are_refused(noise, scales):
    with pytest.raises(InputError, match="smaller than the content"):
        StyleTransfer(noise(20, 24), noise(18, 16, 1), scales=scales, **SHALLOW)


@pytest.mark.parametrize(
    ("done", "n", "work"),
    [(0, 3, 3 / 4), (0, 5, 3 / 4 + 2 * 28 * 34 / 1920), (2, 2, 1 / 4 + 28 * 34 / 1920), (5, 4, 4)],
)
def test_work_counts_pixels(growing, done, n, work):
    transfer = growing()
    if done:
        last(transfer, done)
    assert transfer.work(n) == pytest.approx(work)


def test_the_bar_says_which_size_it_is_at(growing, capsys):
    growing().run(4)
    told = capsys.readouterr().err
    assert "iteration 4 of 4, 34 px" in told and "100%" in told


def test_the_picture_is_the_average_of_the_iterates_of_its_size(noise):
    transfer = StyleTransfer(noise(32, 40), noise(36, 36, 1), scales={32: 2}, **SHALLOW)
    iterates, share, average = [], 0.95, None
    for step, snapshot in enumerate(transfer.steps(6)):
        if step in (0, 2):
            iterates = []  # begun anew at each size
        iterates.append(transfer.image.numpy())
        weights = share ** np.arange(len(iterates))[::-1]
        average = np.tensordot(weights / weights.sum(), np.stack(iterates), 1)
        if step >= 2:
            np.testing.assert_allclose(snapshot.image, average, atol=1e-5)
    assert np.abs(snapshot.image - iterates[-1]).max() > 1e-3


@pytest.mark.parametrize("options", [{"schedule": "constant"}, {"optimizer": "lbfgs"}])
def test_other_optimizers_average_nothing(noise, options):
    transfer = StyleTransfer(noise(32, 40), noise(36, 36, 1), **SHALLOW | options)
    for snapshot in transfer.steps(3):
        np.testing.assert_array_equal(snapshot.image, transfer.image)


def test_help_names_every_setting():
    shown = inspect.signature(StyleTransfer).parameters
    assert {field.name for field in dataclasses.fields(Settings)} <= set(shown)
    assert shown["beta"].default == DEFAULTS.beta
