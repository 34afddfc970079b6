"""Variants of a page in one text: each comes out whole again, and what they share is stored once."""

from collections.abc import Iterator, Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from edgekit.compiler.merge import Choice, Piece, merge_variants
from edgekit.compiler.opaque import Placed
from edgekit.compiler.trace import Text, Traced
from edgekit.model.slot import Slot

HERE = ("pages/index.html", 1)
STATE = Slot(name="STATE", source="user.state", default="guest", choices=("guest", "member", "admin"))
ARM = Slot(name="ARM", source="user.arm", default="a", choices=("a", "b"))
NAME = Slot(name="USER_NAME", source="user.name", default="x", max_length=9)
CITY = Slot(name="CITY", source="user.city", default="x", max_length=9)


def traced(pieces: Sequence[Text | Placed], *decisions: tuple[Slot, int]) -> Traced:
    return Traced(tuple(decisions), tuple(pieces), {}, (), False, (), ())


def text(written: str) -> Text:
    return Text(written, HERE)


def spell(pieces: Sequence[Piece]) -> str:
    """A merge in one line: `{?STATE a|b|c}`."""
    spelt = []
    for piece in pieces:
        match piece:
            case Text(written, _):
                spelt.append(written)
            case Placed(slot, _, _):
                spelt.append(f"<{slot.name}>")
            case Choice(slot, alternatives):
                spelt.append("{?" + slot.name + " " + "|".join(map(spell, alternatives)) + "}")
    return "".join(spelt)


def choose(pieces: Sequence[Piece], decided: dict[str, int]) -> Iterator[str]:
    for piece in pieces:
        if isinstance(piece, Choice):
            yield from choose(piece.alternatives[decided[piece.slot.name]], decided)
        else:
            yield spell([piece])


def merge_states(*texts: str) -> str:
    return spell(merge_variants([traced([text(t)] if t else [], (STATE, number)) for number, t in enumerate(texts)]))


def test_page_without_choices_is_as_it_is() -> None:
    pieces = (text("a"), Placed(NAME, "", HERE), text("b\nc"))
    assert merge_variants([traced(pieces)]) == pieces


def test_text_that_all_share_is_stored_once() -> None:
    assert merge_states("<p>Log in</p>", "<p>Hello</p>", "<p>Hi</p>") == "<p>{?STATE Log in|Hello|Hi}</p>"


def test_equal_variants_need_no_choice() -> None:
    assert merge_states("same", "same", "same") == "same"


def test_lines_between_differences_are_shared() -> None:
    merged = merge_states("a\n1\nb\n1\nc", "a\n2\nb\n2\nc", "a\n3\nb\n3\nc")
    assert merged == "a\n{?STATE 1|2|3}\nb\n{?STATE 1|2|3}\nc"


def test_a_missing_part_is_an_empty_alternative() -> None:
    assert merge_states("a b", "a X b", "a b") == "a {?STATE |X |}b"


def test_slots_are_compared_by_name_and_encoding() -> None:
    name, city = Placed(NAME, "", HERE), Placed(CITY, "", HERE)
    variants = [traced([name, text("-"), piece], (ARM, number)) for number, piece in enumerate([name, city])]
    assert spell(merge_variants(variants)) == "<USER_NAME>-{?ARM <USER_NAME>|<CITY>}"


def test_a_token_of_the_text_is_not_cut_in_two() -> None:
    assert merge_states("x{USER_A}y", "x{USER_B}y", "x{USER_C}y") == "x{?STATE {USER_A}|{USER_B}|{USER_C}}y"


def test_choices_nest_where_both_decide() -> None:
    variants = [
        traced([text("guest")], (STATE, 0)),
        traced([text("member a")], (STATE, 1), (ARM, 0)),
        traced([text("member b")], (STATE, 1), (ARM, 1)),
        traced([text("admin")], (STATE, 2)),
    ]
    assert spell(merge_variants(variants)) == "{?STATE guest|member {?ARM a|b}|admin}"


def test_a_choice_that_decides_alike_under_another_is_stored_once() -> None:
    variants = [
        traced([text(f"{state}\nmiddle\n{arm}\nend")], (STATE, state), (ARM, arm))
        for state, arm in product(range(3), range(2))
    ]
    assert spell(merge_variants(variants)) == "{?STATE 0|1|2}\nmiddle\n{?ARM 0|1}\nend"


PIECES = st.lists(
    st.sampled_from(["a", "\n", "<p>", "{", "USER_NAME}", "{_}", "}", "x\ny\n"]).map(text)
    | st.sampled_from([Placed(NAME, "", HERE), Placed(CITY, "", HERE), Placed(NAME, "json", HERE)]),
    max_size=6,
)


@given(st.lists(PIECES, min_size=6, max_size=6))
def test_every_variant_comes_out_as_it_went_in(variants: list[list[Text | Placed]]) -> None:
    merged = merge_variants(
        [
            traced(pieces, (STATE, state), (ARM, arm))
            for (state, arm), pieces in zip(product(range(3), range(2)), variants, strict=True)
        ]
    )
    for (state, arm), pieces in zip(product(range(3), range(2)), variants, strict=True):
        assert "".join(choose(merged, {"STATE": state, "ARM": arm})) == spell(pieces)
