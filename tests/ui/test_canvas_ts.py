"""The TypeScript of the canvas: it type-checks, its own tests pass, and its edits do what Python's do."""

from __future__ import annotations

import json
import random
import re
import subprocess
from collections.abc import Iterator

import pytest

from builder.catalogue import LAYERS, catalogue_json
from builder.graph import EditError, apply
from builder.ui import bundle
from tests.first_networks import FIRST
from tests.ui.edits import random_edit

SOURCES = sorted((bundle.FRONTEND / "src").rglob("*.ts*"))


@pytest.fixture(scope="module")
def node() -> str:
    """The Node executable, with the packages of the lock file installed."""
    bundle.install()
    return str(bundle.node())


def run(*command: str, text: str = "") -> str:
    """Output of a command in the package folder; its output is the failure message when it fails."""
    done = subprocess.run(command, cwd=bundle.FRONTEND, input=text, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_the_typescript_type_checks(node: str) -> None:
    run(node, "node_modules/typescript/bin/tsc", "--noEmit")


def test_the_typescript_tests_pass(node: str) -> None:
    assert int(re.search(r"pass (\d+)", run(node, "--test", "src/**/*.test.ts"))[1]) > 40


def sessions(count: int, length: int) -> Iterator[tuple[dict[str, object], list[dict[str, object]], dict[str, object]]]:
    """Documents, edits that Python takes, and the documents it makes of them."""
    for seed in range(count):
        rng = random.Random(seed)
        project = start = rng.choice([entry.project for entry in FIRST.values()])
        edits = []
        while len(edits) < length:
            edit = random_edit(rng, project)
            try:
                project = apply(project, edit)
            except EditError:
                continue
            edits.append(edit)
        yield start.network.to_json(), edits, project.network.to_json()


def plain(document: dict[str, object]) -> dict[str, object]:
    """A document without what does not matter: the order of wires, port 0 and output 0 written out, empty parameters."""
    nodes = [{**node, "params": node.get("params") or {}} for node in document["nodes"]]
    wires = sorted([wire["target"], wire.get("port", 0), wire["source"], wire.get("output", 0)] for wire in document["edges"])
    return {"nodes": nodes, "wires": wires}


def test_the_browser_makes_of_every_edit_what_python_makes_of_it(node: str) -> None:
    cases = list(sessions(150, 20))
    question = {"catalogue": catalogue_json(), "cases": [{"document": document, "edits": edits} for document, edits, _ in cases]}
    answers = json.loads(run(node, "tools/replay.ts", text=json.dumps(question)))
    for (_, edits, wanted), answer in zip(cases, answers, strict=True):
        assert plain(answer) == plain(json.loads(json.dumps(wanted))), json.dumps(edits)


def test_the_typescript_names_no_layer() -> None:
    words = {"Input", "Output", "Max", "Mean", "Min", "Noise", "Step", "Sum"}  # ordinary words too
    kinds = re.compile(rf"[\"'`]({'|'.join(sorted(set(LAYERS) - words))})[\"'`]")
    assert [(path.name, kinds.findall(path.read_text())) for path in SOURCES if kinds.search(path.read_text())] == []


@pytest.mark.parametrize("forbidden", [r"\.innerHTML\b", r"dangerouslySetInnerHTML", r"\bany\b(?=[>\[\];,)])", r"\beval\(", r"insertAdjacentHTML", r"@ts-ignore"])
def test_the_typescript_is_free_of(forbidden: str) -> None:
    assert [path.name for path in SOURCES if re.search(forbidden, path.read_text())] == []


def test_pure_modules_do_not_import_react() -> None:
    hooks = {"context.ts", "useFlow.ts", "useConnecting.ts", "useView.ts", "useClipboard.ts", "useDesk.ts", "useScrub.ts", "useTyped.ts",
             "useKeptFocus.ts"}
    pure = [path for path in SOURCES if path.suffix == ".ts" and path.name not in hooks]
    assert [path.name for path in pure if re.search(r"^import (?!type).*from \"(react|@xyflow/react)", path.read_text(), re.MULTILINE)] == []


def test_components_stay_short() -> None:
    assert [(path.name, n) for path in SOURCES if path.suffix == ".tsx" and (n := len(path.read_text().splitlines())) > 150] == []


def test_no_brick_that_comes_into_sight_has_the_whole_workspace_styled_again() -> None:
    # :has() of an element is looked at again whenever anything comes or goes inside it, and the canvas brings bricks in and out with every frame of a pan.
    rules = (bundle.FRONTEND / "src/canvas/styles.css").read_text()
    assert ".bw[data-panel" in rules and not re.findall(r"(?:\.bw|\.pane|\.react-flow\w*)(?:\[[^\]]*\])?:has\(", rules)
