"""What the Data page keeps and draws that is not the data itself: downloads in the background, and whether the drawing fits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from builder.catalogue import DATASETS, Dataset, described
from builder.data import kept
from builder.graph import Problem, Project, check, dataset_of
from builder.graph import apply as edited
from builder.graph.memory import amount

from .frame import esc

POLL_SECONDS = 0.5
FEW = 6  # numbers of a row of features that are written out
FITTING = ("data", "classes")


@dataclass
class Download:
    """One data set on its way: what is going on in words and as a share from 0 to 1; `trouble` when it failed."""

    text: str = "Looking for the server"
    share: float = 0.0
    trouble: str = ""
    done: bool = False
    thread: threading.Thread | None = field(default=None, repr=False)

    def tell(self, text: str, share: float) -> None:
        """Called for every piece that arrives."""
        self.text, self.share = text, share

    def run(self, fetch: Callable[[Callable[[str, float], None]], object]) -> None:
        """Fetch; whatever goes wrong becomes a sentence."""
        try:
            fetch(self.tell)
        except Exception as error:  # noqa: BLE001 - the thread has nobody else to tell
            self.trouble = str(error) or type(error).__name__
        self.done = True


@st.cache_resource(show_spinner=False)
def downloads() -> dict[str, Download]:
    """The server's downloads by data set: a reload or a second tab finds the one that is running."""
    return {}


def begin(name: str, fetch: Callable[[Callable[[str, float], None]], object]) -> None:
    """Start a download unless it is running."""
    running = downloads().get(name)
    if running and not running.done:
        return
    download = downloads()[name] = Download()
    download.thread = threading.Thread(target=download.run, args=(fetch,), name=f"download of {name}", daemon=True)
    download.thread.start()


def draw_download(name: str) -> None:
    """The progress of a running download, and why the last one failed."""
    download = downloads().get(name)
    if download is None:
        return
    st.fragment(_progress, run_every=None if download.done else POLL_SECONDS)(name)


def read_first(dataset: Dataset, ready: bool, read: Callable[[Callable[[str, float], None]], object]) -> bool:
    """Whether a data set that is not `ready` has still to be read before it is shown: that goes on in the background and is drawn as it does, once."""
    name = f"{dataset.name} {dataset.shape}"
    known = downloads().get(name)
    if ready or known is not None and known.done and not known.trouble:
        return False
    if known is None:
        begin(name, read)
    draw_download(name)
    return True


def _progress(name: str) -> None:
    download = downloads()[name]
    if not download.done:
        st.progress(min(1.0, max(0.0, download.share)), text=download.text)
        return
    if download.trouble:
        st.error(download.trouble, icon=":material/cloud_off:")
    if st.session_state.get("download_seen") is not download:
        st.session_state["download_seen"] = download
        st.rerun()


def sources(project: Project) -> dict[str, tuple[Dataset, object]]:
    """All data sets by name, each with what an edit says to choose it: the registered ones, what is kept of a person's own, and the project's."""
    there: dict[str, tuple[Dataset, object]] = {name: (dataset, name) for name, dataset in DATASETS.items()}
    sections = [kept.section(one) for one in kept.listed()]
    own = {described(section).name: (described(section), section) for section in sections}
    if (dataset := dataset_of(project)) and dataset.name not in {**there, **own}:
        own[dataset.name] = (dataset, dict(project.data))
    if dataset is not None and dataset.name in there:
        there[dataset.name] = (dataset, dataset.name)
    return there | own


def name_of(project: Project) -> str | None:
    """The name of the data set that a project trains on, None where it has none."""
    dataset = dataset_of(project)
    return dataset.name if dataset else None


def describe(dataset: Dataset) -> str:
    """Samples, shape and classes in a line."""
    return f"{counted(dataset.train, dataset.test, dataset.valid)} · {_sample(dataset)} · {_answers(dataset)}"


def counted(train: int, test: int, valid: int) -> str:
    """The samples of the parts that the data came with, in words."""
    return f"{train:,} training, {valid:,} validation and {test:,} test samples" if valid else f"{train:,} training and {test:,} test samples"


