"""A picture of one's own on the Train page: looked at by a process of its own, and what was seen in it shown."""

from __future__ import annotations

import base64
import io
import json
import sys

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from builder.ui import predict_view
from builder.ui.child import Jobs
from builder.ui.frame import esc
from tests.helpers import until
from tests.pages.tabs import finished_run, train_page

# Prints a row with what it was asked and the size of the file that it was given, as `predict RUN FILE --json` would.
SEES = """import json, sys
from pathlib import Path
*options, run, file = sys.argv[2:]
row = json.loads(%r)
print(json.dumps({**row, "file": " ".join(options), "width": Path(file).stat().st_size}))
"""


def png() -> str:
    stream = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


CLASSES = {"task": "classification", "classes": [{"class": "3", "share": 0.75}, {"class": "8", "share": 0.25}], "png": png()}
BOXES = {"task": "detection", "boxes": [{"class": "dog", "score": 0.5, "left": 1.2, "top": 2.0, "right": 3.0, "bottom": 4.4}], "png": png()}


@pytest.fixture
def run(home) -> str:
    return finished_run()


def page() -> AppTest:
    tab = train_page()
    tab.session_state["predict_open"] = True
    return looked(tab.run())


def looked(tab: AppTest) -> AppTest:
    assert not tab.exception, tab.exception
    return tab


def asked(server: Jobs, monkeypatch) -> AppTest:
    """The page once a picture was given and looked at."""
    monkeypatch.setattr(predict_view, "looking", lambda where: server)
    tab = page()
    assert tab.button(key="predict").disabled
    tab.file_uploader(key="predict-file").upload("../three.png", b"12345", "image/png")
    tab.checkbox(key="predict-invert").check()
    tab.selectbox(key="predict-fit").select("pad")
    looked(looked(tab.run()).button(key="predict").click().run())
    until(lambda: not server.busy(), 60, "the picture was looked at")
    return looked(tab.run())


@pytest.mark.parametrize(("row", "columns"), [
    (CLASSES, {"Class": ["3", "8"], "Probability": [0.75, 0.25]}),
    (BOXES, {"Class": ["dog"], "Score": [0.5], "Left": [1], "Top": [2], "Right": [3], "Bottom": [4]}),
    ({"task": "regression", "targets": [{"target": "x", "value": 1.5}], "png": png()}, {"Target": ["x"], "Value": [1.5]}),
    ({**CLASSES, "task": "segmentation"}, {"Class": ["3", "8"], "Share of the pixels": [0.75, 0.25]})])
def test_what_was_seen_in_a_picture_is_shown(row: dict, columns: dict, run, monkeypatch):
    server = Jobs([sys.executable, "-c", SEES % json.dumps(row)])
    tab = asked(server, monkeypatch)
    [told] = server.of(run).rows
    assert told["file"] == "--checkpoint=best --fit=pad --invert --json --" and told["width"] == 5
    assert columns in [{name: list(values) for name, values in table.value.to_dict("list").items()} for table in tab.dataframe] and len(tab.get("image")) == 1


def test_why_a_picture_cannot_be_looked_at_is_said_as_text(run, monkeypatch):
    tab = asked(Jobs([sys.executable, "-c", SEES % json.dumps({"says": "it is ![x](http://evil) no picture"}) + "sys.exit(1)"]), monkeypatch)
    assert esc("It is ![x](http://evil) no picture.") in tab.warning[-1].value
    tab = asked(Jobs([sys.executable, "-c", "import sys; sys.exit('brickwork: the run is gone')"]), monkeypatch)
    assert esc("The run is gone.") in tab.warning[-1].value
