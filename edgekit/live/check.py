"""A running site, asked for a sample of its pages by everybody in turn."""

import time
from collections.abc import Callable, Iterator, Sequence
from secrets import token_hex

import msgspec

from edgekit.diagnostics.diagnostic import Diagnostic, failure, merge_diagnostics
from edgekit.kv.releases import current_manifest
from edgekit.kv.store import LmdbStore
from edgekit.kv.users import get_user
from edgekit.live.asker import Asker, build_askers, choose_users, read_users
from edgekit.live.judge import (
    Asked,
    Fault,
    judge_answer,
    judge_bodies,
    judge_encodings,
    judge_forgery,
    judge_revalidation,
)
from edgekit.live.probe import Prober
from edgekit.live.sample import Target, choose_targets
from edgekit.model.digest import digest
from edgekit.model.expiry import is_expired
from edgekit.model.manifest import Manifest
from edgekit.model.origin import is_origin
from edgekit.replay.core import respond
from edgekit.replay.identity.identification import Identification
from edgekit.replay.identity.pretended import Pretended
from edgekit.replay.identity.proxies import SEGMENT_HEADER
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import Response
from edgekit.replay.secrets import Secrets
from edgekit.replay.store import ReplayStore


class LiveCheck(msgspec.Struct, frozen=True):
    """What was found, and how many pages were asked for in how many requests, by whom."""

    diagnostics: tuple[Diagnostic, ...]
    pages: int
    requests: int
    askers: tuple[str, ...]


