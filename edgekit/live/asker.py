"""Who asks: two users, a guest, and a guest whose browser holds a cookie that means nothing."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from edgekit.diagnostics.diagnostic import failure
from edgekit.kv.record import decode_record
from edgekit.kv.store import LmdbStore
from edgekit.model.expiry import is_expired
from edgekit.model.header import TOKEN
from edgekit.model.keys import USER_SEGMENTS
from edgekit.model.manifest import Identity

COOKIE: Final = ("cookie", "edgekit-check=1")
_LOOKED_AT: Final = 1_000
"""Users of the store among whom two are looked for; a site has more than two tiers rarely, and users of each."""

Headers = tuple[tuple[str, str], ...]


class Asker(NamedTuple):
    """`name` is what findings say; `user` the id in the store, or None for a guest; `headers` are what is sent."""

    name: str
    user: str | None
    headers: Headers


GUESTS: Final = (Asker("a guest", None, ()), Asker("a guest with a cookie", None, (COOKIE,)))


def read_users(given: Sequence[str]) -> dict[str, Headers]:
    """`ID` or `ID=HEADER: VALUE`, perhaps several for one id → its headers; none: the identity header tells the id.

    Raises EK619 for what is neither, and if there are not two ids.
    """
    users: dict[str, Headers] = {}
    for text in given:
        id, equals, header = text.partition("=")
        name, colon, value = header.partition(":")
        if not id or (equals and not (colon and TOKEN.fullmatch(name.strip()))):
            raise _misused(f"`--user {id}…` is neither an id nor an id with a header")
        users.setdefault(id, ())
        if equals:
            users[id] += ((name.strip().lower(), value.strip()),)
        if not all(text.isascii() and text.isprintable() for text in (value, "" if equals else id)):
            raise _misused(f"the header of `--user {id}` has characters that no header can hold")
    if len(users) != 2:
        raise _misused(f"`--user` names {len(users)} of the two users that are needed")
    return users


def _misused(message: str) -> Exception:
    return failure("EK619", message, help="write `--user u1 --user u2`, or `--user 'u1=cookie: session=…'` for both")


def choose_users(store: LmdbStore, now: float) -> dict[str, Headers]:
    """Two users of the store, of different tiers if there are such. Raises EK619 if it has not two."""
    tiers: dict[str, str] = {}
    with store.snapshot() as snapshot:
        for key, stored in islice(snapshot.scan(USER_SEGMENTS), _LOOKED_AT):
            try:
                expires, record = decode_record(stored)
                if not is_expired(expires, now) and key.isascii():
                    tiers[key.decode()] = str(record.get("tier"))
            except ValueError:
                continue
    ids = list(tiers)
    if len(ids) < 2:
        raise failure(
            "EK619",
            f"the store has {len(ids)} of the two users that are needed",
            help="`edgekit users import` brings them, or name two by `--user`",
        )
    second = next((id for id in ids if tiers[id] != tiers[ids[0]]), ids[1])
    return {ids[0]: (), second: ()}


def build_askers(users: Mapping[str, Headers], identity: Identity) -> tuple[Asker, ...]:
    """The users and the guests, in the order in which they ask.

    Raises EK619 for a user without a header whom no header of this site's could tell.
    """
    for id, headers in users.items():
        if not headers and identity.mode != "header":
            sent = f"cookie: {identity.cookie}=…" if identity.cookie else "authorization: Bearer …"
            help = f"write what their browser sends: `--user '{id}={sent}'`"
            raise failure(
                "EK619", f"`--user {id}` does not say the {identity.mode} by which the site knows this user", help=help
            )
    named = (Asker(f"`{id}`", id, headers or ((identity.header, id),)) for id, headers in users.items())
    return (*named, *GUESTS)
