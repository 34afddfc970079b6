"""What stands first in a plan, and what does not."""

from collections.abc import Iterable

import pytest

from edgekit.diff.compare import compare
from edgekit.diff.plan import Danger
from edgekit.diff.side import Side
from edgekit.fragment.edits import LiveEdit
from edgekit.model.keys import PAGE_TPL, STATIC_PAGES
from edgekit.model.manifest import Delivery, Identity, RedirectRule, Route
from edgekit.model.origin import Origin
from edgekit.model.slot import Slot
from tests.diff.sides import HERO, USER_NAME, manifest_of, pack_side, page_side


def dangers(old: Side, new: Side) -> list[tuple[str, str]]:
    return [(danger.kind, danger.message) for danger in compare(old, new).dangers]


def routed(delivery: Delivery, paths: Iterable[str]) -> Side:
    namespace = STATIC_PAGES if delivery == "static" else PAGE_TPL
    return pack_side(delivery, [], manifest_of({path: Route(delivery, namespace) for path in paths}))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("static", "segment", "each tier has its own now, and shared caches keep it no longer"),
        ("static", "user", "each visitor has their own now, and no cache keeps it"),
        ("segment", "user", "each visitor has their own now, and no cache keeps it"),
        ("segment", "static", "shared caches keep it and give it to everybody, whatever their tier"),
        ("user", "static", "shared caches keep it and give it to everybody: nothing personal may be left in it"),
        ("user", "segment", "everybody of a tier has the same now: nothing personal may be left in it"),
    ],
)
def test_pages_that_turn_to_another_class_are_one_danger_that_lists_them(
    old: Delivery, new: Delivery, why: str
) -> None:
    found = compare(routed(old, ["/", "/a"]), routed(new, ["/", "/a", "/b"])).dangers
    assert (Danger("delivery", f"2 pages turn from class `{old}` to `{new}`: {why}", ("/", "/a")),) == found


def test_a_page_that_goes_is_a_danger_unless_it_is_redirected() -> None:
    old = page_side("old", {"/": b"", "/p/1": b"", "/p/2": b"", "/q": b""})
    new = page_side("new", {"/": b""}, redirects=[RedirectRule("/p/[x]", "/", 308)])
    assert dangers(old, new) == [("page", "1 page goes without a redirect: links to it will find nothing")]
    assert dangers(old, page_side("new", {"/": b""})) == [
        ("page", "3 of 4 pages go without a redirect: links to them will find nothing")
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("/", "https://x.example/a", ["`/r` leads to another host, `x.example`: visitors leave the site there"]),
        ("https://x.example/", "https://x.example/a", []),
        ("https://x.example/", "/", []),
    ],
)
def test_a_redirect_to_a_host_that_it_did_not_lead_to_is_a_danger(old: str, new: str, expected: list[str]) -> None:
    sides = [page_side(to, {}, redirects=[RedirectRule("/r", to, 308)]) for to in (old, new)]
    assert expected == [message for _, message in dangers(*sides)]


def test_a_slot_that_reads_something_else_is_a_danger() -> None:
    why = "every page that holds it shows another value"
    new = page_side("new", {}, slots=[HERO, Slot(name="USER_NAME", source="user.email", default="", max_length=40)])
    assert dangers(page_side("old", {}), new) == [
        ("slot", f"slot `USER_NAME` reads `user.email` and no longer `user.name`: {why}")
    ]


def test_a_slot_appears_in_a_page_only_if_no_fragment_held_it() -> None:
    old = page_side("old", {"/": {"free": b"<p>{USER_NAME}</p>"}, "/a": b"{HERO}"})
    same = page_side("new", {"/": {"free": b"<i>{USER_NAME:url}</i>{_}"}, "/a": b"<p>{HERO} {USER_NAME}</p>"})
    assert dangers(old, same) == []
    more = page_side("new", {"/": {"free": b"<p>{USER_NAME}{?HERO=x}{/HERO}</p>"}, "/a": b"{HERO}"})
    why = "the tier's live field stands there, as in `<p>{USER_NAME}{?HERO=x}{/HERO}</p>`"
    assert [("slot", f"slot `HERO` (`segment.hero`) appears in 1 page that did not have it: {why}")] == dangers(
        old, more
    )


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        (
            Identity(header="x-name"),
            "`identity header` changes from `x-user-id` to `x-name`: requests with the old header are guests', and "
            "whoever may send the new one says who they are",
        ),
        (
            Identity(trusted_proxies=()),
            "`identity trusted_proxies` changes from `127.0.0.0/8, ::1/128` to ``: who connects from these addresses "
            "may say that they are any user",
        ),
    ],
)
def test_another_identity_is_a_danger(identity: Identity, message: str) -> None:
    assert [("identity", message)] == dangers(page_side("old", {}), page_side("new", {}, identity=identity))


def test_headers_that_guard_are_dangers_and_others_are_not() -> None:
    old = page_side("old", {}, headers={"/*": {"x-frame-options": "DENY", "x-a": "1"}, "/b": {"x-a": "1"}})
    new = page_side("new", {}, headers={"/*": {"x-frame-options": "SAMEORIGIN"}, "/b c": {"referrer-policy": "origin"}})
    assert [message for _, message in dangers(old, new)] == [
        "header `x-frame-options` of `/*` changes from `DENY` to `SAMEORIGIN`: "
        "it decides who may show a page in a frame",
        "header `referrer-policy` of `/b c` is added, `origin`: "
        "it decides what other sites are told of where a visitor comes from",
    ]


def test_the_default_tier_the_budget_and_a_tier_that_goes_are_dangers() -> None:
    new = page_side("new", {}, default_tier="vip", cpu_ms=20, segments={"vip": {"hero": "Yo"}})
    assert dangers(page_side("old", {}), new) == [
        ("tier", "tier `free` goes: its users get what `vip` has"),
        ("tier", "`default_tier` changes from `free` to `vip`: guests and users without a known tier get its pages"),
        ("budget", "`cpu_ms` changes from 50 to 20: an answer that takes longer is refused with 429"),
    ]


def test_that_a_cache_may_keep_a_tiers_pages_is_a_danger_and_that_it_may_not_is_none() -> None:
    alone, shared = page_side("alone", {}), page_side("shared", {}, share_segments=True)
    why = "the cache in front keeps a tier's pages for everybody of whom it says that tier"
    assert [("cache", f"`share_segments` is set: {why}")] == dangers(alone, shared)
    assert dangers(shared, alone) == []


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ({"free": {"hero": "New"}, "vip": {}}, "in tier `free` is lost: the file has changed since, and wins"),
        ({"free": {}, "vip": {}}, "in tier `free` is lost: the field goes"),
        ({"free": {"hero": "Sale"}, "vip": {}}, None),
        ({"free": {"hero": "Hi"}, "vip": {}}, None),
    ],
)
def test_a_live_edit_that_is_lost_is_a_danger(segments: dict[str, dict[str, object]], message: str | None) -> None:
    old = page_side("old", {}, slots=[HERO, USER_NAME])._replace(edits={"free": {"hero": LiveEdit("Sale", "Hi")}})
    expected = [] if message is None else [f"the live edit of `hero` {message}"]
    assert expected == [
        message for kind, message in dangers(old, page_side("new", {}, segments=segments)) if kind == "edit"
    ]


def test_nothing_published_any_more_is_one_danger() -> None:
    old = page_side("old", {"/": b"", "/a": b""})
    gone = Side("nothing", None, {}.__getitem__)
    assert (Danger("release", "nothing is published any more: every page goes", ("/", "/a")),) == compare(
        old, gone
    ).dangers


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        (None, None, []),
        (
            Origin("http://a", ("/x",)),
            Origin("http://b", ("/x",)),
            ["`origin url` changes from `http://a` to `http://b`: its paths, with cookies and bodies, go to another "
             "application"],
        ),
        (
            None,
            Origin("http://a", ("/x", "/y/*")),
            [
                "`origin paths` is added, `/x, /y/*`: these, with any method, are answered by the application behind "
                "the site",
                "`origin url` is added, `http://a`: its paths, with cookies and bodies, go to another application",
            ],
        ),
        (
            Origin("http://a", ("/x",), fallback=True),
            Origin("http://a", ("/x",)),
            ["`origin fallback` changes from `True` to `False`: it decides who answers paths that the site has nothing "
             "for"],
        ),
    ],
)  # fmt: skip
def test_another_origin_is_a_danger(old: Origin | None, new: Origin | None, messages: list[str]) -> None:
    found = dangers(page_side("old", {}, origin=old), page_side("old", {}, origin=new))
    assert [("origin", message) for message in messages] == found
