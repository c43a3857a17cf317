"""Cards of ready-made networks, found by words, deck and task; and the list of saved projects."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from builder.catalogue import DATASETS
from builder.gallery import DECKS, ENTRIES, TASKS, Entry
from builder.gallery.find import LECTURES, ORDERS, Wanted, counts, found, kinds, meant, prepare
from builder.graph import DocumentError, Project

from .build_view import show_said
from .frame import esc, page_path
from .papers import linked
from .workspace import Workspace

# A project's thumbnail for a theme, as SVG.
Draw = Callable[[Project, str], str]
A_PAGE = 24
A_FEW = 4
LONG = 22  # characters of a title; in place of a longer one, a button says the name
CARD = 292  # pixels that a card is wide at least
PICTURE = 124  # pixels that a thumbnail is high on such a card
# Names of the widgets, which stand in the address: ?deck=ECNU&task=segmentation
SEARCH, DECK, TASK, TRAINS, ORDER = KEYS = ("search", "deck", "task", "trains", "sort")
SHOWN = "cards"  # how many cards are shown, in the session
PAUSE = 1.0  # seconds between the first cards and the work for searches
LONGEST = 100  # characters of a search that are looked at
_drawn: dict[tuple[str, str], str] = {}


def ready_made(space: Workspace, draw: Draw) -> None:
    """The networks that are looked for, a page of cards at a time. The words come first, thumbnails that have to be drawn after them."""
    go_on()
    wanted, order = _asked()
    entries = found(wanted, order)
    if not entries:
        _none(wanted)
        return
    shown = cards(len(entries), st.session_state.get(SHOWN, A_PAGE))
    st.caption(f"{_how_many(len(entries))}. Opening one starts a new drawing; nothing of yours is overwritten.")
    theme = "dark" if st.context.theme.type == "dark" else "light"
    waiting = []
    with st.grid(min_column_width=CARD, gap="small"):
        for entry in entries[:shown]:
            with st.container(border=True, height="stretch", vertical_alignment="distribute", key=f"card-{entry.name}"):
                waiting += _card(space, entry, draw, theme)
    if (left := len(entries) - shown) > 0:
        st.button(f"Show {min(left, A_PAGE)} more", key="more", on_click=_show, args=(shown + A_PAGE,), icon=":material/expand_more:")
    for slot, entry in waiting:
        slot.image(_thumbnail(entry, draw, theme), alt="", width="stretch")
    _prepare_once()


@functools.cache
def _prepare_once() -> None:
    """Once the cards are there, what a search looks at is worked out aside: most of it is inside blocks."""
    later = threading.Timer(PAUSE, prepare)
    later.daemon = True
    later.start()


def cards(count: int, wanted: int = A_PAGE) -> int:
    """How many of `count` cards are shown: those that are wanted, and the few after them where they are the last."""
    return count if count - wanted <= A_FEW else wanted


def _how_many(count: int) -> str:
    return f"{len(ENTRIES)} networks" if count == len(ENTRIES) else f"{count} of {len(ENTRIES)} networks"


def _asked() -> tuple[Wanted, str]:
    """The row of filters; what is wanted, and in which order."""
    kept = {"persist_state": "session", "on_change": _show}
    _from_address()
    decks, tasks = counts(lambda entry: entry.decks), counts(lambda entry: (entry.task,))
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        search = st.text_input("Search networks", type="search", placeholder="Search: name, paper, brick", key=SEARCH, live="120ms", width=240, **kept)
        deck = st.pills("Deck", [name for name in DECKS if name in decks], key=DECK, format_func=lambda name: f"{name} {decks[name]}",
                        **kept)
        task = st.selectbox("Task", [name for name in TASKS if name in tasks], index=None, key=TASK, placeholder="Any task", width=190,
                            format_func=lambda name: f"{name.capitalize()} ({tasks[name]})", **kept)
        order = st.selectbox("Sort by", list(ORDERS), key=ORDER, format_func=lambda name: ORDERS[name][0], width=190, **kept)
        trains = st.toggle("Can be trained here", key=TRAINS, **kept)
    _to_address({SEARCH: search, DECK: deck, TASK: task, TRAINS: "true" if trains else "", ORDER: order if order != LECTURES else ""})
    return Wanted((search or "")[:LONGEST], deck, task, trains), order


def _from_address() -> None:
    """Begin with what the address asks for, as in a link that somebody shared; from then on the address follows."""
    if "asked" in st.session_state:
        return
    st.session_state["asked"] = True
    for key, known in ((DECK, DECKS), (TASK, TASKS), (ORDER, ORDERS)):
        if (given := st.query_params.get(key)) in known:
            st.session_state[key] = given
    st.session_state[SEARCH] = st.query_params.get(SEARCH, "")[:LONGEST]
    st.session_state[TRAINS] = st.query_params.get(TRAINS) == "true"


def _to_address(asked: Mapping[str, str | None]) -> None:
    for key, value in asked.items():
        if value and st.query_params.get(key) != value:
            st.query_params[key] = value
        elif not value and key in st.query_params:
            del st.query_params[key]


def _show(cards: int = A_PAGE) -> None:
    """Show so many cards; another question begins with its first ones."""
    st.session_state[SHOWN] = cards


def _ask(**wanted: object) -> None:
    """Look for just this."""
    for key in KEYS:
        st.session_state[key] = {SEARCH: "", ORDER: LECTURES, TRAINS: False}.get(key)
    st.session_state.update(wanted)
    _show()


def _none(wanted: Wanted) -> None:
    """What to do when nothing is found: without the filters, under a name that is nearly the same, or all."""
    everywhere = found(Wanted(wanted.search))
    with st.container(border=True, horizontal_alignment="center", key="none"):
        st.markdown(f"**No network fits.** {esc(_asked_for(wanted))}", width="content")
        with st.container(horizontal=True, horizontal_alignment="center"):
            if wanted.search and everywhere:
                st.button(f"Search everywhere ({len(everywhere)})", on_click=_ask, kwargs={SEARCH: wanted.search}, icon=":material/filter_alt_off:")
            for title in meant(wanted.search):
                st.button(title, on_click=_ask, kwargs={SEARCH: title}, icon=":material/search:", help="Perhaps you meant this one")
            st.button(f"Show all {len(ENTRIES)}", on_click=_ask, type="primary", key="all")


def _asked_for(wanted: Wanted) -> str:
    """The question in words."""
    parts = [f"with “{wanted.search}” in its name, paper, words or bricks" if wanted.search else "", f"in the {wanted.deck} deck" if wanted.deck else "",
             f"for {wanted.task}" if wanted.task else "", "that can be trained here yet" if wanted.trains else ""]
    return f"There is none {', '.join(filter(None, parts))}."


def recipe(training: Mapping) -> str:
    """Training settings in few words: "SGD lr 0.05, batch 8, 15 epochs"."""
    optimizer, epochs = training["optimizer"], training["epochs"]
    return f"{optimizer['kind']} lr {optimizer['lr']:g}, batch {training['batch_size']}, {epochs} epoch{'s' if epochs > 1 else ''}"


def shapes(of: Sequence[Sequence[int | str]]) -> str:
    """Shapes of one sample as those of a batch: "N×3×127×127, N×3×255×255"."""
    return ", ".join("×".join(["N", *map(str, shape)]) for shape in of)


def _card(space: Workspace, entry: Entry, draw: Draw, theme: str) -> list[tuple[object, Entry]]:
    """What a network is in few words, and the ways on; its thumbnail's place when that has still to be drawn."""
    waiting = []
    with st.container(gap="xsmall"):
        if (entry.name, theme) in _drawn:
            st.image(_thumbnail(entry, draw, theme), alt="", width="stretch")
        else:
            waiting.append((st.skeleton(PICTURE), entry))
        st.subheader(entry.title, anchor=False)
        st.markdown(f":small[{esc(entry.summary)}]")
        st.caption("  \n".join(_facts(entry)))
    with st.container(horizontal=True, gap="xsmall"):
        called = entry.title if len(entry.title) <= LONG else entry.name
        st.button(f"Open {called}", key=f"open-{entry.name}", type="primary", on_click=_open_new, args=(space, entry))
        if st.button("About", key=f"about-{entry.name}", type="tertiary", help=f"What {entry.title} is made of, and what to look at"):
            st.dialog(entry.title, width="large")(about)(space, entry, draw)
    return waiting


