"""Check a project: every shape, every cost and every problem with its fixes, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from builder.catalogue import BATCH, DATASETS, LAYERS, OWN, TASKS, Dataset, Int, Record, own_problem, show
from builder.catalogue import Problem as LayerProblem
from builder.catalogue.datasets import OWN_FIELDS, OWN_MORE, VALIDATION, asked
from builder.catalogue.schedules import MONITORS, TASK
from builder.catalogue.training import RECORDS, WHOLE

from .analysis import Analysis, Placed, activation_bytes, analyse, bricks
from .augmentation import SECTION as AUGMENTATION
from .bricks import arity
from .datasets import choices, dataset_of
from .document import Block, Edge, FrozenDict, Project
from .kinds import INPUT, OUTPUT, kinds_of
from .memo import by_identity
from .problems import Problem, batch
from .rows import rows
from .rules import advice, augmentation, fixes, matching, reshape
from .rules.answer import answer, kind_of, nothing_to_learn
from .rules.lint import category, lint
from .rules.numbers import numbers
from .rules.sharing import sharing
from .rules.words import has_window, listed
from .trial import weighed

# Above this a network cannot be held with its gradients by any one device that people have; refused before anything is allocated.
MOST_WEIGHTS = 20_000_000_000
MOST_VALUES = 2_000_000_000
MOST_BRICKS = 20_000
USUAL_STRIDE = 2  # above it a stride that ate the image is what was not meant
# Every loose brick is held against every other; a drawing with more loose ends than this has no use for that.
MOST_LOOSE = 50
# What a task's samples have, as people call it.
ANSWERS = {"classification": "classes", "segmentation": "masks", "regression": "numbers", "detection": "boxes"}


@dataclass(frozen=True)
class Report:
    """What `check` found: the drawing analysed, all problems in order, the totals of the bricks that lead to the output, and what is silenced."""

    analysis: Analysis
    problems: tuple[Problem, ...]
    params: int
    macs: int
    silenced: tuple[Problem, ...] = ()

    @property
    def bytes(self) -> int:
        """Bytes of the weights in float32."""
        return 4 * self.params

    @property
    def trainable(self) -> int:
        """Learned numbers that training changes: all but those of frozen bricks."""
        return sum(self.analysis.placed[name].trained for name in self.analysis.used)

    @property
    def activation_bytes(self) -> int:
        """Bytes of what all bricks that lead to the output give for one sample, those inside blocks instead of the blocks."""
        return activation_bytes(self.analysis)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that keep the network from being built."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def layers(self) -> list[dict[str, object]]:
        """A row a layer, in the order they run, with the rows inside blocks; see graph.rows."""
        return rows(self.analysis)

    def to_json(self) -> dict[str, object]:
        """Rows, problems and totals as one JSON document."""
        return {"layers": self.layers, "problems": [problem.to_json() for problem in self.problems],
                "silenced": [problem.to_json() for problem in self.silenced],
                "params": self.params, "trainable": self.trainable, "macs": self.macs, "bytes": self.bytes, "activation_bytes": self.activation_bytes}


def untrainable(project: Project) -> str | None:
    """Why a project is not for training, and what to do about it; None when it is."""
    task = TASKS.get(project.task.get("kind"))
    if task is None or task.trains:
        return None
    return (f"{project.name} is drawn only: its task is {task.kind!r}, so there is no data set and no loss to train it with; "
            "choose a data set whose samples fit its Input")


def _said_once(problems: Sequence[Problem]) -> list[Problem]:
    """The problems without the loose end above a missing wire whose fix is to connect it: it is the same mistake."""
    ends = {(problem.path, fix.edit.get("source")) for problem in problems if problem.code == "unconnected"
            for fix in problem.fixes[:1] if fix.edit.get("op") == "connect"}
    return [problem for problem in problems if problem.code != "unused" or (problem.path, problem.node) not in ends]


def check(project: Project, before: Report | None = None) -> Report:
    """Everything that can be said of a project without running it. Of `before`, what was said of it before an edit, what still holds is kept."""
    report = _report(project, before)
    return replace(report, problems=weighed(project, report, lambda tried: _report(tried, report)))


def _report(project: Project, before: Report | None) -> Report:
    """What is found, with all fixes that were thought of."""
    analysis = analyse(project.network, kinds_of(project.blocks), before=before.analysis if before else None)
    found = [*_drawing(analysis, project, None), *numbers(analysis), *_insides(analysis, project, (), set()), *_answer(analysis, project), *_settings(project)]
    used = [placed for name, placed in analysis.placed.items() if name in analysis.used]
    params, macs = (sum(column) for column in zip(*(placed.cost for placed in used), strict=True)) if used else (0, 0)
    found += [*_size(analysis, params), *advice.whole(analysis, project, params)]
    if project.task.get("kind") != "none":
        found += advice.training(analysis, project)
        found += nothing_to_learn(analysis, project, params) if all(problem.severity != "error" for problem in found) else ()
    found = [_hushed(analysis, problem) for problem in _said_once(found)]
    rank = {name: i for i, name in enumerate(analysis.placed)}
    found.sort(key=lambda problem: (("error", "warning", "advice").index(problem.severity),
                                    rank.get(problem.path[0] if problem.path else problem.node, -1)))
    return Report(analysis, tuple(problem for problem in found if not problem.silenced), params, macs,
                  tuple(problem for problem in found if problem.silenced))


def _hushed(analysis: Analysis, problem: Problem) -> Problem:
    """The problem, marked when its brick keeps it silent."""
    placed = None if problem.path or not problem.silenceable else analysis.placed.get(problem.node)
    return replace(problem, silenced=True) if placed is not None and problem.code in placed.node.silent else problem


def _drawing(analysis: Analysis, project: Project, block: str | None) -> Iterator[Problem]:
    """What is wrong with the bricks of a network, or of the inside of the block called `block`."""
    if analysis.cycle:
        yield _loop(analysis)
    yield from _ends(analysis, project, block)
    behind = _after_rows(analysis, project)
    few = sum(_is_loose(analysis, placed) for placed in analysis.placed.values()) <= MOST_LOOSE
    for name, placed in analysis.placed.items():
        if placed.layer is None:
            yield Problem(name, None, "error", f"there is no layer called {placed.node.kind!r:.60} in this version",
                          "the brick is kept as it is", (batch(f"Remove {name}", {"op": "remove", "ids": [name], "rejoin": True}),), "unknown kind")
            continue
        if not _is_between(analysis, placed):
            yield from _surplus(analysis, placed)
            yield from _unconnected(analysis, placed, few, _is_single(project, block))
        if placed.node.of is not None:
            yield from sharing(analysis, placed)
        if placed.node.muted:
            continue
        if placed.inference is not None:
            for problem in _joined(placed.inference.problems) if placed.inference.problems else ():
                yield _layer_problem(analysis, placed, problem)
            # Of a brick beside the way it is said that it is unused, and nothing of how good it would be.
            if name not in behind and (name in analysis.used or not analysis.used):
                yield from (_rows(analysis, placed),) if _reads_rows(placed) and ordered(project, analysis) else lint(analysis, placed, project)
        elif placed.inputs is None:
            yield from _values(placed)


def _insides(analysis: Analysis, project: Project, path: tuple[str, ...], seen: set[object]) -> Iterator[Problem]:
    """What is wrong inside the project's own blocks: a mistake in a definition is said once, however many instances show it."""
    for name, placed in analysis.placed.items():
        kind = placed.node.kind
        if placed.body is None or kind not in project.blocks:
            continue
        for inner, _ in placed.body.runs:
            if id(inner) in seen:
                continue
            seen.add(id(inner))
            for problem in _drawing(inner, project, kind):
                once = (kind, problem.node, problem.field, problem.says)
                if once not in seen:
                    seen.add(once)
                    yield replace(_hushed(inner, problem), path=(*path, name), block=kind, fixes=tuple(fix.inside(kind) for fix in problem.fixes))
            yield from _insides(inner, project, (*path, name), seen)


