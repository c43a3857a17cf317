"""Brickwork from Python: load, check, compile and train projects. torch is imported by the functions that need it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder import paths, recipe
from builder.catalogue import OPTIMIZERS, OWN, Dataset
from builder.compile.trace import BuildError, trace
from builder.gallery import ENTRIES, Entry
from builder.graph import DocumentError, EditError, Project, Report, apply, dataset_of, dumps, from_json, loads, to_json, untrainable
from builder.graph import check as check_graph
from builder.graph.augmentation import PATH as AUGMENTATIONS
from builder.graph.augmentation import augmentations, meant
from builder.graph.check import RECORDS
from builder.graph.datasets import validation_share
from builder.graph.document import MAX_BYTES, FrozenDict
from builder.graph.link import from_link, is_link
from builder.graph.origin import renamed
from builder.graph.training import chosen, number
from builder.train.control import Control
from builder.train.events import Evaluated, Event

if TYPE_CHECKING:
    import numpy
    import torch

    from builder.compile.effect import Effect
    from builder.compile.importer import Imported
    from builder.compile.partial import Partial
    from builder.data import Tensors
    from builder.export import Exported
    from builder.graph.analysis import Analysis
    from builder.inspect.baselines import Score
    from builder.inspect.sample import Sample, Samples
    from builder.warm import Warm
    from builder.weights.fit import Fitted

__all__ = ["BuildError", "EditError", "LoadError", "PreviewError", "apply", "check", "diagram", "export", "fitting", "from_json", "gallery", "import_from",
           "import_module", "keep_weights", "load", "module", "preview", "smaller_batches", "source", "start_from", "started", "test", "to_json", "train", "twin", "with_settings"]
# A preview is a glance: what takes longer than a second or two on one core, or a good part of the memory, is not begun.
PREVIEW_PARAMS, PREVIEW_MACS, PREVIEW_VALUES = 60_000_000, 10_000_000_000, 50_000_000
DIGIT = 3  # of the built-in digits: one that is easy to read


class LoadError(ValueError):
    """There is no such project, or the file is not one."""


class PreviewError(ValueError):
    """There is nothing to preview, or it is too large; the message has the numbers."""


def gallery(name: str | None = None) -> Project | list[Entry]:
    """The ready-made project called `name`; without a name, all gallery entries. Raises LoadError for an unknown name."""
    if name is None:
        return list(ENTRIES.values())
    if name not in ENTRIES:
        raise LoadError(f"there is no gallery project called {name!r:.60}; there are {', '.join(ENTRIES)}")
    return ENTRIES[name].project


def load(name: str | Path) -> Project:
    """The gallery project or the file of that name, or the project in a link; raises LoadError in one sentence."""
    if isinstance(name, str) and name in ENTRIES:
        return ENTRIES[name].project
    if isinstance(name, str) and is_link(name):
        try:
            return from_link(name)
        except DocumentError as error:
            raise LoadError(str(error)) from None
    path = Path(name)
    try:
        if not path.is_file():
            raise LoadError(f"there is no file and no gallery project called {str(name)!r:.200}; the gallery has {', '.join(ENTRIES)}")
        with path.open("rb") as file:
            return loads(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror}") from None
    except DocumentError as error:
        raise LoadError(f"{path}: {error}") from None


def check(project: Project) -> Report:
    """Shapes, costs and problems of a project; never raises for a bad drawing."""
    return check_graph(project)


def source(project: Project) -> str:
    """The project's network as a Python file that needs torch alone; raises BuildError when the drawing has errors."""
    from builder.compile.source import source as written

    return written(project)


def diagram(project: Project, format: str = "svg", **look: object) -> bytes:
    """The drawing as a figure: "svg", "pdf" or "png"; `look` as in builder.compile.diagram.Look. Raises PictureError, a ValueError."""
    from builder.compile.diagram import Look, dot
    from builder.compile.picture import picture

    return picture(dot(project, Look(**look)), format)


