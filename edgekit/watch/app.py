"""What a server answers while its site is watched: the store's pages with their script, and what that script asks.

`state?page=…` says what the page is now and what is wrong with the site; `events`, server-sent events, say when to ask.
So all open pages share one lasting connection (a browser has six a host), and whether a page changed is found by
answering its visitor once more, not by guessing from files.
"""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from edgekit.replay.app import build_app
from edgekit.replay.asgi import Endpoint, Receive, Scope, Send, read_request, send_answer, wait_until_gone
from edgekit.replay.endpoints import build_endpoints
from edgekit.replay.health import Health, check_health
from edgekit.replay.limits import KEEP_ALIVE_SECONDS
from edgekit.replay.local import is_local, is_same_origin
from edgekit.replay.observing import Observer
from edgekit.replay.options import Options
from edgekit.replay.origin.forward import Forward
from edgekit.replay.request import Request
from edgekit.replay.response import NO_STORE, NOT_FOUND, Answer, Response
from edgekit.watch.latest import LatestNews
from edgekit.watch.news import News
from edgekit.watch.page import PREFIX, answer_watched
from edgekit.watch.sight import build_sight
from edgekit.watch.store import WatchedStore

_BROWSER: Final = Path(__file__).with_name("browser")
_TYPES: Final = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}
_JSON: Final = b"application/json"
_HEADERS: Final = (NO_STORE, (b"x-content-type-options", b"nosniff"))
_NOTHING: Final = Answer(NOT_FOUND.status, ((b"content-type", b"text/plain"), *_HEADERS), NOT_FOUND.body)


def create_watched_app(news: Connection, options: Options, folder: Path) -> Endpoint:
    """The ASGI application that answers from the store that the last of the `news` names.

    Requests wait for the first news. When the other end of `news` is closed, the server is asked to end. `folder` is
    the server's runtime folder.
    """
    latest = LatestNews(news)
    watched = WatchedStore(options.secrets)

    def answer_now(request: Request) -> Response | Forward:
        forward = watched.find_forward(request, latest.news)
        if forward is not None:
            return forward

        def answer(asked: Request) -> Response:
            return watched.answer(asked, latest.news)

        return answer_watched(request, answer) if is_local(request) else answer(request)

    def check() -> Health:
        replay = watched.replay(latest.news)
        return check_health(replay) if replay else Health(None, is_readable=False)

    observer = Observer(folder)
    pages = build_app(answer_now, build_endpoints(options, folder, observer.metrics, check), observer.observe)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if latest.count == 0:
            await latest.wait(0)
        request = read_request(scope)
        if not request.path.startswith(PREFIX.encode()):
            await pages(scope, receive, send)
        elif not (is_local(request) and is_same_origin(request) and request.method == "GET"):
            await send_answer(scope, send, request, _NOTHING)
        elif (name := request.path.decode("latin-1").removeprefix(PREFIX)) == "events":
            await _send_events(latest, receive, send)
        elif name == "state":
            await send_answer(scope, send, request, _read_state(request, watched, latest.news))
        else:
            await send_answer(scope, send, request, _read_file(name))

    return app


def _read_state(request: Request, watched: WatchedStore, news: News) -> Answer:
    """JSON for `page=`, the path and query of a page as its browser knows them, percent-encoded once more."""
    name, _, value = request.query.partition(b"=")
    path, _, query = unquote_to_bytes(value).partition(b"?")
    if name != b"page" or not path.startswith(b"/"):
        return _answer(400, _JSON, b"{}")
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
    return _answer(200, _JSON, msgspec.json.encode(state))


def _read_file(name: str) -> Answer:
    """One of our own files for the browser, by its name."""
    file = next((file for file in _BROWSER.iterdir() if file.name == name), None)
    kind = None if file is None else _TYPES.get(file.suffix)
    if file is None or kind is None:
        return _NOTHING
    return _answer(200, kind, file.read_bytes())


def _answer(status: int, kind: bytes, body: bytes) -> Answer:
    return Answer(status, ((b"content-type", kind), *_HEADERS), body)


async def _send_events(latest: LatestNews, receive: Receive, send: Send) -> None:
    """An event at once and after each build, its data their number, until the page or the server goes."""
    headers = ((b"content-type", b"text/event-stream"), *_HEADERS)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.ensure_future(wait_until_gone(receive))
    told = None
    while not gone.done() and not latest.is_closed:
        known, told = told, latest.count  # read once: another thread counts on
        line = b": still here\n\n" if told == known else b"retry: 1000\ndata: %d\n\n" % told
        await send({"type": "http.response.body", "body": line, "more_body": True})
        news = asyncio.ensure_future(latest.wait(told, KEEP_ALIVE_SECONDS))
        await asyncio.wait({news, gone}, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()
    gone.cancel()
    await send({"type": "http.response.body", "body": b""})
