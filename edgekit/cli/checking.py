"""Sites and files checked: what `check` does. It brings together rooms that do not know each other."""

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from edgekit.cli.places import site_folder, store_file
from edgekit.cli.previous import read_previous
from edgekit.compiler.build import compile_site
from edgekit.compiler.check import check_files
from edgekit.compiler.record import NO_BUILD, Previous
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError, failure
from edgekit.diagnostics.text import format_amount
from edgekit.kv.store import open_store
from edgekit.project.load import load_site
from edgekit.project.owners import find_owners
from edgekit.project.site import Site


class Task(NamedTuple):
    """A site to check: whole, or the pages that depend on `files`."""

    folder: Path
    files: tuple[Path, ...] | None = None


class Manner(NamedTuple):
    """How sites are checked: `check`'s options. `detail` is told about the work."""

    store: Path | None
    clock: datetime | None
    jobs: int | None
    prove: bool
    progress: Callable[[int, int], None]
    detail: Callable[[str], None]


class Checked(NamedTuple):
    """What was found in the site of this name, and what was looked at: the end of a sentence."""

    site: str
    diagnostics: tuple[Diagnostic, ...]
    scope: str


def plan_tasks(paths: Sequence[Path]) -> list[Task]:
    """A folder is a site to be checked whole; files are of the sites they belong to, or of none.

    A file that is gone may be named. Raises EK101 if no path is given and no site is found, or if the one path that is
    given is not there and cannot be a file of a site.
    """
    if not paths:
        return [Task(site_folder(None))]
    folders = [path for path in paths if path.is_dir()]
    here = Path.cwd()
    files = [Path(os.path.abspath(path)) for path in paths if path not in folders]
    owners = find_owners(files, here)
    lone = paths[0] if len(paths) == 1 and not paths[0].exists() else None
    if lone is not None and not (owners and lone.suffix):  # a site is seldom named with a dot, and a file without one
        raise failure(
            "EK101", f"`{lone}` does not exist", help="name a folder with an `edgekit.toml`, or files of a site"
        )
    return [*map(Task, folders), *(Task(folder, tuple(owned)) for folder, owned in owners.items())]


def check_tasks(tasks: Iterable[Task], manner: Manner) -> list[Checked]:
    """Check one site after the other. Raises EdgekitError if one cannot be read, with the findings of all."""
    results: list[Checked] = []
    errors: list[EdgekitError] = []
    for task in tasks:
        try:
            results.append(_check(task, manner))
        except EdgekitError as error:
            errors.append(error)
    if errors:
        found = [diagnostic for error in errors for diagnostic in error.diagnostics]
        found += [diagnostic for result in results for diagnostic in result.diagnostics]
        raise EdgekitError(found, status=max(error.status for error in errors))
    return results


def _check(task: Task, manner: Manner) -> Checked:
    _, clock, jobs, prove, progress, detail = manner
    site = load_site(task.folder, build_time=clock)
    shown = os.path.relpath(site.root)
    if task.files is None:
        result = compile_site(site, lambda fragment: None, jobs=jobs, prove=prove, progress=progress)
        return Checked(shown, result.diagnostics, _describe(site))
    previous, missing = _last_build(site, store_file(manner.store, site.store))
    if previous is None:
        detail(f"{shown}: all pages are compiled, because {missing}")
    checked = check_files(site, task.files, previous, jobs=jobs, prove=prove, progress=progress)
    of_all = f"of {format_amount(len(site.all_pages()), 'page')}" + (", islands and items" if site.islands else "")
    detail(f"{shown}: {checked.compiled:,} {of_all} compiled")
    return Checked(shown, checked.diagnostics, f"{checked.pages:,} {of_all} checked")


def _describe(site: Site) -> str:
    counts = {"page": len(site.pages), "tier": len(site.tiers), "slot": len(site.slots)}
    return ", ".join(format_amount(count, noun) for noun, count in counts.items())


def _last_build(site: Site, path: Path) -> tuple[Previous | None, str]:
    """The last build; or None, and why no build tells what the pages of the site as it is read."""
    try:
        with open_store(path) as store, store.snapshot() as snapshot:
            previous = read_previous(snapshot)
    except EdgekitError as error:
        return None, error.diagnostics[0].message
    if previous is NO_BUILD:
        return None, f"the store `{path}` does not tell what they read"
    if previous.reads.inputs != site.inputs:
        return None, "configuration, tiers, data or functions are not those of the last build"
    return previous, ""
