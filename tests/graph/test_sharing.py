"""Weight sharing, frozen bricks, outputs of training only, whole numbers: the drawing, its edits and the network that it makes."""

from __future__ import annotations

import pytest
import torch

from builder import api
from builder.gallery import ENTRIES
from builder.graph import EditError, Project, apply, check, from_json
from builder.graph.rules.numbers import words
from builder.inspect.sample import noise


def drawn(nodes: list[dict], wires: str, blocks: dict | None = None) -> Project:
    """A project for no task from bricks and wires such as "a>b b>c:1"."""
    edges = []
    for wire in wires.split():
        source, target = wire.split(">")
        target, _, port = target.partition(":")
        edges.append({"source": source, "target": target, **({"port": int(port)} if port else {})})
    return from_json({"type": "brickwork/project", "version": 1, "name": "Drawn", "networks": {"network": {"nodes": nodes, "edges": edges}}, "blocks": blocks or {},
                      "task": {"kind": "none"}})


def brick(name: str, kind: str, params: dict | None = None, **more: object) -> dict:
    return {"id": name, "kind": kind, "params": params or {}, **more}


TOWERS = drawn([brick("left", "Input", {"shape": [6]}), brick("right", "Input", {"shape": [6]}), brick("one", "Linear", {"out_features": 4}),
                brick("two", "Linear", {"out_features": 9}, of="one"), brick("sum", "Add"), brick("output", "Output")],
               "left>one right>two one>sum two>sum:1 sum>output")
HALF = {"Half": {"nodes": [brick("x", "BlockInput"), brick("fc", "Linear", {"out_features": 6}), brick("act", "ReLU"), brick("again", "Linear", of="fc"),
                           brick("out", "BlockOutput")],
                 "edges": [{"source": a, "target": b} for a, b in zip(("x", "fc", "act", "again"), ("fc", "act", "again", "out"), strict=True)]}}
BLOCKS = drawn([brick("image", "Input", {"shape": [6]}), brick("half1", "Half"), brick("half2", "Half", of="half1"), brick("output", "Output")],
               "image>half1 half1>half2 half2>output", HALF)


def test_bricks_that_share_weights_are_one_module_called_again():
    text, report = api.source(TOWERS), check(TOWERS)
    assert text.count("nn.Linear(") == 1 and text.count("self.one(") == 2 and "self.two" not in text
    assert report.params == 6 * 4 + 4 and not report.errors and {row["id"]: row["params"] for row in report.layers}["two"] == 0
    network = api.module(TOWERS)
    assert list(network.state_dict()) == ["one.weight", "one.bias"]
    left, right = torch.randn(3, 6), torch.randn(3, 6)
    assert torch.allclose(network(left, right), network.one(left) + network.one(right))


def test_gradients_of_all_uses_add_up():
    network, (left, right) = api.module(TOWERS), torch.randn(2, 3, 6)
    network(left, right).sum().backward()
    assert torch.allclose(network.one.weight.grad, (left.sum(0) + right.sum(0)).expand(4, 6), atol=1e-5)


def test_blocks_share_as_bricks_do_also_inside():
    network, report = api.module(BLOCKS), check(BLOCKS)
    assert list(network.state_dict()) == ["half1.fc.weight", "half1.fc.bias"] and report.params == 42 and not report.errors
    x, fc = torch.randn(2, 6), network.half1.fc
    assert torch.allclose(network(x), fc(torch.relu(fc(fc(torch.relu(fc(x)))))))