def _loop(analysis: Analysis) -> Problem:
    """A cycle, with the wire that was drawn last as the one to cut."""
    loop = list(analysis.cycle)
    pairs = set(pairwise(loop))
    last = [edge for edge in analysis.network.edges if (edge.source, edge.target) in pairs][-1]
    alone = last.source == last.target
    says = f"its own result is one of its inputs: {' → '.join(loop)}" if alone else f"the wires run in a circle: {' → '.join(loop)}"
    return Problem(last.target, None, "error", says, "a brick cannot wait for its own result",
                   (fixes.cut(analysis, last.source, last.target, sure=alone), *_without(analysis, last)), "cycle")


def _without(analysis: Analysis, edge: Edge) -> Iterator[fixes.Fix]:
    """A merge of two that is left with one input when a wire is cut can go with it."""
    name, edges = edge.target, analysis.network.into(edge.target)
    if analysis.placed[name].layer and analysis.placed[name].layer.inputs[1] is None and len(edges) == 2 and edges[0].source != edges[1].source:
        yield batch(f"Remove {name}", *fixes.parts(fixes.cut(analysis, edge.source, name)), {"op": "remove", "ids": [name], "rejoin": True})


def _is_single(project: Project, block: str | None) -> bool:
    """Does what is checked have just one Input and one Output?"""
    return block is None and project.task.get("kind") != "none"


