"""What an operator wants to see before all else, each in a sentence that says why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from edgekit.diff.appearing import Appearance
from edgekit.diff.fragments import kind_of
from edgekit.diff.plan import Change, Danger, TierChange
from edgekit.model.keys import EDGEKIT
from edgekit.model.manifest import Delivery, Manifest
from edgekit.model.redirect import Redirects

_DELIVERY: Final[Mapping[tuple[Delivery, Delivery], str]] = {
    ("static", "segment"): "each tier has its own now, and shared caches keep it no longer",
    ("static", "user"): "each visitor has their own now, and no cache keeps it",
    ("segment", "user"): "each visitor has their own now, and no cache keeps it",
    ("segment", "static"): "shared caches keep it and give it to everybody, whatever their tier",
    ("user", "static"): "shared caches keep it and give it to everybody: nothing personal may be left in it",
    ("user", "segment"): "everybody of a tier has the same now: nothing personal may be left in it",
}

_GUARDS: Final[Mapping[str, str]] = {
    "access-control-allow-credentials": "which other sites may read answers with cookies",
    "access-control-allow-origin": "which other sites may read answers",
    "clear-site-data": "what browsers forget of the site",
    "content-security-policy": "what a page may load and run",
    "cross-origin-embedder-policy": "what a page may load from elsewhere",
    "cross-origin-opener-policy": "whether other windows reach into a page",
    "cross-origin-resource-policy": "who may load from the site",
    "permissions-policy": "which of a browser's features a page may use",
    "referrer-policy": "what other sites are told of where a visitor comes from",
    "strict-transport-security": "whether browsers insist on HTTPS",
    "x-content-type-options": "whether browsers guess what a file is",
    "x-frame-options": "who may show a page in a frame",
    "x-robots-tag": "what search engines take up",
}
"""Headers that an attack or a cache may depend on, and what they decide."""

_SLOT_ROOTS: Final[Mapping[str, str]] = {
    "user": "each visitor's own value stands there",
    "segment": "the tier's live field stands there",
    "request": "what the request says stands there",
}


def find_dangers(
    old: Manifest | None,
    new: Manifest | None,
    changes: Iterable[Change],
    tiers: Iterable[TierChange],
    slots: Mapping[str, Appearance],
) -> tuple[Danger, ...]:
    """The dangers of a change, the most personal first; none where nothing was published before.

    `slots` are those that appear in pages which did not hold them.
    """
    if old is None:
        return ()
    if new is None:
        return (Danger("release", "nothing is published any more: every page goes", tuple(sorted(old.routes))),)
    parts = [change for change in changes if change.namespace == EDGEKIT]
    return (
        *_deliveries(old, new),
        *_appearing(new, slots),
        *_sources(old, new),
        *_identity(parts),
        *_origin(parts),
        *_sharing(new, parts),
        *_headers(parts),
        *_pages(old, new),
        *_redirects(parts),
        *_tiers(old, new, tiers),
        *_edits(tiers),
        *_budget(old, new),
    )


def _deliveries(old: Manifest, new: Manifest) -> Iterator[Danger]:
    turned: defaultdict[tuple[Delivery, Delivery], list[str]] = defaultdict(list)
    for path in sorted(old.routes.keys() & new.routes.keys()):
        turned[old.routes[path].delivery, new.routes[path].delivery].append(path)
    for name in sorted(old.islands.keys() & new.islands.keys()):
        turned[old.islands[name].delivery, new.islands[name].delivery].append(f"island/{name}")
    for (before, after), why in _DELIVERY.items():
        if paths := turned.get((before, after)):
            yield Danger("delivery", f"{_count(paths)} from class `{before}` to `{after}`: {why}", tuple(paths))


def _count(paths: Iterable[str]) -> str:
    found = [kind_of(path) for path in paths]
    what = " and ".join(f"{kind}s" for kind in sorted(set(found), reverse=True))
    return f"1 {found[0]} turns" if len(found) == 1 else f"{len(found):,} {what} turn"


def _appearing(new: Manifest, slots: Mapping[str, Appearance]) -> Iterator[Danger]:
    for name, appearance in slots.items():
        slot = new.slots.get(name)
        what = f" (`{slot.source}`)" if slot else ""
        why = _SLOT_ROOTS.get(slot.root, "") if slot else "it is not declared"
        count = len(appearance.pages)
        where = f"{count:,} page{'s' if count > 1 else ''} that did not have it"
        message = f"slot `{name}`{what} appears in {where}: {why}, as in `{appearance.around}`"
        yield Danger("slot", message, appearance.pages)


def _sources(old: Manifest, new: Manifest) -> Iterator[Danger]:
    for name in sorted(old.slots.keys() & new.slots.keys()):
        before, after = old.slots[name].source, new.slots[name].source
        if before != after:
            why = "every page that holds it shows another value"
            yield Danger("slot", f"slot `{name}` reads `{after}` and no longer `{before}`: {why}")


_IDENTITY: Final[Mapping[str, str]] = {
    "identity mode": "users are known by another sign, and those who have not got it are guests",
    "identity header": "requests with the old header are guests', and whoever may send the new one says who they are",
    "identity trusted_proxies": "who connects from these addresses may say that they are any user",
}


def _identity(parts: Iterable[Change]) -> Iterator[Danger]:
    for change in parts:
        if change.key.startswith("identity "):
            why = _IDENTITY.get(change.key, "users may be taken for others, or for guests")
            yield Danger("identity", f"`{change.key}` {_became(change)}: {why}")


_ORIGIN: Final[Mapping[str, str]] = {
    "origin fallback": "it decides who answers paths that the site has nothing for",
    "origin paths": "these, with any method, are answered by the application behind the site",
    "origin url": "its paths, with cookies and bodies, go to another application",
}


def _origin(parts: Iterable[Change]) -> Iterator[Danger]:
    for change in parts:
        if change.key in _ORIGIN and (change.action == "changed" or change.new or change.old):
            yield Danger("origin", f"`{change.key}` {_became(change)}: {_ORIGIN[change.key]}")


def _sharing(new: Manifest, parts: Iterable[Change]) -> Iterator[Danger]:
    if new.share_segments is True and any(change.key == "share_segments" for change in parts):
        why = "the cache in front keeps a tier's pages for everybody of whom it says that tier"
        yield Danger("cache", f"`share_segments` is set: {why}")


def _headers(parts: Iterable[Change]) -> Iterator[Danger]:
    for change in parts:
        pattern, _, name = change.key.removeprefix("header ").rpartition(" ")
        if change.key.startswith("header ") and name in _GUARDS:
            yield Danger("header", f"header `{name}` of `{pattern}` {_became(change)}: it decides {_GUARDS[name]}")


def _pages(old: Manifest, new: Manifest) -> Iterator[Danger]:
    redirects = Redirects(new.redirects)
    gone = [path for path in sorted(old.routes.keys() - new.routes.keys()) if redirects.find(path) is None]
    if not gone:
        return
    share = f"{len(gone):,} of {len(old.routes):,} pages" if len(gone) > 1 else "1 page"
    verb = "go" if len(gone) > 1 else "goes"
    yield Danger("page", f"{share} {verb} without a redirect: links to {_it(gone)} will find nothing", tuple(gone))


def _it(found: Iterable[Any]) -> str:
    return "it" if len(list(found)) == 1 else "them"


def _redirects(parts: Iterable[Change]) -> Iterator[Danger]:
    for change in parts:
        if change.key.startswith("redirect ") and change.new is not None:
            host = _host(change.new["to"])
            if host and (change.old is None or _host(change.old["to"]) != host):
                source = change.key.removeprefix("redirect ")
                yield Danger("redirect", f"`{source}` leads to another host, `{host}`: visitors leave the site there")


def _host(location: str) -> str:
    return urlsplit(location).netloc


def _tiers(old: Manifest, new: Manifest, tiers: Iterable[TierChange]) -> Iterator[Danger]:
    for tier in tiers:
        if tier.action == "removed":
            yield Danger("tier", f"tier `{tier.tier}` goes: its users get what `{new.default_tier}` has")
    if old.default_tier != new.default_tier:
        why = "guests and users without a known tier get its pages"
        yield Danger("tier", f"`default_tier` changes from `{old.default_tier}` to `{new.default_tier}`: {why}")


def _edits(tiers: Iterable[TierChange]) -> Iterator[Danger]:
    for tier in tiers:
        for field in tier.fields:
            if field.edit == "dropped" and field.action is not None:
                what = f"the live edit of `{field.field}` in tier `{tier.tier}` is lost"
                why = "the field goes" if field.action == "removed" else "the file has changed since, and wins"
                yield Danger("edit", f"{what}: {why if tier.action != 'removed' else 'the tier goes'}")


def _budget(old: Manifest, new: Manifest) -> Iterator[Danger]:
    if old.cpu_ms != new.cpu_ms:
        why = "an answer that takes longer is refused with 429"
        yield Danger("budget", f"`cpu_ms` changes from {old.cpu_ms} to {new.cpu_ms}: {why}")


def _became(change: Change) -> str:
    if change.action == "removed":
        return f"is removed, it was `{_show(change.old)}`"
    if change.action == "added":
        return f"is added, `{_show(change.new)}`"
    return f"changes from `{_show(change.old)}` to `{_show(change.new)}`"


def _show(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
