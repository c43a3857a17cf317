"""The figures of a run's tests beside the live view: class by class, and those that accuracy does not tell."""

from __future__ import annotations

import streamlit as st

from builder.charts.history import best
from builder.charts.metrics import by_class, found_by_class, totals
from builder.charts.parts import has_parts, parts_figure
from builder.graph import Project, dataset_of
from builder.runs import Run

from . import data_view
from .answers_view import Samples, answers
from .baselines_view import baselines
from .frame import fold
from .predict_view import predict
from .train_view import follow

REFRESH_SECONDS = 2.0
MOST_ACROSS, MOST_ONE_ROW = 4, 6  # figures in a row, where there are several rows and where there is one
LAST, BEST, TEST = "Last epoch", "Best epoch", "Test part"
MEANS = {"Accuracy": "Share of the samples, or pixels, whose highest score is the true class",
         "Top-5 accuracy": "Share of the samples whose true class is among the five highest scores",
         "Mean IoU": "Mean over the classes of intersection over union: of the pixels that are of the class or were called so, the share that are both",
         "Dice": "Mean over the classes of Dice's coefficient: twice the pixels that are of the class and were called so, over those that are and those that were called so",
         "Loss": "The mean loss of a sample",
         "R²": "The share of the targets' variance that the network explains: 1 is perfect, 0 is what their mean reaches; the mean over the targets",
         "Mean squared error": "The mean over samples and targets of the squared difference",
         "Mean absolute error": "The mean over samples and targets of the difference's size",
         "Mean IoU of the boxes": "Mean over the samples of intersection over union of the box that is told and the true one",
         "mAP": "Mean average precision: the mean over the classes, and over overlaps from 0.5 to 0.95 that a box must have with a true one to count, of the precision at all shares of the "
                "boxes found (COCO's)",
         "mAP at 0.5": "The same at an overlap (intersection over union) of 0.5 alone (Pascal VOC's)",
         "Precision": "Of the boxes with a score of 0.5 and more, the share that overlaps a true one of the class by 0.5 and more",
         "Recall": "Of the true boxes, the share that is found by those",
         "Loss of the boxes": "The part of the loss that is about how far the boxes are from the true ones, with its weight",
         "Loss of objectness": "The part of the loss that is about whether there is a box in a cell, with its weights",
         "Loss of the classes": "The part of the loss that is about what is in the boxes, with its weight",
         "Macro F1": "Mean over the classes of F1, the harmonic mean of precision and recall: small classes count as much as large ones",
         "Calibration error": "How far the network's sureness (the share that softmax gives its answer) and the share of right answers are apart, on average over 15 bins of sureness"}


def panels(project: Project, run: Run | None, can_train: bool, first_samples: Samples) -> None:
    """What stands below the live view: pictures and figures of the run that is shown, and what the project's data is worth without a network."""
    if run:
        answers(run, first_samples)
        fold("Metrics", "metrics_open", ":material/analytics:", metrics, run)
        if run.checkpoint is not None and (dataset := dataset_of(project)) and len(dataset.shape) == 3:
            fold("A picture of your own", "predict_open", ":material/image_search:", predict, run, dataset.task == "detection")
    if can_train and project.task.get("kind") != "detection":
        fold("Baselines", "baselines_open", ":material/leaderboard:", baselines, project, run)


def metrics(run: Run) -> None:
    """Totals and a table of the classes; follows a run that is live."""
    st.fragment(_draw, run_every=REFRESH_SECONDS if run.live else None, key="metrics")(run.id)


def _draw(run_id: str) -> None:
    history = follow(run_id).history
    if not history.tests:
        st.caption("The network is evaluated after every epoch; its figures come then.")
        return
    offered = (LAST, BEST, *((TEST,) if history.asked else ()))
    if st.session_state.get("metrics_of") not in (None, *offered):
        del st.session_state["metrics_of"]
    which = st.segmented_control("Evaluated", offered, default=LAST, key="metrics_of", label_visibility="collapsed", required=True)
    seen = history.asked[-1] if which == TEST and history.asked else best(history) if which == BEST else history.tests[-1]
    figures = totals(seen)
    # More than a row takes stand in several.
    columns = [column for _ in range(0, len(figures), MOST_ACROSS) for column in st.columns(MOST_ACROSS)] if len(figures) > MOST_ONE_ROW else st.columns(max(MOST_ACROSS, len(figures)))
    for column, (name, (value, share)) in zip(columns, figures.items(), strict=False):
        column.metric(name, "–" if value is None else f"{100 * value:.2f} %" if share else f"{value:.4g}", help=MEANS[name])
    if seen.accuracy is None:
        st.caption(f"{seen.split.capitalize()} part, after epoch {seen.epoch}.")
        if found := found_by_class(seen, history.started.classes if history.started else ()):
            st.dataframe({"Class": [row.name for row in found], "AP": [row.ap for row in found], "AP at 0.5": [row.ap_50 for row in found], "Boxes": [row.boxes for row in found]},
                         hide_index=True, width="stretch", column_config={name: st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1) for name in ("AP", "AP at 0.5")})
        if has_parts(history.tests):
            st.markdown(f"**Parts of the {history.part} loss**")
            st.plotly_chart(parts_figure(history.tests, data_view.colours()), key="loss-parts", config={"displayModeBar": False})
        return
    rows = by_class(seen.confusion, history.started.classes if history.started else ())
    st.caption(f"{seen.split.capitalize()} part, after epoch {seen.epoch}. Precision: of what was called so, the share that is. Recall: of what is so, the share that was called so. "
               "Click a column's head to sort.")
    masks = "mean_iou" in seen.figures
    shares = {"Precision": [row.precision for row in rows], "Recall": [row.recall for row in rows], "F1": [row.f1 for row in rows],
              **({"IoU": [row.iou for row in rows]} if masks else {})}
    st.dataframe({"Class": [row.name for row in rows], **shares, "Pixels" if masks else "Samples": [row.samples for row in rows]}, hide_index=True, width="stretch",
                 column_config={name: st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1) for name in shares})
