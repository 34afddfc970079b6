"""What a server must have: everything that is missing is told at once, and a later release is held to it, too."""

from typing import Any
from unittest import mock

import msgspec
import pytest

from edgekit.kv.reader import MemoryStore
from edgekit.model.manifest import Identity
from edgekit.replay.identity.demands import find_unmet, serving_identification
from edgekit.replay.secrets import Secrets, read_secrets
from edgekit.replay.store import ReplayStore
from tests.replay.identity.site import BY_SECRET, COOKIE, HEADER, SITE, ask, by_keys
from tests.replay.published import publish

LONG = b"x" * 64
NAMED = {**HEADER, "trusted_proxies": ["10.0.0.5/32"], "proxies_named": True}


def unmet(identity: dict[str, Any], secrets: Secrets, *, production: bool) -> list[str]:
    demands = find_unmet(msgspec.convert(identity, Identity), secrets, production=production)
    return [demand.what.split("`")[1] if demand.what[0] == "`" else demand.what.split()[0] for demand in demands]


@pytest.mark.parametrize(
    ("identity", "secrets", "anywhere", "in_production"),
    [
        (HEADER, Secrets(), [], ["identity.trusted_proxies", "EDGEKIT_PROXY_SECRET"]),
        (HEADER, Secrets(proxy=LONG), [], ["identity.trusted_proxies"]),
        (NAMED, Secrets(), [], ["EDGEKIT_PROXY_SECRET"]),
        (NAMED, Secrets(proxy=LONG[:31]), ["EDGEKIT_PROXY_SECRET"], ["EDGEKIT_PROXY_SECRET"]),
        (NAMED, Secrets(proxy=LONG[:32]), [], []),
        (COOKIE, Secrets(), ["EDGEKIT_COOKIE_SECRET"], ["EDGEKIT_COOKIE_SECRET"]),
        (COOKIE, Secrets(cookie=LONG[:31]), ["EDGEKIT_COOKIE_SECRET"], ["EDGEKIT_COOKIE_SECRET"]),
        (COOKIE, Secrets(cookie=LONG[:32]), [], []),
        ({**COOKIE, "insecure": True}, Secrets(), [], ["identity.insecure"]),
        (BY_SECRET, Secrets(cookie=LONG), ["EDGEKIT_JWT_SECRET"], ["EDGEKIT_JWT_SECRET"]),
        (BY_SECRET, Secrets(jwt=LONG[:32]), [], []),
        (
            {**BY_SECRET, "algorithms": ["HS512"]},
            Secrets(jwt=LONG[:63]),
            ["EDGEKIT_JWT_SECRET"],
            ["EDGEKIT_JWT_SECRET"],
        ),
        (by_keys("RS256"), Secrets(), [], []),
        (by_keys("RS256"), Secrets(admin_token=LONG[:31]), [], ["EDGEKIT_ADMIN_TOKEN"]),
        (by_keys("RS256"), Secrets(admin_token=LONG[:32]), [], []),
        (by_keys("RS256"), Secrets(proxy=b"short"), ["EDGEKIT_PROXY_SECRET"], ["EDGEKIT_PROXY_SECRET"]),
    ],
)
def test_what_is_missing(
    identity: dict[str, Any], secrets: Secrets, anywhere: list[str], in_production: list[str]
) -> None:
    assert unmet(identity, secrets, production=False) == anywhere
    assert unmet(identity, secrets, production=True) == in_production


def test_a_release_that_is_published_later_is_not_served_if_it_lets_anybody_in() -> None:
    namespaces = publish({**SITE, "identity": COOKIE})
    identify = serving_identification(Secrets(cookie=LONG), production=True)
    store = ReplayStore(MemoryStore(namespaces), identify=identify)
    first = ask(store).release
    publish({**SITE, "identity": {**COOKIE, "insecure": True}}, namespaces)
    store._version = None  # a store in memory counts no versions
    response = ask(store, (b"cookie", b"session=u1"))
    assert response.release == first
    assert response.body == b"free guest nobody unknown"
    assert response.logs[0].message.startswith("a release cannot be served: `identity.insecure` is set")


def test_a_release_that_is_not_served_is_read_once_and_a_later_one_is_served() -> None:
    namespaces = publish({**SITE, "identity": COOKIE})
    identify = mock.Mock(side_effect=serving_identification(Secrets(cookie=LONG), production=True))
    store = ReplayStore(MemoryStore(namespaces), identify=identify)
    publish({**SITE, "identity": {**COOKIE, "insecure": True}}, namespaces)
    assert [ask(store).status for _ in range(3)] == [503] * 3
    assert identify.call_count == 1
    publish({**SITE, "identity": {**COOKIE, "cookie": "another"}}, namespaces)
    assert ask(store).status == 200


def test_secrets_are_read_as_they_are_and_an_empty_one_is_none() -> None:
    environment = {"EDGEKIT_JWT_SECRET": "é \udcff", "EDGEKIT_COOKIE_SECRET": "", "PATH": "/bin"}
    assert read_secrets(environment) == Secrets(jwt="é ".encode() + b"\xff", cookie=None, proxy=None)
