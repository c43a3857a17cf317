"""A checked drawing as steps in the order they run; a block is a step with traces of its own. No torch.

What is alike is traced once: two copies of a block with equal inputs and parameters share one Trace, so that a block repeated a
thousand times costs what it costs once.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from builder.catalogue import Layer, Shape
from builder.graph import Project, Report, check
from builder.graph.analysis import Analysis, Placed, owner
from builder.graph.kinds import INPUT, OUTPUT, REPEAT, Kinds

ENTRIES, ENDS = ("Input", INPUT), ("Output", OUTPUT)

# A value: (name of the step or entry that gives it, which of its outputs)
Value = tuple[str, int]


class BuildError(ValueError):
    """The drawing cannot be built; the message names the bricks, the rules and the numbers."""


@dataclass(frozen=True, eq=False)
class Step:
    """One line of a network: `name` holds the result of `layer` on `inputs`.

    `shapes` are those of its outputs. Of a block, `runs` are its copies in a row: (what is inside, how many of them are alike). `owner` is
    the step whose weights it uses, itself as a rule; the weights of a `frozen` step are not trained.
    """

    name: str
    layer: Layer
    inputs: tuple[Value, ...]
    shapes: tuple[Shape, ...]
    arguments: Mapping[str, object] = field(default_factory=dict)
    runs: tuple[tuple[Trace, int], ...] = ()
    owner: str = ""
    frozen: bool = False

    @property
    def makes(self) -> bool:
        """Is something constructed for it, that the network keeps?"""
        return bool(self.layer.module or self.layer.state or self.layer.buffer or self.runs) and self.owner == self.name

    @property
    def shape(self) -> Shape:
        """The shape of the first output."""
        return self.shapes[0]


@dataclass(frozen=True, eq=False)
class Trace:
    """The steps from what enters a network to `results`, the values that it returns.

    Of a block, `kind` is its name and `summary` what it is; `promoted` names values inside a block of the project, `given` are the
    parameters of a composite. `late` are the results that are there in training only.
    """

    entries: tuple[str, ...]
    entry_shapes: tuple[Shape, ...]
    steps: tuple[Step, ...]
    results: tuple[Value, ...]
    result_shapes: tuple[Shape, ...]
    params: int
    kind: str = ""
    summary: str = ""
    given: Mapping[str, object] = field(default_factory=dict)
    promoted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    late: frozenset[int] = frozenset()

    @property
    def in_training_only(self) -> frozenset[str]:
        """The steps that only results of training need."""
        if not self.late:
            return frozenset()
        by_name = {step.name: step for step in self.steps}
        needed, waiting = set(), [name for i, (name, _) in enumerate(self.results) if i not in self.late]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += [source for source, _ in by_name[name].inputs] if name in by_name else []
        return frozenset(by_name.keys() - needed)

    @property
    def is_chain(self) -> bool:
        """Is there a step, and does every one read just the only value of the step before it?"""
        before = [(name, 0) for name in (*self.entries[:1], *(step.name for step in self.steps))]
        return bool(len(self.entries) == 1 and self.steps and self.results == (before[-1],)
                    and all(step.inputs == (value,) and len(step.shapes) == 1 and step.makes and not step.layer.call
                            for step, value in zip(self.steps, before, strict=False)))


class Tracer:
    """Traces analyses, each once."""

    def __init__(self, kinds: Kinds):
        self.kinds = kinds
        # The analysis is kept beside its trace, so that no other one is found under its id.
        self.known: dict[int, tuple[Analysis, Trace]] = {}

    def inside(self, analysis: Analysis, placed: Placed) -> Trace:
        """The trace of one of a block's insides."""
        if id(analysis) not in self.known:
            kind = placed.node.kind
            own = self.kinds.blocks.get(kind)
            if own:
                promoted = {target: one.name for one in reversed(own.params) for target in one.of}
                about = {"kind": kind, "summary": own.summary, "promoted": promoted}
            else:
                given = {name: value for name, value in placed.layer.values(placed.node.params).items() if name != REPEAT.name}
                about = {"kind": kind, "summary": placed.layer.summary, "given": given}
            entries = [node.id for node in analysis.network.nodes if node.kind == INPUT]
            self.known[id(analysis)] = analysis, self.trace(analysis, entries, about)
        return self.known[id(analysis)][1]

    def trace(self, analysis: Analysis, entries: list[str], about: Mapping[str, object]) -> Trace:
        """What the outputs of a drawing need, and nothing else."""
        placed = analysis.placed
        ends = [node for node in analysis.network.nodes if node.kind in ENDS]
        results = [origin(analysis, node.id, 0) for node in ends]
        late = frozenset(i for i, node in enumerate(ends) if node.kind == "Output" and node.params.get("when") == "training")
        used = used_by(analysis, results)
        entries = [name for name in entries if about or name in used]
        steps = [self.step(analysis, one, used) for name, one in placed.items() if name in used and one.node.kind not in ENTRIES]
        params = sum(placed[step.name].cost[0] for step in steps)
        return Trace(tuple(entries), tuple(placed[name].shape for name in entries), tuple(steps), tuple(results),
                     tuple(placed[name].gives(output) for name, output in results), params, late=late, **about)

    def step(self, analysis: Analysis, placed: Placed, present: Container[str]) -> Step:
        """The step of one brick; `present` are the bricks that there are steps of."""
        name = placed.node.id
        lender = owner(analysis.network, analysis.network.node(name))
        kept = {"owner": lender.id if lender and lender.id in present else name, "frozen": placed.node.frozen}
        sources = tuple(origin(analysis, name, port) for port in range(len(analysis.network.into(name))))
        if placed.body is None:
            return Step(name, placed.layer, sources, placed.shapes, placed.layer.arguments(placed.inference, placed.node.params), **kept)
        runs = tuple((self.inside(inner, placed), count) for inner, count in placed.body.runs)
        return Step(name, placed.layer, sources, placed.body.outputs, runs=runs, **kept)


def origin(analysis: Analysis, name: str, place: int) -> Value:
    """What the wire at one of a brick's places brings, seen through the bricks that are muted."""
    edge = analysis.network.into(name)[place]
    while analysis.network.node(edge.source).muted and (before := analysis.network.into(edge.source)):
        edge = before[0]
    return edge.source, edge.output


def used_by(analysis: Analysis, results: list[Value]) -> set[str]:
    """Names of the bricks that the results need, muted ones left out."""
    waiting, seen = [name for name, _ in results], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [origin(analysis, name, place)[0] for place in range(len(analysis.network.into(name)))]
    return seen


def trace(project: Project, report: Report | None = None) -> Trace:
    """The steps of a project's network; raises BuildError when the drawing has errors."""
    report = report or check(project)
    if report.errors:
        more = f"; and {len(report.errors) - 5} more" if len(report.errors) > 5 else ""
        raise BuildError("; ".join(map(str, report.errors[:5])) + more)
    analysis = report.analysis
    entries = [node.id for node in analysis.network.nodes if node.kind == "Input"]
    return Tracer(analysis.kinds).trace(analysis, entries, {})
