"""`models`: the names that `import` takes from torchvision and timm."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from .show import CommandError, count, say, say_json, table

LIBRARIES = ("torchvision", "timm")
SIDE = 224  # pixels, where a model says nothing of its input


def add_to(commands) -> None:
    """Declare the command."""
    models = commands.add_parser("models", help="the models of torchvision or timm that `import` turns into drawings")
    models.add_argument("library", choices=LIBRARIES, metavar="LIBRARY", help=" or ".join(LIBRARIES))
    models.add_argument("--search", metavar="TEXT", default="", help="only names with these words in them")
    models.add_argument("--json", action="store_true", help="print one JSON document")
    models.set_defaults(run=run_models)


def run_models(arguments: Namespace) -> int:
    """List the models: name, task, side of the input in pixels, parameters and weights where they are known."""
    words = arguments.search.casefold().split()
    found = [row for row in LISTS[arguments.library]() if all(word in row["name"].casefold() for word in words)]
    if arguments.json:
        say_json(found)
        return 0
    rows = [(row["name"], row["task"], row["side"], count(row["parameters"]) if row["parameters"] else "", row["weights"],
             f"{row['megabytes']:,.0f} MB" if row["megabytes"] else "") for row in found]
    say(table(("NAME", "TASK", "SIDE", "PARAMETERS", "WEIGHTS", "DOWNLOAD"), rows, right=[2, 3, 5]))
    return 0


def _torchvision() -> Iterator[dict[str, object]]:
    """Classification and segmentation."""
    import torchvision.models as models

    for task, module in (("classification", models), ("segmentation", models.segmentation)):
        for name in models.list_models(module=module):
            weights = models.get_model_weights(name).DEFAULT
            meta, crop = weights.meta, getattr(weights.transforms(), "crop_size", None)
            yield {"name": name, "task": task, "side": crop[0] if crop else SIDE, "parameters": meta["num_params"], "weights": weights.name,
                   "megabytes": meta.get("_file_size")}


def _timm() -> Iterator[dict[str, object]]:
    """All of timm's, which classify; their weights are read from files."""
    try:
        import timm
    except ImportError:
        raise CommandError("timm is not installed: pip install timm in the environment of Brickwork", 1) from None
    from timm.models import get_pretrained_cfg

    for name in timm.list_models():
        config = get_pretrained_cfg(name)
        yield {"name": name, "task": "classification", "side": config.input_size[-1] if config else SIDE, "parameters": None, "weights": "",
               "megabytes": None}


LISTS = {"torchvision": _torchvision, "timm": _timm}
