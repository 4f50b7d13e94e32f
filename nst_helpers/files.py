"""Files that appear whole or not at all, names that are free, folders kept to one process, and checksums."""

import hashlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError


def check_folder(folder: Path) -> None:
    """Raise InputError unless `folder` exists and a file can be written into it."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be written to ({error.strerror}); name another one.") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside `path` and move it into place, so that no half-written file ever has that name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".nst-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or a power cut may leave the name without the bytes
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)  # mkstemp makes private files
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def write_new(path: Path, content: bytes) -> bool:
    """Write a file unless there is one of that name; return whether. Of two processes only one can succeed."""
    try:
        file = path.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(content)
    except OSError:
        path.unlink()
        raise
    return True


def free_name(path: Path) -> Path:
    """Return `path`, or if there is such a file the first of path_2, path_3, … that is free."""
    names = itertools.chain([path], (path.with_stem(f"{path.stem}_{number}") for number in itertools.count(2)))
    return next(each for each in names if not os.path.lexists(each))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a folder to this process; where the system has no such locks, nothing happens.

    Raises:
        InputError: another process has it.
    """
    try:
        import fcntl  # not on Windows

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"another run is writing to {folder}; let it come to its end first.") from error
        except OSError:  # as on some network file systems
            pass
        yield
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
