"""Learning-rate schedules: the rate of every step as a formula, which is plotted before training, followed in it and printed in the script.

In a formula `lr` is the optimiser's learning rate, `step` counts from 0 up to `steps`, `epoch` from 0 up to `epochs`, and `reductions` counts how often
a schedule that watches the run has found it standing still. A rate follows from these numbers alone, so that a run that goes on has the rates of one
that was never stopped.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .expressions import evaluate
from .params import Choice, Float, Int
from .spec import SCHEDULES, Record

DOCS = "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler."
FLOOR = Float("eta_min", 0.0, "the learning rate at the end", min=0.0)
WARMUP = Float("warmup", 0.0, "epochs over which the learning rate rises in a straight line to that of the schedule (Goyal et al. 2017, arXiv:1706.02677); 0 for none",
               min=0.0, max=100_000.0)


@dataclass(frozen=True)
class Watched:
    """A number of an epoch that a run can be watched by: the figure of an evaluation that it is, what it is called, whether more of it is better, and the tasks that have it."""

    figure: str
    title: str
    rises: bool = False
    tasks: tuple[str, ...] = ("classification", "segmentation", "regression", "detection")

    @property
    def sign(self) -> str:
        """What turns the number so that less is better, in front of it."""
        return "-" if self.rises else ""


MONITORS: Mapping[str, Watched] = {
    "validation_loss": Watched("loss", "loss"), "validation_accuracy": Watched("accuracy", "accuracy", True, ("classification", "segmentation")), "train_loss": Watched("loss", "loss"),
    "validation_mean_iou": Watched("mean_iou", "mean IoU", True, ("segmentation",)), "validation_dice": Watched("dice", "Dice coefficient", True, ("segmentation",)),
    "validation_r2": Watched("r2", "R²", True, ("regression",)), "validation_mae": Watched("mae", "mean absolute error", False, ("regression",)),
    "validation_map": Watched("map", "mAP", True, ("detection",)), "validation_map_50": Watched("map_50", "mAP at 0.5", True, ("detection",))}
# What a schedule or a stop that watches the run looks at.
MONITOR = Choice("monitor", "validation_loss", tuple(MONITORS), "what is watched after every epoch, the loss or what the task has: accuracy; mean IoU and Dice of masks; R² and absolute error "
                 "of numbers; mAP of boxes; of the test part where there is no validation part",
                 (("test_loss", "validation_loss"), ("test_accuracy", "validation_accuracy")))
# What decides which epoch's weights are the best checkpoint.
TASK = "task"
BEST = Choice("best", TASK, (TASK, *(name for name in MONITORS if name != "train_loss")), "by what the best checkpoint is the best: task is the accuracy, the mAP of boxes, or the loss where "
              "nothing is right or wrong; of the test part where there is no validation part")
THRESHOLD = Float("threshold", 0.0001, "a change of at most this is no progress", min=0.0)

SCHEDULES.register(Record("Constant", "The learning rate stays as it is.", DOCS + "LRScheduler.html", formula="lr"))
SCHEDULES.register(Record(
    "StepLR", "The learning rate is multiplied by gamma after every step_size epochs: a staircase.", DOCS + "StepLR.html", params=(
        Int("step_size", 5, "epochs between two stairs", max=100_000), Float("gamma", 0.1, "at every stair the learning rate is multiplied by this, from 0 to 1", min=0.0, max=1.0)),
    formula="lr * gamma ** (epoch // step_size)"))
SCHEDULES.register(Record(
    "ExponentialLR", "The learning rate is multiplied by gamma after every epoch.", DOCS + "ExponentialLR.html", params=(
        Float("gamma", 0.9, "after every epoch the learning rate is multiplied by this, from 0 to 1", min=0.0, max=1.0),),
    formula="lr * gamma ** epoch"))
SCHEDULES.register(Record(
    "PolynomialLR", "The learning rate falls to zero with a power of the steps that are left; with power 1 in a straight line.",
    "Liu et al. 2015, arXiv:1506.04579; " + DOCS + "PolynomialLR.html", params=(Float("power", 1.0, "1 is a straight line, more falls faster at first", min=0.0, max=100.0),),
    formula="lr * (1 - step / steps) ** power"))
SCHEDULES.register(Record(
    "CosineAnnealingLR", "The learning rate falls along half a cosine: slowly at first, fast in the middle, slowly at the end.",
    "Loshchilov & Hutter 2017, arXiv:1608.03983; " + DOCS + "CosineAnnealingLR.html", params=(FLOOR,),
    formula="eta_min + (lr - eta_min) * (1 + cos(pi * step / steps)) / 2"))
SCHEDULES.register(Record(
    "CosineAnnealingWarmRestarts", "Half a cosine again and again: every T_0 epochs the learning rate jumps back to where it began.",
    "Loshchilov & Hutter 2017, arXiv:1608.03983; " + DOCS + "CosineAnnealingWarmRestarts.html", params=(
        Int("T_0", 5, "epochs of one cosine", max=100_000), FLOOR),
    formula="""period = T_0 * steps // epochs
