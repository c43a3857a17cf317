"""A project's training as parts of a Python text: what the script has one below the other, the notebook has in cells.

The texts are ours and every value passes through `ascii`, so no document can put code into them. Names of functions and variables are in
small letters: the classes of a drawing begin with a capital and hide none of them.
"""

from __future__ import annotations

import ast
import base64
import functools
import inspect
import re
import textwrap
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from builder.catalogue import DATASETS, OWN, Dataset, Record
from builder.catalogue.augmentation import Augmentation
from builder.catalogue.datasets import IGNORED, validation_samples
from builder.compile.share import REQUIRED, signature
from builder.compile.source import plain, source
from builder.data.distorted import DISTORTED, TIMES, distorted
from builder.data.drawn import DRAWN
from builder.data.points import POINTS, scattered
from builder.graph import Project, check, dataset_of, untrainable
from builder.graph.augmentation import augmentations
from builder.graph.datasets import validation_share
from builder.graph.memory import evaluation_batch
from builder.graph.training import chosen, fused, goes_on, number, rate

from . import augmentation, detection, photos, validation
from .answers import Answers, answers, loss_arguments
from .figures import Figures, cost, figures
from .kinds import ExportError
from .readers import COLOUR, DIGITS, DISTORTED_CODE, GREY, KEPT, POINTS_CODE, READERS

COLUMNS = 120  # characters of a line of packed data


@dataclass(frozen=True)
class Part:
    """A piece of the training: a heading and words for the notebook, its code, and the modules that the code imports."""

    heading: str
    words: str
    code: str
    imports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Training:
    """What a project's training is made of, as texts.

    With `channels_last` convolutions read the network's values as N H W C, which is fastest; with `weights` it starts from the tensors of a file.
    `rate` is the body of the function that gives the learning rate of a step, empty where it stays; `plateau` holds the parameters of a schedule
    that watches the run, `stopping` those of what ends it early; `clip` and `average` are calls, empty where there is neither. `validation` is the share
    that is held out, 0 where none is or the data came with a validation part.
    """

    name: str
    dataset: Dataset
    classes: str
    network_imports: tuple[str, ...]
    epochs: int
    batch_size: int
    evaluation_batch: int
    seed: int
    threads: int
    optimizer: str
    loss: str
    initializer: str
    initialised: tuple[str, ...]
    starts_at_zero: bool
    rate: str
    plateau: Mapping[str, object]
    stopping: Mapping[str, object]
    clip: str
    l1: float
    average: str
    balanced: bool
    precision: str
    compiled: bool
    deterministic: bool
    channels_last: bool
    weights: bool
    validation: float
    answers: Answers
    state: tuple[str, ...] = ()
    augmentations: tuple[tuple[Augmentation, Mapping[str, object]], ...] = ()
    drawn: tuple[str, ...] = ()

    @property
    def masks(self) -> bool:
        """Whether a sample has a class for every pixel."""
        return self.dataset.task == "segmentation"

    @property
    def boxes(self) -> bool:
        """Whether a sample has boxes around things."""
        return self.dataset.task == "detection"

    @property
    def figures(self) -> Figures:
        """The figures that it is watched by, beside the loss and the accuracy."""
        return figures(self.dataset, self.plateau, self.stopping)

    @property
    def moving(self) -> str:
        """What moves along with images that are augmented: "masks", "boxes" or nothing."""
        return "masks" if self.masks else "boxes" if self.boxes else ""

    @property
    def validated(self) -> bool:
        """Whether there is a validation part: a share of the training part, or one that came with the data."""
        return self.validation > 0 or self.dataset.valid > 0

    @property
    def mixes(self) -> bool:
        """Whether training images are mixed with others."""
        return augmentation.mixes(self.augmentations)

    @property
    def builtin(self) -> bool:
        """Whether the data are in the text."""
        return not self.dataset.module and not self.own

    @property
    def needs(self) -> tuple[str, ...]:
        """The packages that the text takes to run."""
        if self.boxes:
            return ("torch", "torchvision")
        return ("torch",) if self.builtin or self.own else ("torch", "torchvision", *(("scipy",) if self.dataset.name in ("svhn", "flowers102") else ()))

    @property
    def images(self) -> bool:
        """Whether the samples are images of bytes, else they are rows of numbers."""
        return self.dataset.dtype == "uint8"

    @property
    def layout(self) -> bool:
        """Whether the samples lie as N H W C."""
        return self.channels_last and len(self.dataset.shape) == 3

    @property
    def own(self) -> bool:
        """Whether the data are a person's own, in a file beside the text."""
        return self.dataset.name.startswith(f"{OWN}:")


