"""The training settings of a project as a form: what can be set is read off the catalogue's records, what is set is edited in the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import streamlit as st

from builder.catalogue import DATASETS
from builder.catalogue.datasets import VALIDATION, asked
from builder.catalogue.params import Bool, Choice, Float, Int, Param
from builder.catalogue.schedules import BEST, MONITOR, MONITORS
from builder.graph import EditError, Project, dataset_of
from builder.graph.augmentation import augmentations
from builder.graph.check import RECORDS, WHOLE
from builder.graph.datasets import choices, trained_samples, validated_samples, validation_share
from builder.graph.training import chosen, rates

from .data_view import name_of, sources
from .frame import esc
from .workspace import Workspace

LABELS = {"epochs": "Epochs", "batch_size": "Batch size", "seed": "Seed", "optimizer": "Optimiser", "loss": "Loss",
          "initializer": "Initial weights", "schedule": "Schedule", "warmup": "Warm-up (epochs)", "clipping": "Gradient clipping", "averaging": "Average of weights",
          "stopping": "Early stopping", "best": "Best checkpoint by", "l1": "L1", "weight": "Class weights", "precision": "Precision", "deterministic": "Deterministic", "workers": "Loader workers",
          "compile": "Compile", "tensorboard": "TensorBoard", "validation": "Validation share", "side": "Side of the pictures (pixels)", "samples": "Samples", "noise": "Noise"}
TROUBLE = "settings_trouble"
TOP = ("epochs", "batch_size", "seed")


@dataclass(frozen=True)
class Field:
    """One setting: where it lies in the project, its parameter and its value now."""

    path: str
    param: Param
    value: object


def kind_of(project: Project, section: str) -> str:
    """The kind chosen in a section such as "optimizer", or the section's default."""
    given, default = project.training.get(section), choices(project, section)[1]
    return str(given.get("kind", default)) if isinstance(given, Mapping) else default


def whole(project: Project, *names: str) -> list[Field]:
    """The settings of these names that are values of their own."""
    return [Field(f"training.{name}", _of_task(WHOLE[name], project), project.training.get(name, WHOLE[name].default)) for name in names]


def held_out(project: Project) -> list[Field]:
    """The share of the training part that is for validation; none where the data came with a validation part."""
    dataset = dataset_of(project)
    return [] if dataset and dataset.valid else [Field(f"data.{VALIDATION.name}", VALIDATION, project.data.get(VALIDATION.name, VALIDATION.default))]


def made(project: Project) -> list[Field]:
    """What of the project's data set is for the project to say: the side of photographs, the number and the noise of samples that are made."""
    dataset = DATASETS.get(project.data.get("source"))
    return [Field(f"data.{param.name}", param, project.data.get(param.name, param.default)) for param in (asked(dataset) if dataset else ())]


def parts(project: Project) -> str:
    """How many samples of the project's data train, validate and test, in words; empty without data."""
    if (dataset := dataset_of(project)) is None:
        return ""
    trained, validated = trained_samples(project, dataset), validated_samples(project, dataset)
    if not validated:
        return f"{trained:,} samples train, and the {dataset.test:,} of the test part are what a run is watched on: there is no validation part."
    own = " that came with the data" if dataset.valid else ""
    return (f"{trained:,} samples train, {validated:,} are the validation part{own}, by which epochs and runs are chosen, "
            f"and {dataset.test:,} the test part, which is evaluated when you ask.")


def inside(project: Project, section: str) -> list[Field]:
    """The parameters of what is chosen in a section; none for a kind that is not in the catalogue."""
    record = choices(project, section)[0].get(kind_of(project, section))
    given = project.training.get(section)
    values = record.values(given if isinstance(given, Mapping) else {}) if record else {}
    return [Field(f"training.{section}.{param.name}", _of_task(param, project), values[param.name]) for param in record.params] if record else []


