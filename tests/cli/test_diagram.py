"""`export --to diagram`: a picture where graphviz is installed, else its text and what to do."""

from __future__ import annotations

import graphviz
import pytest


@pytest.fixture
def drawn(monkeypatch):
    """Stands in for graphviz: what it was asked to draw."""
    asked = []

    def pipe(self, format, quiet):
        asked.append((self.source, format))
        return b"picture"

    monkeypatch.setattr(graphviz.Source, "pipe", pipe)
    return asked


@pytest.mark.parametrize("ending", [".svg", ".PDF", ".png"])
def test_the_ending_of_the_file_names_the_picture(brickwork, drawn, tmp_path, ending):
    answer = brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / f"net{ending}")
    text = brickwork("export", "mnist-cnn", "--to", "diagram").out
    assert answer.status == 0 and (tmp_path / f"net{ending}").read_bytes() == b"picture" and drawn == [(text, ending[1:].lower())]


def test_another_ending_gets_the_text(brickwork, drawn, tmp_path):
    brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / "net.dot")
    assert (tmp_path / "net.dot").read_text().startswith('digraph "MNIST CNN" {') and not drawn


def test_without_graphviz_the_text_is_kept_and_one_line_says_what_to_install(brickwork, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / "net.svg")
    assert answer.status == 1 and answer.err.count("\n") == 1 and "apt install graphviz" in answer.err and "net.dot" in answer.err
    assert (tmp_path / "net.dot").read_text().startswith("digraph") and not (tmp_path / "net.svg").exists()


def test_what_graphviz_says_against_a_drawing_is_passed_on(brickwork, monkeypatch, tmp_path):
    def pipe(self, format, quiet):
        raise graphviz.CalledProcessError(1, ["dot"], stderr=b"syntax error")

    monkeypatch.setattr(graphviz.Source, "pipe", pipe)
    answer = brickwork("export", "mnist-cnn", "--to", "diagram", "-o", tmp_path / "net.svg")
    assert answer.status == 1 and answer.err == f"brickwork: graphviz cannot draw {tmp_path / 'net.svg'}: syntax error\n"
