"""A small HTTP proxy that stands in front of a real server, and caches as wrongly as it is told."""

import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import httpx


class Asking(NamedTuple):
    """A request as the proxy got it; names of headers in lower case."""

    url: str
    headers: Mapping[str, str]


class Given(NamedTuple):
    """An answer as the proxy gives it."""

    status: int
    headers: dict[str, str]
    body: bytes


Upstream = Callable[[Asking], Given]
Policy = Callable[[Asking, Upstream], Given]
"""What a proxy makes of a request: it may ask the server behind it, or not."""


@contextmanager
def proxying(origin: str, policy: Policy) -> Iterator[str]:
    """Yields the proxy's URL."""
    with httpx.Client(timeout=30, trust_env=False) as client:

        def ask(asking: Asking) -> Given:
            response = client.get(origin + asking.url, headers=dict(asking.headers))
            client.cookies.clear()
            kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "date")}
            return Given(response.status_code, kept, response.content)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: no wait for an acknowledgement

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, given, body = policy(Asking(self.path, headers), ask)
                self.send_response(status)
                for name, value in given.items():
                    self.send_header(name, value)
                if status != 304:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}"
            finally:
                server.shutdown()


@contextmanager
def dripping(first: bytes, again: bytes) -> Iterator[str]:
    """Yields the URL of a server that answers with `first`, and then with `again` without an end."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            try:
                self.request.sendall(first)
                while True:
                    self.request.sendall(again)
                    time.sleep(0.05)
            except OSError:  # who asked has given up
                pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
