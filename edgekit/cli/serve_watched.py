"""`edgekit serve --watch`: the process that builds, with a server beside it that hears of every build."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from edgekit.cli.building import Built, build_site
from edgekit.cli.output import Output
from edgekit.cli.places import store_file
from edgekit.cli.start import announce, import_sample, read_identity
from edgekit.cli.watching import watch_site
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.project.config import read_store
from edgekit.project.root import site_root
from edgekit.project.sample import SAMPLE_USERS
from edgekit.replay.identity.demands import find_unmet
from edgekit.replay.port import find_port
from edgekit.replay.secrets import read_secrets
from edgekit.watch.news import build_news
from edgekit.watch.rounds import Round
from edgekit.watch.server import WatchServer


def serve_watched(
    output: Output, folder: Path, store: Path | None, clock: datetime | None, host: str, port: int, strict_port: bool
) -> None:
    """Build the site in `folder` after every change and serve it, until somebody ends it.

    Raises EK101 for a folder that is no site, EK450 and EK451 for a port that cannot be had, EK453 to EK455.
    """
    root = site_root(folder)
    known = _find_known_store(root, store)
    free = find_port(host, port, strict_port)
    secrets = read_secrets(os.environ)

    def build(progress: Callable[[int, int], None]) -> Built:
        nonlocal known
        # `yes`: another branch may well have fewer pages, and this store is one for development.
        built = build_site(root, store, clock=clock, wait=True, yes=True, progress=progress)
        known = built.store
        import_sample(output, known, root / SAMPLE_USERS)
        for demand in find_unmet(read_identity(known), secrets, production=False):
            output.note(f"warning: {demand.what}; until then everybody is a guest")
        return built

    def tell(round: Round[Built]) -> None:
        server.tell(build_news(known, round.error.diagnostics if round.error else (), os.getcwd()))

    with WatchServer(host, free, secrets, partial(announce, output, host, free)) as server:
        watch_site(output, root, store, build, tell, server.check)


def _find_known_store(root: Path, store: Path | None) -> Path | None:
    """Where the last build was published, if the site's configuration can still be read."""
    try:
        return store_file(store, read_store(root))
    except EdgekitError:
        return store
