"""What is wrong with the answers of one page, and with the headers of one answer: no socket, no clock."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from edgekit.diagnostics.diagnostic import Severity
from edgekit.live.asker import Asker
from edgekit.live.probe import Answer
from edgekit.model.manifest import Delivery
from edgekit.replay.response import PAGE_HEADERS, Response

_SHOWN: Final = 120
"""Characters of a header's value that are shown."""

_CACHE_HEADERS: Final = ("cache-status", "cf-cache-status", "x-cache", "x-cache-status")
"""Where caches tell whether they answered: RFC 9211, Cloudflare, and the custom of Varnish, nginx and others."""

_WHO_MAY: Final[Mapping[Delivery, str]] = {"segment": "only who asked may keep it", "user": "nobody may keep it"}

_CACHE_HELP: Final = "let the cache in front obey `cache-control`; a personal answer is never stored"
_HEADER_HELP: Final = "let what stands in front of the site hand on its headers as they are"


class Fault(NamedTuple):
    """`what` is a clause about the page, such as ``has an ETag, but …``."""

    code: str
    what: str
    help: str
    severity: Severity = "error"


class Asked(NamedTuple):
    """One answer, to whom, and what the store says of it."""

    asker: Asker
    answer: Answer
    expected: Response


def judge_answer(delivery: Delivery, asked: Asked, *, shares_segments: bool) -> Iterator[Fault]:
    """What one answer's status and headers have wrong. `shares_segments`: a cache in front may keep a tier's pages."""
    asker, answer, expected = asked
    if answer.status != expected.status:
        place = f" to `{_cut(answer.headers['location'])}`" if "location" in answer.headers else ""
        what = f"is answered to {asker.name} with {answer.status}{place}, not {expected.status}"
        yield Fault("EK618", what, "see what stands in front of the site; give the URL at which it answers itself")
        return
    yield from _judge_caching(delivery, answer)
    if delivery == "static":
        if "set-cookie" in answer.headers:
            what = f"sets the cookie `{_cut(answer.headers['set-cookie'].partition('=')[0])}`, but caches share it"
            yield Fault("EK614", what, "set cookies on personal answers only: everybody who is given this one gets it")
    elif not (shares_segments and delivery == "segment") and (hit := _find_hit(answer)):
        yield Fault("EK611", f"is answered from a cache (`{hit}`), but {_WHO_MAY[delivery]}", _CACHE_HELP)
    if (surrogate := answer.headers.get("surrogate-control")) is not None:
        what = f"says `surrogate-control: {_cut(surrogate)}`, which allows any cache further out to keep it"
        yield Fault("EK620", what, "let the proxy that names the tier take the header away")
    if delivery == "user" and "etag" in answer.headers:
        what = "has an ETag, but is one user's: with it a cache takes another's answer for unchanged"
        yield Fault("EK615", what, "let nothing in front of the site add an ETag to answers that have none")


def _judge_caching(delivery: Delivery, answer: Answer) -> Iterator[Fault]:
    written = answer.headers.get("cache-control", "")
    given, ours = _parse(written), _parse(dict(PAGE_HEADERS[delivery])[b"cache-control"].decode())
    says = f"says `cache-control: {_cut(written)}`" if written else "has no `cache-control`"
    if delivery != "static":
        if "no-store" not in given and (delivery == "user" or "private" not in given):
            yield Fault("EK612", f"{says}, but {_WHO_MAY[delivery]}", _HEADER_HELP)
        return
    if "no-store" in given or "private" in given:
        return
    if not written or any(_seconds(given, name) > _seconds(ours, name) for name in ("max-age", "s-maxage")):
        what = f"{says}: it may be kept longer than the page's own header allows"
        yield Fault("EK612", what, _HEADER_HELP)
    longest = _seconds(ours, "s-maxage") + _seconds(ours, "stale-while-revalidate")
    if (age := _seconds(answer.headers, "age")) > longest:
        yield Fault("EK617", f"is {age:,} seconds old, and may be {longest} (`age: {age}`)", _HEADER_HELP)