def _ends(analysis: Analysis, project: Project, block: str | None) -> Iterator[Problem]:
    """What enters and what leaves: one each for a task that trains, at least one each otherwise."""
    whole = "the network" if block is None else f"the block {block}"
    kinds = ("Input", "Output") if block is None else (INPUT, OUTPUT)
    for kind, says in zip(kinds, ("nothing enters it", "nothing leaves it"), strict=True):
        names = _ends_of(analysis, kind)
        if not names:
            offered = tuple(_add_end(analysis, kind, project))
            wire = next((part for fix in offered for part in fix.edit.get("edits", ()) if part["op"] == "connect"), {})
            at = wire.get("target" if kind in ("Input", INPUT) else "source")
            yield Problem(at, None, "error", f"{whole} has no {kind}: {says}", f"needs 1 {kind}, here 0", offered, "ends")
        if kind == "Output" and names and all(_in_training_only(analysis.placed[name]) for name in names):
            yield Problem(names[0], "when", "error", "every Output is there in training only: in evaluation nothing leaves the network",
                          "needs 1 Output that is always there", (batch(f"Let {names[0]} be there always", {"op": "set", "id": names[0], "params": {"when": None}},
                                                                        sure=len(names) == 1),), "ends")
        for extra in names[1:] if _is_single(project, block) else ():
            wires = analysis.network.out_of(extra) if kind == "Input" else analysis.network.into(extra)
            free = not wires or (kind == "Output" and len(analysis.network.out_of(wires[0].source)) > 1)
            yield Problem(extra, None, "error", f"there is a second {kind}; this task has one",
                          f"needs 1 {kind}, here {len(names)}: {' and '.join(names[:4])}",
                          (batch(f"Remove {extra}", {"op": "remove", "ids": [extra]}, sure=free),), "ends")


def _in_training_only(placed: Placed) -> bool:
    return placed.node.params.get("when") == "training"


def _waits(analysis: Analysis, placed: Placed) -> bool:
    """Is it the Input that a brick without a wire waits for, because there is none?"""
    network = analysis.network
    ends = any(other.kind in ("Input", INPUT) for other in network.nodes)
    return not ends and not network.into(placed.node.id) and bool(network.out_of(placed.node.id)) and placed.layer.inputs[0] == 1


def _ends_of(analysis: Analysis, kind: str) -> list[str]:
    """The bricks of a kind, the one that is wired first."""
    names = [name for name, placed in analysis.placed.items() if placed.node.kind == kind]
    wires = analysis.network.out_of if kind in ("Input", INPUT) else analysis.network.into
    return sorted(names, key=lambda name: not wires(name))


