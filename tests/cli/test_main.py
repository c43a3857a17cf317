"""Exit statuses and one-line errors, whatever is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from builder.catalogue import DATASETS
from builder.cli import doctor, projects, show

COMMANDS = ("gallery", "models", "check", "export", "train", "runs", "doctor", "app")


def one_line(text):
    return text.startswith("brickwork: ") and text.endswith("\n") and text.count("\n") == 1 and "Traceback" not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_listed_with_its_help_and_has_help_of_its_own(brickwork, command):
    assert f"\n    {command} " in brickwork("--help").out
    answer = brickwork(command, "--help")
    assert answer.status == 0 and answer.out.startswith(f"usage: python -m builder {command}")


def test_the_worker_command_is_not_shown_to_people(brickwork):
    assert " work " not in brickwork("--help").out and "'work'" not in brickwork("bogus").err


@pytest.mark.parametrize("arguments", [
    (), ("bogus",), ("check",), ("check", "nothing-of-that-name"), ("check", "/"), ("check", "/nowhere/x.json"), ("check", "mnist-cnn", "--bogus"),
    ("export", "mnist-cnn"), ("export", "mnist-cnn", "--to", "onyx"), ("export", "mnist-cnn", "--to", "json", "-o", "/nowhere/x.json"),
    ("export", "mnist-cnn", "--to", "json", "-o", "/"), ("train",), ("train", "nothing"), ("train", "mnist-cnn", "--set", "training.epochs"),
    ("train", "mnist-cnn", "--set", "=3"), ("train", "mnist-cnn", "--set", "training.epochs=many"), ("train", "mnist-cnn", "--set", "bogus=1"),
    ("runs", "bogus"), ("runs", "show"), ("runs", "show", "last"), ("runs", "stop", "x"), ("runs", "resume", "../x"), ("runs", "list", "x"),
    ("runs", "export", "/etc"), ("work",), ("work", "x"), ("work", "../../etc"),
], ids=" ".join)
def test_bad_usage_is_one_line_on_stderr_and_status_2(brickwork, arguments):
    answer = brickwork(*arguments)
    assert (answer.status, answer.out) == (2, "") and one_line(answer.err), answer


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[]", b"{", b"null", b'{"type": "brickwork/project", "version": 99}', b'{"type": "x"}',
                                     b"[" * 100_000, b'{"type": "brickwork/project", "version": 1, "networks": 3}'], ids=range(9))
def test_an_unreadable_file_is_one_line_on_stderr_and_status_2(brickwork, tmp_path, content):
    file = tmp_path / "project.json"
    file.write_bytes(content)
    for arguments in (("check", file), ("check", file, "--json"), ("export", file, "--to", "python"), ("train", file)):
        answer = brickwork(*arguments)
        assert (answer.status, answer.out) == (2, "") and one_line(answer.err) and str(file) in answer.err, answer


def test_a_run_store_that_cannot_be_read_is_one_line_on_stderr(brickwork, home):
    (home / "runs").mkdir(parents=True)
    (home / "runs" / "runs.db").write_text("not a database, but long enough to look like a file" * 30)
    answer = brickwork("runs")
    assert answer.status == 2 and one_line(answer.err) and "runs.db cannot be used" in answer.err


def test_an_error_nobody_thought_of_is_one_line_unless_a_traceback_is_wanted(brickwork, monkeypatch):
    def broken(arguments):
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(projects, "gallery_row", broken)
    answer = brickwork("gallery")
    assert answer.status == 1 and one_line(answer.err) and "ZeroDivisionError: division by zero" in answer.err
    monkeypatch.setenv("BRICKWORK_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        brickwork("gallery")


def test_a_reader_that_goes_away_early_is_no_error(root):
    command = f"{sys.executable} -m builder check mnist-cnn | true; {sys.executable} -m builder gallery --json | head -c 1"
    done = subprocess.run(["sh", "-c", command], cwd=root, text=True, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == ("[", "")


def test_commands_without_training_do_not_import_torch(root):
    code = ("import sys; from builder.cli import main\n"
            "for line in ('gallery', 'check mnist-cnn', 'export mnist-cnn --to json', 'runs', 'bogus'): main(line.split())\n"
            "sys.exit('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False).returncode == 0


def test_a_terminal_that_knows_little_still_gets_an_answer(root):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for arguments in (["check", "mnist-cnn"], ["check", "mnist-cnn", "--json"]):
        done = subprocess.run([sys.executable, "-m", "builder", *arguments], cwd=root, env=environment, capture_output=True, check=False)
        assert done.returncode == 0 and done.stderr == b""
    assert json.loads(done.stdout)["layers"][0]["output"] == "N×1×28×28"


def test_what_a_file_says_cannot_move_the_terminals_cursor_or_turn_text_around():
    assert show.clean("a\x1b[2Jb\rc\nd\u202ee\u2028f\x9bg") == "a [2Jb c d?e f g"


def test_numbers_that_json_does_not_know_become_null():
    assert show.strict({"a": [float("nan"), 1.5, (float("inf"), 2)]}) == {"a": [None, 1.5, [None, 2]]}


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (7.4, "0:07"), (754, "12:34"), (3723, "1:02:03"), (-3, "0:00")])
def test_durations_are_read_at_a_glance(seconds, words):
    assert show.duration(seconds) == words


def test_the_doctor_names_versions_folders_data_and_what_is_missing(brickwork, home):
    found = brickwork("doctor", "--json").json
    assert found["packages"]["torch"] and found["devices"][-1]["device"] == "cpu"
    assert found["folders"] == {"home": str(home), "projects": str(home / "projects"), "runs": str(home / "runs"), "data": [str(home / "data")]}
    assert {item["name"]: item["found"] for item in found["data"]} == {
        name: None if dataset.module else "built in" for name, dataset in DATASETS.items()}
    assert {"the data set mnist", "the data set cifar10"} <= {item["what"] for item in found["missing"]}
    assert all(item["how"] for item in found["missing"])


def test_the_doctor_says_the_same_to_people_and_how_to_get_what_is_missing(brickwork, monkeypatch):
    assert brickwork("doctor").status == 0
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda name: None if name == "torch" else real(name))
    answer = brickwork("doctor")
    assert answer.status == 1 and "torch (needed)" in answer.out and "pip install torch" in answer.out
