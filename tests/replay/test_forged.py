"""A manifest that nobody built: it is refused, or whatever it makes of an answer is one HTTP message."""

import copy
import re
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.kv.reader import MemoryStore
from edgekit.model.keys import CURRENT, EDGEKIT, manifest_key
from edgekit.model.manifest import decode_manifest
from edgekit.model.soundness import manifest_fault
from edgekit.replay.core import respond_or_forward
from edgekit.replay.origin.forward import Forward
from edgekit.replay.origin.headers import request_headers
from edgekit.replay.request import Headers, Request
from edgekit.replay.store import ReplayStore
from tests.replay.published import publish
from tests.scale import scaled

NOW = 1_700_000_000.0
NAMESPACES = publish(
    {
        "slots": {
            "NAME": {"from": "user.name", "default": "there", "max_length": 20},
            "STATE": {"from": "user.state", "default": "a", "choices": ["a", "b"]},
            "AGE": {"from": "user.age", "default": 1, "type": "integer"},
            "HERO": {"from": "segment.hero", "max_length": 20},
            "Q": {"from": "request.query.q", "default": "", "max_length": 20},
            "RECS": {"from": "user.recs", "island": "card", "max_items": 2, "default": "none"},
        },
        "segments": {"free": {"hero": "free.jpg"}, "vip": {"hero": "vip.jpg"}},
        "pages": {
            "/": dict.fromkeys(("free", "vip"), "{NAME} {?STATE=a}A{?STATE=b}B{/STATE} {AGE} {HERO} {Q} {RECS}"),
            "/about": "<p>About <!--INJECT:none--></p>",
            "404": "<p>Not found</p>",
            "503": "<p>Not now</p>",
        },
        "islands": {
            "none": {"tiers": "nothing", "delivery": "segment", "client": True},
            "card": {"items": {"p1": "one {NAME}"}},
        },
        "assets": {"/static/shop.css": "p { color: red }"},
        "redirects": [["/shop", "/", 302], ["/old/[x]", "/new/[x]?from=[x]#top"]],
        "headers": {"/*": {"x-frame-options": "DENY"}, "/about": {"x-about": "us"}},
        "users": {"u": {"tier": "vip", "name": "Ada", "recs": ["p1"]}},
        "origin": {"url": "http://127.0.0.1:8000", "paths": ["/api/*"], "fallback": False},
        "identity": {"header": "x-user-id"},
    }
)  # fmt: skip
RELEASE = NAMESPACES[EDGEKIT][CURRENT].decode()
MANIFEST: dict[str, Any] = msgspec.json.decode(NAMESPACES[EDGEKIT][manifest_key(RELEASE)])

TARGETS = ("/", "/about", "/shop", "/old/a%0Db", "/gone", "/about/", "/api/x", "/static/shop.css", "/%00",
           "/_edgekit/island/none")  # fmt: skip
REQUESTS = [
    Request(target.encode(), NOW, method, b"q=%0D%0Ax:y", ((b"host", b"a"), *who), "127.0.0.1")
    for target in TARGETS
    for method, who in (("GET", ((b"x-user-id", b"u"),)), ("POST", ()))
]
NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
VALUE = re.compile(rb"(?:[!-~](?:[ -~]*[!-~])?)?")
ODD: list[Any] = [
    "", "\r\nset-cookie: a=b", "x\r\ny: z", "\n", "\0", "é", "//evil.example", "/\\evil.example", "/[x]", "/[gone]",
     "free", "vip", "user", "static", "jwt", "cookie", "PAGE_TPL", "STATIC_PAGES", "USER_SEGMENTS", "_EDGEKIT", "RS256",
     "content-length", "transfer-encoding", "set-cookie", "https://a/", "http://a\r\n", "user.known", "x" * 5_000,
     0, 1, -1, 100, 302, 308, 404, 2**53, 2**70, 1e400, True, None, [], {}, [""], ["\r\n"], {"": ""}, {"a": {"b": "c"}},
     {"kty": "RSA", "n": "", "e": "!"},
]  # fmt: skip


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every member of every object and list: what holds it, and its key there."""
    found = []
    if isinstance(tree, dict | list):
        for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
            found += [(tree, key), *places(tree[key])]
    return found


@st.composite
def forged(draw: st.DrawFn) -> Any:
    """The manifest with up to three changes: another value, another key, or something less or more."""

    def odd(near: Any = None) -> Any:
        """A value, mostly of the type of another one."""
        alike = [value for value in ODD if type(value) is type(near)]
        return copy.deepcopy(draw(st.sampled_from(alike if len(alike) > 1 and draw(st.integers(0, 3)) else ODD)))

    manifest = copy.deepcopy(MANIFEST)
    for _ in range(draw(st.integers(1, 3))):
        found = places(manifest)
        holder, key = draw(st.sampled_from(found))
        change = draw(st.sampled_from(["value", "value", "key", "less", "more"]))
        if change == "value":
            holder[key] = odd(holder[key])
        elif change == "less":
            del holder[key]
        elif isinstance(holder, list):
            holder.append(odd())
        elif change == "more":
            holder[str(odd())] = copy.deepcopy(holder[key])
        else:
            holder[str(odd())] = holder.pop(key)
    return manifest


def check_head(headers: Headers) -> None:
    for name, value in headers:
        assert NAME.fullmatch(name)
        assert VALUE.fullmatch(value)
    framing = [name for name, _ in headers if name in {b"content-length", b"transfer-encoding"}]
    assert len(framing) <= 1


@settings(max_examples=scaled(400))
@given(forged())
def test_what_a_forged_manifest_makes_of_an_answer_is_one_message(manifest: dict[str, Any]) -> None:
    raw = msgspec.json.encode(manifest)
    try:
        is_refused = manifest_fault(decode_manifest(raw)) is not None
    except msgspec.MsgspecError:
        is_refused = True
    store = ReplayStore(MemoryStore({**NAMESPACES, EDGEKIT: {**NAMESPACES[EDGEKIT], manifest_key(RELEASE): raw}}))
    for request in REQUESTS:
        answer = respond_or_forward(request, store)
        if isinstance(answer, Forward):
            assert not is_refused
            assert re.fullmatch(r"https?://[a-z0-9.:\[\]-]+", answer.url)
            check_head(tuple(request_headers(request, answer, "http")))
            continue
        assert not is_refused or answer.status == 503
        assert answer.status in {200, 301, 302, 303, 307, 308, 400, 404, 405, 414, 429, 503}
        check_head(answer.headers)
        locations = [value for name, value in answer.headers if name == b"location"]
        assert all(re.match(rb"/(?![/\\])|https?://", location) for location in locations)
