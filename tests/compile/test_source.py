"""The source text: golden files, and that no document can put code into it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import settings as profile

from builder.compile import BuildError
from builder.compile.source import plain, source
from builder.graph import DocumentError, Project, apply, from_json, loads, to_json
from tests.compile.block_drawings import BLOCK_DRAWINGS
from tests.first_networks import FIRST
from tests.graph.drawings import legal_project, randoms

GOLDEN = Path(__file__).parent / "golden"


def drawn(*nodes: tuple, wires: str, name: str = "Drawn", shape: tuple[int, ...] = (1, 28, 28)) -> Project:
    """A project of (id, kind, params) between `image` or another Input and `output`; wires as "a>b c>d.1"."""
    entry = wires.split(">")[0]
    edges = []
    for wire in wires.split():
        source_, _, rest = wire.partition(">")
        target, _, port = rest.partition(".")
        edges.append({"source": source_, "target": target, "port": int(port or 0)})
    listed = [
        {"id": entry, "kind": "Input", "params": {"shape": list(shape)}},
        *({"id": i, "kind": k, "params": p} for i, k, p in nodes),
        {"id": "output", "kind": "Output"},
    ]
    return from_json({"type": "brickwork/project", "version": 1, "name": name, "networks": {"network": {"nodes": listed, "edges": edges}}})


SAME = {"kernel_size": 3, "padding": 1}
FC = ("fc", "Linear", {"out_features": 10})
DRAWINGS = {
    **{entry.name: entry.project for entry in FIRST.values()},
    **BLOCK_DRAWINGS,
    "residual_add": drawn(
        ("conv1", "Conv2d", {"out_channels": 8, **SAME}),
        ("bn1", "BatchNorm2d", {}),
        ("relu1", "ReLU", {}),
        ("conv2", "Conv2d", {"out_channels": 8, **SAME}),
        ("add1", "Add", {}),
        ("gap1", "AdaptiveAvgPool2d", {}),
        ("flatten", "Flatten", {}),
        FC,
        wires="image>conv1 conv1>bn1 bn1>relu1 relu1>conv2 conv2>add1 relu1>add1.1 add1>gap1 gap1>flatten flatten>fc fc>output",
        name="Residual",
    ),
    "concat_branches": drawn(
        ("narrow", "Conv2d", {"out_channels": 4, "kernel_size": 1}),
        ("wide", "Conv2d", {"out_channels": 4, "kernel_size": [3, 5], "padding": [1, 2]}),
        ("pool", "MaxPool2d", {"kernel_size": 3, "stride": 1, "padding": 1}),
        ("concat1", "Concat", {}),
        ("flatten", "Flatten", {}),
        FC,
        wires="image>narrow image>wide image>pool narrow>concat1 wide>concat1.1 pool>concat1.2 concat1>flatten flatten>fc fc>output",
        name="Inception",
    ),
    "multiply_gate": drawn(
        ("conv1", "Conv2d", {"out_channels": 6}),
        ("gap1", "AdaptiveAvgPool2d", {}),
        ("squeeze", "Conv2d", {"out_channels": 6, "kernel_size": 1}),
        ("gate", "Sigmoid", {}),
        ("mul1", "Multiply", {}),
        ("flatten", "Flatten", {}),
        FC,
        wires="image>conv1 conv1>gap1 gap1>squeeze squeeze>gate conv1>mul1 gate>mul1.1 mul1>flatten flatten>fc fc>output",
        name="Squeeze and excite",
    ),
    "one_value_twice": drawn(
        ("flatten", "Flatten", {}), FC, ("add1", "Add", {}), wires="image>flatten flatten>fc fc>add1 fc>add1.1 add1>output", name="Twice"
    ),
    "awkward_names": drawn(
        ("h", "Flatten", {}),
        ("value", "Linear", {"out_features": 10, "bias": False}),
        ("x1", "ReLU", {}),
        ("Network", "Add", {}),
        wires="x>h h>value value>x1 x1>Network value>Network.1 Network>output",
        name='Awkward "names" \\ of\nbricks',
    ),
    "unused_left_out": drawn(
        ("flatten", "Flatten", {}), ("spare", "Linear", {"out_features": 99}), FC, wires="image>flatten flatten>fc flatten>spare fc>output"
    ),
    "long_lines": drawn(
        *[(f"{name}_branch_with_a_long_name{i}", "Conv2d", {"out_channels": 4, **SAME}) for name in ("first", "second") for i in range(4)],
        ("add1", "Add", {}),
        ("concat1", "Concat", {}),
        ("flatten", "Flatten", {}),
        FC,
        wires=" ".join(
            f"image>{name}_branch_with_a_long_name{i} {name}_branch_with_a_long_name{i}>{merge}.{i}"
            for name, merge in (("first", "add1"), ("second", "concat1"))
            for i in range(4)
        )
        + " add1>concat1.4 concat1>flatten flatten>fc fc>output",
    ),
    "every_argument": drawn(
        (
            "conv1",
            "Conv2d",
            {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "bias": False, "padding_mode": "reflect"},
        ),
        ("gn1", "GroupNorm", {"num_groups": 2, "eps": 0.001}),
        ("elu1", "ELU", {"alpha": 2}),
        ("deconv1", "ConvTranspose2d", {"out_channels": 3}),
        ("ln1", "LayerNorm", {"axes": 2, "bias": False}),
        ("dropout1", "Dropout", {"p": 0.1}),
        ("flatten", "Flatten", {}),
        FC,
        ("logsoftmax1", "LogSoftmax", {}),
        wires="image>conv1 conv1>gn1 gn1>elu1 elu1>deconv1 deconv1>ln1 ln1>dropout1 dropout1>flatten flatten>fc fc>logsoftmax1 logsoftmax1>output",
    ),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_source_of_a_drawing_is_the_golden_file(name):
    path = GOLDEN / f"{name.replace('-', '_')}.py"
    assert source(DRAWINGS[name]) == path.read_text(encoding="utf-8"), f"if the change is meant, write the new text to {path.name}"


def test_every_golden_file_has_its_drawing():
    assert {path.stem for path in GOLDEN.glob("*.py")} == {name.replace("-", "_") for name in DRAWINGS}


def test_golden_files_pass_the_linter_with_more_rules_than_the_repositorys():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--isolated",
            "--no-cache",
            "--select",
            "E,F,W,I,B,UP,C4,SIM,N,PIE",
            "--line-length",
            "140",
            "--exclude",
            "",
            *sorted(GOLDEN.glob("*.py")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_source_is_the_same_every_time_and_whatever_was_undone_in_between():
    for project in DRAWINGS.values():
        assert source(project) == source(loads(json.dumps(to_json(project))))
    mnist = DRAWINGS["mnist-cnn"]
    there = apply(mnist, {"op": "add", "node": {"id": "loose", "kind": "ReLU"}})
    assert source(apply(there, {"op": "remove", "ids": ["loose"]})) == source(mnist)


def test_only_arguments_that_torch_would_not_choose_are_written():
    text = source(DRAWINGS["mnist-cnn"])
    assert (
        "nn.Conv2d(1, 10, kernel_size=5)" in text and "nn.Linear(320, 50)" in text and "bias" not in text and "import torch\n" not in text
    )


def test_a_drawing_with_errors_is_not_built_and_the_message_names_bricks_and_numbers():
    with pytest.raises(BuildError) as caught:
        source(apply(DRAWINGS["mnist-cnn"], {"op": "set", "id": "image", "params": {"shape": [1, 8, 8]}}))
    assert "conv2" in str(caught.value) and "2 + 2 * 0" in str(caught.value)
    with pytest.raises(BuildError, match="more"):
        source(apply(DRAWINGS["mnist-cnn"], {"op": "batch", "edits": [{"op": "add", "node": {"kind": "Add"}}] * 9}))


EVIL = [
    '"""',
    "'''",
    "\\",
    '\\"""',
    "\n    import os\n",
    '"""\nimport os\nos.system("true")\n"""',
    "{}",
    "{args}",
    "%s",
    "#",
    "\r",
    "\u2028",
    "\x00",
    "\x1b[31m",
    "__import__('os')",
    "');import os;('",
    '", nn.Sequential(), "',
    "é",
    "𝔵",
    "\u202e",
    "${x}",
    "`id`",
    "<script>",
    "self.x = 1",
    "class",
    "\ufeff",
    "N{DIGIT ONE}",
    "\\N{DIGIT ONE}",
    "\\x41",
]


