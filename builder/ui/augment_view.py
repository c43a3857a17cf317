"""The augmentations of a project as a row of small bricks, and what they make of real images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from builder.catalogue.augmentation import AUGMENTATIONS
from builder.catalogue.datasets import Dataset
from builder.graph import FrozenDict, Project, augmentation, check
from builder.graph.augmentation import MOST, OFF, PATH, row
from builder.graph.datasets import meant, used

from .data_view import sources
from .frame import esc
from .papers import linked
from .problems import draw_problems
from .settings import Field, apply, draw_field
from .workspace import Workspace

WIDTH = 620  # pixels that the picture of samples may take
BRICK = 234  # pixels that a brick takes, whose name has up to 21 letters
# A PNG file with samples and what becomes of them, for a project, and its width in pixels.
Pictured = Callable[[Project], tuple[bytes, int]]


def draw(space: Workspace, dataset: Dataset, pictured: Pictured) -> None:
    """The row of the open project with what it does to images of this data set."""
    project = space.project
    entries = row(project)
    st.caption("Changes by chance to the training images, anew in every epoch: the network never sees the same image twice. "
               "What it is judged by stays as it is. Drawn from the seed, the epoch and the sample's number, so that a run can be repeated to the last bit.")
    if entries:
        with st.container(horizontal=True, key="augmentations", gap="xsmall"):
            for place, entry in enumerate(entries):
                brick(space, place, entry, len(entries))
    if len(dataset.shape) != 3 and not entries:
        st.info(f"The samples of {esc(dataset.title)} are rows of numbers; augmentations change images.", icon=":material/table_rows:")
        return
    add(space, dataset, len(entries))
    looked = looked_at(project, dataset)
    wrong = [problem for problem in check(looked).problems if str(problem.field).startswith(PATH)]
    draw_problems(space, wrong, "augmentation")
    if augmentation.augmentations(project) and all(problem.severity != "error" for problem in wrong):
        picture, width = pictured(looked)
        st.markdown("**Before, and in the first epochs**")
        st.image(picture, width=width * max(1, WIDTH // width))


def looked_at(project: Project, dataset: Dataset) -> Project:
    """What of a project its augmentations follow from, on the data set that is looked at."""
    training = {name: project.training[name] for name in (augmentation.SECTION, "seed", "loss") if name in project.training}
    return Project(data=used(project, meant(sources(project)[dataset.name][1])[1]), task=FrozenDict({"kind": dataset.task}), training=FrozenDict(training))


def brick(space: Workspace, place: int, entry: Mapping[str, object], count: int) -> None:
    """One augmentation: its name, which opens its parameters, and buttons to move it, switch it off and take it out."""
    record, project, on = AUGMENTATIONS[entry["kind"]], space.project, not entry.get(OFF)
    values = record.values(augmentation.parameters(entry))
    with st.container(border=True, width=BRICK, gap="xsmall"):
        with st.popover(record.kind if on else f":gray[{record.kind}]", width="stretch", help=record.summary):
            st.markdown(f"**{record.kind}**  \n{esc(record.summary)}")
            st.caption(" · ".join(linked(record.source)))
            for param in record.params:
                field = Field(f"{PATH}.{place}.{param.name}", param, values[param.name])
                draw_field(space, field, partial(augmentation.changed, project, place, param.name))
        said = augmentation.said({name: value for name, value in entry.items() if name != OFF}).removeprefix(record.kind).strip(" ()")
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(("" if on else "off · ") + (said or "defaults"), width="content")
            with st.container(horizontal=True, gap="small", width="content"):
                for name, icon, words, edit, useless in (
                        ("back", "chevron_left", f"Move {record.kind} forward", augmentation.moved(project, place, -1), place == 0),
                        ("on", "chevron_right", f"Move {record.kind} back", augmentation.moved(project, place, 1), place == count - 1),
                        ("off", "visibility" if on else "visibility_off", f"Switch {record.kind} {'off' if on else 'on'}", augmentation.switched(project, place, not on), False),
                        ("out", "delete", f"Remove {record.kind}", augmentation.removed(project, place), False)):
                    st.button("", key=f"augmentation:{place}:{name}", icon=f":material/{icon}:", help=words, disabled=useless, type="tertiary", on_click=apply, args=(space, edit))


def add(space: Workspace, dataset: Dataset, count: int) -> None:
    """The choice of one more; for an empty row what is usual for such images."""
    def chosen() -> None:
        if kind := st.session_state["augmentation:add"]:
            apply(space, augmentation.added(space.project, kind))
            st.session_state["augmentation:add"] = None

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Add an augmentation", list(AUGMENTATIONS), index=None, key="augmentation:add", on_change=chosen, placeholder="Add an augmentation…",
                     format_func=lambda kind: f"{kind}: {AUGMENTATIONS[kind].summary}", label_visibility="collapsed", disabled=count >= MOST)
        usual = augmentation.usual(dataset)
        if usual and not count:
            st.button("Use what is usual", key="augmentation:usual", icon=":material/auto_fix_high:", help=" → ".join(map(augmentation.said, usual)), on_click=apply,
                      args=(space, augmentation.edit(usual, "Use the usual augmentations")))
