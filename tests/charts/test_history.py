"""The rows that the live view is fed with."""

from dataclasses import replace

import pytest

from builder.charts.gradients import in_words
from builder.charts.history import History, Sent, best, extend, header, payload, points, seconds_left, sent
from builder.train.events import (
    CheckpointSaved,
    EpochEnded,
    Evaluated,
    GradientNorms,
    RateChanged,
    RunEnded,
    RunStarted,
    Snapshot,
    StepEnded,
)

STARTED = RunStarted(device="cpu", device_name="A processor", parameters=26, train_samples=40, test_samples=4, steps_per_epoch=4, epochs=3,
                     batch_size=10, classes=("cat", "dog"), seed=0, threads=1, torch="2.15.0")


def step(number: int, loss: float = 0.5, speed: float = 100.0) -> StepEnded:
    return StepEnded(number, (number - 1) // 4 + 1, loss, 0.75, speed, number * 0.2)


def epoch(number: int, accuracy: float = 0.5) -> list[object]:
    return [EpochEnded(number, 4 * number, 0.4, 0.7, 0.8, 50.0), Evaluated(number, 4 * number, "test", 0.6, accuracy, ((1, 1), (0, 2)))]


def snapshot(number: int) -> Snapshot:
    return Snapshot(number, 1, "conv1", (1, 1, 1, 1), -1.0, 1.0, "AA==")


def history(*events: object) -> History:
    return extend(History(), (STARTED, *events))


def test_rows_are_step_epoch_loss_accuracy_and_speed_from_the_asked_number_on():
    told = history(step(1, 2.3), step(2, 1.23456789), step(5))
    assert points(told, 1) == [[2, 1, 1.23457, 0.75, 100.0], [5, 2, 0.5, 0.75, 100.0]]


def test_events_in_two_portions_give_the_same_history_as_in_one():
    events = [STARTED, step(1), step(2), *epoch(1), snapshot(2), step(5), RunEnded("stopped", 5, "Stopped.")]
    assert extend(extend(History(), events[:3]), events[3:]) == extend(History(), events)


def test_an_update_holds_what_is_new_and_says_what_it_builds_on():
    before = history(step(1), snapshot(1), *epoch(1))
    after = extend(before, [step(5), step(6)])
    update = payload(after, sent(before), run="r")
    assert (update["base"], [row[0] for row in update["points"]]) == (1, [5, 6])
    assert (update["snapshot"], update["snapshotStep"]) == (None, 1)
    assert (update["confusion"], update["confusionEpoch"]) == (None, 1)


def test_a_first_update_holds_everything_but_only_the_last_snapshot_and_confusion():
    update = payload(history(step(1), snapshot(1), *epoch(1), step(5), snapshot(5), *epoch(2)), Sent(), run="r", state="running")
    assert (update["base"], len(update["points"]), len(update["tests"])) == (0, 2, 2)
    assert update["snapshot"]["step"] == 5
    assert update["confusion"] == {"epoch": 2, "step": 8, "matrix": [[1, 1], [0, 2]]}
    assert update["classes"] == ["cat", "dog"]


def test_an_epoch_that_a_run_saved_in_its_evaluation_tells_of_again_is_one_point():
    told = history(step(4), CheckpointSaved(4, 0, "last"), *epoch(1), RunEnded("killed", 4, "Killed."))
    again = extend(told, [replace(STARTED, resumed_at=4), *epoch(1), step(5)])
    assert len(again.epochs) == len(again.tests) == 1


def test_a_resumed_run_forgets_what_came_after_its_checkpoint_and_is_a_new_series():
    told = history(step(2), *epoch(1), step(5), step(6), RunEnded("killed", 6, "Killed."))
    again = extend(told, [replace(STARTED, resumed_at=4), step(5, 0.1)])
    assert [row[0] for row in points(again)] == [2, 5]
    assert again.ended is None
    assert payload(again, run="r")["series"] != payload(told, run="r")["series"]


def test_changes_of_the_learning_rate_are_marked_and_one_behind_the_checkpoint_is_forgotten():
    changed = history(replace(STARTED, lr=0.1), step(1), RateChanged(1, 1, 0.1, 0.01), step(2), RateChanged(2, 1, 0.01, 0.5))
    assert payload(changed)["marks"] == [[1, 0.01], [2, 0.5]] and changed.lr == 0.5
    resumed = extend(changed, [replace(STARTED, resumed_at=1, lr=0.01)])
    assert payload(resumed)["marks"] == [[1, 0.01]] and resumed.lr == 0.01
    assert history(STARTED).lr is None, "a run of a Brickwork that did not tell it"


def test_only_the_part_that_is_watched_counts_as_test_and_other_events_change_nothing():
    told = history(step(1))
    assert extend(told, [Evaluated(1, 4, "train", 0.1, 1.0, ((1,),)), CheckpointSaved(1, 1, "a")]) == told


def test_a_test_that_was_asked_for_stands_beside_what_the_run_is_watched_on():
    watched = replace(STARTED, validation_samples=6)
    told = extend(History(), [watched])
    assert header(told)["part"] == "validation" and header(told)["validationSamples"] == 6 and header(told)["tested"] is None
    asked = Evaluated(1, 4, "test", 0.3, 0.5, ((1, 1), (0, 2)), checkpoint="best")
    told = extend(told, [Evaluated(1, 4, "validation", 0.1, 0.75, ((2, 0), (1, 1))), RunEnded("completed", 4, "Done."), asked])
    assert [test.split for test in told.tests] == ["validation"] and told.asked == (asked,) and told.ended
    assert header(told)["best"] == {"accuracy": 0.75, "figure": None, "epoch": 1} and header(told)["tested"] == {"accuracy": 0.5, "figure": None, "epoch": 1, "checkpoint": "best"}
    assert payload(told, Sent())["confusion"]["matrix"] == [[2, 0], [1, 1]]


def test_a_loss_that_is_not_a_number_is_left_out_of_its_row():
    assert [row[2] for row in points(history(step(1, float("nan")), step(2, float("inf"))))] == [None, None]


def test_before_an_epoch_is_over_time_left_is_the_remaining_samples_by_the_median_speed():
    told = history(step(1, speed=100.0), step(2, speed=1.0), step(3, speed=90.0))
    assert seconds_left(told) == pytest.approx(9 * 10 / 90)


def test_after_an_epoch_time_left_counts_the_pace_of_the_last_epoch_with_its_evaluation():
    assert seconds_left(history(*(step(n) for n in range(1, 7)), *epoch(1))) == pytest.approx(6 * 0.2)


def test_time_left_is_unknown_before_the_first_step_and_after_the_end():
    assert seconds_left(history()) is None
    assert seconds_left(history(step(1), RunEnded("completed", 12, "Done."))) is None


def test_the_best_accuracy_is_the_first_of_the_highest():
    assert best(history(*epoch(1, 0.5), *epoch(2, 0.75), *epoch(3, 0.75))).epoch == 2


def test_the_header_counts_epochs_and_steps():
    numbers = header(history(step(5), step(6), *epoch(1, 0.75)))
    assert (numbers["epoch"], numbers["epochs"], numbers["step"], numbers["steps"]) == (2, 3, 6, 12)
    assert numbers["best"] == {"accuracy": 0.75, "figure": None, "epoch": 1}
    assert (numbers["device"], numbers["deviceName"], numbers["parameters"]) == ("cpu", "A processor", 26)


def test_a_header_before_anything_is_known_has_no_numbers():
    numbers = header(History())
    assert [numbers[name] for name in ("left", "speed", "best", "parameters")] == [None] * 4
    assert numbers["steps"] == 0


def test_what_the_end_says_is_shown_unless_the_store_says_otherwise():
    told = history(step(1), RunEnded("diverged", 1, "The loss is infinite."))
    assert payload(told)["says"] == "The loss is infinite."
    assert payload(told, says="")["says"] == ""


def test_a_run_of_numbers_is_judged_by_its_loss_and_tells_r2_where_others_have_accuracy():
    def seen(number: int, loss: float, r2: float) -> Evaluated:
        return Evaluated(number, number, "test", loss, None, (), {"mse": loss, "r2": r2})

    told = history(StepEnded(1, 1, 0.5, None, 10.0, 1.0), seen(1, 0.4, 0.6), seen(2, 0.2, 0.8), seen(3, 0.3, 0.7))
    assert best(told).epoch == 2 and header(told)["best"] == {"accuracy": None, "figure": 0.8, "epoch": 2}
    assert points(told)[0][3] is None and payload(told)["tests"][1] == [2, 2, 0.2, None, 0.8]
    masks = history(Evaluated(1, 1, "test", 0.4, 0.9, ((8, 1), (1, 0)), {"mean_iou": 0.4, "dice": 0.45}))
    assert payload(masks)["tests"] == [[1, 1, 0.4, 0.9, 0.4]]


def norms(number: int) -> GradientNorms:
    return GradientNorms(number, 1, 0.5, (0.3, 0.4))


def test_gradients_are_sent_whole_when_there_are_newer_ones_and_a_resumed_run_forgets_later_ones():
    first = replace(STARTED, layers=("conv", "fc"))
    before = extend(History(), [first, norms(1), norms(3)])
    assert payload(before)["gradients"] == {"layers": ["conv", "fc"], "rows": [[1, 0.5, 0.3, 0.4], [3, 0.5, 0.3, 0.4]]}
    assert (payload(before, sent(before))["gradients"], payload(before, sent(before))["gradientsStep"]) == (None, 3)
    assert payload(history(step(1)))["gradients"] is None and payload(history(step(1)))["gradientsStep"] == 0
    assert [row.step for row in extend(before, [replace(first, resumed_at=2), norms(4)]).gradients] == [1, 4]


def test_of_many_gradients_few_enough_are_kept_from_the_first_to_the_newest():
    deep = [GradientNorms(number, 1, 1.0, (1.0,) * 99) for number in range(1, 20_001)]
    told = extend(extend(History(), [STARTED, *deep[:7000]]), deep[7000:])
    steps = [row.step for row in told.gradients]
    assert (steps[0], steps[-1]) == (1, 20_000) and 20 <= len(steps) <= 41
    assert max(b - a for a, b in zip(steps, steps[1:], strict=False)) < 20_000 / 10


def test_norms_are_told_in_words():
    row = GradientNorms(1486, 1, 0.5312, (0.2, 0.49))
    assert in_words(row, ("conv1", "fc")) == "0.531 at step 1,486 (conv1 0.2, fc 0.49)"
    assert in_words(replace(row, norms=(0.2, None, 0.4)), ("a", "b", "c"), most=1) == "0.531 at step 1,486 (least a 0.2, most c 0.4)"
    assert in_words(replace(row, total=None, norms=(None, None)), ("conv1", "fc")) == "not finite at step 1,486"