def training(project: Project, threads: int | None = None) -> Training:
    """The project's training on so many threads, those that a run takes here where none are told; raises ExportError when it has none and BuildError when the drawing has errors."""
    from builder.train.device import usual_threads

    text = source(project)
    if refused := untrainable(project):
        raise ExportError(refused)
    dataset = dataset_of(project)
    if dataset is None:
        raise ExportError(f"there is no data set {project.data.get('source')!r:.60} to train on")
    optimizer, schedule, loss, initializer = (chosen(project, name) for name in ("optimizer", "schedule", "loss", "initializer"))
    clipping, averaging, stopping = (chosen(project, name) for name in ("clipping", "averaging", "stopping"))
    balanced = loss[0].values(loss[1]).get("weight") == "balanced"
    lr, values, rates = optimizer[0].values(optimizer[1])["lr"], schedule[0].values(schedule[1]), rate(project)
    imports, classes = split(text)
    last, initialised, trained, own = _layers(text)
    if not any(trained):
        raise ExportError(f"{project.name} has nothing to train: {'all its weights are frozen' if trained else 'it has no weights'}")
    return Training(
        plain(project.name), dataset, classes, imports, number(project, "epochs"), number(project, "batch_size"), evaluation_batch(project, check(project)), number(project, "seed"), threads or usual_threads(),
        _call(*optimizer, "network.parameters()" if all(trained) else TRAINED, more=fused(project)), detection.loss(_call(*loss)) if loss[0].form == "boxes" else _call(*loss, *loss_arguments(dataset, loss[0], balanced)).replace("torch.nn.", "nn."),
        _call(*initializer, "layer.weight").replace("torch.nn.", "nn.") if initializer[0].module else "", initialised,
        "nn.init.zeros_(self." in classes, rates.in_python(lr) if rates else "", values if "monitor" in values else {},
        stopping[0].values(stopping[1]), _call(*clipping, "network.parameters()").replace("torch.nn.", "nn."), number(project, "l1"), _call(*averaging), balanced,
        number(project, "precision"), number(project, "compile") == "on", number(project, "deterministic"), last, bool(project.weights),
        0.0 if dataset.valid else validation_share(project), answers(dataset, loss[0], _single(project, dataset), bool(augmentations(project))), _state(project), tuple(augmentations(project)), own)


def _state(project: Project) -> tuple[str, ...]:
    """The names of what the optimiser kept of each weight and goes on with; none where it starts anew."""
    from builder.compile.resolve import resolve
    from builder.train.carried import kept
    from builder.train.optimizer import plain

    record, given = chosen(project, "optimizer")
    return tuple(kept(lambda weights: plain(resolve(record.module))(weights, **record.arguments(given)))) if goes_on(project) else ()


def _single(project: Project, dataset: Dataset) -> bool:
    """Does the network give one score for two classes, of a sample or of a pixel?"""
    report = check(project)
    end = next(node.id for node in project.network.nodes if node.kind == "Output" and node.params.get("when") != "training")
    return len(dataset.classes) == 2 and report.analysis.placed[end].inputs[0][1] == 1


TRAINED = "(weights for weights in network.parameters() if weights.requires_grad)"


