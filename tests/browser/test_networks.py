"""Whole networks built on the canvas from an empty drawing, by keyboard alone and by mouse alone, with the actions counted."""

from __future__ import annotations

from playwright.sync_api import expect

from builder.catalogue import BATCH
from builder.gallery import ENTRIES
from tests.browser.builders import Keyboard, Mouse

LENET = [("conv 6 5", "conv1"), ("relu", "relu1"), ("maxpool 2", "pool1"), ("conv 16 5", "conv2"), ("relu", "relu2"), ("maxpool 2", "pool2"),
         ("flatten", "flatten1"), ("linear 120", "fc1"), ("relu", "relu3"), ("linear 84", "fc2"), ("relu", "relu4"), ("linear 10", "fc3")]


def test_lenet_by_keyboard_takes_at_most_25_actions(page, server):
    person = Keyboard(page, server)
    person.press("ArrowDown")
    person.press("Enter")
    person.type("CIFAR")
    person.canvas.shape("image", "N×3×32×32")
    person.press("Escape")
    for text, name in LENET:
        person.add(text, name)
    report = person.report()
    assert not report.problems and report.params == ENTRIES["lenet-cifar"].parameters
    assert person.actions <= 25, person.actions
    person.undo_and_redo()


def test_a_residual_block_with_projection_by_keyboard(page, server):
    person = Keyboard(page, server)
    person.draw_only([64, 56, 56])
    for text, name in [("conv 128 3 stride=2 padding=1 bias=false", "conv1"), ("batchnorm", "bn1"), ("relu", "relu1"),
                       ("conv 128 3 padding=1 bias=false", "conv2"), ("batchnorm", "bn2"), ("add", "add1"), ("relu", "relu2")]:
        person.add(text, name)
    person.select("image")
    person.connect("add1")
    person.until_wired("image>add1:1")
    person.select("add1")
    person.mend("Project image")
    expect(person.canvas.brick("conv3")).to_have_count(1)
    report = person.report()
    assert not report.errors and report.analysis.shape("output") == (BATCH, 128, 28, 28)
    assert report.params == 64 * 128 * 9 + 128 * 128 * 9 + 2 * 2 * 128 + 64 * 128
    person.undo_and_redo()


def test_an_inception_block_by_keyboard(page, server):
    """Szegedy et al. 2014, arXiv:1409.4842, table 1, module 3a without its activations."""
    person = Keyboard(page, server)
    person.draw_only([192, 28, 28])
    person.add("conv 64 1", "conv1")
    person.add("concat", "concat1")
    branches = [[("conv 96 1", "conv2"), ("conv 128 3 padding=1", "conv3")], [("conv 16 1", "conv4"), ("conv 32 5 padding=2", "conv5")],
                [("maxpool 3 stride=1 padding=1", "pool1"), ("conv 32 1", "conv6")]]
    for branch in branches:
        person.press("Escape")
        for text, name in branch:
            person.add(text, name)
        person.connect("concat1")
        person.until_wired(f"{branch[-1][1]}>concat1:{branches.index(branch) + 1}")
        person.select("image")
        person.connect(branch[0][1])
        person.until_wired(f"image>{branch[0][1]}")
    report = person.report()
    assert not report.errors and report.analysis.shape("output") == (BATCH, 64 + 128 + 32 + 32, 28, 28)
    assert report.params == 192 * 64 + 64 + 192 * 96 + 96 + 96 * 128 * 9 + 128 + 192 * 16 + 16 + 16 * 32 * 25 + 32 + 192 * 32 + 32
    person.undo_and_redo()


def test_a_three_level_u_net_by_keyboard(page, server):
    """Ronneberger et al. 2015, arXiv:1505.04597, figure 1, with three levels and padded convolutions."""
    person = Keyboard(page, server)
    person.draw_only([1, 64, 64])
    for text, name in [("doubleconv 16", "double1"), ("maxpool 2", "pool1"), ("doubleconv 32", "double2"), ("maxpool 2", "pool2"),
                       ("doubleconv 64", "double3"), ("convtranspose 32 2 stride=2", "deconv1"), ("concat", "concat1"), ("doubleconv 32", "double4"),
                       ("convtranspose 16 2 stride=2", "deconv2"), ("concat", "concat2"), ("doubleconv 16", "double5"), ("conv 2 1", "conv1")]:
        person.add(text, name)
    for early, joint in (("double2", "concat1"), ("double1", "concat2")):
        person.select(early)
        person.connect(joint)
        person.until_wired(f"{early}>{joint}:1")
    report = person.report()
    assert not report.errors and report.analysis.shape("output") == (BATCH, 2, 64, 64)


