"""Files written whole or not at all, free names, folders locked by one process, and checksums."""

import hashlib
import itertools
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError

File = str | os.PathLike
"""The path of a file or a folder."""


def check_folder(folder: Path, *, make: bool = False) -> None:
    """Raise InputError unless a file can be written into `folder`, which is created first if `make`."""
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be written to ({error.strerror}); name another one.") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside `path` and move it into place, so that a half-written file never has that name."""
    part = path.with_name(f".nst-{uuid.uuid4().hex}")  # a file from tempfile would be private
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the name without the bytes
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_new(path: Path, content: bytes) -> bool:
    """Write a file unless it exists, and return whether it was written; of two processes only one succeeds."""
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


def free_name(path: Path, is_taken: Callable[[Path], bool] = os.path.lexists) -> Path:
    """Return `path`, or if that exists or is taken the first of path_2, path_3, … that is not."""
    names = itertools.chain([path], (path.with_stem(f"{path.stem}_{number}") for number in itertools.count(2)))
    return next(each for each in names if not is_taken(each))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder against other processes, where the system has such locks.

    Raises:
        InputError: another process has locked it.
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
            raise InputError(f"another run is writing to {folder}; wait for its end.") from error
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
