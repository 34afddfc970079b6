"""`edgekit render`: the exact bytes of an answer, or of Jinja's full render with the same values."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import click

from edgekit.cli.options import clock_option, output_options, store_option
from edgekit.cli.output import Output, divert_prints
from edgekit.cli.places import find_store, site_folder
from edgekit.cli.preview import Preview, build_preview
from edgekit.compiler.oracle import render_oracle
from edgekit.compiler.page import PageCompiler
from edgekit.diagnostics.diagnostic import Diagnostic, EdgekitError, failure
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.fragment.values import Value
from edgekit.kv.releases import current_manifest
from edgekit.kv.store import open_store
from edgekit.model.island import URL_PREFIX
from edgekit.model.manifest import Manifest
from edgekit.model.path import Redirect, Refusal, canonical_path
from edgekit.model.redirect import Redirects
from edgekit.project.load import load_site
from edgekit.project.site import Page, Site
from edgekit.replay.core import respond
from edgekit.replay.given import read_given
from edgekit.replay.reading import ReadError


@click.command
@click.argument("path")
@click.option("--user", metavar="ID", help="As the user with this id.")
@click.option("--tier", metavar="T", help="As somebody of this tier.")
@click.option("--set", "values", metavar="SOURCE=VALUE", multiple=True, help="Another value of a slot, by its source.")
@click.option("--oracle", is_flag=True, help="Jinja's full render with the same values; it needs the site's folder.")
@clock_option
@store_option
@output_options(json=False)
@click.pass_obj
def command(
    output: Output,
    path: str,
    user: str | None,
    tier: str | None,
    values: tuple[str, ...],
    oracle: bool,
    clock: datetime | None,
    store: Path | None,
) -> int:
    """Print the exact bytes that replay would answer for PATH.

    PATH may have a query, and may be what a page fetches an island from. With --tier or --set, but without --user, the
    visitor is a user with the id `preview`. The keys of a list slot stand between commas. For a page that is not there
    the site's 404 page is printed, and the exit status is 1. A page that reads `build_time` has the build's: give
    --oracle the same --clock.

    \b
    edgekit render /product/p-100 --user u1
    edgekit render /cart --tier premium --set user.name=Ada
    edgekit render / --user u1 --set user.recs=p-100,p-107
    edgekit render '/search?q=tea'
    edgekit render /cart --user u1 > page.html
    edgekit render /cart --user u1 --oracle | cmp page.html
    """
    canonical = _check_path(path)
    sets = [_split(value) for value in values]
    with open_store(find_store(store)) as opened:
        with opened.snapshot() as snapshot:
            manifest = current_manifest(snapshot)
        if manifest is None:
            raise failure("EK452", f"nothing is published in `{opened.path}`", help="run `edgekit build` first")
        _check_redirect(canonical, manifest)
        preview = build_preview(opened, manifest, path, user, tier, sets)
        if oracle:
            body, problem = _render_oracle(preview, manifest, clock)
        else:
            response = respond(preview.request, preview.store)
            body, problem = response.body, None
            if response.status == 404:
                problem = _missing(path, manifest.routes)
            elif response.status != 200:
                logs = "; ".join(log.message for log in response.logs)
                problem = Diagnostic(
                    code="EK488",
                    message=f"replay answers `{path}` with {response.status}" + (f": {logs}" if logs else ""),
                    help="`edgekit verify` tells whether the store is damaged",
                )
    output.data(body)
    if problem is not None:
        output.diagnostics([problem])
    return 0 if problem is None else 1


@divert_prints()
def _render_oracle(preview: Preview, manifest: Manifest, clock: datetime | None) -> tuple[bytes, Diagnostic | None]:
    """Jinja's render of the site as it is now, and what is to be said of it."""
    site = load_site(site_folder(None), build_time=clock)
    try:
        given = read_given(preview.request, preview.store)
    except ReadError as error:
        help = "`edgekit verify` tells whether the store is damaged"
        raise failure("EK488", f"the store cannot say what a list shows: {error}", help=help, status=1) from None
    if site.slots != manifest.slots or given.tier not in site.tiers or not _has_items(site, given.values):
        raise failure(
            "EK486", "the site's slots, tiers or items are not those of the store's release", help="run `edgekit build`"
        )
    pages = {page.path: page for page in site.pages}
    for name, island in manifest.islands.items():
        if island.client and name in site.islands and (fetched := site.islands[name].page):
            pages[URL_PREFIX + name] = fetched
    page = pages.get(given.path)
    problem = _missing(given.path, pages) if page is None else None
    if page is None and (page := pages.get("404")) is None:
        return b"", problem
    _check_pages(site, page, given.values)
    values = {slot.source: given.values[name] for name, slot in site.slots.items()}
    return render_oracle(site, page, given.tier, values), problem


def _has_items(site: Site, values: Mapping[str, Value]) -> bool:
    """Has the site what the lists show of the store?"""
    lists = ((slot, values[name]) for name, slot in site.slots.items() if slot.island)
    return all(isinstance(keys, tuple) and {*keys} <= site.islands[slot.island].items.keys() for slot, keys in lists)


def _check_pages(site: Site, page: Page, values: Mapping[str, Value]) -> None:
    """Raises EdgekitError, 1, if the page or what stands in it does not compile: the oracle promises nothing of it."""
    compiler = PageCompiler(site)
    waiting = [page]
    while waiting:
        compiled = compiler.compile(waiting.pop())
        if compiled.diagnostics:
            raise EdgekitError([*compiled.diagnostics], status=1)
        names = [*compiled.islands]
        for slot in (site.slots[name] for name in compiled.lists):
            keys = values[slot.name]
            waiting += [site.islands[slot.island].items[key] for key in keys] if isinstance(keys, tuple) else []
            names.append(str(slot.default))
        waiting += [island for name in names if (island := site.islands[name].page)]


def _check_path(url: str) -> str:
    """The decoded path. Raises EK483 for one that no page has."""
    match canonical_path(url.partition("?")[0].encode(errors="surrogateescape")):
        case Redirect(location):
            help = f"write `{location}`, where replay sends whoever asks for it"
            raise failure("EK483", f"`{url}` is another spelling of a page's path", help=help, status=1)
        case Refusal():
            help = "a path begins with `/` and has no `.` or `..` segments, encoded slashes or control characters"
            if not url.startswith("/"):
                help = f"begin it with a slash: `{_spell(f'/{url}')}`"
            raise failure("EK483", f"`{url}` is no path that a page can have", help=help, status=1)
        case path:
            return path


def _spell(url: str) -> str:
    """A URL in the spelling that leads to a page, if there is one."""
    canonical = canonical_path(url.partition("?")[0].encode(errors="surrogateescape"))
    return canonical.location if isinstance(canonical, Redirect) else url


def _check_redirect(path: str, manifest: Manifest) -> None:
    met = Redirects(manifest.redirects).find(path)
    if met is not None:
        help = "name the path of the page that it leads to"
        raise failure("EK483", f"`{path}` is redirected to `{met.rule.to}`", help=help, status=1)


def _missing(path: str, pages: Iterable[str]) -> Diagnostic:
    near = did_you_mean(path, pages)
    return Diagnostic(code="EK483", message=f"there is no page `{path}`{near}", help="`edgekit build` publishes pages")


def _split(value: str) -> tuple[str, str]:
    source, equals, text = value.partition("=")
    if not equals:
        raise click.BadParameter(f"{value!r} is not SOURCE=VALUE.", param_hint="--set")
    return source, text
