"""What a comparison finds: all that differs, nothing else, and each thing once."""

from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.diff.compare import compare
from edgekit.diff.json import build_json, build_schema
from edgekit.diff.parts import read_parts
from edgekit.diff.plan import Change, Hunk, PageChange, Plan
from edgekit.diff.side import Side
from edgekit.fragment.edits import Edits, LiveEdit
from edgekit.model.fragment import Fragment
from edgekit.model.keys import ASSETS, PAGE_TPL, STATIC_PAGES, page_key
from edgekit.model.manifest import Identity, IndexEntry, Island, Manifest, Pack, RedirectRule, Route, Ttl, build_pack
from edgekit.model.origin import Origin
from edgekit.model.slot import Slot
from tests.diff.sides import HERO, USER_NAME, hex_digest, manifest_of, pack_side, page_side

VALIDATOR = jsonschema.Draft202012Validator(build_schema())

PATHS = ["/", "/a", "/p/1", "/p/2:x", "404", "island/menu", "island/card/p-1"]
TIERS = ["free", "vip"]
BODIES = st.sampled_from([b"", b"one\n", b"one\ntwo\n", b"Hello {USER_NAME}\n", b"{?STATE=a}x{/STATE}", b"\xff"])
SLOTS = st.sampled_from([HERO, USER_NAME, Slot(name="HERO", source="user.hero")])
VALUES = st.sampled_from([1, 1.0, True, "x", ["x"], None])
ROUTES = st.builds(Route, st.sampled_from(["static", "segment", "user"]), st.sampled_from([PAGE_TPL, STATIC_PAGES]))
HEADERS = st.dictionaries(st.sampled_from(["x-frame-options", "x-a"]), st.sampled_from(["1", "2"]), min_size=1)


@st.composite
def sides(draw: st.DrawFn, label: str) -> Side:
    fragments = []
    for path in draw(st.lists(st.sampled_from(PATHS), unique=True)):
        if draw(st.booleans()):
            fragments.append(Fragment(STATIC_PAGES, path, draw(BODIES)))
        else:
            tiers = draw(st.lists(st.sampled_from(TIERS), unique=True, min_size=1))
            fragments += [Fragment(PAGE_TPL, page_key(path, tier), draw(BODIES)) for tier in tiers]
    for name in draw(st.lists(st.sampled_from(["/static/a.00000000.css", "/static/b.js"]), unique=True)):
        fragments.append(Fragment(ASSETS, name, draw(BODIES)))
    sources = draw(st.lists(st.sampled_from(["/a", "/b", "/c d"]), unique=True))
    manifest = manifest_of(
        draw(st.dictionaries(st.sampled_from(PATHS[:5]), ROUTES)),
        default_tier=draw(st.sampled_from(TIERS)),
        redirects=[RedirectRule(s, draw(st.sampled_from(["/", "https://x.example/"])), 308) for s in sorted(sources)],
        headers=draw(st.dictionaries(st.sampled_from(["/*", "/a b"]), HEADERS)),
        slots=draw(st.lists(SLOTS, unique_by=lambda slot: slot.name)),
        segments=draw(st.dictionaries(st.sampled_from(TIERS), st.dictionaries(st.sampled_from(["hero", "b"]), VALUES))),
        ttl=draw(st.sampled_from([Ttl(), Ttl(user=0)])),
        cpu_ms=draw(st.sampled_from([50, 20])),
        identity=draw(st.sampled_from([Identity(), Identity(header="x"), Identity(trusted_proxies=())])),
    )
    islands = draw(st.dictionaries(st.just("menu"), st.builds(Island, st.just("user"), st.booleans())))
    return pack_side(label, fragments, msgspec.structs.replace(manifest, islands=islands))


