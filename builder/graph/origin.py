"""Where a brick's tensors stand in the file of starting weights, after it was renamed, put into a block or taken out of one.

A brick whose name there is another one says so in `Node.was`: a name or a path of names, and "" for a block that has no part in the names.
Only projects with starting weights keep this; a new file of weights has our names as they are then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from .document import Network, Node, Project

T = TypeVar("T")


def _was(node: Node) -> str:
    return node.id if node.was is None else node.was


def _called(node: Node, was: str) -> Node:
    was = None if was == node.id else was
    return node if node.was == was else replace(node, was=was)


def followed(before: Network, after: Network, edit: Mapping[str, object]) -> Network:
    """`after` an edit, with bricks that were renamed, or that took over the weights of one that was removed, knowing where those stand."""
    names: dict[str, str] = {}
    if edit["op"] == "rename":
        names[edit["to"]] = _was(before.node(edit["id"]))
    if edit["op"] == "remove":
        for node in after.nodes:
            old = before.node(node.id)
            if node.of is None and old is not None and old.of is not None and (owner := before.node(old.of)):
                names[node.id] = _was(owner)
    return replace(after, nodes=tuple(_called(node, names[node.id]) if node.id in names else node for node in after.nodes)) if names else after


def unpacked(block: Node, copy: int | None, inside: Sequence[str], bricks: Sequence[Node]) -> list[Node]:
    """The bricks that came out of one `copy` of a block (None when there is just one), which were called `inside`, knowing what the block knew."""
    path = [_was(block), "" if copy is None else str(copy)]
    return [_called(brick, ".".join(filter(None, (*path, name if brick.was is None else brick.was)))) for name, brick in zip(inside, bricks, strict=True)]


def forgotten(network: Network) -> Network:
    """The network with every brick called in a file of weights what it is called here."""
    if all(node.was is None for node in network.nodes):
        return network
    return replace(network, nodes=tuple(replace(node, was=None) for node in network.nodes))


def origin(project: Project, name: str) -> str:
    """The name in the starting weights of the tensor that is called `name` ("stage1.0.conv1.weight") in the network."""
    network, parts, path = project.network, name.split("."), []
    while parts and (node := network.node(parts[0])):
        was = _was(node)
        path.append(was)
        parts = parts[1:]
        block = project.blocks.get(node.kind)
        if block is None:
            break
        if parts and parts[0].isdigit():
            # Of copies in a row the first one is what stood there before there was a block.
            path += parts[:1] if was or parts[0] != "0" else []
            parts = parts[1:]
        network = block.network
    return ".".join(filter(None, (*path, *parts)))


def renamed(project: Project, own: Iterable[str], given: Mapping[str, T]) -> dict[str, T]:
    """What is `given` by its names in the starting weights, under the names of the network's `own` tensors that it belongs to.

    A new brick that is called as another one was has no part in that one's numbers. What belongs to none keeps its name, unless it is taken.
    """
    places = {name: origin(project, name) for name in own}
    moved = {place for name, place in places.items() if place != name}
    found = {name: given[place] for name, place in places.items() if place in given and (place != name or place not in moved)}
    gone = {places[name] for name in found}
    return found | {name: value for name, value in given.items() if name not in gone and name not in places}
