"""`export --to diagram` and `--to link`: a picture where graphviz is installed, else its text and what to do; an address."""

from __future__ import annotations

import pytest

from builder import api
from builder.compile import picture as pictures
from builder.graph.link import link


@pytest.fixture
def drawn(monkeypatch):
    """Stands in for graphviz: what it was asked to draw."""
    asked = []

    def picture(text, format):
        asked.append((text, format))
        return b"picture"

    monkeypatch.setattr(pictures, "picture", picture)
    return asked


@pytest.mark.parametrize("ending", [".svg", ".PDF", ".png"])
def test_the_ending_of_the_file_names_the_picture(brickwork, drawn, tmp_path, ending):
    answer = brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / f"net{ending}")
    text = brickwork("export", "mnist-cnn", "--to", "diagram").out
    assert answer.status == 0 and (tmp_path / f"net{ending}").read_bytes() == b"picture" and drawn == [(text, ending[1:].lower())]


def test_every_look_can_be_asked_for(brickwork, drawn):
    plain = brickwork("export", "mnist-cnn", "--to", "diagram").out
    for options in (["--theme", "dark"], ["--direction", "lr"], ["--no-shapes"], ["--no-title"], ["--no-legend"]):
        assert brickwork("export", "mnist-cnn", "--to", "diagram", *options).out != plain
    assert brickwork("export", "mnist-cnn", "--to", "diagram", "--collapsed").out == plain
    assert brickwork("export", "mnist-cnn", "--to", "diagram", "--theme", "pink").status == 2


@pytest.mark.parametrize("kind", ["python", "json", "link"])
def test_what_only_another_kind_of_export_has_is_refused_in_words(brickwork, kind):
    answer = brickwork("export", "mnist-cnn", "--to", kind, "--no-legend", "--theme", "dark")
    assert answer.status == 2 and answer.out == "" and answer.err == f"brickwork: --theme and --no-legend: only a diagram has those; --to {kind} does not\n"
    assert brickwork("export", "mnist-cnn", "--to", "diagram", "--address", "http://x").err == "brickwork: --address: only a link has that; --to diagram does not\n"


def test_the_ending_of_a_text_gets_the_text(brickwork, drawn, tmp_path):
    brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / "net.dot")
    assert (tmp_path / "net.dot").read_text().startswith('digraph "MNIST CNN" {') and not drawn


def test_an_ending_that_no_diagram_has_is_refused_in_words_and_nothing_is_written(brickwork, drawn, tmp_path):
    answer = brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / "net.bmp")
    assert answer.status == 2 and ".svg, .pdf or .png" in answer.err and not drawn and not (tmp_path / "net.bmp").exists()


def test_without_graphviz_the_text_is_kept_and_one_line_says_what_to_install(brickwork, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / "net.svg")
    assert answer.status == 1 and answer.err.count("\n") == 1 and "apt install graphviz" in answer.err and "net.dot" in answer.err
    assert (tmp_path / "net.dot").read_text().startswith("digraph") and not (tmp_path / "net.svg").exists()


def test_what_graphviz_says_against_a_drawing_is_passed_on(brickwork, monkeypatch, tmp_path):
    def picture(text, format):
        raise pictures.PictureError("graphviz cannot draw this: syntax error")

    monkeypatch.setattr(pictures, "picture", picture)
    answer = brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / "net.svg")
    assert answer.status == 1 and answer.err == f"brickwork: {tmp_path / 'net.svg'}: graphviz cannot draw this: syntax error\n"


def test_a_link_is_printed_and_is_a_project_for_every_command(brickwork, tmp_path):
    address = brickwork("export", "mnist-cnn", "--to", "link").out.strip()
    assert address == link(api.gallery("mnist-cnn"), "http://localhost:8501")
    assert brickwork("check", address, "--json").json == brickwork("check", "mnist-cnn", "--json").json
    assert brickwork("export", address, "--to", "json").out == brickwork("export", "mnist-cnn", "--to", "json").out
    there = brickwork("export", address, "--to", "link", "--address", "https://host.example/net").out
    assert there.startswith("https://host.example/net/?drawing=")


@pytest.mark.parametrize("address", ["http://localhost:8501/?drawing=", "http://x/?drawing=AAAA", "https://x/?drawing=a&drawing=b"])
def test_a_broken_link_is_one_line_and_status_2(brickwork, address):
    answer = brickwork("check", address)
    assert answer.status == 2 and answer.out == "" and answer.err.count("\n") == 1
