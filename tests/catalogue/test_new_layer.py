"""Adding a layer is one declaration: palette, form, check, fixes, source, module and reference page follow from it alone."""

import subprocess
import sys
import textwrap

SCRIPT = textwrap.dedent('''
    from builder.catalogue import Layer, catalogue_json, register
    register(Layer(kind="Sinc", category="Activation", call="torch.sinc({0})", pattern="... -> ...",
                   summary="A wave that fades to both sides: sin(πx) / (πx).", source="https://docs.pytorch.org/docs/stable/special.html"))

    import torch
    from streamlit.testing.v1 import AppTest
    import builder
    from builder.graph import apply

    assert catalogue_json()["layers"]["Sinc"]["category"] == "Activation"
    project = builder.gallery("mnist-cnn")
    project = apply(project, {"op": "remove", "ids": ["relu3"], "rejoin": True})
    project = apply(project, {"op": "insert", "node": {"kind": "Sinc"}, "edge": {"source": "fc1", "target": "fc2"}})
    report = builder.check(project)
    assert not report.problems and report.params == 21840
    row = next(row for row in report.layers if row["kind"] == "Sinc")
    assert row["id"] == "sinc1" and row["output"] == "N×50", row
    assert "x = torch.sinc(x)" in builder.source(project) and "import torch\\n" in builder.source(project)
    assert builder.module(project)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    page = AppTest.from_file("pages/reference.py", default_timeout=30)
    page.query_params["layer"] = "Sinc"
    page.run()
    assert not page.exception and page.header[0].value == "Sinc"
    print("seen everywhere")
''')


def test_a_new_layer_is_one_declaration(tmp_path):
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "seen everywhere" in done.stdout, done.stderr[-2000:]
