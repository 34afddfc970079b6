"""One join equals the naive replacement, token by token."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.fragment.encodings import ENCODERS
from edgekit.fragment.fill import build_plan, fill
from edgekit.model.fragment import Cut
from edgekit.model.island import format_mark
from edgekit.model.placeholder import TOKEN, format_placeholder
from edgekit.model.slot import Slot
from tests.fragment.grammar import escape_text
from tests.replay.published import find_cuts

SLOTS = {
    name: Slot(name=name, source=source, default="x", max_length=100)
    for name, source in {
        "USER_NAME": "user.name", "B": "user.b", "Q": "request.query.q", "HERO": "segment.hero", "N_1": "user.n",
    }.items()
}  # fmt: skip

odd_texts = st.lists(
    st.sampled_from(
        ["{USER_NAME}", "{_}", "{", "}", "{B:url}", "{B:", "\0", "&<>'\"", "é😀", "{/B}", "{?B=x}", "a/b ?"]
    )
    | st.text(max_size=4),
    max_size=5,
).map("".join)
placeholders = st.builds(format_placeholder, st.sampled_from(sorted(SLOTS)), st.sampled_from(sorted(ENCODERS)))


def replace_naively(body: str, values: Mapping[str, str]) -> str:
    def replace(token: re.Match[str]) -> str:
        name, _, encoding = token[1].partition(":")
        return "{" if name == "_" else ENCODERS[encoding](values[name])  # type: ignore[index]

    return TOKEN.sub(replace, body)


@given(
    st.lists(odd_texts.map(escape_text) | placeholders, max_size=8).map("".join),
    st.fixed_dictionaries(dict.fromkeys(SLOTS, odd_texts)),
)
def test_filling_equals_replacing_from_left_to_right(body: str, values: dict[str, str]) -> None:
    body = TOKEN.sub(lambda token: "{_}" + token[0][1:] if token[1][0] in "?/" else token[0], body)  # joined pieces
    if any(token[1].partition(":")[0] not in {*SLOTS, "_"} for token in TOKEN.finditer(body)):
        return
    plan = build_plan(body.encode(), find_cuts(body.encode()), SLOTS)
    assert replace_naively(body, values).encode() == fill(plan, [values[name] for name in plan.slots])


def test_values_stand_in_the_order_of_their_roots_then_of_first_use() -> None:
    body = b"{USER_NAME}{B}{USER_NAME}{HERO}{Q}{B:url}"
    assert build_plan(body, find_cuts(body), SLOTS).slots == ("Q", "HERO", "USER_NAME", "B")


@pytest.mark.parametrize("value", ["{USER_NAME}", "{_}", "{B}", "\0", "a\0\0b", "", "{"])
def test_a_value_is_never_scanned(value: str) -> None:
    body = b"<{USER_NAME}|{B}|{USER_NAME}{_}B}>"
    plan = build_plan(body, find_cuts(body), SLOTS)
    assert f"<{value}|b|{value}{{B}}>".encode() == fill(plan, [value, "b"])


def test_a_body_without_tokens_is_its_own_answer() -> None:
    assert fill(build_plan(b"plain {x}", (), SLOTS), []) == b"plain {x}"


@pytest.mark.parametrize("encoding", sorted(ENCODERS))
def test_an_integer_is_digits_in_every_encoding(encoding: str) -> None:
    slots = {"N": Slot(name="N", source="user.n", type="integer", default=0)}
    body = f"<{format_placeholder('N', encoding)}>".encode()  # type: ignore[arg-type]
    assert fill(build_plan(body, find_cuts(body), slots), ["-5"]) == b"<-5>"


@pytest.mark.parametrize(
    "cuts",
    [
        [Cut(0, 3, "B", "")],
        [Cut(1, 5, "B", "")],
        [Cut(1, 4, "B", "url")],
        [Cut(1, 4, "HERO", "")],
        [Cut(4, 7, "B", ""), Cut(1, 4, "B", "")],
        [Cut(1, 4, "B", ""), Cut(1, 4, "B", "")],
        [Cut(1, 4, "", "")],
        [Cut(-6, -3, "B", "")],
        [Cut(100, 103, "B", "")],
    ],
)
def test_cuts_of_another_body_are_refused(cuts: list[Cut]) -> None:
    with pytest.raises(ValueError, match="stand at byte"):
        build_plan(b"x{B}{B}", cuts, SLOTS)


def test_a_slot_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="OTHER"):
        build_plan(b"{OTHER}", find_cuts(b"{OTHER}"), SLOTS)


LISTS = {
    **SLOTS,
    "RECS": Slot(name="RECS", source="user.recs", island="card", max_items=2, default="empty"),
    "STATE": Slot(name="STATE", source="user.state", default="guest", choices=("guest", "member")),
}
INSERTS = {"a": b"<a>{B}<!--INJECT:b-->", "b": b"\0", "B": b"named as a slot", "RECS": b"[{_}][2]"}
marks = st.sampled_from(["a", "b", "B"]).map(format_mark)


@given(
    st.lists(st.sampled_from(["x", "{_}", "<!--INJECT", "-->", "<!--INJECT:-->", "{RECS}"]) | placeholders | marks),
    st.fixed_dictionaries(dict.fromkeys(SLOTS, odd_texts)),
)
def test_islands_and_lists_stand_in_the_place_of_marks_and_placeholders(
    pieces: list[str], values: dict[str, str]
) -> None:
    body = "".join(pieces).encode()
    plan = build_plan(body, find_cuts(body), LISTS)
    inserts = {**{format_mark(name): text for name, text in INSERTS.items()}, "{RECS}": INSERTS["RECS"]}
    expected = b"".join(inserts.get(piece) or replace_naively(piece, values).encode() for piece in pieces)
    inserted = [INSERTS[name] for name in (*plan.islands, *plan.lists)]
    assert expected == fill(plan, [values[name] for name in plan.slots], inserted)


def test_an_island_and_a_list_are_named_once_each() -> None:
    body = b"<!--INJECT:b-->{RECS}{Q}<!--INJECT:a-->{RECS}<!--INJECT:b-->"
    plan = build_plan(body, find_cuts(body), LISTS)
    assert (plan.slots, plan.islands, plan.lists) == (("Q",), ("b", "a"), ("RECS",))


def test_a_variant_names_what_it_inserts_and_the_body_what_all_do() -> None:
    body = b"{?STATE=guest}<!--INJECT:a-->{?STATE=member}{RECS}{B}{/STATE}<!--INJECT:B-->"
    plan = build_plan(body, find_cuts(body), LISTS)
    assert (plan.slots, plan.islands, plan.lists) == (("STATE", "B"), ("a", "B"), ("RECS",))
    assert plan.choose is not None
    guest, texts = plan.choose(["guest", "b"])
    assert (guest.islands, guest.lists, texts) == (("a", "B"), (), [])
    member, texts = plan.choose(["member", "b"])
    assert (member.islands, member.lists, texts) == (("B",), ("RECS",), ["b"])
    assert fill(member, texts, [b"<B>", b"<list>"]) == b"<list>b<B>"


def test_a_static_page_is_cut_at_its_marks_only() -> None:
    plan = build_plan(b"{Q}{_}<!--INJECT:a--><!--INJECT:a/b--><!-- INJECT:a -->", (), LISTS)
    assert fill(plan, [], [b"<a>"]) == b"{Q}{_}<a><!--INJECT:a/b--><!-- INJECT:a -->"


@pytest.mark.parametrize("encoding", sorted(set(ENCODERS) - {""}))
def test_a_list_slot_has_no_encoding(encoding: str) -> None:
    body = f"{{RECS:{encoding}}}".encode()
    with pytest.raises(ValueError, match="list slot"):
        build_plan(body, find_cuts(body), LISTS)
