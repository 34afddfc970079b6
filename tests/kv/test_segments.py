"""Live edits of a tier's configuration, and what becomes of them at the next build."""

from pathlib import Path
from typing import Any

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.segments import get_segment, put_segment, reset_segment
from edgekit.kv.store import LmdbStore, open_store
from edgekit.kv.verify import verify
from edgekit.model.keys import EDGEKIT, SEGMENT_CONFIG, live_key
from edgekit.model.slot import Slot
from tests.kv.packs import NOW, SLOTS, TIERS, build, make_store, pages_of


def config(store: LmdbStore, tier: str = "free") -> dict[str, Any]:
    return get_segment(store, tier).config


def test_a_live_field_changes_without_a_build(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        pages = pages_of(store)
        put_segment(store, "free", {"hero": "sale.jpg", "stars": "-3"}, NOW + 10)
        segment = get_segment(store, "free")
        assert segment.config == {"hero": "sale.jpg", "discount": 0, "stars": -3}
        assert segment.edited == {"hero": "free.jpg", "stars": 1}
        assert segment.expires == NOW + 3610
        assert config(store, "vip") == TIERS["vip"]
        assert pages_of(store) == pages
    assert verify(path) == ()


def test_an_edit_survives_a_build(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        put_segment(store, "free", {"hero": "sale.jpg"}, NOW)
        build(store, "new")
        assert config(store)["hero"] == "sale.jpg"


def test_the_file_wins_where_its_own_value_has_changed(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        put_segment(store, "free", {"hero": "sale.jpg", "stars": "9"}, NOW)
        build(store, "new", segments={**TIERS, "free": {"hero": "new.jpg", "discount": 0, "stars": 1}})
        assert config(store) == {"hero": "new.jpg", "discount": 0, "stars": 9}
        # The edit is gone for good.
        build(store, "newer")
        assert config(store)["hero"] == "free.jpg"


@pytest.mark.parametrize(
    ("manifest", "left"),
    [
        ({"slots": {"USER_NAME": SLOTS["USER_NAME"]}}, "free.jpg"),
        ({"slots": {"HERO": Slot(name="HERO", source="segment.hero", max_length=3)}}, "free.jpg"),
        ({"slots": {"HERO": Slot(name="HERO", source="segment.hero", type="integer")}}, "free.jpg"),
        ({"slots": {"HERO": Slot(name="HERO", source="segment.hero", choices=("free.jpg",))}}, "free.jpg"),
        ({"slots": {"HERO": Slot(name="HERO", source="segment.hero", choices=("free.jpg", "sale.jpg"))}}, "sale.jpg"),
        ({"segments": {"free": {"stars": 1}}}, None),
    ],
)
def test_an_edit_that_no_longer_fits_is_dropped(path: Path, manifest: dict[str, Any], left: str | None) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        put_segment(store, "free", {"hero": "sale.jpg"}, NOW)
        build(store, "new", **manifest)
        assert config(store).get("hero") == left


def test_a_live_field_with_choices_takes_one_of_them(path: Path) -> None:
    with open_store(path, create=True) as store:
        slot = Slot(name="HERO", source="segment.hero", choices=("free.jpg", "vip.jpg"))
        build(store, "old", slots={"HERO": slot})
        put_segment(store, "free", {"hero": "vip.jpg"}, NOW)
        assert config(store)["hero"] == "vip.jpg"
        with pytest.raises(EdgekitError, match=r"takes one of `free\.jpg`, `vip\.jpg`, not `sale\.jpg`"):
            put_segment(store, "free", {"hero": "sale.jpg"}, NOW)
        with pytest.raises(EdgekitError, match=r"not `fre\.jpg`; did you mean `free\.jpg`\?"):
            put_segment(store, "free", {"hero": "fre.jpg"}, NOW)


def test_the_edits_of_a_tier_that_is_gone_are_gone(path: Path) -> None:
    with open_store(path, create=True) as store:
        build(store, "old")
        put_segment(store, "vip", {"hero": "sale.jpg"}, NOW)
        build(store, "new", segments={"free": TIERS["free"]})
        build(store, "old")
        assert config(store, "vip") == TIERS["vip"]


@pytest.mark.parametrize(("base", "file"), [(1, True), (1, 1.0), (True, 1), ("1", 1)])
def test_values_of_other_types_are_other_values(path: Path, base: object, file: object) -> None:
    with open_store(path, create=True) as store:
        build(store, "old", segments={"free": {"stars": base}})
        put_segment(store, "free", {"stars": "7"}, NOW)
        build(store, "new", segments={"free": {"stars": file}})
        assert config(store) == {"stars": file}
        assert type(config(store)["stars"]) is type(file)


def test_a_reset_goes_back_to_the_file(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        put_segment(store, "free", {"hero": "sale.jpg"}, NOW)
        reset_segment(store, "free", NOW + 10)
        segment = get_segment(store, "free")
        assert (segment.config, segment.edited, segment.expires) == (TIERS["free"], {}, NOW + 3610)


@pytest.mark.parametrize(
    ("values", "code", "said"),
    [
        ({"discount": "1"}, "EK440", "the tier's 3 fragments"),
        ({"heroo": "x"}, "EK440", "did you mean `hero`"),
        ({"hero": "x" * 21}, "EK441", "a string of at most 20 code points"),
        ({"hero": "\ud800"}, "EK441", "a string"),
        ({"stars": "many"}, "EK441", "an integer"),
        ({"stars": "9007199254740992"}, "EK441", "an integer"),
        ({"stars": "１"}, "EK441", "an integer"),
        ({"stars": "1_0"}, "EK441", "an integer"),
        ({"stars": "9" * 5000}, "EK441", "an integer"),
        ({"hero": "fine", "stars": ""}, "EK441", "an integer"),
    ],
)
def test_what_cannot_be_edited_is_refused_whole(path: Path, values: dict[str, str], code: str, said: str) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        with pytest.raises(EdgekitError, match=code) as caught:
            put_segment(store, "free", values, NOW)
        (found,) = caught.value.diagnostics
        assert said in found.message + found.help
        assert config(store) == TIERS["free"]


def test_a_tier_that_is_not_there_is_told(path: Path) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        for work in (get_segment, lambda *a: put_segment(*a, {"hero": "x"}, NOW), lambda *a: reset_segment(*a, NOW)):
            with pytest.raises(EdgekitError, match=r"EK438.*did you mean `vip`") as caught:
                work(store, "vipp")
            assert caught.value.status == 1


def test_a_store_without_a_release_has_no_tiers(path: Path) -> None:
    with open_store(path, create=True) as store, pytest.raises(EdgekitError, match="EK438"):
        get_segment(store, "free")


@pytest.mark.parametrize("raw", [b"", b"short", bytes(8) + b"[]", bytes(8) + b'{"a":'])
def test_a_damaged_configuration_is_told_and_healed(path: Path, raw: bytes) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        with store.write() as txn:
            txn.put(SEGMENT_CONFIG, "free", raw)
        with pytest.raises(EdgekitError, match="EK439"):
            get_segment(store, "free")
        assert [found.code for found in verify(path)] == ["EK446"]
        reset_segment(store, "free", NOW)
        assert config(store) == TIERS["free"]


@pytest.mark.parametrize("raw", [b"[]", b"{", b'{"hero":1}', b"\xff"])
def test_damaged_edits_count_as_none(path: Path, raw: bytes) -> None:
    make_store(path, "old")
    with open_store(path) as store:
        with store.write() as txn:
            txn.put(EDGEKIT, live_key("free"), raw)
        assert [found.code for found in verify(path)] == ["EK446"]
        build(store, "new")
        assert config(store) == TIERS["free"]
    assert verify(path) == ()
