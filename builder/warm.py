"""A trained network that was changed and trains on: what of its weights, and of what its optimiser kept of them, goes on. torch is imported by the functions that need it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder import recipe
from builder.compile.source import source
from builder.graph import Project, apply, check
from builder.graph.origin import origin
from builder.graph.training import chosen, goes_on
from builder.graph.warm import Survivor, sources, survivors

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Warm:
    """What goes on: every brick's part, the `tensors` by their names in the changed network, what the optimiser kept of them (`state`), and a sentence about the optimiser."""

    bricks: list[Survivor]
    tensors: dict[str, torch.Tensor]
    state: dict[str, torch.Tensor]
    optimizer: str


def surviving(project: Project, before: Project, checkpoint: Path) -> Warm:
    """What goes on when a changed project is trained on from the checkpoint of a run that trained `before`.

    Raises BuildError, and builder.train.checkpoint.CheckpointError for a checkpoint that cannot be read.
    """
    from builder.compile.module import unfilled
    from builder.train.checkpoint import read_weights
    from builder.weights.fit import shapes_of

    network, tensors = unfilled(source(project)), read_weights(checkpoint)
    own, given = shapes_of(network.state_dict()), shapes_of(tensors)
    found = sources(check(before).analysis, check(project).analysis, own, given)
    state, says = _state(project, before, checkpoint, network, found)
    return Warm(survivors(own, given, found), {name: tensors[place] for name, place in found.items() if given[place] == own[name]}, state, says)


def _state(project: Project, before: Project, checkpoint: Path, network: torch.nn.Module, found: dict[str, str]) -> tuple[dict[str, torch.Tensor], str]:
    """What the optimiser kept of the weights that go on, and in a sentence what becomes of it."""
    from builder.compile.module import unfilled
    from builder.train.carried import in_words, kept, state_for, state_of

    kinds = [chosen(one, "optimizer")[0].kind for one in (project, before)]
    trained = {name: weights for name, weights in network.named_parameters() if weights.requires_grad}
    if kinds[0] != kinds[1]:
        return {}, in_words(*kinds, 0, len(trained))
    then = unfilled(source(before))
    # Weights that bricks share have a name at each of them, and one of these with the optimiser.
    first = {id(weights): name for name, weights in then.named_parameters()}
    called = {name: first[id(weights)] for name, weights in then.named_parameters(remove_duplicate=False)}
    seen = state_of(checkpoint, [name for name, weights in then.named_parameters() if weights.requires_grad])
    keys = kept(recipe.optimizer(project))
    parts = [state_for(name, called[found[name]], weights, keys, seen) for name, weights in trained.items() if found.get(name) in called]
    return {name: value for part in parts for name, value in part.items()}, in_words(*kinds, sum(map(bool, parts)), len(trained))


def warm(project: Project, before: Project, checkpoint: Path, title: str) -> tuple[Project, Warm]:
    """The changed project with everything of the checkpoint of a run, which trained `before`, that still fits, and what that is.

    The weights are kept in the store of this machine under the names that the bricks have now, with `title`, and so is what the optimiser kept of them. Raises ValueError in
    words where nothing fits, BuildError, and builder.train.checkpoint.CheckpointError for a checkpoint that cannot be read.
    """
    import tempfile

    from safetensors.torch import save_file

    from builder.weights import WeightsError, keep, section

    found = surviving(project, before, checkpoint)
    if not found.tensors:
        raise WeightsError(f"nothing of {title} fits {project.name}: no brick of it has weights of the same shape there")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        save_file({name: value.contiguous().clone() for name, value in (found.tensors | found.state).items()}, file, {"format": "pt"})
        kept = keep(file)
    return apply(project, {"op": "weights", "value": section(kept, title, chosen(project, "optimizer")[0].kind if found.state else "")}), found


def carried(project: Project, names: Iterable[str]) -> dict[str, torch.Tensor]:
    """What the project's optimiser goes on with of the weights that are called `names`, from its starting weights: nothing where it is another one now."""
    from builder.train.carried import STATE
    from builder.weights.store import read

    if not goes_on(project):
        return {}
    places = {origin(project, name): name for name in names}
    given = read(project.weights)
    split = {name: name.removeprefix(STATE).partition("/") for name in given if name.startswith(STATE)}
    return {f"{STATE}{places[place]}/{key}": given[name] for name, (place, _, key) in split.items() if place in places}