def _add_end(analysis: Analysis, kind: str, project: Project) -> Iterator[fixes.Fix]:
    name = fixes.fresh_id(analysis.network, kind)
    node: dict[str, object] = {"id": name, "kind": kind}
    article = f"a {kind}" if kind in (INPUT, OUTPUT) else f"an {kind}"
    if kind in ("Input", INPUT):
        dataset = dataset_of(project)
        if kind == "Input" and dataset and dataset.shape != (1, 28, 28) and project.task.get("kind") != "none":
            node["params"] = {"shape": list(dataset.shape)}
        # A muted brick misses what would pass through, also where its kind has no way in for a wire.
        waiting = [placed.node for placed in analysis.placed.values() if placed.layer and placed.missing and not analysis.network.into(placed.node.id)
                   and arity(placed.node.kind, analysis.kinds)[1] != 0]
        if waiting:
            at, names = waiting[0].at, [node.id for node in waiting]
            node |= {"at": [at[0], at[1] - 84]} if at else {}
            which = listed(names) if len(names) < 5 else f"{len(names)} bricks"
            yield batch(f"Add {article} before {which}", {"op": "add", "node": node},
                        *({"op": "connect", "source": name, "target": first} for first in names), sure=len(waiting) == 1)
            return
    if kind in ("Output", OUTPUT):
        leads = {edge.source for edge in analysis.network.edges}
        loose = [n for n, placed in analysis.placed.items() if n not in leads and placed.shape]
        if loose:
            at = analysis.network.node(loose[-1]).at
            node |= {"at": [at[0], at[1] + 84]} if at else {}
            yield batch(f"Add {article} after {loose[-1]}", {"op": "add", "node": node}, {"op": "connect", "source": loose[-1], "target": name},
                        sure=len(loose) == 1 and category(analysis.placed[loose[0]]) != "Input and output")
            return
    yield batch(f"Add {article}", {"op": "add", "node": node})


def _is_between(analysis: Analysis, placed: Placed) -> bool:
    """Is this a brick of one input and one output with a wire to each, as most are? Then nothing can be wrong with its wires."""
    layer, edges, leaving = placed.layer, analysis.network.into(placed.node.id), analysis.network.out_of(placed.node.id)
    return (layer.inputs == (1, 1) and layer.outputs == 1 and not layer.outputs_by and len(edges) == 1 and not edges[0].port and not placed.missing
            and bool(leaving) and not any(edge.output for edge in leaving))


def _surplus(analysis: Analysis, placed: Placed) -> Iterator[Problem]:
    """Wires that end or start where the brick has no place for them: a file can hold them, no edit makes them."""
    name, most = placed.node.id, placed.layer.inputs[1]
    for edge in analysis.network.into(name):
        if most is not None and edge.port >= most:
            yield Problem(name, None, "error", f"a wire from {edge.source} ends at input {edge.port + 1}, which {placed.node.kind} does not have",
                          f"{placed.node.kind} takes {most}", (batch(f"Cut the wire from {edge.source}", {"op": "disconnect", **edge.to_json()}),), "wires")
    leaving = placed.layer.leaving(placed.node.params)
    for edge in analysis.network.out_of(name) if leaving else ():
        if leaving <= edge.output:
            yield Problem(name, placed.layer.outputs_by or None, "error", f"a wire to {edge.target} starts at output {edge.output + 1}, which it does not have",
                          f"it has {leaving}", (batch(f"Cut the wire to {edge.target}", {"op": "disconnect", **edge.to_json()}),), "wires")
    if not leaving:
        for target in dict.fromkeys(edge.target for edge in analysis.network.out_of(name)):
            yield Problem(name, None, "error", f"a wire leads on to {target}, but {placed.node.kind} is where the network ends", "",
                          (fixes.cut(analysis, name, target),), "wires")


def _is_loose(analysis: Analysis, placed: Placed) -> bool:
    return bool(placed.missing) or _is_unused(analysis, placed)


def _is_unused(analysis: Analysis, placed: Placed) -> bool:
    name = placed.node.id
    return bool(placed.layer and placed.layer.outputs) and name not in analysis.used and not analysis.network.out_of(name)


