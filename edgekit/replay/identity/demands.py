"""What a server must have to identify its visitors, and what it must have to stand on the internet."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from edgekit.model.jwk import SECRET_BYTES
from edgekit.model.manifest import Identity
from edgekit.project.identity import INSECURE, INSECURE_HELP
from edgekit.replay.identity.identification import Identification
from edgekit.replay.reading import RefusedError
from edgekit.replay.secrets import ADMIN_TOKEN, COOKIE_SECRET, JWT_SECRET, MIN_BYTES, PROXY_SECRET, Secrets

_SET: Final = "set it in the environment: `python3 -c 'import secrets; print(secrets.token_urlsafe(64))'` makes one"


class Demand(NamedTuple):
    """What is not met, and the way out."""

    what: str
    help: str


def find_unmet(identity: Identity, secrets: Secrets, *, production: bool) -> tuple[Demand, ...]:
    """Everything that a server with these secrets lacks for a release with this identity."""
    return (*_find_bad_secrets(identity, secrets), *(_find_unsafe(identity, secrets) if production else ()))


def serving_identification(secrets: Secrets, *, production: bool) -> Callable[[Identity], Identification]:
    """How a server with these secrets knows the visitors of a release.

    It raises RefusedError for a release whose demands are not met, so that one that is published later is not served.
    """

    def identify(identity: Identity) -> Identification:
        unmet = find_unmet(identity, secrets, production=production)
        if unmet:
            raise RefusedError(f"a release cannot be served: {unmet[0].what}")
        return Identification(identity, secrets)

    return identify


def _find_bad_secrets(identity: Identity, secrets: Secrets) -> Iterator[Demand]:
    least = max((SECRET_BYTES.get(algorithm, 0) for algorithm in identity.algorithms), default=0)
    wanted = (
        (JWT_SECRET, secrets.jwt, least, f"checks tokens signed with `{' or '.join(identity.algorithms)}`"),
        (COOKIE_SECRET, secrets.cookie, MIN_BYTES * _is_signed_cookie(identity), "checks the cookie's signature"),
    )
    for name, secret, least, purpose in wanted:
        if least and secret is None:
            yield Demand(f"{name} is not set, which {purpose}", _SET)
        elif least:
            yield from _check_length(name, secret, least)
    yield from _check_length(PROXY_SECRET, secrets.proxy, MIN_BYTES)


def _check_length(name: str, secret: bytes | None, least: int) -> Iterator[Demand]:
    if secret is not None and len(secret) < least:
        yield Demand(f"{name} has {len(secret)} bytes; a secret that cannot be guessed has at least {least}", _SET)


def _is_signed_cookie(identity: Identity) -> bool:
    return identity.mode == "cookie" and not identity.insecure


def _find_unsafe(identity: Identity, secrets: Secrets) -> Iterator[Demand]:
    yield from _check_length(ADMIN_TOKEN, secrets.admin_token, MIN_BYTES)  # who has it can change every user
    if identity.insecure:
        yield Demand(INSECURE, INSECURE_HELP)
    if identity.mode != "header":
        return
    if not identity.proxies_named:
        yield Demand(
            "`identity.trusted_proxies` is not written, so that everything on this machine could be any user",
            'write the addresses of the proxies in front, such as `trusted_proxies = ["10.0.0.5/32"]`, and build',
        )
    if secrets.proxy is None:
        yield Demand(
            f"{PROXY_SECRET} is not set, which the proxy in front sends along as `x-edgekit-proxy-secret`", _SET
        )
