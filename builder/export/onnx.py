"""A network as ONNX, for any batch size; what onnxruntime makes of it is held against the module before anything is written."""

from __future__ import annotations

import copy
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from .kinds import Exported, ExportError

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCHES = (1, 3)  # the sizes at which the answers are compared; the network is exported with another
TRACED = 2
# How far an answer may be off, as a share of the largest one (at least of 1): float32 has 7 digits, and a deep network loses two or three.
TOLERANCE = 1e-4
# One file holds so much (protocol buffers); larger networks would need several.
MOST_BYTES = 2_000_000_000
NEEDED = "onnx, onnxscript and onnxruntime"


@dataclass(frozen=True)
class Entry:
    """An input of the network: its name, the shape of one sample, and whether it takes whole numbers, which are drawn below `most` for the comparison."""

    name: str
    shape: tuple[int, ...]
    whole: bool = False


def onnx(network: nn.Module, entries: Sequence[Entry], ends: Sequence[str]) -> Exported:
    """The network in evaluation mode as an ONNX file; raises ExportError when it cannot be one or its answers differ from the module's."""
    import torch

    size = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    if size > MOST_BYTES:
        raise ExportError(f"one ONNX file holds up to {MOST_BYTES / 1e9:.0f} GB, and this network has {size / 1e9:.1f} GB of weights")
    network.eval()
    with torch.random.fork_rng(devices=[]), torch.no_grad(), _quietly():
        torch.manual_seed(0)
        _refuse_chance(network, _samples(network, entries, TRACED))
        content = _exported(network, entries, ends)
        differences = [_difference(network, content, entries, batch) for batch in BATCHES]
    return Exported(content, f"largest difference between onnxruntime's answers and the module's: {max(differences):.2g} (batches of {' and '.join(map(str, BATCHES))})")


@contextmanager
def _quietly() -> Iterator[None]:
    """The exporter's progress and warnings are not for people."""
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in ("torch", "onnxscript", "onnx_ir")}
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        for logger in levels:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in levels.items():
                logger.setLevel(level)


def _samples(network: nn.Module, entries: Sequence[Entry], batch: int) -> tuple[Tensor, ...]:
    import torch
    from torch import nn

    # Whole numbers are mostly places in a table: all of them must be in the smallest one.
    most = min((module.num_embeddings for module in network.modules() if isinstance(module, nn.Embedding)), default=2)
    return tuple(torch.randint(most, (batch, *entry.shape)) if entry.whole else torch.randn(batch, *entry.shape) for entry in entries)


def _answers(network: nn.Module, given: Sequence[Tensor]) -> list[Tensor]:
    answers = network(*given)
    return list(answers) if isinstance(answers, tuple | list) else [answers]


def _refuse_chance(network: nn.Module, given: Sequence[Tensor]) -> None:
    """Raises ExportError for a network that draws random numbers though it does not train: nothing could be compared."""
    first, second = _answers(network, given), _answers(network, given)
    if any(_apart(one, other) > 0 for one, other in zip(first, second, strict=True)):
        raise ExportError("the network answers the same input differently each time (it draws random numbers also when it does not train), "
                          "so its ONNX file cannot be held against it")


def _exported(network: nn.Module, entries: Sequence[Entry], ends: Sequence[str]) -> bytes:
    """The ONNX file of a network with a batch of any size."""
    import torch

    try:
        import onnxruntime  # noqa: F401 - without it nothing can be checked, so nothing is exported
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(f"ONNX needs {NEEDED}, and {error.name} is not installed: pip install {NEEDED.replace(' and', ',').replace(',', '')}") from None
    batch = torch.export.Dim("batch")
    try:
        program = torch.onnx.export(_exportable(network), _samples(network, entries, TRACED), dynamo=True, input_names=[entry.name for entry in entries],
                                    output_names=list(ends), dynamic_shapes=tuple({0: batch} for _ in entries), verbose=False)
        return program.model_proto.SerializeToString()
    # Whatever the exporter raises, there is no file; its own words are the best that can be said.
    except Exception as error:  # noqa: BLE001
        raise ExportError(f"torch cannot export this network as ONNX: {_reason(error)}") from None


