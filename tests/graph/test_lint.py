"""Lint: what a beginner does and torch accepts is told with its numbers and mended; networks that people publish are left in peace."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as profile

from builder.catalogue import LAYERS
from builder.graph import History, Problem, Project, apply, check, fix_all, from_json, to_json
from builder.graph.mend import HIDING, MOST, mends
from builder.graph.rules.codes import CODES
from tests.first_networks import FIRST
from tests.graph.drawings import legal_project, messy_project, randoms
from tests.graph.test_check import SCORES, brick, column


def conv(name: str, channels: int = 8, kernel: int = 3, **more: object) -> dict:
    return brick(name, "Conv2d", out_channels=channels, kernel_size=kernel, **more)


def linear(name: str, width: int, **more: object) -> dict:
    return brick(name, "Linear", out_features=width, **more)


def relu(name: str) -> dict:
    return brick(name, "ReLU")


def found(project: Project, code: str) -> Problem:
    """The one problem of that code."""
    of = [problem for problem in check(project).problems if problem.code == code]
    assert len(of) == 1, [str(problem) for problem in check(project).problems]
    return of[0]


TAIL = ("Flatten", SCORES)
SIGMOIDS = [part for i in range(4) for part in (linear(f"l{i}", 30), brick(f"s{i}", "Sigmoid"))]
TANHS = [part for i in range(6) for part in (linear(f"l{i}", 30), brick(f"t{i}", "Tanh"))]
PLAIN = [part for i in range(21) for part in (conv(f"c{i}", 4, padding=1), relu(f"r{i}"))]

# (drawing, code, severity, brick, what must be read in it, label of the fix that mends it)
MISTAKES = {
    "two Linear": (column("Flatten", linear("fc1", 512), linear("fc2", 10)), "no activation", "warning", "fc2",
                   ["one Linear from 784 to 10", "407,050 parameters do what 7,850 could", "straight borders"], "Insert ReLU after fc1"),
    "three Linear": (column("Flatten", linear("a", 512), linear("b", 64), linear("c", 10)), "no activation", "warning", "b",
                     ["a, b and c follow"], "Insert ReLU after a and b"),
    "two Conv2d": (column(conv("c1"), conv("c2", 16), "ReLU", *TAIL), "no activation", "warning", "c2",
                   ["one Conv2d with a 5×5 window", "1,248 parameters do what 416 could"], "Insert ReLU after c1"),
    "norm between": (column(conv("c1", bias=False), "BatchNorm2d", conv("c2", 16), "ReLU", *TAIL), "no activation", "warning", "c2",
                     ["c1 and c2"], "Insert ReLU after batchnorm2d"),
    "pool between": (column(conv("c1"), "MaxPool2d", conv("c2", 16), "ReLU", *TAIL), "no activation", "advice", "c2", ["only MaxPool2d"],
                     "Insert ReLU after c1"),
    "conv then Linear": (column(conv("c1"), *TAIL), "no activation", "warning", "fc", ["one Linear on 1×28×28 numbers"], "Insert ReLU after c1"),
    "ReLU twice": (column(conv("c1"), relu("r1"), relu("r2"), *TAIL), "activation twice", "warning", "r2", ["changes nothing", "x ≥ 0"], "Remove r2"),
    "Sigmoid on ReLU": (column(conv("c1"), relu("r1"), brick("s", "Sigmoid"), *TAIL), "activation twice", "warning", "s", ["only 0.5 to 1"], "Remove s"),
    "Sigmoid on Sigmoid": (column(conv("c1"), brick("s1", "Sigmoid"), brick("s2", "Sigmoid"), *TAIL), "activation twice", "warning", "s2",
                           ["0.5 to 0.731"], "Remove s1"),
    "ReLU first": (column("ReLU", conv("c1"), relu("r"), *TAIL), "activation first", "warning", "relu", ["mean 0"], "Remove relu"),
    "pooling first": (column("MaxPool2d", conv("c1"), relu("r"), *TAIL), "pooling first", "advice", "maxpool2d", ["196 of 784"], "Remove maxpool2d"),
    "Softmax inside": (column("Flatten", linear("l", 50), "Softmax", SCORES), "softmax inside", "advice", "softmax", ["1/50 = 0.02"],
                       "Replace softmax by ReLU"),
    "Softmax": (column(*TAIL, "Softmax"), "loss", "warning", "softmax", ["1.461"], "Remove softmax"),
    "LogSoftmax": (column(*TAIL, "LogSoftmax"), "loss", "advice", "logsoftmax", ["changes nothing"], "Remove logsoftmax"),
    "Sigmoid": (column(*TAIL, "Sigmoid"), "loss", "warning", "sigmoid", ["between 0 and 1", "1.461"], "Remove sigmoid"),
    "Tanh": (column(*TAIL, "Tanh"), "activation last", "warning", "tanh", ["between -1 and 1", "0.797"], "Remove tanh"),
    "ReLU last": (column(*TAIL, "ReLU"), "activation last", "warning", "relu", ["no score can fall below 0"], "Remove relu"),
    "norm last": (column(*TAIL, "BatchNorm1d"), "normalisation last", "warning", "batchnorm1d", ["scores"], "Remove batchnorm1d"),
    "dropout last": (column(*TAIL, brick("d", "Dropout", p=0.3)), "dropout last", "warning", "d", ["probability 0.3", "10 scores"], "Remove d"),
    "dropout and Softmax": (column(*TAIL, "Dropout", "Softmax"), "dropout last", "warning", "dropout", ["10 scores"], "Remove dropout"),
    "NLLLoss": (column(*TAIL, training={"loss": {"kind": "NLLLoss"}}), "loss", "warning", "fc", ["LogSoftmax"], "Insert LogSoftmax before output"),
    "NLLLoss of Softmax": (column(*TAIL, "Softmax", training={"loss": {"kind": "NLLLoss"}}), "loss", "warning", "softmax", ["-1"],
                           "Replace softmax by LogSoftmax"),
    "margin of Softmax": (column(*TAIL, "Softmax", training={"loss": {"kind": "MultiMarginLoss"}}), "loss", "warning", "softmax",
                          ["lead by at most 1"], "Remove softmax"),
    "bias": (column(conv("c1", 12), "BatchNorm2d", "ReLU", *TAIL), "bias before normalisation", "advice", "c1", ["12 parameters", "1502.03167"],
             "Set bias of c1 to no"),
    "norm behind": (column(conv("c1"), "ReLU", "BatchNorm2d", *TAIL), "normalisation after activation", "advice", "batchnorm2d", ["1502.03167"],
                    "Move batchnorm2d behind c1"),
    "dropout before norm": (column(conv("c1"), "ReLU", brick("d", "Dropout", p=0.2), brick("bn", "BatchNorm2d"), *TAIL), "dropout before normalisation",
                            "advice", "d", ["1/(1 - 0.2) = 1.25", "1801.05134"], "Move d behind bn"),
    "norm twice": (column(conv("c1", bias=False), brick("b1", "BatchNorm2d"), brick("b2", "BatchNorm2d"), "ReLU", *TAIL), "normalised twice", "warning",
                   "b2", ["b1"], "Remove b2"),
    "dropout twice": (column(conv("c1"), "ReLU", brick("d1", "Dropout"), brick("d2", "Dropout"), *TAIL), "dropout twice", "advice", "d2", ["= 0.25"],
                      "Remove d2"),
    "dropout 0": (column("Flatten", brick("d", "Dropout", p=0.0), SCORES), "dropout share", "advice", "d", ["does nothing"], "Remove d"),
    "dropout 1": (column("Flatten", brick("d", "Dropout", p=1.0), SCORES), "dropout share", "warning", "d", ["every value"], "Set p of d back to 0.5"),
    "dropout 0.95": (column("Flatten", brick("d", "Dropout", p=0.95), SCORES), "dropout share", "advice", "d", ["only 5 %"], "Set p of d back to 0.5"),
    "flat twice": (column("Flatten", brick("f2", "Flatten"), SCORES), "flatten twice", "advice", "f2", ["N×784"], "Remove f2"),
    "statistics": (column(conv("c", bias=False), brick("b", "BatchNorm2d", momentum=0.0), "ReLU", *TAIL), "frozen statistics", "warning", "b",
                   ["momentum 0"], "Set momentum of b back to 0.1"),
    "groups of one": (column("Flatten", linear("l", 8), "GroupNorm", "ReLU", SCORES), "nothing left", "warning", "groupnorm", ["8 numbers in 8 groups"],
                      "Set num_groups of groupnorm to 1"),
    "rows normalised": (column(conv("c"), brick("ln", "LayerNorm"), "ReLU", *TAIL), "normalised axes", "advice", "ln", ["row of 26 pixels", "5,408"],
                        "Set axes of ln to 3"),
    "leaping": (column(conv("c", stride=5), "ReLU", *TAIL), "gaps", "warning", "c", ["9 of every 25", "stride <= 3"], "Set stride of c to 3"),
    "pool of 1": (column(conv("c"), "ReLU", brick("p", "MaxPool2d", kernel_size=1), *TAIL), "pool stride", "advice", "p", ["changes nothing"], "Remove p"),
    "pool stride 1": (column(conv("c"), "ReLU", brick("p", "MaxPool2d", kernel_size=2, stride=1), *TAIL), "pool stride", "advice", "p",
                      ["26×26 becomes 25×25"], "Set stride of p to 2"),
    "even window": (column(conv("c", kernel=4, padding=2), "ReLU", *TAIL), "even window", "advice", "c", ["28 becomes 29", "1 gives 27"],
                    "Set kernel_size of c to 5, padding to 2"),
    "wide padding": (column(conv("c", padding=4), "ReLU", *TAIL), "wide padding", "warning", "c", ["padding 4", "3×3"], "Set padding of c to 1"),
    "eaten": (column(conv("c1", stride=4), relu("r1"), conv("c2", stride=8), relu("r2"), conv("c3", 16, padding=1), relu("r3"), *TAIL), "dead taps",
              "advice", "c3", ["8 of the 9", "stride 4 in c1 and 8 in c2 leave 1×1 here"], "Set stride of c2 to 2"),
    "large window": (column(conv("c", kernel=15), "ReLU", *TAIL), "large window", "advice", "c", ["225 weights", "with 63"], "Set kernel_size of c to 5"),
    "stretched": (column(conv("c", stride=2, padding=1), "ReLU", brick("p", "MaxPool2d", kernel_size=7), brick("a", "AdaptiveAvgPool2d", output_size=7), *TAIL),
                  "stretched", "advice", "a", ["2×2", "7×7", "12.2"], "Set output_size of a to 2"),
    "x + x": (column(conv("c"), "ReLU", "Add", *TAIL, wires=(("relu", "add", 1),)), "same twice", "advice", "add", ["x + x = 2x"], "Remove add"),
    "repeated": (column(conv("c"), "ReLU", conv("one", 1, padding=1), "Add", *TAIL, wires=(("relu", "add", 1),)), "broadcast", "advice", "add",
                 ["N×1×26×26 of one", "8 others"], None),
    "heavy": (column(conv("c", 32), "ReLU", "Flatten", linear("fc1", 128), relu("r"), SCORES), "heavy", "advice", "fc1",
              ["99.9 %", "2,769,024 of 2,770,634", "32·26·26 = 21,632"],
              "Insert AdaptiveAvgPool2d to 7×7 before flatten: 200,832 parameters instead of 2,769,024"),
    "Sigmoids": (column("Flatten", *SIGMOIDS, SCORES), "saturating", "advice", "s2", ["(1/4)^3 = 0.0156"], "Replace 3 Sigmoid by ReLU"),
    "Tanhs": (column("Flatten", *TANHS, SCORES), "saturating", "advice", "t5", ["0.42 at ±1"], "Replace 6 Tanh by ReLU"),
    "deep": (column(*PLAIN, *TAIL), "deep", "advice", "c20", ["21st"], None),
    "narrow": (column("Flatten", linear("l", 4), "ReLU", SCORES), "narrow", "advice", "fc", ["from 4 numbers", "takes 9"], "Set out_features of l to 40"),
    "one score": (column("Flatten", linear("l", 1)), "classes", "error", "output", ["10 classes", "N×1", "two classes at most"], "Set out_features of l to 10"),
    "nothing learned": (column(brick("a", "AdaptiveAvgPool2d", output_size=[1, 10]), "Flatten"), "nothing to learn", "error", "output", ["here 0"],
                        "Insert a Linear before output"),
    "batch of 1": (column("Flatten", linear("l", 50, bias=False), "BatchNorm1d", "ReLU", SCORES, training={"batch_size": 1}), "batch of one", "error", None,
                   ["batchnorm1d", "1·1 = 1"], "Set batch_size to 64"),
    "batch of 1, pixels": (column(conv("c", bias=False), "BatchNorm2d", "ReLU", *TAIL, training={"batch_size": 1}), "batch of one", "advice", None,
                           ["676 values"], "Set batch_size to 64"),
    "batch too large": (column(*TAIL, training={"batch_size": 5000}), "batch size", "warning", None, ["5,000", "1,437"], "Set batch_size to 64"),
    "fast": (column(*TAIL, training={"optimizer": {"kind": "Adam", "lr": 1.0}}), "learning rate", "advice", None, ["1,000 times"], "Set lr to 0.001"),
    "fast with momentum": (column(*TAIL, training={"optimizer": {"kind": "SGD", "lr": 0.5, "momentum": 0.99}}), "learning rate", "advice", None,
                           ["= 50", "5,000 times"], "Set lr to 0.01"),
    "slow": (column(*TAIL, training={"optimizer": {"kind": "SGD", "lr": 1e-8}}), "learning rate", "advice", None, ["1,000,000 times smaller"], "Set lr to 0.01"),
    "still": (column(*TAIL, training={"optimizer": {"kind": "SGD", "lr": 0.0}}), "learning rate", "warning", None, ["no weight ever moves"], "Set lr to 0.01"),
    "momentum 1": (column(*TAIL, training={"optimizer": {"kind": "SGD", "momentum": 1.0}}), "momentum", "warning", None, ["lr/0"], "Set momentum to 0.9"),
    "decay": (column(*TAIL, training={"optimizer": {"kind": "SGD", "lr": 0.1, "weight_decay": 0.5}}), "weight decay", "advice", None, ["0.05 of a weight"],
              "Set weight_decay to 0.0001"),
    "smoothed away": (column(*TAIL, training={"loss": {"kind": "CrossEntropyLoss", "label_smoothing": 1.0}}), "smoothing", "warning", None, ["1/10"],
                      "Set label_smoothing to 0.1"),
    "endless warm-up": (column(*TAIL, training={"epochs": 20, "warmup": 25.0}), "warm-up", "warning", None, ["25 epochs", "20 of the run", "80%"], "Set warmup to 2"),
    "rising": (column(*TAIL, training={"schedule": {"kind": "CosineAnnealingLR", "eta_min": 0.5}}), "schedule", "warning", None, ["rises", "lr = 0.01"],
               "Set eta_min to 0"),
    "floor above": (column(*TAIL, training={"schedule": {"kind": "ReduceLROnPlateau", "min_lr": 0.2}}), "schedule", "warning", None, ["rises"], "Set min_lr to 0"),
    "clipped away": (column(*TAIL, training={"clipping": {"kind": "Norm", "max_norm": 0.0}}), "clipping", "warning", None, ["nothing is left"], "Set max_norm to 1"),
    "cut away": (column(*TAIL, training={"clipping": {"kind": "Value", "clip_value": 0.0}}), "clipping", "warning", None, ["no weight"], "Set clip_value to 0.5"),
    "long average": (column(*TAIL, training={"epochs": 2, "averaging": {"kind": "EMA", "decay": 0.999}}), "average", "warning", None, ["1,000 steps", "has 46"],
                     "Set decay to 0.783"),
    "zero start": (column(*TAIL, training={"initializer": {"kind": "Normal", "std": 0.0}}), "start", "warning", None, ["begin at 0"], "Set std to 0.01"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_numbers_and_mended(name):
    project, code, severity, node, words, label = MISTAKES[name]
    problem = found(project, code)
    told = f"{problem.says} {problem.because}"
    assert (problem.severity, problem.node) == (severity, node) and all(word in told for word in words), told
    if label is None:
        assert not problem.fixes
        return
    fix = next((fix for fix in problem.fixes if fix.label == label), None)
    assert fix is not None, [fix.label for fix in problem.fixes]
    after = check(apply(project, json.loads(json.dumps(fix.edit))))
    assert mends(check(project), after, problem), [str(other) for other in after.problems]


def test_the_fix_of_a_heavy_linear_says_what_will_be_left():
    project = MISTAKES["heavy"][0]
    for fix in found(project, "heavy").fixes:
        after = apply(project, fix.edit)
        assert f"{check(after).analysis.placed['fc1'].cost[0]:,} parameters instead" in fix.label


def test_strides_that_ate_the_image_are_named_where_the_window_no_longer_fits_and_can_be_made_smaller_there():
    project = column(conv("conv1", stride=3), relu("r1"), conv("conv2", stride=3), relu("r2"), conv("conv3", kernel=5), relu("r3"), *TAIL)
    problem = found(project, "window")
    assert problem.node == "conv3" and "stride 3 in conv1 and 3 in conv2 leave 3×3 here" in problem.because
    labels = [fix.label for fix in problem.fixes]
    assert "Set stride of conv1 to 1" in labels and "Set stride of conv2 to 1" in labels
    for fix in problem.fixes:
        assert not check(apply(project, fix.edit)).errors


def test_a_stride_past_a_window_that_sees_the_whole_image_leaps_over_nothing():
    whole = check(column(conv("c1", 8, 28, stride=40), "ReLU", *TAIL))
    assert "gaps" not in {problem.code for problem in whole.problems}
    assert found(column(conv("c1", 8, 14, stride=20), "ReLU", *TAIL), "gaps").node == "c1"


def test_a_text_that_is_a_number_is_taken_for_it():
    problem = found(column(brick("c", "Conv2d", kernel_size="5", out_channels=4), relu("r"), *TAIL), "value")
    assert problem.sure.edit["params"] == {"kernel_size": 5} and "'5'" in problem.says


def test_a_flatten_in_front_of_a_convolution_is_moved_behind_it():
    project = column("Flatten", conv("c"), "ReLU", SCORES)
    problem = found(project, "rank")
    assert problem.sure.label == "Move flatten down to fc" and not check(apply(project, problem.sure.edit)).problems


def test_branches_of_other_sizes_are_padded_and_of_other_channels_made_as_wide():
    project = column(conv("a"), relu("r"), conv("b"), "Add", relu("r2"), *TAIL, wires=(("r", "add", 1),))
    assert [fix.label for fix in found(project, "spatial").fixes][0] == "Set padding of b to 1"
    wide = column(conv("a"), relu("r"), conv("b", 16, padding=1), "Add", relu("r2"), *TAIL, wires=(("r", "add", 1),))
    assert {"Set out_channels of b to 8", "Project r to 16 channels with a 1×1 Conv2d"} <= {fix.label for fix in found(wide, "channels").fixes}


def test_a_flatten_that_leaves_axes_standing_is_set_back():
    project = column(conv("c"), relu("r"), brick("f", "Flatten", start_dim=2), SCORES)
    fix = found(project, "classes").fixes[0]
    assert fix.label == "Set start_dim of f to 1, end_dim to -1" and not check(apply(project, fix.edit)).problems


def test_a_brick_that_feeds_itself_is_cut_loose():
    project = column(conv("c"), relu("r"), *TAIL, wires=(("c", "c"),))
    problem = found(project, "cycle")
    assert "its own result" in problem.says and problem.sure and not check(apply(project, fix_all(project))).errors


def test_a_branch_that_leads_nowhere_is_said_once_and_removed_whole():
    project = column(conv("c"), relu("r"), *TAIL, extra=(conv("side1"), relu("side2"), conv("side3")), wires=(("c", "side1"), ("side1", "side2"), ("side2", "side3")))
    problem = found(project, "unused")
    assert "3 bricks from side1 to side3" in problem.says
    fix = next(fix for fix in problem.fixes if fix.label == "Remove the branch of 3 bricks")
    assert not check(apply(project, fix.edit)).problems


def test_a_second_output_is_one_problem_whatever_it_is_wired_to():
    for wires in ((), (("c", "second"),)):
        project = column(conv("c"), relu("r"), *TAIL, extra=({"id": "second", "kind": "Output"},), wires=wires)
        assert [problem.code for problem in check(project).problems if problem.node == "second"] == ["ends"] or wires


def test_networks_after_the_first_are_said_to_be_kept():
    record = to_json(column(*TAIL))
    record["networks"]["critic"] = {"nodes": [], "edges": []}
    problem = found(from_json(record), "other networks")
    assert problem.severity == "advice" and "critic is kept" in problem.says and not problem.silenceable


def test_a_muted_brick_is_looked_through():
    project = column("Flatten", linear("fc1", 64), "ReLU", SCORES)
    assert not check(project).problems
    muted = apply(project, {"op": "mute", "ids": ["relu"], "value": True})
    assert found(muted, "no activation").node == "fc"
    assert not check(apply(muted, found(muted, "no activation").sure.edit)).problems


# ---- Networks that people build ----


def residual(norm: bool = True) -> Project:
    def norms(name: str) -> tuple:
        return (brick(name, "BatchNorm2d"),) if norm else ()

    bricks = (conv("stem", 16, padding=1, bias=not norm), *norms("bn0"), relu("r0"), conv("c1", 32, stride=2, padding=1, bias=not norm), *norms("bn1"),
              relu("r1"), conv("c2", 32, padding=1, bias=not norm), *norms("bn2"), brick("add", "Add"), relu("r2"),
              brick("gap", "AdaptiveAvgPool2d", output_size=1), *TAIL)
    shortcut = conv("short", 32, 1, stride=2, bias=False)
    return column(*bricks, extra=(shortcut,), wires=(("r0", "short"), ("short", "add", 1)))


def inception() -> Project:
    branches = (conv("one", 8, 1), relu("one_r"), conv("three_in", 8, 1), relu("three_in_r"), conv("three", 16, padding=1), relu("three_r"),
                conv("five_in", 4, 1), relu("five_in_r"), conv("five", 8, 5, padding=2), relu("five_r"),
                brick("pool", "MaxPool2d", kernel_size=3, stride=1, padding=1), conv("pooled", 8, 1), relu("pooled_r"))
    wires = [("stem_r", "one"), ("one", "one_r"), ("stem_r", "three_in"), ("three_in", "three_in_r"), ("three_in_r", "three"), ("three", "three_r"),
             ("stem_r", "five_in"), ("five_in", "five_in_r"), ("five_in_r", "five"), ("five", "five_r"), ("stem_r", "pool"), ("pool", "pooled"),
             ("pooled", "pooled_r"), ("one_r", "join", 0), ("three_r", "join", 1), ("five_r", "join", 2), ("pooled_r", "join", 3)]
    return column(conv("stem", 16, padding=1), relu("stem_r"), brick("join", "Concat"), brick("gap", "AdaptiveAvgPool2d", output_size=1), *TAIL,
                  extra=branches, wires=tuple(wires))


def unet() -> Project:
    down = (conv("a1", 16, padding=1), relu("a1r"), conv("a2", 16, padding=1), relu("a2r"), brick("p1", "MaxPool2d"), conv("b1", 32, padding=1), relu("b1r"),
            conv("b2", 32, padding=1), relu("b2r"), brick("p2", "MaxPool2d"), conv("m1", 64, padding=1), relu("m1r"), conv("m2", 64, padding=1), relu("m2r"))
    up = (brick("u1", "ConvTranspose2d", out_channels=32), brick("j1", "Concat"), conv("d1", 32, padding=1), relu("d1r"), conv("d2", 32, padding=1), relu("d2r"),
          brick("u2", "ConvTranspose2d", out_channels=16), brick("j2", "Concat"), conv("e1", 16, padding=1), relu("e1r"), conv("e2", 16, padding=1), relu("e2r"),
          brick("gap", "AdaptiveAvgPool2d", output_size=1))
    return column(*down, *up, *TAIL, wires=(("b2r", "j1", 1), ("a2r", "j2", 1)))


def discriminator() -> Project:
    """Radford et al. 2016, arXiv:1511.06434, as a classifier."""
    bricks = (conv("c1", 32, 4, stride=2, padding=1), brick("l1", "LeakyReLU", negative_slope=0.2), conv("c2", 64, 4, stride=2, padding=1, bias=False),
              brick("b2", "BatchNorm2d"), brick("l2", "LeakyReLU", negative_slope=0.2), conv("c3", 10, 7))
    return column(*bricks, "Flatten")


def vgg() -> Project:
    bricks, count = [], 0
    for widths in ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512)):
        for width in widths:
            bricks += [conv(f"c{count}", width, padding=1), relu(f"r{count}")]
            count += 1
        bricks.append(brick(f"p{count}", "MaxPool2d"))
    head = ("Flatten", linear("fc1", 512), relu("ra"), brick("da", "Dropout"), linear("fc2", 512), relu("rb"), brick("db", "Dropout"), SCORES)
    return column(*bricks, *head, shape=(3, 32, 32), data="cifar10")


def mobile() -> Project:
    """Inverted residuals: Sandler et al. 2018, arXiv:1801.04381."""
    def unit(n: int, wide: int, narrow: int, channels: int) -> tuple:
        return (conv(f"e{n}", wide, 1, bias=False), brick(f"be{n}", "BatchNorm2d"), relu(f"re{n}"), conv(f"d{n}", wide, padding=1, groups=wide, bias=False),
                brick(f"bd{n}", "BatchNorm2d"), relu(f"rd{n}"), conv(f"p{n}", narrow, 1, bias=False), brick(f"bp{n}", "BatchNorm2d"))

    return column(conv("stem", 16, padding=1, bias=False), brick("bn", "BatchNorm2d"), relu("r"), *unit(1, 64, 16, 16), *unit(2, 96, 24, 16), conv("last", 128, 1, bias=False),
                  brick("bl", "BatchNorm2d"), relu("rl"), brick("gap", "AdaptiveAvgPool2d", output_size=1), "Flatten", brick("drop", "Dropout", p=0.2), SCORES)


def squeeze() -> Project:
    """Squeeze and excitation: Hu et al. 2018, arXiv:1709.01507."""
    side = (brick("gap", "AdaptiveAvgPool2d", output_size=1), conv("s1", 4, 1), relu("sr"), conv("s2", 32, 1), brick("gate", "Sigmoid"))
    wires = (("r0", "gap"), ("gap", "s1"), ("s1", "sr"), ("sr", "s2"), ("s2", "gate"), ("gate", "mul", 1))
    return column(conv("c0", 32, padding=1), relu("r0"), brick("mul", "Multiply"), conv("c1", 32, stride=2), relu("r1"), brick("g2", "AdaptiveAvgPool2d"), *TAIL,
                  extra=side, wires=wires)


PEACE = {**{name: entry.project for name, entry in FIRST.items()}, "residual": residual(), "residual without norm": residual(norm=False),
         "inception": inception(), "U-Net": unet(), "discriminator": discriminator(), "VGG": vgg(), "MobileNet": mobile(), "squeeze": squeeze(),
         "softmax regression": column(*TAIL), "log-probabilities": column(*TAIL, "LogSoftmax", training={"loss": {"kind": "NLLLoss"}}),
         "factorised": column(conv("stem", 8), relu("r0"), conv("a", 8, kernel=[1, 3]), conv("b", 8, kernel=[3, 1]), relu("r"), *TAIL)}


@pytest.mark.parametrize("name", PEACE)
def test_networks_that_people_publish_are_left_in_peace(name):
    assert not [str(problem) for problem in check(PEACE[name]).problems]


# ---- Codes, silence, and all sure fixes at once ----


def test_every_code_is_documented_and_every_documented_code_has_a_severity():
    assert all(severity in ("error", "warning", "advice") and what for severity, what in CODES.values())
    rules = {rule.code for layer in LAYERS.values() for rule in layer.rules}
    assert rules - {""} <= set(CODES) and {case[1] for case in MISTAKES.values()} <= set(CODES)


@given(randoms)
@profile(max_examples=200)
def test_every_problem_of_a_random_drawing_has_a_documented_code(random):
    for project in (messy_project(random), legal_project(random)):
        assert {problem.code for problem in check(project).problems} <= set(CODES)


def test_advice_is_silenced_on_its_brick_counted_and_brought_back():
    project = MISTAKES["bias"][0]
    before = check(project)
    problem = found(project, "bias before normalisation")
    silent = apply(project, problem.to_json()["silence"])
    report = check(silent)
    assert problem not in report.problems and [other.code for other in report.silenced] == ["bias before normalisation"]
    assert report.to_json()["silenced"][0]["silence"]["value"] is False
    assert check(apply(silent, report.silenced[0].hush)).to_json() == before.to_json()


def test_an_error_cannot_be_silenced():
    project = column(conv("c"), relu("r"), SCORES)
    assert found(project, "image").hush is None
    hidden = apply(project, {"op": "silence", "id": "fc", "code": "image", "value": True})
    assert found(hidden, "image")


def test_all_sure_fixes_are_one_entry_that_undo_takes_back():
    project = column(conv("c1"), conv("c2"), relu("r"), SCORES, "Softmax")
    history = History(project).apply({"op": "fix_all"})
    assert history.names()["undo"] == ["Fix 3 problems"] and not check(history.project).errors
    assert history.undo().project == project
    assert History(history.project).apply({"op": "fix_all"}).past == ()


def test_bricks_that_a_fix_puts_in_cover_no_other():
    nodes = [{**node, "at": [40, 84 * i]} for i, node in enumerate(to_json(column(conv("c1"), conv("c2"), relu("r"), SCORES))["networks"]["network"]["nodes"])]
    record = to_json(column(conv("c1"), conv("c2"), relu("r"), SCORES))
    record["networks"]["network"]["nodes"] = nodes
    mended = History(from_json(record)).apply({"op": "fix_all"}).project
    places = sorted(node.at[1] for node in mended.network.nodes)
    assert all(lower - upper >= 84 for upper, lower in zip(places, places[1:], strict=False)) and len(places) == 8


def test_advice_is_never_mended_unasked():
    for name, (project, _, severity, *_rest) in MISTAKES.items():
        if severity == "advice":
            before = check(project)
            assert all(problem.sure is None for problem in before.problems if problem.severity == "advice"), name


@given(randoms)
@profile(max_examples=250)
def test_a_sure_fix_mends_its_problem_and_makes_no_other(random):
    for project in (messy_project(random), legal_project(random)):
        before = check(project)
        for problem in before.problems:
            if problem.sure:
                after = check(apply(project, json.loads(json.dumps(problem.sure.edit))))
                assert mends(before, after, problem), f"{problem.sure.label!r} for {problem}: {[str(other) for other in after.problems]}"


@given(randoms)
@profile(max_examples=120)
def test_mending_all_ends_and_makes_nothing_worse(random):
    project = messy_project(random)
    edit = fix_all(project)
    if edit is None:
        return
    after = apply(project, json.loads(json.dumps(edit)))
    assert after != project and len(edit["edits"]) <= MOST and edit["label"].startswith("Fix ")
    known = {(problem.node, problem.code) for problem in check(project).problems if problem.severity == "error"}
    judged = set() if any(placed.shape is None for placed in check(project).analysis.placed.values()) else {node.id for node in project.network.nodes}
    hidden = any(problem.code in ("image", *HIDING) for problem in check(project).problems)
    assert hidden or not [str(p) for p in check(after).errors if p.node in judged and (p.node, p.code) not in known | {("output", "classes")}]
