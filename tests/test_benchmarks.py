"""The benchmarks run, write what they promise, and compare steps that do the same work."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import schedule, startup, stillness
from benchmarks.drive import build
from benchmarks.inputs import write_inputs
from benchmarks.report import table
from benchmarks.step import VARIANTS
from benchmarks.work import step_flops

ROOT = Path(__file__).parents[1]
SIZE = 48


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("benchmarks") / "inputs.npz"
    write_inputs(path, SIZE, None, "summer_palace", "great_wave")
    return path


@pytest.fixture(scope="module")
def expected(inputs) -> dict[str, float]:
    return build("ours-float32", inputs, None).losses


@pytest.mark.parametrize("name", VARIANTS)
def test_each_variant_steps_and_finds_the_same_losses_at_the_same_image(name, inputs, expected):
    if name.startswith("torch") and not importlib.util.find_spec("torch"):
        pytest.skip("torch is not installed")
    variant = build(name, inputs, None)
    for _ in range(2):
        variant.step()
    tolerance = 1e-3 if variant.precision == "float32" else 0.05
    assert variant.losses == pytest.approx(expected, rel=tolerance)


def test_the_flops_are_those_of_the_layers():
    # block1_conv1 alone, by hand: 27 inputs, 64 outputs, forward and gradient; its Gram matrix likewise
    first_conv, first_gram = 2 * 2 * 27 * 64, 2 * 2 * 64**2
    one = step_flops(16)
    assert step_flops(512)["total"] == one["total"] * 32**2
    assert one["convolutions"] > first_conv * 16**2
    assert one["grams"] > first_gram * 16**2
    assert step_flops(512)["total"] == pytest.approx(406.6e9, rel=1e-3)


def test_the_step_benchmark_writes_every_sample(tmp_path):
    file = tmp_path / "step.json"
    result = run("step", "--sizes", "32", "--rounds", "2", "--steps", "1", "--variants", "ours", "--json", file)
    measured = json.loads(file.read_text())["sizes"]["32"]
    ours = measured["variants"]["ours"]
    assert len(ours["seconds"]["samples"]) == len(ours["cpu_seconds"]["samples"]) == 2
    assert ours["peak_bytes"] > 1e8
    assert set(ours["losses"]) == {"content", "style"}
    assert measured["peaks"]["float32"]["matmul"] > 0
    assert measured["flops"]["total"] == step_flops(32)["total"]
    assert "32×32" in result and "ours" in result


def test_the_schedule_benchmark_counts_evaluations_to_the_goal(tmp_path, monkeypatch, capsys):
    file = tmp_path / "schedule.json"
    options = ["--pairs", "coffee:auvers", "--sizes", "32", "--reference-iterations", "4", "--untrained"]
    monkeypatch.setattr(sys, "argv", ["schedule", *options, "--json", str(file)])
    schedule.main()
    (found,) = json.loads(file.read_text())["runs"]
    assert found["reference"]["evaluations"] == 5
    assert found["goal"] == found["reference"]["losses"][-1] < found["reference"]["losses"][0]
    assert len(found["ours"]["losses"]) == len(found["ours"]["seconds_at"])
    assert "coffee:auvers" in capsys.readouterr().out


def test_the_stillness_benchmark_goes_on_three_times_as_long(tmp_path, monkeypatch, capsys):
    file = tmp_path / "stillness.json"
    options = ["--pairs", "coffee:auvers", "--schedules", "decay", "--size", "32", "--most", "5", "--untrained"]
    monkeypatch.setattr(sys, "argv", ["stillness", *options, "--json", str(file)])
    stillness.main()
    (found,) = json.loads(file.read_text())["runs"]
    assert found["iteration"] == 5 and found["p95"] > found["left"] > 0
    assert "coffee:auvers" in capsys.readouterr().out


def test_plain_adam_is_keras_adam():
    import tensorflow as tf

    image = np.full([1, 2, 2, 3], 0.5, np.float32)
    ours, mine = schedule.PlainAdam(0.02), image
    keras, theirs = tf.keras.optimizers.Adam(0.02, epsilon=1e-8), tf.Variable(image)
    for seed in range(3):
        gradient = tf.constant(np.random.default_rng(seed).normal(size=image.shape), tf.float32)
        mine = ours.update(mine, 0.0, gradient)
        keras.apply_gradients([(gradient, theirs)])
    np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_the_startup_benchmark_checks_exit_codes(tmp_path):
    file = tmp_path / "startup.json"
    run("startup", "--only", "nst --help,an input error", "--rounds", "1", "--json", file)
    assert set(json.loads(file.read_text())["medians"]) == {"nst --help", "an input error"}
    with pytest.raises(SystemExit, match="ended with 3, not 0"):
        startup.run(["-c", "raise SystemExit(3)"], 0)


def test_a_table_is_aligned_and_markdown_on_request():
    plain = table(["step", "s"], [["ours", "0.5"], ["a peer", "10.25"]])
    assert plain.splitlines()[2:] == ["ours      0.5", "a peer  10.25"]
    assert table(["step", "s"], [["ours", "0.5"]], markdown=True).splitlines()[1] == "| ---- | --: |"


def run(command: str, *options) -> str:
    untrained = ["--untrained"] if command == "step" else []
    line = [sys.executable, "-m", f"tests.benchmarks.{command}", *map(str, options), *untrained]
    ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
