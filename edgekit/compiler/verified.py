"""A site compiled twice: with what an earlier build left behind, and in full. Both must give the same."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import msgspec

from edgekit.compiler.build import CompileResult, compile_site
from edgekit.compiler.record import NO_BUILD, Previous
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.model.fragment import Fragment
from edgekit.model.manifest import Pack
from edgekit.project.site import Site

_NAMED: Final = 5
"""Differences that are named; one mistake may show in every page."""


def compile_verified(
    site: Site,
    emit: Callable[[Fragment], None],
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    previous: Previous = NO_BUILD,
) -> CompileResult:
    """As `compile_site`, but `emit` gets every fragment, and a difference is a finding (EK291)."""
    if previous is NO_BUILD:
        return compile_site(site, emit, jobs=jobs, progress=progress)
    incremental = compile_site(site, lambda fragment: None, jobs=jobs, progress=progress, previous=previous)
    full = compile_site(site, emit, jobs=jobs, progress=progress)
    differences = list(islice(_find_differences(incremental, full), _NAMED + 1))
    if not differences:
        return msgspec.structs.replace(full, rendered=incremental.rendered)
    named = ", ".join(f"`{name}`" for name in differences[:_NAMED]) + (" and more" if differences[_NAMED:] else "")
    found = Diagnostic(
        code="EK291",
        message=f"rendering only what changed gives something else than a full build: {named}",
        help="a function of the site is not pure, or this is a bug of edgekit's, to be reported; nothing was published",
    )
    return CompileResult(None, (*full.diagnostics, found), incremental.rendered)


def _find_differences(one: CompileResult, other: CompileResult) -> Iterator[str]:
    """The keys of the index, parts of the manifest and codes of diagnostics that only one of two builds has."""
    if one.pack is not None and other.pack is not None:
        yield from _compare_packs(one.pack, other.pack)
    yield from sorted({found.code for found in {*one.diagnostics} ^ {*other.diagnostics}})


def _compare_packs(one: Pack, other: Pack) -> Iterator[str]:
    yield from sorted({f"{entry.namespace} {entry.key}" for entry in {*one.index} ^ {*other.index}})
    for name in one.manifest.__struct_fields__:
        if getattr(one.manifest, name) != getattr(other.manifest, name):
            yield name
    if one.release != other.release:
        yield "release"
