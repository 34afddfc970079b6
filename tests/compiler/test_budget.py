"""A page that could exceed `[budget] cpu_ms` does not compile, and the finding says what costs most."""

from pathlib import Path

import pytest

from edgekit.compiler.assemble import Assembled, assemble
from edgekit.compiler.budget import check_budget, count_fuel, list_contents
from edgekit.compiler.trace import Tracer
from edgekit.fragment.fill import build_plan, fill
from edgekit.fragment.fuel import NANOSECONDS, Contents, Fuel, SlotUse, request_fuel
from edgekit.fragment.values import format_value
from edgekit.model.slot import MAX_INTEGER
from edgekit.project.site import Site
from tests.compiler.sites import CONFIG, compile_files, values_of, write_site

NOTE = '\n[slots.NOTE]\nfrom = "user.note"\ndefault = ""\nmax_length = 16384\n'
Described = list[tuple[str, int, tuple[tuple[str, int], ...]]]


def assemble_page(folder: Path, page: str) -> tuple[Site, Assembled, tuple[Contents, ...]]:
    """The page for a tier, wherever its slots stand, and what its variants hold."""
    site = write_site(folder, {"pages/index.html": page})
    variants = Tracer(site).trace(site.pages[0], "free")
    assert isinstance(variants, tuple)
    assembled = assemble(variants, {"pages/index.html": ""}, plain=False)
    return site, assembled, list_contents(assembled, variants, site.slots)


def contents_of(folder: Path, page: str) -> tuple[Contents, ...]:
    return assemble_page(folder, page)[2]


def described(contents: Contents) -> Described:
    return [(slot.name, slot.length, slot.uses) for slot in contents.slots]


@pytest.mark.parametrize(
    ("page", "slots"),
    [
        ("plain {{ '{' }}_}", []),
        ("{{ user.name }}{{ user.name }}", [("USER_NAME", 200, (("", 2),))]),
        ('<a href="/?{{ user.name|urlencode }}">{{ user.name }}', [("USER_NAME", 200, (("", 1), ("url", 1)))]),
        ('<a href="/?{{ user.points|urlencode }}">{{ user.points }}', [("POINTS", 17, (("", 2),))]),
        ("{{ request.query.q }}{{ segment.hero }}", [("HERO", 200, (("", 1),)), ("QUERY", 200, (("", 1),))]),
    ],
)
def test_a_fragment_holds_its_slots_and_how_often_each_is_printed(tmp_path: Path, page: str, slots: Described) -> None:
    (contents,) = contents_of(tmp_path, page)
    assert slots == described(contents)


def test_tokens_and_bytes_are_the_bodys(tmp_path: Path) -> None:
    (contents,) = contents_of(tmp_path, "é{{ user.name }}{{ '{_}' }}")
    assert (contents.bytes, contents.tokens) == (len("é{USER_NAME}{_}_}".encode()), 2)


def test_each_variant_counts_what_it_prints_and_reads_what_all_do(tmp_path: Path) -> None:
    page = "{% if user.known %}{{ user.name }}{% else %}{{ user.city }}{{ user.city }}{% endif %}"
    known, guest = contents_of(tmp_path, page)
    assert described(known) == [("CITY", 200, ()), ("KNOWN", 5, ()), ("USER_NAME", 200, (("", 1),))]
    assert described(guest) == [("CITY", 200, (("", 2),)), ("KNOWN", 5, ()), ("USER_NAME", 200, ())]
    assert known.bytes == guest.bytes


def test_variants_that_print_the_same_slots_count_once(tmp_path: Path) -> None:
    assert len(contents_of(tmp_path, "{{ 'a' if user.known else 'b' }}{{ user.name }}")) == 1


def test_a_choice_that_nothing_depends_on_is_not_read(tmp_path: Path) -> None:
    (contents,) = contents_of(tmp_path, "{{ 'a' if user.known else 'a' }}")
    assert contents.slots == ()


@pytest.mark.parametrize(
    "page",
    [
        "<p>{{ user.name }} {{ user.city }}{{ user.name }}</p>",
        '<a href="{{ user.name|safe_url }}">x</a>',
        '<a href="/p/{{ user.name|path_part }}?q={{ user.city|urlencode }}">x</a>',
        '<script type="application/json">{{ user.name|tojson }}{{ user.points|tojson }}</script>',
        "{% if user.known %}{{ user.name }}{% else %}{{ user.city }}{{ user.points }}{% endif %}",
    ],
)
@pytest.mark.parametrize("value", ["'", "\U0001f389", "\0", "a", ""])
def test_no_answer_is_longer_than_the_fuel_says(tmp_path: Path, page: str, value: str) -> None:
    site, assembled, contents = assemble_page(tmp_path, page)
    fuel = count_fuel(contents, {}, shared=False)
    plan = build_plan(assembled.body, assembled.cuts, site.slots)
    for number in (0, 1):
        values = values_of(site, value * 199, number)
        values["user.points"] = -MAX_INTEGER
        values["user.known"] = number == 0
        texts = [format_value(values[site.slots[name].source]) for name in plan.slots]
        assert len(fill(plan, texts)) <= fuel.bytes


