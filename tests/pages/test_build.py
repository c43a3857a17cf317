"""The Build page, run as a script and through the app: name, files, refusals. The canvas itself is tested in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from builder.gallery import ENTRIES
from builder.graph import dumps, from_json, loads, to_json
from builder.ui.frame import esc
from builder.ui.workspace import workspace

ROOT = Path(__file__).resolve().parents[2]
EVIL = [
    "![x](http://evil)",
    "<script>alert(1)</script>",
    "[a](javascript:x)",
    "**bold** :red[x]",
    "$x^2$",
    "# Title",
    "`code`",
    "a\nb",
    ":material/delete:",
    "<img src=x>",
    "\u202egnp",
    "a\x00b",
    "&lt;b&gt;",
    "y" * 200,
    "漢字 🧱",
]


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception, tab.exception
    return tab


def page() -> AppTest:
    """A fresh browser tab on the page, which must not fail."""
    return looked(AppTest.from_file(str(ROOT / "pages" / "build.py"), default_timeout=60).run())


def button(tab: AppTest, label: str):
    return next(one for one in tab.button if one.label == label)


def upload(tab: AppTest, content: bytes, name: str = "project.json") -> AppTest:
    return looked(tab.file_uploader[0].set_value((name, content, "application/json")).run())


def toasts(tab: AppTest) -> list[str]:
    return [one.value for one in tab.toast]


@pytest.mark.parametrize("file", ["app.py", "pages/build.py"])
def test_the_page_comes_up_with_the_mnist_cnn_and_no_error(file):
    tab = looked(AppTest.from_file(str(ROOT / file), default_timeout=60).run())
    assert tab.text_input(key="project_name").value == "MNIST CNN" and not tab.error and not tab.warning
    assert tab.get("bidi_component") and [one.label for one in tab.get("download_button")] == [
        "Download project (.json)",
        "Download PyTorch (.py)",
    ]


def test_a_new_name_is_kept_and_an_empty_one_is_refused_in_words():
    tab = page()
    looked(tab.text_input(key="project_name").set_value("My net").run())
    assert workspace().project.name == "My net" and workspace().history.names()["undo"] == ["Rename project"]
    looked(tab.text_input(key="project_name").set_value("   ").run())
    assert workspace().project.name == "My net" and tab.text_input(key="project_name").value == "My net"
    assert toasts(tab) == [esc("a project's name has 1 to 80 characters")]


def test_the_code_is_the_source_of_the_drawing():
    tab = page()
    looked(button(tab, "Code").click().run())
    assert "conv1=nn.Conv2d(1, 10, kernel_size=5)" in tab.code[0].value


def test_with_problems_the_code_waits_until_they_are_mended():
    workspace().apply({"op": "remove", "ids": ["flatten"], "rejoin": True})
    tab = page()
    assert button(tab, "Code").disabled
    workspace().apply({"op": "undo"})
    assert not button(looked(tab.run()), "Code").disabled


def test_a_new_drawing_has_an_input_and_an_output_and_the_old_one_stays_on_disk():
    tab = page()
    before = workspace().path
    looked(button(tab, "New drawing").click().run())
    assert [node.kind for node in workspace().project.network.nodes] == ["Input", "Output"] and workspace().path != before
    assert loads(before.read_bytes()) == ENTRIES["mnist-cnn"].project and tab.text_input(key="project_name").value == "Untitled"


def test_a_project_file_is_opened():
    tab = upload(page(), dumps(ENTRIES["lenet-cifar"].project).encode())
    assert workspace().project == ENTRIES["lenet-cifar"].project and toasts(tab) == [esc("Opened LeNet on CIFAR-10")]
    assert tab.text_input(key="project_name").value == "LeNet on CIFAR-10"


SOUND = to_json(ENTRIES["mnist-cnn"].project)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"type": "x"}',
        json.dumps(SOUND | {"version": 9}).encode(),
        b"PK\x03\x04",
        b"[" * 100_000,
        json.dumps(SOUND | {"networks": 3}).encode(),
        json.dumps(SOUND | {"name": "\ud800"}).encode(),
        b'{"type": "brickwork/project", "version": NaN}',
        json.dumps(SOUND | {"type": "![x](http://evil)"}).encode(),
        json.dumps(SOUND | {"networks": {"network": {"nodes": [{"id": "forward", "kind": "ReLU"}]}}}).encode(),
    ],
    ids=lambda content: repr(content)[:30],
)
def test_a_file_that_is_no_project_is_refused_in_words_and_nothing_changes(content):
    tab = upload(page(), content, "![y](http://evil).json")
    (said,) = toasts(tab)
    assert said.startswith(esc("![y](http://evil).json: ")) and "](" not in said and workspace().project == ENTRIES["mnist-cnn"].project
    assert looked(tab.run()).toast == [] or not toasts(tab)


@pytest.mark.parametrize(
    "more",
    [
        {"networks": {"network": {}}},
        {"data": {"source": ["x"]}},
        {"training": {"optimizer": 3, "epochs": "x"}},
        {"task": {}},
        {"training": {}},
        {"networks": {"network": {"nodes": [{"id": "odd", "kind": "Mystery", "params": {"a": {}}}]}}},
        {"about": {"gallery": {"x": []}}},
    ],
)
def test_an_odd_but_readable_file_is_opened_with_its_problems(more):
    upload(page(), json.dumps(SOUND | more).encode())
    assert workspace().project == from_json(SOUND | more)


@pytest.mark.parametrize("name", EVIL)
def test_a_hostile_name_is_shown_as_text_only(name):
    workspace().open(from_json(SOUND | {"name": name, "about": {}}))
    tab = page()
    assert tab.text_input(key="project_name").value == name
    for shown in [*tab.markdown, *tab.caption, *tab.toast]:
        assert "](" not in shown.value.replace("\\]\\(", "") and "<script" not in shown.value and "<img" not in shown.value
    looked(button(tab, "Code").click().run())
    assert all(name not in one.value for one in tab.markdown)


def test_escaped_text_has_no_character_left_that_markdown_reads():
    for text in EVIL:
        rest = esc(text).replace("\\\\", "")
        for i, c in enumerate(rest):
            assert c not in "`*_[]()<>#!$:&\n" or rest[i - 1] == "\\", (text, esc(text))


def test_a_full_disk_is_told_on_the_page(home):
    home.mkdir(parents=True)
    (home / "projects").write_text("in the way")
    tab = page()
    assert "not saved" in tab.warning[0].value and "not saved" in [one.value for one in tab.caption]


def test_two_tabs_show_the_same_project():
    first, second = page(), page()
    looked(first.text_input(key="project_name").set_value("Shared").run())
    assert looked(second.run()).text_input(key="project_name").value == "Shared"
