"""A drawing as a text for graphviz: every brick, every wire, and nothing that a document says is taken for more than words."""

from __future__ import annotations

import sys
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import settings as profile

from builder.compile.diagram import dot, quoted
from builder.gallery import ENTRIES
from builder.graph import apply, from_json, to_json
from tests.graph.drawings import messy_project, randoms

MNIST = ENTRIES["mnist-cnn"].project


def test_every_brick_and_every_wire_stands_in_it_with_shape_and_parameters():
    text = dot(MNIST)
    assert '    "conv1" [label="conv1\\nConv2d 10, 5×5\\n260 parameters", fillcolor="#e6e8fb"]' in text.splitlines()
    assert '    "relu2" -> "flatten" [label=" N×20×4×4"]' in text.splitlines()
    assert text.count(" -> ") == len(MNIST.network.edges) and text.count("[label=") == len(MNIST.network.nodes) + len(MNIST.network.edges)


def test_a_drawing_with_errors_is_drawn_too_and_says_where_they_are():
    text = dot(apply(MNIST, {"op": "set", "id": "image", "params": {"shape": [1, 8, 8]}}))
    (wrong,) = [line for line in text.splitlines() if line.startswith('    "conv2" [')]
    assert "penwidth" in wrong and '"conv2" -> "pool2" [label=" ?"]' in text
    assert "penwidth" not in next(line for line in text.splitlines() if line.startswith('    "conv1" ['))


def test_no_text_ends_its_string():
    assert quoted('a"b\\', "c\nd\x00") == '"a\\"b\\\\\\nc d "'
    hostile = from_json(to_json(MNIST) | {"name": '"]; evil [image="x'})
    hostile = from_json(_with_kind(to_json(hostile), '\\"]; evil -> worse; "'))
    assert len(_strings_removed(dot(hostile)).split("evil")) == 1


def _with_kind(record: dict, kind: str) -> dict:
    record["networks"]["network"]["nodes"][3]["kind"] = kind
    return record


def _strings_removed(text: str) -> str:
    """The text without its quoted strings, read as `dot` reads them: a backslash keeps the next character."""
    out, inside, i = [], False, 0
    while i < len(text):
        if inside and text[i] == "\\":
            i += 1
        elif text[i] == '"':
            inside = not inside
        elif not inside:
            out.append(text[i])
        i += 1
    assert not inside
    return "".join(out)


@given(randoms)
@profile(max_examples=60)
def test_any_drawing_has_a_diagram(random):
    drawing = messy_project(random)
    text = _strings_removed(dot(drawing))
    assert text.count("->") == len(drawing.network.edges) and text.count("{") == text.count("}") == 1


def test_torch_is_not_needed():
    code = "import builder, sys; from builder.compile.diagram import dot; dot(builder.gallery('lenet-cifar'))"
    code += "; assert 'torch' not in sys.modules"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ENTRIES)
def test_the_text_is_the_same_every_time(name):
    assert dot(ENTRIES[name].project) == dot(from_json(to_json(ENTRIES[name].project)))
