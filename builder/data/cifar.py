"""Reading the python batches of CIFAR-10 and CIFAR-100 without unpickling them.

The files are pickles of {"data": uint8 (N, 3072), "labels": list of N ints, ...}, of CIFAR-100 with "fine_labels". A pickle is a program; unpickling runs it. Here its
operations are walked one by one with the standard library's disassembler: the few that build plain data are carried out, the three names
that numpy's arrays need are kept as names and never looked up, and any other operation or name refuses the file.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .records import DataError

if TYPE_CHECKING:
    from torch import Tensor

PIXELS = 3 * 32 * 32
# CIFAR-10's original files have 10,000 images, 31 MB and about 30,000 operations, CIFAR-100's larger one five times as many.
MOST_BYTES = 64 << 20
MOST_OPERATIONS = 100_000
RECONSTRUCT = frozenset({"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"})
NAMES = RECONSTRUCT | {"numpy ndarray", "numpy dtype"}
ASKS_CODE = "it asks to run {name}, which no CIFAR file does"


class Refused(Exception):
    """The pickle holds something that a CIFAR batch does not; the text completes "FILE is not a CIFAR batch: "."""


@dataclass(frozen=True)
class Name:
    """A global of the pickle, by its name alone."""

    name: str


@dataclass
class Made:
    """What a REDUCE would have called, what with, and what BUILD then gave it."""

    name: str
    arguments: tuple
    state: tuple = ()


class Mark:
    """The bottom of a run of items on the stack."""


def read_batch(path: Path, classes: int = 10) -> tuple[Tensor, Tensor]:
    """Images uint8 (N 3 32 32) and labels int64 (N) of one batch file, of CIFAR-100 with 100 `classes`; raises DataError when it is anything else."""
    import torch

    try:
        times = 1 if classes == 10 else 5
        if path.stat().st_size > times * MOST_BYTES:
            raise Refused(f"it has {path.stat().st_size:,} bytes, the original has {31 * times} million")
        entry = plain(path.read_bytes(), times)
        pixels, count = _pixels(entry)
        labels = _labels(entry, count, classes)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Refused as refused:
        raise DataError(f"{path} is not a CIFAR-{classes} batch: {refused}. It was not unpickled; get the file again.") from None
    images = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).reshape(count, 3, 32, 32)
    return images, torch.tensor(labels, dtype=torch.int64)


def plain(text: bytes, times: int = 1) -> object:
    """The data that a pickle of plain data and numpy arrays describes; arrays come as Made. Raises Refused for any other pickle."""
    machine = Machine()
    try:
        for done, (operation, argument, _position) in enumerate(pickletools.genops(text)):
            if done >= times * MOST_OPERATIONS:
                raise Refused(f"it has more than {times * MOST_OPERATIONS:,} operations")
            if operation.name == "STOP":
                return machine.stack.pop()
            machine.step(operation.name, argument)
    except Refused:
        raise
    # A damaged pickle runs the stack empty, finds no mark, hashes a list ...: whatever it is, the file is refused.
    except Exception as error:
        raise Refused(f"it is cut or damaged ({type(error).__name__}: {error})") from None
    raise Refused("it has no end")


class Machine:
    """The pickle machine's stack and memo, for the operations that make data."""

    def __init__(self) -> None:
        self.stack: list = []
        self.memo: dict[int, object] = {}

    def step(self, name: str, argument: object) -> None:
        """Carry out one operation; raises Refused for one that is not on the list."""
        if name in PUSHED:
            self.stack.append(PUSHED[name](argument))
        elif name in HANDLED:
            HANDLED[name](self, argument)
        else:
            raise Refused(f"it has the operation {name}")

    def since_mark(self) -> list:
        """Pops the items above the last mark, and the mark."""
        items = []
        while not isinstance(item := self.stack.pop(), Mark):
            items.append(item)
        return items[::-1]

    def last(self, count: int) -> tuple:
        """Pops so many items."""
        items = tuple(self.stack[-count:])
        if len(items) < count:
            raise Refused("it is cut or damaged (too few items on the stack)")
        del self.stack[-count:]
        return items

    def name(self, name: str) -> None:
        """Pushes a global's name; nothing is imported."""
        if name not in NAMES:
            raise Refused(ASKS_CODE.format(name=name.replace(" ", ".")))
        self.stack.append(Name(name))

    def reduce(self) -> None:
        """Replaces a name and its arguments by a note of both; nothing is called."""
        name, arguments = self.last(2)
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise Refused(ASKS_CODE.format(name=type(name).__name__))
        self.stack.append(Made(name.name, arguments))

    def build(self) -> None:
        """Notes an array's state."""
        state = self.stack.pop()
        made = self.stack[-1]
        if not isinstance(made, Made) or not isinstance(state, tuple):
            raise Refused("it gives a state to something that is no array")
        made.state = state

    def set_items(self, items: list) -> None:
        """Puts pairs into the dict on top."""
        # Only text as keys: hashing a tuple of tuples of tuples ... can take for ever.
        if not isinstance(self.stack[-1], dict) or len(items) % 2 or not all(isinstance(key, str | bytes) for key in items[::2]):
            raise Refused("its dictionary is damaged")
        self.stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def append(self, items: list) -> None:
        """Puts items onto the list on top."""
        if not isinstance(self.stack[-1], list):
            raise Refused("its list is damaged")
        self.stack[-1].extend(items)


