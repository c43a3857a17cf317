"""Where tensors lie in a safetensors file (https://github.com/huggingface/safetensors#format), for whoever writes one piece by piece. Standard library only."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

BYTES = {"U8": 1, "F32": 4, "I64": 8}  # in the order of safetensors' own kinds of numbers


def head(tensors: Mapping[str, tuple[str, Sequence[int]]], about: Mapping[str, str]) -> tuple[bytes, dict[str, tuple[int, int]]]:
    """What such a file begins with, of tensors by their names as (kind of number, shape), and where each begins and ends in the file, in the order in which they lie.

    It is what the package's own writer makes of them.
    """
    order = sorted(tensors, key=lambda name: (-list(BYTES).index(tensors[name][0]), name))
    record: dict[str, object] = {"__metadata__": dict(about)} if about else {}
    places, end = {}, 0
    for name in order:
        kind, shape = tensors[name]
        begin, end = end, end + math.prod(shape) * BYTES[kind]
        places[name] = begin, end
        record[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = 8 + len(text)
    return len(text).to_bytes(8, "little") + text, {name: (start + begin, start + end) for name, (begin, end) in places.items()}
