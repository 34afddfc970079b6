"""`edgekit explain`: what became of a page and why, or what a diagnostic's code stands for."""

import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec

from edgekit.cli.explanation import Headers, format_explanation, format_occurrences, format_redirect
from edgekit.cli.options import clock_option, output_options, site_argument
from edgekit.cli.output import Output, divert_prints
from edgekit.cli.places import site_folder
from edgekit.compiler.explain.explain import Progress, explain_page, find_text
from edgekit.compiler.explain.subject import find_subject
from edgekit.diagnostics.catalogue import Entry, format_entry, list_codes, read_entry
from edgekit.diagnostics.diagnostic import failure
from edgekit.diagnostics.suggest import did_you_mean
from edgekit.model.island import URL_PREFIX, island_path
from edgekit.model.manifest import Delivery
from edgekit.model.path import Redirect, encode_path
from edgekit.model.redirect import Met
from edgekit.project.load import load_site
from edgekit.project.site import Page, Site
from edgekit.replay.headers import SiteHeaders
from edgekit.replay.redirects import follow
from edgekit.replay.response import PAGE_HEADERS, UNAVAILABLE_HEADERS, redirect

_ERROR_PAGES: Final = ("404", "503")
_ISLANDS: Final = island_path("")
_LIKE_A_CODE: Final = re.compile(r"^ek|\d{3}$", re.IGNORECASE)


@click.command
@click.argument("subject", metavar="PATH|CODE")
@site_argument
@click.option("--at", "text", metavar="TEXT", help="Say which template lines made this piece of the page.")
@click.option("--tier", metavar="T", help="Explain what is this tier's.")
@clock_option
@output_options()
@click.pass_obj
def command(
    output: Output, subject: str, site: Path | None, text: str | None, tier: str | None, clock: datetime | None
) -> None:
    """Explain PATH, a page of SITE, or CODE, a diagnostic's code.

    Of a page: its delivery class and which read made it so, what it reads and where, where each slot stands, its
    variants, fragments, islands, look-ups, fuel and headers. PATH may also be a redirect, an error page (404), an
    island (island/NAME) or an item of one (island/NAME/KEY). It is compiled from the site's folder, without a store.
    With --at it is the lines that printed a text, as it is shown or as it stands in HTML.

    \b
    edgekit explain /cart
    edgekit explain /cart --tier vip
    edgekit explain / --at 'Hello'
    edgekit explain island/recommendations
    edgekit explain /cart --json | jq -r '.slots[].source'
    edgekit explain EK203
    """
    if not subject.startswith(("/", _ISLANDS)) and subject not in _ERROR_PAGES:
        if text is not None or tier is not None:
            raise click.UsageError("--at and --tier are for a PATH, which begins with `/`.")
        _show_entry(output, find_entry(subject))
        return
    if text is not None and not text.strip():
        raise click.BadParameter("it is empty.", param_hint="--at")
    with divert_prints(), output.progress("compiling") as progress:
        loaded = load_site(site_folder(site), build_time=clock)
        _check_tier(loaded, tier)
        found = find_subject(loaded, subject)
        if not isinstance(found, Page):
            shown = _explain_redirect(loaded, subject.partition("?")[0], found)
        elif text is None:
            shown = _explain_page(loaded, found, tier, progress)
        else:
            shown = _explain_text(loaded, found, text, tier, progress)
    if output.json:
        output.object(shown.fields)
    else:
        output.outline(shown.lines)


class _Shown(NamedTuple):
    """What is printed: as an object, and as lines of text."""

    fields: dict[str, Any]
    lines: list[str]


def find_entry(code: str) -> Entry:
    """The entry of a code in capital or small letters. Raises EK489, 1, for a code that is not there."""
    known = list_codes()
    if code.upper() not in known:
        missing = f"there is no code `{code}`{did_you_mean(code.upper(), _of_its_range(code, known))}"
        raise failure(
            "EK489",
            missing if _LIKE_A_CODE.search(code) else f"`{code}` is neither a page's path nor a code",
            help="a path begins with `/`, such as `/cart`; a code is one that edgekit has printed, such as `EK203`",
            status=1,
        )
    return read_entry(code.upper())


def _of_its_range(code: str, known: Iterable[str]) -> list[str]:
    """The codes that begin with the same digit: of another range none is near, however it is spelt."""
    first = next((character for character in code if character in "123456789"), None)
    return [candidate for candidate in known if candidate[2] == first]


def _show_entry(output: Output, entry: Entry) -> None:
    if output.json:
        output.object(entry._asdict())
    else:
        output.markdown(format_entry(entry))


def _explain_page(site: Site, page: Page, tier: str | None, progress: Progress) -> _Shown:
    explained = explain_page(site, page, os.getcwd(), tier=tier, progress=progress)
    headers = _list_headers(site, page, explained.delivery)
    fields = {**msgspec.to_builtins(explained), "headers": dict(headers)}
    return _Shown(fields, format_explanation(explained, headers))


def _explain_text(site: Site, page: Page, text: str, tier: str | None, progress: Progress) -> _Shown:
    found = find_text(site, page, text, os.getcwd(), tier=tier, progress=progress)
    if not found.occurrences:
        help = "give a shorter piece, without tags, and without values or what a script adds"
        if found.written:
            places = ", ".join(f"{place.file}:{place.line}" for place in found.written)
            help = f"it is written in {places}, but not printed as it stands there: {help}"
        raise failure("EK487", f"`{page.path}` does not print `{text}`", help=help, status=1)
    return _Shown(msgspec.to_builtins(found), format_occurrences(found))


def _explain_redirect(site: Site, path: str, leads: Redirect | Met) -> _Shown:
    """Where a path leads that is no page's own."""
    if isinstance(leads, Met):
        answer = follow(leads, b"")
        why = f'`"{leads.rule.source}" = "{leads.rule.to}"` in `[redirects]`'
    else:
        answer = redirect(leads.location, b"")
        why = "it is another spelling of that path"
    own = dict(_decode(answer.headers))
    location = own.pop("location", None)
    headers = (*own.items(), *_decode(SiteHeaders(site.headers, {}).of(path.encode(errors="surrogateescape"))))
    fields = {
        "path": path, "kind": "redirect", "status": answer.status, "location": location, "headers": dict(headers),
    }  # fmt: skip
    return _Shown(fields, format_redirect(path, answer.status, location, why, headers))


def _check_tier(site: Site, tier: str | None) -> None:
    if tier is not None and tier not in site.tiers:
        known = ", ".join(f"`{name}`" for name in sorted(site.tiers))
        message = f"there is no tier `{tier}`{did_you_mean(tier, site.tiers)}"
        raise failure("EK438", message, help=f"the site has: {known}", status=1)


def _list_headers(site: Site, page: Page, delivery: Delivery) -> Headers:
    """The headers of an answer with the page, without its length, ETag and coding; an item has no answer."""
    own = PAGE_HEADERS[delivery]
    path = encode_path(page.path)
    if page.path in _ERROR_PAGES:
        own = UNAVAILABLE_HEADERS if page.path == "503" else own
        path = ""  # they are answered at any
    elif page.island:
        if site.islands[page.island].page is None:
            return ()
        path = URL_PREFIX + page.island
    return (*_decode(own), *_decode(SiteHeaders(site.headers, {}).of(path.encode())))


def _decode(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode(), value.decode()) for name, value in headers)
