"""One build after the other: wait for a change, let it settle, build, hand on what came of it.

What changed is found by comparing two looks at the files. The system's notifications only say when to look, and are
asked for after the first of two looks: so what changes while a build goes on is missed by neither, and no thread of the
watcher runs when a build forks.
"""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

from watchfiles import watch

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.watch.changes import find_changes, has_lost
from edgekit.watch.inputs import Inputs, find_inputs

Built = TypeVar("Built")

_QUIET: Final = 50
"""Milliseconds without a change after which a save has ended."""
_LONGEST: Final = 2_000
"""Milliseconds after which changes that do not end are built as they are."""
_GONE: Final = 300
"""Milliseconds that a file which is gone gets to come back: some editors delete and then create."""
_STEP: Final = 20


class Round(NamedTuple, Generic[Built]):
    """One build. `changed` are the paths of files that led to it (none for the first), and one of the others is set."""

    changed: tuple[str, ...]
    built: Built | None
    error: EdgekitError | None


def rounds(
    root: Path, stores: Sequence[Path], build: Callable[[], Built], pulse: Callable[[], None] = lambda: None
) -> Iterator[Round[Built]]:
    """Build the site folder `root` (absolute), now and after every change, for ever.

    `stores` are left out of what is watched. `pulse` is called now and then while nothing happens; what it raises ends
    the rounds. An error of a build that files changed under is not told: the next build tells what is true then.
    Raises EK454, EK455 if the files cannot be watched, KeyboardInterrupt for any signal whose handler raises.
    """
    seen = find_inputs(root, stores)
    changed: tuple[str, ...] = ()
    is_again = False
    while True:
        this = _build(changed, build)
        is_stale = this.error is not None and find_inputs(root, stores).stamps != seen.stamps
        is_again = is_stale and not is_again
        if not is_again:
            yield this
        before, seen = seen, _wait(root, stores, seen, pulse)
        fresh = find_changes(before.stamps, seen.stamps)
        changed = tuple(sorted({*changed, *fresh})) if is_again else fresh


def _build(changed: tuple[str, ...], build: Callable[[], Built]) -> Round[Built]:
    try:
        return Round(changed, build(), None)
    except EdgekitError as error:
        return Round(changed, None, error)
    except OSError as error:
        what = f"`{error.filename}`" if error.filename is not None else "a file"
        return Round(
            changed,
            None,
            failure(
                "EK102",
                f"{what} cannot be read or written: {error.strerror or type(error).__name__}",
                help="see to the file; the next change builds again",
            ),
        )


def _wait(root: Path, stores: Sequence[Path], seen: Inputs, pulse: Callable[[], None]) -> Inputs:
    """The inputs after a change, when they have settled."""
    while True:
        folders = find_inputs(root, stores).folders
        with closing(_listen(folders)) as told:
            next(told)  # now it listens, so nothing escapes both it and the look that follows
            now = find_inputs(root, stores)
            while now.stamps == seen.stamps and now.folders == folders:
                while not next(told):
                    pulse()
                now = find_inputs(root, stores)
            if now.stamps == seen.stamps:
                continue
            _settle(told, _QUIET)
            now = find_inputs(root, stores)
            if has_lost(seen.stamps, now.stamps):
                _settle(told, _GONE)
                now = find_inputs(root, stores)
            if now.stamps != seen.stamps:
                return now


def _settle(told: Iterator[bool], quiet: int) -> None:
    """Wait until nothing has happened for `quiet` milliseconds."""
    silent = 0
    for has_happened in islice(told, _LONGEST // _QUIET):
        silent = 0 if has_happened else silent + _QUIET
        if silent >= quiet:
            return


def _listen(folders: Sequence[str]) -> Generator[bool, None, None]:
    """Has anything happened in the folders since this was asked before? Each answer takes up to `_QUIET` milliseconds.

    Folders and not files: of one that was replaced or deleted nothing more would be heard.
    """
    has_missed = False
    while True:
        there = [folder for folder in folders if os.path.isdir(folder)]
        changes = watch(
            *there,
            watch_filter=None,
            debounce=_QUIET,
            step=_STEP,
            rust_timeout=_QUIET,
            yield_on_timeout=True,
            recursive=False,
            ignore_permission_denied=True,
        )
        try:
            with closing(changes):
                for some in changes:
                    yield bool(some) or has_missed
                    has_missed = False
        except FileNotFoundError:  # gone since it was looked for
            continue
        except UnicodeEncodeError as error:
            raise failure(
                "EK454", f"`{error.object}` cannot be watched: its name is not UTF-8", help="rename the folder"
            ) from None
        except (OSError, RuntimeError) as error:
            if "decode path" in str(error):  # something happened to a file whose name is no text, and it gave up
                has_missed = True
                continue
            raise failure(
                "EK454",
                f"the {len(folders)} folders of the site cannot be watched: {error}",
                help="raise the system's limits (`sysctl fs.inotify`), end other programs that watch, or set "
                "WATCHFILES_FORCE_POLLING=1",
            ) from None
