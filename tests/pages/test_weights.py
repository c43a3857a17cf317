"""The dialog of starting weights on the Build page: a file is fitted by another process, refused in words, and taken out again."""

from __future__ import annotations

import pytest
import torch
from streamlit.testing.v1 import AppTest

from builder import api
from builder.gallery import ENTRIES
from builder.graph import apply
from builder.ui import weights_view
from builder.ui.workspace import workspace
from builder.weights import section


def dialog() -> None:
    """The dialog by itself: an AppTest shuts a page's dialog with its next run."""
    from builder import api
    from builder.ui.weights_view import weights_dialog
    from builder.ui.workspace import workspace

    weights_dialog(workspace(), api.fitting, api.twin)


def shown() -> AppTest:
    tab = AppTest.from_function(dialog, default_timeout=60).run()
    assert not tab.exception, tab.exception
    return tab


def test_a_file_is_fitted_by_another_process_and_said(tmp_path):
    project = ENTRIES["mnist-cnn"].project
    torch.save(api.module(project).state_dict(), tmp_path / "learned.pth")
    weights = weights_view.fitted(project, str(tmp_path / "learned.pth"))
    assert weights["title"] == "learned.pth"
    workspace().open(apply(project, {"op": "weights", "value": weights}))
    tab = shown()
    assert "all 8 tensors fit" in tab.markdown[0].value and not tab.warning
    tab.button(key="weights-fresh").click().run()
    assert not workspace().project.weights and workspace().history.project == project and "fresh weights" in tab.markdown[0].value


def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path):
    (tmp_path / "bad.pth").write_text("hello")
    with pytest.raises(ValueError, match=r"^bad.pth is no file of weights") as caught:
        weights_view.fitted(ENTRIES["mnist-cnn"].project, str(tmp_path / "bad.pth"))
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_on_this_machine_are_said_and_torchvisions_offered():
    workspace().open(apply(ENTRIES["resnet18"].project, {"op": "weights", "value": section("0" * 64, "![x](http://evil)")}))
    tab = shown()
    assert "not on this machine" in tab.warning[0].value and "![x]" not in tab.warning[0].value
    assert tab.button(key="weights-torchvision").label == "Use torchvision's for resnet18"
