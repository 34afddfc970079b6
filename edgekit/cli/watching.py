"""`build --watch` and `serve --watch`: builds after every change, and what a terminal or a program sees of them."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edgekit.cli.building import Built
from edgekit.cli.output import Output
from edgekit.cli.places import DEFAULT_STORE
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError, failure
from edgekit.diagnostics.json import build_json
from edgekit.diagnostics.text import format_amount, format_count
from edgekit.kv.lock import build_lock
from edgekit.kv.prune import prune
from edgekit.kv.releases import publications
from edgekit.kv.store import open_store
from edgekit.model.keys import ASSETS
from edgekit.project.config import read_keep_releases
from edgekit.project.root import site_root
from edgekit.watch.changes import name_changes
from edgekit.watch.rounds import Round, rounds


def watch_site(
    output: Output,
    folder: Path,
    store: Path | None,
    build: Callable[[Callable[[int, int], None]], Built],
    tell: Callable[[Round[Built]], None] = lambda _: None,
    pulse: Callable[[], None] = lambda: None,
) -> None:
    """Build the site in `folder` after every change, show and tell what comes of it, until somebody ends it.

    `build` takes what it tells its progress to; `store` is `--store`. Raises EK101 for a folder that is no site.
    """
    root = site_root(folder)
    shown = RoundOutput(output, root)
    here = os.getcwd()
    stores = [Path(os.path.abspath(path)) for path in (store or DEFAULT_STORE, DEFAULT_STORE)]

    def build_once() -> Built:
        _enter(here)
        with output.progress("compiling") as progress:
            built = build(progress)
        _prune(built)
        return built

    with until_stopped():
        for round in rounds(root, stores, build_once, pulse):
            with suppress(EdgekitError):
                _enter(here)  # it may have gone during the build
            shown.show(round)
            tell(round)


def _enter(folder: str) -> None:
    """Enter the folder that the watch began in: it may have been deleted, and be another one of that name by now."""
    try:
        os.chdir(folder)
    except OSError as error:
        os.chdir("/")  # names are still told relative to somewhere
        raise failure(
            "EK101",
            f"the folder `{folder}`, in which this began, cannot be entered: {error.strerror}",
            help="put it back, or start again in another one",
        ) from None


def _prune(built: Built) -> None:
    """Every save makes a release. Once there are twice as many as `[build] keep_releases`, the rest goes."""
    keep = read_keep_releases(built.root)
    with open_store(built.store) as store:
        with store.snapshot() as snapshot:
            kept = len(publications(snapshot))
        if kept > 2 * keep:
            with build_lock(built.store, wait=True):
                prune(store, keep)


class RoundOutput:
    """Shows builds one by one: a line each, and errors and warnings once, until they are others."""

    def __init__(self, output: Output, root: Path) -> None:
        self._output = output
        self._root = root
        self._errors: tuple[Diagnostic, ...] = ()
        self._warnings: tuple[Diagnostic, ...] = ()

    def show(self, round: Round[Built]) -> None:
        changed = name_changes(round.changed, str(self._root)) if round.changed else "the site"
        if self._output.json:
            self._show_object(round)
        elif round.error is not None:
            self._show_errors(changed, round.error.diagnostics)
        elif round.built is not None:
            self._show_built(changed, round.built)
        self._output.flush()

    def _show_object(self, round: Round[Built]) -> None:
        """One object a build, as `build --json` prints it, and which files led to it."""
        folder = os.getcwd()
        fields = {} if round.built is None else round.built.fields()
        if round.error is not None:
            fields = build_json(round.error.diagnostics, folder)
        changed = [os.path.relpath(file, folder).replace(os.sep, "/") for file in round.changed]
        self._output.object({"changed": changed, **fields})

    def _show_errors(self, changed: str, errors: tuple[Diagnostic, ...]) -> None:
        if errors == self._errors:
            self._output.note(f"{changed}: still {format_count(errors)}")
        else:
            self._output.diagnostics(errors)
        self._errors = errors

    def _show_built(self, changed: str, built: Built) -> None:
        if built.warnings != self._warnings:
            self._output.warnings(built.warnings)
        mended = "mended: " if self._errors else ""
        self._output.note(f"{mended}{changed}: {_describe(built)} in {built.seconds:.2f} s")
        self._errors, self._warnings = (), built.warnings


def _describe(built: Built) -> str:
    """What a build changed, such as `3 fragments changed, 1 added`; of the first in a store, how much there is."""
    if built.published.previous is None:
        amounts = ((built.pages, "page"), (built.fragments, "fragment"), (built.assets, "asset"))
        return ", ".join(format_amount(count, noun) for count, noun in amounts)
    counts = built.published.changes
    parts = []
    for what in ("changed", "added", "removed"):
        pages = sum(getattr(count, what) for namespace, count in counts.items() if namespace != ASSETS)
        assets = sum(getattr(count, what) for namespace, count in counts.items() if namespace == ASSETS)
        for count, noun in ((pages, "fragment"), (assets, "asset")):
            if count:
                parts.append(f"{format_amount(count, noun)} {what}")
    if not parts:
        return "nothing changed" if built.published.release == built.published.previous else "its configuration changed"
    return ", ".join(parts)


_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def until_stopped() -> Iterator[None]:
    """Ctrl-C is how a watch ends, and so are SIGTERM and a closed terminal: with status 0."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _ENDING}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