def apply(document: Mapping[str, Any], old: Pack) -> Pack:
    """The pack that a diff's JSON makes of another."""
    index = {(entry.namespace, entry.key): entry.digest for entry in old.index}
    parts = read_parts(old.manifest)
    tiers = {tier: dict(fields) for tier, fields in old.manifest.segments.items()}
    for entry in document["removed"]:
        match entry["namespace"]:
            case "_EDGEKIT":
                assert parts.pop(entry["key"]) == entry["old"]
            case "SEGMENT_CONFIG":
                del tiers[entry["key"]]
            case _:
                assert index.pop((entry["namespace"], entry["key"])) == entry["old"]
    for entry in [*document["added"], *document["changed"]]:
        match entry["namespace"]:
            case "_EDGEKIT":
                parts[entry["key"]] = entry["new"]
            case "SEGMENT_CONFIG":
                fields = tiers.setdefault(entry["key"], {})
                for field in entry["fields"]:
                    if field["action"] == "removed":
                        del fields[field["field"]]
                    else:
                        fields[field["field"]] = field["new"]
            case _:
                index[entry["namespace"], entry["key"]] = entry["new"]
    entries = [IndexEntry(namespace, key, digest) for (namespace, key), digest in index.items()]
    return build_pack(_manifest(parts, tiers), entries)


def _manifest(parts: Mapping[str, Any], tiers: Mapping[str, Any]) -> Manifest:
    tables: dict[str, Any] = {name: {} for name in ("page", "island", "slot", "ttl", "identity", "redirect")}
    fields: dict[str, Any] = {"segments": tiers, "headers": {}}
    for key, value in sorted(parts.items()):
        name, _, rest = key.partition(" ")
        if name == "header":
            pattern, _, header = rest.rpartition(" ")
            fields["headers"].setdefault(pattern, {})[header] = value
        elif name in tables:
            tables[name][rest] = value
        else:
            fields[name] = value
    redirects = [{"source": source, **rule} for source, rule in tables.pop("redirect").items()]
    names = {"page": "routes", "island": "islands", "slot": "slots"}
    return msgspec.convert(
        {**fields, "redirects": redirects, **{names.get(name, name): table for name, table in tables.items()}}, Manifest
    )


@settings(max_examples=15)
@given(sides("a"))
def test_the_diff_of_a_side_and_itself_is_empty(side: Side) -> None:
    plan = compare(side, side)
    assert Plan(plan.old, plan.new) == plan
    assert not plan.differs


@settings(max_examples=40)
@given(sides("a"), sides("b"))
def test_the_diff_of_a_and_b_applied_to_a_is_b(a: Side, b: Side) -> None:
    assert a.pack is not None
    assert b.pack is not None
    plan = compare(a, b)
    assert b.pack.release == apply(build_json(plan), a.pack).release
    assert (a.pack.release != b.pack.release) == plan.differs


@settings(max_examples=15)
@given(sides("a"), sides("b"))
def test_every_diff_is_what_its_schema_says_and_the_same_each_time(a: Side, b: Side) -> None:
    document = build_json(compare(a, b))
    VALIDATOR.validate(document)
    assert document == build_json(compare(a, b))


@settings(max_examples=15)
@given(sides("a"))
def test_where_nothing_is_published_everything_is_added_and_nothing_is_dangerous(side: Side) -> None:
    plan = compare(Side("nothing", None, {}.__getitem__), side)
    assert {"added"} == {change.action for change in plan.changes}
    assert plan.dangers == ()
    assert side.pack is not None
    assert len(side.pack.index) == sum(change.namespace != "_EDGEKIT" for change in plan.changes)


def test_the_manifests_parts_are_all_of_it() -> None:
    empty = {"redirects", "headers", "routes", "islands", "slots", "segments"}
    parts = {
        key.partition(" ")[0]
        for key in read_parts(manifest_of(slots=(), origin=Origin("http://a"), share_segments=True))
    }
    assert {field.name for field in msgspec.structs.fields(Manifest)} - empty == parts


def test_one_edit_in_many_pages_is_one_hunk_and_the_pages_own_edits_are_theirs() -> None:
    def pages(word: str, price: int) -> dict[str, bytes | Mapping[str, bytes]]:
        prices = {3: f"<b>{price} EUR</b>\n"}
        return {
            f"/p/{number}": {
                tier: f"<h1>{word}</h1>\n<p>Product {number}</p>\n{tier}\n{prices.get(number, '')}".encode()
                for tier in TIERS
            }
            for number in range(10)
        }

    plan = compare(page_side("old", pages("Shop", 19)), page_side("new", pages("Store", 21)))
    assert [
        Hunk("<h1>", "Shop", "Store", "</h1>", 0, "/p/0", 10, ("free", "vip"), 20, 20),
        Hunk("<b>", "19", "21", " EUR</b>", 0, "/p/3", 1, ("free", "vip"), 2, 2),
    ] == list(plan.hunks)


