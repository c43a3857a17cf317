"""Random drawings for property tests: legal ones, and ones with every kind of mistake that a document can hold."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from builder.catalogue import BATCH, LAYERS, Shape, with_batch
from builder.graph import Edge, FrozenDict, Network, Node, Project, from_json
from builder.graph.analysis import infer
from builder.graph.document import freeze

CHOICES = {
    "out_channels": (1, 2, 4, 6, 8),
    "kernel_size": (1, 2, 3, 5, [3, 1], [1, 3]),
    "stride": (1, 2, [2, 1]),
    "padding": (0, 1, 2, [0, 1]),
    "dilation": (1, 2),
    "groups": (1, 2),
    "output_padding": (0, 1),
    "output_size": (1, 2, 5, [3, 4]),
    "out_features": (1, 3, 8, 10),
    "num_groups": (1, 2, 3),
    "axes": (1, 2, 3),
    "dim": (1, -1, 2),
    "start_dim": (1, 2, -1),
    "end_dim": (-1, 2),
    "p": (0.0, 0.25, 0.9),
    "padding_mode": ("zeros", "reflect", "replicate", "circular"),
    "negative_slope": (0.2, 1),
    "alpha": (0.5, 2),
    "momentum": (0.2, 0.9),
    "eps": (0.001, 1e-6),
    "beta": (1.0, 2.5),
    "threshold": (5.0, 20.0),
}
ODD = (
    "3",
    "",
    None,
    True,
    False,
    0,
    -1,
    2,
    7,
    40,
    10**9,
    10**30,
    0.5,
    [],
    [3],
    [3, 3],
    [2, 3],
    [1, 2, 3],
    ["x"],
    {},
    {"a": 1},
    "zeros",
    "𝔵",
    "]]>",
    "'''",
)
# What a first network is made of is drawn as often as all the rest; what gives or reads whole numbers needs an Input of its own.
USUAL = tuple("""Conv2d ConvTranspose2d MaxPool2d AvgPool2d AdaptiveAvgPool2d Linear Flatten ReLU LeakyReLU ELU Sigmoid Tanh SiLU Softplus Softmax LogSoftmax Dropout Dropout2d
    BatchNorm1d BatchNorm2d LayerNorm GroupNorm InstanceNorm2d Add Concat Multiply""".split())
KINDS = USUAL + tuple(kind for kind, layer in LAYERS.items() if not layer.scope and kind not in USUAL and "int" not in (*layer.reads.split(), layer.gives))


def some_params(random: Random, kind: str, odd: float = 0.0) -> FrozenDict:
    """Some of a kind's parameters with plausible values; each is odd with probability `odd`."""
    given = {}
    for param in LAYERS[kind].params:
        if random.random() < 0.5:
            given[param.name] = random.choice((True, False)) if param.type == "bool" else random.choice(CHOICES.get(param.name, (1,)))
        if random.random() < odd:
            given[param.name] = random.choice(ODD)
    if random.random() < odd / 4:
        given["surprise"] = random.choice(ODD)
    return freeze(given)


def _grown(random: Random, nodes: list[Node], edges: list[Edge], shapes: dict[str, Shape]) -> None:
    """One more brick that is legal where it stands."""
    kind = random.choice(KINDS if random.random() < 0.5 else USUAL)
    params = some_params(random, kind)
    fewest, most = LAYERS[kind].inputs
    count = fewest if most is not None else random.choice((2, 2, 3))
    if not count:
        return
    recent = list(shapes)[-6:]
    first = random.choice(recent)
    alike = [name for name, shape in shapes.items() if len(shape) == len(shapes[first])]
    sources = [first, *(random.choice(alike) for _ in range(count - 1))]
    found = infer(kind, tuple(shapes[name] for name in sources), params)
    if kind == "Linear" and len(shapes[first]) == 4:
        return
    if found.shape is None or len(found.shape) < 2 or found.shape[0] != BATCH or any(size > 4096 for size in with_batch(found.shape, 1)):
        return
    name = f"{random.choice(('x', 'h', 'value', 'brick', kind.lower()))}{len(nodes) if random.random() < 0.8 else ''}"
    if name in shapes:
        return
    nodes.append(Node(name, kind, params, (0.0, 92.0 * len(nodes))))
    edges += [Edge(source, name, port) for port, source in enumerate(sources)]
    shapes[name] = found.shape


