"""Composites: declared once each, traced on shapes, never raising for what a user can set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.catalogue import BATCH, LAYERS, CatalogueError, Int
from builder.catalogue.blocks import BLOCK_CATEGORIES, COMPOSITES, REPEAT, Body, Traced, Value, block
from builder.graph.document import id_problem

ALL = pytest.mark.parametrize("composite", COMPOSITES.values(), ids=lambda composite: composite.kind)


@ALL
def test_every_composite_says_what_it_is_and_where_it_comes_from(composite):
    assert composite.category in BLOCK_CATEGORIES and composite.summary.endswith(".") and "\n" not in composite.summary
    assert "arXiv" in composite.source and composite.kind not in LAYERS
    assert all(param.doc and param.check(param.normal(param.default)) is None for param in composite.params)
    assert (REPEAT in composite.params) == (composite.inputs == (1, 1) and composite.outputs == 1)


@ALL
def test_every_composite_can_be_shown_with_its_example(composite):
    traced = composite.trace(composite.example, {})
    assert not traced.problems and len(traced.shapes) == composite.outputs
    names = [*traced.inputs, *(step.name for step in traced.steps), *traced.output_names]
    assert len(set(names)) == len(names) and not [name for name in names if id_problem(name)]
    known = set(traced.inputs)
    for step in traced.steps:
        assert step.kind in LAYERS or step.kind in COMPOSITES
        assert {name for name, _ in step.inputs} <= known, "a brick reads only what was made before it"
        known.add(step.name)
    assert {name for name, _ in traced.outputs} <= known


@ALL
def test_the_canvas_gets_a_composite_in_the_form_of_a_layer_with_named_ports(composite):
    record = composite.to_json()
    assert set(LAYERS["ReLU"].to_json()) <= set(record) | {"scope"} and record["block"] == "catalogue"
    assert record["inputs"] == [len(record["input_names"])] * 2 and record["outputs"] == len(record["output_names"])
    assert [param["name"] for param in record["params"]] == [param.name for param in composite.params]


def odd_params(composite) -> st.SearchStrategy:
    values = st.one_of(st.none(), st.booleans(), st.integers(-3, 40), st.floats(-1, 4), st.sampled_from(["", "ReLU", "SiLU", (1, 2), 10**30]))
    return st.dictionaries(st.sampled_from([*(param.name for param in composite.params), "surprise"]), values)


@ALL
@given(data=st.data())
def test_whatever_a_user_sets_is_traced_or_refused_with_a_reason(composite, data):
    shape = st.lists(st.integers(1, 40), min_size=1, max_size=4).map(lambda sizes: (BATCH, *sizes))
    shapes = data.draw(st.lists(shape, min_size=0, max_size=3))
    given_ = data.draw(odd_params(composite))
    traced = composite.trace(shapes, given_)
    assert isinstance(traced, Traced) and bool(traced.problems) != bool(traced.outputs)
    assert all(problem.says for problem in traced.problems)


def test_a_shortcut_is_projected_only_where_the_shape_changes():
    block_ = COMPOSITES["BasicBlock"]
    assert [step.name for step in block_.trace([(BATCH, 16, 8, 8)], {"out_channels": 16}).steps] == [
        "conv1", "bn1", "relu1", "conv2", "bn2", "add1", "relu2"]
    changed = block_.trace([(BATCH, 16, 8, 8)], {"out_channels": 32, "stride": 2})
    assert changed.shapes == ((BATCH, 32, 4, 4),) and [step.name for step in changed.steps][5:7] == ["shortcut", "shortcut_bn"]


def test_a_problem_of_a_brick_inside_names_it_and_the_drawing_ends_there():
    traced = COMPOSITES["ConvNormAct"].trace([(BATCH, 5, 8, 8)], {"out_channels": 6, "groups": 2})
    assert [problem.says for problem in traced.problems] == ["conv: 5 input channels do not split into 2 groups"]
    assert [step.name for step in traced.steps] == ["conv"] and traced.outputs == ()
    inside = COMPOSITES["InvertedResidual"].trace([(BATCH, 5)], {})
    assert inside.problems[0].says.startswith("expand: conv: Conv2d expects 4 axes")


def test_the_arms_of_a_u_net_meet_at_odd_sizes():
    down, up = COMPOSITES["UNetDown"], COMPOSITES["UNetUp"]
    for sizes in ((8, 8), (9, 8), (8, 9), (15, 15), (2, 3)):
        across = (BATCH, 4, *sizes)
        (deep,) = down.trace([across], {"out_channels": 8}).shapes
        assert up.trace([deep, across], {"out_channels": 4}).shapes == ((BATCH, 4, *sizes),)


def test_wrong_declarations_are_errors_and_leave_nothing_behind():
    given_ = {"category": "Residual blocks", "source": "", "example": ((2, 3),)}
    with pytest.raises(CatalogueError, match="twice"):
        block(**given_)(renamed("BasicBlock"))
    for name, changed in (("ReLU", {}), ("Fresh", {"category": "Misc"}), ("Fresh", {"params": (Int("width", 1, "w"),)}), ("Fresh", {"keys": ("a",)})):
        with pytest.raises(CatalogueError):
            block(**{**given_, **changed})(renamed(name))
        assert "Fresh" not in COMPOSITES


def renamed(name: str):
    def body(g, x):
        """Nothing."""
        return x

    body.__name__ = name
    return body


def test_two_bricks_of_one_body_cannot_share_a_name_and_unknown_kinds_are_errors():
    g, x = Body(("x", "output")), Value(("x", 0), (2, 3))
    for name in ("x", "output"):
        with pytest.raises(CatalogueError, match=name):
            g.ReLU(x, name=name)
    with pytest.raises(CatalogueError, match="Mystery"):
        g.Mystery(x)