def export(project: Project, kind: str, checkpoint: Path | None = None, address: str = "http://localhost:8501",
           threads: int | None = None) -> Exported:
    """The project as a file of one of the kinds of builder.export.KINDS; "onnx" and "weights" hold the weights of `checkpoint` when it is given, and a "script" or
    "notebook" computes with as many `threads` as the run whose losses it is to print, or as a run would take here.

    Raises BuildError when the drawing has errors, and another ValueError in a person's words when this kind cannot be made or would not be right.
    """
    from builder.export import Exported, ExportError
    from builder.graph.link import link

    match kind:
        case "python":
            return Exported(source(project).encode())
        case "script":
            from builder.export.script import script

            return Exported(script(project, threads).encode())
        case "notebook":
            from builder.export.notebook import notebook

            return Exported(notebook(project, threads).encode())
        case "onnx" | "weights":
            return _numbers(project, kind, checkpoint)
        case "diagram":
            return Exported(diagram(project))
        case "link":
            return Exported(f"{link(project, address)}\n".encode())
        case "json":
            return Exported(dumps(project).encode())
    raise ExportError(f"there is no export called {kind!r:.60}")


def _numbers(project: Project, kind: str, checkpoint: Path | None) -> Exported:
    """The exports that hold a network's weights."""
    from builder.export.onnx import Entry, onnx
    from builder.export.weights import take, weights

    network = module(project)
    if checkpoint is not None:
        take(network, checkpoint)
    if kind == "weights":
        from builder.warm import carried

        return weights(network, carried(project, dict(network.named_parameters())) if checkpoint is None else {})
    traced = trace(project)
    whole = {node.id for node in project.network.nodes if node.params.get("dtype") == "int64"}
    entries = [Entry(name, shape[1:], name in whole) for name, shape in zip(traced.entries, traced.entry_shapes, strict=True)]
    return onnx(network, entries, [node.id for node in project.network.nodes if node.kind == "Output"])


def thumbnail(project: Project, theme: str = "light") -> str:
    """The drawing as a small SVG for a "light" or "dark" page, whatever is wrong in it."""
    from builder.compile.thumbnail import thumbnail as drawn

    return drawn(project, theme)


def effect(kind: str, given: Mapping[str, object]) -> Effect | None:
    """What a kind of brick with these parameters does to a real digit; None where there is nothing to try or the parameters do not fit."""
    from builder import data
    from builder.compile.effect import SIDES
    from builder.compile.effect import effect as tried
    from builder.graph.reference import example, kinds

    found = example(kind, given)
    if found is None or found.troubles or kinds()[kind].block:
        return None
    windows = (example(kind, given, ((1, side, side),)) for side in SIDES) if kinds()[kind].length and kinds()[kind].pattern.endswith("H_out W_out") else ()
    small = next((one.project for one in windows if one and not one.troubles), None)
    digit = data.load("digits", paths.data_roots()).train_x[DIGIT, 0] / 255
    return tried(found, digit.tolist(), small)


def import_module(module: torch.nn.Module, example: torch.Tensor | Sequence[torch.Tensor], name: str = "") -> Imported:
    """The drawing of any module, with its weights, checked against it; `example` has the shape (N ...) of each argument of its forward.

    Raises builder.compile.importer.ImportRefused, naming the operation and where it stands, when the module cannot be said in bricks.
    """
    from builder.compile.importer import import_module as drawn

    return drawn(module, example, name)


