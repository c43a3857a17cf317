"""Links: what goes in comes out, and nothing that somebody else put in does harm."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from builder.gallery import ENTRIES
from builder.graph import DocumentError, dumps, from_json, loads, to_json
from builder.graph.document import MAX_BYTES
from builder.graph.link import LONGEST, MOST_READ, LinkTooLong, from_link, is_link, link, packed, unpacked
from tests.graph.drawings import messy_project, randoms

HOME = "http://127.0.0.1:8501"


def wrapped(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")


@pytest.mark.parametrize("name", ENTRIES)
def test_every_ready_made_project_fits_into_a_link_and_comes_back_byte_for_byte(name):
    project = ENTRIES[name].project
    address = link(project, HOME)
    assert address.startswith(f"{HOME}/?drawing=") and len(address) < LONGEST and is_link(address)
    assert dumps(from_link(address)) == dumps(project) and link(loads(dumps(project)), HOME) == address


@given(randoms)
@profile(max_examples=60)
def test_any_drawing_comes_back(random):
    drawing = messy_project(random)
    assert dumps(unpacked(packed(drawing))) == dumps(drawing)


def test_a_project_too_large_for_an_address_says_so_with_the_numbers():
    record = to_json(ENTRIES["mnist-cnn"].project) | {"about": {f"k{i}": f"{i * 7919 % 100_003:x}{i}" for i in range(3000)}}
    with pytest.raises(LinkTooLong, match=r"would have [\d,]+ characters.*6,000.*project file") as caught:
        link(from_json(record), HOME)
    assert caught.value.length > LONGEST


def test_a_bomb_is_not_unpacked():
    bomb = wrapped(b" " * (40 * MAX_BYTES // 2))
    assert len(bomb) > MOST_READ
    small = wrapped(b" " * (MAX_BYTES + 5_000_000))
    assert len(small) < MOST_READ
    for text in (bomb, small):
        with pytest.raises(DocumentError, match="allowed|may have"):
            unpacked(text)


NONSENSE = ["", "!", "abc", "a b", "…", "A" * 50, "A" * (MOST_READ + 1), wrapped(b""), wrapped(b"{}"), wrapped(b"[" * 5000), wrapped(b"\xff\xfe"),
            wrapped(b'{"type": "brickwork/project", "version": 99, "name": "x"}'), packed(ENTRIES["mnist-cnn"].project)[:-30],
            packed(ENTRIES["mnist-cnn"].project)[40:], wrapped(json.dumps(["x"]).encode())]


@pytest.mark.parametrize("text", NONSENSE, ids=lambda text: f"{text[:12]!r}-{len(text)}")
def test_what_is_no_link_is_refused_in_one_sentence(text):
    with pytest.raises(DocumentError) as caught:
        unpacked(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@given(st.text(max_size=200))
def test_any_text_is_refused_or_opened_and_nothing_else(text):
    for read in (unpacked, from_link):
        with pytest.raises(DocumentError):
            read(text)


@pytest.mark.parametrize("address", ["http://[", "http://x/?drawing=a&drawing=b", "http://x/", "drawing=abc", "http://x/?drawing"])
def test_an_address_without_one_drawing_is_refused(address):
    with pytest.raises(DocumentError):
        from_link(address)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "localhost:8501", "", "file:///etc/passwd", "http://"])
def test_only_an_address_of_a_server_is_made_a_link(address):
    with pytest.raises(DocumentError, match="http://localhost:8501"):
        link(ENTRIES["mnist-cnn"].project, address)


def test_a_path_in_front_of_the_app_is_kept():
    assert link(ENTRIES["mnist-cnn"].project, "https://host/brick work/").startswith("https://host/brick%20work/?drawing=")
