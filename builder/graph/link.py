"""A whole project in an address: compact JSON, compressed, in letters that every address may hold. What comes back goes through `loads`."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from urllib.parse import parse_qs, quote, urlsplit

from .document import MAX_BYTES, DocumentError, Project, loads, to_json

QUERY = "drawing"
# Chat programs and mail cut or refuse addresses somewhere above this.
LONGEST = 6_000
# Read, but never made: what somebody else's version may have let through.
MOST_READ = 200_000


class LinkTooLong(DocumentError):
    """A project is too large for an address; `length` is how many characters it would have had."""

    def __init__(self, length: int):
        super().__init__(f"the link would have {length:,} characters, and many programs cut addresses longer than {LONGEST:,}; send the project file instead")
        self.length = length


def packed(project: Project) -> str:
    """The project as letters, digits, - and _; the same project always gives the same text."""
    text = json.dumps(to_json(project), ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def unpacked(text: str) -> Project:
    """The project of a text that `packed` made; raises DocumentError for anything else, whatever it would unpack to."""
    if len(text) > MOST_READ:
        raise DocumentError(f"the link has {len(text):,} characters; {MOST_READ:,} are allowed")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise DocumentError("the link is broken: it holds characters that no link has. It may have been cut or changed on its way")
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), MAX_BYTES + 1)
    except (zlib.error, binascii.Error, ValueError):
        raise DocumentError("the link is broken: what it holds cannot be unpacked. It may have been cut or changed on its way") from None
    if len(content) <= MAX_BYTES and not unpacker.eof:
        raise DocumentError("the link is broken: its end is missing. Copy the whole of it")
    return loads(content)


def link(project: Project, address: str) -> str:
    """The address, on the Brickwork at `address`, that opens this project; raises LinkTooLong above LONGEST characters."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise DocumentError(f"{address!r:.80} is not the address of a Brickwork; it looks like http://localhost:8501")
    base = f"{parts.scheme}://{parts.netloc}{quote(parts.path.rstrip('/'), safe='/%')}/"
    whole = f"{base}?{QUERY}={packed(project)}"
    if len(whole) > LONGEST:
        raise LinkTooLong(len(whole))
    return whole


def is_link(text: str) -> bool:
    """Does a text look like an address with a drawing in it?"""
    return text.startswith(("http://", "https://")) and f"{QUERY}=" in text


def from_link(text: str) -> Project:
    """The project in an address, wherever its Brickwork is: nothing is fetched. Raises DocumentError."""
    try:
        found = parse_qs(urlsplit(text).query).get(QUERY, [])
    except ValueError:
        found = []
    if len(found) != 1:
        raise DocumentError(f"there is no {QUERY}=… in this address")
    return unpacked(found[0])