def test_a_change_that_stands_several_times_in_a_page_counts_its_places() -> None:
    old, new = (f"<b>{word}</b>\n<i>x</i>\n<b>{word}</b>\n".encode() for word in ("Shop", "Store"))
    (hunk,) = compare(page_side("old", {"/": old}), page_side("new", {"/": new})).hunks
    assert (hunk.fragments, hunk.places) == (1, 2)


def test_a_page_that_becomes_personal_is_compared_with_what_it_was() -> None:
    old = page_side("old", {"/": b"<h1>Hello</h1>\n<p>x</p>\n"})
    new = page_side("new", {"/": dict.fromkeys(TIERS, b"<h1>Hello {USER_NAME}</h1>\n<p>x</p>\n")})
    plan = compare(old, new)
    assert (PageChange("/", "page", "changed", added=("free", "vip"), removed=("",)),) == plan.pages
    assert [(h.removed, h.added, h.tiers) for h in plan.hunks] == [("", " {USER_NAME}", ("free", "vip"))]


def test_bodies_that_both_sides_have_are_not_read() -> None:
    old, new = {"/": b"same", "/a": b"old"}, {"/": b"same", "/a": b"new"}
    read: list[str] = []

    def reading(side: Side) -> Side:
        def read_body(digest: str) -> bytes:
            read.append(digest)
            return side.read(digest)

        return side._replace(read=read_body)

    compare(reading(page_side("old", old)), reading(page_side("new", new)))
    assert hex_digest(b"same") not in read


def test_users_are_compared_where_both_sides_have_them() -> None:
    def side(label: str, users: Iterable[tuple[str, bytes]]) -> Side:
        return page_side(label, {})._replace(users=lambda: users)

    old = side("old", [("a", b"{}"), ("b", b"{}"), ("c", b"{}")])
    new = side("new", [("b", b'{"x":1}'), ("c", b"{}"), ("é", b"{}")])
    plan = compare(old, new)
    assert (
        Change("removed", "USER_SEGMENTS", "a"),
        Change("changed", "USER_SEGMENTS", "b"),
        Change("added", "USER_SEGMENTS", "é"),
    ) == plan.changes
    assert [(o.namespace, o.puts, o.deletes, o.bytes) for o in plan.operations] == [("USER_SEGMENTS", 2, 1, 9)]
    assert compare(old, new._replace(users=None)).changes == ()


def edits(**fields: tuple[Any, Any]) -> dict[str, Edits]:
    return {"free": {field: LiveEdit(value, base) for field, (value, base) in fields.items()}}


def test_two_stores_are_compared_with_the_edits_of_each() -> None:
    old = page_side("old", {})._replace(edits=edits(hero=("Sale", "Hi")))
    new = page_side("new", {})._replace(edits={})
    (tier,) = compare(old, new).tiers
    assert [(f.field, f.action, f.old, f.new, f.edit) for f in tier.fields] == [("hero", "changed", "Sale", "Hi", None)]
    assert compare(old, old).tiers == ()


def test_an_edit_of_a_field_that_is_frozen_now_is_lost() -> None:
    old = page_side("old", {})._replace(edits=edits(hero=("Sale", "Hi")))
    (tier,) = compare(old, page_side("new", {}, slots=[USER_NAME])).tiers
    assert [(f.field, f.action, f.old, f.new, f.edit) for f in tier.fields] == [
        ("hero", "changed", "Sale", "Hi", "dropped")
    ]


def test_an_edit_that_no_release_would_use_is_not_told() -> None:
    old = page_side("old", {})._replace(edits=edits(hero=("x" * 81, "Hi"), other=("x", "y")) | {"gone": {}})
    assert compare(old, page_side("new", {})).tiers == ()