def _as_given(argument: object) -> object:
    return argument


PUSHED: dict[str, Callable[[object], object]] = {
    "NONE": lambda _: None, "NEWTRUE": lambda _: True, "NEWFALSE": lambda _: False, "MARK": lambda _: Mark(),
    "EMPTY_DICT": lambda _: {}, "EMPTY_LIST": lambda _: [], "EMPTY_TUPLE": lambda _: (),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING", "BINBYTES",
                     "SHORT_BINBYTES"), _as_given)}

HANDLED: dict[str, Callable[[Machine, object], None]] = {
    "PROTO": lambda machine, _: None, "FRAME": lambda machine, _: None,
    "BINPUT": lambda machine, place: machine.memo.__setitem__(place, machine.stack[-1]),
    "LONG_BINPUT": lambda machine, place: machine.memo.__setitem__(place, machine.stack[-1]),
    "BINGET": lambda machine, place: machine.stack.append(machine.memo[place]),
    "LONG_BINGET": lambda machine, place: machine.stack.append(machine.memo[place]),
    "GLOBAL": lambda machine, name: machine.name(name), "REDUCE": lambda machine, _: machine.reduce(),
    "BUILD": lambda machine, _: machine.build(),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.since_mark())),
    "TUPLE1": lambda machine, _: machine.stack.append(machine.last(1)), "TUPLE2": lambda machine, _: machine.stack.append(machine.last(2)),
    "TUPLE3": lambda machine, _: machine.stack.append(machine.last(3)),
    "SETITEM": lambda machine, _: machine.set_items(list(machine.last(2))),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "APPEND": lambda machine, _: machine.append(list(machine.last(1))), "APPENDS": lambda machine, _: machine.append(machine.since_mark())}


def _field(entry: object, name: str) -> object:
    """An entry of the batch; Python 3 wrote byte strings for the keys, Python 2 plain ones."""
    if not isinstance(entry, dict):
        raise Refused("it is no dictionary")
    for key in (name, name.encode()):
        if key in entry:
            return entry[key]
    raise Refused(f"it has no {name!r}")


def _pixels(entry: object) -> tuple[bytes, int]:
    """An array's bytes and its number of rows; numpy's state is (version, shape, dtype, column order?, bytes)."""
    array = _field(entry, "data")
    if not isinstance(array, Made) or array.name not in RECONSTRUCT or len(array.state) != 5:
        raise Refused("its 'data' is no numpy array")
    _version, shape, dtype, columns_first, raw = array.state
    if not isinstance(dtype, Made) or dtype.name != "numpy dtype" or dtype.arguments[:1] not in (("u1",), (b"u1",)) or columns_first:
        raise Refused("its 'data' is no array of bytes in row order")
    # The disassembler gives Python 2's byte strings as text in Latin-1, which has every byte at its own number.
    raw = raw.encode("latin-1") if isinstance(raw, str) else raw
    if not (isinstance(shape, tuple) and len(shape) == 2 and type(shape[0]) is type(shape[1]) is int and isinstance(raw, bytes)):
        raise Refused("its 'data' is no table of bytes")
    if shape[1] != PIXELS:
        raise Refused(f"its 'data' should have rows of {PIXELS:,} bytes, and they have {shape[1]:,}")
    if shape[0] < 1 or len(raw) != shape[0] * PIXELS:
        raise Refused(f"{shape[0]:,} images are {shape[0] * PIXELS:,} bytes, and it holds {len(raw):,}")
    return raw, shape[0]


def _labels(entry: object, count: int, classes: int) -> list[int]:
    name = "labels" if classes == 10 else "fine_labels"
    labels = _field(entry, name)
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label < classes for label in labels):
        raise Refused(f"its {name!r} are not numbers from 0 to {classes - 1}")
    if len(labels) != count:
        raise Refused(f"it has {count:,} images and {len(labels):,} labels")
    return labels
