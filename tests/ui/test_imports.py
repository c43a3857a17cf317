"""Imports aside: how one goes on and ends, and the lists of models."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from builder.gallery import ENTRIES
from builder.graph import dumps
from builder.ui import imports as aside
from builder.ui.child import MOST_SAID
from builder.ui.imports import ImportBusy, Imports, Names
from tests.helpers import until

# A stand-in for the command line: `import SOURCE -o FILE ...` and `models LIBRARY --json`.
HEAD = """if True:
    import json, os, pathlib, signal, subprocess, sys, threading
    arguments = sys.argv[1:]
    file = pathlib.Path(arguments[arguments.index("-o") + 1]) if "-o" in arguments else None
    def tell(**what): print(json.dumps(what), flush=True)
"""
FOREVER = HEAD + "    tell(says='Working', progress=0.5)\n    threading.Event().wait()\n"


@pytest.fixture
def make(tmp_path):
    made = []

    def one(code: str, **more) -> Imports:
        made.append(Imports(tmp_path / "imports", [sys.executable, "-c", code], **more))
        return made[-1]

    yield one
    for one in made:
        one.cancel()


def ended(imports: Imports):
    return until(lambda: not imports.job.running and imports.job, 30, "the import ends")


def test_a_model_becomes_a_project_and_nothing_is_left_behind(make, tmp_path):
    text = dumps(ENTRIES["lenet-cifar"].project)
    imports = make(HEAD + f"    tell(progress=0.25, says='Recording')\n    file.write_text({text!r})\n    print('chatter')\n    tell(arguments=arguments, difference=1e-7)\n")
    imports.begin("torchvision:lenet", 32, True)
    job = ended(imports)
    assert job.state == "done" and job.project == ENTRIES["lenet-cifar"].project and job.result["difference"] == 1e-7
    assert (job.says, job.share, job.name) == ("Recording", 0.25, "lenet")
    given = job.result["arguments"]
    assert given[:2] == ["import", "torchvision:lenet"] and given[4:] == ["--json", "--input", "3x32x32", "--weights", "DEFAULT"]
    until(lambda: not list((tmp_path / "imports").iterdir()), 10, "its folder goes")
    imports.forget(job)
    assert imports.job is None


def test_a_refusal_is_the_sentence_of_the_command_line(make):
    imports = make(HEAD + "    print('Traceback', file=sys.stderr)\n    print('brickwork: swin_t: roll is not a brick', file=sys.stderr)\n"
                          "    print('a late warning', file=sys.stderr)\n    sys.exit(1)\n")
    imports.begin("torchvision:swin_t", 224, False)
    job = ended(imports)
    assert (job.state, job.says, job.project) == ("failed", "swin_t: roll is not a brick", None)


@pytest.mark.parametrize(("code", "says"), [
    ("    sys.exit(3)\n", "status 3"), ("    pass\n", "cannot be read"), ("    file.write_text('{')\n", "cannot be read"),
    ("    file.write_bytes(b'x' * 11_000_000)\n", "cannot be read"), ("    os.kill(os.getpid(), signal.SIGKILL)\n", "status -9"),
    ("    print('x' * 5000, file=sys.stderr); sys.exit(1)\n", "x" * MOST_SAID),
])
def test_whatever_the_process_does_the_import_ends_with_a_reason(make, code, says):
    imports = make(HEAD + code)
    imports.begin("timm:some", 224, False)
    job = ended(imports)
    assert job.state == "failed" and says in job.says and len(job.says) < 1000


def test_lines_that_say_nothing_useful_change_nothing(make):
    imports = make(HEAD + "    for line in ('[1]', '7', '{', '{\"progress\": \"x\", \"says\": 3}', '{\"progress\": 40}', '\\\\xff' * 9): print(line)\n    sys.exit(1)\n")
    job = imports.begin("timm:some", 224, False)
    says = job.says
    imports.job.heard(b'{"says": 7, "progress": true}')
    assert job.says == says and ended(imports).share == 1.0


def test_one_at_a_time_and_a_cancelled_one_ends_with_all_that_it_started(make, tmp_path):
    child = f"    other = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()'])\n    pathlib.Path({str(tmp_path / 'pids')!r}).write_text(f'{{os.getpid()}} {{other.pid}}')\n"
    imports = make(HEAD + child + "    tell(says='Working')\n    threading.Event().wait()\n")
    job = imports.begin("torchvision:resnet50", 224, False)
    until(lambda: job.says == "Working", 30, "it works")
    with pytest.raises(ImportBusy, match="resnet50 is being imported"):
        imports.begin("torchvision:vgg16", 224, False)
    imports.forget(job)
    assert imports.job is job
    imports.cancel()
    assert job.state == "cancelled"
    for pid in (tmp_path / "pids").read_text().split():
        until(lambda: gone(int(pid)), 10, f"{pid} ends")
    assert imports.begin("torchvision:vgg16", 224, False).running


def gone(pid: int) -> bool:
    """Has the process ended, if only as far as nobody has asked for its status?"""
    try:
        os.kill(pid, 0)
    except OSError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_one_that_takes_too_long_is_ended_and_says_so(make):
    imports = make(FOREVER, longest=0.5)
    imports.begin("timm:slow", 224, False)
    job = ended(imports)
    assert job.state == "failed" and "took longer than" in job.says


def test_a_command_that_cannot_be_started_is_told(tmp_path):
    imports = Imports(tmp_path / "imports", [str(tmp_path / "nothing")])
    imports.begin("timm:some", 224, False)
    assert "could not be started: No such file" in ended(imports).says
    (tmp_path / "file").write_text("in the way")
    imports = Imports(tmp_path / "file", [sys.executable])
    imports.begin("timm:some", 224, False)
    assert "could not be started" in ended(imports).says


LISTED = HEAD + "    open(os.environ['COUNT'], 'a').write('x')\n    print(json.dumps([{'name': arguments[1] + '50', 'side': 224}]))\n"


def test_the_models_of_a_library_are_read_once_a_version_and_kept(tmp_path, monkeypatch):
    count = tmp_path / "count"
    monkeypatch.setenv("COUNT", str(count))
    command = [sys.executable, "-c", LISTED]
    names = Names(tmp_path / "models", command)
    assert until(lambda: names.get("torchvision"), 30, "the names are there") == [{"name": "torchvision50", "side": 224}]
    until(lambda: list((tmp_path / "models").glob("torchvision-*.json")), 10, "they are kept")
    assert Names(tmp_path / "models", command).get("torchvision") == [{"name": "torchvision50", "side": 224}] and count.read_text() == "x"
    next((tmp_path / "models").iterdir()).write_text("[{]")
    names = Names(tmp_path / "models", command)
    assert until(lambda: names.get("torchvision"), 30, "a broken list is read anew") and count.read_text() == "xx"


def test_names_that_cannot_be_read_say_why_until_one_tries_again(tmp_path):
    names = Names(tmp_path / "models", [sys.executable, "-c", "import sys; sys.exit('brickwork: timm is not installed')"])
    assert until(lambda: names.get("timm") or names.trouble.get("timm"), 30, "an answer") == "timm is not installed"
    names.again("timm")
    assert names.get("timm") is None and until(lambda: names.trouble.get("timm"), 30, "the same answer") == "timm is not installed"


@pytest.mark.parametrize("text", ["{}", "[1]", "[{}]", '[{"name": 3, "side": 1}]', '[{"name": "x", "side": true}]', "[[[[", json.dumps([{"name": "x"}])])
def test_a_list_of_models_that_is_none_is_refused(text):
    with pytest.raises((ValueError, TypeError)):
        aside.rows(text.encode())


def test_a_library_that_is_not_there_has_no_version():
    assert aside.installed("torchvision") and aside.installed("no-such-library-at-all") is None
