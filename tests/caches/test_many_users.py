"""Many readers at once, through two caches, while releases are published and caches emptied: nobody gets another's."""

import gzip
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.caches.chains import Chain
from tests.caches.shop import USERS, expect
from tests.replay.wire import exchange, split
from tests.scale import scaled

REQUESTS = 10_000
CLIENTS = 8
RELEASES = 25
TOGETHER = 20
"""Requests that a client sends at once on its connection."""
PATHS = ("/", "/tier", "/about", "/long-tier", "/_edgekit/island/mine", "/nowhere", "/long-about")
PERSONAL = ("/", "/_edgekit/island/mine")


def test_every_answer_is_its_readers_own_and_of_one_release(chains: dict[str, Chain]) -> None:
    both = chains["segments-varnish"], chains["segments-nginx"]
    site = both[0].site
    batches = scaled(REQUESTS // CLIENTS // TOGETHER)
    done = threading.Semaphore(0)
    kept: Counter[str] = Counter()

    def visit(client: int) -> list[str]:
        chain = both[client % 2]
        wrong: list[str] = []
        for batch in range(batches):
            asked = [
                (PATHS[(client + turn) % len(PATHS)], None if turn % 5 == 0 else (client * 31 + turn * 17) % USERS)
                for turn in range(batch * TOGETHER, (batch + 1) * TOGETHER)
            ]
            oldest = site.release
            requests = b"".join(write_request(chain, path, number) for path, number in asked)
            answers = split(exchange(chain.outer_port, requests.removesuffix(b"\r\n") + b"connection: close\r\n\r\n"))
            for (path, number), answer in zip(asked, answers, strict=True):
                body = gzip.decompress(answer.body) if b"gzip" in answer.head else answer.body
                told = re.search(rb"(?:release|about|mine) (\d+)", body)
                release = int(told[1]) if told else -1
                since = oldest if path in PERSONAL else 1
                if (
                    body.decode() != expect(path, release, number)
                    or not since <= release <= site.release + 1
                    or answer.status != (404 if path == "/nowhere" else 200)
                    or b"surrogate-control" in answer.head.lower()
                ):
                    wrong.append(f"{oldest} {path} {number}: {answer.status} {answer.head!r} {body[:200]!r}")
                for name in re.findall(rb"(x-cache|x-outer): HIT", answer.head):
                    kept[f"{path} {name.decode()}"] += 1
            done.release()
        return wrong

    with ThreadPoolExecutor(CLIENTS) as clients:
        visits = [clients.submit(visit, client) for client in range(CLIENTS)]
        for number in range(CLIENTS * batches):
            done.acquire()
            if number % (CLIENTS * batches // scaled(RELEASES)) == 0:
                site.publish()
                for chain in both:
                    chain.inner.empty()
        assert [line for visit in visits for line in visit.result()] == []
    # Static pages by both caches, a tier's by the one inside, nobody's own by any.
    assert kept.keys() >= {"/about x-cache", "/about x-outer", "/tier x-cache", "/nowhere x-cache"}
    assert not [name for name in kept if name.endswith("x-outer") and "about" not in name]
    assert not [name for name in kept if name.partition(" ")[0] in PERSONAL]
    for chain in both:
        assert b"name of u" not in chain.inner.stored()
        assert b"name of u" not in chain.outer.stored()
        assert b" tier " not in chain.outer.stored()


def write_request(chain: Chain, path: str, number: int | None) -> bytes:
    cookie = "" if number is None else f"cookie: {chain.site.cookie(number)}\r\n"
    return f"GET {path} HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n{cookie}\r\n".encode()
