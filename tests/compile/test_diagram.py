"""A drawing as a text for graphviz: every brick, every wire, and nothing that a document says is taken for more than words."""

from __future__ import annotations

import re
import stat
import sys
from pathlib import Path
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import settings as profile

from builder.compile.diagram import FONT, Look, dot, quoted
from builder.compile.palette import THEMES
from builder.compile.picture import FORMATS, NoGraphviz, PictureError, picture
from builder.gallery import ENTRIES
from builder.graph import apply, from_json, to_json
from builder.ui import bundle
from tests.graph.drawings import messy_project, randoms

MNIST = ENTRIES["mnist-cnn"].project
RESIDUAL = {"nodes": [{"id": "x", "kind": "BlockInput"}, {"id": "conv", "kind": "Conv2d", "params": {"out_channels": 16, "padding": 1}},
                      {"id": "sum", "kind": "Add"}, {"id": "y", "kind": "BlockOutput"}],
            "edges": [{"source": "x", "target": "conv"}, {"source": "conv", "target": "sum"}, {"source": "x", "target": "sum", "port": 1},
                      {"source": "sum", "target": "y"}]}


def with_blocks(**params: object):
    """An Input, a Conv2d with 16 channels, an instance of an own residual block, an Output."""
    nodes = [{"id": "image", "kind": "Input"}, {"id": "stem", "kind": "Conv2d", "params": {"out_channels": 16}},
             {"id": "block", "kind": "Residual", "params": params}, {"id": "output", "kind": "Output"}]
    wires = [{"source": "image", "target": "stem"}, {"source": "stem", "target": "block"}, {"source": "block", "target": "output"}]
    return from_json(to_json(MNIST) | {"networks": {"network": {"nodes": nodes, "edges": wires}}, "blocks": {"Residual": RESIDUAL}})


def brick(text: str, name: str) -> str:
    """The line of a brick."""
    (line,) = [line for line in text.splitlines() if line.startswith(f'    "{name}" [')]
    return line


def test_every_brick_and_every_wire_stands_in_it_with_shape_and_parameters():
    text = dot(MNIST)
    assert "<B>Conv2d</B>&#160;10, 5×5<BR/>" in brick(text, "conv1") and "conv1 · 260 parameters" in brick(text, "conv1")
    assert '    "relu2" -> "flatten" [label=" N×20×4×4 "]' in text.splitlines()
    assert text.count(" -> ") == len(MNIST.network.edges)
    assert "21,840 parameters · 480,500 multiply-adds" in text and "Convolution" in text and "Merge" not in text


def test_equal_drawings_give_equal_texts_and_every_look_another():
    looks = [Look(), Look(theme="dark"), Look(direction="lr"), Look(shapes=False), Look(title=False), Look(legend=False)]
    assert len({dot(MNIST, look) for look in looks}) == len(looks) and dot(MNIST) == dot(from_json(to_json(MNIST)))
    assert "N×20×4×4" not in dot(MNIST, Look(shapes=False)) and "480,500" not in dot(MNIST, Look(legend=False))


def test_an_opened_block_is_a_box_around_its_bricks_and_a_collapsed_one_is_one_brick():
    opened, shut = dot(with_blocks(repeat=3)), dot(with_blocks(repeat=3), Look(collapsed=True))
    assert 'subgraph "cluster block/"' in opened and "<B>Residual</B></FONT>" not in shut and "<B>×3</B>" in opened and "<B>×3</B>" in shut
    for wire in ('"stem" -> "block/x"', '"block/x" -> "block/conv"', '"block/x" -> "block/sum"', '"block/conv" -> "block/sum"', '"block/sum" -> "output"'):
        assert wire in opened
    assert '"stem" -> "block"' in shut and '"block" -> "output"' in shut and "block/" not in shut and "peripheries=2" in brick(shut, "block")
    assert "label=<<B>+</B>>" in brick(opened, "block/sum")


def test_a_composite_of_the_catalogue_opens_with_a_box_for_every_run_of_equal_copies():
    nodes = [{"id": "image", "kind": "Input"}, {"id": "stage", "kind": "BasicBlock", "params": {"out_channels": 32, "stride": 2, "repeat": 3}},
             {"id": "output", "kind": "Output"}]
    wires = [{"source": "image", "target": "stage"}, {"source": "stage", "target": "output"}]
    text = dot(from_json(to_json(MNIST) | {"networks": {"network": {"nodes": nodes, "edges": wires}}}))
    assert text.count("subgraph") >= 3 and 'subgraph "cluster stage/"' in text and 'subgraph "cluster stage1/"' in text


def test_a_muted_brick_is_dashed():
    text = dot(apply(MNIST, {"op": "mute", "ids": ["relu1"], "value": True}))
    assert "dashed" in brick(text, "relu1") and "muted" in brick(text, "relu1")


