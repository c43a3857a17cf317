"""The network as plain PyTorch: nothing that a linter minds, whatever bricks are called."""

from __future__ import annotations

import json
import subprocess
import sys
from random import Random

import pytest
import torch

import builder
from builder.compile.module import load
from builder.gallery import ENTRIES
from builder.graph import loads
from builder.graph.document import Project
from tests.compile.test_source import DRAWINGS, drawn
from tests.graph.drawings import legal_project

# Names that Python, the text or a linter give a meaning of their own, and what they become when they are in the way.
ODD = ("l", "O", "I", "F", "math", "torchvision", "print", "x", "h", "value", "Network", "l_", "F_", "F__", "OrderedDict")


def called(first: str, second: str) -> Project:
    """A drawing whose two branches are both read again, so that their names are variables."""
    return drawn(("rows", "Flatten", {}), (first, "Linear", {"out_features": 10}), (second, "Linear", {"out_features": 10}), ("sum", "Add", {}), ("product", "Multiply", {}),
                 ("end", "Add", {}), wires=f"image>rows rows>{first} rows>{second} {first}>sum {second}>sum.1 {first}>product {second}>product.1 sum>end product>end.1 end>output")


def test_exported_python_is_clean_by_the_linters_own_rules(tmp_path):
    projects = {**DRAWINGS, **{name: entry.project for name, entry in ENTRIES.items()}, **{f"random_{seed}": legal_project(Random(seed), most=60) for seed in range(30)},
                **{f"called_{first}": called(first, "other") for first in ODD}}
    for name, project in projects.items():
        (tmp_path / f"{name.replace('-', '_')}.py").write_text(builder.export(project, "python").content.decode(), encoding="utf-8")
    # As it is, and by the rules that its older releases select by themselves.
    for rules in ([], ["--select", "E4,E7,E9,F"]):
        done = subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", *rules, tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("first", "second"), [*((name, "other") for name in ODD), ("l", "l_"), ("l_", "l"), ("F", "F_"), ("math", "math_"), ("l", "O")])
def test_a_network_is_the_same_whatever_its_bricks_are_called(first, second):
    plain, odd = (load(builder.source(called(*names))).eval() for names in (("one", "other"), (first, second)))
    odd.load_state_dict(dict(zip(odd.state_dict(), plain.state_dict().values(), strict=True)))
    image = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert torch.equal(plain(image), odd(image)) and list(odd.state_dict())[0] == f"{first}.weight"


def test_a_block_called_as_a_module_that_the_text_imports_hides_nothing():
    text = builder.to_json(DRAWINGS["block_residual"])
    renamed = loads(json.dumps(text).replace('"Residual"', '"F"'))
    assert "class FBlock(nn.Module):" in builder.source(renamed) and "class F(" not in builder.source(renamed)