def _answers(dataset: Dataset) -> str:
    """What is to be told, counted."""
    if dataset.task == "regression":
        return f"{len(dataset.targets)} target{'' if len(dataset.targets) == 1 else 's'} ({', '.join(dataset.targets[:4])}{', …' if len(dataset.targets) > 4 else ''})"
    count = f"{len(dataset.classes)} class{'' if len(dataset.classes) == 1 else 'es'}"
    return count + {"segmentation": " of pixels", "detection": " of things to find"}.get(dataset.task, "")


def given(dataset: Dataset) -> str:
    """What a network gives that fits, in words."""
    if dataset.task == "regression":
        return f"{len(dataset.targets)} number{'' if len(dataset.targets) == 1 else 's'}, one a target"
    if dataset.task == "detection":
        return f"a grid of cells with {dataset.answers} numbers each: 4 of a box, whether there is one, and {len(dataset.classes)} scores, one a class"
    return f"{len(dataset.classes)} scores, one a class" + (", for every pixel" if dataset.task == "segmentation" else "")


def _sample(dataset: Dataset) -> str:
    if len(dataset.shape) == 3:
        channels, height, width = dataset.shape
        return f"{height}×{width} pixels, " + ("grey" if channels == 1 else f"{channels} colour channels")
    return "1 number each" if dataset.shape == (1,) else f"{'×'.join(map(str, dataset.shape))} numbers each"


def size(dataset: Dataset, here: bool = False) -> str:
    """What lies in memory and, unless it is here already, what a download would move."""
    download = f", about {dataset.megabytes} MB to download" if dataset.megabytes else ", nothing to download"
    return f"{amount(dataset.bytes)} in memory" + ("" if here and dataset.megabytes else download)


def partial(dataset: Dataset, sizes: Sequence[int]) -> str:
    """Says so when the copy on this machine, of so many training and test samples, is not the whole data set; empty when it is."""
    train, test = sizes
    if (train, test) == (dataset.train + dataset.valid, dataset.test):
        return ""
    return f"The copy on this machine has {train:,} training and {test:,} test samples; {dataset.title} has {dataset.train:,} and {dataset.test:,}."


def colours() -> tuple[str, ...]:
    """The theme's first three chart colours."""
    kind = "dark" if st.context.theme.type == "dark" else "light"
    return tuple([*(st.get_option(f"theme.{kind}.chartCategoricalColors") or ()), "#4453d4", "#d9730d", "#2f9e6e"][:3])


def misfits(project: Project, source: object) -> list[Problem]:
    """What would have to change in the drawing, were it trained on the data set that an edit says so: what concerns its ends, and what breaks."""
    after = edited(project, {"op": "choose_data", "source": source})
    already = set() if after.data == project.data else {problem.key for problem in check(project).errors}
    return [problem for problem in check(after).errors if problem.code in FITTING or problem.node is not None and problem.key not in already]


def normalisation(mean: tuple[float, ...], std: tuple[float, ...], images: bool) -> str:
    """What is done to the samples before training, in words."""
    def numbers(values: tuple[float, ...]) -> str:
        return ", ".join(f"{value:.4f}" for value in values[:FEW]) + (f", … ({len(values):,} in all)" if len(values) > FEW else "")

    return f"(x − mean) / std, from the training part alone: mean {numbers(mean)}, standard deviation {numbers(std)} " + (
        "on the scale 0 to 1" if images else "of each feature")


def draw_choice(project: Project, here: Callable[[str], bool]) -> Dataset:
    """The data sets side by side, those marked that would have to be downloaded since they are not `here`; the project's own is chosen at first."""
    def label(name: str) -> str:
        return (":material/download: " if there[name].module and not here(name) else "") + esc(there[name].title)

    there = {name: dataset for name, (dataset, _) in sources(project).items()}
    first = name_of(project) or next(iter(there))
    wanted = st.session_state.pop("show_next", None) or st.session_state.get("looked_at")
    # What was shown may have been removed; what was just added is shown.
    st.session_state["looked_at"] = wanted if wanted in there else first
    chosen = st.segmented_control("Data set", list(there), format_func=label, label_visibility="collapsed", key="looked_at")
    return there[chosen or first]
