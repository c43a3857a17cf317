"""A run's state on disk: safetensors and JSON, nothing that runs when it is read.

A file is complete or not there: it is written under another name, flushed to the disk and renamed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from itertools import chain
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

LAST, BEST = "last.safetensors", "best.safetensors"
KEY = "brickwork"
VERSION = 1
# No room on the disk, in the quota, or for a file of that size.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Their names in a safetensors file.
TYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
         torch.uint8: "U8", torch.bool: "BOOL", torch.complex64: "C64"}
WEIGHTS, OPTIMIZER, RANDOM, AVERAGE = "model.", "optimizer.", "random.", "average."


class CheckpointError(ValueError):
    """A checkpoint cannot be written or does not fit; the message is for people."""


@dataclass(frozen=True)
class Position:
    """How far a run is: `batches` of epoch `epoch` are done, with their sums; seconds count the training so far, of the run and of the epoch.

    `answers` are the samples or pixels that could be right, None in checkpoints of before it was noted: there all samples; `best` is the highest accuracy,
    or minus the least loss where there is none. `plateau_*` is what a schedule that watches the run has seen, `reductions` how often it has lowered the learning rate;
    `stopping_*` is the same for what ends a run early, with the best's epoch, `epochs` are all that the run was to have.
    `compiled` and `graph` say how its steps are made (compiling.Way), None while that is measured. `threads` are those that torch computes with on the processor, 0 in checkpoints of
    before it was noted.
    """

    epoch: int = 1
    batches: int = 0
    step: int = 0
    seed: int = 0
    loss: float = 0.0
    correct: int = 0
    samples: int = 0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    best: float | None = None
    plateau_best: float | None = None
    plateau_epochs: int = 0
    reductions: int = 0
    stopping_best: float | None = None
    stopping_epochs: int = 0
    stopping_best_epoch: int = 0
    epochs: int = 0
    answers: int | None = None
    compiled: bool | None = None
    graph: bool | None = None
    threads: int = 0


def save_checkpoint(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, position: Position, random: Mapping[str, Tensor] | None = None,
                    average: AveragedModel | None = None) -> None:
    """Writes weights, their average, optimiser, random states (the CPU's where none are given) and position; raises CheckpointError when the disk refuses, and then leaves the file before it."""
    state, described = _optimizer_to_tensors(optimizer)
    tensors = {WEIGHTS + name: value for name, value in model.state_dict().items()} | state | {RANDOM + kind: state for kind, state in (random_states("cpu") if random is None else random).items()}
    tensors |= {AVERAGE + name: value for name, value in average.state_dict().items()} if average is not None else {}
    text = json.dumps({"version": VERSION, "torch": torch.__version__, "position": asdict(position), "optimizer": described})
    write_atomically(path, *_laid_down(tensors, text))


def load_checkpoint(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, average: AveragedModel | None = None) -> tuple[Position, dict[str, Tensor]]:
    """Puts weights, their average and optimiser back; returns the position and the random states, for `set_random_states`.

    Raises CheckpointError when the file is damaged or of another network.
    """
    tensors, about = _read(path)
    named = {name: tensor for name, tensor in tensors.items() if name.startswith(WEIGHTS)}
    _check_weights(path, model, {name.removeprefix(WEIGHTS): tensor for name, tensor in named.items()})
    model.load_state_dict({name.removeprefix(WEIGHTS): tensor for name, tensor in named.items()})
    if average is not None:
        averaged = {name.removeprefix(AVERAGE): tensor for name, tensor in tensors.items() if name.startswith(AVERAGE)}
        if not averaged:
            raise CheckpointError(f"{path} holds no average of the weights: it was made with other settings.")
        _check_weights(path, average, averaged)
        average.load_state_dict(averaged)
    try:
        _optimizer_from_tensors(optimizer, tensors, about["optimizer"])
        position = _position(about)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} does not fit this run's optimiser ({error}): it was made with other settings.") from None
    return position, {name.removeprefix(RANDOM): tensor for name, tensor in tensors.items() if name.startswith(RANDOM)}


def read_weights(path: Path) -> dict[str, Tensor]:
    """The network's tensors by their state_dict names, on the CPU, those of the average where the run kept one; raises CheckpointError when the file is damaged."""
    return read_place(path)[1]


