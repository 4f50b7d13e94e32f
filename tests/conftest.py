"""What many tests need: small pictures, and the real weight file."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from jupyter_page import chromium, lab, page  # noqa: F401, fixtures

from nst_helpers.errors import InputError
from nst_helpers.files.images import load_image
from nst_helpers.machine.vgg_weights import find_weights

DATA = Path(__file__).parent.parent / "data"


def pytest_configure(config):
    """Fetch the weights before any test runs, or the first notebook would show that it fetches them."""
    is_worker = hasattr(config, "workerinput")
    if not is_worker and config.option.markexpr != "quick":
        with suppress(InputError):  # the tests say that they lack them
            find_weights()


@pytest.fixture(scope="session")
def weights():
    """The path of VGG19's weight file; where it cannot be had, the test is skipped, or fails if this is CI."""
    try:
        return find_weights()
    except InputError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


@pytest.fixture(autouse=True)
def only_this_machine():
    """No test reaches the network, save by the session's fixture `weights`, which comes before."""
    here = {None, "", "127.0.0.1", "::1", "localhost", socket.gethostname()}
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def check(host):
        if host not in here:
            raise OSError(f"tests connect to only this machine, not to {host}")

    def connect_here(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and self.type & socket.SOCK_STREAM:
            check(address[0])
        return connect(self, address)

    def resolve_here(host, *args, **options):
        check(host)
        return resolve(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:  # not the fixture, which a test may undo
        patch.setattr(socket.socket, "connect", connect_here)
        patch.setattr(socket, "getaddrinfo", resolve_here)
        yield


@pytest.fixture(scope="session")
def photo():
    """A shipped photograph, 64 pixels wide."""
    return load_image(DATA / "summer_palace.jpg", 64, report=None)


@pytest.fixture(scope="session")
def painting():
    """A shipped painting of another size and aspect than `photo`."""
    return load_image(DATA / "great_wave.jpg", 72, report=None)


@pytest.fixture
def noise():
    """A function from height, width and seed to a random image."""
    return lambda height=32, width=32, seed=0: np.random.default_rng(seed).random((1, height, width, 3), np.float32)


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_is_heard():
    """Undo what a shell does to its background jobs, where Ctrl-C would be ignored and some tests wait for it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def nst(capsys, tmp_path, monkeypatch):
    """A function that runs the command in an empty folder and returns its exit code and all that it said."""
    from nst_helpers.commands import cli

    monkeypatch.chdir(tmp_path)

    def nst(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return nst


def compilations(objective):
    """How often the step of an objective, and of all that share it, has been compiled."""
    return objective._compiler._evaluate.experimental_get_tracing_count()


def settling(n, noise):
    """A run that moves from one image of coloured blocks to another, fast at first and ever more slowly."""
    a, b = (noise(3, 4, seed=seed).repeat(8, axis=1).repeat(8, axis=2) for seed in (0, 1))
    gone = 1 - np.exp(-5 * np.arange(n) / n)
    return gone, [(1 - share) * a + share * b for share in gone]