def _unconnected(analysis: Analysis, placed: Placed, few: bool, single: bool) -> Iterator[Problem]:
    name, kind = placed.node.id, placed.node.kind
    lonely = not analysis.network.into(name) and not analysis.network.out_of(name)
    # What an Input is missing for is said of the Input.
    if kind != "Output" and placed.missing and _waits(analysis, placed):
        return
    # An Output too many is said once.
    if single and kind == "Output" and placed.missing and len(_ends_of(analysis, kind)) > 1:
        return
    # The inputs of a variadic brick fill up in order: the first free one is the one to connect.
    for port in placed.missing if placed.layer.inputs[1] is not None else placed.missing[:1]:
        which = "its input" if placed.layer.inputs[1] == 1 else f"input {port + 1}"
        wires = analysis.network.into(name)
        remove = (batch(f"Remove {name}", {"op": "remove", "ids": [name]}),) if lonely and kind != "Output" else ()
        onto = tuple(fixes.onto_wires(analysis, placed)) if lonely and few else ()
        near = tuple(fixes.nearest(analysis, placed, port))[:1 if onto else None] if few else ()
        # A merge of one value can go; what it merged goes on alone.
        if placed.layer.inputs[1] is None and len(wires) == 1:
            remove = (batch(f"Remove {name}", {"op": "remove", "ids": [name], "rejoin": True}),)
        yield Problem(name, None, "error", f"{which} is not connected", f"{kind} needs {placed.layer.inputs[0]}, here {len(analysis.network.into(name))}",
                      (*onto, *near, *remove), "unconnected")
    # Of a brick that nothing leads to either, one complaint is enough.
    if _is_unused(analysis, placed) and not placed.missing and not (single and kind == "Input" and len(_ends_of(analysis, kind)) > 1):
        branch = _branch(analysis, placed)
        says = "its result is not used: nothing follows it" if len(branch) == 1 else \
            f"this branch leads nowhere: {len(branch)} bricks from {branch[-1]} to {name} are not used"
        yield Problem(name, None, "warning", says, "it is left out of the network that is built",
                      tuple(_use_or_remove(analysis, placed, few, branch)), "unused")


def _branch(analysis: Analysis, placed: Placed) -> list[str]:
    """The bricks that lead to this one alone, itself first."""
    names = [placed.node.id]
    while True:
        edges = analysis.network.into(names[-1])
        upper = analysis.placed.get(edges[0].source) if len(edges) == 1 else None
        if upper is None or upper.layer is None or upper.layer.inputs == (0, 0) or len(analysis.network.out_of(edges[0].source)) != 1 \
                or edges[0].source in names:
            return names
        names.append(edges[0].source)


def _use_or_remove(analysis: Analysis, placed: Placed, few: bool, branch: Sequence[str]) -> Iterator[fixes.Fix]:
    for other in analysis.placed.values() if few else ():
        if placed.shape and other.layer and other.missing and fixes.fits(analysis, other, other.missing[0], placed.node.id):
            yield batch(f"Connect {placed.node.id} to {other.node.id}",
                        {"op": "connect", "source": placed.node.id, "target": other.node.id, "port": other.missing[0]})
            break
    else:
        yield from _joining(analysis, placed) if few else ()
    if len(branch) > 1:
        yield batch(f"Remove the branch of {len(branch)} bricks", {"op": "remove", "ids": list(branch)})
    yield batch(f"Remove {placed.node.id}", {"op": "remove", "ids": [placed.node.id]})


def _joining(analysis: Analysis, placed: Placed) -> Iterator[fixes.Fix]:
    """Connect a loose branch to the first merge that takes it besides what it has, and that is not above it."""
    name = placed.node.id
    over = matching.leads_to(analysis, name)
    for other in analysis.placed.values() if placed.shape else ():
        edges = analysis.network.into(other.node.id)
        free = other.layer and other.layer.inputs[1] is None and other.shape and other.node.id not in over and not other.node.muted
        if free and all(edge.source != name for edge in edges) and fixes.fits(analysis, other, len(edges), name):
            yield batch(f"Connect {name} to {other.node.id}", {"op": "connect", "source": name, "target": other.node.id, "port": len(edges)})
            return


def _values(placed: Placed) -> Iterator[Problem]:
    """Parameters that are wrong whatever the input: said even while the brick is not connected."""
    values = placed.layer.values(placed.node.params)
    for param in placed.layer.params:
        if said := param.check(values[param.name]):
            yield Problem(placed.node.id, param.name, "error", said, f"{param.name}: {param.doc}", tuple(fixes.reset(placed, param.name, sure=True)), "value")


def _joined(problems: Sequence[LayerProblem]) -> list[LayerProblem]:
    """A layer's refusals, two of them for one value of one parameter as one."""
    said: dict[object, LayerProblem] = {}
    for i, problem in enumerate(problems):
        key = (problem.code, problem.field) if problem.code == "groups" else i
        first = said.get(key)
        said[key] = problem if first is None else replace(first, says=f"{first.says}; {problem.says}", because=f"{first.because}; {problem.because}")
    return list(said.values())


