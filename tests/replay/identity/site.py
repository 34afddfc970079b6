"""A page that tells who it is for, and asking for it."""

from typing import Any, Final

from edgekit.kv.reader import MemoryStore
from edgekit.model.manifest import Identity
from edgekit.replay.core import respond
from edgekit.replay.identity.identification import Identification
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import Response
from edgekit.replay.secrets import Secrets
from edgekit.replay.store import ReplayStore
from tests.replay.identity.credentials import ISSUER, NOW, SECRET, public_jwk
from tests.replay.published import publish

ALL_SECRETS: Final = Secrets(jwt=SECRET, cookie=SECRET)
GUEST: Final = b"free guest nobody unknown"

SITE: Final[dict[str, Any]] = {
    "slots": {
        "ID": {"from": "user.id", "default": "guest", "max_length": 60},
        "NAME": {"from": "user.name", "default": "nobody", "max_length": 20},
        "KNOWN": {"from": "user.known", "choices": ["true", "false"]},
    },
    "segments": {"free": {}, "premium": {}, "vip": {}},
    "pages": {
        "/": {
            tier: f"{tier} {{ID}} {{NAME}} {{?KNOWN=true}}known{{?KNOWN=false}}unknown{{/KNOWN}}"
            for tier in ("free", "premium", "vip")
        },
    },
    "users": {"u1": {"tier": "premium", "name": "Ada"}, "u2": {"tier": "vip", "name": "Grace"}},
}

HEADER: Final[dict[str, Any]] = {"mode": "header"}
COOKIE: Final[dict[str, Any]] = {"mode": "cookie", "cookie": "session"}
BY_SECRET: Final[dict[str, Any]] = {"mode": "jwt", "issuer": ISSUER, "audience": "shop", "algorithms": ["HS256"]}


def by_keys(*algorithms: str, keys: list[dict[str, str]] | None = None, **more: Any) -> dict[str, Any]:
    """`[identity]` for tokens signed with keys."""
    jwks = [public_jwk(algorithm) for algorithm in algorithms] if keys is None else keys
    return {**BY_SECRET, "algorithms": list(algorithms), "jwks": jwks, **more}


def open_site(identity: dict[str, Any], secrets: Secrets = ALL_SECRETS, **changes: Any) -> ReplayStore:
    def identify(read: Identity) -> Identification:
        return Identification(read, secrets)

    return ReplayStore(MemoryStore(publish({**SITE, "identity": identity, **changes})), identify=identify)


def ask(store: ReplayStore, *headers: tuple[bytes, bytes], peer: str = "127.0.0.1", now: float = NOW) -> Response:
    given: Headers = headers
    return respond(Request(b"/", now, headers=given, peer=peer), store)


def bearer(token: bytes) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + token


def cookie(value: bytes) -> tuple[bytes, bytes]:
    return b"cookie", b"session=" + value