def test_lenet_by_mouse_takes_at_most_25_actions(page, server):
    person = Mouse(page, server)
    person.pick("image")
    person.choose("Data", "cifar10")
    person.canvas.shape("image", "N×3×32×32")
    for kind, name, values in [("Conv2d", "conv1", {"out_channels": 6, "kernel_size": 5}), ("ReLU", "relu1", {}), ("MaxPool2d", "pool1", {}),
                               ("Conv2d", "conv2", {"out_channels": 16, "kernel_size": 5}), ("ReLU", "relu2", {}), ("MaxPool2d", "pool2", {}),
                               ("Flatten", "flatten1", {}), ("Linear", "fc1", {"out_features": 120}), ("ReLU", "relu3", {}),
                               ("Linear", "fc2", {"out_features": 84}), ("ReLU", "relu4", {}), ("Linear", "fc3", {"out_features": 10})]:
        person.add(kind, name)
        for field, value in values.items():
            person.drag_number(field, value)
    report = person.report()
    assert not report.problems and report.params == ENTRIES["lenet-cifar"].parameters
    assert person.actions <= 25, person.actions


def draw_only(person: Mouse) -> None:
    """Colour images of 32 by 32, and no task."""
    person.pick("image")
    person.choose("Data", "cifar10")
    person.canvas.shape("image", "N×3×32×32")
    person.choose("Task", "none")


def test_a_residual_block_with_projection_by_mouse(page, server):
    person = Mouse(page, server)
    draw_only(person)
    for kind, name, values in [("Conv2d", "conv1", {"stride": 2, "padding": 1}), ("BatchNorm2d", "bn1", {}), ("ReLU", "relu1", {}),
                               ("Conv2d", "conv2", {"padding": 1}), ("BatchNorm2d", "bn2", {}), ("Add", "add1", {}), ("ReLU", "relu2", {})]:
        person.add(kind, name)
        for field, value in values.items():
            person.drag_number(field, value)
    person.fit()
    person.wire("image", "add1", 1)
    person.pick("add1")
    person.click(person.canvas.panel().get_by_role("button", name="Project image"))
    expect(person.canvas.brick("conv3")).to_have_count(1)
    report = person.report()
    assert not report.errors and report.analysis.shape("output") == (BATCH, 32, 16, 16)


def test_an_inception_block_by_mouse(page, server):
    person = Mouse(page, server)
    draw_only(person)
    person.add("Conv2d", "conv1")
    person.drag_number("kernel_size", 1)
    person.add("Concat", "concat1")
    for port, (name, size) in enumerate([("conv2", 3), ("conv3", 5)], start=1):
        person.drop_right_of("Conv2d", "conv1" if port == 1 else "conv2", name)
        person.until_wired(f"image>{name}")
        person.drag_number("kernel_size", size)
        person.drag_number("padding", size // 2)
        person.wire(name, "concat1", port)
    report = person.report()
    assert not report.errors and report.analysis.shape("output") == (BATCH, 96, 32, 32)


def test_a_three_level_u_net_by_mouse(page, server):
    person = Mouse(page, server)
    draw_only(person)
    for kind, name, values in [("DoubleConv", "double1", {"out_channels": 16}), ("MaxPool2d", "pool1", {}), ("DoubleConv", "double2", {"out_channels": 32}),
                               ("MaxPool2d", "pool2", {}), ("DoubleConv", "double3", {"out_channels": 64}),
                               ("ConvTranspose2d", "deconv1", {"kernel_size": 2, "stride": 2}), ("Concat", "concat1", {}),
                               ("DoubleConv", "double4", {"out_channels": 32}),
                               ("ConvTranspose2d", "deconv2", {"out_channels": 16, "kernel_size": 2, "stride": 2}), ("Concat", "concat2", {}),
                               ("DoubleConv", "double5", {"out_channels": 16}), ("Conv2d", "conv1", {"out_channels": 2, "kernel_size": 1})]:
        person.add(kind, name)
        for field, value in values.items():
            person.drag_number(field, value)
    person.fit()
    person.wire("double2", "concat1", 1)
    person.wire("double1", "concat2", 1)
    report = person.report()
    assert not report.errors and report.analysis.shape("output") == (BATCH, 2, 32, 32)
    person.undo_and_redo()