WRONG = {
    "another kind": ([brick("one", "ReLU"), brick("two", "Linear", of="one")], "is a ReLU"),
    "nobody": ([brick("one", "ReLU"), brick("two", "Linear", of="three")], "no brick called three"),
    "itself": ([brick("one", "ReLU"), brick("two", "Linear", of="two")], "so two has no weights"),
    "no weights": ([brick("one", "ReLU"), brick("two", "Add", of="one")], "Add has no weights to share"),
    "another width": ([brick("one", "Linear", {"out_features": 4}), brick("two", "Linear", of="one")], "reads something else than one"),
    "muted": ([brick("one", "Linear", {"out_features": 6}, muted=True), brick("two", "Linear", of="one")], "one is muted"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_shared_is_an_error_with_a_fix_that_removes_it(case):
    bricks, words_of_it = WRONG[case]
    project = drawn([brick("image", "Input", {"shape": [6]}), *bricks, brick("output", "Output")], "image>one one>two two>output")
    found = [problem for problem in check(project).errors if problem.code == "sharing"]
    assert len(found) == 1 and found[0].node == "two" and words_of_it in str(found[0]) and found[0].fixes
    for fix in found[0].fixes:
        assert not [problem for problem in check(apply(project, fix.edit)).errors if problem.code == "sharing"]


def test_an_owner_that_is_not_used_is_said():
    project = drawn([brick("image", "Input", {"shape": [6]}), brick("one", "Linear", {"out_features": 6}), brick("two", "Linear", of="one"), brick("output", "Output")],
                    "image>one image>two two>output")
    assert any("is not used itself" in str(problem) for problem in check(project).errors if problem.code == "sharing")


def test_names_and_parameters_follow_the_owner():
    renamed = apply(TOWERS, {"op": "rename", "id": "one", "to": "tower"})
    assert renamed.network.node("two").of == "tower" and not check(renamed).errors
    wider = apply(TOWERS, {"op": "set", "id": "two", "params": {"out_features": 12}})
    assert wider.network.node("one").params["out_features"] == 12 and check(wider).params == 6 * 12 + 12
    own = apply(TOWERS, {"op": "share", "id": "two", "of": None}).network.node("two")
    assert own.of is None and own.params["out_features"] == 4
    frozen = apply(TOWERS, {"op": "freeze", "ids": ["two"], "value": True})
    assert frozen.network.node("one").frozen and not frozen.network.node("two").frozen
    left = apply(frozen, {"op": "remove", "ids": ["one"]}).network.node("two")
    assert left.of is None and left.params["out_features"] == 4 and left.frozen
    other = apply(TOWERS, {"op": "replace", "id": "two", "kind": "ReLU"}).network.node("two")
    assert other.kind == "ReLU" and other.of is None


def test_a_third_brick_shares_with_the_owner_whoever_was_named():
    project = apply(TOWERS, {"op": "add", "node": brick("three", "Linear", {"out_features": 1})})
    project = apply(project, {"op": "share", "id": "three", "of": "two"})
    assert project.network.node("three").of == "one"
    handed = apply(apply(project, {"op": "add", "node": brick("four", "Linear")}), {"op": "share", "id": "one", "of": "four"})
    assert {handed.network.node(name).of for name in ("one", "two", "three")} == {"four"}


@pytest.mark.parametrize(("edit", "words_of_it"), [
    ({"op": "share", "id": "one", "of": "two"}, "has these weights already"), ({"op": "share", "id": "one", "of": "sum"}, "only bricks of one kind"),
    ({"op": "share", "id": "left", "of": "right"}, "no weights to share"), ({"op": "share", "id": "one", "of": "none"}, "no brick called"),
    ({"op": "make_block", "ids": ["one"]}, "choose both"), ({"op": "make_block", "ids": ["two", "sum"]}, "choose both")])
def test_edits_that_would_part_weights_from_their_owner_are_refused(edit, words_of_it):
    with pytest.raises(EditError, match=words_of_it):
        apply(TOWERS, edit)


def test_bricks_go_into_a_block_with_the_owner_of_their_weights_and_come_out_again():
    made = apply(TOWERS, {"op": "make_block", "ids": ["one", "two", "sum"], "name": "Towers", "node": "towers"})
    assert made.blocks["Towers"].network.node("two").of == "one" and not check(made).errors and check(made).params == 28
    twice = apply(made, {"op": "add", "node": brick("one", "ReLU")})
    out = apply(twice, {"op": "unpack", "id": "towers"})
    [two] = [node for node in out.network.nodes if node.of]
    assert two.id == "two" and two.of == "one1" and out.network.node("one1").kind == "Linear" and check(out).params == 28


def test_a_shared_block_is_taken_apart_only_when_nobody_shares_it():
    for name, said in (("half1", "half2.*uses the weights of 'half1'"), ("half2", "uses the weights of 'half1'")):
        with pytest.raises(EditError, match=said):
            apply(BLOCKS, {"op": "unpack", "id": name})
    alone = apply(apply(BLOCKS, {"op": "share", "id": "half2", "of": None}), {"op": "freeze", "ids": ["half1"], "value": True})
    out = apply(alone, {"op": "unpack", "id": "half1"})
    assert [node.id for node in out.network.nodes if node.frozen] == ["fc", "act"] and out.network.node("again").of == "fc"
    assert check(out).params == 84 and check(out).trainable == 42
    unlinked = apply(BLOCKS, {"op": "unlink", "id": "half2"})
    assert {unlinked.network.node(name).kind for name in ("half1", "half2")} == {"Half2"} and not check(unlinked).errors and check(unlinked).params == 42


def test_frozen_weights_are_written_so_and_counted_apart():
    project = apply(BLOCKS, {"op": "freeze", "ids": ["half2"], "value": True})
    assert check(project).params == 42 and check(project).trainable == 0 and "self.half1.requires_grad_(False)" in api.source(project)
    assert not any(parameter.requires_grad for parameter in api.module(project).parameters())
    inside = apply(BLOCKS, {"op": "freeze", "ids": ["fc"], "value": True, "in": "Half"})
    assert check(inside).trainable == 0 and not any(parameter.requires_grad for parameter in api.module(inside).parameters())
    row = next(row for row in check(project).layers if row["id"] == "half1")
    assert row["frozen"] and row["trainable"] == 0 and row["params"] == 42
    assert apply(project, {"op": "freeze", "ids": ["half1"], "value": False}) == BLOCKS


def test_an_answer_of_training_only_is_left_out_of_evaluation():
    project = drawn([brick("image", "Input", {"shape": [6]}), brick("body", "Linear", {"out_features": 5}), brick("head", "Linear", {"out_features": 3}),
                     brick("aux", "Linear", {"out_features": 2}), brick("output", "Output"), brick("late", "Output", {"when": "training"})],
                    "image>body body>head body>aux head>output aux>late")
    network, x = api.module(project), torch.randn(2, 6)
    assert [tuple(value.shape) for value in network.train()(x)] == [(2, 3), (2, 2)] and network.eval()(x).shape == (2, 3)
    only = apply(project, {"op": "set", "id": "output", "params": {"when": "training"}})
    [problem] = check(only).errors
    assert "nothing leaves the network" in problem.says and all(not check(apply(only, fix.edit)).errors for fix in problem.fixes)


def test_a_backbone_loses_the_answers_of_training_and_what_only_they_need():
    project = drawn([brick("image", "Input"), brick("flat", "Flatten"), brick("body", "Linear", {"out_features": 5}), brick("head", "Linear", {"out_features": 3}),
                     brick("aux", "Linear", {"out_features": 2}), brick("output", "Output"), brick("late", "Output", {"when": "training"})],
                    "image>flat flat>body body>head body>aux head>output aux>late")
    used = apply(project, {"op": "backbone", "source": "cifar10", "freeze": True})
    assert [node.id for node in used.network.nodes] == ["image", "flat", "body", "head", "output"] and not check(used).errors
    assert [node.id for node in used.network.nodes if node.frozen] == ["body"] and check(used).trainable == 5 * 10 + 10
    again = apply(used, {"op": "backbone", "source": "digits"})
    # What was made for colours sees grey as three equal channels of as many pixels, so that the weights of the first layer still fit.
    assert again.data["source"] == "digits" and check(again).params == check(used).params == 3 * 32 * 32 * 5 + 5 + 60
    assert [node.kind for node in again.network.nodes if node.id not in ("image", "flat", "body", "head", "output")] == ["Expand", "Upsample"]
    assert {node.kind for node in apply(again, {"op": "backbone", "source": "cifar10"}).network.nodes} == {node.kind for node in again.network.nodes}


def test_a_backbone_gets_the_pixels_that_its_windows_need():
    used = apply(ENTRIES["alexnet"].project, {"op": "backbone", "source": "cifar10", "freeze": True})
    up = next(node for node in used.network.nodes if node.kind == "Upsample")
    assert up.params["size"] == 224 and not check(used).errors and check(used).trainable == 4096 * 10 + 10
    assert "Upsample" not in {node.kind for node in apply(ENTRIES["resnet18"].project, {"op": "backbone", "source": "cifar10"}).network.nodes}


def test_the_head_of_a_backbone_may_stand_in_a_block():
    block = {"Head": {"nodes": [brick("x", "BlockInput"), brick("fc1", "Linear", {"out_features": 6}), brick("act", "ReLU"), brick("fc2", "Linear", {"out_features": 4}),
                                brick("out", "BlockOutput")],
                      "edges": [{"source": a, "target": b} for a, b in zip(("x", "fc1", "act", "fc2"), ("fc1", "act", "fc2", "out"), strict=True)],
                      "params": [{"name": "classes", "of": [["fc2", "out_features"]]}]}}
    project = drawn([brick("image", "Input"), brick("flat", "Flatten"), brick("first", "Head"), brick("last", "Head", {"classes": 7}), brick("output", "Output")],
                    "image>flat flat>first first>last last>output", block)
    used = apply(project, {"op": "backbone", "source": "mnist", "freeze": True})
    assert not check(used).errors and used.network.node("first").kind == "Head" and used.network.node("first").frozen
    own = used.blocks[used.network.node("last").kind]
    assert used.network.node("last").kind != "Head" and own.network.node("fc1").frozen and not own.network.node("fc2").frozen
    assert check(used).trainable == 6 * 10 + 10


@pytest.mark.parametrize(("nodes", "wires", "words_of_it"), [
    ([brick("image", "Input"), brick("relu", "ReLU"), brick("output", "Output")], "image>relu relu>output", "no Linear and no 1×1 Conv2d"),
    ([brick("image", "Input"), brick("conv", "Conv2d", {"kernel_size": 3}), brick("output", "Output")], "image>conv conv>output", "'conv', a Conv2d"),
    ([brick("image", "Input"), brick("conv", "Conv2d", {"kernel_size": 1}), brick("output", "Output")], "image>conv conv>output", "one score a class is N×10"),
    ([brick("image", "Input"), brick("other", "Input"), brick("sum", "Add"), brick("output", "Output")], "image>sum other>sum:1 sum>output", "one Input, this one has 2")])
def test_what_cannot_be_a_backbone_is_refused_with_the_reason(nodes, wires, words_of_it):
    with pytest.raises(EditError, match=words_of_it):
        apply(drawn(nodes, wires), {"op": "backbone", "source": "digits"})


@pytest.mark.parametrize("edit", [{"source": "imagenet"}, {"source": None}, {"source": "digits", "freeze": "yes"}])
def test_a_backbone_for_nothing_known_is_refused(edit):
    with pytest.raises(EditError):
        apply(TOWERS, {"op": "backbone", **edit})


def test_noise_of_whole_numbers_stays_below_what_is_read():
    assert noise((3, 4), 1).dtype == torch.float32 and words(check(TOWERS).analysis, "left") is None
    ids = noise((50,), 1, 3)
    assert ids.dtype == torch.int64 and ids.min() >= 0 and ids.max() == 2 and torch.equal(ids, noise((50,), 1, 3))
    project = apply(drawn([brick("ids", "Input", {"shape": [5], "dtype": "int64"}), brick("relu", "ReLU"), brick("output", "Output")], "ids>relu relu>output"),
                    {"op": "mute", "ids": ["relu"], "value": True})
    assert words(check(project).analysis, "ids") == 2
    shown = api.preview(project)["bricks"]["ids"]
    assert {shown["min"], shown["max"]} <= {0, 1}


def test_a_brick_has_as_many_outputs_as_its_parameter_says():
    nodes = [brick("image", "Input", {"shape": [6]}), brick("parts", "Chunk", {"chunks": 3, "dim": 1}), brick("again", "Chunk", of="parts"), brick("sum", "Add"),
             brick("output", "Output")]
    project = drawn([node for node in nodes if node["id"] != "again"], "image>parts parts>sum sum>output")
    project = apply(project, {"op": "connect", "source": "parts", "target": "sum", "port": 1, "output": 2})
    with pytest.raises(EditError, match="'parts' has 3 outputs; there is no output 4"):
        apply(project, {"op": "connect", "source": "parts", "target": "sum", "port": 2, "output": 3})
    assert not check(project).errors and api.module(project)(torch.arange(6.0)[None]).tolist() == [[4.0, 6.0]]
    block = apply(project, {"op": "make_block", "ids": ["parts", "sum"], "name": "Folded", "node": "folded"})
    assert torch.equal(api.module(block)(torch.ones(1, 6)), torch.full((1, 2), 2.0))
    fewer = apply(project, {"op": "set", "id": "parts", "params": {"chunks": 2}})
    assert any("parts" in str(problem) for problem in check(fewer).errors)


def test_a_brick_of_several_outputs_shares_its_weights():
    nodes = [brick("image", "Input", {"shape": [5, 6]}), brick("there", "LSTM", {"hidden_size": 6}), brick("back", "LSTM", of="there"), brick("output", "Output"),
             brick("state", "Output")]
    project = drawn(nodes, "image>there there>back back>output")
    project = apply(project, {"op": "connect", "source": "back", "target": "state", "output": 1})
    network = api.module(project)
    assert not check(project).errors and {name.split(".")[0] for name in network.state_dict()} == {"there"}
    x = torch.randn(2, 5, 6)
    assert torch.allclose(network(x)[0], network.there(network.there(x)[0])[0])


def test_words_stay_in_the_smallest_vocabulary_that_reads_them():
    table = {"Words": {"nodes": [brick("x", "BlockInput"), brick("rows", "Embedding", {"num_embeddings": 3, "embedding_dim": 4}), brick("out", "BlockOutput")],
                       "edges": [{"source": "x", "target": "rows"}, {"source": "rows", "target": "out"}]}}
    nodes = [brick("ids", "Input", {"shape": [40], "dtype": "int64"}), brick("many", "Embedding", {"num_embeddings": 9, "embedding_dim": 4}), brick("few", "Words"),
             brick("sum", "Add"), brick("output", "Output")]
    project = drawn(nodes, "ids>many ids>few many>sum few>sum:1 sum>output", table)
    assert not check(project).errors and words(check(project).analysis, "ids") == 3
    shown = api.preview(project)["bricks"]
    assert shown["ids"]["max"] == 2 and shown["output"]["shape"] == [40, 4]


def test_whole_numbers_where_real_ones_are_read_are_an_error_with_a_fix_also_inside_blocks():
    for inside in (False, True):
        nodes = [brick("ids", "Input", {"shape": [6], "dtype": "int64"}), brick("one", "Half" if inside else "Linear"), brick("output", "Output")]
        project = drawn(nodes, "ids>one one>output", HALF if inside else {})
        found = [problem for problem in check(project).errors if problem.code == "numbers"]
        assert [problem.node for problem in found] == ["one"] and "ids gives whole numbers" in found[0].says
        assert not check(apply(project, found[0].fixes[0].edit)).errors
