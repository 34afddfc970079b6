"""Facts of the example shop that its templates and the tests of the whole rely on."""

import datetime
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SITE = Path(__file__).parents[2] / "site"
PRODUCTS: list[dict[str, Any]] = json.loads((SITE / "data/products.json").read_text())
CATEGORIES: list[dict[str, Any]] = json.loads((SITE / "data/categories.json").read_text())
PARCELS = tomllib.loads((SITE / "data/parcels.toml").read_text())
SHOP = tomllib.loads((SITE / "data/shop.toml").read_text())
CONFIG = tomllib.loads((SITE / "edgekit.toml").read_text())
TIERS = {file.stem: tomllib.loads(file.read_text()) for file in sorted((SITE / "segments").glob("*.toml"))}
USER_LINES = (SITE / "users.jsonl").read_bytes().splitlines()
USERS: list[dict[str, Any]] = [json.loads(line) for line in USER_LINES]
SKUS = {product["sku"] for product in PRODUCTS}

RECORD_BYTES = 16 * 1024


def test_there_are_sixty_products_with_a_sku_each() -> None:
    assert (len(PRODUCTS), len(SKUS)) == (60, 60)


def test_every_shelf_holds_twelve_products() -> None:
    assert {category["slug"]: 12 for category in CATEGORIES} == Counter(product["category"] for product in PRODUCTS)


def test_prices_are_whole_cents() -> None:
    assert all(type(product["price"]) is int and product["price"] > 0 for product in PRODUCTS)


def test_every_product_and_category_has_its_picture() -> None:
    pictures = {f"products/{sku}.svg" for sku in SKUS} | {f"categories/{c['slug']}.svg" for c in CATEGORIES}
    static = {file.relative_to(SITE / "static").as_posix() for file in (SITE / "static").glob("*/*")}
    assert pictures == static


def test_every_asset_that_a_template_or_tier_names_exists() -> None:
    sources = [
        file.read_text() for folder in ("islands", "pages", "templates") for file in (SITE / folder).rglob("*.html")
    ]
    named = {name for source in sources for name in re.findall(r'asset\("([^"]*\.[a-z]+)"\)', source)}
    named |= {tier["hero_image"] for tier in TIERS.values()}
    assert sorted(name for name in named if not (SITE / "static" / name).is_file()) == []


def test_there_are_three_tiers_that_all_have_the_same_fields() -> None:
    assert list(TIERS) == ["free", "premium", "vip"]
    assert len({frozenset(tier) for tier in TIERS.values()}) == 1


def test_every_membership_is_a_tier() -> None:
    assert list(TIERS) == [plan["tier"] for plan in SHOP["memberships"]]


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_features_and_packs_products_that_exist(tier: str) -> None:
    named = {*TIERS[tier]["featured"], *(line["sku"] for line in TIERS[tier]["box"])}
    assert set() == named - SKUS


def test_every_live_field_has_a_value_in_every_tier() -> None:
    live = {slot["from"].removeprefix("segment.") for slot in CONFIG["slots"].values() if slot["from"][:7] == "segment"}
    assert dict.fromkeys(TIERS, live) == {tier: live & set(fields) for tier, fields in TIERS.items()}


def test_the_next_parcels_can_be_announced_in_every_language_that_may_be_chosen() -> None:
    assert isinstance(PARCELS["leaves"], datetime.date)
    assert list(PARCELS["languages"]) == CONFIG["slots"]["LANGUAGE"]["choices"]
    words = {name: (len(said["weekdays"]), len(said["months"])) for name, said in PARCELS["languages"].items()}
    assert words == dict.fromkeys(words, (7, 12))


def test_users_have_each_language_none_and_some_that_the_shop_does_not_speak() -> None:
    languages = [user.get("language") for user in USERS]
    choices = CONFIG["slots"]["LANGUAGE"]["choices"]
    assert set(choices) < {language for language in languages if isinstance(language, str)}
    assert None in languages
    assert any(not isinstance(language, str | None) for language in languages)


def test_there_are_two_hundred_users_numbered_from_one() -> None:
    assert [f"u{number}" for number in range(1, 201)] == [user["id"] for user in USERS]


def test_every_user_record_fits() -> None:
    assert max(map(len, USER_LINES)) <= RECORD_BYTES


def test_users_are_of_every_tier_of_none_and_of_an_unknown_one() -> None:
    assert {*TIERS, None, "gold"} <= {user.get("tier") for user in USERS}


@pytest.mark.parametrize("name", ["", "Conan O'Brien", "{USER_NAME}", "{_}", "<b>Bold</b>", "Marks &amp; Spencer"])
def test_users_have_names_that_break_careless_code(name: str) -> None:
    assert name in [user.get("name") for user in USERS]


def test_some_names_are_longer_than_their_slot_and_some_just_fit() -> None:
    limit = CONFIG["slots"]["USER_NAME"]["max_length"]
    lengths = {len(user["name"]) for user in USERS if isinstance(user.get("name"), str)}
    assert limit in lengths
    assert max(lengths) > limit


def test_users_have_lists_of_products_of_every_length_none_and_what_is_no_list() -> None:
    lists = [user.get("recs") for user in USERS]
    limit = CONFIG["slots"]["RECS"]["max_items"]
    known = [[sku for sku in skus if isinstance(sku, str) and sku in SKUS] for skus in lists if isinstance(skus, list)]
    assert {*range(limit + 1)} <= {len(skus) for skus in known}
    assert max(map(len, known)) > limit
    assert None in lists
    assert any(not isinstance(skus, list | None) for skus in lists)


def test_some_lists_name_products_that_the_shop_no_longer_has_and_what_is_no_product() -> None:
    named = [value for user in USERS if isinstance(user.get("recs"), list) for value in user["recs"]]
    assert "p-099" in {value for value in named if isinstance(value, str)} - SKUS
    assert {type(value) for value in named} > {str, int, list, dict}