def _of_task(param: Param, project: Project) -> Param:
    """A parameter with the choices that the project's task has."""
    if param not in (MONITOR, BEST):
        return param
    return replace(param, choices=tuple(name for name in param.choices if name not in MONITORS or project.task.get("kind", "none") in (*MONITORS[name].tasks, "none")))


def summary(project: Project) -> str:
    """The settings in a line: "SGD with lr 0.01, momentum 0.9; 15 epochs, batches of 32, seed 0"."""
    changed = [f"{f.param.name} {f.value:g}" if isinstance(f.value, float) else f"{f.param.name} {f.value}"
               for f in inside(project, "optimizer") if f.value != f.param.default or f.param.name == "lr"]
    epochs, batch, seed = (field.value for field in whole(project, *TOP))
    # What is on besides, by its name.
    also = [f"{kind} clipping" if section == "clipping" else kind for section, (_, default) in RECORDS.items() if section not in ("optimizer", "loss", "initializer") and (kind := kind_of(project, section)) != default]
    for field in [*whole(project, *(name for name in WHOLE if name not in TOP)), *inside(project, "loss")]:
        if field.value != field.param.default:
            name = LABELS.get(field.param.name, field.param.name)
            plain = name if name[1:] != name[1:].lower() else name.lower()
            also.append({"bool": plain, "choice": f"best by {MONITORS[str(field.value)].title}" if field.param.name == "best" and field.value in MONITORS else str(field.value)}.get(field.param.type) or _amount(name, field.value))
    if held_out(project) and (share := validation_share(project)) != VALIDATION.default:
        also.append(f"{100 * share:g} % for validation" if share else "no validation part: the test part is watched")
    also += [f"{count} augmentation{'' if count == 1 else 's'}"] if (count := len(augmentations(project))) else []
    return (f"{kind_of(project, 'optimizer')} with {', '.join(changed)}; {epochs} epoch{'' if epochs == 1 else 's'}, batches of {batch:,}, seed {seed}"
            + "".join(f"; {name}" for name in also))


def _amount(name: str, value: float) -> str:
    """A setting with its number, the unit behind it: "Warm-up 2 epochs"."""
    what, _, unit = name.partition(" (")
    return f"{what} {value:g}" + (f" {unit.rstrip(')')}" if unit else "")


def to_recommended(project: Project) -> dict[str, object] | None:
    """The edit that goes back to the recipe for the chosen data set; None when there is none or it is in use."""
    recipe = project.recipes.get(project.data.get("source"))
    if recipe is None or recipe == project.training:
        return None
    # As a whole: what is set besides the recipe goes too.
    return {"op": "settings", "path": "training", "value": dict(recipe), "label": "Use the recommended settings"}


def apply(space: Workspace, edit: Mapping[str, object]) -> None:
    """Apply an edit; why it was refused is kept for the next `trouble`."""
    try:
        space.apply(edit)
        st.session_state.pop(TROUBLE, None)
    except EditError as error:
        st.session_state[TROUBLE] = str(error)


def trouble() -> None:
    """Show why the last edit was refused: over the page, wherever in a long form it was made, and nothing moves away under the pointer."""
    if says := st.session_state.pop(TROUBLE, None):
        st.toast(f"That was not changed: {esc(says)}.", icon=":material/error:", duration="long")


def _follow(key: str, value: object, change: Callable[[object], Mapping[str, object]], space: Workspace, param: Param | None = None) -> dict[str, object]:
    """A widget's state, which is the project's value at every run, and the callback that edits the project.

    What `param` does not allow is refused in its words; a number that was only wiped out stays what it was.
    """
    st.session_state[key] = value

    def changed() -> None:
        if (new := st.session_state[key]) is None:
            return
        if says := param and param.check(param.normal(new)):
            st.session_state[TROUBLE] = says
        else:
            apply(space, change(new))

    return {"key": key, "on_change": changed}