def judge_bodies(delivery: Delivery, answers: Sequence[Asked]) -> Iterator[Fault]:
    """Whose answer each asker got. What the store does not give is compared among the askers."""
    known = {asked.expected.body: asked.asker for asked in reversed(answers)}
    strange: dict[bytes, Asked] = {}
    for asked in answers:
        asker, body = asked.asker, asked.answer.body
        if asked.answer.status != asked.expected.status or body == asked.expected.body:
            continue
        if (owner := known.get(body)) is not None:
            yield _mixed(owner, asker)
            continue
        first = strange.setdefault(body, asked)
        if first.expected.body != asked.expected.body:
            yield _mixed(first.asker, asker)
    if not strange:
        return
    if delivery == "static" and (pair := _find_difference(answers)) is not None:
        what = f"is public, but {pair[1].name} is shown other bytes than {pair[0].name}"
        yield Fault("EK613", what, "let nothing in front of the site change a public page by who asks for it")
    what = "is answered with other bytes than the release in the store gives"
    help = "give `--store` the store of the release that is served; or see what in front of the site changes pages"
    yield Fault("EK618", what, help, "warning")


def _mixed(owner: Asker, asker: Asker) -> Fault:
    return Fault("EK610", f"is answered to {asker.name} as it is for {owner.name}", _CACHE_HELP)


def _find_difference(answers: Sequence[Asked]) -> tuple[Asker, Asker] | None:
    """Two askers who are shown different bytes, if each is shown the same bytes every time."""
    bodies: dict[str, set[bytes]] = {}
    for asked in answers:
        bodies.setdefault(asked.asker.name, set()).add(asked.answer.body)
    if any(len(shown) > 1 for shown in bodies.values()):
        return None
    first = answers[0]
    others = (asked.asker for asked in answers if asked.answer.body != first.answer.body)
    other = next(others, None)
    return None if other is None else (first.asker, other)


def judge_encodings(compressed: Answer, plain: Answer) -> Iterator[Fault]:
    """Of the answers at one URL to who takes gzip, and then to who takes none."""
    encoding = plain.headers.get("content-encoding")
    if encoding is not None:
        what = f"is answered with `content-encoding: {_cut(encoding)}` to who takes none"
        yield Fault("EK616", what, _VARY_HELP)
    elif compressed.headers.get("content-encoding") is not None and not all(map(_varies, (compressed, plain))):
        what = "is compressed for who takes that, but has no `vary: accept-encoding`"
        yield Fault("EK616", what, _VARY_HELP)


_VARY_HELP: Final = "let what compresses add `vary: accept-encoding`, so that caches keep the two apart"


def _varies(answer: Answer) -> bool:
    names = {name.strip().lower() for name in answer.headers.get("vary", "").split(",")}
    return bool(names & {"accept-encoding", "*"})


def judge_revalidation(owner: Asker, asker: Asker, answer: Answer) -> Iterator[Fault]:
    """Of the answer to who named the ETag of another's answer."""
    if answer.status == 304:
        what = f"is `304 Not Modified` to {asker.name} for the ETag of {owner.name}, who is shown other bytes"
        yield Fault("EK615", what, _CACHE_HELP)


def judge_forgery(plain: Asked, asked: Asked, header: tuple[str, str]) -> Iterator[Fault]:
    """Of the answer to who sent a header that only a proxy may send, and is shown what they are not shown without it.

    `plain` was asked without it: where that is not what the store gives, there is nothing to compare with.
    """
    if plain.answer.body == plain.expected.body and asked.answer.body != asked.expected.body:
        name, value = header
        what = f"is answered to {asked.asker.name} who says `{name}: {value}` as if the proxy in front had said it"
        yield Fault("EK621", what, f"let the proxy drop `{name}` as it comes from outside, or replace it")


def _find_hit(answer: Answer) -> str | None:
    """The header by which a cache says that it answered. An age of 0 is none: some add it to all they pass on."""
    for name in _CACHE_HEADERS:
        if re.search(r"\bhit\b", answer.headers.get(name, ""), re.IGNORECASE):
            return f"{name}: {_cut(answer.headers[name])}"
    age = _seconds(answer.headers, "age")
    return f"age: {age}" if age else None


def _cut(value: str) -> str:
    """A header's value, as much of it as a message takes."""
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"


def _parse(written: str) -> dict[str, str]:
    """Directives and their values; RFC 9111, 5.2."""
    pairs = (directive.partition("=") for directive in written.lower().split(","))
    return {name.strip(): value.strip(' "') for name, _, value in pairs}


def _seconds(directives: Mapping[str, str], name: str) -> int:
    """Delta-seconds; RFC 9111, 1.2.2. What is no number, or an absurd one, is 0."""
    value = directives.get(name, "")
    return int(value) if re.fullmatch(r"[0-9]{1,10}", value) else 0
