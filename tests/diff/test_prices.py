"""Operations, and what they cost on each target."""

from edgekit.diff.compare import compare
from edgekit.diff.plan import Operations
from edgekit.diff.side import Side
from edgekit.model.fragment import Fragment
from edgekit.model.keys import ASSETS
from tests.diff.sides import manifest_of, pack_side, page_side

NOTHING = Side("nothing", None, {}.__getitem__)


def costs(old: Side, new: Side) -> dict[tuple[str, str], tuple[int, float | None]]:
    return {(cost.target, cost.what): (cost.amount, cost.dollars) for cost in compare(old, new).costs}


def test_a_body_that_is_there_costs_nothing_and_one_that_tiers_share_once() -> None:
    old = page_side("old", {"/": {"free": b"one", "vip": b"two"}})
    new = page_side("new", {"/": {"free": b"two", "vip": b"three"}, "/a": {"free": b"three", "vip": b"three"}})
    assert (Operations("PAGE_TPL", 4, 0, 1, 5),) == compare(old, new).operations


def test_an_asset_that_goes_is_not_deleted() -> None:
    old = pack_side("old", [Fragment(ASSETS, "/static/a.css", b"x")], manifest_of())
    assert compare(old, pack_side("new", [], manifest_of())).operations == ()


def test_workers_kv_writes_each_key_with_its_body_and_deletes_what_was_replaced() -> None:
    old = page_side("old", {f"/{n}": b"old" for n in range(1500)} | {"/gone": b"old"})
    new = page_side("new", {f"/{n}": b"newer" for n in range(1500)})
    assert costs(old, new) == {
        ("cloudflare", "writes"): (1500, 0.0075),
        ("cloudflare", "deletes"): (1501, 0.007505),
        ("cloudflare", "bytes"): (7500, 0.000004),
        ("cloudflare", "free_days"): (2, None),
        ("redis", "commands"): (1502, None),
        ("redis", "bytes"): (5, None),
    }


def test_every_price_has_its_date_and_source() -> None:
    priced = [cost for cost in compare(NOTHING, page_side("new", {"/": b"x"})).costs if cost.dollars is not None]
    assert priced
    assert all(cost.price and cost.source.startswith("https://") and cost.as_of for cost in priced)


def test_no_operation_costs_nothing() -> None:
    side = page_side("a", {"/": b"x"})
    assert costs(side, side) == {}