def _facts(entry: Entry) -> list[str]:
    """Size, shapes, where it comes from, and whether it can be trained: a line each."""
    trains = f":material/model_training: Trains on {esc(entry.data)}" if entry.trains else f":material/draw: Not trained here yet: {esc(entry.waits)}"
    return [f"**{entry.parameters:,}** parameters · {entry.task}", esc(f"{shapes(entry.inputs)} → {shapes(entry.outputs)}"),
            f"{', '.join(entry.decks)} · {linked(entry.paper)[0]}", trains]


def _thumbnail(entry: Entry, draw: Draw, theme: str) -> str:
    """Drawn once while the server runs."""
    key = entry.name, theme
    if key not in _drawn:
        _drawn[key] = draw(entry.project, theme)
    return _drawn[key]


def _open_new(space: Workspace, entry: Entry) -> None:
    space.open(entry.project)
    st.session_state["go"] = "build"


def go_on() -> None:
    """To the canvas, when something was opened; a callback cannot change the page itself."""
    if st.session_state.pop("go", None):
        st.switch_page(page_path("build"))


def about(space: Workspace, entry: Entry, draw: Draw) -> None:
    """Everything about one network."""
    st.image(_thumbnail(entry, draw, "dark" if st.context.theme.type == "dark" else "light"), alt="", width=480)
    st.markdown(esc(entry.summary))
    st.info(esc(entry.look), icon=":material/visibility:")
    if entry.waits:
        st.warning(f"It cannot be trained here yet. {esc(entry.waits)} It can be built, checked, changed and exported.", icon=":material/draw:")
    st.table(_about_rows(entry), hide_header=True, border="horizontal")
    st.button(f"Open {entry.title} on the canvas", key="open-this", type="primary", icon=":material/open_in_new:", on_click=_open_new, args=(space, entry))
    go_on()


