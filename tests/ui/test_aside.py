"""The process beside the server: it is started when asked, and whatever it does, the asker gets an answer or a reason."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from builder.ui.aside import Aside, AsideError
from tests.helpers import until

ECHO = "import json, sys\nprint('{}', flush=True)\nfor line in sys.stdin: print(json.dumps({'got': json.loads(line)}), flush=True)"
SILENT = "import sys\nprint('{}', flush=True)\nfor line in sys.stdin: pass"
DEAF = "import threading\nprint('{}', flush=True)\nthreading.Event().wait()"


@pytest.fixture
def make(tmp_path):
    made = []

    def one(code: str, **more) -> Aside:
        made.append(Aside([sys.executable, "-c", code], tmp_path / "log.txt", **more))
        return made[-1]

    yield one
    for aside in made:
        aside.stop()


def test_it_answers_one_request_after_the_other_in_one_process_of_a_session_of_its_own(make):
    aside = make(ECHO)
    assert aside.pid is None
    assert aside.ask({"n": 1}, 30) == {"got": {"n": 1}}
    first = aside.pid
    assert aside.ask({"text": "é\n" * 50_000}, 30)["got"]["text"][:2] == "é\n"
    assert aside.pid == first and os.getsid(first) == first != os.getsid(0)


def test_an_answer_that_does_not_come_is_given_up_and_the_next_request_gets_a_new_process(make):
    aside = make(SILENT)
    with pytest.raises(AsideError, match="longer than 0.05 s"):
        aside.ask({}, 0.05)
    assert aside.pid is None


def test_a_process_that_does_not_even_read_is_given_up(make):
    with pytest.raises(AsideError, match="longer than"):
        make(DEAF).ask({"text": "x" * 5_000_000}, 0.3)


@pytest.mark.parametrize(("code", "why"), [("raise SystemExit(3)", "ended"), ("print('[1', flush=True); input()", "could not be read"),
                                           ("print('x' * 2_000_000, flush=True); input()", "too long")])
def test_a_process_that_dies_or_talks_nonsense_is_a_reason_in_words(make, code, why):
    with pytest.raises(AsideError, match=why):
        make(code).ask({}, 30)


def test_a_command_that_is_not_there_is_a_reason_in_words(tmp_path):
    with pytest.raises(AsideError, match="could not be used"):
        Aside([str(tmp_path / "none")], tmp_path / "log.txt").ask({}, 1)


def test_a_killed_process_is_started_again(make):
    aside = make(ECHO)
    aside.ask({}, 30)
    first = aside.pid
    os.kill(first, signal.SIGKILL)
    until(lambda: aside.pid is None, 10, "it is gone")
    assert aside.ask({"again": True}, 30) == {"got": {"again": True}} and aside.pid != first


def test_kill_from_another_thread_ends_a_request_that_waits(make):
    aside, said = make(SILENT), []
    waits = threading.Thread(target=lambda: said.append(pytest.raises(AsideError, aside.ask, {}, 60)))
    waits.start()
    until(lambda: aside.pid, 30, "it has started")
    aside.kill()
    waits.join(30)
    assert said and not waits.is_alive()


def test_it_ends_with_its_server_even_when_that_is_killed(tmp_path):
    code = f"""if True:
        import os, signal, sys
        from pathlib import Path
        from builder.ui.aside import Aside
        aside = Aside([sys.executable, "-c", {ECHO!r}], Path({str(tmp_path / 'log.txt')!r}))
        aside.ask({{}}, 30)
        print(aside.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    until(lambda: gone(int(done.stdout)), 20, "the process ends")


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Killed with nobody to wait for it, in a container without an init process.
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"
