"""Reading SVHN's MATLAB files and STL-10's plain bytes, without trusting what they claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .records import DataError

if TYPE_CHECKING:
    from torch import Tensor

# SVHN's larger file: 73,257 images in 182 MB.
MOST_BYTES, MOST_IMAGES = 400 << 20, 200_000
SIDE = 96


def read_mat(path: Path) -> tuple[Tensor, Tensor]:
    """Images uint8 (N 3 32 32) and labels int64 (N) of a MATLAB 5 file with X (32 32 3 N) and y (N 1), in which 10 stands for the digit 0.

    Raises DataError when it is anything else; what the variables are is looked at before any is read.
    """
    import torch
    from scipy.io import loadmat, whosmat

    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} has {path.stat().st_size:,} bytes, and SVHN's files have 182 million at most.")
        kinds = {name: (shape, kind) for name, shape, kind in whosmat(path)}
        shape, kind = kinds.get("X", ((), "missing"))
        count = shape[3] if len(shape) == 4 else 0
        if shape != (32, 32, 3, count) or kind != "uint8" or not 0 < count <= MOST_IMAGES or kinds.get("y", [()])[0] != (count, 1):
            raise DataError(f"{path} is not a file of SVHN: it should hold bytes X (32 32 3 N) and y (N 1), and holds "
                            f"{', '.join(f'{name} {shape} of {kind}' for name, (shape, kind) in list(kinds.items())[:6]) or 'nothing'}.")
        held = loadmat(path, variable_names=("X", "y"))
        images, labels = torch.from_numpy(held["X"].copy()).permute(3, 2, 0, 1).contiguous(), torch.from_numpy(held["y"].astype("int64")).flatten()
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    # scipy raises a different error for every way in which a file can be damaged.
    except Exception as error:
        raise DataError(f"{path} is cut or damaged ({type(error).__name__}: {error}). Get the file again.") from None
    return images, labels.where(labels != 10, 0)


def read_stl10(folder: Path, images: str, labels: str) -> tuple[Tensor, Tensor]:
    """Images uint8 (N 3 96 96) and labels int64 (N); the files hold columns before rows, and labels from 1.

    Raises DataError with the numbers when they do not belong together.
    """
    import torch

    size = 3 * SIDE * SIDE
    pixels, numbers = ((folder / file).stat().st_size for file in (images, labels))
    if pixels % size or pixels // size != numbers or not numbers:
        raise DataError(f"{folder}: {images} has {pixels:,} bytes and {labels} {numbers:,}; an image has {size:,} and a label 1, and they must be equally many.")
    x, y = (torch.frombuffer(bytearray((folder / file).read_bytes()), dtype=torch.uint8) for file in (images, labels))
    return x.reshape(-1, 3, SIDE, SIDE).mT.contiguous(), y.to(torch.int64) - 1