def draw_field(space: Workspace, field: Field, change: Callable[[object], Mapping[str, object]] | None = None) -> None:
    """The widget of one setting; `change` gives the edit for another value where that is not simply the setting at the field's path."""
    param, name = field.param, field.path.rpartition(".")[2]
    wrong = param.check(param.normal(field.value))
    value = param.default if wrong else field.value
    state = _follow(field.path, value, change or (lambda new: {"op": "settings", "path": field.path, "value": new, "label": f"Set {name}"}), space, param)
    shared = {"label": LABELS.get(name, name), "help": param.doc, **state}
    match param:
        # Without bounds: what lies outside is answered in words by the edit, not by a red field alone that the project does not follow.
        case Int():
            st.number_input(value=None, step=1, **shared)
        case Float():
            st.number_input(value=None, format="%g", step=_step(value), **shared)
        case Bool():
            st.checkbox(**shared)
        case Choice():
            st.selectbox(options=param.choices, **shared)


def _step(value: float) -> float:
    """What a click on + adds: the power of ten of the value's leading digit, 0.01 for zero."""
    return float(f"1e{f'{value:e}'.partition('e')[2]}") if value else 0.01


def draw_choice(space: Workspace, section: str) -> None:
    """The choice of an optimiser, a loss or an initialiser."""
    records, default = choices(space.project, section)
    kind = kind_of(space.project, section)
    record = records.get(kind)

    def change(new: object) -> dict[str, object]:
        return {"op": "settings", "path": f"training.{section}", "value": {"kind": new}, "label": f"Use {new}"}

    state = _follow(f"training.{section}.kind", kind if record else default, change, space)
    st.selectbox(LABELS[section], list(records), help=record.summary if record else None, **state)


def draw_data(space: Workspace, key: str = "data.source") -> None:
    """The choice of the data set that the project trains on."""
    there, name = sources(space.project), name_of(space.project)
    state = _follow(key, name if name in there else next(iter(there)), lambda new: {"op": "choose_data", "source": there[new][1]}, space)
    st.selectbox("Data set", list(there), format_func=lambda name: there[name][0].title, **state)


def draw_rates(project: Project) -> None:
    """The learning rate over the run to come, where it does not stay as it is and the settings are legal."""
    from builder.charts.rates import rate_figure

    from .data_view import colours

    points = rates(project)
    if len({rate for _, rate in points}) > 1:
        st.plotly_chart(rate_figure(points, colours()[0]), key="rates", config={"displayModeBar": False})
    if watched := chosen(project, "schedule")[0].values(chosen(project, "schedule")[1]).get("monitor") if points else None:
        part = "training" if watched == "train_loss" else "validation" if (dataset := dataset_of(project)) is None or validated_samples(project, dataset) else "test"
        title = MONITORS[str(watched)].title if watched in MONITORS else str(watched)
        st.caption(f"How the learning rate falls follows from the run: from its {part} {esc(title)}, which is looked at after every epoch.")


def form(space: Workspace) -> None:
    """All training settings: how long, how the steps are taken, what is minimised and where the weights start."""
    project = space.project
    with st.grid(ACROSS, min_column_width=LEAST, vertical_alignment="bottom"):
        for sections, names in PARTS:
            for section in sections:
                draw_choice(space, section)
                for field in inside(project, section):
                    draw_field(space, field)
            for field in [*(held_out(project) if "stopping" in sections else ()), *whole(project, *names)]:
                draw_field(space, field)
    draw_rates(project)
    if (dataset := dataset_of(project)) and (edit := to_recommended(project)):
        title = dataset.title
        st.button(f"Back to the recommended settings for {title}", on_click=apply, args=(space, edit), icon=":material/undo:")


# The form in the order that it is read: sections with their parameters, and the single values behind them.
PARTS = (((), (*TOP, "precision", "compile", "workers")), (("optimizer",), ()), (("schedule",), ("warmup",)), (("loss",), ("l1",)),
         (("initializer", "clipping"), ()), (("averaging", "stopping"), ("best", "deterministic", "tensorboard")))
ACROSS, LEAST = 6, 170  # columns at most, and pixels of one at least
