"""`[identity]` of edgekit.toml: how a request's user is known, and what goes with which mode."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.header import TOKEN
from edgekit.model.jwk import SECRET_BYTES, Jwk
from edgekit.model.manifest import Identity
from edgekit.model.slot import KNOWN, Slot
from edgekit.project.config import IdentityTable
from edgekit.project.jwks import read_jwks
from edgekit.project.problems import Problems
from edgekit.project.toml import TomlFile, note

INSECURE: Final = "`identity.insecure` is set: whoever writes an id into the cookie is that user"
INSECURE_HELP: Final = "let the application sign the cookie, as docs/identity.md shows, and remove `insecure`"

_KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "header": ("header",),
        "jwt": ("issuer", "audience", "algorithms", "jwks", "cookie", "claims"),
        "cookie": ("cookie", "insecure"),
    }
)
"""What each mode reads, beside `trusted_proxies`, who count for more than the user's id."""

_EXAMPLES: Final = MappingProxyType(
    {
        "issuer": 'issuer = "https://login.example/"',
        "audience": 'audience = "shop"',
        "algorithms": 'algorithms = ["RS256"]',
        "cookie": 'cookie = "session"',
    }
)
_NEEDED: Final = MappingProxyType(
    {"header": (), "jwt": ("issuer", "audience", "algorithms"), "cookie": ("cookie",)},
)


def read_identity(
    root: Path, table: IdentityTable, slots: Mapping[str, Slot], toml: TomlFile, problems: Problems
) -> Identity:
    """Header names compare without case, so the name is kept in lower case."""
    written = toml.content.get("identity")
    written = written if isinstance(written, dict) else {}
    _check_keys(table, written, toml, problems)
    for key, name in (("header", table.header), ("cookie", table.cookie)):
        if name and not TOKEN.fullmatch(name):
            example = "x-user-id" if key == "header" else "session"
            help = f"write a name such as `{example}`"
            _refuse(key, f"`{name}` is no name of a {key}", help, toml, problems)
    for proxy in table.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            help = "write networks such as `10.0.0.0/8` or `::1/128`"
            _refuse("trusted_proxies", f"`{proxy}` is no network: {error}", help, toml, problems)
    _check_claims(table.claims, slots, toml, problems)
    if table.insecure and table.mode == "cookie":
        note(problems, toml, ("identity", "insecure"), "EK155", INSECURE, help=INSECURE_HELP, severity="warning")
    return Identity(
        mode=table.mode,
        header=table.header.lower(),
        trusted_proxies=table.trusted_proxies,
        proxies_named="trusted_proxies" in written and bool(table.trusted_proxies),
        issuer=table.issuer,
        audience=table.audience,
        algorithms=table.algorithms,
        jwks=_read_keys(root, table, toml, problems),
        cookie=table.cookie,
        insecure=table.insecure,
        claims=table.claims,
    )


def _check_keys(table: IdentityTable, written: Mapping[str, object], toml: TomlFile, problems: Problems) -> None:
    for key in written:
        modes = [mode for mode, keys in _KEYS.items() if key in keys]
        if modes and table.mode not in modes:
            other = " or ".join(f'`mode = "{mode}"`' for mode in modes)
            what = f'`identity.{key}` means nothing with `mode = "{table.mode}"`'
            _refuse(key, what, f"remove it, or write {other}", toml, problems)
    for key in _NEEDED[table.mode]:
        if key not in written:
            what = f'`identity.{key}` is missing, which `mode = "{table.mode}"` needs'
            note(problems, toml, ("identity", key), "EK112", what, help=f"add `{_EXAMPLES[key]}`")


def _read_keys(root: Path, table: IdentityTable, toml: TomlFile, problems: Problems) -> tuple[Jwk, ...]:
    """The issuer's public keys. A site has either these or a secret: a key that all know must never pass for one."""
    if table.mode != "jwt":
        return ()
    by_secret = [algorithm for algorithm in table.algorithms if algorithm in SECRET_BYTES]
    by_key = [algorithm for algorithm in table.algorithms if algorithm not in SECRET_BYTES]
    if by_secret and by_key:
        what = f"`{by_secret[0]}` signs with a secret and `{by_key[0]}` with a key, so one could pass for the other"
        _refuse("algorithms", what, "keep those by which the issuer signs", toml, problems)
    elif by_secret and table.jwks:
        what = f"`identity.jwks` means nothing with `{by_secret[0]}`, which signs with a secret"
        help = "remove it and set EDGEKIT_JWT_SECRET where the site is served, or name the algorithm of the keys"
        _refuse("jwks", what, help, toml, problems)
    elif by_key and not table.jwks:
        what = f"`identity.jwks` is missing: the public keys that check `{by_key[0]}`"
        help = 'save what the issuer publishes as `jwks_uri`, and add `jwks = "login.jwks.json"`'
        note(problems, toml, ("identity", "jwks"), "EK112", what, help=help)
    elif by_key and not table.jwks.isprintable():
        what = "`identity.jwks` has a control character, so it names no file"
        _refuse("jwks", what, "write a path such as `login.jwks.json`", toml, problems)
    elif by_key:
        return read_jwks(root / table.jwks, by_key, problems)
    return ()


def _check_claims(claims: Mapping[str, str], slots: Mapping[str, Slot], toml: TomlFile, problems: Problems) -> None:
    """A field that nothing reads is a misspelt one."""
    fields = {slot.field for slot in slots.values() if slot.root == "user" and slot.source != KNOWN}
    for field in claims:
        if field not in fields | {"id", "tier"}:
            what = f"no slot reads `user.{field}`, which a claim would tell{did_you_mean(field, fields | {'tier'})}"
            help = "name a field that a slot reads, `tier` or `id`"
            note(problems, toml, ("identity", "claims", field), "EK113", what, help=help)


def _refuse(key: str, what: str, help: str, toml: TomlFile, problems: Problems) -> None:
    note(problems, toml, ("identity", key), "EK113", what, help=help)
