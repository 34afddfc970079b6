"""`respond`: from a request and a store to a response (contract, section 8).

Normalise the path → route → identify → USER_SEGMENTS → PAGE_TPL or STATIC_PAGES → SEGMENT_CONFIG only if the fragment
has live fields → its islands and items in the same way → one join. All of it in one snapshot, so that no answer mixes
two releases. What fails falls back, and what falls back is logged in the response; nothing is raised.
"""

import gc
from collections.abc import Callable
from typing import TypeVar

from edgekit.model.keys import ASSETS, PAGE_TPL, page_key
from edgekit.model.path import ASSETS_PATH, Redirect, Refusal, canonical_path
from edgekit.replay.assets import asset_headers
from edgekit.replay.bug import describe_bug
from edgekit.replay.compression import GZIP
from edgekit.replay.origin.forward import Forward, find_forward
from edgekit.replay.reading import RETRIES, NoSnapshot, ReadError, Reading
from edgekit.replay.redirects import follow
from edgekit.replay.release import Page, Release
from edgekit.replay.request import READ_METHODS, Request
from edgekit.replay.response import (
    EXCEEDED_CPU,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    PAGE_HEADERS,
    SHARED_SEGMENT_HEADERS,
    UNAVAILABLE,
    Answer,
    Outcome,
    Response,
    redirect,
    refuse,
    share,
)
from edgekit.replay.store import ReplayStore
from edgekit.replay.visit import Visit

T = TypeVar("T")


def respond(request: Request, store: ReplayStore) -> Response:
    """What edgekit itself answers, whether or not the request is the origin's."""
    return _in_snapshot(store, lambda reading, release: _respond(request, store, reading, release))


def respond_or_forward(request: Request, store: ReplayStore) -> Response | Forward:
    """As `respond`, but for what is the origin's that it is so."""

    def work(reading: Reading, release: Release | None) -> Response | Forward:
        forward = find_forward(request, reading, release) if release else None
        return forward or _respond(request, store, reading, release)

    return _in_snapshot(store, work)


def find_forwarded(request: Request, store: ReplayStore) -> Forward | None:
    """What `respond_or_forward` gives for what is the origin's; None for all else, which is not answered."""
    return _in_snapshot(store, lambda reading, release: find_forward(request, reading, release) if release else None)


def _in_snapshot(store: ReplayStore, work: Callable[[Reading, Release | None], T]) -> T:
    """What `work`, which raises nothing, makes of the release in one snapshot."""
    for _ in range(1 + RETRIES):
        try:
            with store.snapshot() as snapshot:
                reading = Reading(snapshot)
                return work(reading, store.release(reading))
        except Exception:  # noqa: S112 - the snapshot cannot be had
            continue
    reading = Reading(NoSnapshot())
    return work(reading, store.release(reading))


def _respond(request: Request, store: ReplayStore, reading: Reading, release: Release | None) -> Response:
    collects = gc.isenabled()
    gc.disable()  # a collection goes over all that the process holds: whose answer it falls into is chance
    try:
        answer, outcome, cpu = _measure(request, store, reading, release)
    finally:
        if collects:
            gc.enable()
    headers, body = answer.headers, answer.body
    if release and answer.compress_as is not None:  # once for all its readers, so it is the server's work, too
        headers, body = (*headers, GZIP), release.compressed(body, answer.compress_as)
    if release and release.headers:
        headers = (*headers, *release.headers.of(request.path))
    if answer.status != 304:
        headers = (*headers, (b"content-length", b"%d" % len(body)))
    return Response(
        answer.status,
        headers,
        b"" if request.method == "HEAD" else body,
        outcome=outcome,
        tier=answer.tier,
        release=release.name if release else None,
        cpu=cpu,
        reads=reading.reads,
        logs=tuple(reading.logs),
        kind=answer.kind,
        fallbacks=tuple(reading.fallbacks),
        failures=reading.failures,
    )


def _measure(
    request: Request, store: ReplayStore, reading: Reading, release: Release | None
) -> tuple[Answer, Outcome, float]:
    """The answer, how it came about, and the CPU that it took; in the place of one that took too much, that it did."""
    started = store.cpu_clock()  # a new release is the server's work, not this page's
    outcome: Outcome = "ok"
    try:
        answer = _answer(request, reading, release) if release else UNAVAILABLE
    except Exception as error:  # the client gets a page, whatever happens
        reading.fall_back("page", str(error) if isinstance(error, ReadError) else describe_bug(error))
        answer = release.unavailable if release else UNAVAILABLE
        outcome = "exception"
    cpu = store.cpu_clock() - started
    if release and cpu > release.cpu_limit:
        return EXCEEDED_CPU, "exceededCpu", cpu
    return answer, outcome, cpu


def _answer(request: Request, reading: Reading, release: Release) -> Answer:
    page = release.spelt.get(request.path)
    if page is None:
        path = canonical_path(request.path)
        if isinstance(path, Refusal):
            return refuse(path.status)
        if isinstance(path, Redirect):
            return redirect(path.location, request.query)
        if path.startswith(ASSETS_PATH):
            return _asset(request, reading, release, path)
        page = release.pages.get(path)
        if page is None:
            met = release.redirects.find(path)
            if met is not None:
                return follow(met, request.query)
            return _not_found(request, reading, release, path)
    if request.method not in READ_METHODS:
        return METHOD_NOT_ALLOWED
    return _page(request, reading, release, page, page.path)


def _page(request: Request, reading: Reading, release: Release, page: Page, path: str, status: int = 200) -> Answer:
    """The page, for its visitor if it is personal. `path` is the request's: an error page has no own."""
    is_static = page.delivery == "static"
    visit = Visit(request, reading, release, path, is_static)
    if page.namespace == PAGE_TPL:
        held = release.body(reading, PAGE_TPL, page_key(page.path, visit.identify().tier.name))
    else:
        held = release.body(reading, page.namespace, page.path)
    if held is None:
        raise ReadError(f"{page.namespace} has no `{page.path}`")
    headers = PAGE_HEADERS[page.delivery]
    if page.delivery == "segment" and release.shares_segments and visit.identify().is_told:
        headers = SHARED_SEGMENT_HEADERS
    if page.delivery == "user":
        body = visit.compose(held)
        return Answer(status, headers, body, visit.identify().tier.name, page.delivery)
    tier = None if is_static else visit.identify().tier.name
    if held.has_inserts:
        body, etag = release.composed(page, tier, visit.compose(held))
    else:
        body, etag = held.shared(visit.texts(held))
    return share(request, Answer(status, headers, body, tier, page.delivery), etag)


def _asset(request: Request, reading: Reading, release: Release, path: str) -> Answer:
    held = release.body(reading, ASSETS, path)
    if held is None:
        return _not_found(request, reading, release, path)
    if request.method not in READ_METHODS:
        return METHOD_NOT_ALLOWED
    body, etag = held.shared([])
    return share(request, Answer(200, asset_headers(path), body, kind="asset"), etag)


def _not_found(request: Request, reading: Reading, release: Release, path: str) -> Answer:
    page = release.pages.get("404")
    return _page(request, reading, release, page, path, 404) if page else NOT_FOUND
