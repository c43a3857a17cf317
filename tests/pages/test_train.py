"""The Train page, run as a script; what its live view is told stands in the component's JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from builder import api
from builder.runs import Store, lock, queue
from builder.train.events import CheckpointSaved, Continued, Evaluated, Noted, Paused, RateChanged, RunEnded, RunStarted, StepEnded
from builder.ui import run_controls, train_view
from builder.ui.workspace import workspace
from tests.pages.tabs import train_page

STARTED = RunStarted("cpu", "A processor", 21_840, 1437, 360, 45, 15, 32, ("0", "1"), 0, 1, "2.15.0")


@pytest.fixture
def store(home):
    with Store() as opened:
        yield opened


@pytest.fixture
def launched(monkeypatch):
    """Runs whose worker would have been started."""
    ids: list[str] = []
    monkeypatch.setattr(train_view, "submit", lambda run_id, store: ids.append(run_id))
    monkeypatch.setattr(train_view, "resume", lambda run_id, store, more=0: (store.reopen(run_id, more), ids.append(run_id)))
    return ids


def page(run_id: str | None = None) -> AppTest:
    """A fresh browser tab on the page, which must not fail."""
    tab = train_page()
    if run_id is not None:
        tab.query_params["run"] = run_id
    return looked(tab.run())


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception
    return tab


def told(tab: AppTest) -> dict[str, object]:
    """What the live view was sent last."""
    return json.loads(tab.get("bidi_component")[0].proto.json)


def button(tab: AppTest, label: str):
    return next(one for one in tab.button if one.label == label)


def labels(tab: AppTest) -> list[str]:
    return [one.label for one in tab.button]


def said(tab: AppTest) -> str:
    return " ".join(one.value for one in [*tab.warning, *tab.error, *tab.markdown]).replace("\\", "")


def step(number: int) -> StepEnded:
    return StepEnded(number, 1, 1 / number, 0.5, 2000.0, number * 0.1)


def trained(store: Store, *ending: object, name: str = "MNIST CNN") -> str:
    """A run of two steps, one evaluation and a checkpoint; without an ending its worker is gone."""
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", name)
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [STARTED, step(1), step(45), Evaluated(1, 45, "test", 0.3, 0.9, ((9, 1), (0, 5))), CheckpointSaved(45, 1, "a"), *ending])
    return run_id


def test_before_the_first_run_the_view_says_what_to_do():
    tab = page()
    assert told(tab)["state"] == "none"
    assert "Press Train" in told(tab)["says"]
    assert "Train" in labels(tab) and told(tab)["task"] == "classification"
    workspace().open(api.gallery("box-cnn"))
    assert told(page())["task"] == "regression"


def test_train_makes_a_run_of_the_project_as_it_is_and_shows_it(store, launched):
    tab = page()
    tab.number_input(key="training.epochs").set_value(3).run()
    looked(button(tab, "Train").click().run())
    (run_id,) = launched
    assert store.project(run_id)["training"]["epochs"] == 3
    assert store.source(run_id) == api.source(workspace().project)
    assert told(tab)["run"] == run_id
    assert tab.query_params["run"] in (run_id, [run_id])
    assert "Stop" in labels(tab) and "Train" not in labels(tab)


def test_a_setting_that_is_changed_is_an_edit_of_the_project_that_can_be_undone():
    tab = page()
    tab.number_input(key="training.optimizer.lr").set_value(0.5).run()
    assert workspace().project.training["optimizer"]["lr"] == 0.5
    workspace().apply({"op": "undo"})
    assert looked(tab.run()).number_input(key="training.optimizer.lr").value == api.gallery("mnist-cnn").training["optimizer"]["lr"]


def test_a_number_that_cannot_be_is_answered_with_its_bound_and_one_wiped_out_stays():
    tab = page()
    before = workspace().project
    tab.number_input(key="training.epochs").set_value(0).run()
    assert [one.value.replace("\\", "") for one in tab.toast] == ["That was not changed: epochs must be at least 1, received 0."] and workspace().project == before
    assert looked(tab.run()).number_input(key="training.epochs").value == 15 and not tab.toast
    tab.number_input(key="training.batch_size").set_value(None).run()
    assert looked(tab).number_input(key="training.batch_size").value == 8 and workspace().project == before


def test_runs_of_one_drawing_are_told_apart_by_their_settings():
    for lr in (0.05, 0.5):
        project = api.with_settings(workspace().project, {"training.optimizer.lr": lr})
        with Store() as runs:
            runs.create(api.to_json(project), api.source(project), project.name)
    listed = said(page())
    assert all(f"SGD with lr {lr}; 15 epochs, batches of 8, seed 0" in listed for lr in (0.05, 0.5))


def test_another_optimiser_brings_its_own_settings():
    tab = page()
    looked(tab.selectbox(key="training.optimizer.kind").select("Adam").run())
    assert workspace().project.training["optimizer"] == {"kind": "Adam"}
    assert {"training.optimizer.lr", "training.optimizer.beta1"} <= {one.key for one in tab.number_input}
    looked(next(one for one in tab.button if one.label.startswith("Back to the recommended")).click().run())
    assert workspace().project.training == api.gallery("mnist-cnn").training


def test_a_data_set_that_is_not_here_cannot_be_trained_on_and_the_recipe_follows_it():
    tab = page()
    looked(tab.selectbox(key="data.source").select("mnist").run())
    assert workspace().project.training == api.gallery("mnist-cnn").recipes["mnist"]
    assert "not on this machine" in said(tab)
    assert "Train" not in labels(tab)
    looked(button(tab, "Use Digits (built in)").click().run())
    assert "Train" in labels(tab)


def test_a_drawing_with_an_error_cannot_be_trained_and_its_fix_is_offered():
    workspace().apply({"op": "set", "id": "fc2", "params": {"out_features": 7}})
    tab = page()
    assert "cannot be trained yet" in said(tab) and "Train" not in labels(tab)
    fix = next(one for one in tab.button if "out" in one.label and "10" in one.label)
    looked(fix.click().run())
    assert "Train" in labels(tab)


def test_a_drawing_for_no_task_is_not_trained_and_the_page_says_what_to_do():
    workspace().apply({"op": "settings", "path": "task.kind", "value": "none"})
    tab = page()
    assert "drawn only" in tab.info[0].value and "Train" not in labels(tab)
    looked(button(tab, "Use classification").click().run())
    assert "Train" in labels(tab)


def test_a_finished_run_is_shown_with_its_points_its_confusion_and_its_end(store):
    run_id = trained(store, RunEnded("completed", 45, "All is done."))
    update = told(page())
    assert (update["run"], update["state"], update["says"]) == (run_id, "completed", "All is done.")
    assert [row[0] for row in update["points"]] == [1, 45]
    assert update["confusion"]["matrix"] == [[9, 1], [0, 5]]
    assert update["header"]["best"] == {"accuracy": 0.9, "figure": None, "epoch": 1}


def test_a_second_update_brings_only_what_the_browser_may_lack(store):
    run_id = trained(store, RunEnded("completed", 45, "All is done."))
    tab = page(run_id)
    assert (told(tab)["base"], len(told(tab)["points"])) == (0, 2)
    assert told(tab.run())["base"] == 0, "the update before the last may not have been drawn"
    assert told(tab.run())["base"] == 2
    assert told(tab)["snapshot"] is None and told(tab)["confusion"] is None


def test_a_browser_that_lacks_something_is_sent_everything(store):
    follow = train_view.Follow(trained(store))
    for _ in range(3):
        follow.refresh(store)
        update = follow.payload(store.get(follow.run_id), stopping=False)
    assert update["base"] == 2
    follow.forget()
    assert follow.payload(store.get(follow.run_id), stopping=False)["base"] == 0


def test_the_address_finds_a_run_in_a_new_tab_and_the_session_finds_it_without_the_address(store):
    first = trained(store, RunEnded("stopped", 45, "Stopped."))
    trained(store, RunEnded("completed", 45, "All is done."))
    tab = page(first)
    assert told(tab)["run"] == first
    del tab.query_params["run"]
    assert told(tab.run())["run"] == first


def test_without_an_address_the_newest_run_of_the_open_project_is_shown(store):
    own = trained(store, RunEnded("stopped", 45, "Stopped."))
    trained(store, RunEnded("stopped", 45, "Stopped."), name="Another project")
    assert told(page())["run"] == own


@pytest.mark.parametrize("address", ["20200101-000000-gone-0000", "../../etc/passwd", "", "x" * 500, "![a](http://example.org/a.png)"])
def test_an_address_of_a_run_that_is_not_there_is_told_plainly(store, address):
    trained(store, RunEnded("stopped", 45, "Stopped."))
    tab = page(address)
    assert not address or "There is no run" in said(tab)
    assert "Train" in labels(tab)


def test_a_run_whose_memory_ran_out_is_offered_with_half_the_batch_and_the_new_run_is_shown(store, launched):
    trained(store, RunEnded("failed", 45, "It failed."))
    assert "Retry with half the batch" not in labels(page())
    run_id = trained(store, RunEnded("out_of_memory", 45, "Memory ran out."))
    tab = page(run_id)
    looked(button(tab, "Retry with half the batch").click().run())
    (again,) = launched
    assert store.project(again)["training"]["batch_size"] * 2 == store.project(run_id)["training"]["batch_size"]
    assert told(tab)["run"] == again and "from the beginning" in tab.toast[0].value


def test_a_killed_worker_is_named_and_its_run_can_be_resumed(store, launched):
    run_id = trained(store)
    tab = page(run_id)
    assert told(tab)["state"] == "killed"
    assert "ended without a word after step 45" in told(tab)["says"]
    looked(button(tab, "Resume").click().run())
    assert launched == [run_id]
    assert told(tab)["state"] == "queued" and told(tab)["says"] == ""


def test_a_finished_run_is_trained_on_for_more_epochs(store, launched):
    run_id = trained(store, RunEnded("completed", 45, "All is done."))
    tab = page(run_id)
    tab.number_input(key=f"more:{run_id}:15").set_value(3).run()
    looked(button(tab, "Train epochs 16 to 18").click().run())
    assert launched == [run_id] and store.project(run_id)["training"]["epochs"] == 18
    assert (store.get(run_id).state, store.get(run_id).epochs) == ("queued", 18) and told(tab)["state"] == "queued"


def test_stop_asks_the_worker_and_says_so_at_once(store):
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    with lock.hold(store.folder(run_id)):
        run = store.claim(run_id)
        store.append(run_id, [STARTED, step(1)])
        tab = page(run_id)
        looked(button(tab, "Stop").click().run())
        assert [control.command for control in store.controls(run_id, run.generation)] == ["stop"]
        assert told(tab)["state"] == "stopping"
        assert button(tab, "Stopping…").disabled


def test_a_run_that_ends_while_stop_is_clicked_is_no_trouble(store):
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [STARTED, step(1)])
        tab = page(run_id)
        store.append(run_id, [RunEnded("completed", 45, "All is done.")])
        looked(button(tab, "Stop").click().run())
    assert [one.value for one in tab.toast] == ["The run had ended by then."] and not tab.error and told(tab)["state"] == "completed"


def commands(store: Store, run) -> list[tuple]:
    return [(control.command, control.value) for control in store.controls(run.id, run.generation)]


def test_a_run_is_paused_and_goes_on_in_place(store):
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    with lock.hold(store.folder(run_id)):
        run = store.claim(run_id)
        store.append(run_id, [STARTED, step(1)])
        tab = page(run_id)
        looked(button(tab, "Pause").click().run())
        assert commands(store, run) == [("pause", None)]
        assert told(tab)["state"] == "pausing" and button(tab, "Pausing…").disabled
        store.append(run_id, [Paused(1, 1)])
        tab = looked(tab.run())
        assert told(tab)["state"] == "paused" and "Pause" not in labels(tab) and "Stop" in labels(tab)
        looked(button(tab, "Resume").click().run())
        assert commands(store, run)[1:] == [("resume", None)]
        store.append(run_id, [Continued(1, 1)])
        tab = looked(tab.run())
        assert told(tab)["state"] == "running" and "Pause" in labels(tab)


def test_the_learning_rate_is_changed_and_a_checkpoint_asked_for_while_it_trains(store):
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    with lock.hold(store.folder(run_id)):
        run = store.claim(run_id)
        store.append(run_id, [replace(STARTED, lr=0.02), step(1)])
        tab = page(run_id)
        (rate,) = [one for one in tab.number_input if one.key.startswith("rate:")]
        assert rate.value == 0.02 and button(tab, "Change").disabled
        rate.set_value(0.004).run()
        looked(button(tab, "Change").click().run())
        looked(button(tab, "Save a checkpoint now").click().run())
        assert commands(store, run) == [("set-lr", 0.004), ("checkpoint", None)]
        store.append(run_id, [RateChanged(7, 1, 0.02, 0.004)])
        tab = looked(tab.run())
        assert told(tab)["marks"] == [[7, 0.004]]
        assert [one.value for one in tab.number_input if one.key.startswith("rate:")] == [0.004]


def test_the_page_says_what_the_run_has_decided_by_itself(store):
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [STARTED, Noted(0, "A step takes 10.00 ms, and 7.00 ms compiled: the network stays *compiled*."), step(1)])
        tab = page(run_id)
        assert [one.value.replace("\\", "") for one in tab.caption if "A step takes" in one.value] == [
            "A step takes 10.00 ms, and 7.00 ms compiled: the network stays *compiled*."]


def test_another_run_can_be_made_while_one_trains_and_waits_in_a_queue_that_can_be_reordered(store, monkeypatch):
    monkeypatch.setattr(queue, "free_memory", lambda: 0)
    first, second = [store.create(api.to_json(api.gallery("mnist-cnn")), "source", name) for name in ("One", "Two")]
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [STARTED, step(1)])
        for waiting in (first, second):
            store.enqueue(waiting, 300_000_000)
        tab = page(run_id)
        looked(button(tab, "Train the project as it is now, too").click().run())
        third = store.waiting()[-1]
        assert store.project(third.id) == api.to_json(workspace().project) and "2 runs before it" in told(tab)["says"]
        looked(tab.button(key=f"Sooner:{second}").click().run())
        assert [run.id for run in store.waiting()] == [second, first, third.id]
        looked(tab.button(key=f"Later:{second}").click().run())
        looked(tab.button(key=f"Cancel:{first}").click().run())
        assert [run.id for run in store.waiting()] == [second, third.id] and store.get(first).state == "stopped"
        assert "300 MB" in said(tab)


def test_a_worker_that_does_not_answer_is_named_and_can_be_ended(store, monkeypatch):
    ended = []
    monkeypatch.setattr(run_controls, "kill", lambda runs, run_id: ended.append(run_id))
    run_id = store.create(api.to_json(api.gallery("mnist-cnn")), "source", "MNIST CNN")
    with lock.hold(store.folder(run_id)):
        store.claim(run_id)
        store.append(run_id, [STARTED, step(1)])
        assert "End the process" not in labels(page(run_id))
        store._update(store._connection, run_id, {"heartbeat": 1.0})
        tab = page(run_id)
        assert "has not answered for" in said(tab)
        looked(button(tab, "End the process").click().run())
        assert ended == [run_id]


def test_a_deleted_run_is_gone_from_the_list_and_the_next_one_is_shown(store):
    kept = trained(store, RunEnded("stopped", 45, "Stopped."))
    gone = trained(store, RunEnded("stopped", 45, "Stopped."))
    tab = page(gone)
    looked(tab.button(key=f"Delete:{gone}").click().run())
    assert [run.id for run in store.list()] == [kept]
    assert told(tab)["run"] == kept


def test_another_run_can_be_opened_from_the_list(store):
    older = trained(store, RunEnded("stopped", 45, "Stopped."))
    trained(store, RunEnded("completed", 45, "All is done."))
    tab = page()
    looked(tab.button(key=f"Open:{older}").click().run())
    assert told(tab)["run"] == older


def test_a_name_with_markdown_in_it_is_shown_as_text(store):
    trained(store, RunEnded("stopped", 45, "Stopped."), name="![x](http://example.org/x.png)")
    workspace().apply({"op": "name", "value": "![y](http://example.org/y.png)"})
    tab = page()
    assert not any("![" in one.value for one in tab.markdown)


def test_times_are_said_as_one_would_say_them():
    day = 1_700_000_000.0
    assert train_view.when(day, day + 60).count(":") == 1
    assert train_view.when(day, day + 86_400).startswith("yesterday ")
    assert train_view.when(day, day + 900 * 86_400).split()[2] == "2023"


def test_a_loss_that_does_not_fit_the_last_layer_is_warned_of_with_its_fix_and_can_be_trained_all_the_same(home):
    workspace().apply({"op": "settings", "path": "training.loss", "value": {"kind": "NLLLoss"}})
    tab = page()
    assert any("NLLLoss expects log" in text.value for text in tab.markdown) and any(button.key == "train" for button in tab.button)
    next(button for button in tab.button if button.label == "Use CrossEntropyLoss").click().run()
    assert workspace().project.training["loss"]["kind"] == "CrossEntropyLoss"
    assert not any("NLLLoss expects" in text.value for text in tab.markdown)


def test_a_schedule_brings_its_settings_and_is_drawn_before_training():
    tab = page()
    assert not tab.get("plotly_chart")
    looked(tab.selectbox(key="training.schedule.kind").select("CosineAnnealingLR").run())
    assert len(tab.get("plotly_chart")) == 1 and "CosineAnnealingLR" in " ".join(one.value for one in tab.caption)
    looked(tab.number_input(key="training.warmup").set_value(2.0).run())
    assert workspace().project.training["warmup"] == 2.0 and "Warm-up 2 epochs" in " ".join(one.value for one in tab.caption).replace("\\", "")
    looked(tab.selectbox(key="training.schedule.kind").select("ReduceLROnPlateau").run())
    assert {"training.schedule.patience", "training.schedule.factor"} <= {one.key for one in tab.number_input}
    assert any("from its validation loss" in one.value for one in tab.caption)


def test_clipping_averages_and_early_stopping_bring_their_settings_and_are_named_above():
    tab = page()
    for section, kind in (("clipping", "Norm"), ("averaging", "EMA"), ("stopping", "EarlyStopping")):
        looked(tab.selectbox(key=f"training.{section}.kind").select(kind).run())
    looked(tab.selectbox(key="training.loss.weight").select("balanced").run())
    looked(tab.checkbox(key="training.deterministic").check().run())
    looked(tab.selectbox(key="training.precision").select("bfloat16").run())
    assert {"training.clipping.max_norm", "training.averaging.decay", "training.stopping.patience"} <= {one.key for one in tab.number_input}
    above = tab.caption[0].value.replace("\\", "")
    assert above.endswith("seed 0; Norm clipping; EMA; EarlyStopping; bfloat16; deterministic; balanced")
    assert workspace().project.training["loss"]["weight"] == "balanced" and "Train" in labels(tab)
    looked(next(one for one in tab.button if one.label.startswith("Back to the recommended")).click().run())
    assert workspace().project.training == api.gallery("mnist-cnn").training
    assert not any(one.label.startswith("Back to the recommended") for one in tab.button)
