"""Safe by construction: what the package never does, read from its source, and that its tests stay on this machine."""

import ast
import socket

import pytest
from test_project import MODULES, ROOT

SOURCES = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]
FORBIDDEN_IMPORTS = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "commands", "pty", "code"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {"os.system", "os.popen", "tarfile.extractall", "zipfile.extractall", "tempfile.mktemp"}
UNSAFE_METHODS = {"extract", "extractall", "unpack_archive", "read_pickle", "load_module"}


def dotted(node):
    """The dotted name of an expression such as `os.path.join`, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return None


def offences(source):
    """What a source does that it must not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in FORBIDDEN_IMPORTS)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module.split(".")[0] in FORBIDDEN_IMPORTS:
            yield node.module
        elif isinstance(node, ast.Call):
            name, method = dotted(node.func), getattr(node.func, "attr", None)
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            if name in FORBIDDEN_CALLS | FORBIDDEN_ATTRIBUTES or method in UNSAFE_METHODS:
                yield name or method
            if "shell" in keywords:
                yield f"{name}(shell=…)"
            if name in ("np.load", "numpy.load") and getattr(keywords.get("allow_pickle"), "value", True):
                yield "np.load without allow_pickle=False"
            if name in ("np.save", "np.savez") and getattr(keywords.get("allow_pickle"), "value", False):
                yield "np.save with allow_pickle"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_no_pickle_no_eval_no_shell_no_extraction(module):
    assert list(offences(module.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import os; os.system('ls')",
        "eval('1')",
        "subprocess.run('ls', shell=True)",
        "archive.extractall('.')",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_scan_finds_what_it_looks_for(source):
    assert list(offences(source))


def test_only_one_module_talks_to_the_network_and_it_checks_what_comes():
    """Whatever fetches ends in `_is_right`, which compares size and SHA-256, before the file gets its name."""
    network = {"urllib", "http", "requests", "socket", "ftplib"}
    found = set()
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            if network & {name.split(".")[0] for name in names}:
                found.add(module.stem)
    assert found - {"atlas"} == {"vgg_weights"}  # nst atlas connects to the Dask scheduler that it is given


def test_tests_cannot_reach_beyond_this_machine():
    for address in (("192.0.2.1", 80), ("example.org", 80)):
        with pytest.raises(OSError, match="only this machine"):
            socket.create_connection(address, timeout=1)


def test_tests_can_reach_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass
