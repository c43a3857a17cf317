"""The canvas's conversation with the server: each message is a POST to a route of our own, each answer says what changed.

An edit does not go through a rerun of the page: the rerun alone costs more than everything else that an edit needs, on both sides
(benchmarks/results). Streamlit draws the page, hands the canvas the key to this route, and hears from it only when something around the canvas changes.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from builder.graph.document import MAX_BYTES

from . import tidy, warm_up
from .bundle import under_base
from .delta import tell
from .payload import canvas_json, wanted_path, wanted_peek
from .preview import Previews, previews
from .workspace import MAX_CLIENT, Workspace, workspace

PATH = "api/canvas"
KEY_HEADER = "x-brickwork-key"
# Only a page that this server drew has it: it travels in the page's own connection, which Streamlit opens for its own hosts and origins alone.
KEY = secrets.token_urlsafe(24)
# Pages of which is remembered what they were told; one that was forgotten is told everything.
MAX_TABS = 32
# A batch may carry a whole project (pasted, defined) and what is around it.
MOST = MAX_BYTES + 1_000_000


class Exchange:
    """What the canvases of one workspace say and are told; may be called from any thread, one message is answered after the other."""

    def __init__(self, space: Workspace, preview: Previews):
        self._space, self._preview = space, preview
        self._told: OrderedDict[str, dict[str, object]] = OrderedDict()

    def answer(self, message: object) -> dict[str, object]:
        """Apply the edits of a canvas that have not been applied yet and say what the page has to show now (`delta.tell`).

        `message` is {"tab", "client", "load_id", "edits", "settled", "has", "path", "preview"}, all of them optional and none of them trusted.
        """
        message = message if isinstance(message, Mapping) else {}
        with self._space.lock:
            if "preview" in message:
                self._preview.choose(message["preview"])
            self._space.receive(message)
            return tell(self._memory(message.get("tab")), self._seen(message), message.get("has"))

    def _seen(self, message: Mapping[str, object]) -> dict[str, object]:
        space, asked = self._space, message.get("path")
        client = message.get("client") if message.get("load_id") == space.load_id else None
        data = canvas_json(space, client, wanted_path(asked, space.load_id), wanted_peek(asked, space.load_id))
        wish = self._preview.want(space.project, space.load_id, space.history.revision, data["path"])
        return {**data, "preview": wish, "page": page_json(space)}

    def _memory(self, tab: object) -> dict[str, object]:
        """What a page was told lately, by stamp."""
        name = tab[:MAX_CLIENT] if isinstance(tab, str) else ""
        told = self._told.setdefault(name, {})
        self._told.move_to_end(name)
        while len(self._told) > MAX_TABS:
            self._told.popitem(last=False)
        return told


def page_json(space: Workspace) -> list[object]:
    """What the page around the canvas shows of the project: where it differs from what was drawn, the canvas has the page drawn again."""
    return [space.load_id, space.project.name, bool(space.report().errors), space.trouble]


def path() -> str:
    """Absolute path of the route."""
    return under_base(PATH)


def door(space: Workspace) -> dict[str, object]:
    """What the page hands the canvas: where to talk, with which key, and which project and page it was drawn for."""
    return {"url": path(), "key": KEY, "load_id": space.load_id, "revision": space.history.revision,
            "page": page_json(space)}


_exchanges: dict[Workspace, Exchange] = {}
_guard = threading.Lock()


def exchange() -> Exchange:
    """The conversation about this server's home folder."""
    space = workspace()
    with _guard:
        if space not in _exchanges:
            _exchanges[space] = Exchange(space, previews())
        return _exchanges[space]


def _is_ours(request: Request) -> bool:
    """Does a page of this server ask? It has the key; besides, host and origin must be such as Streamlit lets open a page's connection."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    known = secrets.compare_digest(request.headers.get(KEY_HEADER, "").encode(), KEY.encode())
    try:
        return known and _is_host(host) and (origin is None or urlsplit(origin).netloc == host or _is_let_in(origin))
    except ValueError:  # an address that is none
        return False


def _is_host(host: str) -> bool:
    """Is the server meant to be reached by this name (server.allowedHosts; all are where none is named)?"""
    allowed = [pattern.strip().lower().rstrip(".") for pattern in st.get_option("server.allowedHosts")]
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    return not allowed or any(pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:])) for pattern in allowed)


def _is_let_in(origin: str) -> bool:
    """May pages of another origin ask, as behind a proxy that gives the server another name (server.enableCORS, server.corsAllowedOrigins)?"""
    return not st.get_option("server.enableCORS") or origin in st.get_option("server.corsAllowedOrigins")


def _refused(status: int, says: str) -> Response:
    return JSONResponse({"says": says}, status)


async def _body(request: Request) -> bytes | None:
    """What was sent; None once it is too long, without reading the rest."""
    whole = bytearray()
    async for piece in request.stream():
        whole += piece
        if len(whole) > MOST:
            return None
    return bytes(whole)


def _written(body: bytes) -> bytes:
    """The answer to a message; raises ValueError or RecursionError when the message cannot be read."""
    message = json.loads(body)
    warm_up.later()
    tidy.busy()
    # Half a character in a user's text, which UTF-8 cannot hold, goes as the escape that JSON has for it.
    return json.dumps(exchange().answer(message), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


async def converse(request: Request) -> Response:
    """The route: 403 for a stranger, 413 and 400 for what is too long or cannot be read, else the answer."""
    if not _is_ours(request):
        return _refused(403, "This page was drawn by another server, or an older one. Load it again.")
    body = await _body(request)
    if body is None:
        return _refused(413, f"The message is longer than {MOST // 1_000_000} MB.")
    try:
        answer = await run_in_threadpool(_written, body)
    except (ValueError, RecursionError):
        return _refused(400, "The message cannot be read.")
    return Response(answer, media_type="application/json", headers={"cache-control": "no-store"})


def routes() -> list[Route]:
    """The server's routes beside Streamlit's own."""
    return [Route(path(), converse, methods=["POST"])]
