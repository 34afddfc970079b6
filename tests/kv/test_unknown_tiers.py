from typing import Any

import pytest

from edgekit.kv.unknown_tiers import UnknownTiers
from tests.kv.packs import make_fragments, make_pack

MANIFEST = make_pack(make_fragments("v1")).manifest


def messages(*records: dict[str, Any]) -> list[str]:
    unknown = UnknownTiers(MANIFEST)
    for number, record in enumerate(records, 1):
        unknown.add(f"u{number}", record, number)
    return [found.message for found in unknown.warnings("users.jsonl")]


@pytest.mark.parametrize("record", [{}, {"tier": None}, {"tier": "vip"}, {"tier": "free", "name": "Ada"}])
def test_a_known_tier_and_none_at_all_are_fine(record: dict[str, Any]) -> None:
    assert messages(record) == []


def test_users_of_one_tier_are_one_warning_with_the_line_of_the_first() -> None:
    unknown = UnknownTiers(MANIFEST)
    for number in range(1, 1_003):
        unknown.add(f"u{number}", {"tier": "gold" if number > 1 else "vip"}, number)
    (found,) = unknown.warnings("users.jsonl")
    assert found.message == "the tier `gold` of user `u2` and 1,000 other users is none of the current release"
    assert (found.file, found.line, found.severity) == ("users.jsonl", 2, "warning")


@pytest.mark.parametrize(("tier", "shown"), [(5, "5"), (["vip"], "['vip']"), ("x" * 100, "x" * 40)])
def test_a_tier_of_any_kind_is_shown(tier: Any, shown: str) -> None:
    (message,) = messages({"tier": tier})
    assert message.startswith(f"the tier `{shown}` of user `u1` is none")


def test_of_many_tiers_the_first_are_told() -> None:
    assert len(messages(*({"tier": f"t{number}"} for number in range(1_000)))) == 20


def test_while_nothing_is_published_nothing_is_unknown() -> None:
    unknown = UnknownTiers(None)
    unknown.add("u1", {"tier": "gold"})
    assert unknown.warnings() == []