def _layer_problem(analysis: Analysis, placed: Placed, problem: LayerProblem) -> Problem:
    """A layer's refusal, with the fixes for its kind of mistake."""
    offered: Iterator[fixes.Fix] = iter(())
    because = problem.because
    match problem.code:
        case "window" if has_window(placed):
            spent = tuple(reshape.spent(analysis, placed))
            sized = spent or fixes.window(placed, lambda params: reshape.runs_on(analysis, placed, params))
            slower = tuple(reshape.strides(analysis, placed))
            leaps = any(max(stride) > USUAL_STRIDE for _, stride in reshape.strided(analysis, placed))
            offered = (*slower, *sized) if leaps and not spent else (*sized, *slower)
            if eaten := reshape.eaten(analysis, placed):
                because = f"{because}; {eaten}" if because else eaten
        case "rank" if placed.layer.inputs == (1, 1):
            because = because or _flattened(analysis, placed)
            offered = (*reshape.flatten_later(analysis, placed), *reshape.earlier(analysis, placed), *fixes.for_rank(analysis, placed))
        case "groups" if isinstance(placed.layer.param(problem.field), Int):
            offered = fixes.groups(placed, problem.field)
        case "channels" | "spatial" | "rank" if placed.layer.category == "Merge":
            because = matching.compared(analysis, placed) or because
            offered = matching.merge(analysis, placed)
        case _ if problem.field:
            param = placed.layer.param(problem.field)
            because = because or (f"{param.name}: {param.doc}" if param and problem.code == "value" else "")
            offered = fixes.reset(placed, problem.field, sure=problem.code == "value")
    return Problem(placed.node.id, problem.field or None, "error", problem.says, because, tuple(offered), problem.code)


def _flattened(analysis: Analysis, placed: Placed) -> str:
    """Which brick above made rows of features of an image: "flatten made N×784 of N×1×28×28"; empty when none did."""
    for brick in reversed(reshape.column(analysis, placed.node.id)):
        if brick.shape and brick.inputs and len(brick.inputs[0]) > 2 >= len(brick.shape):
            return f"{brick.node.id} made {show(brick.shape)} of {show(brick.inputs[0])}: height and width are gone"
    return ""


def ordered(project: Project, analysis: Analysis) -> bool:
    """Do the axes of images stay where they are? Whoever moves channels last means a Linear on them."""
    kinds = {placed.node.kind for placed in analysis.placed.values()} | _kinds_inside(project.blocks)
    return not any((layer := LAYERS.get(kind)) and layer.moves for kind in kinds)


@by_identity(64)
def _kinds_inside(blocks: Mapping[str, Block]) -> set[str]:
    return {node.kind for block in blocks.values() for node in block.network.nodes}


def _reads_rows(placed: Placed) -> bool:
    """Is this a Linear on an image, which torch would run on every row of pixels?"""
    return placed.node.kind == "Linear" and placed.inputs is not None and len(placed.inputs[0]) == 4


def _after_rows(analysis: Analysis, project: Project) -> set[str]:
    """Bricks behind a Linear that reads rows: what is odd there follows from the one mistake, which is said once."""
    behind: set[str] = set()
    waiting = [name for name, placed in analysis.placed.items() if _reads_rows(placed)]
    if waiting and not ordered(project, analysis):
        return behind
    while waiting:
        for edge in analysis.network.out_of(waiting.pop()):
            if edge.target not in behind:
                behind.add(edge.target)
                waiting.append(edge.target)
    return behind


def _wants_image(analysis: Analysis, placed: Placed) -> str | None:
    """The brick below that needs an image, before anything is flattened."""
    for brick in reshape.onward(analysis, placed.node.id):
        if brick.node.kind == "Flatten":
            return None
        if brick.layer.category in ("Convolution", "Pooling"):
            return brick.node.id
    return None


