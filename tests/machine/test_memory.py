"""The predicted memory is what a run takes, and a run that does not fit is refused."""

import subprocess
import types

import pytest

from nst_helpers.errors import InputError
from nst_helpers.machine import memory
from nst_helpers.machine.grid import cut
from nst_helpers.machine.memory import available_bytes, check_memory, largest_size, peak_bytes
from nst_helpers.settings import Settings

GB = 10**9
DEFAULT = Settings()


def square(size):
    return [1, size, size, 3]


def need(size, settings=DEFAULT, precision="float32", style=None):
    return peak_bytes(square(size), square(style or size), settings, precision)


def test_foretold_is_near_the_measured_peak():
    """In a process of its own; `python -m tests.benchmarks.memory` does this from 128 to 1024 px."""
    pytest.importorskip("resource")
    from benchmarks.memory import measure_apart

    found = measure_apart(512, "float32", None)
    assert found["peak"] > 1.8 * found["before"]  # or what TensorFlow takes by itself would make any forecast right
    assert found["foretold"] == pytest.approx(found["peak"], rel=0.25)


def test_foretold_is_near_the_measured_peak_of_a_run_in_tiles():
    pytest.importorskip("resource")
    from benchmarks.memory import measure_apart

    found = measure_apart(512, "float32", None, 0.55 * GB)
    assert found["tiles"] == 4
    assert found["peak"] > 1.6 * found["before"]
    assert found["foretold"] == pytest.approx(found["peak"], rel=0.25)


