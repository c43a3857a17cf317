"""Bringing a model of torchvision or timm: choosing it, watching it become a drawing, opening it."""

from __future__ import annotations

import time

import streamlit as st

from .frame import WATCHED, esc
from .gallery_view import go_on
from .imports import LIBRARIES, ImportBusy, Job, imports, installed, names
from .workspace import Workspace

POLL = 0.5  # seconds between two looks at what is going on aside
SMALLEST, LARGEST = 16, 1024  # pixels of an input's side
HOW = {"timm": "`pip install timm` in the environment of Brickwork brings over a thousand models; then reload this page.",
       "torchvision": "`pip install torchvision` in the environment of Brickwork; then reload this page."}
WEIGHTS = {False: "Fresh, random weights", True: "Pretrained weights"}


def bring(space: Workspace) -> None:
    """The choice of a model, and below it the import that runs or has ended; looks again by itself while something goes on."""
    job = imports().job
    reading = (library := st.session_state.get("library") or LIBRARIES[0]) and installed(library) and names().get(library) is None
    busy = job is not None and job.running or reading and library not in names().trouble
    st.fragment(_bring, run_every=POLL if busy else None, key="bring")(space, bool(busy))


def _bring(space: Workspace, busy: bool) -> None:
    st.caption("A model of torchvision or timm becomes a drawing: what repeats is a block, names stay. It is given out only after the drawing "
               "and the original gave the same answer.")
    go_on()
    still = _choice()
    job = imports().job
    if job:
        _watch(space, job)
    if busy != bool(still or job and job.running):
        st.rerun()


def _choice() -> bool:
    """The model, its input and its weights; whether the names are still being read."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="import-choice"):
        library = st.segmented_control("Library", LIBRARIES, default=LIBRARIES[0], key="library", required=True, persist_state="session")
        if not installed(library):
            st.info(f"{library} is not installed. {HOW[library]}", icon=":material/inventory_2:")
            return False
        known = names().get(library)
        if known is None:
            return _reading(library)
        models = {one["name"]: one for one in known}
        name = st.selectbox("Model", list(models), key=f"model-{library}", width=320, persist_state="session",
                            index=list(models).index("resnet50") if "resnet50" in models else 0)
        model = models[name]
        side = st.number_input("Input side", SMALLEST, LARGEST, min(LARGEST, max(SMALLEST, model["side"])), key=f"side-{library}-{name}", width=130,
                               help="Height and width of the image in pixels")
        weights = bool(model.get("weights"))
        pretrained = st.selectbox("Weights", list(WEIGHTS) if weights else [False], key=f"weights-{library}-{name}", format_func=WEIGHTS.get, width=230)
        job = imports().job
        st.button(f"Import {esc(name)}", key="import", type="primary", icon=":material/input:", on_click=_begin,
                  args=(f"{library}:{name}", side, bool(pretrained)), disabled=bool(job and job.running))
    st.caption(_about(library, model, bool(pretrained)))
    return False


def _reading(library: str) -> bool:
    if library in names().trouble:
        st.warning(f"The models of {library} could not be read: {esc(names().trouble[library])}.", icon=":material/error:")
        st.button("Try again", key="names-again", on_click=names().again, args=(library,))
        return False
    st.info(f"Reading which models {library} has. This takes some seconds once.", icon=":material/hourglass_top:")
    return True


def _about(library: str, model: dict[str, object], pretrained: bool) -> str:
    """What is known of a model before anything is built, and what pretrained weights need."""
    known = [str(model.get("task") or ""), f"{model['parameters']:,} parameters" if model.get("parameters") else ""]
    if pretrained:
        size = f"a download of {model['megabytes']:,.0f} MB" if model.get("megabytes") else "a download"
        weights = f"Its pretrained weights ({model['weights']}) are {size} from pytorch.org, unless they are on this computer already."
    else:
        weights = "Nothing is downloaded." if library != "timm" else ("Nothing is downloaded; pretrained weights come from a file: python -m builder import "
                                                                      f"timm:{model['name']} --weights FILE.")
    return esc(f"{model['name']}: {' · '.join(filter(None, known))}. {weights}")


def _begin(source: str, side: int, pretrained: bool) -> None:
    try:
        st.session_state[WATCHED] = imports().begin(source, side, pretrained).began
    except ImportBusy as error:
        st.session_state["said"] = (f"{str(error)[0].upper()}{str(error)[1:]}.", ":material/info:")


def _watch(space: Workspace, job: Job) -> None:
    """How far it is; when it ended, what came of it. Who began it or saw it run, and stayed, goes to the canvas with it."""
    if job.running:
        st.session_state[WATCHED] = job.began
    with st.container(border=True, key="importing"):
        if job.running:
            _progress(job)
            st.button("Cancel", key="cancel-import", on_click=imports().cancel, icon=":material/close:")
        elif job.state == "done":
            _done(space, job)
            if st.session_state.get(WATCHED) == job.began:
                _open(space, job)
                go_on()
        else:
            _ended(job)


def _progress(job: Job) -> None:
    says = f"**{esc(job.source)}**: {esc(job.says)}"
    if job.share is None:
        st.markdown(f":material/hourglass_top: {says} :gray[· {time.monotonic() - job.began:.0f} s]")
    else:
        st.progress(job.share, says)


def _done(space: Workspace, job: Job) -> None:
    difference = job.result.get("difference")
    held = ""
    if isinstance(difference, float):
        held = f" Its answers differ from the original's by {difference:.1g} at most." if difference else " Its answers are the original's to the last bit."
    st.success(f"{esc(job.source)} is a drawing now.{held}", icon=":material/check:")
    with st.container(horizontal=True):
        st.button(f"Open {esc(job.name)}", key="open-imported", type="primary", on_click=_open, args=(space, job), icon=":material/open_in_new:")
        st.button("Put away", key="forget-import", on_click=imports().forget, args=(job,))


def _ended(job: Job) -> None:
    if job.state == "cancelled":
        st.info(f"The import of {esc(job.source)} was cancelled. Nothing was changed.", icon=":material/close:")
    else:
        st.error(f"**{esc(job.source)} was not imported.** {esc(job.says[:1].upper() + job.says[1:])}", icon=":material/error:")
        st.caption("Your projects are as they were.")
    with st.container(horizontal=True):
        st.button("Try again", key="import-again", on_click=_again, args=(job, job.pretrained), icon=":material/refresh:")
        if job.pretrained and job.state == "failed":
            st.button("With fresh, random weights", key="import-fresh", on_click=_again, args=(job, False))
        if job.state == "failed" and (usual := _usual_side(job)) not in (None, job.side):
            st.button(f"With images of {usual}×{usual}", key="import-usual", on_click=_begin, args=(job.source, usual, job.pretrained))
        st.button("Put away", key="forget-import", on_click=imports().forget, args=(job,))


def _usual_side(job: Job) -> int | None:
    """The side of the images that a model was made for; some take no other."""
    library = job.source.partition(":")[0]
    return next((one["side"] for one in names().get(library) or () if one["name"] == job.name), None)


def _again(job: Job, pretrained: bool) -> None:
    _begin(job.source, job.side, pretrained)


def _open(space: Workspace, job: Job) -> None:
    """The drawing becomes a new project."""
    imports().forget(job)
    space.open(job.project)
    st.session_state["go"] = "build"
