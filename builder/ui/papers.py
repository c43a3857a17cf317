"""References as links. The texts stand in the catalogue and the gallery, no user wrote them."""

from __future__ import annotations

import re

from .frame import esc


def linked(text: str) -> list[str]:
    """Each part of a reference ("; " between them) as markdown: a link where it names an address or a paper on arXiv."""
    return [f"[{esc(part)}]({link})" if (link := _address(part)) else esc(part) for part in text.split("; ")]


def _address(part: str) -> str:
    if address := re.search(r"https://[^\s,]+", part):
        return address[0]
    paper = re.search(r"arXiv:([^\s,;]+)", part)
    return f"https://arxiv.org/abs/{paper[1]}" if paper else ""