def test_a_drawing_with_errors_is_drawn_too_and_says_where_they_are():
    text = dot(apply(MNIST, {"op": "set", "id": "image", "params": {"shape": [1, 8, 8]}}))
    assert THEMES["light"].error in brick(text, "conv2") and '"conv2" -> "pool2" [label=" ? "]' in text
    assert THEMES["light"].error not in brick(text, "conv1")


def test_no_text_ends_its_string_or_becomes_markup():
    assert quoted('a"b\\\nc\x00') == '"a\\"b\\\\ c "'
    hostile = from_json(to_json(MNIST) | {"name": '"]; evil [image="x'})
    hostile = from_json(_with_kind(to_json(hostile), '\\"]; evil -> worse; <IMG SRC="evil"/></B>> &lt;'))
    text = dot(hostile)
    assert "evil" not in _labels_removed(text) and "<IMG" not in text and "&lt;IMG" in text


def test_the_colours_are_those_of_the_canvas():
    style = (bundle.FRONTEND / "src" / "canvas" / "styles.css").read_text()
    light, dark = style.split('.bw[data-theme="dark"] {', 1)
    for theme, text in (("light", light), ("dark", dark)):
        for category, colour in THEMES[theme].categories.items():
            found = re.search(rf"--{category.lower().replace(' ', '-')}: (#[0-9a-f]{{6}});", text)
            assert found and found[1] == colour, (theme, category)


def test_bold_faces_and_fallbacks_have_the_same_metrics():
    assert FONT.split(",")[:3] == ["Helvetica", "Arial", "Liberation Sans"] and f'fontname="{FONT}"' in dot(MNIST)


def _with_kind(record: dict, kind: str) -> dict:
    record["networks"]["network"]["nodes"][3]["kind"] = kind
    return record


def _labels_removed(text: str) -> str:
    """The text without its strings and labels, read as `dot` reads them: a backslash keeps the next character of a string, <> nest."""
    out, i, inside, depth = [], 0, False, 0
    while i < len(text):
        c = text[i]
        if inside and c == "\\":
            i += 1
        elif c == '"' and not depth:
            inside = not inside
        elif inside:
            pass
        elif c == "<":
            depth += 1
        elif c == ">" and depth:
            depth -= 1
        elif not depth:
            out.append(c)
        i += 1
    assert not inside and not depth
    return "".join(out)


@given(randoms)
@profile(max_examples=60)
def test_any_drawing_has_a_diagram(random):
    drawing = messy_project(random)
    text = _labels_removed(dot(drawing, Look(collapsed=True)))
    assert text.count("->") == len(drawing.network.edges) and text.count("{") == text.count("}") == 2
    opened = _labels_removed(dot(drawing))
    assert opened.count("{") == opened.count("}") >= 2


def test_torch_is_not_needed():
    code = "import builder, sys; from builder.compile.diagram import dot; dot(builder.gallery('lenet-cifar'))"
    code += "; assert 'torch' not in sys.modules"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ENTRIES)
def test_the_text_is_the_same_every_time(name):
    assert dot(ENTRIES[name].project) == dot(from_json(to_json(ENTRIES[name].project)))


def test_a_drawing_of_very_many_bricks_keeps_its_blocks_shut(monkeypatch):
    monkeypatch.setattr("builder.compile.diagram.MOST_OPENED", 3)
    assert "subgraph \"cluster block" not in dot(with_blocks()) and "peripheries=2" in brick(dot(with_blocks()), "block")


@pytest.fixture
def fake_dot(tmp_path, monkeypatch):
    """Puts a `dot` that does this into the way of the real one."""

    def put(script: str) -> None:
        program = tmp_path / "dot"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return put


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_is_what_dot_makes_of_the_text_with_no_date_in_it(fake_dot, format):
    fake_dot('echo "$@ $SOURCE_DATE_EPOCH"; cat')
    made = picture(dot(MNIST), format).decode()
    head, text = made.split("\n", 1)
    assert head.startswith(f"-T{format}") and head.endswith(" 0") and text == dot(MNIST)


def test_what_graphviz_cannot_do_is_said_in_one_sentence(fake_dot, monkeypatch, tmp_path):
    fake_dot("echo syntax error >&2; exit 3")
    with pytest.raises(PictureError, match="graphviz cannot draw this: syntax error"):
        picture("digraph {", "svg")
    fake_dot("exec tail -f /dev/null")
    with pytest.raises(PictureError, match="did not finish within 0.2 seconds"):
        picture("digraph {}", "svg", seconds=0.2)
    monkeypatch.setenv("PATH", str(Path(tmp_path, "nothing")))
    with pytest.raises(NoGraphviz, match="apt install graphviz"):
        picture("digraph {}", "svg")
