"""One kind's reference page, from its declaration alone: words, formula, a picture of what it does, parameters, rules, source."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from builder.catalogue import Layer, Param, show
from builder.charts import effect as charts
from builder.graph import FrozenDict, Project
from builder.graph.reference import Example, example, formula, kinds, line_by_line, rows

from .frame import esc
from .papers import linked

# What the page is given by its caller: what a kind does to a sample (or None), and a project as a figure.
Effects = Callable[[str, Mapping[str, object]], object]
Draw = Callable[[Project], str]
STATIC = {"staticPlot": False, "displayModeBar": False, "scrollZoom": False}
TOP = 16  # of a slider for a whole number whose declaration knows no bound


def layer_page(layer: Layer, effects: Effects, draw: Draw) -> None:
    """Everything about one kind. The picture is worked out last, when all words are there already."""
    st.header(layer.kind, anchor=False)
    st.write(esc(layer.summary))
    shown = st.container()
    picture = st.container(key="effect")
    if layer.params:
        st.subheader("Parameters", anchor=False)
        st.table(rows(layer), hide_index=True, border="horizontal")
    if layer.inferred:
        st.caption(f"Read off the incoming shape, never typed: {', '.join(layer.inferred)}.")
    if layer.rules:
        st.subheader("Rules", anchor=False)
        st.code("\n".join(rule.holds for rule in layer.rules), language=None, wrap_lines=True)
    if layer.source:
        st.subheader("Source", anchor=False)
        for line in linked(layer.source):
            st.markdown(line)
    with picture:
        given = _tried(layer)
        found = example(layer.kind, given)
    with shown:
        _shape(layer, found)
    with picture:
        if found and not found.troubles:
            _picture(layer, given, found, effects, draw)


def _shape(layer: Layer, found: Example | None) -> None:
    if layer.pattern or layer.length:
        st.subheader("Shape", anchor=False)
    if layer.pattern:
        st.code(layer.pattern, language=None)
    if layer.length:
        st.caption("Each spatial length L becomes")
        st.code(formula(layer), language=None, wrap_lines=True)
    if found is None:
        return
    placed, asked = found.placed, _said(found)
    if found.troubles:
        st.warning(esc(found.troubles[0]), icon=":material/error:")
        return
    outputs = " and ".join(map(show, placed.shapes))
    st.caption(f"With {asked}, {' and '.join(map(show, placed.inputs or ()))} gives {outputs}")
    if placed.inference and placed.inference.steps:
        st.code("\n".join(map(line_by_line, placed.inference.steps)), language=None, wrap_lines=True)
    sentence = layer.explain(placed.inference) if placed.inference and not layer.block else layer.summary
    more = "" if sentence == layer.summary else f" {esc(sentence)}"
    st.caption(f"{placed.cost[0]:,} parameters, {placed.cost[1]:,} multiply-adds a sample.{more}")


def _said(found: Example) -> str:
    given = found.placed.node.params
    return ", ".join(f"{esc(name)} {esc(str(value))}" for name, value in given.items()) if given else "its defaults"


def _tried(layer: Layer) -> dict[str, object]:
    """Controls for what can be tried; the values that differ from the defaults."""
    controls = [param for param in layer.params if _control(param)]
    if not controls or layer.inputs[1] == 0:
        return {}
    st.subheader("Try it", anchor=False)
    given: dict[str, object] = {}
    for left in range(0, len(controls), 4):
        for column, param in zip(st.columns(4), controls[left:left + 4], strict=False):
            with column:
                value = _asked(layer, param)
                if value != param.default:
                    given[param.name] = value
    return given


def _control(param: Param) -> bool:
    """Can a slider, a switch or a list set this?"""
    return param.type in ("bool", "choice") or (param.type in ("int", "float") and isinstance(param.default, int | float))


def _asked(layer: Layer, param: Param) -> object:
    key, doc = f"try-{layer.kind}-{param.name}", esc(param.doc)
    if param.type == "bool":
        return st.toggle(param.name, param.default, key=key, help=doc)
    if param.type == "choice":
        return st.selectbox(param.name, param.choices, param.choices.index(param.default), key=key, help=doc)
    low, high = param.min, param.max
    if param.type == "float":
        return st.number_input(param.name, low, high if high is not None and high < 1e6 else None, param.default, key=key, help=doc, format="%g",
                               step=0.1 if param.default >= 0.1 else param.default or 0.1)
    low = -4 if low is None else low
    return st.slider(param.name, low, min(max(TOP, 2 * param.default), high if high is not None else 10**6), param.default, key=key, help=doc)


def _picture(layer: Layer, given: Mapping[str, object], found: Example, effects: Effects, draw: Draw) -> None:
    """What the kind does: its inside when it is a block, else what it makes of a real digit."""
    st.subheader("Inside" if layer.block else "What it does", anchor=False)
    if layer.block:
        try:
            with st.spinner("Drawing…"):
                image = draw(found.project)
        except ValueError as error:
            st.info(esc(str(error)), icon=":material/info:")
            return
        with st.container(border=True, key="inside", horizontal_alignment="center"):
            st.image(image, alt=f"The bricks inside {layer.kind}", width="content")
        return
    with st.spinner("Trying it on a real digit…"):
        done = effects(layer.kind, FrozenDict(given))
    if done is None:
        return
    if done.curve:
        _chart(charts.curve_figure(*done.curve), f"{layer.kind}: output and derivative over the input", "curve")
    if done.reads:
        st.caption(f"Which cells of a {done.reads.side}×{done.reads.side} image (above, with its padding in grey) four cells of the output (below) depend on")
        padding = given.get("padding", layer.param("padding").default if layer.param("padding") else 0)
        _chart(charts.window_figure(done.reads.side, done.reads.cells, padding if isinstance(padding, int) else 0),
               f"{layer.kind}: the input cells that an output cell reads", "window")
    st.caption("A real sample before and after" + (", as while training" if not done.curve else ""))
    _chart(charts.pictures_figure(done.before, done.after), f"{layer.kind}: a sample before and after", "sample")
    if done.weights:
        st.caption("The matrix of weights that it starts from: a row an output, a column an input")
        _chart(charts.matrix_figure(done.weights), f"{layer.kind}: the matrix of weights", "weights")


def _chart(figure: object, title: str, key: str) -> None:
    figure.update_layout(meta=title)
    st.plotly_chart(figure, key=f"chart-{key}", config=STATIC)


def neighbours(kind: str) -> tuple[str | None, str | None]:
    """The kinds before and after one in the reference."""
    order = list(kinds())
    at = order.index(kind)
    return order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None
