"""Raw exchanges with a server, for what a client library would not send."""

import re
import socket
from contextlib import suppress
from typing import NamedTuple

HOST = b"Host: x\r\n"
CLOSE = b"Connection: close\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Answer(NamedTuple):
    status: int
    head: bytes
    body: bytes


def exchange(port: int, request: bytes, seconds: float = 30) -> bytes:
    """All that comes back until the server closes. Raises TimeoutError if it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        return converse(connection, request)


def converse(connection: socket.socket, request: bytes) -> bytes:
    answer = b""
    with suppress(ConnectionError):  # what is refused may still be on its way
        connection.sendall(request)
    with suppress(ConnectionError):
        while chunk := connection.recv(65_536):
            answer += chunk
    return answer


def split(answers: bytes, *, is_head: bool = False) -> list[Answer]:
    """The answers one after the other; each is whole and has a length, or nothing behind its head."""
    found = []
    while answers:
        head, end, rest = answers.partition(b"\r\n\r\n")
        assert end, answers[:200]
        status = int(head.split(b" ", 2)[1])
        told = _LENGTH.search(head + b"\r\n")
        assert told or status in (304,), head
        length = 0 if is_head or status == 304 or told is None else int(told[1])
        assert len(rest) >= length, (len(rest), head)
        found.append(Answer(status, head + b"\r\n", rest[:length]))
        answers = rest[length:]
    return found


def statuses(port: int, request: bytes) -> list[int]:
    return [answer.status for answer in split(exchange(port, request))]


def fetch(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Status and body of the answer to GET."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    (answer,) = split(exchange(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}Connection: close\r\n\r\n".encode()))
    return answer.status, answer.body.decode()


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True
