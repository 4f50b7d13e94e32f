"""Files that appear whole or not at all, and their checksums."""

import hashlib
import os
import tempfile
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


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