def _about_rows(entry: Entry) -> dict[str, list[str]]:
    recipes = [f"{esc(DATASETS[source].title)}: {esc(recipe(training))}" for source, training in entry.recipes.items()]
    bricks = [f"[{kind}](reference?layer={kind})" for kind in kinds(entry.project) if kind not in entry.project.blocks]
    rows = {"Parameters": f"{entry.parameters:,}", "Takes": esc(shapes(entry.inputs)), "Gives": esc(shapes(entry.outputs)), "Task": entry.task,
            "Data": esc(entry.data), "Recipe": "; ".join(recipes), "Decks": ", ".join(entry.decks), "Paper": "; ".join(linked(entry.paper)),
            "Bricks": ", ".join(bricks), "Command line": f"`python -m builder check {entry.name}`"}
    said = {name: value for name, value in rows.items() if value}
    return {"": [f"**{name}**" for name in said], " ": list(said.values())}


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
    go_on()
    for stem, project in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"saved-{stem}"):
            now = stem == space.path.stem
            name = esc(project.name) if project else "cannot be read"
            st.markdown(f"**{name}** &nbsp; :gray[{esc(stem)}.json{' · open now' if now else ''}]", width="stretch")
            st.button(f"Open {esc(stem)}", key=f"reopen-{stem}", on_click=_open, args=(space, stem), disabled=project is None)
            st.button(f"Delete {esc(stem)}", key=f"delete-{stem}", on_click=_delete, args=(space, stem), disabled=now, icon=":material/delete:",
                      help="The open project cannot be deleted" if now else f"Delete {esc(stem)}.json from this computer")
