"""A drawing as a figure: the text that graphviz's `dot` lays out. No torch, and no problem stops it; equal drawings give equal texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from builder.catalogue import CATEGORIES, show
from builder.graph import Project, Report, check
from builder.graph.analysis import Analysis, Body, Placed
from builder.graph.kinds import INPUT, OUTPUT

from .palette import THEMES, Theme

# Metrics of the first three are the same: a figure laid out on one machine has room for its text on another.
FONT = "Helvetica,Arial,Liberation Sans,sans-serif"
LONGEST = 48  # characters of one label
# Bricks of a whole drawing; above it blocks stay shut, or neither dot nor a reader would find through.
MOST_OPENED = 1_500
SWATCHES = 5  # of a legend's row
# Where one font ends and the next begins: an SVG swallows ordinary spaces there.
SPACE = "&#160;"
SIGNS = {"+": "+", "*": "×"}


@dataclass(frozen=True)
class Look:
    """How a figure looks: theme "light" or "dark"; direction "tb" (downwards) or "lr"; blocks shut or opened; what stands beside the bricks."""

    theme: str = "light"
    direction: str = "tb"
    collapsed: bool = False
    shapes: bool = True
    title: bool = True
    legend: bool = True


def quoted(text: str) -> str:
    """A text as one string of the dot language."""
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def printable(text: str) -> str:
    """The text without characters that break a line, hide or turn around what follows."""
    return "".join(c if c.isprintable() else " " for c in text)


def words(text: str) -> str:
    """A text inside a label: only words, whatever stands in it."""
    short = text if len(text) <= LONGEST else f"{text[:LONGEST - 1]}…"
    return escape(printable(short)) or " "


def dot(project: Project, look: Look | None = None) -> str:
    """The network for `dot`: a box a brick, a box around the bricks of an opened block, a line a wire with its shape."""
    look, report = look or Look(), check(project)
    theme = THEMES[look.theme]
    figure = _Figure(look, theme, {problem.node for problem in report.errors})
    figure.draw(report.analysis, "", [])
    title = f"    label=<<B>{words(project.name)}</B>>" if look.title else ""
    legend = f"    label=<{_legend(report, theme, figure.opened == 0)}>" if look.legend else ""
    return "\n".join(line for line in (
        f"digraph {quoted(project.name)} {{", *_style(look, theme), title,
        # The legend is the label of a box around everything, for a graph has one label only, and that is the title.
        '  subgraph "cluster" {', '    peripheries=0; labelloc=b; margin=12', legend or '    label=""',
        *figure.bricks, *figure.wires, "  }", "}", "") if line or line == "")


def _style(look: Look, theme: Theme) -> Iterator[str]:
    text = f'fontname="{FONT}", fontcolor="{theme.ink}"'
    yield f'  graph [rankdir={look.direction.upper()}, nodesep=0.3, ranksep={0.34 if look.shapes else 0.26}, bgcolor="{theme.page}", pad=0.15, labelloc=t, {text}, fontsize=14]'
    yield f'  node [shape=box, style="rounded,filled", penwidth=1.1, width=1.5, height=0.3, margin="0.13,0.05", {text}, fontsize=11]'
    yield f'  edge [color="{theme.line}", fontname="{FONT}", fontcolor="{theme.muted}", fontsize=9, arrowsize=0.6, arrowhead=vee]'


Source = tuple[str, str]  # the node of the figure that a value comes from, and its shape in words


class _Figure:
    """The lines of a figure as they grow: bricks (with the boxes around them) and wires."""

    def __init__(self, look: Look, theme: Theme, wrong: set[str | None]):
        self.look, self.theme, self.wrong = look, theme, wrong
        self.bricks: list[str] = []
        self.wires: list[str] = []
        self.opened = 0

    def draw(self, analysis: Analysis, prefix: str, entering: Sequence[Source]) -> list[Source]:
        """Draw one network whose names get `prefix`; what leaves it when it is the inside of a block."""
        gives: dict[str, list[Source]] = {}
        ports = [node.id for node in analysis.network.nodes if node.kind == INPUT] if prefix else []
        gives |= {name: [self._entered(prefix + name, source, len(analysis.network.out_of(name)))]
                  for name, source in zip(ports, entering, strict=False)}

        def source(edge) -> Source:
            known = gives.get(edge.source, ())
            default = (prefix + edge.source, show(analysis.carried(edge)))
            return known[edge.output] if edge.output < len(known) else default

        leaving: dict[str, Source] = {}
        for name, placed in analysis.placed.items():
            incoming = [source(edge) for edge in analysis.network.into(name)]
            if name in ports and prefix:
                continue
            if placed.node.kind == OUTPUT and prefix:
                leaving[name] = incoming[0] if incoming else (prefix + name, "?")
            elif self._opens(placed):
                gives[name] = self._box(placed, prefix, incoming)
            else:
                self._brick(placed, prefix, name in self.wrong and not prefix)
                self.wires += [self._wire(one, prefix + name) for one in incoming]
        ends = [node.id for node in analysis.network.nodes if node.kind == OUTPUT]
        return [leaving.get(end, (prefix + end, "?")) for end in ends]

    def _entered(self, name: str, source: Source, readers: int) -> Source:
        """What enters a box: where several bricks read it, it forks inside the box, or its wires would run around it."""
        if readers < 2:
            return source
        self.bricks.append(f'    {quoted(name)} [shape=point, width=0.05, color="{self.theme.line}"]')
        label = f" [label={quoted(' ' + source[1] + ' ')}, arrowhead=none]" if self.look.shapes else " [arrowhead=none]"
        self.wires.append(f"    {quoted(source[0])} -> {quoted(name)}{label}")
        return name, ""

    def _opens(self, placed: Placed) -> bool:
        body = placed.body
        if self.look.collapsed or body is None or placed.node.muted or None in body.outputs:
            return False
        bricks = sum(len(inner.placed) for inner, _ in body.runs)
        if self.opened + bricks > MOST_OPENED:
            return False
        self.opened += bricks
        return True

    def _box(self, placed: Placed, prefix: str, incoming: list[Source]) -> list[Source]:
        """An opened block: a box for each run of copies that have the same shapes, one behind the other."""
        colour = self.theme.category(placed.layer.category)
        for i, (inner, count) in enumerate(placed.body.runs):
            name = f"{prefix}{placed.node.id}{i or ''}/"
            self.bricks += [f"  subgraph {quoted('cluster ' + name)} {{",
                            f'    style="rounded,filled"; fillcolor="{self.theme.group}"; color="{colour}"; penwidth=0.8; peripheries=1; labeljust=l; labelloc=t; margin=9',
                            f"    label=<{_box_label(placed, count, self.theme)}>"]
            incoming = self.draw(inner, name, incoming)
            self.bricks.append("  }")
        return incoming

    def _brick(self, placed: Placed, prefix: str, wrong: bool) -> None:
        layer, theme = placed.layer, self.theme
        category = layer.category if layer else "Other"
        attributes = [f'color="{theme.error}"', "penwidth=2"] if wrong else [f'color="{theme.category(category)}"']
        attributes.append(f'fillcolor="{theme.fill(category)}"')
        if layer and layer.operator in SIGNS:
            attributes += [f"label=<<B>{SIGNS[layer.operator]}</B>>", "shape=circle, style=filled, fixedsize=true, width=0.3, fontsize=13"]
        else:
            attributes.append(f"label=<{self._label(placed)}>")
        if placed.node.muted:
            attributes.append('style="rounded,filled,dashed"')
        if layer and layer.block:
            attributes.append("peripheries=2")
        if layer and category == CATEGORIES[0]:
            attributes.append('shape=box, style="rounded,filled", width=0.9')
        self.bricks.append(f"    {quoted(prefix + placed.node.id)} [{', '.join(attributes)}]")

    def _label(self, placed: Placed) -> str:
        node, layer = placed.node, placed.layer
        key = layer.key(node.params) if layer else ""
        times = _times(placed)
        first = f"<B>{words(node.kind)}</B>{SPACE + words(key) if key else ''}{f'{SPACE}<B>×{times}</B>' if times > 1 else ''}"
        about = [words(node.id), *([f"{placed.cost[0]:,} parameters"] if placed.cost[0] else []), *(["muted"] if node.muted else [])]
        return f'{first}<BR/><FONT POINT-SIZE="8.5" COLOR="{self.theme.muted}">{" · ".join(about)}</FONT>'

    def _wire(self, source: Source, target: str) -> str:
        label = f" [label={quoted(' ' + source[1] + ' ')}]" if self.look.shapes and source[1] else ""
        return f"    {quoted(source[0])} -> {quoted(target)}{label}"


def _times(placed: Placed) -> int:
    body: Body | None = placed.body
    return sum(count for _, count in body.runs) if body else 1


def _box_label(placed: Placed, count: int, theme: Theme) -> str:
    times = f"{SPACE}<B>×{count}</B>" if count > 1 else ""
    return (f'<FONT POINT-SIZE="10"><B>{words(placed.node.kind)}</B>{times}</FONT>'
            f'<FONT POINT-SIZE="8.5" COLOR="{theme.muted}">{2 * SPACE}{words(placed.node.id)}</FONT>')


def _legend(report: Report, theme: Theme, blocks: bool) -> str:
    """A swatch for every category that is in the drawing, with the `blocks` themselves or with what is inside, and the totals."""
    found = set(_categories(report.analysis, blocks))
    order = [*(name for name in CATEGORIES if name in found), *sorted(found - set(CATEGORIES))]
    rows = [order[i:i + SWATCHES] for i in range(0, len(order), SWATCHES)]
    lines = ["  ".join(f'<FONT COLOR="{theme.category(name)}">■</FONT> {words(name)}' for name in row) for row in rows]
    totals = f"{report.params:,} parameters · {report.macs:,} multiply-adds a sample · N: samples in a batch"
    return f'<FONT POINT-SIZE="9" COLOR="{theme.muted}">{"<BR/>".join([*lines, totals])}</FONT>'


def _categories(analysis: Analysis, blocks: bool, seen: set[int] | None = None) -> Iterator[str]:
    seen = set() if seen is None else seen
    for placed in analysis.placed.values():
        if placed.node.kind not in (INPUT, OUTPUT) and (blocks or not (placed.layer and placed.layer.block)):
            yield placed.layer.category if placed.layer else "Other"
        for inner, _ in placed.body.runs if placed.body and not blocks else ():
            if id(inner) not in seen:
                seen.add(id(inner))
                yield from _categories(inner, blocks, seen)
