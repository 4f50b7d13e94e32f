"""Guesses: nothing is said of a guess that nobody made, and each that somebody made is answered."""

import pytest

from nst_helpers.course.notebooks import predict, score


def told(capsys, guess, measured):
    score(predict("How many?", guess), measured)
    return capsys.readouterr().out


def test_a_guess_that_nobody_made_is_not_mentioned(capsys):
    assert told(capsys, None, 361) == "Measured: 361\n"


@pytest.mark.parametrize(
    ("guess", "measured", "answer"),
    [
        ("b", "b", "Right!"),
        ("a", "b", "Not quite."),
        (350, 361, "Spot on!"),
        (300, 361, "Close!"),
        (100, 361, "off by a factor of 3.6"),
        (1, 361, "Off by a factor of 361."),
        (-1, 361, "Wrong sign"),
        ("b", 361, "Please guess a number here."),
    ],
)
def test_a_guess_is_answered(capsys, guess, measured, answer):
    assert answer in told(capsys, guess, measured)
