"""The Reference page: every layer of the catalogue, found by search, by link and from the canvas."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from builder.compile.diagram import dot
from builder.graph.reference import example, kinds, line_by_line
from builder.ui.frame import esc

ROOT = Path(__file__).resolve().parents[2]
LAYERS = kinds()
ENDS = [kind for kind, layer in LAYERS.items() if layer.scope]
# A page takes half a second: one kind of every form is looked at here; that every kind has words, an example and a picture is tested beneath
# the page (tests/cli/test_reference.py, tests/compile/test_effect.py).
FORMS = {(layer.category, layer.inputs, bool(layer.params), bool(layer.length)): kind for kind, layer in reversed(LAYERS.items())}
SHOWN = [kind for kind in LAYERS if kind in {*FORMS.values(), "Conv1d", "Conv3d", "Embedding", "LSTM", "Einsum", "Chunk", "Constant", "FFT2", "Log"}]


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception, tab.exception
    return tab


def page(layer: str | None = None, **state: str) -> AppTest:
    tab = AppTest.from_file(str(ROOT / "pages" / "reference.py"), default_timeout=60)
    if layer is not None:
        tab.query_params["layer"] = layer
    for name, value in state.items():
        tab.session_state[name] = value
    return looked(tab.run())


@pytest.mark.parametrize("kind", SHOWN)
def test_every_layer_has_its_page_with_summary_shape_parameters_and_source(kind):
    tab, layer = page(kind), LAYERS[kind]
    assert (
        tab.header[0].value == kind
        and esc(layer.summary) in [one.value for one in tab.markdown]
        and (layer.pattern or layer.block)
        and (not layer.pattern or layer.pattern in [one.value for one in tab.code])
    )
    assert not layer.source or any(esc(part) in one.value for one in tab.markdown for part in layer.source.split("; "))
    if layer.params:
        assert [row[0] for row in tab.table[0].value.to_numpy()] == [param.name for param in layer.params]


def test_the_worked_example_has_the_formula_with_numbers():
    worked = next(one.value for one in page("Conv2d").code if one.value.startswith("H_out"))
    assert "      = (28 + 2 * 0 - 1 * (3 - 1) - 1) // 1 + 1\n      = 26\n" in worked


def test_all_layers_are_listed_and_search_narrows_by_name_category_and_summary():
    tab = page()
    assert sorted(tab.radio[0].options) == sorted(LAYERS)
    looked(tab.text_input[0].set_value("pool").run())
    assert {"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d"} <= set(tab.radio[0].options) and "Linear" not in tab.radio[0].options
    assert tab.header[0].value in tab.radio[0].options
    looked(tab.text_input[0].set_value("residual connection").run())
    assert tab.radio[0].options == ["Add"] and tab.header[0].value == "Add"


@pytest.mark.parametrize("text", ["zzz", "![x](http://evil)", "<script>", "\\", "((", "[", "*" * 300, "漢"])
def test_a_search_that_finds_nothing_says_so_and_the_next_one_works(text):
    tab = page()
    looked(tab.text_input[0].set_value(text).run())
    assert not tab.radio and "No layer" in " ".join(one.value for one in tab.caption)
    assert len(looked(tab.text_input[0].set_value("").run()).radio[0].options) == len(LAYERS)


def test_choosing_a_layer_shows_it():
    tab = page()
    looked(tab.radio[0].set_value("Softmax").run())
    assert tab.header[0].value == "Softmax"


@pytest.mark.parametrize("layer", ["Nothing", "", "![x](http://evil)", "../..", "conv2d"])
def test_a_link_to_no_layer_shows_the_first(layer):
    assert page(layer).header[0].value in LAYERS


def test_the_layer_asked_for_on_the_canvas_is_shown():
    assert page(reference="GroupNorm").header[0].value == "GroupNorm"


def test_the_page_is_reached_through_the_app():
    tab = looked(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run())
    assert looked(tab.switch_page("pages/reference.py").run()).radio


def test_a_worked_formula_stands_on_a_line_for_names_one_for_numbers_and_one_for_the_result():
    assert line_by_line("H_out = (H - 2) // 2 + 1 = (28 - 2) // 2 + 1 = 14").splitlines() == [
        "H_out = (H - 2) // 2 + 1",
        "      = (28 - 2) // 2 + 1",
        "      = 14",
    ]
    assert line_by_line("20 * 4 * 4 = 320") == "20 * 4 * 4 = 320"


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    st.cache_data.clear()


@pytest.mark.parametrize("kind", [kind for kind in SHOWN if kind not in ENDS])
def test_every_kind_has_a_picture_of_what_it_does(kind):
    tab = page(kind)
    charts, blocks = tab.get("plotly_chart"), LAYERS[kind].block
    assert bool(charts) != bool(blocks) and ("Inside" if blocks else "What it does") in [one.value for one in tab.subheader]


def test_a_block_is_shown_inside_and_where_graphviz_is_missing_the_page_says_how_to_get_it(no_dot):
    assert 'subgraph "cluster brick/"' in dot(example("BasicBlock").project)
    tab = page("BasicBlock")
    assert any("apt install graphviz" in one.value for one in tab.info)


def test_an_activation_has_a_curve_and_a_window_layer_has_its_window():
    assert [one.key for one in page("ReLU").get("plotly_chart")] != [one.key for one in page("MaxPool2d").get("plotly_chart")]


def test_a_parameter_that_is_tried_changes_the_formula_and_a_value_that_cannot_be_is_explained():
    tab = page("Conv2d")
    looked(tab.slider(key="try-Conv2d-kernel_size").set_value(5).run())
    assert any("(28 + 2 * 0 - 1 * (5 - 1) - 1) // 1 + 1\n      = 24" in one.value for one in tab.code)
    looked(tab.slider(key="try-Conv2d-groups").set_value(7).run())
    assert any("do not split" in one.value for one in tab.warning) and not tab.get("plotly_chart")


def test_next_and_back_turn_the_pages():
    tab = page("Conv2d")
    after = next(one for one in tab.button if one.key == "after")
    looked(after.click().run())
    assert tab.header[0].value == after.label != "Conv2d" and after.label in tab.query_params["layer"]
    looked(next(one for one in tab.button if one.key == "before").click().run())
    assert tab.header[0].value == "Conv2d"