def legal_project(random: Random, most: int = 20) -> Project:
    """A drawing without an error: bricks at random, one of them flattened into ten scores; those beside the way are left unused."""
    data, shape = random.choice((("digits", (1, 28, 28)), ("cifar10", (3, 32, 32))))
    entry = random.choice(("image", "x", "h", "picture"))
    nodes, edges, shapes = [Node(entry, "Input", freeze({"shape": shape}))], [], {entry: (BATCH, *shape)}
    for _ in range(random.randrange(2 * most)):
        if len(nodes) < most:
            _grown(random, nodes, edges, shapes)
    last = list(shapes)[-1] if random.random() < 0.8 else random.choice(list(shapes))
    if len(shapes[last]) != 2:
        nodes.append(Node("rows", "Flatten"))
        edges.append(Edge(last, "rows"))
        last = "rows"
    nodes += [Node("scores", "Linear", freeze({"out_features": 10})), Node("output", "Output")]
    edges += [Edge(last, "scores"), Edge("scores", "output")]
    return Project("Random", FrozenDict({"network": Network(tuple(nodes), tuple(edges))}), data=freeze({"source": data}))


def messy_record(random: Random, most: int = 9) -> dict:
    """The JSON of a drawing with mistakes of every kind: loops, loose ends, ports that do not exist, odd values, unknown kinds."""
    kinds = [
        "Input",
        "Output",
        *random.choices((*KINDS, "Add", "Concat", "Linear", "Flatten", "Conv2d", "Input", "Output", "Mystery"), k=random.randrange(most)),
    ]
    nodes = []
    for i, kind in enumerate(kinds):
        if random.random() < 0.06:
            continue
        params = dict(some_params(random, kind, 0.06)) if kind in LAYERS else {"depth": random.choice(ODD)}
        if kind == "Input":
            params = {"shape": random.choice(([1, 28, 28], [1, 28, 28], [3, 32, 32], [1, 8, 8], [5], [2, 3], [1, 2, 3, 4], "x"))}
        node = {"id": f"n{i}", "kind": kind, "params": params}
        nodes.append(node | ({"at": [random.randrange(300), random.randrange(900)]} if random.random() < 0.7 else {}))
    return {
        "type": "brickwork/project",
        "version": 1,
        "name": "Messy",
        "networks": {"network": {"nodes": nodes, "edges": _messy_edges(random, nodes)}},
        "data": {"source": random.choice(("digits", "mnist", "cifar10", "nothing"))},
        "training": _messy_training(random),
    }


def _messy_edges(random: Random, nodes: list[dict]) -> list[dict]:
    """Mostly a column from the Input through the bricks to the Output, with wires at random besides."""
    edges, taken = [], set()
    column = [n["id"] for n in nodes if n["kind"] not in ("Input", "Output")]
    ends = [[n["id"] for n in nodes if n["kind"] == kind][:1] for kind in ("Input", "Output")]
    column = [*ends[0], *column, *ends[1]]
    wanted = [(a, b, 0) for a, b in zip(column, column[1:], strict=False) if random.random() < 0.85]
    names = [n["id"] for n in nodes] or [""]
    for _ in range(random.randrange(5)):
        pair = [random.choice(names), random.choice(names)]
        source, target = pair if random.random() < 0.1 else sorted(pair, key=names.index)
        merges = target in {n["id"] for n in nodes if n["kind"] in ("Add", "Concat", "Multiply", "Mystery")}
        wanted.append((source, target, random.choice((0, 1, 1, 2, 3) if merges else (0, 0, 0, 0, 0, 0, 1))))
    for source, target, port in wanted:
        if nodes and (target, port) not in taken:
            taken.add((target, port))
            edges.append({"source": source, "target": target, "port": port})
    return edges


def _messy_training(random: Random) -> dict:
    training = {}
    for name, values in {
        "epochs": (3, 0, "many", 10**7),
        "batch_size": (32, -1, 2.5),
        "seed": (0, -1),
        "optimizer": (
            {"kind": "SGD", "lr": 0.1},
            {"kind": "SGD", "nesterov": True},
            {"kind": "Adam", "lr": "fast"},
            {"kind": "None"},
            "SGD",
            3,
        ),
        "loss": ({"kind": "NLLLoss"}, {"kind": "CrossEntropyLoss"}, {"kind": 4}),
        "initializer": ({"kind": "Default"}, {"kind": "Normal", "std": -1.0}, []),
        "patience": (1,),
    }.items():
        if random.random() < 0.2:
            training[name] = random.choice(values)
    return training


def messy_project(random: Random, most: int = 9) -> Project:
    return from_json(messy_record(random, most))


randoms = st.randoms(use_true_random=False)
