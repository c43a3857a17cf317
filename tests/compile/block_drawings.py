"""Drawings with blocks: own and from the catalogue, nested, repeated, muted, with several inputs and outputs."""

from __future__ import annotations

from builder.graph import Project, from_json

SAME = {"kernel_size": 3, "padding": 1}
PLAIN = {**SAME, "bias": False}


def network(bricks: list[tuple], wires: str) -> dict:
    """The JSON of a network: bricks as (id, kind, params), wires as "a>b a.1>c.2" with outputs and ports."""
    nodes = [{"id": name, "kind": kind, **({"params": rest[0]} if rest and rest[0] else {}), **(rest[1] if len(rest) > 1 else {})} for name, kind, *rest in bricks]
    edges = []
    for wire in wires.split():
        (source, _, output), (target, _, port) = (end.partition(".") for end in wire.split(">"))
        edges.append({"source": source, "target": target, "port": int(port or 0), "output": int(output or 0)})
    return {"nodes": nodes, "edges": edges}


def block(bricks: list[tuple], wires: str, params: dict[str, str] | None = None, summary: str = "") -> dict:
    """The JSON of a block; promoted parameters as {"channels": "conv1.out_channels conv2.out_channels"}."""
    promoted = [{"name": name, "of": [target.split(".") for target in of.split()]} for name, of in (params or {}).items()]
    return {**network(bricks, wires), "params": promoted, "summary": summary}


def project(name: str, bricks: list[tuple], wires: str, blocks: dict[str, dict] | None = None, task: str = "classification") -> Project:
    """A project of one network."""
    return from_json({"type": "brickwork/project", "version": 1, "name": name, "networks": {"network": network(bricks, wires)},
                      "blocks": blocks or {}, "task": {"kind": task}})


def row(*names: str) -> str:
    """Wires from each to the next."""
    return " ".join(f"{a}>{b}" for a, b in zip(names, names[1:], strict=False))


IMAGE = ("image", "Input", {"shape": [1, 28, 28]})
END = [("gap", "AdaptiveAvgPool2d"), ("flatten", "Flatten"), ("fc", "Linear", {"out_features": 10}), ("output", "Output")]
TAIL = ("gap", "flatten", "fc", "output")

RESIDUAL = block(
    [("x", "BlockInput"), ("conv1", "Conv2d", {"out_channels": 8, **PLAIN}), ("bn1", "BatchNorm2d"), ("relu1", "ReLU"),
     ("conv2", "Conv2d", {"out_channels": 8, **PLAIN}), ("bn2", "BatchNorm2d"), ("shortcut", "Conv2d", {"out_channels": 8, "kernel_size": 1, "bias": False}),
     ("add", "Add"), ("relu2", "ReLU"), ("out", "BlockOutput")],
    row("x", "conv1", "bn1", "relu1", "conv2", "bn2", "add", "relu2", "out") + " x>shortcut shortcut>add.1",
    {"channels": "conv1.out_channels conv2.out_channels shortcut.out_channels", "stride": "conv1.stride shortcut.stride"},
    "Two 3×3 convolutions beside a projected shortcut.")

UNIT = block([("x", "BlockInput"), ("conv", "Conv2d", {"out_channels": 8, **PLAIN}), ("bn", "BatchNorm2d"), ("relu", "ReLU"), ("out", "BlockOutput")],
             row("x", "conv", "bn", "relu", "out"), {"channels": "conv.out_channels"})
STAGE = block([("x", "BlockInput"), ("units", "Unit", {"channels": 12, "repeat": 2}), ("drop", "Dropout2d", {"p": 0.1}), ("out", "BlockOutput")],
              row("x", "units", "drop", "out"), {"channels": "units.channels", "p": "drop.p", "depth": "units.repeat"}, "Some units, then noise.")

SPLIT = block([("x", "BlockInput"), ("coarse", "AvgPool2d"), ("fine", "Conv2d", {"out_channels": 4, **SAME}), ("low", "BlockOutput"), ("high", "BlockOutput")],
              "x>coarse x>fine coarse>low fine>high", {"channels": "fine.out_channels"}, "A small and a detailed view.")
JOIN = block([("a", "BlockInput"), ("b", "BlockInput"), ("pool", "AdaptiveAvgPool2d", {"output_size": 14}), ("cat", "Concat"), ("out", "BlockOutput")],
             "b>pool a>cat pool>cat.1 cat>out")

