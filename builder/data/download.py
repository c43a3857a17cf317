"""Downloading torchvision's data sets with progress: the addresses and MD5 sums are those of torchvision's own classes.

torchvision's `download=True` prints a bar and tells the caller nothing, and it unpacks archives by the paths written in them. Here the bytes are
fetched in pieces, counted, checked and only then given their name, so that a broken download is never taken for a data set.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import os
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from builder.catalogue.datasets import Dataset

from .digits import BUILT_IN
from .photos import PHOTOS, Photos, read_photos
from .records import DataError, Progress, Where
from .where import EMNIST, FILES, FOLDERS, IDX_FILES, available, known

SECONDS_WITHOUT_A_BYTE = 30
CHUNK = 1 << 16
# STL-10's test images have 221 MB.
MOST_UNPACKED = 1 << 28
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
        if name in PHOTOS:
            _photos(PHOTOS[name], source, folder, dataset, tell)
        elif name in EMNIST:
            _emnist(source, folder, dataset.title, dataset.megabytes, tell)
        elif hasattr(source, "tgz_md5"):
            _archive(source, folder, FILES[name], dataset.title, dataset.megabytes, tell)
        else:
            _files(_plain_files(source), folder, dataset.title, dataset.megabytes, tell)
    except OSError as error:
        raise DataError(f"{dataset.title} cannot be stored in {folder}: {error.strerror or error}.") from None
    tell(f"{dataset.title} is here", 1.0)
    return available(name, [Path(root)])


def _photos(photos: Photos, source: type, folder: Path, dataset: Dataset, tell: Progress) -> None:
    """The archives as they are; the pictures in them are read at once, so that no run has to wait for that."""
    done = 0.0
    for url, file, md5 in photos.files(source):
        path = photos.archive(folder, file)
        if not _has_sum(path, md5):
            start = done
            _fetch([url], path, md5, dataset.title, dataset.megabytes, lambda got: tell(
                f"Downloading {dataset.title}: {start + got:.1f} of about {dataset.megabytes} MB", min(0.7, 0.7 * (start + got) / dataset.megabytes)))
        done += path.stat().st_size / MEGABYTE
    read_photos(Where(dataset.name, folder), dataset.shape[1], lambda text, share: tell(text, 0.7 + 0.29 * share))


def _plain_files(source: type) -> list[tuple[list[str], str, str]]:
    """Addresses, name and sum of the files of a data set that comes file by file."""
    if hasattr(source, "split_list"):
        return [([url], file, md5) for part, (url, file, md5) in source.split_list.items() if part in ("train", "test")]
    return [([mirror + file for mirror in source.mirrors], file, md5) for file, md5 in source.resources]


def _files(files: list[tuple[list[str], str, str]], folder: Path, title: str, megabytes: int, tell: Progress) -> None:
    """One after the other; those that are there with the right sum are kept."""
    done = 0.0
    for urls, file, md5 in files:
        if Path(file).stem not in IDX_FILES and file not in FILES["svhn"]:
            raise DataError(f"This torchvision names a file {file!r} for {title}, which is not one of its own.")
        path = folder / file
        if not _has_sum(path, md5):
            start = done
            _fetch(urls, path, md5, title, megabytes, lambda got: tell(
                f"Downloading {title}: {start + got:.1f} of about {megabytes} MB", min(0.99, (start + got) / megabytes)))
        done += path.stat().st_size / MEGABYTE


def _archive(source: type, folder: Path, files: tuple[str, ...], title: str, megabytes: int, tell: Progress) -> None:
    """The files, taken out of the archive, which is then removed.

    A tar archive can name paths outside its folder, links and devices; none of that matters here. Its MD5 is torchvision's, members are known by
    their exact names, read as streams of limited length, checked by MD5 again and written to names that are ours.
    """
    archive = folder.parent / source.filename
    if not _has_sum(archive, source.tgz_md5):
        _fetch([source.url], archive, source.tgz_md5, title, megabytes, lambda got: tell(
            f"Downloading {title}: {got:.1f} of about {megabytes} MB", min(0.95, got / megabytes)))
    sums = dict([*source.train_list, *source.test_list])
    wanted = {f"{source.base_folder}/{file}": (folder / file, sums[file]) for file in files}
    if meta := getattr(source, "meta", None):
        wanted[f"{source.base_folder}/{meta['filename']}"] = (folder / meta["filename"], meta["md5"])
    tell(f"Unpacking {title}", 0.96)
    try:
        with tarfile.open(archive, "r:gz") as members:
            # In the archive's own order: going back in a packed stream means unpacking it from its start again.
            while wanted and (member := members.next()):
                if member.name in wanted and member.isreg():
                    path, md5 = wanted.pop(member.name)
                    with members.extractfile(member) as stream:
                        _write(path, md5, stream.read, "the archive", MOST_UNPACKED, lambda got: None)
    except (_Wrong, tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"{archive} does not hold what it should ({error}); delete it and download again.") from None
    if wanted:
        raise DataError(f"{archive} does not hold what it should ({', '.join(wanted)} missing); delete it and download again.")
    archive.unlink()


def _emnist(source: type, folder: Path, title: str, megabytes: int, tell: Progress) -> None:
    """The files of both kinds of EMNIST that there are here, taken out of its archive of packed files; as above, by exact names and limited lengths."""
    archive = folder / source.url.rpartition("/")[2]
    if not _has_sum(archive, source.md5):
        _fetch([source.url], archive, source.md5, title, megabytes, lambda got: tell(
            f"Downloading {title}: {got:.1f} of about {megabytes} MB", min(0.95, got / megabytes)))
    tell(f"Unpacking {title}", 0.96)
    try:
        with zipfile.ZipFile(archive) as members:
            for file in (file for files in EMNIST.values() for file in files):
                with members.open(f"gzip/{file}.gz") as packed, gzip.open(packed) as stream:
                    _write(folder / file, None, stream.read, "the archive", MOST_UNPACKED, lambda got: None)
    except (_Wrong, KeyError, zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{archive} does not hold what it should ({error}); delete it and download again.") from None
    archive.unlink()


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
            why = getattr(error, "reason", None) or error
            tried.append(f"{url}: {getattr(why, 'strerror', None) or why or type(error).__name__}")
    raise DataError(f"{title} could not be downloaded. Tried {'; '.join(tried)}. Without a network, put the files into {path.parent} yourself, point "
                    f"BRICKWORK_DATA at a folder that has them, or use {BUILT_IN!r}, which is built in.")


class _Wrong(Exception):
    """Something came, but not the file."""


def _write(path: Path, md5: str | None, read: Callable[[int], bytes], source: str, most: int, tell: Callable[[float], None]) -> None:
    """Pieces into a file beside `path`, which gets its name only when the sum is right, where one is known; raises _Wrong when it is not."""
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
        if md5 is not None and digest.hexdigest() != md5:
            raise _Wrong(f"the {total:,} bytes that came have the MD5 sum {digest.hexdigest()}, it should be {md5}")
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()