def import_from(source: str, shapes: Sequence[tuple[tuple[int, ...], str]] = (), weights: str = "", module: torch.nn.Module | None = None) -> Imported:
    """The drawing of "torchvision:NAME" or "timm:NAME", or of a `module` of that name.

    `shapes` are those of one sample with its kind of numbers, an input each: ((3, 224, 224), "float32"). `weights` are torchvision's name of some,
    or a .safetensors or .pth file; random without. Raises ImportRefused, and builder.weights.WeightsError for a file that cannot be read.
    """
    import tempfile

    import torch

    from builder.compile.importer import ImportRefused
    from builder.compile.importer.sources import SIDE, Model, fill, named
    from builder.weights.fetch import fetch

    tensors, title = None, ""
    if weights and (Path(weights).is_file() or Path(weights).suffix in (".safetensors", ".pth", ".pt")):
        from safetensors.torch import load_file

        with tempfile.TemporaryDirectory() as folder:
            file, about = fetch(weights, Path(folder))
            tensors, title, weights = load_file(file), str(about["title"]), ""
    if module is None:
        model = named(source, weights, tensors)
    else:
        if not isinstance(module, torch.nn.Module):
            raise ImportRefused(f"it makes {type(module).__name__}, which is no torch.nn.Module")
        if weights:
            raise ImportRefused(f"there are no weights called {weights:.60}; give a .safetensors or .pth file")
        model = Model(module, type(module).__name__, (3, SIDE, SIDE))
        if tensors is not None:
            fill(module, tensors, model.name)
    words = [one.num_embeddings for one in model.module.modules() if isinstance(one, torch.nn.Embedding)]
    examples = [torch.full((1, *shape), min(words, default=2) - 1) if kind == "int64" else torch.zeros(1, *shape)
                for shape, kind in shapes or ((model.shape, "float32"),)]
    imported = import_module(model.module, examples, model.name)
    return replace(imported, title=title or model.weights or f"{model.name}, random weights")


def keep_weights(imported: Imported) -> Project:
    """The project of an import with its weights to start from, which are kept in the store of this machine; raises builder.weights.WeightsError."""
    import tempfile

    from safetensors.torch import save_file

    from builder.weights import keep, section

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        save_file({name: tensor.clone() for name, tensor in imported.weights.items()}, file, {"format": "pt"})
        kept = keep(file)
    return replace(imported.project, weights=FrozenDict(section(kept, imported.title)))


def module(project: Project) -> torch.nn.Module:
    """The project's network on the CPU, initialised from its seed, then given what fits of the project's starting weights.

    Raises BuildError when the drawing has errors, and builder.weights.WeightsError when the starting weights are not on this machine.
    """
    network = _made(source(project), project)
    if project.weights:
        started(network, project)
    return network


def started(network: torch.nn.Module, project: Project) -> Fitted:
    """Gives a project's network the starting weights that the project names, as far as they fit, and says how far; raises WeightsError."""
    from builder.weights.fit import give
    from builder.weights.store import read

    return give(network, renamed(project, network.state_dict(), read(project.weights)))


def fitting(project: Project) -> Fitted:
    """How much of a project's starting weights fits its network now; raises BuildError, and WeightsError when they are not on this machine."""
    from builder.weights.fit import compared, shapes_of
    from builder.weights.store import read

    own = shapes_of(_unfilled(project).state_dict())
    return compared(own, renamed(project, own, shapes_of(read(project.weights))))


def start_from(project: Project, given: str) -> tuple[Project, Fitted]:
    """The project with starting weights from a file (.safetensors, .pth) or from torchvision ("torchvision:IMAGENET1K_V1"), and how much of them fits.

    "torchvision:resnet50/IMAGENET1K_V2" names the model too, which else is the twin of the ready-made network. The tensors are kept under our
    names: theirs where they are ours, else in the twin's order, which is held against torchvision's own answers. Raises BuildError, WeightsError.
    """
    import tempfile

    from builder.weights import keep, section
    from builder.weights.fetch import TORCHVISION, fetch
    from builder.weights.fit import assigned, compared, shapes_of

    own = shapes_of(_unfilled(project).state_dict())
    published = twin(project)
    wanted = given.removeprefix(TORCHVISION) if given.startswith(TORCHVISION) else None
    if wanted is not None and "/" not in wanted:
        given = f"{TORCHVISION}{_twin_needed(project, published)}/{wanted}"
    with tempfile.TemporaryDirectory() as folder:
        file, about = fetch(given, Path(folder))
        from safetensors.torch import load_file, save_file

        tensors = load_file(file)
        shapes = shapes_of({name: tensors[name] for name in about["order"] if name in tensors})
        names = _from_twin(project, published, shapes, tensors) or assigned(own, shapes, ordered=not given.endswith(".safetensors"))
        renamed = {name: tensors[theirs] for name, theirs in names.items()}
        found = compared(own, shapes_of(renamed))
        if not found.taken:
            assigned(own, shapes_of(renamed))
        save_file({name: value.clone() for name, value in renamed.items()}, file, {"format": "pt"})
        kept = keep(file)
    return apply(project, {"op": "weights", "value": section(kept, str(about["title"]))}), found


