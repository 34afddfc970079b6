"""The pages of a site compiled, in this process or in several."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Final

from edgekit.compiler.page import CompiledPage, PageCompiler
from edgekit.project.site import Page, Site

_CHUNK: Final = 32
"""Pages a worker gets at a time: enough that handing over costs little, few enough that progress shows."""

_WORTH_WORKERS: Final = 1_000
"""Renders from which several processes are faster than one, their start included."""

Compile = Callable[[Sequence[Page]], Iterator[CompiledPage]]
"""Pages of the site compiled, in their order."""


@contextmanager
def page_compiler(site: Site, pages: int, jobs: int | None) -> Iterator[Compile]:
    """What compiles pages of a site, `pages` or so of them, in `jobs` processes (default: as their number asks for).

    No thread may be running if `jobs` is not 1.
    """
    if jobs is None:
        worth = pages * len(site.tiers) >= _WORTH_WORKERS
        jobs = (os.cpu_count() or 1) if worth else 1
    if jobs == 1:
        compiler = PageCompiler(site)
        yield lambda wanted: map(compiler.compile, wanted)
        return
    import multiprocessing  # here, for it takes longer to import than a page to compile
    from concurrent.futures import ProcessPoolExecutor

    reading, writing = os.pipe()
    # Forked, so that all processes see the site as it was read once, whatever happens to its files meanwhile.
    with (
        os.fdopen(reading, "rb"),
        os.fdopen(writing, "wb") as alive,
        ProcessPoolExecutor(
            jobs, multiprocessing.get_context("fork"), _start_worker, (site, reading, writing)
        ) as workers,
    ):

        def compile(wanted: Sequence[Page]) -> Iterator[CompiledPage]:
            # Ctrl-C reaches the whole group, but a worker has nothing to say to it: forked here, it never hears it.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                return workers.map(_compile_page, [page.path for page in wanted], chunksize=_CHUNK)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

        try:
            yield compile
        except BaseException:
            alive.close()
            raise


_worker: PageCompiler
_pages: Mapping[str, Page]


def _start_worker(site: Site, reading: int, writing: int) -> None:
    global _worker, _pages
    os.close(writing)
    Thread(target=_end_with_parent, args=(reading,), daemon=True).start()
    _worker, _pages = PageCompiler(site), {page.path: page for page in site.all_pages()}


def _end_with_parent(reading: int) -> None:
    """End when the parent closes the pipe, or is killed: a worker may be in the midst of a page, or wait for one."""
    os.read(reading, 1)
    os._exit(1)


def _compile_page(path: str) -> CompiledPage:
    return _worker.compile(_pages[path])
