"""No attack gets in, neither by `respond` nor over a real server's sockets."""

import http.client
from contextlib import closing
from pathlib import Path

import pytest

from tests.replay.identity.attacks import MODES, Attack
from tests.replay.identity.credentials import SECRET
from tests.replay.identity.site import GUEST, SITE, ask, open_site
from tests.replay.serving import running, write_store

KNOWN = b"premium u1 Ada known"
CASES = [(mode, name) for mode, (_, attacks, _) in MODES.items() for name in attacks]


def lowered(attack: Attack) -> Attack:
    """As ASGI hands headers on."""
    return [(name.lower(), value) for name, value in attack]


@pytest.mark.parametrize(("mode", "name"), CASES, ids=[f"{mode}: {name}" for mode, name in CASES])
def test_an_attacker_is_a_guest(mode: str, name: str) -> None:
    identity, attacks, _ = MODES[mode]
    response = ask(open_site(identity), *lowered(attacks[name]))
    assert (response.status, response.body, response.logs) == (200, GUEST, ())


@pytest.mark.parametrize("mode", MODES)
def test_the_user_gets_in(mode: str) -> None:
    identity, _, good = MODES[mode]
    assert ask(open_site(identity), *good).body == KNOWN


@pytest.mark.parametrize("mode", MODES)
def test_attacks_fail_on_a_site_that_has_just_let_the_user_in(mode: str) -> None:
    identity, attacks, good = MODES[mode]
    store = open_site(identity)
    for name, attack in attacks.items():
        assert ask(store, *good).body == KNOWN
        assert ask(store, *lowered(attack)).body == GUEST, name


@pytest.mark.parametrize("peer", ["192.0.2.1", "", "unix:", "127.0.0.1.evil.example", "::ffff:192.0.2.1", "128.0.0.1"])
def test_the_header_of_another_peer_is_dropped(peer: str) -> None:
    assert ask(open_site(MODES["header"][0]), (b"x-user-id", b"u1"), peer=peer).body == GUEST


@pytest.mark.parametrize("mode", MODES)
def test_an_attacker_is_a_guest_of_a_real_server_too(tmp_path: Path, mode: str) -> None:
    identity, attacks, good = MODES[mode]
    write_store(tmp_path / "edge.lmdb", {**SITE, "identity": identity})
    secrets = dict.fromkeys(("EDGEKIT_JWT_SECRET", "EDGEKIT_COOKIE_SECRET"), SECRET.decode())
    with running(tmp_path / "edge.lmdb", environment=secrets) as (port, _):
        assert fetch(port, good) == (200, KNOWN)
        for name, attack in attacks.items():
            assert fetch(port, attack) in ((200, GUEST), (400, b"")), name
        assert fetch(port, good) == (200, KNOWN)


def fetch(port: int, headers: Attack) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.putrequest("GET", "/")
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.read()