def _unfilled(project: Project) -> torch.nn.Module:
    """The project's network without memory for its numbers."""
    from builder.compile.module import unfilled

    return unfilled(source(project))


def twin(project: Project) -> str | None:
    """torchvision's name for the ready-made network that a project began as."""
    from builder.weights.twin import twin_of

    name = project.about.get("gallery")
    return twin_of(name) if name in ENTRIES else None


def _twin_needed(project: Project, twin: str | None) -> str:
    from builder.weights import WeightsError

    if twin is None:
        raise WeightsError(f"{project.name} is no ready-made network that torchvision has too: name the model, as in torchvision:resnet50/DEFAULT")
    return twin


def _from_twin(project: Project, name: str | None, shapes: Mapping, tensors: Mapping) -> dict[str, str] | None:
    """Which of torchvision's tensors goes where in the ready-made network that a project began as, tried out; None where that is not what is given."""
    from builder.weights.fit import shapes_of
    from builder.weights.twin import hold_against, names

    if name is None:
        return None
    base = ENTRIES[project.about["gallery"]]
    network = _unfilled(base.project)
    found = names(shapes_of(network.state_dict()), shapes, name)
    if found is not None and len(base.inputs) == 1:
        network.load_state_dict({name: tensors[theirs] for name, theirs in found.items()}, assign=True)
        hold_against(network, tensors, name, base.inputs[0])
    return found


def _made(text: str, project: Project) -> torch.nn.Module:
    """The network of a text, initialised as the project says."""
    from builder.compile.module import load as run
    from builder.compile.module import started as drawn
    from builder.train.batches import seed_everything
    from builder.train.initialise import initialise

    seed = number(project, "seed")
    seed_everything(seed)
    network = run(text)
    kind, given = chosen(project, "initializer")
    if kind.module:
        initialise(network, kind.module, kind.arguments(given), seed, drawn(text, network))
    return network


def preview(project: Project, sample: int = 0, weights: Path | None = None, samples: Samples | None = None,
            path: Sequence[str] = ()) -> dict[str, object]:
    """What the network makes of one sample, brick by brick, also while a part of the drawing has errors: `bricks` holds a record a brick.

    `sample` counts the training samples from 0; `weights` is a checkpoint, of which all that fits is taken; `samples` keeps data between calls;
    `path` leads into blocks (instances, outermost first), whose bricks are then the ones looked at. Raises PreviewError when nothing can run
    or it is too large, and CheckpointError when the checkpoint cannot be read.
    """
    from builder.compile.partial import partial
    from builder.graph.document import EMPTY
    from builder.graph.rules.numbers import words
    from builder.inspect.preview import records, run
    from builder.inspect.sample import Samples
    from builder.inspect.weights import Fitted, fit_weights

    report = check(project)
    part = _not_too_large(partial(report.analysis, project.name))
    if any(problem.code == "settings" for problem in report.errors):
        project = replace(project, training=EMPTY)
    source = dataset_of(project) if project.task.get("kind") != "none" else None
    taken = (samples or Samples(paths.data_roots())).take(source, {name: shape[1:] for name, shape in part.entries.items()}, sample,
                                                          {name: most for name in part.entries if (most := words(report.analysis, name))}, validation_share(project))
    network = _made(part.text, project) if part.text else None
    fitted, missing = (fit_weights(network, weights) if network else Fitted(0, 0), "") if weights else _started_or_said(network, project)
    table = run(network, {name: taken.inputs[name] for name in part.entries}, part.results)
    if path:
        part, table = _inside(project, report.analysis, path, network, table)
    values = {name: table[value] for name, value in part.values.items()}
    count = len(taken.classes)
    ends = [] if path else [node.id for node in project.network.nodes if node.kind == "Output" and node.id in values and values[node.id].shape[1:] == (count,)]
    pictures = {} if path else {**taken.pictures, **_found(project, source, taken, values)}
    return {"bricks": records(values, pictures, dict.fromkeys(ends, (taken.classes, taken.label))),
            "weights": {"taken": fitted.taken, "of": fitted.of} if fitted else None,
            "sample": {"index": taken.index, "count": taken.count, "title": taken.title, "says": " ".join(filter(None, (taken.says, missing))),
                       "label": taken.answer}}


