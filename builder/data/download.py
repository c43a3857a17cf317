"""Downloading torchvision's data sets with progress: the addresses and MD5 sums are those of torchvision's own classes.

torchvision's `download=True` prints a bar and tells the caller nothing, and it unpacks archives by the paths written in them. Here the bytes are
fetched in pieces, counted, checked and only then given their name, so that a broken download is never taken for a data set.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from .digits import BUILT_IN
from .records import DataError, Progress, Where
from .where import CIFAR_TEST, CIFAR_TRAIN, FOLDERS, IDX_FILES, available, known

SECONDS_WITHOUT_A_BYTE = 30
CHUNK = 1 << 16
MEGABYTE = 1e6


def download(name: str, root: Path, progress: Progress | None = None) -> Where:
    """Fetches the data set's files into torchvision's folder below `root`; says where they lie.

    `progress(text, share)` is called for every piece, share from 0 to 1; what it raises ends the download and leaves no part behind.
    Raises DataError saying what was tried when no address answers, a sum is wrong or the disk is full.
    """
    dataset = known(name)
    if not dataset.module:
        return Where(name, None)
    module, _, kind = dataset.module.rpartition(".")
    source = getattr(importlib.import_module(module), kind)
    folder = Path(root) / FOLDERS[name]
    tell = progress or (lambda text, share: None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (_cifar if name == "cifar10" else _idx)(source, folder, dataset.title, dataset.megabytes, tell)
    except OSError as error:
        raise DataError(f"{dataset.title} cannot be stored in {folder}: {error.strerror or error}.") from None
    tell(f"{dataset.title} is here", 1.0)
    return available(name, [Path(root)])


def _idx(source: type, folder: Path, title: str, megabytes: int, tell: Progress) -> None:
    """The four packed files; those that are there with the right sum are kept."""
    done = 0.0
    for file, md5 in source.resources:
        if Path(file).stem not in IDX_FILES:
            raise DataError(f"This torchvision names a file {file!r} for {title}, which is not one of MNIST's four.")
        path = folder / file
        if not _has_sum(path, md5):
            start = done
            _fetch([mirror + file for mirror in source.mirrors], path, md5, title, megabytes, lambda got: tell(
                f"Downloading {title}: {start + got:.1f} of about {megabytes} MB", min(0.99, (start + got) / megabytes)))
        done += path.stat().st_size / MEGABYTE


def _cifar(source: type, folder: Path, title: str, megabytes: int, tell: Progress) -> None:
    """The batches, taken out of the archive, which is then removed.

    A tar archive can name paths outside its folder, links and devices; none of that matters here. Its MD5 is torchvision's, members are asked for by
    their exact names, read as streams of limited length, checked by MD5 again and written to names that are ours.
    """
    archive = folder.parent / source.filename
    if not _has_sum(archive, source.tgz_md5):
        _fetch([source.url], archive, source.tgz_md5, title, megabytes, lambda got: tell(
            f"Downloading {title}: {got:.1f} of about {megabytes} MB", min(0.95, got / megabytes)))
    sums = dict([*source.train_list, *source.test_list, [source.meta["filename"], source.meta["md5"]]])
    tell(f"Unpacking {title}", 0.96)
    try:
        with tarfile.open(archive, "r:gz") as members:
            for name in (*CIFAR_TRAIN, *CIFAR_TEST, source.meta["filename"]):
                _take_out(members, f"{source.base_folder}/{name}", folder / name, sums[name])
    except (_Wrong, tarfile.TarError, KeyError, EOFError) as error:
        raise DataError(f"{archive} does not hold what it should ({error}); delete it and download again.") from None
    archive.unlink()


def _take_out(members: tarfile.TarFile, name: str, path: Path, md5: str) -> None:
    stream = members.extractfile(members.getmember(name))
    if stream is None:
        raise KeyError(f"{name} is no file")
    with stream:
        _write(path, md5, stream.read, "the archive", 1 << 26, lambda got: None)


def _has_sum(path: Path, md5: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, _md5).hexdigest() == md5


def _md5() -> object:
    # Not for secrecy: hardened systems refuse md5 otherwise.
    return hashlib.md5(usedforsecurity=False)


def _fetch(urls: list[str], path: Path, md5: str, title: str, megabytes: int, tell: Callable[[float], None]) -> None:
    """The first of the addresses that gives a file with this sum; raises DataError naming all that were tried."""
    tried = []
    for url in urls:
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "brickwork"})
            with urllib.request.urlopen(request, timeout=SECONDS_WITHOUT_A_BYTE) as answer:
                return _write(path, md5, answer.read, url, int(4 * megabytes * MEGABYTE), tell)
        except _Wrong as wrong:
            tried.append(f"{url}: {wrong}")
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            tried.append(f"{url}: {getattr(error, 'reason', None) or error or type(error).__name__}")
    raise DataError(f"{title} could not be downloaded. Tried {'; '.join(tried)}. Without a network, put the files into {path.parent} yourself, point "
                    f"BRICKWORK_DATA at a folder that has them, or use {BUILT_IN!r}, which is built in.")


class _Wrong(Exception):
    """Something came, but not the file."""


def _write(path: Path, md5: str, read: Callable[[int], bytes], source: str, most: int, tell: Callable[[float], None]) -> None:
    """Pieces into a file beside `path`, which gets its name only when the sum is right; raises _Wrong when it is not."""
    part, total, digest = path.with_name(f"{path.name}.{os.getpid()}.part"), 0, _md5()
    try:
        with part.open("wb") as stream:
            while piece := read(CHUNK):
                total += len(piece)
                if total > most:
                    raise _Wrong(f"more than {most / MEGABYTE:.0f} MB came")
                stream.write(piece)
                digest.update(piece)
                tell(total / MEGABYTE)
        if digest.hexdigest() != md5:
            raise _Wrong(f"the {total:,} bytes that came have the MD5 sum {digest.hexdigest()}, it should be {md5}")
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()