def skeleton(text: str) -> str:
    """The syntax tree of a source with its texts left out."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def hostile(random: Random, record: dict, word: str | None = None) -> dict:
    """A document with hostile texts (or with `word` in their place) at a few places: names, ids, kinds, parameters, sections."""
    evil = "".join(random.choices(EVIL, k=random.choice((1, 1, 2, 3))))
    could_be_a_name = evil.isidentifier()
    evil = evil if word is None else word
    nodes = record["networks"]["network"]["nodes"]
    for _ in range(random.choice((1, 1, 2))):
        node, value = random.choice(nodes), random.choice((evil, [evil], {evil: evil}, [1, evil]))
        match random.randrange(8):
            case 0 | 1:
                record["name"] = (evil + record["name"])[:200]
            case 2 if not could_be_a_name:
                old, node["id"] = node["id"], evil
                for edge in record["networks"]["network"]["edges"]:
                    edge.update({end: evil for end in ("source", "target") if edge[end] == old})
            case 3:
                node["kind"] = evil
            case 4:
                node.setdefault("params", {})[random.choice([*node.get("params", {}), "kernel_size", "bias", "padding_mode", "dim"])] = (
                    value
                )
            case 5:
                node.setdefault("params", {})[evil] = random.choice((evil, 1))
            case 6:
                record["about"] = {"gallery": value}
            case 7:
                record[random.choice(("data", "task", "blocks", "recipes"))] = {evil: value}
    return record


@given(randoms)
@profile(max_examples=600)
def test_no_document_puts_code_into_the_source(random):
    project = random.choice(list(DRAWINGS.values()))
    try:
        text = source(loads(json.dumps(hostile(random, to_json(project)))))
    except (DocumentError, BuildError):
        return
    assert skeleton(text) == skeleton(source(project))


def hostile_blocks(random: Random, record: dict, word: str | None = None) -> dict:
    """A document with hostile texts (or with `word` in their place) in its blocks: names, summaries, promoted parameters, bricks, instances."""
    evil = "".join(random.choices(EVIL, k=random.choice((1, 1, 2))))
    evil = evil if word is None else word
    name = random.choice(list(record["blocks"]))
    block = record["blocks"][name]
    match random.randrange(8):
        case 0 | 1:
            block["summary"] = (evil + block.get("summary", ""))[:200]
        case 2:
            record["blocks"] = {evil if key == name else key: value for key, value in record["blocks"].items()}
        case 3:
            record["blocks"] = {evil if key == name else key: value for key, value in record["blocks"].items()}
            for node in record["networks"]["network"]["nodes"]:
                node["kind"] = evil if node["kind"] == name else node["kind"]
        case 4:
            block.setdefault("params", []).append({"name": evil, "of": [["conv1", "out_channels"], [evil, evil]][: random.choice((1, 2))]})
        case 5:
            for promoted in block.get("params", [])[:1]:
                promoted["name"] = evil
        case 6:
            node = random.choice(block["nodes"])
            node[random.choice(("id", "kind"))] = evil
        case 7:
            node = random.choice(record["networks"]["network"]["nodes"])
            node.setdefault("params", {})[random.choice(["channels", "stride", "repeat", "out_channels", "batch_norm", evil])] = random.choice((evil, [evil], 10**30))
    return record


@given(randoms)
@profile(max_examples=400)
def test_no_block_puts_code_into_the_source(random):
    project = BLOCK_DRAWINGS[random.choice(("block_residual", "block_once", "block_nested", "block_ports", "block_muted"))]
    try:
        text = source(loads(json.dumps(hostile_blocks(random, to_json(project)))))
    except (DocumentError, BuildError):
        return
    assert skeleton(text) == skeleton(source(project))


# What the text itself uses, and what stands beside it in the file.
USED = ["self", "nn", "torch", "super", "range", "OrderedDict", "Network", "Residual", "ResidualWithX", "x", "h", "type", "object", "A" * 60, "repeat2", "conv1"]


@pytest.mark.parametrize("name", USED)
def test_promoted_parameters_may_have_any_name_that_a_file_allows_and_hide_nothing(name):
    from builder.compile.module import load

    record = to_json(BLOCK_DRAWINGS["block_residual"])
    record["blocks"]["Residual"]["params"][0]["name"] = name
    for node in record["networks"]["network"]["nodes"]:
        if "channels" in node.get("params", {}):
            node["params"][name] = node["params"].pop("channels")
    try:
        text = source(from_json(record))
    except DocumentError:
        return
    theirs, ours = (load(one).state_dict() for one in (text, source(BLOCK_DRAWINGS["block_residual"])))
    assert {key: value.shape for key, value in theirs.items()} == {key: value.shape for key, value in ours.items()}


@pytest.mark.parametrize("name", ["Sequential", "Module", "Conv2d", "Exception", "Network", "OrderedDict", "Range", "Super", "Unit2", "ResidualWithX", "T" * 60, "F"])
def test_blocks_may_have_any_name_that_a_file_allows_and_hide_nothing(name):
    from builder.compile.module import load

    text = json.dumps(to_json(BLOCK_DRAWINGS["block_nested"])).replace('"Unit"', f'"{name}"')
    try:
        theirs = load(source(loads(text))).state_dict()
    except DocumentError:
        return
    assert theirs.keys() == load(source(BLOCK_DRAWINGS["block_nested"])).state_dict().keys()


@pytest.mark.parametrize("evil", EVIL)
def test_a_hostile_summary_of_a_block_is_just_words_in_its_docstring(evil):
    record = to_json(BLOCK_DRAWINGS["block_residual"])
    record["blocks"]["Residual"]["summary"] = f"a{evil}b"
    tree = ast.parse(source(from_json(record)))
    assert ast.get_docstring(tree.body[-2]) == plain(f"a{evil}b")
    assert skeleton(source(from_json(record))) == skeleton(source(BLOCK_DRAWINGS["block_residual"]))


@pytest.mark.parametrize("evil", EVIL)
def test_a_hostile_project_name_is_just_words_in_the_docstrings(evil):
    for project in (DRAWINGS["mnist-cnn"], DRAWINGS["residual_add"]):
        renamed = from_json(to_json(project) | {"name": f"a{evil}b"})
        tree = ast.parse(source(renamed))
        assert skeleton(source(renamed)) == skeleton(source(project))
        assert ast.get_docstring(tree, clean=False) == f"{plain(f'a{evil}b')}, drawn in Brickwork."
        assert len(source(renamed).splitlines()) == len(source(project).splitlines())


def test_a_name_of_nothing_printable_is_untitled():
    assert plain("\u200b\n") == "Untitled" and plain('"\\') == "Untitled"


@given(randoms)
@profile(max_examples=100)
def test_the_source_of_any_legal_drawing_parses_and_holds_only_constructors_and_calls(random):
    tree = ast.parse(source(legal_project(random)))
    names = {node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}
    assert names <= {"torch", "torchvision", "nn", "functional", "OrderedDict"}
    used = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    # Constructors, functions of torch, and what every tensor can do.
    assert all(ast.unparse(func).startswith(("nn.", "self.", "super", "OrderedDict", "torch.", "torchvision.ops.", "F.", "float")) or hasattr(torch.Tensor, func.attr)
               for func in used)


@given(randoms)
@profile(max_examples=40)
def test_the_source_of_any_legal_drawing_has_nothing_that_a_linter_minds(random):
    project = legal_project(random)
    tree = ast.parse(source(project))
    (network,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    imported = {alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    assert imported <= loaded
    for function in network.body[1:]:
        stored = [node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        # _ is what nobody reads of several outputs.
        assert set(stored) - {"_"} <= loaded