def read_place(path: Path) -> tuple[Position, dict[str, Tensor]]:
    """How far the run was at a checkpoint, and the network's tensors as `read_weights` has them, read at once: a run that still trains may save the next one meanwhile."""
    tensors, about = _read(path)
    averaged = f"{AVERAGE}module."
    prefix = averaged if any(name.startswith(averaged) for name in tensors) else WEIGHTS
    return _position(about), {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Everything in a checkpoint by its place there, on the CPU; raises CheckpointError when the file is damaged."""
    return _read(path)[0]


def _laid_down(tensors: Mapping[str, Tensor], text: str) -> tuple[int, Iterator[bytes | memoryview]]:
    """The size of a safetensors file and its pieces, a tensor at a time: torch's and the library's ways of saving hold copies of all of them, which took more memory than
    the training itself. Weights that layers share are written twice. The format: https://github.com/huggingface/safetensors#format.
    """
    # The longest numbers first, so that all of them lie where a reader may map them.
    names, end = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name)), 0
    header: dict[str, object] = {"__metadata__": {KEY: text}}
    for name in names:
        first, end = end, end + tensors[name].nbytes
        header[name] = {"dtype": TYPES[tensors[name].dtype], "shape": list(tensors[name].shape), "data_offsets": [first, end]}
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    numbers = (tensors[name].detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data for name in names)
    return 8 + len(head) + end, chain((len(head).to_bytes(8, "little"), head), numbers)


def write_atomically(path: Path, size: int, pieces: Iterable[bytes | memoryview]) -> None:
    """Writes and flushes a neighbour of `path`, renames it and flushes the folder; raises CheckpointError when the disk refuses so many bytes."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Only one process at a time writes a run's files: these were left by one that was killed meanwhile.
        for left in path.parent.glob(f".{path.name}.*.part"):
            left.unlink()
        with part.open("wb") as stream:
            for piece in pieces:
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise CheckpointError(_not_written(path, size, error)) from None
    finally:
        with suppress(OSError):
            part.unlink()


def _not_written(path: Path, size: int, error: OSError) -> str:
    """Why a checkpoint of so many bytes was not written, with what is left of the run."""
    kept = "The one before it is kept" if path.exists() else "There was none before it"
    if error.errno not in FULL:
        return f"The checkpoint could not be written to {path}: {error.strerror or error}. {kept}."
    with suppress(OSError):
        kept = f"{shutil.disk_usage(path.parent).free / 1e6:,.1f} MB are free. {kept}"
    return f"The disk is full: a checkpoint of {size / 1e6:,.1f} MB could not be written to {path} ({error.strerror}). {kept}: make room, then resume the run."


def _flush_folder(folder: Path) -> None:
    """Makes a rename last through a power cut, where folders can be flushed (not on Windows)."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _position(about: Mapping[str, object]) -> Position:
    """The position in what a checkpoint says of itself, as far as this version knows its fields."""
    known = {field.name for field in fields(Position)}
    return Position(**{name: value for name, value in about["position"].items() if name in known})


def _read(path: Path) -> tuple[dict[str, Tensor], dict]:
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[KEY])
            if about["version"] > VERSION:
                raise CheckpointError(f"{path} was written by a newer Brickwork (format {about['version']}, this one reads up to {VERSION}).")
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118 - it is no dict
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} is not a whole checkpoint ({type(error).__name__}: {error}).") from None


def _check_weights(path: Path, model: nn.Module, tensors: dict[str, Tensor]) -> None:
    there, needed = ({name: tuple(value.shape) for name, value in state.items()} for state in (tensors, model.state_dict()))
    for name in sorted(there.keys() | needed.keys()):
        if there.get(name) != needed.get(name):
            raise CheckpointError(f"{path} is of another network: {name} has the shape {there.get(name, 'none')} there, and {needed.get(name, 'none')} here.")


def lay_out_state(optimizer: torch.optim.Optimizer) -> None:
    """Brings what an optimiser keeps from its making (Adagrad's sums) to the device and the memory format that its weights have by now."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            for key, value in optimizer.state.get(parameter, {}).items():
                if key == "step" and group.get("fused"):
                    optimizer.state[parameter][key] = value.to(parameter.device)
                elif isinstance(value, Tensor) and value.shape == parameter.shape:
                    optimizer.state[parameter][key] = _laid_out_as(parameter, value, parameter.device)


def _optimizer_to_tensors(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict]:
    """The state's tensors under flat names, and everything else as plain data."""
    whole = optimizer.state_dict()
    tensors, plain = {}, {}
    for number, state in whole["state"].items():
        for key, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"{OPTIMIZER}{number}.{key}"] = value
            else:
                plain[f"{number}.{key}"] = value
    return tensors, {"groups": whole["param_groups"], "plain": plain}


def _optimizer_from_tensors(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], described: dict) -> None:
    state: dict[int, dict] = {}
    values = {name.removeprefix(OPTIMIZER): value for name, value in tensors.items() if name.startswith(OPTIMIZER)}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, value in (values | described["plain"]).items():
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = _laid_out_as(parameters[int(number)], value)
    groups = [{key: tuple(value) if key == "betas" else value for key, value in group.items()} for group in described["groups"]]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _laid_out_as(parameter: Tensor, value: object, device: torch.device | str = "cpu") -> object:
    """A state tensor in its parameter's memory format: another order in memory takes other kernels, whose last bits may differ."""
    if isinstance(value, Tensor) and value.shape == parameter.shape:
        return torch.empty_like(parameter, dtype=value.dtype, device=device, requires_grad=False).copy_(value)
    return value


def random_states(device: str) -> dict[str, Tensor]:
    """torch's random states by the kind of device, for `set_random_states`."""
    states = {"cpu": torch.get_rng_state()}
    if device.startswith("cuda"):
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_random_states(states: dict[str, Tensor], device: str) -> None:
    """Gives torch its random states back. One for another kind of device is left: a run that moved draws other numbers there anyway."""
    torch.set_rng_state(states["cpu"])
    if device.startswith("cuda") and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
