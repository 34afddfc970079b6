"""What a server answers while its site is watched: the store's pages with their script, and what that script asks.

`state?page=…` says what the page is now and what is wrong with the site; `events`, server-sent events, say when to ask.
So all open pages share one lasting connection (a browser has six a host), and whether a page changed is found by
answering its visitor once more, not by guessing from files.
"""

import asyncio
import os
import signal
import threading
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.store import LmdbStore, open_store
from edgekit.replay.app import build_app
from edgekit.replay.asgi import Endpoint, Receive, Scope, Send, read_request
from edgekit.replay.core import respond
from edgekit.replay.identity.identification import Identification
from edgekit.replay.identity.secrets import Secrets
from edgekit.replay.local import is_local, is_same_origin
from edgekit.replay.request import Request
from edgekit.replay.response import NOT_FOUND, UNAVAILABLE, Response, respond_alone
from edgekit.replay.store import ReplayStore
from edgekit.watch.news import News, decode_news
from edgekit.watch.page import PREFIX, answer_watched
from edgekit.watch.sight import build_sight

_BROWSER: Final = Path(__file__).with_name("browser")
_TYPES: Final = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}
_JSON: Final = b"application/json"
_NOTHING: Final = (NOT_FOUND.status, b"text/plain", NOT_FOUND.body)
_HEADERS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_KEEP_ALIVE: Final = 15
"""Seconds after which a connection that nothing happens on is written to: only so is a dead one noticed."""


def create_watched_app(news: Connection, secrets: Secrets) -> Endpoint:
    """The ASGI application that answers from the store that the last of the `news` names.

    Requests wait for the first news. When the other end of `news` is closed, the server is asked to end.
    """
    latest = _Latest(news)
    watched = _WatchedStore(secrets)

    def answer_now(request: Request) -> Response:
        def answer(asked: Request) -> Response:
            return watched.answer(asked, latest.news)

        return answer_watched(request, answer) if is_local(request) else answer(request)

    pages = build_app(answer_now, {})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if latest.count == 0:
            await latest.wait(0)
        request = read_request(scope)
        if not request.path.startswith(PREFIX.encode()):
            await pages(scope, receive, send)
        elif not (is_local(request) and is_same_origin(request) and request.method == "GET"):
            await _send(send, *_NOTHING)
        elif (name := request.path.decode("latin-1").removeprefix(PREFIX)) == "events":
            await _send_events(latest, receive, send)
        elif name == "state":
            await _send(send, *_read_state(request, watched, latest.news))
        else:
            await _send(send, *_read_file(name))

    return app


class _WatchedStore:
    """The store that is answered from. Another file at its path is another store: somebody removed the first."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._opened: LmdbStore | None = None
        self._replay: ReplayStore | None = None
        self._identity: tuple[Path, int] | None = None

    def answer(self, request: Request, news: News) -> Response:
        """503 if nothing was published yet, or nothing that can be read; the build says why, so no log does.

        Nothing is compressed: what is sent is looked into, and changed.
        """
        if news.store is not None:
            self._follow(Path(news.store))
        plain = tuple(header for header in request.headers if header[0] != b"accept-encoding")
        request = msgspec.structs.replace(request, headers=plain)
        if self._replay is not None and (response := respond(request, self._replay)).release is not None:
            return response
        return respond_alone(request, UNAVAILABLE)

    def _follow(self, path: Path) -> None:
        try:
            identity = path, path.stat().st_ino
        except OSError:  # removed: what is open can still be read
            return
        if identity == self._identity:
            return
        if self._opened is not None:
            self._opened.close()
        self._opened = self._replay = None
        try:
            self._opened = open_store(path)
        except EdgekitError:
            return
        self._replay = ReplayStore(self._opened, identify=partial(Identification, secrets=self._secrets))
        self._identity = identity


class _Latest:
    """The last news, read in a thread as they come; `count` is how many there were."""

    def __init__(self, connection: Connection) -> None:
        self.news = News(None)
        self.count = 0
        self.is_closed = False
        self._connection = connection
        self._server = os.getppid()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                self.news = decode_news(self._connection.recv_bytes())
                self.count += 1
                self._wake()
        except (EOFError, OSError):  # the builder ended, or was killed
            self.is_closed = True
            self._wake()
            os.kill(self._server if os.getppid() == self._server else os.getpid(), signal.SIGTERM)

    def _wake(self) -> None:
        with self._lock:
            for loop, event in self._waiting:
                loop.call_soon_threadsafe(event.set)

    async def wait(self, known: int, seconds: float | None = None) -> None:
        """Until there are more news than the `known` ones, or no more to come; at most so many seconds."""
        entry = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._waiting.add(entry)
        try:
            if self.count == known and not self.is_closed:
                await asyncio.wait_for(entry[1].wait(), seconds)
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting.discard(entry)


def _read_state(request: Request, watched: _WatchedStore, news: News) -> tuple[int, bytes, bytes]:
    """JSON for `page=`, the path and query of a page as its browser knows them, percent-encoded once more."""
    name, _, value = request.query.partition(b"=")
    path, _, query = unquote_to_bytes(value).partition(b"?")
    if name != b"page" or not path.startswith(b"/"):
        return 400, _JSON, b"{}"
    asked = msgspec.structs.replace(request, path=path, query=query)
    response = watched.answer(asked, news)
    sight = build_sight(asked, response, lambda island: watched.answer(island, news))
    state = {
        "release": response.release or "",
        "shape": sight.shape,
        "styles": sight.styles,
        "problems": news.problems,
        "more": news.more,
    }
    return 200, _JSON, msgspec.json.encode(state)


def _read_file(name: str) -> tuple[int, bytes, bytes]:
    """One of our own files for the browser, by its name."""
    file = next((file for file in _BROWSER.iterdir() if file.name == name), None)
    kind = None if file is None else _TYPES.get(file.suffix)
    if file is None or kind is None:
        return _NOTHING
    return 200, kind, file.read_bytes()


async def _send(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = ((b"content-type", kind), (b"content-length", b"%d" % len(body)), *_HEADERS)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_events(latest: _Latest, receive: Receive, send: Send) -> None:
    """An event at once and after each build, its data their number, until the page or the server goes."""
    headers = ((b"content-type", b"text/event-stream"), *_HEADERS)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.ensure_future(_wait_until_gone(receive))
    told = None
    while not gone.done() and not latest.is_closed:
        line = b": still here\n\n" if told == latest.count else b"retry: 1000\ndata: %d\n\n" % latest.count
        told = latest.count
        await send({"type": "http.response.body", "body": line, "more_body": True})
        news = asyncio.ensure_future(latest.wait(told, _KEEP_ALIVE))
        await asyncio.wait({news, gone}, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()
    gone.cancel()
    await send({"type": "http.response.body", "body": b""})


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