def _rows(analysis: Analysis, placed: Placed) -> Problem:
    """A Linear that torch would run on every row of an image."""
    shape = placed.inputs[0]
    features = shape[1] * shape[2] * shape[3]
    image = _wants_image(analysis, placed) if placed.shape else None
    also = f"; {image} further down needs an image" if image else ""
    # A Linear over the channels of every pixel is a 1×1 convolution (Lin et al. 2014, arXiv:1312.4400, section 3.1).
    width = placed.shape[-1] if placed.shape else 0
    one_by_one = (batch(f"Replace {placed.node.id} by a 1×1 Conv2d with {width} channels", {"op": "replace", "id": placed.node.id, "kind": "Conv2d"},
                        {"op": "set", "id": placed.node.id, "params": {"out_channels": width, "kernel_size": 1}}),) if image else ()
    each = f"each row of {shape[3]} pixels on its own" if shape[3] > 1 else "each channel's single pixel on its own"
    return Problem(placed.node.id, "in_features", "error", f"{placed.node.kind} reads only the last axis of {show(shape)}: {each}, never the whole image",
                   f"needs N×in_features, here {show(shape)}; flattened it is {shape[1]}·{shape[2]}·{shape[3]} = {features:,}{also}",
                   (*fixes.flatten_before(analysis, placed, sure=image is None), *one_by_one), "image")


def _answer(analysis: Analysis, project: Project) -> Iterator[Problem]:
    """Do the ends of the network fit the data and the task?"""
    if project.task.get("kind") == "none":
        return
    dataset = dataset_of(project)
    if dataset is None:
        says, because = f"there is no data set called {project.data.get('source')!r:.60}", f"there are {', '.join(DATASETS)}"
        if project.data.get("source") == OWN:
            says, because = "the project does not say what its own data are", own_problem(project.data) or ""
        yield Problem(None, None, "error", says, because,
                      tuple(batch(f"Use {name}", {"op": "choose_data", "source": name}) for name in list(DATASETS)[:1]), "data")
        return
    if project.task.get("kind") != dataset.task:
        kind = project.task.get("kind")
        says = f"{dataset.title} is for {dataset.task}, and the project's task is {kind}" if kind in TASKS else f"there is no task called {kind!r:.60}"
        yield Problem(None, None, "error", says, f"there are {', '.join(TASKS)}",
                      (batch(f"Use {dataset.task}", {"op": "settings", "path": "task.kind", "value": dataset.task}, sure=True),), "task")
    behind, outputs = _after_rows(analysis, project), _ends_of(analysis, "Output")[:1]
    for placed in analysis.placed.values():
        if placed.node.kind == "Input" and placed.shape and placed.shape[1:] != dataset.shape:
            yield _input_differs(placed, dataset)
        if placed.node.id in outputs and placed.inputs and placed.node.id not in behind:
            yield from answer(analysis, placed, dataset, project)


def _input_differs(placed: Placed, dataset: Dataset) -> Problem:
    size, given = show((BATCH, *dataset.shape)), placed.shape[1:]
    axes = "are channels, height and width, in this order" if len(dataset.shape) == 3 else f"{'is' if len(dataset.shape) == 1 else 'are'} the shape of one sample"
    because = f"{'×'.join(map(str, dataset.shape))} {axes}"
    if len(given) != len(dataset.shape):
        because += f"; here there {'is 1 number' if len(given) == 1 else f'are {len(given)} numbers'}"
    # Where the Input is right, the data set is not.
    others = [batch(f"Use {other.title}: its samples are {show((BATCH, *given))}", {"op": "choose_data", "source": source})
              for source, other in DATASETS.items() if other.shape == given][:1]
    return Problem(placed.node.id, "shape", "error", f"the samples of {dataset.title} are {size}, the Input says {show(placed.shape)}", because,
                   (batch(f"Set shape of {placed.node.id} to {size[2:]}", {"op": "set", "id": placed.node.id, "params": {"shape": list(dataset.shape)}},
                          sure=True), *others), "data")


