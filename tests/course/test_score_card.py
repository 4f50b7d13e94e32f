"""The score card says what it claims to, on pictures whose scores are known beforehand."""

import numpy as np
import pytest
from matplotlib.offsetbox import AnnotationBbox

from nst_helpers.course.score_card import (
    HELD_OUT_LAYERS,
    SSIM_C1,
    SSIM_C2,
    ScoreCard,
    Scores,
    palette_distance,
    pareto_front,
    show_pareto,
    structural_similarity,
    to_lab,
)
from nst_helpers.errors import InputError
from nst_helpers.layers import CONTENT_LAYER, STYLE_LAYERS


def plain(*colour, side=24):
    return np.full((1, side, side, 3), colour, np.float32)


def gray(plane):
    return np.float32(plane)[None, ..., None].repeat(3, axis=-1)


def by_definition(a, b, at, radius=5):
    """SSIM at one place, by weighted sums over an 11 × 11 window of the gray pictures a and b `[H, W]`."""
    d = np.arange(-radius, radius + 1)
    window = np.exp(-(d[:, None] ** 2 + d**2) / (2 * 1.5**2))
    window /= window.sum()
    x, y = (each[at[0] - radius :][: 2 * radius + 1, at[1] - radius :][:, : 2 * radius + 1] for each in (a, b))
    mx, my = (window * x).sum(), (window * y).sum()
    vx, vy, c = (window * (x - mx) ** 2).sum(), (window * (y - my) ** 2).sum(), (window * (x - mx) * (y - my)).sum()
    return (2 * mx * my + SSIM_C1) * (2 * c + SSIM_C2) / (mx**2 + my**2 + SSIM_C1) / (vx + vy + SSIM_C2)


class TestStructure:
    def test_a_picture_is_wholly_like_itself(self, photo):
        assert structural_similarity(photo, photo) == pytest.approx(1)

    def test_plain_pictures_differ_in_light_alone(self):
        expected = (2 * 0.2 * 0.6 + SSIM_C1) / (0.2**2 + 0.6**2 + SSIM_C1)
        assert structural_similarity(plain(0.2), plain(0.6)) == pytest.approx(expected, rel=1e-4)

    def test_it_is_the_definition_on_a_tile_that_repeats(self, noise):
        tile, other = (noise(16, 16, seed)[0, ..., 0].astype(np.float64) for seed in (1, 2))
        a, b = (np.tile(np.block([[t, t[:, ::-1]], [t[::-1], t[::-1, ::-1]]]), (2, 2)) for t in (tile, other))
        places = [by_definition(a, b, (y, x)) for y in range(16, 48) for x in range(16, 48)]  # one whole period
        assert structural_similarity(gray(a), gray(b)) == pytest.approx(np.mean(places), rel=1e-4)

    def test_dark_for_light_is_worse_than_unrelated(self, noise):
        a, b = noise(48, 48, 1), noise(48, 48, 2)
        assert structural_similarity(a, 1 - a) < -0.5 < abs(structural_similarity(a, b)) < 0.1

    def test_more_noise_keeps_less(self, photo, noise):
        grain = noise(*photo.shape[1:3]) - 0.5
        kept = [structural_similarity(photo, np.clip(photo + amount * grain, 0, 1)) for amount in (0, 0.1, 0.3, 1)]
        assert kept == sorted(kept, reverse=True) and kept[-1] < 0.5

    def test_two_shapes_are_refused(self, photo, painting):
        with pytest.raises(InputError, match="one shape"):
            structural_similarity(photo, painting)


class TestPalette:
    @pytest.mark.parametrize(
        ("rgb", "lab"),
        [
            ((1, 1, 1), (100, 0, 0)),
            ((0, 0, 0), (0, 0, 0)),
            ((1, 0, 0), (53.24, 80.09, 67.20)),
            ((0, 1, 0), (87.73, -86.18, 83.18)),
            ((0, 0, 1), (32.30, 79.19, -107.86)),
            ((0.02, 0.02, 0.02), (1.398, 0, 0)),
        ],
    )
    def test_known_colours(self, rgb, lab):
        np.testing.assert_allclose(to_lab(np.float32(rgb)), lab, atol=0.05)

    def test_plain_pictures_are_as_far_apart_as_their_colours(self):
        a, b = (0.8, 0.3, 0.2), (0.2, 0.5, 0.9)
        apart = np.linalg.norm(to_lab(np.array(a)) - to_lab(np.array(b)))
        assert palette_distance(plain(*a), plain(*b)) == pytest.approx(apart, rel=1e-4)

    def test_where_the_colours_are_does_not_matter(self, photo):
        shuffled = np.random.default_rng(0).permutation(photo.reshape(-1, 3)).reshape(photo.shape)
        assert palette_distance(photo, shuffled) == pytest.approx(0, abs=1e-9)
        assert palette_distance(photo, np.tile(photo, (1, 2, 1, 1))) < 0.5

    def test_how_much_there_is_of_a_colour_does(self):
        black, white = plain(0), plain(1)
        mixed = [np.concatenate([black] * dark + [white] * (4 - dark), axis=1) for dark in (2, 1, 0)]
        half, quarter, none = (palette_distance(mixed[0], each) for each in mixed)
        assert half == pytest.approx(0, abs=1e-9)
        # a share s of the pixels moves by 100 in L: the root of the mean square is 100·√s, over directions as over L
        assert quarter == pytest.approx(50, rel=0.02) and none == pytest.approx(100 * 0.5**0.5, rel=0.02)


