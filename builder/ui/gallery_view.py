"""Cards of ready-made projects, and the list of saved ones."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from builder.catalogue import BATCH, DATASETS, show
from builder.gallery import ENTRIES, Entry
from builder.graph import DocumentError, Network

from .build_view import show_said
from .frame import esc, page_path
from .workspace import Workspace


def skeleton(network: Network) -> str:
    """The bricks that learn, in order, as one line: "Conv2d 10 → Conv2d 20 → Linear 50 → Linear 10"."""
    learned = [node for node in network.nodes if "out_channels" in node.params or "out_features" in node.params]
    return " → ".join(f"{node.kind} {node.params.get('out_channels', node.params.get('out_features'))}" for node in learned)


def ready_made(space: Workspace) -> None:
    """A card a project, two a row."""
    entries = list(ENTRIES.values())
    for left in range(0, len(entries), 2):
        for column, entry in zip(st.columns(2, gap="medium"), entries[left:left + 2], strict=False):
            with column.container(border=True, height="stretch", vertical_alignment="distribute", key=f"card-{entry.name}"):
                card(space, entry)


def recipe(training: Mapping) -> str:
    """Training settings in few words: "SGD lr 0.05, batch 8, 15 epochs"."""
    optimizer, epochs = training["optimizer"], training["epochs"]
    return f"{optimizer['kind']} lr {optimizer['lr']:g}, batch {training['batch_size']}, {epochs} epoch{'s' if epochs > 1 else ''}"


def card(space: Workspace, entry: Entry) -> None:
    """What the network is, what it wants, what to look at."""
    with st.container():
        _about(entry)
    if st.button(f"Open {entry.title}", key=f"open-{entry.name}", type="primary", help=f"Open {entry.title} on the canvas", icon=":material/open_in_new:"):
        space.open(entry.project)
        st.switch_page(page_path("build"))


def _about(entry: Entry) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(entry.title, anchor=False, width="stretch")
        st.badge(", ".join(entry.decks), color="gray")
    st.write(entry.summary)
    st.caption(f"{show((BATCH, *entry.inputs[0]))} → {skeleton(entry.project.network)}")
    st.caption(f"**{entry.parameters:,}** parameters")
    # The one it opens on comes first; two spaces and a line break begin a new line.
    st.caption("  \n".join(f"{DATASETS[source].title}: {recipe(training)}" for source, training in entry.recipes.items()) or entry.waits)
    st.info(entry.look, icon=":material/visibility:")
    st.caption(f"Source: {esc(entry.paper)}")


def _open(space: Workspace, stem: str) -> None:
    try:
        space.open_saved(stem)
        st.session_state["go"] = "build"
    except DocumentError as error:
        st.session_state["said"] = (str(error), ":material/error:")


def _delete(space: Workspace, stem: str) -> None:
    try:
        space.delete_saved(stem)
    except DocumentError as error:
        st.session_state["said"] = (str(error), ":material/error:")


def saved(space: Workspace) -> None:
    """Saved projects with open and delete; the open one is marked."""
    show_said()
    found = space.saved()
    st.subheader("Your projects", anchor=False)
    if st.session_state.pop("go", None):
        st.switch_page(page_path("build"))
    for stem, project in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"saved-{stem}"):
            now = stem == space.path.stem
            name = esc(project.name) if project else "cannot be read"
            st.markdown(f"**{name}** &nbsp; :gray[{esc(stem)}.json{' · open now' if now else ''}]", width="stretch")
            st.button(f"Open {esc(stem)}", key=f"reopen-{stem}", on_click=_open, args=(space, stem), disabled=project is None)
            st.button(f"Delete {esc(stem)}", key=f"delete-{stem}", on_click=_delete, args=(space, stem), disabled=now, icon=":material/delete:",
                      help="The open project cannot be deleted" if now else f"Delete {esc(stem)}.json from this computer")