RESNET = project("ResNet with projections", [
    IMAGE, ("stem", "ConvNormAct", {"out_channels": 16}), ("block1", "BasicBlock", {"out_channels": 16, "repeat": 2}),
    ("block2", "BasicBlock", {"out_channels": 32, "stride": 2}), ("block3", "BasicBlock", {"out_channels": 32}),
    ("block4", "BasicBlock", {"out_channels": 48, "repeat": 3}), *END],
    row("image", "stem", "block1", "block2", "block3", "block4", *TAIL))

BLOCK_DRAWINGS: dict[str, Project] = {
    "block_residual": project("Own residual blocks", [IMAGE, ("residual1", "Residual", {"channels": 16}),
                              ("residual2", "Residual", {"channels": 32, "stride": 2}), ("residual3", "Residual", {"channels": 32, "repeat": 3}), *END],
                              row("image", "residual1", "residual2", "residual3", *TAIL), {"Residual": RESIDUAL}),
    "block_once": project("One block", [IMAGE, ("residual1", "Residual"), *END], row("image", "residual1", *TAIL), {"Residual": {**RESIDUAL, "summary": ""}}),
    "block_resnet": RESNET,
    "block_inception": project("GoogLeNet's modules", [
        IMAGE, ("stem", "ConvNormAct", {"out_channels": 32, "stride": 2}), ("inception1", "InceptionModule"),
        ("inception2", "InceptionModule", {"ch1x1": 128, "ch3x3red": 128, "ch3x3": 192, "ch5x5red": 32, "ch5x5": 96, "pool_proj": 64}),
        ("inception3", "InceptionModule", {"batch_norm": True}), *END],
        row("image", "stem", "inception1", "inception2", "inception3", *TAIL)),
    "block_unet": project("U-Net of three levels", [
        ("image", "Input", {"shape": [3, 60, 52]}), ("enc", "DoubleConv", {"out_channels": 16}), ("down1", "UNetDown", {"out_channels": 32}),
        ("down2", "UNetDown", {"out_channels": 64}), ("up1", "UNetUp", {"out_channels": 32}), ("up2", "UNetUp", {"out_channels": 16}),
        ("head", "Conv2d", {"out_channels": 2, "kernel_size": 1}), ("output", "Output")],
        row("image", "enc", "down1", "down2", "up1", "up2", "head", "output") + " down1>up1.1 enc>up2.1", task="none"),
    "block_nested": project("Stages of units", [
        IMAGE, ("stage1", "Stage"), ("stage2", "Stage", {"channels": 24, "depth": 5, "p": 0.25}), ("stage3", "Stage", {"channels": 24, "repeat": 2}),
        ("unit", "Unit"), *END], row("image", "stage1", "stage2", "stage3", "unit", *TAIL), {"Stage": STAGE, "Unit": UNIT}),
    "block_ports": project("Two in, two out", [
        ("image", "Input", {"shape": [1, 28, 28]}), ("mask", "Input", {"shape": [2, 28, 28]}), ("split", "Split"), ("split2", "Split", {"channels": 6}),
        ("join", "Join"), ("joined", "Output"), ("detail", "Output")],
        "image>split mask>split2 split>join split2.1>join.1 join>joined split.1>detail", {"Split": SPLIT, "Join": JOIN}, "none"),
    "block_growing": project("Dense stages", [
        IMAGE, ("stage1", "Dense"), ("stage2", "Dense", {"depth": 4}), ("stage3", "Dense", {"growth": 6}), *END],
        row("image", "stage1", "stage2", "stage3", *TAIL),
        {"Dense": block([("x", "BlockInput"), ("layers", "DenseLayer", {"growth_rate": 4, "repeat": 3}), ("pool", "MaxPool2d"), ("out", "BlockOutput")],
                        row("x", "layers", "pool", "out"), {"depth": "layers.repeat", "growth": "layers.growth_rate"}, "Every layer sees all before it.")}),
    "block_muted": project("Muted", [
        IMAGE, ("conv1", "Conv2d", {"out_channels": 8, **SAME}), ("relu1", "ReLU", {}, {"muted": True}), ("twice", "Unit", {}, {"muted": True}),
        ("unit", "Unit"), ("add", "Add", {}, {"muted": True}), ("fine", "Conv2d", {"out_channels": 3}), *END],
        row("image", "conv1", "relu1", "twice", "unit", "add", *TAIL) + " conv1>fine fine>add.1",
        {"Unit": {**UNIT, "nodes": [node | ({"muted": True} if node["id"] == "bn" else {}) for node in UNIT["nodes"]]}}),
}
