"""A process of its own that turns somebody's weights into safetensors: a file (.safetensors, or .pth of torch.save), or torchvision's.

`python -m builder.weights.fetch SOURCE OUT` writes OUT and prints one JSON line; what goes wrong is one line on stderr, with status 1. What it
reads is data that may be hostile: torch's reader is held to plain tensors (weights_only), and this process to a limit of memory.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from builder import paths

from .store import MOST_BYTES, WeightsError

MOST_MEMORY = 3 * MOST_BYTES
MOST_TENSORS = 100_000
LONGEST = 1800.0  # seconds that a download may take
# Under which name files of other projects keep their tensors.
WRAPPED = ("state_dict", "model_state_dict", "model", "state_dict_ema", "module")
TORCHVISION = "torchvision:"


def fetch(source: str, folder: Path) -> tuple[Path, dict[str, object]]:
    """The safetensors file made of a source in `folder`, and what it says of itself: "title", and "order", the names in the order they were kept.

    Raises WeightsError in one sentence.
    """
    out = folder / "weights.safetensors"
    command = [sys.executable, "-m", "builder.weights.fetch", source, str(out)]
    here = Path(__file__).resolve().parents[2]
    source_there = source if source.startswith(TORCHVISION) else str(Path(source).resolve())
    try:
        done = subprocess.run([*command[:3], source_there, command[4]], cwd=here, capture_output=True, text=True, timeout=LONGEST, check=False,
                              stdin=subprocess.DEVNULL, env={**os.environ, "BRICKWORK_HOME": str(paths.home()), "OMP_NUM_THREADS": "1"})
    except subprocess.TimeoutExpired:
        raise WeightsError(f"the weights were not there after {LONGEST / 60:.0f} minutes") from None
    if done.returncode == 0:
        with suppress(ValueError, IndexError):
            return out, json.loads(done.stdout.splitlines()[-1])
    said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
    if done.returncode == 1 and said.startswith("weights: "):
        raise WeightsError(said.removeprefix("weights: "))
    raise WeightsError(f"{Path(source).name:.80} could not be read as weights: the process that reads it ended with status {done.returncode}, "
                       "as it does when a file is damaged or needs too much memory")


def main(source: str, out: str) -> int:
    """The process: reads the source, writes the file and says what it is."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    try:
        tensors, title = torchvision(source) if source.startswith(TORCHVISION) else read(Path(source))
        from safetensors.torch import save_file

        save_file({name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}, out, {"format": "pt"})
    except WeightsError as error:
        print(f"weights: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except MemoryError:
        print(f"weights: it needs more than the {MOST_MEMORY / 1e9:.0f} GB of memory that weights may take", file=sys.stderr)
        return 1
    print(json.dumps({"title": title, "order": list(tensors)}))
    return 0


def read(file: Path) -> tuple[Mapping[str, object], str]:
    """The tensors of a file by name, and its name; raises WeightsError for anything but tensors by names."""
    if file.suffix.lower() == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(file), file.name
        except (SafetensorError, OSError) as error:
            raise WeightsError(f"{file.name:.80} is no whole safetensors file ({error})") from None
    import torch

    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"{file.name:.80} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # noqa: BLE001 - torch's reader raises what the file makes it raise
        raise WeightsError(f"{file.name:.80} is no file of weights: torch refuses to read more than tensors from it ({type(error).__name__})") from None
    return _tensors(found, file.name), file.name


def _tensors(found: object, name: str) -> dict[str, object]:
    import torch

    for _ in WRAPPED:
        found = next((found[key] for key in WRAPPED if isinstance(found, Mapping) and isinstance(found.get(key), Mapping)), found)
    if not isinstance(found, Mapping):
        raise WeightsError(f"{name:.80} holds a {type(found).__name__}; weights are tensors by their names, as state_dict gives them")
    # DataParallel puts "module." in front of every name.
    tensors = {str(key).removeprefix("module."): value for key, value in found.items() if isinstance(value, torch.Tensor) and value.layout == torch.strided}
    if not tensors or len(tensors) > MOST_TENSORS or any(len(key) > 500 for key in tensors):
        raise WeightsError(f"{name:.80} holds {len(tensors):,} tensors by name; weights are 1 to {MOST_TENSORS:,}")
    return tensors


def torchvision(source: str) -> tuple[Mapping[str, object], str]:
    """Published weights by "torchvision:MODEL/WEIGHTS", downloaded where they are not yet; raises WeightsError without a network."""
    import torch
    from torchvision import models

    name, _, wanted = source.removeprefix(TORCHVISION).partition("/")
    try:
        kinds = models.get_model_weights(name)
    except ValueError:
        raise WeightsError(f"torchvision has no model {name!r:.60}") from None
    if not len(kinds):
        raise WeightsError(f"torchvision has no weights for {name}")
    if wanted not in ("", "DEFAULT") and wanted not in kinds.__members__:
        raise WeightsError(f"torchvision's {name} has no weights {wanted!r:.60}; there are {', '.join(kinds.__members__)}")
    weights = kinds[wanted or "DEFAULT"]
    folder = paths.home() / "weights" / "downloads"
    try:
        found = torch.hub.load_state_dict_from_url(weights.url, str(folder), map_location="cpu", progress=False, check_hash=True, weights_only=True)
    except OSError as error:
        raise WeightsError(f"torchvision's weights for {name} cannot be fetched: {weights.url} does not answer ({getattr(error, 'reason', error)}). Without a "
                           "network, give the file itself: --from FILE, or the upload") from None
    except RuntimeError as error:
        raise WeightsError(f"torchvision's weights for {name} came damaged ({error})") from None
    return _tensors(found, name), f"torchvision {name} {weights.name}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.setdefault("TORCH_HOME", scratch)
        raise SystemExit(main(*sys.argv[1:3]))