eta_min + (lr - eta_min) * (1 + cos(pi * (step % period) / period)) / 2"""))
SCHEDULES.register(Record(
    "OneCycleLR", "The learning rate rises from lr / div_factor to lr and falls to almost nothing, both along half a cosine; momentum stays.",
    "Smith & Topin 2017, arXiv:1708.07120; " + DOCS + "OneCycleLR.html", params=(
        Float("pct_start", 0.3, "share of the steps in which it rises", min=0.0, max=0.99),
        Float("div_factor", 25.0, "the first learning rate is lr divided by this", min=1.0, max=1e9),
        Float("final_div_factor", 1e4, "the last learning rate is the first one divided by this", min=1.0, max=1e9)),
    formula="""first = lr / div_factor
last = first / final_div_factor
top = pct_start * steps - 1
first + (lr - first) * (1 - cos(pi * step / top)) / 2 if step < top else last + (lr - last) * (1 + cos(pi * (step - top) / (steps - 1 - top))) / 2"""))
SCHEDULES.register(Record(
    "ReduceLROnPlateau", "The learning rate is multiplied by factor whenever the watched number has not become better for more than patience epochs.",
    DOCS + "ReduceLROnPlateau.html", params=(
        Float("factor", 0.1, "the learning rate is multiplied by this, from 0 to 1", min=0.0, max=1.0), MONITOR,
        Int("patience", 5, "epochs in a row without progress that are let pass", min=0, max=100_000), THRESHOLD, Float("min_lr", 0.0, "never below this", min=0.0)),
    formula="max(min_lr, lr * factor ** reductions)"))


@dataclass(frozen=True)
class Rate:
    """A schedule with its parameters, and the epochs of its warm-up: what the learning rate of a step is.

    Lines of the formula before the last give names to parts of it.
    """

    formula: str
    values: Mapping[str, object]
    warmup: float = 0.0

    def at(self, lr: float, step: int, steps: int, epochs: int, reductions: int = 0) -> float:
        """The learning rate of the step with this number, from 0, of `steps` in `epochs`, where the optimiser's own is `lr`."""
        known = {**self.values, "lr": lr, "step": step, "steps": steps, "epochs": epochs, "pi": math.pi, "epoch": step // (steps // epochs),
                 "reductions": reductions, "warmup": self.warmup}
        *parts, last = self.formula.splitlines()
        for part in parts:
            name, _, formula = part.partition(" = ")
            known[name] = evaluate(formula, known)
        rate = float(evaluate(last, known))
        return rate * evaluate(RISE, known) if self.warmup else rate

    def in_python(self, lr: float) -> str:
        """The body of a function of step, steps, epochs and reductions that gives the same: Python that may need `import math`."""
        *parts, last = self.formula.splitlines()
        used = {node.id for node in ast.walk(ast.parse(self.formula)) if isinstance(node, ast.Name)}
        values = {"lr": lr, **{name: value for name, value in self.values.items() if name in used}, **({"warmup": self.warmup} if self.warmup else {})}
        lines = [f"{', '.join(values)} = {', '.join(map(repr, values.values()))}", *(["epoch = step // (steps // epochs)"] if "epoch" in used else []), *parts]
        rise = f" * {RISE}" if self.warmup else ""
        tree = ast.parse(last, mode="eval").body
        ways = [(ast.unparse(tree.test), tree.body), ("", tree.orelse)] if isinstance(tree, ast.IfExp) else [("", tree)]
        for test, way in ways:
            rate = ast.unparse(way)
            text = f"return {f'({rate})' if rise and isinstance(way, ast.BinOp) else rate}{rise}"
            lines += [f"if {test}:", f"    {text}"] if test else [text]
        return re.sub(r"\b(cos|pi)\b", r"math.\1", "\n".join(lines))


RISE = "min(1, (step + 1) * epochs / (warmup * steps))"


def rate_of(record: Record, given: Mapping[str, object], warmup: float) -> Rate:
    """The rate of a schedule with these parameters, times a warm-up of so many epochs."""
    return Rate(record.formula, record.values(given), warmup)


def steps_per_epoch(samples: int, batch_size: int) -> int:
    """How many batches an epoch has; a last one of a single sample joins the one before it."""
    whole, rest = divmod(samples, batch_size)
    return max(1, whole + (rest > (1 if batch_size > 1 else 0)))
