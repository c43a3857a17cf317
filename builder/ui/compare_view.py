"""Two drawings side by side: what was chosen, the totals, and a table with a row a brick."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from builder.gallery import ENTRIES
from builder.graph import DocumentError, Project, from_json
from builder.graph.diff import Change, Diff, Side, Value, is_end
from builder.runs import RunError, Store

from .frame import esc
from .report_view import short
from .train_view import STATES, title
from .workspace import Workspace

OPEN = "open"
# What became of a brick: the sign and word, so that nothing is told by its colour alone, and the colour.
SIGNS = {"added": ("+", "added", "green"), "removed": ("−", "removed", "red"), "changed": ("~", "changed", "orange"), "renamed": ("→", "renamed", "violet"),
         "rewired": ("⇄", "rewired", "blue"), "inside": ("▸", "changed inside", "orange"), "resized": ("±", "other sizes", "gray"), "same": ("=", "the same", "gray")}
INDENT = "\N{EM SPACE}"
MOST_RUNS = 50


def choices(space: Workspace, runs: Store | None) -> dict[str, str]:
    """Everything that can be compared: the open drawing, runs, saved projects, ready-made ones; what it is called by what it is."""
    found = {OPEN: f"Open now: {space.project.name}"}
    for run in (runs.list(MOST_RUNS) if runs else ()):
        accuracy = "" if run.accuracy is None else f", {100 * run.accuracy:.1f} % {run.part} accuracy" + ("" if run.tested is None else f", test {100 * run.tested:.1f} %")
        found[f"run:{run.id}"] = f"Run: {title(run)}, {STATES[run.state]}{accuracy}"
    found |= {f"saved:{stem}": f"Saved: {project.name} ({stem})" for stem, project in space.saved() if project and stem != space.path.stem}
    return found | {f"gallery:{name}": f"Gallery: {entry.title}" for name, entry in ENTRIES.items()}


def defaults(space: Workspace, known: dict[str, str]) -> tuple[str, str]:
    """What is compared at first: the ready-made project that the open one began as, or else its newest run or another drawing, with the open one."""
    origin = f"gallery:{space.project.about.get('gallery')}"
    if origin in known and ENTRIES[origin.partition(":")[2]].project != space.project:
        return origin, OPEN
    return next((key for key in known if key not in (OPEN, origin)), OPEN), OPEN


def project_of(choice: str, space: Workspace, runs: Store | None) -> Project:
    """The project behind a choice; raises DocumentError or RunError when it is gone or cannot be read."""
    what, _, name = choice.partition(":")
    if what == "run":
        return from_json(runs.project(name))
    if what == "saved":
        found = dict(space.saved()).get(name)
        if found is None:
            raise DocumentError(f"{name}.json cannot be read any more")
        return found
    return space.project if what == OPEN else ENTRIES[name].project


def swap() -> None:
    """Compare the other way round."""
    state = st.session_state
    state["compare-before"], state["compare-after"] = state["compare-after"], state["compare-before"]


def draw_choice(space: Workspace, runs: Store | None) -> tuple[Project, Project] | None:
    """The two lists; the projects chosen, None with a message when one cannot be had."""
    known = choices(space, runs)
    for key, default in zip(("compare-before", "compare-after"), defaults(space, known), strict=True):
        if st.session_state.get(key) not in known:
            st.session_state[key] = default
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before = st.selectbox("Before", list(known), format_func=known.get, key="compare-before")
        st.button("Swap", key="swap", on_click=swap, icon=":material/swap_horiz:")
        after = st.selectbox("After", list(known), format_func=known.get, key="compare-after")
    try:
        return project_of(before, space, runs), project_of(after, space, runs)
    except (DocumentError, RunError) as error:
        st.error(esc(str(error)), icon=":material/error:")
        return None


def draw_totals(found: Diff) -> None:
    """Parameters, multiply-adds and how many bricks differ."""
    columns = st.columns([1, 1, 2], vertical_alignment="center")
    for column, name, (before, after) in zip(columns, ("Parameters", "Multiply-adds a sample"), (found.params, found.macs), strict=False):
        text = "{:,}".format if name == "Parameters" else short
        more = f"{'+' if after > before else '−'}{text(abs(after - before))} from {text(before)}" if after != before else "the same"
        column.metric(name, text(after), more, delta_color="off", delta_arrow="off")
    with columns[2].container(horizontal=True):
        for what, count in found.counts.items():
            if count and what != "same":
                sign, word, colour = SIGNS[what]
                st.badge(f"{sign} {count} {word}", color=colour)
        if found.counts["same"]:
            st.badge(f"= {found.counts['same']} the same", color="gray")


def signed(number: int) -> str:
    """A difference with its sign, "+1,200"; a dash for none."""
    return "–" if not number else f"{number:+,}".replace("-", "−")


def draw_bricks(found: Diff) -> None:
    """The table of bricks, those that differ unless all are asked for."""
    everything = st.toggle("Bricks that are the same too", key="compare-all") if found.counts["same"] and not found.same else found.same
    st.table(list(rows(found.changes, everything)), hide_index=True, border="horizontal")


def rows(changes: tuple[Change, ...], everything: bool, depth: int = 0) -> Iterator[dict[str, str]]:
    """A row a brick; what changed inside a block stands below it."""
    for change in changes:
        if (change.what == "same" and not everything) or (depth and (is_end(change) or change.what == "same")):
            continue
        sign, word, colour = SIGNS[change.what]
        # Of a coloured cell the colour is the background; the sign and the word say the same.
        yield {"": f":{colour}-background[{sign} {word}]", "Before": brick(change.before, depth), "After": brick(change.after, depth),
               "What differs": "  \n".join(differences(change)) or "–", "Parameters": signed(change.params), "Multiply-adds": signed(change.macs)}
        yield from rows(change.inside, everything, depth + 1)


def brick(side: Side | None, depth: int) -> str:
    """A brick in one cell: name, kind and its key parameters, output shape."""
    if side is None:
        return ""
    return f"{INDENT * 2 * depth}**{esc(side.id)}** {esc(side.kind)} {esc(side.key)}  \n{INDENT * 2 * depth}{esc(side.output)}"


def differences(change: Change) -> Iterator[str]:
    """The parameters and wires that differ, each in words."""
    if change.before and change.after and change.before.id != change.after.id:
        yield f"name {esc(change.before.id)} → {esc(change.after.id)}"
    yield from map(words, change.values)
    for wire in change.wires:
        yield f"{esc(wire.name)} from {esc(wire.after or 'nothing')}" + (f", was {esc(wire.before or 'nothing')}" if change.before else "")


def words(value: Value) -> str:
    """A parameter that differs: "out_channels 10 → 6"."""
    return f"{esc(value.name)} {esc(value.before or '–')} → {esc(value.after or '–')}"


def draw_settings(found: Diff) -> None:
    """The settings that differ, for runs above all."""
    if found.settings:
        st.subheader("Settings", anchor=False)
        st.table([{"Setting": esc(value.name), "Before": esc(value.before or "–"), "After": esc(value.after or "–")} for value in found.settings],
                 hide_index=True, border="horizontal")
