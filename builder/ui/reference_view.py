"""One layer's reference page, from its catalogue entry alone."""

from __future__ import annotations

import re

import streamlit as st

from builder.catalogue import BATCH, Layer, Param, Shape, show
from builder.catalogue.expressions import written
from builder.catalogue.params import LARGEST

from .frame import esc

# Input shapes on which a layer's example is worked out: the first that it accepts.
EXAMPLES: tuple[Shape, ...] = ((BATCH, 16, 28, 28), (BATCH, 320))


def matches(layer: Layer, wanted: str) -> bool:
    """Does the search text stand in the layer's name, category or summary?"""
    return all(word in f"{layer.kind} {layer.category} {layer.summary}".lower() for word in wanted.lower().split())


def allowed(param: Param) -> str:
    """What a parameter may be, in few words."""
    low, high = getattr(param, "min", None), getattr(param, "max", None)
    match param.type:
        case "choice":
            return ", ".join(param.choices)
        case "bool":
            return "true or false"
    words = {"int": "whole number", "float": "number", "ints": "whole numbers"}[param.type]
    if getattr(param, "axes", 1) == 2:
        words = "whole number, or height and width"
    bounds = "" if low is None else f"at least {low:g}" if high is None or high >= LARGEST else f"{low:g} to {high:,g}"
    return ", ".join(part for part in (words, bounds, "may be empty" if getattr(param, "optional", False) else "") if part)


def rows(layer: Layer) -> list[dict[str, str]]:
    """The parameter table."""
    return [{"parameter": param.name, "default": _default(param.default), "allowed": allowed(param), "meaning": param.doc}
            for param in layer.params]


def _default(value: object) -> str:
    return "empty" if value is None else "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


def worked(layer: Layer) -> tuple[list[Shape], Shape, tuple[str, ...], tuple[int, int], str] | None:
    """Input shapes, output shape, formula lines, cost and sentence of the layer with its defaults on an example."""
    for shape in EXAMPLES:
        inputs = [shape] * max(layer.inputs[0], 1 if layer.inputs[1] != 0 else 0)
        inference = layer.infer(inputs, {})
        if inference.shape is not None:
            return inputs, inference.shape, inference.steps, layer.cost(inference), layer.explain(inference)
    return None


def formula(layer: Layer) -> str:
    """The length formula in names, as it is with the layer's defaults."""
    env = {**layer.resolved(layer.values({})), "L": EXAMPLES[0][2]}
    return written(layer.length, env)


def line_by_line(step: str) -> str:
    """A worked formula with a line for its names, one for its numbers and one for the result."""
    name, *parts = step.split(" = ")
    return f"{name} = " + f"\n{' ' * len(name)} = ".join(parts) if len(parts) > 1 else step


def layer_page(layer: Layer) -> None:
    """Summary, shapes, a worked example, parameters, rules and source."""
    st.header(layer.kind, anchor=False)
    st.write(esc(layer.summary))
    st.subheader("Shape", anchor=False)
    st.code(layer.pattern, language=None)
    example = worked(layer)
    if layer.length:
        st.caption("Each spatial length L becomes")
        st.code(formula(layer), language=None, wrap_lines=True)
    if example:
        _example(*example)
    if layer.params:
        st.subheader("Parameters", anchor=False)
        st.table(rows(layer), hide_index=True, border="horizontal")
    if layer.inferred:
        st.caption(f"Read off the incoming shape, never typed: {', '.join(layer.inferred)}.")
    if layer.rules:
        st.subheader("Rules", anchor=False)
        st.code("\n".join(rule.holds for rule in layer.rules), language=None, wrap_lines=True)
    st.subheader("Source", anchor=False)
    _sources(layer.source)


def _example(inputs: list[Shape], output: Shape, steps: tuple[str, ...], cost: tuple[int, int], sentence: str) -> None:
    st.caption(f"With its defaults, {' and '.join(map(show, inputs)) or 'nothing'} gives {show(output)}")
    if steps:
        st.code("\n".join(map(line_by_line, steps)), language=None, wrap_lines=True)
    st.caption(f"{cost[0]:,} parameters, {cost[1]:,} multiply-adds a sample. {esc(sentence)}")


def _sources(text: str) -> None:
    """The references; addresses become links. The text stands in the catalogue, no user wrote it."""
    for part in text.split("; "):
        address = re.search(r"https://\S+", part)
        paper = re.search(r"arXiv:(\S+)", part)
        link = address[0] if address else f"https://arxiv.org/abs/{paper[1]}" if paper else ""
        st.markdown(f"[{esc(part)}]({link})" if link else esc(part))