@pytest.fixture(scope="module")
def card(photo, painting):
    return ScoreCard(photo, painting, weights=None)


class TestCard:
    def test_layers_are_none_that_a_usual_run_optimises(self):
        assert not {CONTENT_LAYER, *STYLE_LAYERS} & set(HELD_OUT_LAYERS)

    def test_the_content_itself_has_all_its_structure_and_the_whole_way_to_go(self, card, photo, painting):
        scores = card(photo)
        assert scores.structure == pytest.approx(1)
        assert scores.style == pytest.approx(1, rel=1e-4)
        assert scores.palette == pytest.approx(palette_distance(photo, painting))

    def test_the_style_itself_has_none(self, card, painting):
        assert max(card.style_distances(painting).values()) == pytest.approx(0, abs=1e-4)

    def test_half_way_is_half_the_distance(self, card, photo):
        target = card._target
        card._grams, grams = (lambda image: {n: (card_content[n] + target[n]) / 2 for n in target}), card._grams
        card_content = grams(photo)
        try:
            assert card.style_distances(photo) == pytest.approx(dict.fromkeys(HELD_OUT_LAYERS, 0.5), rel=1e-3)
        finally:
            card._grams = grams

    def test_one_picture_as_both_is_refused(self, photo):
        with pytest.raises(InputError, match="take two pictures"):
            ScoreCard(photo, photo, weights=None)

    def test_a_picture_of_another_size_is_refused(self, card, painting):
        with pytest.raises(InputError, match="one shape"):
            card(painting)

    def test_a_real_run_comes_nearer_to_the_style_on_layers_that_it_never_saw(self, photo, painting, weights):
        from nst_helpers import StyleTransfer

        card = ScoreCard(photo, painting)
        transfer = StyleTransfer(photo, painting, precision="float32")
        before, after = card(photo), card(transfer.run(30, progress=False)[-1].image)
        assert after.style < 0.8 * before.style
        assert after.palette < before.palette
        assert 0 < after.structure < 0.9


class TestPareto:
    def test_front(self):
        costs = {"a": (1, 5), "b": (2, 2), "c": (5, 1), "beaten": (3, 3), "beaten in one": (2, 4)}
        assert pareto_front(costs) == ["a", "b", "c"]

    def test_equals_do_not_beat_each_other(self):
        assert pareto_front({"a": (1, 1), "twin": (1, 1), "b": (1, 2)}) == ["a", "twin"]

    def test_the_plot_shows_all_and_frames_and_joins_the_front_alone(self, noise):
        scores = {
            "a": Scores(0.9, 0.9, 1),
            "b": Scores(0.2, 0.1, 1),
            "c": Scores(0.1, 1.5, 1),
            "d": Scores(0.6, 0.3, 1),
        }
        figure = show_pareto({name: noise(16, 24) for name in scores}, scores)
        figure.canvas.draw()
        (ax,) = figure.axes
        boxes = [each for each in ax.artists if isinstance(each, AnnotationBbox)]
        named = {box.offsetbox.get_children()[1].get_text(): box for box in boxes}
        assert {name: box.xy for name, box in named.items()} == {n: (s.structure, s.style) for n, s in scores.items()}
        assert all(ax.viewLim.contains(*box.xy) for box in boxes)
        assert {name for name, box in named.items() if box.patch.get_linewidth() > 2} == {"a", "b", "d"}
        (line,) = ax.lines
        np.testing.assert_allclose(line.get_xydata(), [(0.2, 0.1), (0.6, 0.3), (0.9, 0.9)])
