"""Random edits such as the canvas sends, for tests that hold two ways of doing the same against each other."""

from __future__ import annotations

import random

from builder.catalogue import LAYERS
from builder.graph import Network, Project

PARAMS = [{"out_channels": None}, {"out_channels": 7}, {"kernel_size": 3}, {"kernel_size": 90}, {"p": 0.25}, {"out_features": 10}]


def _pair(rng: random.Random, network: Network) -> dict[str, str]:
    """Two bricks of one kind where there are such, the second to use the weights of the first."""
    pairs = [(one.id, other.id) for one in network.nodes for other in network.nodes if one.kind == other.kind and one.id != other.id]
    owner, name = rng.choice(pairs) if pairs else ("none", "none")
    return {"id": name, "of": owner}


def random_edit(rng: random.Random, project: Project, scope: str | None = None) -> dict[str, object]:
    """An edit of a project's network, or of the block called `scope`; now and then one that does not fit."""
    network = project.scope(scope)
    names = [other.id for other in network.nodes] or ["none"]
    pick = lambda: rng.choice(names)  # noqa: E731
    fresh = {"id": f"new{rng.randrange(10**6)}", "kind": rng.choice(sorted(LAYERS)), "params": {}, "at": [0, 84]}
    wire = rng.choice(network.edges).to_json() if network.edges else {"source": pick(), "target": pick()}
    some = lambda: sorted({pick() for _ in range(rng.randrange(1, 3))})  # noqa: E731
    edit = rng.choice([
        {"op": "add", "node": fresh}, {"op": "insert", "node": fresh, "edge": wire}, {"op": "connect", "source": pick(), "target": pick(), "port": rng.randrange(4)},
        {"op": "remove", "ids": some(), "rejoin": rng.random() < 0.7}, {"op": "disconnect", **wire},
        {"op": "rename", "id": pick(), "to": f"named{rng.randrange(10**6)}"}, {"op": "move", "at": {pick(): [rng.randrange(900), 4]}},
        {"op": "set", "id": pick(), "params": rng.choice(PARAMS)}, {"op": "replace", "id": pick(), "kind": rng.choice(["ReLU", "Tanh", "Dropout", "Add"])},
        {"op": "mute", "ids": some(), "value": rng.random() < 0.6}, {"op": "freeze", "ids": some(), "value": rng.random() < 0.6},
        {"op": "share", "id": pick(), "of": rng.choice([None, pick(), pick(), pick()])}, {"op": "share", **_pair(rng, network)}, {"op": "silence", "id": pick(), "code": rng.choice(["deep", "window"]), "value": rng.random() < 0.6},
    ])
    edit = edit if rng.random() < 0.8 else {"op": "batch", "label": "Both", "edits": [edit, {"op": "add", "node": {**fresh, "id": f"{fresh['id']}b"}}]}
    return edit if scope is None else {**edit, "in": scope}