def _found(project: Project, source: Dataset | None, taken: Sample, values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The sample with the boxes that a detector finds in it, for its Output; nothing for other networks."""
    if source is None or source.task != "detection" or len(taken.pictures) != 1:
        return {}
    from builder.inspect.found import with_found

    [picture] = taken.pictures.values()
    return {node.id: with_found(picture, values[node.id], len(source.classes)) for node in project.network.nodes
            if node.kind == "Output" and node.id in values and values[node.id].ndim == 4 and values[node.id].shape[1] == source.answers}


def _started_or_said(network: torch.nn.Module | None, project: Project) -> tuple[Fitted | None, str]:
    """How much of the project's starting weights a network was given, and in words why none where they cannot be had."""
    from builder.weights import WeightsError

    if network is None or not project.weights:
        return None, ""
    try:
        return started(network, project), ""
    except WeightsError as error:
        return None, f"{str(error)[0].upper()}{str(error)[1:]}: fresh ones are shown."


def _inside(project: Project, analysis: Analysis, path: Sequence[str], network: torch.nn.Module | None,
            table: dict) -> tuple[Partial, dict]:
    """The same inside the blocks of `path`: what entered each goes through its inside, with the weights that it has."""
    from builder.compile.partial import entering, partial
    from builder.graph.analysis import inside
    from builder.inspect.preview import run
    from builder.inspect.weights import inherit

    part = None
    for name in path:
        inner = inside(analysis, name)
        if inner is None:
            raise PreviewError(f"There is nothing to preview: {name!r:.60} is not a block that can be opened.")
        part, ports = partial(inner), entering(analysis, name)
        places = {node.id: port for port, node in enumerate(node for node in inner.network.nodes if node.kind == "BlockInput")}
        outer, network = network, _made(_not_too_large(part).text, project) if part.text else None
        if outer and network:
            inherit(network, outer, name)
        table = run(network, {entry: table[ports[places[entry]]] for entry in part.entries}, part.results)
        analysis = inner
    return part, table


def _not_too_large(part: Partial) -> Partial:
    if not part.entries:
        raise PreviewError("There is nothing to preview: no Input gives a sample.")
    for count, most, what in ((part.params, PREVIEW_PARAMS, "parameters"), (part.macs, PREVIEW_MACS, "multiply-adds for one sample"),
                              (part.size, PREVIEW_VALUES, "values for one sample")):
        if count > most:
            raise PreviewError(f"Too large for a preview: {count:,} {what}; {most:,} are the most.")
    return part


def _record(given: object, default: str) -> tuple[str, dict[str, object]]:
    """Kind and parameters of a training record such as {"kind": "SGD", "lr": 0.01}."""
    table = dict(given) if isinstance(given, Mapping) else {}
    return str(table.pop("kind", default)), table


def _parsed(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _edit(project: Project, path: str, value: object) -> Mapping[str, object]:
    """The edit behind `--set path=value`; the optimiser's own parameters may be named without their section."""
    head, _, rest = path.partition(".")
    kind = _record(project.training.get("optimizer"), "SGD")[0]
    if path in ("data", "data.source"):
        return {"op": "choose_data", "source": own_data(value)}
    if path in ("training.optimizer", "training.optimizer.kind") and isinstance(value, str):
        return {"op": "choose_optimizer", "kind": value}
    if path == AUGMENTATIONS:
        return {"op": "settings", "path": path, "value": meant(value)}
    if head == "training" and rest in RECORDS and isinstance(value, str):
        return {"op": "settings", "path": path, "value": {"kind": value}}
    if head == "training" and kind in OPTIMIZERS and any(param.name == rest for param in OPTIMIZERS[kind].params):
        return {"op": "settings", "path": f"training.optimizer.{rest}", "value": value}
    return {"op": "settings", "path": path, "value": value}


def own_data(source: object) -> object:
    """What an edit says for the data set that a person names: the whole section of their own data for "own:TITLE", anything else as it is.

    Raises ValueError in words when there are no such data on this machine.
    """
    if not isinstance(source, str) or not source.startswith(f"{OWN}:"):
        return source
    from builder.data import kept

    return kept.section(kept.find(source.removeprefix(f"{OWN}:")))


def with_settings(project: Project, settings: Mapping[str, object]) -> Project:
    """The project with settings such as {"training.epochs": 3, "data.source": "mnist"}; raises ValueError naming the one that does not fit.

    The data set is chosen first: settings that were the recommended ones follow it, and what is set here stays.
    """
    first = ("data", "data.source", *(f"training.{name}{kind}" for kind in ("", ".kind") for name in RECORDS))
    for path in sorted(settings, key=lambda path: (first.index(path) if path in first else len(first))):
        try:
            project = apply(project, _edit(project, path, _parsed(settings[path])))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    if wrong := [problem for problem in check(project).problems if problem.code in ("settings", "data", "task") and problem.node is None
                or problem.code == "augmentation" and problem.severity == "error"]:
        raise ValueError("; ".join(problem.says for problem in wrong))
    return project


def first_samples(project: Project, split: str, count: int) -> tuple[object, object]:
    """The first samples of a part ("train", "validation", "test") of a project's data, and what is true of them, as numpy arrays; raises builder.data.DataError."""
    from builder import data

    tensors = data.load(dataset_of(project), paths.data_roots(), validation=validation_share(project), most=data.GLANCE)
    x, y = {"train": (tensors.train_x, tensors.train_y), "validation": (tensors.valid_x, tensors.valid_y), "test": (tensors.test_x, tensors.test_y)}[split]
    return x[:count].numpy().copy(), y[:count].numpy().copy()


def baselines(project: Project, again: bool = False) -> Iterator[Score]:
    """What classical classifiers reach on the project's data, each as it is ready; kept, and fitted anew only with `again`.

    Raises BuildError for a project that is drawn only, and builder.data.DataError when the data set is not on this machine.
    """
    import os

    from builder import data
    from builder.inspect.baselines import scores

    if refused := untrainable(project):
        raise BuildError(refused)
    if dataset_of(project).task == "detection":
        raise BuildError(f"{project.name} finds things, and the classical methods give one answer a sample: there is none to compare it with")
    tensors = data.load(dataset_of(project), paths.data_roots())
    return scores(tensors, max(1, (os.cpu_count() or 2) - 1), paths.home() / "baselines", again)


def smaller_batches(project: Project, checkpoint: Path | None = None, done: int = 0) -> tuple[Project, str]:
    """A trained project with half the batch, for a run whose memory ran out, and a sentence about where the new run begins.

    It begins with the weights of the run's `checkpoint`, and what its optimiser kept, which are kept in the store of this machine, for the epochs that are left of those `done`; without one
    as the first did. Raises ValueError in words: a batch of one cannot be halved, or the checkpoint cannot be read.
    """
    batch, epochs = number(project, "batch_size"), number(project, "epochs")
    if batch < 2:
        raise ValueError(f"{project.name} was trained with batches of one sample: there is no half of that; make the network or its samples smaller")
    project = with_settings(project, {"training.batch_size": batch // 2})
    if checkpoint is None or not checkpoint.is_file():
        return project, f"with batches of {batch // 2}, from the beginning: there is no checkpoint"
    left = max(1, epochs - done)
    project, found = warm(with_settings(project, {"training.epochs": left}), project, checkpoint, f"{project.name} after {done} epochs")
    optimizer = "the optimiser's state" if found.state else "a fresh optimiser"
    return project, f"with batches of {batch // 2}, from the weights of the last checkpoint and {optimizer}, for {left} more epoch{'' if left == 1 else 's'}"


def surviving(project: Project, before: Project, checkpoint: Path) -> Warm:
    """What goes on when a changed project is trained on from the checkpoint of a run that trained `before`; see `builder.warm`."""
    from builder.warm import surviving as found

    return found(project, before, checkpoint)


def warm(project: Project, before: Project, checkpoint: Path, title: str) -> tuple[Project, Warm]:
    """The changed project that starts with everything of a run's checkpoint that still fits, and what that is; see `builder.warm`."""
    from builder.warm import warm as begun

    return begun(project, before, checkpoint, title)


def augmented(project: Project, samples: int = 6, epochs: int = 6, tensors: Tensors | None = None) -> tuple[numpy.ndarray, list[int]]:
    """Training images as they are and in the first epochs of a run, as one picture uint8 (height width 4), transparent between them, and the samples' numbers.

    `tensors` are the project's data where they are read already. Raises BuildError where there are no images to change, and builder.data.DataError when the data set is not on this machine.
    """
    from builder import data
    from builder.inspect.augmented import sheet
    from builder.train.augment import in_a_row

    dataset = dataset_of(project)
    if dataset is None or len(dataset.shape) != 3:
        raise BuildError(f"{project.name} is not trained on images, and augmentations change images")
    if wrong := [problem for problem in check(project).errors if str(problem.field).startswith(AUGMENTATIONS)]:
        raise BuildError("; ".join(map(str, wrong)))
    tensors = tensors or data.load(dataset, paths.data_roots(), validation=validation_share(project), most=data.GLANCE)
    return sheet(tensors, in_a_row(augmentations(project)), number(project, "seed"), samples, epochs)


def fetch(project: Project, progress: Callable[[str, float], None] | None = None, download: bool = True) -> None:
    """Makes a project's data set ready to be read: with `download` it is brought to this machine where it is not there yet, and photographs are brought to
    their size. Raises builder.data.DataError where it cannot be had."""
    from builder import data

    dataset = dataset_of(project)
    if download or not data.ready(dataset):
        data.load(dataset, paths.data_roots(), progress, download, most=data.GLANCE)


def prepare(project: Project) -> None:
    """Reads a project's data ahead of its training in this process, where they are not large; raises BuildError, and builder.data.DataError like `train`."""
    from builder.data.ahead import read_ahead

    source(project)
    read_ahead(dataset_of(project), paths.data_roots(), validation_share(project))


def train(project: Project, device: str | None = None, control: Control | None = None, folder: Path | None = None,
          resume: bool = False, progress: Callable[[str, float], None] | None = None, download: bool = False,
          place: tuple[int, int, str] | None = None) -> Iterator[Event]:
    """Train the project's network on its data; an iterator of events, RunEnded last.

    `control` is how it is paused, stopped and so on from another thread. Checkpoints go to `folder` when it is given, and `resume` goes on from the
    last one there. `place` is that of this process among those that share the training: its number from 0, how many, and a file to meet through.
    Raises BuildError when the drawing has errors and builder.data.DataError when the data set is not there (it is fetched only with `download`).
    """
    from builder.data.ahead import read
    from builder.train.carried import give, kept
    from builder.train.checkpoint import LAST
    from builder.train.device import choose_device, cores, keep_freed_memory, take_threads
    from builder.train.loop import train as run
    from builder.train.shared import Place, device_of, kind_of_run
    from builder.warm import carried

    if refused := untrainable(project):
        raise BuildError(refused)
    shared = None if place is None else Place(*place)
    where = choose_device(device) if shared is None else device_of(device, shared)
    take_threads(None if shared is None else max(1, (cores() - 1) // shared.size))
    keep_freed_memory()
    # A run that goes on has its weights in its checkpoint, whatever became of those that it started from.
    goes_on = resume and folder is not None and (folder / LAST).exists()
    network = module(replace(project, weights={}) if goes_on else project)
    settings = recipe.settings(project, where)
    tensors = read(dataset_of(project), paths.data_roots(), progress, download, validation_share(project), settings.resident)
    trained = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    if not trained:
        raise BuildError(f"{project.name} has nothing to train: all its weights are frozen; unfreeze a brick")
    make = recipe.optimizer(project)
    optimizer = make(list(trained.values()))
    if not goes_on and (state := carried(project, trained)):
        give(optimizer, trained, kept(make), state)
    loss_fn, task = recipe.minimised(project, tensors, settings)
    with kind_of_run(shared, where) as kind:
        yield from run(network, tensors, settings, optimizer=optimizer, loss_fn=loss_fn, task=task, device=where, control=control, checkpoints=folder, resume=resume, kind=kind)


def predict(project: Project, folder: Path, files: Sequence[Path], checkpoint: str = "best", device: str | None = None, **how: object) -> Iterator[tuple[dict[str, object], bytes, bytes]]:
    """What the "best" or "last" checkpoint of the run of a project in `folder` sees in picture files: of each a record of plain values, a PNG to look at, and of a segmentation
    the mask as a PNG, else nothing; of a file that is no picture the record says why, and there is no PNG.

    `how` may give `fit` (crop, pad, stretch; as the run's own pictures were brought to their size where it says nothing), `inverted`, and `least`, the score from which
    boxes are told. Raises what `test` raises, and ValueError where the run's samples are no pictures.
    """
    from builder import data
    from builder.inspect.predicted import Network
    from builder.train.device import choose_device, take_threads
    from builder.train.precision import arithmetic
    from builder.train.testing import restored

    dataset = dataset_of(project)
    if refused := untrainable(project):
        raise BuildError(refused)
    if len(dataset.shape) != 3:
        raise ValueError(f"its samples are {dataset.shape[0]:,} numbers each, and no pictures")
    where = choose_device(device)
    take_threads()
    settings, network = recipe.settings(project, where), module(replace(project, weights={}))
    restored(network, where, folder, checkpoint)
    tensors = data.load(dataset, paths.data_roots(), validation=validation_share(project), most=settings.resident)
    known = data.kept.get(dataset.name.partition(":")[2]) if dataset.own else None
    how = {"fit": str((known.how if known else None or {}).get("fit", "crop")), **{name: value for name, value in how.items() if value is not None}}
    eye = Network(network, dataset, tensors.mean, tensors.std, where, chosen(project, "loss")[0].form, settings.precision, **how)
    with arithmetic(settings.precision, settings.deterministic, where):
        yield from map(eye.looks_at, files)


def test(project: Project, folder: Path, checkpoint: str = "best", device: str | None = None) -> Evaluated:
    """The "best" or "last" checkpoint of the run of a project in `folder` on the test part, which training does not touch.

    Raises BuildError, builder.data.DataError, and builder.train.checkpoint.CheckpointError where there is no such checkpoint of this network.
    """
    from builder import data
    from builder.train.device import choose_device, take_threads
    from builder.train.testing import tested

    if refused := untrainable(project):
        raise BuildError(refused)
    where = choose_device(device)
    take_threads()
    settings = recipe.settings(project, where)
    tensors = data.load(dataset_of(project), paths.data_roots(), validation=validation_share(project), most=settings.resident)
    loss_fn, task = recipe.minimised(project, tensors, settings)
    return tested(module(replace(project, weights={})), tensors, settings, loss_fn=loss_fn, task=task, device=where, folder=folder, checkpoint=checkpoint)