def _settings(project: Project) -> Iterator[Problem]:
    """The training settings, against the records that declare them."""
    training = project.training
    own = {*OWN_FIELDS, *OWN_MORE} if project.data.get("source") == OWN else set()
    params = (*asked(DATASETS[project.data["source"]]), VALIDATION) if project.data.get("source") in DATASETS else (VALIDATION,)
    own |= {param.name for param in params}
    for param in params:
        if said := param.check(param.normal(project.data.get(param.name, param.default))):
            yield Problem(None, f"data.{param.name}", "error", said, "", (batch(
                f"Set {param.name} to {param.default}", {"op": "settings", "path": f"data.{param.name}", "value": param.default}, sure=True),), "settings")
    for section, known, more in (("data", ("source", VALIDATION.name), own), ("task", ("kind",), set())):
        for name in sorted(set(getattr(project, section)) - {*known} - more):
            there = f"there {'are' if known[1:] else 'is'} {', '.join(known)}"
            yield Problem(None, f"{section}.{name}", "error", f"there is no {section} setting called {name!r:.60}; {there}", "", (), "settings")
    for name in sorted(set(training) - set(WHOLE) - set(RECORDS) - {AUGMENTATION}):
        yield _setting(name, f"there is no training setting called {name!r:.60}; there are {', '.join((*WHOLE, *RECORDS, AUGMENTATION))}")
    yield from augmentation.legal(project)
    for name, param in WHOLE.items():
        if said := param.check(param.normal(training.get(name, param.default))):
            yield _setting(name, said, batch(f"Set {name} to {param.default}", {"op": "settings", "path": f"training.{name}", "value": param.default}, sure=True))
    best = MONITORS.get(WHOLE["best"].normal(training.get("best", TASK))) if isinstance(training.get("best", TASK), str) else None
    if best and (task := project.task.get("kind")) in ANSWERS and task not in best.tasks:
        yield _setting("best", f"the best checkpoint is to go by the {best.title}, and {ANSWERS[task]} have none",
                       batch("Go by what the task is judged by", {"op": "settings", "path": "training.best", "value": TASK}, sure=True))
    for name in RECORDS:
        records, default = choices(project, name)
        given = training.get(name, FrozenDict())
        record = records.get(kind_of(given, default)) if isinstance(given, Mapping) else None
        if record is None:
            kind, what = kind_of(given, default), RECORDS[name][0]
            says = f"{kind} is no loss for {project.task.get('kind')}" if kind in what else f"there is no {what.what} called {kind!r:.60}"
            yield _setting(name, f"{says}; there are {', '.join(records)}",
                           batch(f"Use {default}", {"op": "settings", "path": f"training.{name}", "value": {"kind": default}}))
            continue
        yield from _record(name, record, given)
        watched = MONITORS.get(str(record.values({key: value for key, value in given.items() if key != "kind"}).get("monitor", "")))
        if watched and (task := project.task.get("kind")) in ANSWERS and task not in watched.tasks:
            yield _setting(f"{name}.monitor", f"{record.kind} watches the {watched.title}, and {ANSWERS[task]} have none",
                           batch("Watch the validation loss", {"op": "settings", "path": f"training.{name}.monitor", "value": "validation_loss"}, sure=True))


def _record(name: str, record: Record, given: Mapping[str, object]) -> Iterator[Problem]:
    for problem in record.check({key: value for key, value in given.items() if key != "kind"}):
        yield _setting(f"{name}.{problem.field}", str(problem),
                       batch(f"Use {record.kind} with its defaults", {"op": "settings", "path": f"training.{name}", "value": {"kind": record.kind}}, sure=True))


def _setting(name: str, says: str, *offered: fixes.Fix) -> Problem:
    return Problem(None, f"training.{name}", "error", says, "", offered, "settings")


def _size(analysis: Analysis, params: int) -> Iterator[Problem]:
    if params > MOST_WEIGHTS:
        heavy = max(analysis.placed.values(), key=lambda placed: placed.cost[0])
        yield Problem(heavy.node.id, None, "error", f"the network would have {params:,} parameters, {4 * params / 1e9:,.0f} GB; {heavy.node.id} alone has "
                      f"{heavy.cost[0]:,}", f"needs at most {MOST_WEIGHTS:,}", (), "size")
    if (count := bricks(analysis)) > MOST_BRICKS:
        heavy = max(analysis.placed.values(), key=lambda placed: placed.body.bricks if placed.body else 1)
        yield Problem(heavy.node.id, None, "error", f"with all blocks opened the network would have {count:,} bricks; {heavy.node.id} alone has "
                      f"{heavy.body.bricks if heavy.body else 1:,}", f"needs at most {MOST_BRICKS:,}", (), "size")
    for placed in analysis.placed.values():
        if placed.largest > MOST_VALUES:
            yield Problem(placed.node.id, None, "error", f"one sample would have {placed.largest:,} values here, {4 * placed.largest / 1e9:,.0f} GB",
                          f"needs at most {MOST_VALUES:,}", (), "size")
