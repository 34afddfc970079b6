"""The store that a watched site is answered from, whichever file that is by now."""

from functools import partial
from pathlib import Path

import msgspec

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.store import LmdbStore, open_store
from edgekit.replay.core import find_forwarded, respond
from edgekit.replay.identity.identification import Identification
from edgekit.replay.origin.forward import Forward
from edgekit.replay.request import Request
from edgekit.replay.response import UNAVAILABLE, Response, respond_alone
from edgekit.replay.secrets import Secrets
from edgekit.replay.store import ReplayStore
from edgekit.watch.news import News


class WatchedStore:
    """Opened when it is first there. Another file at its path is another store: somebody removed the first."""

    def __init__(self, secrets: Secrets) -> None:
        self._identify = partial(Identification, secrets=secrets)
        self._opened: LmdbStore | None = None
        self._replay: ReplayStore | None = None
        self._identity: tuple[Path, int] | None = None

    def find_forward(self, request: Request, news: News) -> Forward | None:
        """What is the origin's, as the last build has it."""
        replay = self.replay(news)
        return None if replay is None else find_forwarded(request, replay)

    def answer(self, request: Request, news: News) -> Response:
        """503 if nothing was published yet, or nothing that can be read; the build says why, so no log does.

        Nothing is compressed: what is sent is looked into, and changed.
        """
        plain = tuple(header for header in request.headers if header[0] != b"accept-encoding")
        request = msgspec.structs.replace(request, headers=plain)
        replay = self.replay(news)
        if replay is not None and (response := respond(request, replay)).release is not None:
            return response
        return respond_alone(request, UNAVAILABLE)

    def replay(self, news: News) -> ReplayStore | None:
        """What is answered from now, if there is anything."""
        if news.store is not None:
            self._follow(Path(news.store))
        return self._replay

    def _follow(self, path: Path) -> None:
        try:
            identity = path, path.stat().st_ino
        except OSError:  # removed: what is open can still be read
            return
        if identity == self._identity:
            return
        if self._opened is not None:
            self._opened.close()
        self._opened = self._replay = None
        try:
            self._opened = open_store(path)
        except EdgekitError:
            return
        self._replay = ReplayStore(self._opened, identify=self._identify)
        self._identity = identity