def split(text: str) -> tuple[tuple[str, ...], str]:
    """The imports of a source, a line each, and its classes."""
    body = ast.parse(text).body
    imports = tuple(ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom))
    first = next(node for node in body if isinstance(node, ast.ClassDef))
    return imports, "\n".join(text.split("\n")[first.lineno - 1:]).rstrip("\n") + "\n"


def _call(record: Record, given: Mapping[str, object], *first: str, more: Mapping[str, object] = MappingProxyType({})) -> str:
    """The call of a record's torch object, with the arguments that differ from torch's own, and with `more`."""
    if not record.module:
        return ""
    defaults = signature(record.module)
    values = ((name, value) for name, value in (record.arguments(given) | more).items() if _differs(value, defaults.get(name, REQUIRED)))
    return f"{record.module}({', '.join([*first, *(f'{name}={value!a}' for name, value in values)])})"


def _differs(value: object, default: object) -> bool:
    return default is REQUIRED or value != default


def _layers(text: str) -> tuple[bool, tuple[str, ...], list[bool], tuple[str, ...]]:
    """Whether the network has two-dimensional convolutions, the classes of the layers that an initialiser fills, of every parameter if it is trained, and the layers
    whose first weights the text draws itself."""
    import torch
    from torch import nn

    from builder.compile.module import load, started
    from builder.train.batches import has_convolutions

    # On the meta device nothing is allocated, however large the network is.
    with torch.device("meta"):
        network = load(text)
    names = {name for module in network.modules() for name in (*CONVOLUTIONS, "Linear") if isinstance(module, getattr(nn, name))}
    return has_convolutions(network), tuple(sorted(names)), [parameter.requires_grad for parameter in network.parameters()], started(text, network)


CONVOLUTIONS = ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")


def parts(made: Training) -> list[Part]:
    """The network, the data, and the training, in the order in which they are read."""
    network = Part("The network", f"Drawn in Brickwork. Comments behind the layers are shapes: N is the number of {_samples(made)} in a batch.",
                   made.classes, made.network_imports)
    others = [*_data(made), *_validation(made), _preparation(made), *_augmentation(made), *_boxes(made), *_start(made), _evaluation(made), *_rate(made), _loop(made)]
    # Only the texts of ours: the network's names are the user's.
    named = {"images": _samples(made), "labels": made.answers.name, "DRAWN_BY_THE_NETWORK": ascii(made.drawn)}
    return [network, *(replace(part, code=functools.reduce(lambda code, word: code.replace(word, named[word]), named, part.code)) for part in others)]


def _samples(made: Training) -> str:
    """What the samples are called in the text."""
    return "images" if made.images else "samples"


@functools.cache
def packed_digits() -> str:
    """The built-in digits as text: 64 pixels (0 to 16) and the label of each, training samples first, column by column, deflated, base 64."""
    import torch

    from builder.data.digits import TEST, table
    from builder.data.validation import held_out

    rows = torch.tensor(table(), dtype=torch.uint8)
    rows = rows[torch.cat(held_out(rows[:, -1].to(torch.int64), TEST))]
    return base64.b64encode(zlib.compress(bytes(rows.T.flatten().tolist()), 9)).decode("ascii")