def check_live(
    origin: str,
    store: LmdbStore,
    users: Sequence[str],
    pages: int,
    secrets: Secrets,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LiveCheck:
    """Ask the site at `origin` for at most `pages` pages of the store's release.

    `users` are as `read_users` takes them; without any, two are chosen. Everybody asks twice in a row, at the page's
    own URL, and in the other order at the URL with a query that nothing has asked with before. With its `secrets` the
    claims of a user's token can be read; without them the user's record tells all that is expected.
    Raises EK452 (nothing published), EK619 (no such URL or users, no answer, a user whom the site does not know).
    """
    origin = origin.removesuffix("/")
    if not is_origin(origin):
        help = "write scheme and host, such as `https://shop.example`"
        raise failure("EK619", f"`{origin}` is no URL of a site", help=help)
    with store.snapshot() as snapshot:
        manifest = current_manifest(snapshot)
    if manifest is None:
        raise failure("EK452", f"nothing is published in `{store.path}`", help="run `edgekit build` first")
    named = read_users(users) if users else choose_users(store, time.time())
    askers = build_askers(named, manifest.identity)
    nonce = token_hex(4)
    targets = choose_targets(manifest, pages, f"/edgekit-check-{nonce}")
    faults: dict[Fault, list[Target]] = {}
    with Prober(origin) as prober:
        survey = _Survey(manifest, store, secrets, prober, askers, nonce)
        survey.check_records()
        survey.check_identities(targets)
        for done, target in enumerate(targets, 1):
            for fault in survey.check(target):
                faults.setdefault(fault, []).append(target)
            progress(done, len(targets))
    found = [_describe(origin, fault, places) for fault, places in faults.items()]
    return LiveCheck(tuple(merge_diagnostics(found)), len(targets), prober.count, tuple(asker.name for asker in askers))


class _Survey:
    """The questions of one check."""

    def __init__(
        self,
        manifest: Manifest,
        store: LmdbStore,
        secrets: Secrets,
        prober: Prober,
        askers: Sequence[Asker],
        nonce: str,
    ) -> None:
        self.store = store
        self.prober = prober
        self.askers = askers
        self.nonce = nonce
        self._manifest = manifest
        self._pretended = Pretended(manifest.identity)
        self._identification = Identification(manifest.identity, secrets)
        self._replay = ReplayStore(store, identify=lambda _: self._identification)
        self._pretending = ReplayStore(store, identify=self._pretended.identify)

    def check_records(self) -> None:
        """Raises EK619 for a user without a record or claims: the store could not tell this user from a guest."""
        for asker in self.askers:
            if asker.user is None or self._has_claims(asker):
                continue
            user = get_user(self.store, asker.user)
            if user is None or is_expired(user.expires, time.time()):
                help = "name users whose records the store has: `edgekit users put` writes one"
                raise failure("EK619", f"the store has no record of user `{asker.user}`", help=help)

    def _has_claims(self, asker: Asker) -> bool:
        found = self._identification.identify(self._request("/", asker))
        return found is not None and found.id == asker.user and bool(found.claims)

    def check_identities(self, targets: Sequence[Target]) -> None:
        """Raises EK619 if a user is shown a guest's page where nobody has asked before."""
        guest = self.askers[-1]
        for number, asker in enumerate(self.askers):
            for target in targets if asker.user else ():
                url = self._fresh(target, f"who{number}")
                if self._expect(url, guest).body == self._expect(url, asker).body:
                    continue
                if self.ask(url, asker).answer.body == self._expect(url, guest).body:
                    raise failure(
                        "EK619",
                        f"the site takes {asker.name} for a guest at `{self.prober.origin}{url}`",
                        help=f"say how the site knows the user: `--user '{asker.user}=cookie: session=…'`; or a cache "
                        "in front gives everybody a guest's pages, whatever the query",
                    )
                break

    def check(self, target: Target) -> list[Fault]:
        """What is wrong with a page's answers, each fault once."""
        fresh = self._fresh(target, "order")
        turns = [(target.url, asker) for asker in self.askers] + [(fresh, asker) for asker in reversed(self.askers)]
        answers = [self.ask(url, asker) for url, asker in turns for _ in range(2)]
        found = [fault for asked in answers for fault in self._judge(target, asked)]
        found += judge_bodies(target.delivery, answers)
        if target.delivery == "static":
            url, guest = self._fresh(target, "encoding"), self.askers[-1]
            compressed = self.ask(url, guest, ("accept-encoding", "gzip")).answer
            found += judge_encodings(compressed, self.ask(url, guest).answer)
        else:
            found += self._check_revalidation(target, answers)
            found += self._check_forgeries(target, answers)
        return list(dict.fromkeys(found))

    def _judge(self, target: Target, asked: Asked) -> Iterator[Fault]:
        return judge_answer(target.delivery, asked, shares_segments=self._manifest.share_segments is True)

    def _check_revalidation(self, target: Target, answers: Sequence[Asked]) -> list[Fault]:
        """Each user names the other's ETag."""
        first = {asked.asker.name: asked for asked in reversed(answers)}
        one, two = (first[asker.name] for asker in self.askers if asker.user)
        if one.expected.body == two.expected.body or one.answer.body == two.answer.body:
            return []
        found: list[Fault] = []
        for owner, asker in ((one, two.asker), (two, one.asker)):
            tag = owner.answer.headers.get("etag") or f'"{digest(owner.answer.body).hex()}"'
            answer = self.ask(target.url, asker, ("if-none-match", tag)).answer
            found += judge_revalidation(owner.asker, asker, answer)
        return found

    def _check_forgeries(self, target: Target, answers: Sequence[Asked]) -> Iterator[Fault]:
        """A guest says what only the proxy may say: of each header the first value that would show another page."""
        guest = self.askers[-1]
        plain = next(asked for asked in answers if asked.asker == guest)
        for number, values in enumerate(self._forgeable()):
            url = self._fresh(target, f"said{number}")
            request, expected = self._request(url, guest), self._expect(url, guest).body
            for name, value in values:
                if self._pretend(request, ((name, value),)).body != expected:
                    said = name.decode(), value.decode()
                    yield from judge_forgery(plain, self.ask(url, guest, said), said)
                    break

    def _forgeable(self) -> Iterator[Headers]:
        """Who knows the users by the identity header itself asks as the proxy does, and may say all of this."""
        identity = self._manifest.identity
        header = identity.header if identity.mode == "header" else None
        if any(name == header for asker in self.askers for name, _ in asker.headers):
            return
        yield tuple((SEGMENT_HEADER, tier.encode()) for tier in sorted(self._manifest.segments))
        if header is not None:
            yield tuple((header.encode(), asker.user.encode()) for asker in self.askers if asker.user)

    def ask(self, url: str, asker: Asker, *more: tuple[str, str]) -> Asked:
        """The site's answer, and the store's."""
        return Asked(asker, self.prober.send(self.prober.build(url, (*asker.headers, *more))), self._expect(url, asker))

    def _expect(self, url: str, asker: Asker) -> Response:
        """What the store answers to the same request from whom the site knows as this user.

        Their own credential counts if it says so; it may be one that something in front of the site reads.
        """
        request = self._request(url, asker)
        if asker.user is None:
            return respond(request, self._replay)
        found = self._identification.identify(request)
        if found is not None and found.id == asker.user:
            return respond(request, self._replay)
        return self._pretend(request, self._pretended.headers(asker.user))

    def _pretend(self, request: Request, said: Headers) -> Response:
        """What is answered to the proxy that says this."""
        headers = tuple(header for header in request.headers if header[0] != self._pretended.name)
        pretended = msgspec.structs.replace(request, headers=(*headers, *said), peer=self._pretended.peer)
        return respond(pretended, self._pretending)

    def _request(self, url: str, asker: Asker) -> Request:
        """As it reaches a server that trusts nobody who forwards it."""
        sent = self.prober.build(url, asker.headers)
        path, _, query = sent.url.raw_path.partition(b"?")
        headers = tuple((name.lower(), value) for name, value in sent.headers.raw)
        return Request(path, time.time(), query=query, headers=headers)

    def _fresh(self, target: Target, what: str) -> str:
        """The page's URL with a query with which nobody has asked, and that no page reads."""
        return f"{target.url}?edgekit-check={what}-{self.nonce}"


def _describe(origin: str, fault: Fault, places: Sequence[Target]) -> Diagnostic:
    """One diagnostic for one fault, with the URL of the first of its pages."""
    return Diagnostic(
        code=fault.code,
        message=f"`{origin}{min(places).url}` {fault.what}",
        help=fault.help,
        severity=fault.severity,
        pages=tuple(sorted(target.path for target in places)),
    )
