"""A shop whose every text tells its release, its tier and its user, so that a mix would show; and its application."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

TIERS: Final = ("free", "premium", "vip")
USERS: Final = 200
RARE_USERS: Final = 10
"""Behind the others: a test that has them to itself finds no session of theirs in a cache."""
_LONG: Final = "long " * 400
"""More than is sent uncompressed."""


def tier_of(number: int | None) -> str:
    return "free" if number is None else TIERS[number % 3]


def describe(release: int, **more: Any) -> dict[str, Any]:
    """As `tests.replay.published` takes it; `more` is identity, and so on."""
    user = "release {0} tier {1} live {{LIVE}} user {{ID}} name {{NAME}} release {0} end"
    segment = "release {0} tier {1} live {{LIVE}} release {0} end"
    tiers = {
        "/": user,
        "/long-user": user + _LONG,
        "/tier": segment,
        "/long-tier": segment + _LONG,
        "404": "404 " + segment,
    }
    return {
        "share_segments": True,
        "slots": {
            "ID": {"from": "user.id", "default": "guest", "max_length": 20},
            "NAME": {"from": "user.name", "default": "nobody", "max_length": 40},
            "LIVE": {"from": "segment.live", "max_length": 40},
        },
        "segments": {tier: {"live": f"{tier} {release}"} for tier in TIERS},
        "pages": {
            **{path: {tier: text.format(release, tier) for tier in TIERS} for path, text in tiers.items()},
            "/about": f"about {release} /static/shop.{release}.css about {release} end",
            "/long-about": f"about {release} {_LONG}",
            "503": "503",
        },
        "delivery": {"/tier": "segment", "/long-tier": "segment", "404": "segment"},
        "islands": {
            "mine": {"client": True, "tiers": {tier: f"mine {release} {tier} {{NAME}}" for tier in TIERS}},
            "menu": {
                "client": True,
                "delivery": "segment",
                "tiers": {tier: f"menu {release} {tier}" for tier in TIERS},
            },
        },
        "assets": {f"/static/shop.{release}.css": f"/* {release} */"},
        "redirects": [["/old", "/about"]],
        "users": {
            f"u{number}": {"tier": tier_of(number), "name": f"name of u{number}"}
            for number in range(USERS + RARE_USERS)
        },
        **more,
    }


def expect(path: str, release: int, number: int | None) -> str:
    """What the user, or a guest, must get."""
    tier = tier_of(number)
    live = f"release {release} tier {tier} live {tier} {release} "
    user = f"{live}user {'guest' if number is None else f'u{number}'} name "
    user += f"{'nobody' if number is None else f'name of u{number}'} release {release} end"
    return {
        "/": user,
        "/long-user": user + _LONG,
        "/tier": f"{live}release {release} end",
        "/long-tier": f"{live}release {release} end{_LONG}",
        "/nowhere": f"404 {live}release {release} end",
        "/about": f"about {release} /static/shop.{release}.css about {release} end",
        "/long-about": f"about {release} {_LONG}",
        "/_edgekit/island/mine": f"mine {release} {tier} {'nobody' if number is None else f'name of u{number}'}",
        "/_edgekit/island/menu": f"menu {release} {tier}",
    }[path]


_ANSWERS: Final[dict[str, dict[str, str]]] = {
    "silent": {},
    "max-age": {"cache-control": "max-age=60"},
    "expires": {"expires": "Fri, 31 Dec 2100 23:59:59 GMT"},
    "accel": {"x-accel-expires": "60"},
    "public": {"cache-control": "public, max-age=60"},
    "short": {"cache-control": "public, max-age=1, stale-while-revalidate=100"},
    "cookie": {"cache-control": "public, max-age=60", "set-cookie": "visit=1"},
    "surrogate": {"surrogate-control": "max-age=60", "cache-control": "private"},
    "private": {"cache-control": "private, max-age=60"},
    "tier-cookie": {
        "surrogate-control": "max-age=60",
        "cache-control": "private, max-age=0",
        "vary": "x-user-segment",
        "set-cookie": "visit=1",
    },
}
"""What the application says of caches, by the last part of a path."""


class Application:
    """Behind the site, and asked by its proxies: a cookie `session=s7` is u7's. Counts and remembers what is asked."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.told: dict[str, dict[str, str]] = {}
        self.body = b""
        self.sessions: set[str] = set()
        self.names_tier = True
        self.works = True
        self.port = 0
        self.session_answer: tuple[int, dict[str, str]] | None = None
        """To every question for a session, where a test says so."""


@contextmanager
def application() -> Iterator[Application]:
    made = Application()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            made.count[self.path] += 1
            made.told[self.path] = {name.lower(): value for name, value in self.headers.items()}
            made.body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path == "/session":
                self.tell_session()
            elif not made.works:
                self.close_connection = True
            else:
                body = f"{self.command} {made.count[self.path]} {self.headers.get('cookie', '')}"
                kind = self.path.partition("?")[0].rpartition("/")[2]
                self.send(200, _ANSWERS.get(kind, {}), body.encode())

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.do_GET()

        def tell_session(self) -> None:
            made.sessions.add(self.headers.get("cookie", ""))
            session = self.headers.get("cookie", "").removeprefix("session=s")
            if made.session_answer is not None:
                self.send(*made.session_answer)
            elif not made.works:
                self.send(500, {})
            elif session.isdecimal():
                tier = tier_of(int(session)) if made.names_tier else "gold"
                told = {"x-user-id": f"u{session}", "x-user-segment": tier}
                self.send(204, {**told, "set-cookie": "visit=1", "vary": "cookie", "cache-control": "no-store"})
            else:
                self.send(204, {})

        def send(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # caches wait for a second until a connection is taken, and may want many at once

    with Server(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown()
