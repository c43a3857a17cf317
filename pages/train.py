"""Train: the settings, the run while it trains, and the runs before it."""

import streamlit as st

from builder import api, data, paths
from builder.catalogue import DATASETS
from builder.graph import dataset_of, untrainable
from builder.ui import metrics_view, report_view, retry_view, run_controls, settings, testing_view, train_view, warm_view
from builder.ui.frame import esc, fold, frame
from builder.ui.problems import draw_problems
from builder.ui.workspace import Workspace


def start(space: Workspace) -> None:
    """Train the project as it is now."""
    project = space.project
    try:
        source = api.source(project)
    except api.BuildError as error:
        st.session_state["run_trouble"] = str(error)
        return
    train_view.start(api.to_json(project), source, project.name, st.session_state.get("device") or None, space.load_id)


def project_line(space: Workspace) -> None:
    """What will be trained, and how."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{esc(space.project.name)}** :gray[{space.report().params:,} parameters]", width="content")
        st.caption(esc(settings.summary(space.project)), width="content")


def missing_data(space: Workspace) -> bool:
    """Says so when the chosen data set is not on this machine."""
    dataset = dataset_of(space.project)
    if dataset is None or data.available(dataset.name, paths.data_roots()):
        return False
    st.warning(f"{esc(dataset.title)} is not on this machine yet.", icon=":material/database:")
    with st.container(horizontal=True):
        if st.button("Get it on the Data page", icon=":material/download:"):
            st.switch_page("pages/data.py")
        st.button(f"Use {DATASETS[data.BUILT_IN].title}", on_click=settings.apply, args=(space, {"op": "choose_data", "source": data.BUILT_IN}))
    return True


def is_for_training(space: Workspace) -> bool:
    """Says so when the project is drawn for no task."""
    refused = untrainable(space.project)
    if refused:
        st.info(esc(refused), icon=":material/draw:")
        task = dataset.task if (dataset := dataset_of(space.project)) else "classification"
        st.button(f"Use {task}", on_click=settings.apply, args=(space, {"op": "settings", "path": "task.kind", "value": task}))
    return not refused


def ready(space: Workspace) -> bool:
    """Whether the project can be trained; says what is in the way."""
    errors = space.report().errors
    if errors:
        st.error(f"{esc(space.project.name)} cannot be trained yet: {len(errors)} problem{'s' if len(errors) > 1 else ''} to solve first.")
        draw_problems(space, errors, "train")
        if st.button("Open the drawing"):
            st.switch_page("pages/build.py")
    draw_problems(space, [problem for problem in space.report().problems if problem.severity == "warning"], "warned")
    return is_for_training(space) and not missing_data(space) and not errors


def action(space: Workspace, run, can_train: bool) -> None:
    """The buttons that fit now."""
    if run and run.live:
        run_controls.buttons(train_view.store(), run, (lambda: start(space)) if can_train else None)
        return
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall", key="actions"):
        if run and train_view.resumable(run):
            st.button("Resume", key="resume", icon=":material/resume:", width="stretch", help="Go on from its last checkpoint",
                      on_click=train_view.go_on, args=(run.id, space.load_id))
        if run:
            retry_view.button(run, api.smaller_batches, api.source, space.load_id)
        if run and run.checkpoint is not None:
            testing_view.ask(run)
        if run and train_view.can_be_longer(run):
            train_view.longer(run, space.load_id)
        warm_view.button(space, run if can_train else None, api)
        if can_train:
            st.button("Train", key="train", icon=":material/play_arrow:", type="primary", width="stretch", on_click=start, args=(space,))


space = frame("Train")
runs = train_view.opened(space.project)
run, says = train_view.chosen(runs, space.project.name, space.load_id)

with st.container(border=True):
    project_line(space)
    source, device, button = st.columns([1.45, 1.2, 4.5], vertical_alignment="bottom")
    with source:
        settings.draw_data(space)
    with device:
        options = train_view.devices()
        st.selectbox("Device", list(options), format_func=options.get, key="device")
    fold("Training settings", "settings_open", ":material/tune:", settings.form, space)
    settings.trouble()
    can_train = ready(space)
    if can_train:
        report_view.memory_line(space)
    with button:
        action(space, run, can_train)
    if trouble := st.session_state.pop("run_trouble", None):
        st.error(esc(trouble))
    if says:
        st.warning(esc(says))

if run:
    train_view.watch(run)
else:
    train_view.nothing("Nothing was trained here yet. Press Train: the curves appear as soon as the first steps are done." if can_train and not says else "", str(space.project.task.get("kind")))
metrics_view.panels(space.project, run, can_train, api.first_samples)
if listed := runs.list():
    with st.expander(f"Runs ({len(listed)})", icon=":material/history:", expanded=True):
        train_view.draw_runs(listed, run and run.id, space.load_id, api.export)