@pytest.mark.parametrize(("size", "left", "most"), [(2048, 7.3 * GB, 2), (4096, 19.3 * GB, 3)])
def test_large_pictures_are_cut_into_few_tiles(monkeypatch, size, left, most):
    """Within 8 GB and 20 GB, of which TensorFlow alone has 0.7; tiles see little twice, for that takes time."""
    monkeypatch.setattr(memory, "available_bytes", lambda: left)
    with pytest.warns(UserWarning, match=rf"^the picture is painted in {most} tiles, because the whole needs about"):
        pixels = check_memory(square(size), square(size), DEFAULT, "float32")
    assert peak_bytes(square(size), square(size), DEFAULT, "float32", pixels) <= left + 1
    tiles = cut(square(size), DEFAULT.layers, pixels)
    seen = sum((rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in tiles)
    assert len(tiles) == most and seen < 1.1 * size**2
    with pytest.raises(InputError, match="take a size of at most"):
        check_memory(square(size), square(size), DEFAULT, "float32", tiles=False)


def test_what_needs_more_is_expected_to_take_more():
    for less, more in (
        (need(256), need(257)),
        (need(512, precision="bfloat16"), need(512)),
        (need(512, Settings(content_layers="block3_conv1", style_layers=["block1_conv1"])), need(512)),
        (need(512), need(512, Settings(optimizer="lbfgs"))),
        (need(128), need(128, style=1024)),
    ):
        assert less < more
    assert need(2048) - need(1024) == pytest.approx(4 * (need(1024) - need(512)), rel=0.01)


@pytest.mark.parametrize("left", [0.3 * GB, GB, 22 * GB])
@pytest.mark.parametrize("shape", [[1, 1000, 1500, 3], [1, 300, 100, 3]])
def test_largest_size_is_the_largest(left, shape):
    size = largest_size(shape, square(9), DEFAULT, "float32", left)

    def needed(longer):
        scaled = [1, *(round(side * longer / max(shape)) for side in shape[1:3]), 3]
        return peak_bytes(scaled, square(longer), DEFAULT, "float32")

    assert needed(size) <= left < needed(size + 1)


def test_run_that_cannot_fit_is_refused_with_the_largest_size_that_does(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: GB)
    check_memory(square(512), square(512), DEFAULT, "float32")
    with pytest.raises(  # not in tiles either
        InputError, match=r"^a run at 2048×2048 pixels needs about \d+\.\d GB .* 1\.0 GB are left"
    ) as error:
        check_memory(square(2048), square(2048), DEFAULT, "float32")
    size = int(str(error.value).removesuffix(".").rpartition(" ")[2])
    with pytest.warns(UserWarning, match="tiles"):
        check_memory(square(size), square(size), DEFAULT, "float32")
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(InputError, match="free some"):
        check_memory(square(64), square(64), DEFAULT, "float32")


def test_nothing_is_refused_where_memory_is_unknown(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    check_memory(square(10_000), square(10_000), DEFAULT, "float32")


def test_transfer_is_refused_before_it_starts(monkeypatch, noise):
    from nst_helpers import StyleTransfer

    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(InputError, match="GB of memory"):
        StyleTransfer(noise(), noise(), weights=None)


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A function that writes files as Linux would, below a root of this test's own, with nothing else known."""
    monkeypatch.setattr(memory, "SYSTEM", tmp_path)
    monkeypatch.setattr(memory, "_gpu_bytes", lambda: None)
    monkeypatch.delattr(memory.os, "sysconf", raising=False)

    def write(name, text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    return write


def test_unknown_system(system):
    assert available_bytes() is None


def test_available_memory_of_linux(system):
    system("proc/meminfo", "MemTotal: 9000 kB\nMemFree: 1000 kB\nMemAvailable:    5000 kB\n")
    assert available_bytes() == 5000 * 1024


@pytest.mark.parametrize(
    ("folder", "limit", "used"),
    [("", "memory.max", "memory.current"), ("memory/", "memory.limit_in_bytes", "memory.usage_in_bytes")],
)
def test_limit_of_a_container(system, folder, limit, used):
    system("proc/meminfo", "MemAvailable: 5000000 kB\n")
    system(f"sys/fs/cgroup/{folder}{limit}", "3000\n")
    system(f"sys/fs/cgroup/{folder}{used}", "2000\n")
    system(f"sys/fs/cgroup/{folder}memory.stat", "anon 1500\ninactive_file 400\n")
    assert available_bytes() == 1400
    system(f"sys/fs/cgroup/{folder}{limit}", "max\n")
    assert available_bytes() == 5000000 * 1024


V2 = ("memory.max", "memory.current", "anon 1\ninactive_file 400\n")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "inactive_file 7\ntotal_inactive_file 400\n")
SLURM = "system.slice/slurmstepd.scope"
SLICE = "user.slice/user-1000.slice/run-1.scope"
NESTED = {  # what /proc/self/cgroup says, where the groups are mounted, the group that has the limit, its files
    "systemd": (f"0::/{SLICE}\n", "", SLICE, V2),
    "systemd, a slice above": (f"0::/{SLICE}\n", "", "user.slice", V2),
    "Slurm, version 2": ("0::/system.slice/slurmstepd.scope/job_7/step_0/user\n", "", f"{SLURM}/job_7", V2),
    "Slurm, version 1": ("9:cpuset:/\n4:memory:/slurm/uid_1/job_7/step_0\n", "memory/", "slurm/uid_1/job_7", V1),
    "with other controllers": ("3:cpu,memory:/a/b\n1:name=systemd:/c\n", "memory/", "a/b", V1),
    "both versions at once": ("4:memory:/a\n0::/b\n", "memory/", "a", V1),
    "version 2 beside version 1": ("4:cpu:/\n0::/b\n", "unified/", "b", V2),
    "container that knows its host's path": ("4:memory:/docker/abc\n", "memory/", "", V1),
    "container, version 2": ("0::/docker/abc\n", "", "", V2),
    "moved out of its namespace": ("0::/../../job\n", "", "job", V2),
    "colons and spaces": ("0::/a: b/c d\n", "", "a: b", V2),
}  # fmt: skip


@pytest.mark.parametrize("kind", NESTED)
def test_limit_of_a_group_that_this_process_is_in(system, kind):
    reported, mounted, group, (limit, used, statistics) = NESTED[kind]
    system("proc/meminfo", "MemAvailable: 5000000 kB\n")
    system("proc/self/cgroup", reported)
    system(f"sys/fs/cgroup/{mounted}elsewhere/{limit}", "5")  # another's limit
    system(f"sys/fs/cgroup/{mounted}{group}/{limit}", "3000\n")
    system(f"sys/fs/cgroup/{mounted}{group}/{used}", "2000\n")
    system(f"sys/fs/cgroup/{mounted}{group}/memory.stat", statistics)
    assert available_bytes() == 1400


def test_the_narrowest_of_nested_limits_counts(system):
    system("proc/self/cgroup", "0::/a/b/c\n")
    for group, limit, used in (("", "9000", 100), ("a/", "5000", 4000), ("a/b/", "2000", 500), ("a/b/c/", "max", 500)):
        system(f"sys/fs/cgroup/{group}memory.max", limit)
        system(f"sys/fs/cgroup/{group}memory.current", str(used))
        system(f"sys/fs/cgroup/{group}memory.stat", "inactive_file 0\n")
    assert available_bytes() == 1000


@pytest.mark.parametrize("text", ["", "garbage", "0:", "0::", "::::", "4:memory", "0::/" + "a/" * 3000])
def test_odd_words_about_groups(system, text):
    system("proc/self/cgroup", text)
    system("proc/meminfo", "MemAvailable: 5 kB\n")
    assert available_bytes() == 5 * 1024


@pytest.mark.parametrize("text", ["", "garbage", "MemAvailable:", "MemAvailable: many kB"])
def test_odd_system_files(system, text):
    system("proc/meminfo", text)
    system("sys/fs/cgroup/memory.max", text)
    assert available_bytes() is None


class Driver:
    """CUDA's driver, whose first GPU has this address; None: it has no GPU."""

    def __init__(self, address):
        self.address = address

    def cuInit(self, flags):
        return 0 if self.address else 100

    def cuDeviceGet(self, device, number):
        device._obj.value = number + 7
        return 0

    def cuDeviceGetPCIBusId(self, address, length, device):
        assert device.value == 7 and length == len(address)
        address.value = self.address.encode()
        return 0


def fake_gpu(monkeypatch, reported, address="0000:3B:00.0"):
    """A GPU, of which nvidia-smi reports this, or else what it says by address; TensorFlow holds 5 and uses 2."""
    from nst_helpers.machine import hardware

    monkeypatch.setattr(hardware, "GPUS", ["a GPU"])
    monkeypatch.setattr(hardware.tf.config.experimental, "get_memory_info", lambda _: {"peak": 5, "current": 2})
    monkeypatch.setattr(memory.shutil, "which", lambda name: name)
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: Driver(address))

    def answer(query, **_):
        asked = [word.removeprefix("--id=") for word in query if word.startswith("--id=")] or list(reported)
        lines = [reported] if isinstance(reported, str) else [reported[each] for each in asked]
        return types.SimpleNamespace(stdout="\n".join(lines))

    monkeypatch.setattr(memory.subprocess, "run", answer)


@pytest.mark.parametrize(("address", "free"), [("0000:3B:00.0", 1000), ("0000:AF:00.0", 14000)])
def test_free_memory_is_that_of_the_gpu_in_use(monkeypatch, address, free):
    """Which of a machine's GPUs CUDA counts as the first one depends on their speed and on CUDA_VISIBLE_DEVICES."""
    fake_gpu(monkeypatch, {"0000:3B:00.0": "1000\n", "0000:AF:00.0": "14000\n"}, address)
    assert available_bytes() == (free << 20) + 3


def test_driver_that_is_missing_or_names_no_gpu(monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    fake_gpu(monkeypatch, "1000\n", address=None)
    assert memory._gpu_bytes() is None
    monkeypatch.setattr(memory.ctypes, "CDLL", missing)
    assert memory._gpu_bytes() is None


@pytest.mark.parametrize("reported", ["", "No devices were found", "[N/A]"])
def test_gpu_that_reports_nothing(monkeypatch, reported):
    fake_gpu(monkeypatch, reported)
    monkeypatch.setattr(memory, "_system_bytes", lambda: 7)
    monkeypatch.setattr(memory, "_limits", lambda: [])
    assert available_bytes() == 7


def test_driver_that_hangs(monkeypatch):
    def hang(*_, **__):
        raise subprocess.TimeoutExpired("nvidia-smi", 10)

    fake_gpu(monkeypatch, "")
    monkeypatch.setattr(memory.subprocess, "run", hang)
    assert memory._gpu_bytes() is None
