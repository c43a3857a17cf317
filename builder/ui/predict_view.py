"""What a run's network sees in a picture of one's own: read and looked at by a process of its own, on the Train page."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import streamlit as st

from builder import paths
from builder.runs import Run

from .child import Job, Jobs
from .frame import esc
from .own_form import FITS
from .testing_view import CHECKPOINTS, POLL

MOST_MEGABYTES = 64  # of a picture's file
AS_TRAINED = "as for training"


@st.cache_resource(show_spinner=False, max_entries=2)
def looking(home: Path) -> Jobs:
    """What is looked at for this server's home folder, each picture for its run; the row is what the command line prints of it."""
    return Jobs()


def begin(run_id: str, content: bytes, options: Sequence[str]) -> None:
    """Look at a picture, unless something is being looked at."""
    looking(paths.home()).begin(run_id, lambda folder: _command(run_id, folder / "picture", content, options))


def _command(run_id: str, file: Path, content: bytes, options: Sequence[str]) -> Sequence[str]:
    file.write_bytes(content)
    return "predict", *options, "--json", "--", run_id, str(file)


def predict(run: Run, boxes: bool) -> None:
    """The form, which asks for a score where the network finds `boxes`, and beside it what was seen; looks again by itself meanwhile."""
    busy = looking(paths.home()).running(run.id)
    st.fragment(_draw, run_every=POLL if busy else None, key="predict-aside")(run, boxes, busy)


def _draw(run: Run, boxes: bool, busy: bool) -> None:
    server = looking(paths.home())
    running, job = server.running(run.id), server.of(run.id)
    form, seen = st.columns([2, 3], gap="large")
    with form:
        upload = st.file_uploader("A picture", key="predict-file", max_upload_size=MOST_MEGABYTES, label_visibility="collapsed")
        which = st.segmented_control("Weights of", list(CHECKPOINTS), format_func=CHECKPOINTS.get, default="best", key="predict-checkpoint", required=True)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            fit = st.selectbox("Other shapes", [AS_TRAINED, *FITS], format_func=lambda name: FITS.get(name, name), key="predict-fit", width=190)
            least = st.number_input("Boxes from", 0.0, 1.0, 0.5, 0.05, key="predict-least", width=120, help="The score from which boxes are shown") if boxes else None
            invert = st.checkbox("Negative", key="predict-invert", help="For dark characters on white paper, where those of the data are light on black, as MNIST's are")
        options = [f"--checkpoint={which}", *([] if least is None else [f"--least={least}"]), *([] if fit == AS_TRAINED else [f"--fit={fit}"]), *(["--invert"] if invert else [])]
        if running:
            st.button("Cancel", key="cancel-predict", icon=":material/close:", on_click=server.cancel)
        elif st.button("Look at it", key="predict", icon=":material/image_search:", type="primary", disabled=not upload or server.busy()):
            begin(run.id, upload.getvalue(), options)
            st.rerun()
    with seen:
        if running:
            st.markdown(":material/hourglass_top: The network and its data are being read…")
        elif job:
            _seen(job)
    if busy != running:
        st.rerun()


def _seen(job: Job) -> None:
    told = job.rows[-1] if job.rows else {}
    if says := told.get("says") or job.says:
        st.warning(esc(f"{str(says)[0].upper()}{str(says)[1:]}."), icon=":material/error:")
        return
    with suppress(ValueError, LookupError, TypeError):
        st.image(base64.b64decode(str(told["png"])), alt="The picture, with what was seen in it")
        st.dataframe(_rows(told), key="predict-rows", hide_index=True, width="content",
                     column_config={name: st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1) for name in ("Probability", "Score", "Share of the pixels")})


def _rows(told: Mapping) -> dict[str, list]:
    """A column a number: of classes their probabilities or shares of the pixels, of boxes scores and sides, of targets values."""
    if told["task"] == "detection":
        sides = ("left", "top", "right", "bottom")
        return {"Class": [box["class"] for box in told["boxes"]], "Score": [box["score"] for box in told["boxes"]], **{side.capitalize(): [round(box[side]) for box in told["boxes"]] for side in sides}}
    if told["task"] == "regression":
        return {"Target": [one["target"] for one in told["targets"]], "Value": [one["value"] for one in told["targets"]]}
    name, key = ("Share of the pixels", "share") if told["task"] == "segmentation" else ("Probability", "share") if "share" in told["classes"][0] else ("Output", "score")
    return {"Class": [one["class"] for one in told["classes"]], name: [one[key] for one in told["classes"]]}