def _exportable(network: nn.Module) -> nn.Module:
    """A copy in which the layers that torch's exporter has no words for are written with others that answer the same when nothing is trained."""
    import torch
    from torch import nn

    class Pooled(nn.Module):
        """The largest value of every window of an adaptive pooling, axis by axis: a window is a product of intervals."""

        def __init__(self, sizes: tuple[int | None, ...]):
            super().__init__()
            self.sizes = sizes

        def forward(self, x: Tensor) -> Tensor:
            for axis, size in zip(range(-len(self.sizes), 0), self.sizes, strict=True):
                length = x.shape[axis]
                bounds = [(i * length // size, -(-(i + 1) * length // size)) for i in range(size)] if size else []
                if bounds:
                    x = torch.cat([x.narrow(axis, first, end - first).amax(axis, keepdim=True) for first, end in bounds], axis)
            return x

    def other(module: nn.Module) -> nn.Module:
        if isinstance(module, nn.RReLU):
            return nn.LeakyReLU((module.lower + module.upper) / 2)
        pools = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
        axes = next((number for number, kind in enumerate(pools, 1) if isinstance(module, kind)), 0)
        size = getattr(module, "output_size", None)
        return Pooled(tuple(size) if isinstance(size, tuple | list) else (size,) * axes) if axes else module

    copied = copy.deepcopy(network)
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if (made := other(child)) is not child:
                setattr(parent, name, made)
    return copied.eval()


def _reason(error: BaseException) -> str:
    """The innermost cause in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{lines[0] if lines else 'no reason given'} ({type(error).__name__})"[:500]


def _difference(network: nn.Module, content: bytes, entries: Sequence[Entry], batch: int) -> float:
    """How far onnxruntime's answers are from the module's at most; raises ExportError when that is too far."""
    import torch
    from onnxruntime import InferenceSession, SessionOptions

    given = _samples(network, entries, batch)
    options = SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, torch.get_num_threads()
    try:
        session = InferenceSession(content, options, providers=["CPUExecutionProvider"])
        found = session.run(None, {entry.name: value.numpy() for entry, value in zip(session.get_inputs(), given, strict=True)})
    except Exception as error:  # noqa: BLE001 - a file that onnxruntime cannot run is not exported, whatever it says
        raise ExportError(f"onnxruntime cannot run what torch exported, with a batch of {batch}: {_reason(error)}") from None
    wanted = _answers(network, given)
    if len(found) != len(wanted):
        raise ExportError(f"the ONNX file gives {len(found)} outputs, and the module {len(wanted)}")
    worst = 0.0
    for number, (one, other) in enumerate(zip(wanted, map(torch.from_numpy, found), strict=True), 1):
        if one.shape != other.shape:
            raise ExportError(f"with a batch of {batch}, output {number} of the ONNX file is {tuple(other.shape)}, and the module's {tuple(one.shape)}")
        apart, scale = _apart(one, other), max(1.0, _largest(one))
        if not apart <= TOLERANCE * scale:
            raise ExportError(f"with a batch of {batch}, output {number} of the ONNX file differs from the module's by {apart:.3g}, where the largest "
                              f"value is {scale:.3g}; {TOLERANCE * scale:.2g} are allowed")
        worst = max(worst, apart)
    return worst


def _apart(one: Tensor, other: Tensor) -> float:
    """The largest difference; what is infinite or no number in both counts as equal, and in one of them as infinitely far."""
    import torch

    one, other = one.double(), other.double()
    same = (one == other) | (one.isnan() & other.isnan())
    differences = torch.where(same, torch.zeros_like(one), (one - other).abs())
    return differences.nan_to_num(nan=math.inf, posinf=math.inf).max().item() if differences.numel() else 0.0


def _largest(values: Tensor) -> float:
    finite = values.double().abs()
    finite = finite[finite.isfinite()]
    return finite.max().item() if finite.numel() else 0.0