NOTES = "".join("{{ user.note }}" for _ in range(900))


def test_a_page_that_could_exceed_its_budget_is_refused(tmp_path: Path) -> None:
    compiled = compile_files(tmp_path, {"edgekit.toml": CONFIG + NOTE, "pages/index.html": NOTES})
    (found,) = compiled.result.diagnostics
    assert compiled.result.pack is None
    assert (found.code, found.line, found.pages) == ("EK503", 1, ("/",))
    assert found.file is not None
    assert found.file.endswith("pages/index.html")
    assert found.message == (
        "the page could take 85 ms of CPU, more than the 50 of `[budget] cpu_ms`; "
        "slot `NOTE`, of up to 16,384 code points and printed 900 times: 75 ms"
    )
    assert found.help == "lower the slot's `max_length`, print it less often, or raise `cpu_ms`"


@pytest.mark.parametrize(
    ("cpu_ms", "codes"),
    [(84, ["EK503"]), (85, [])],
)
def test_a_page_may_spend_its_whole_budget(tmp_path: Path, cpu_ms: int, codes: list[str]) -> None:
    config = f"{CONFIG}{NOTE}\n[budget]\ncpu_ms = {cpu_ms}\n"
    assert codes == compile_files(tmp_path, {"edgekit.toml": config, "pages/index.html": NOTES}).codes


def test_only_the_variants_that_print_a_slot_pay_for_it(tmp_path: Path) -> None:
    # Alternatives added up would cost twice as much as any answer can.
    half = "".join("{{ user.note }}" for _ in range(450))
    page = f"{{% if user.known %}}{half}{{% else %}}x{{% endif %}}{{% if user.known %}}x{{% else %}}{half}{{% endif %}}"
    assert compile_files(tmp_path, {"edgekit.toml": CONFIG + NOTE, "pages/index.html": page}).codes == []


def test_a_live_field_that_readers_share_is_hashed(tmp_path: Path) -> None:
    config = CONFIG.replace('"segment.hero"\nmax_length = 200', '"segment.hero"\nmax_length = 16384')
    page = "".join("{{ segment.hero }}" for _ in range(400))
    assert compile_files(tmp_path, {"edgekit.toml": config, "pages/index.html": page}).codes == ["EK503"]
    page += "{{ user.name }}"
    assert compile_files(tmp_path, {"edgekit.toml": config, "pages/index.html": page}).codes == []


ONE = Contents(10_000, 3, (SlotUse("A", "user", 40, (("", 1),)),), (("recs", 1), ("{RECS}", 2)))


@pytest.mark.parametrize(
    ("contents", "inserts", "what", "help"),
    [
        (ONE, (60, 1), "island `recs`, printed once: 61 ms", "print less in the island, fetch it in client mode"),
        (ONE, (1, 60), "list slot `RECS`, printed 2 times: 61 ms", "lower its `max_items`, print less in an item"),
        (Contents(25 * 1024 * 1024), (0, 0), "its text of 25,600 KiB with 0 tokens: 79 ms", "print less on this page"),
        (Contents(9_999, 20_000), (0, 0), "its text of 10 KiB with 20,000 tokens: 81 ms", "print less on this page"),
    ],
    ids=["island", "list", "bytes", "tokens"],
)
def test_the_finding_names_what_costs_most(contents: Contents, inserts: tuple[int, int], what: str, help: str) -> None:
    island, items = (Fuel(fuel * NANOSECONDS, 100) for fuel in inserts)
    excess = check_budget([contents], {"recs": island, "{RECS}": items}, 50, shared=False, personal=True)
    assert excess is not None
    assert excess.what.endswith(f"; {what}")
    assert excess.help == f"{help}, or raise `cpu_ms`"


def test_a_budget_that_no_page_keeps_is_said_to_be_one() -> None:
    excess = check_budget([Contents(10)], {}, 1, shared=False, personal=True)
    assert excess is not None
    assert excess.what.endswith("; a request that prints nothing: 7 ms")
    assert excess.help == "raise `cpu_ms`"


def test_the_worst_variant_decides() -> None:
    cheap, dear = Contents(10), Contents(10, 0, (SlotUse("A", "user", 16_384, (("url", 1),)),))
    limit = request_fuel(count_fuel([dear], {}, shared=False), personal=True) // NANOSECONDS + 1
    assert check_budget([cheap, dear], {}, limit, shared=False, personal=True) is None
    assert check_budget([cheap, dear], {}, limit - 1, shared=False, personal=True) is not None