def _data(made: Training) -> list[Part]:
    dataset = made.dataset
    if dataset.name in POINTS:
        curve, samples, noise = POINTS[dataset.name], dataset.train + dataset.test, dataset.noise
        code = POINTS_CODE.format(half=samples // 2, call=f"scattered({curve.__name__}, {samples}, {noise})")
        return [Part("The data", dataset.summary, "\n\n".join(map(inspect.getsource, (curve, scattered))) + "\n\n" + code,
                     ("import math", "import torch", "from random import Random"))]
    if dataset.name in DRAWN:
        read, used = DRAWN[dataset.name]
        texts = [inspect.getsource(one).replace("    import torch\n\n", "") for one in (*used, read)]
        code = "\n\n".join(texts).replace(f"def {read.__name__}(", "def read_data(")
        if dataset.noise is not None:
            code = re.sub(r"samples=\d+, noise=[\d.]+", f"samples={dataset.train + dataset.test}, noise={dataset.noise!r}", code)
        return [Part("The data", dataset.summary, code, (*(["import math"] if "math." in code else []), "import torch", "from random import Random"))]
    if made.builtin:
        text = "\n".join(textwrap.wrap(packed_digits(), COLUMNS))
        digits = DATASETS["digits"]
        count = digits.train + digits.test
        about = f"{count:,} real handwritten digits of scikit-learn (optical recognition of handwritten digits, Alpaydin & Kaynak 1998)."
        code, imported = DIGITS.format(train=digits.train, rows=count), ("import base64", "import torch", "import zlib")
        if dataset.name == DISTORTED:
            about += f" Each is there {TIMES} times, distorted."
            made_of = inspect.getsource(distorted).replace("    import torch\n\n", "")
            code = code.replace("read_data", "read_digits") + f"\n\n{made_of}\n\n{DISTORTED_CODE.format(times=TIMES)}"
            imported = (*imported, "import math", "from random import Random")
        return [Part("The data", about, code, imported),
                Part("The digits, packed", "8×8 pixels each, as the text of a compressed table.", f'digits = """\n{text}\n"""\n')]
    if made.own:
        parts = f"{dataset.train:,} training, {dataset.valid:,} validation and" if dataset.valid else f"{dataset.train:,} training and"
        about = (f"{parts} {dataset.test:,} test samples, in the file data.safetensors. It is a copy of the one "
                 f"that Brickwork keeps of these data, which `python -m builder data show {dataset.name.partition(':')[2][:12]}` names.")
        says, given = ("validation samples and labels, ", 'tensor("valid_x"), tensor("valid_y"), ') if dataset.valid else ("", "")
        return [Part("The data", about, KEPT.format(says=says, given=given), ("import json", "import torch"))]
    if dataset.resized:
        words = f"{dataset.title}, fetched by torchvision (about {dataset.megabytes:,} MB) where it is not there yet, the largest square of every picture's middle."
        return [Part("The data", words, photos.text(dataset), photos.IMPORTS)]
    kind = dataset.module.rpartition(".")[2]
    template = READERS.get(kind, COLOUR if dataset.shape[0] > 1 else GREY)
    code = template.format(kind=kind, shape=" ".join(map(str, dataset.shape)), part=dataset.name.partition("-")[2], first=" - 1" if dataset.name == "emnist-letters" else "")
    needs = " and read with scipy" if kind == "SVHN" else ""
    return [Part("The data", f"{dataset.title}, fetched by torchvision (about {dataset.megabytes} MB) where it is not there yet{needs}.", code,
                 ("import torch", "import torchvision") if "torch." in code else ("import torchvision",))]


def _validation(made: Training) -> list[Part]:
    words = ("A share of the training samples is held out: after every epoch the network is judged on these, and the test part is left for the end. "
             "Which they are follows from their classes and a seed of its own.")
    return [Part("The validation part", words, validation.text(), ("import torch",))] if made.validation else []


def _preparation(made: Training) -> Part:
    if not made.images:
        words = "Every feature of a batch is normalised when it is taken, with the mean and spread of the training samples."
        return Part("Normalising", words, FEATURES.format(first=".permute(0, 3, 1, 2)" if made.layout else ""), ("import torch",))
    code = PREPARATION + (LAST if made.layout else FIRST)
    words = "The images stay bytes, a quarter of the memory of floats; a batch is normalised when it is taken, with the mean and spread of the training images."
    return Part("Normalising", words, code, ("import torch",))


PREPARATION = '''\
def statistics(images):
    """Mean and standard deviation of each channel of uint8 images on the scale 0 to 1, as tensors (C 1 1)."""
    values = torch.arange(256, dtype=torch.float64) / 255
    means, stds = [], []
    for channel in images.unbind(1):
        share = torch.bincount(channel.flatten(), minlength=256).double() / channel.numel()
        mean = (share * values).sum().item()
        means.append(mean)
        stds.append((share * (values - mean) ** 2).sum().sqrt().item() or 1.0)
    return torch.tensor(means)[:, None, None], torch.tensor(stds)[:, None, None]


'''
FEATURES = '''\
def statistics(images):
    """Mean and standard deviation of each feature, as tensors."""
    means = [feature.double().mean().item() for feature in images.unbind(1)]
    stds = [feature.double().std(correction=0).item() or 1.0 for feature in images.unbind(1)]
    shape = [-1, *[1] * (images.ndim - 2)]
    return torch.tensor(means).reshape(shape), torch.tensor(stds).reshape(shape)


def normalised(images, mean, std):
    """Samples of which every feature has mean 0 and standard deviation 1 over the training part."""
    return images{first}.sub(mean).div_(std)
'''
LAST = '''\
def normalised(images, mean, std):
    """Images uint8 (N H W C) as floats (N C H W), which lie in memory as convolutions read them fastest."""
    return images.permute(0, 3, 1, 2).float().div_(255).sub_(mean).div_(std)
'''
FIRST = '''\
def normalised(images, mean, std):
    """Images uint8 (N C H W) as floats."""
    return images.float().div_(255).sub_(mean).div_(std)
'''


def _augmentation(made: Training) -> list[Part]:
    if not made.augmentations:
        return []
    code = augmentation.code(made.augmentations, made.layout, made.moving, len(made.dataset.classes))
    return [Part("Augmentation", "Training images are changed by chance, anew in every epoch: " + ", ".join(record.kind for record, _ in made.augmentations) + ".", code,
                 ("import torch", *(["import math"] if "math." in code else [])))]


def _boxes(made: Training) -> list[Part]:
    return [Part("Boxes", detection.WORDS, detection.text(), detection.IMPORTS)] if made.boxes else []


def _start(made: Training) -> list[Part]:
    words = "The network starts from the tensors of a safetensors file that have the name and the shape of one of its own."
    code = START + (STATE.format(keys=made.state, step="torch.zeros(()" + (", device=weights.device)" if "fused=True" in made.optimizer else ")")) if made.state else "")
    return [Part("Starting weights", words + (" The optimiser goes on with what it kept of them." if made.state else ""), code, ("import json", "import torch"))] if made.weights else []


# The format: https://github.com/huggingface/safetensors#format. The numbers behind the head are little-endian, as every processor that torch runs on is.
START = '''\
def read_tensors(file):
    """The tensors of a safetensors file, by their names."""
    with open(file, "rb") as stream:
        head = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        content = bytearray(stream.read())
    types = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
             "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}
    whole = {name: about for name, about in head.items() if about.get("dtype") in types and 0 not in about["shape"]}
    return {name: torch.frombuffer(content[slice(*about["data_offsets"])], dtype=types[about["dtype"]]).reshape(about["shape"])
            for name, about in whole.items()}


def start_from(network, tensors):
    """Gives the network every tensor that has the name and the shape of one of its own."""
    for name, value in network.state_dict().items():
        if name in tensors and tensors[name].shape == value.shape:
            value.copy_(tensors[name])
'''
STATE = '''

def state_from(optimizer, network, tensors):
    """Has the optimiser go on with what it kept of the weights; of those that it has none of in their shape it has seen nothing."""
    names = {{weights: name for name, weights in network.named_parameters()}}
    for weights in optimizer.param_groups[0]["params"]:
        fresh = {{key: {step} if key == "step" else torch.zeros_like(weights) for key in {keys}}}
        kept = {{key: tensors.get(f"optimizer/{{names[weights]}}/{{key}}") for key in fresh}}
        if all(kept[key] is not None and kept[key].shape == fresh[key].shape for key in fresh):
            for key in fresh:
                fresh[key].copy_(kept[key])
        optimizer.state[weights].update(fresh)
'''


def _evaluation(made: Training) -> Part:
    right = {"begin": ", correct = [], 0", "add": f"        correct += {made.answers.right}\n", "give": f", correct / {made.answers.divisor}",
             "says": "and the share of right answers"} if made.answers.right else {"begin": " = []", "add": "", "give": "", "says": "without learning"}
    if (more := made.figures).give:
        right |= {"begin": f"{right['begin']}\n{more.begin.rstrip()}", "add": right["add"] + more.add, "give": f"{right['give']}, {more.give}",
                  "says": f"{'the share of right answers and ' if made.answers.right else 'and '}the figures that the training is watched by"}
    code = (f"{made.answers.text}\n\n" if made.answers.text else "") + more.text
    code += EVALUATION.format(batch=made.evaluation_batch, loss=made.answers.loss, **right, forward=_forward(made, f"normalised(images[first:first + {made.evaluation_batch}], mean, std)", 8))
    return Part("Testing", "Without learning, with dropout off.", code, ("import torch",))


def _forward(made: Training, inputs: str, indent: int, network: str = "network") -> str:
    """The lines that send inputs through the network; what autocast holds safe in 16 bits where that is wanted."""
    lines = BFLOAT16 if made.precision == "bfloat16" else "outputs = {network}({inputs})\n"
    return textwrap.indent(lines.format(inputs=inputs, network=network), " " * indent)


BFLOAT16 = '''\
with torch.autocast(images.device.type, torch.bfloat16):
    outputs = {network}({inputs})
outputs = outputs.float()
'''


EVALUATION = '''\
@torch.no_grad()
def evaluate(network, loss_fn, images, labels, mean, std):
    """Mean loss of a sample, {says}."""
    network.eval()
    losses{begin}
    for first in range(0, len(labels), {batch}):
        targets = labels[first:first + {batch}]
{forward}\
        losses.append(({loss} * len(targets)).item())
{add}\
    return sum(losses) / len(labels){give}
'''


def _rate(made: Training) -> list[Part]:
    if not made.rate:
        return []
    code = RATE.format(more=", reductions" if made.plateau else "", body=textwrap.indent(made.rate, "    "))
    return [Part("The learning rate", "Of every step, counted from 0.", code, ("import math",) if "math." in made.rate else ("import torch",))]


RATE = '''\
def learning_rate(step, steps, epochs{more}):
    """The learning rate of a step, counted from 0 up to `steps` in all epochs."""
{body}
'''


def _loop(made: Training) -> Part:
    """Everything in `train` that depends on the project is a line of its own."""
    known = made.dataset.train - validation_samples(made.dataset.train, made.validation) if made.builtin else None
    lonely = made.batch_size > 1 and (known is None or known % made.batch_size == 1 and known > made.batch_size)
    code = LOOP.format(
        draw=augmentation.DRAW.format(draws=augmentation.draws(made.augmentations)) if made.augmentations else "",
        before=augmentation.BEFORE if made.mixes else "", pair=augmentation.PAIR if made.mixes else "",
        inputs=augmentation.inputs(made.augmentations, made.moving) if made.augmentations else "normalised(images.index_select(0, batch), mean, std), labels[batch]",
        initialise=INITIALISE.format(classes=_classes(made.initialised), name="name, " if made.drawn else "", named="named_" if made.drawn else "", call=made.initializer, unless=(STARTED if made.drawn else "") + (ZERO if made.starts_at_zero else "")) if made.initializer and made.initialised else "",
        weights=", weights" if made.weights else "", start="    tensors = read_tensors(weights)\n    start_from(network, tensors)\n" if made.weights else "",
        state="    state_from(optimizer, network, tensors)\n" if made.state else "",
        to="device, memory_format=torch.channels_last" if made.channels_last else "device",
        layout=LAYOUT if made.layout else "", optimizer=made.optimizer, loss=made.loss, batch_size=made.batch_size,
        lonely=LONELY if lonely else "", rates=RATES.format(begin=BEGIN if made.plateau else "") if made.rate else "",
        set_rate=SET_RATE.format(more=", reductions" if made.plateau else "") if made.rate else "", idle=IDLE if made.stopping else "", count=COUNT if made.rate else "",
        forward=_forward(made, "inputs", 12, CHOSEN.format(batch_size=made.batch_size) if made.compiled else "network"),
        compiled=COMPILED if made.compiled else "", backward=f"(loss + {made.l1!r} * {L1})" if made.l1 else "loss", clip=f"            {made.clip}\n" if made.clip else "",
        averaged=AVERAGED.format(call=made.average) if made.average else "", average=AVERAGE if made.average else "",
        **_scored(made.answers, made.masks and bool(made.augmentations), made.mixes, bool(made.figures.give)), objective=made.answers.mixed if made.mixes else made.answers.loss, judged="average.module" if made.average else "network", weight=_weight(made) if made.balanced else "",
        deterministic=(MEDIUM if made.precision == "medium" else "") + (DETERMINISTIC if made.deterministic else ""), stop=_stop(made),
        watch=WATCH.format(cost=cost(str(made.plateau["monitor"])), **{name: made.plateau[name] for name in ("threshold", "patience")}) if made.plateau else "")
    if made.validated:
        code = validation.watched(code, "average.module" if made.average else "network", made.layout, bool(made.answers.right), bool(made.figures.give))
    return Part("Training", "Everything random follows from the seed. Losses are printed in full: on the CPU they are those of the run in Brickwork, to the last bit.",
                code, ("import math", "import torch", *(["import os"] if made.deterministic else [])))


def _scored(given: Answers, moving: bool, mixed: bool, figured: bool) -> dict[str, str]:
    """The pieces of the loop about what is right, empty where nothing is right or wrong; `moving` where masks are augmented with their images, `mixed` where targets are shares of classes,
    `figured` where an evaluation gives figures too."""
    more = ", test_figures" if figured else ""
    if not given.right:
        return {"begin": " = 0.0", "right": "", "tested": f"test_loss{more}", "accuracy": "", "test_accuracy": ""}
    # What comes in from outside of an image counts for nothing: how much is left of a mask that moves is known batch by batch.
    return {"begin": ", correct, known = 0.0, 0, 0" if moving else ", correct = 0.0, 0",
            "right": f"            correct += {given.right.replace('targets', 'targets.argmax(1)') if mixed else given.right}\n" + ("            known += " + given.count.replace("labels", "targets") + "\n" if moving else ""), "tested": f"test_loss, test_accuracy{more}",
            "accuracy": f", accuracy {{correct / {'max(1, known)' if moving else given.divisor}!r}}", "test_accuracy": ", test accuracy {test_accuracy!r}"}


def _weight(made: Training) -> str:
    known = KNOWN if made.dataset.task == "segmentation" else ""
    return known + WEIGHT.format(classes=len(made.dataset.classes), labels="known" if known else "labels")


def _stop(made: Training) -> str:
    if not made.stopping:
        return ""
    return STOP.format(cost=cost(str(made.stopping["monitor"])), **{name: made.stopping[name] for name in ("threshold", "patience")})


def _classes(names: tuple[str, ...]) -> str:
    return f"nn.{names[0]}" if len(names) == 1 else f"({', '.join(f'nn.{name}' for name in names)})"


INITIALISE = '''\
    torch.manual_seed(seed)
    for {name}layer in network.{named}modules():
        if isinstance(layer, {classes}){unless}:
            {call}
'''
STARTED = " and name not in DRAWN_BY_THE_NETWORK"  # the names are the user's, and stand there last
ZERO = " and layer.weight.any()"  # what was told to start at 0 stays there
LAYOUT = '''\
    images, test_images = (part.permute(0, 2, 3, 1).contiguous() for part in (images, test_images))  # N H W C
'''
LONELY = '''\
        # One sample left over joins the batch before it: by itself it has no variance for BatchNorm.
        if len(batches) > 1 and len(batches[-1]) == 1:
            batches[-2:] = [torch.cat(batches[-2:])]
'''
RATES = '''\
    step = 0
{begin}\
'''
BEGIN = '''\
    best, waited, reductions = math.inf, 0, 0
'''
SET_RATE = '''\
            optimizer.param_groups[0]["lr"] = learning_rate(step, epochs * len(batches), epochs{more})
'''
COUNT = '''\
            step += 1
'''
WATCH = '''\
        # Progress is a change of more than {threshold!r}; without any for more than {patience!r} epochs the learning rate falls.
        best, waited = ({cost}, 0) if {cost} < best - {threshold!r} else (best, waited + 1)
        if waited > {patience!r}:
            waited, reductions = 0, reductions + 1
'''
IDLE = '''\
    least, idle = math.inf, 0
'''
STOP = '''\
        # Early stopping: progress is a change of more than {threshold!r}.
        least, idle = ({cost}, 0) if {cost} < least - {threshold!r} else (least, idle + 1)
        if idle >= {patience!r}:
            break
'''
L1 = "sum(weights.abs().sum() for weights in network.parameters() if weights.requires_grad)"
AVERAGED = '''\
    average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn={call})
'''
COMPILED = '''\
    compiled = torch.compile(network, dynamic=False)  # for whole batches: each size is compiled anew
'''
CHOSEN = "(compiled if len(batch) == {batch_size} else network)"
AVERAGE = '''\
            average.update_parameters(network)
'''
WEIGHT = '''\
    # Rare classes count as much as frequent ones.
    counts = {labels}.bincount(minlength={classes})
    weight = torch.where(counts > 0, len({labels}) / ({classes} * counts.clamp(min=1)), 1.0)
'''
KNOWN = f'''\
    known = labels[labels != {IGNORED}]
'''
MEDIUM = '''\
    torch.set_float32_matmul_precision("medium")  # products of matrices in 16 bits, added up in 32
'''
DETERMINISTIC = '''\
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses
    torch.use_deterministic_algorithms(True)
'''
# index_select, not images[batch]: that gives images of one channel other strides, and so other kernels with other last bits.
LOOP = '''\
def train(data, epochs, seed, device{weights}):
    """Trains a new network and prints mean losses and shares of right answers after every epoch; returns the network."""
{deterministic}\
    torch.manual_seed(seed)
    network = Network()
{initialise}\
{start}\
    network.to({to})
    images, labels, test_images, test_labels = data
    mean, std = (numbers.to(device) for numbers in statistics(images))
{layout}\
    images, labels, test_images, test_labels = (part.to(device) for part in (images, labels, test_images, test_labels))
    optimizer = {optimizer}
{state}\
{weight}\
    loss_fn = {loss}
{averaged}\
{compiled}\
{rates}\
{idle}\
    for epoch in range(1, epochs + 1):
        network.train()
        # The order of the samples and the dropout of an epoch follow from the seed and the epoch alone.
        torch.manual_seed(seed * 1_000_000 + epoch)
        batches = list(torch.randperm(len(labels)).to(device).split({batch_size}))
{lonely}\
{draw}\
{before}\
        total{begin}
        for batch in batches:
{pair}\
            inputs, targets = {inputs}
{set_rate}\
{forward}\
            loss = {objective}
            if not math.isfinite(loss.item()):
                raise SystemExit(f"The loss is no longer a finite number in epoch {{epoch}}: try a smaller learning rate.")
            optimizer.zero_grad()
            {backward}.backward()
{clip}\
            optimizer.step()
{average}\
{count}\
            total += loss.item() * len(batch)
{right}\
        {tested} = evaluate({judged}, loss_fn, test_images, test_labels, mean, std)
        print(f"epoch {{epoch}} of {{epochs}}: loss {{total / len(labels)!r}}{accuracy}, "
              f"test loss {{test_loss!r}}{test_accuracy}", flush=True)
{watch}\
{stop}\
    return {judged}
'''
