"""Data: what a data set holds, whether it is here, and whether the drawing fits it."""

import json

import streamlit as st

from builder import api, data, paths
from builder.catalogue import Dataset
from builder.charts.classes import png
from builder.graph import dataset_of
from builder.graph.datasets import validation_share
from builder.ui import augment_view, data_view, own_view, samples_view
from builder.ui.frame import esc, frame
from builder.ui.problems import draw_problems
from builder.ui.settings import apply, draw_field, held_out, made, parts, trouble
from builder.ui.workspace import Workspace


@st.cache_data(show_spinner="Reading the samples…", max_entries=32)
def pictured(dataset: Dataset, validation: float, folder: str) -> data.Shown:
    """What is shown of a data set, of which a share is held out; the samples themselves are not kept."""
    return data.shown(dataset, paths.data_roots(), own_view.features(dataset.name), validation)


@st.cache_resource(show_spinner="Reading the samples…", max_entries=1, ttl=600)
def samples(dataset: Dataset, validation: float, folder: str) -> data.Tensors:
    """The samples that were changed last: the next augmentation changes them without reading them anew."""
    return data.load(dataset, paths.data_roots(), validation=validation, most=data.GLANCE)


@st.cache_data(show_spinner="Changing the samples…", max_entries=32)
def changed(project: str, folder: str):
    """A picture of samples before and after a project's augmentations."""
    given = api.from_json(json.loads(project))
    picture = api.augmented(given, tensors=samples(dataset_of(given), validation_share(given), folder))[0]
    return png(picture), picture.shape[1]


def missing(dataset: Dataset) -> None:
    """Says where it was looked for and offers the download."""
    st.info(f"{dataset.title} is not on this machine yet. Download it, or set BRICKWORK_DATA to a folder that has it in torchvision's layout "
            "and restart the app. Digits is built in and works at once.", icon=":material/database:")
    with st.expander("Folders that were looked in"):
        st.code("\n".join(map(str, data.looked_in(dataset.name, paths.data_roots()))), language=None)
    running = data_view.downloads().get(dataset.name)
    if running is None or running.done:
        root = paths.data_roots()[-1]
        st.button(f"Download {dataset.title} (about {dataset.megabytes} MB)", type="primary", icon=":material/download:", key="download",
                  on_click=data_view.begin, args=(dataset.name, lambda tell: data.download(dataset.name, root, tell)))
    data_view.draw_download(dataset.name)


def fit(space: Workspace, dataset: Dataset) -> None:
    """Whether the open project can be trained on it, what to change, and the way to Train."""
    name, current = esc(space.project.name), data_view.name_of(space.project) == dataset.name
    source = data_view.sources(space.project)[dataset.name][1]
    wrong = data_view.misfits(space.project, source)
    if not wrong:
        st.success(f"{name} fits: its Input takes {'×'.join(map(str, dataset.shape))} and it gives {data_view.given(dataset)}.", icon=":material/check:")
    elif current:
        st.error(f"{name} does not fit this data set yet.")
        draw_problems(space, wrong, "data")
    else:
        st.warning(f"{name} does not fit this data set yet: " + "; ".join(esc(str(problem)) for problem in wrong[:3]), icon=":material/warning:")
    if current:
        st.caption(f"{name} trains on this data set: {parts(space.project)}")
        for field in (*held_out(space.project), *made(space.project)):
            draw_field(space, field)
    else:
        st.button(f"Use {esc(dataset.title)} for {name}", key="use", on_click=apply, args=(space, {"op": "choose_data", "source": source}),
                  icon=":material/swap_horiz:")
    trouble()


def facts(dataset: Dataset, where: data.Where | None) -> None:
    """What it is, where it comes from, how big it is and where it was found."""
    st.subheader(esc(dataset.title), anchor=False)
    st.markdown(dataset.summary)
    st.markdown(f"{data_view.describe(dataset)}  \n{data_view.size(dataset, where is not None)}" + (f", {esc(where.says)}" if where else ""))
    if own_view.is_own(dataset):
        own_view.about(dataset)
    else:
        st.caption(f"Source: {dataset.source}")


space = frame("Data")
own_view.bring()
dataset = data_view.draw_choice(space.project, lambda name: data.available(name, paths.data_roots()) is not None)
where = data.available(dataset.name, paths.data_roots())
left, right = st.columns([5, 6], gap="large")
with left:
    facts(dataset, where)
    fit(space, dataset)
    if where is None and not own_view.is_own(dataset):
        missing(dataset)
def read(tell) -> object:
    """Reads the chosen data set, telling how far it is."""
    return data.load(dataset, paths.data_roots(), tell, most=data.GLANCE)


if where is not None and not data_view.read_first(dataset, data.ready(dataset), read):
    try:
        used = data_view.name_of(space.project) == dataset.name
        shown = pictured(dataset, validation_share(space.project) if used else 0.0, str(where.folder))
    except data.DataError as error:
        left.error(esc(str(error)))
    else:
        there, changes = right.tabs(["Samples", "Augmentation"])
        with changes:
            augment_view.draw(space, dataset, lambda project: changed(json.dumps(api.to_json(project)), str(where.folder)))
        samples_view.draw(dataset, shown, left, there)
