"""A recording prints what a trace prints, and notes where it read."""

from pathlib import Path

import pytest

from edgekit.compiler.explain.recording import Recorder, Recording
from edgekit.compiler.opaque import Mark, Placed
from edgekit.compiler.trace import Text, Traced, Tracer
from edgekit.project.load import load_site
from edgekit.project.site import Site
from tests.compiler.sites import CONFIG, write_site
from tests.source import ROOT


def record(folder: Path, files: dict[str, str], tier: str = "free") -> Recording:
    site = write_site(folder, files)
    return Recorder(site).record(next(page for page in site.pages if page.path == "/"), tier)


def places(recording: Recording) -> dict[str, list[str]]:
    """Slots, tier fields and the clock: where each is read."""
    return {
        name: [f"{file}:{line}" for file, line in found]
        for (kind, name), found in recording.reads.items()
        if kind in ("slot", "tier", "clock")
    }


@pytest.fixture(scope="module")
def shop() -> Site:
    return load_site(ROOT / "site")


def by_character(traced: Traced) -> list[tuple[object, object]]:
    """Each character with its line; values and marks as they are."""
    found: list[tuple[object, object]] = []
    for piece in traced.pieces:
        if type(piece) is Text:
            found += [(character, piece.location) for character in piece.text]
        elif type(piece) is Placed or type(piece) is Mark:
            found.append((piece, piece.location))
    return found


@pytest.mark.parametrize(
    "path", ["/", "/about", "/account", "/cart", "/category/green", "/membership", "/product/p-100", "/search", "404"]
)
def test_a_recording_prints_what_a_trace_does_with_the_same_lines(shop: Site, path: str) -> None:
    page = next(page for page in shop.pages if page.path == path)
    traced = Tracer(shop).trace(page, "vip")
    recording = Recorder(shop).record(page, "vip")
    assert isinstance(traced, tuple)
    assert [by_character(recorded.traced) for recorded in recording.variants] == list(map(by_character, traced))
    for recorded in recording.variants:
        texts = [number for number, piece in enumerate(recorded.traced.pieces) if type(piece) is Text]
        assert len(recorded.chains) == len(recorded.traced.pieces)
        assert all(recorded.chains[at][0] == recorded.traced.pieces[at].location for at in texts)


def test_reads_are_noted_at_the_lines_that_read(tmp_path: Path) -> None:
    page = "\n{{ user.name }}\n{{ segment.discount }}\n{{ user.tier }}\n{{ user.name }}{{ request.query.q }}\n"
    assert places(record(tmp_path, {"pages/index.html": page})) == {
        "user.name": ["pages/index.html:2", "pages/index.html:5"],
        "segment.discount": ["pages/index.html:3"],
        "user.tier": ["pages/index.html:4"],
        "request.query.q": ["pages/index.html:5"],
    }


def test_names_are_noted_where_they_stand_not_where_their_block_begins(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% extends "base.html" %}\n{% block b %}\n\n<i>{{ {\n"free": tier} }}</i>{% endblock %}',
        "templates/base.html": "<p>\n{% block b %}{% endblock %}\n{{ build_time.year }}</p>",
    }
    assert places(record(tmp_path, files)) == {"build_time": ["base.html:3"], "tier": ["pages/index.html:5"]}


def test_a_name_that_no_expression_comes_to_is_noted_where_it_is_first_mentioned(tmp_path: Path) -> None:
    page = "text\n{% if data.shop.none %}\n{{ tier }}{% endif %}\n{% if data.shop.none %}{{ tier }}{% endif %}"
    assert places(record(tmp_path, {"pages/index.html": page})) == {"tier": ["pages/index.html:3"]}


@pytest.mark.parametrize(
    "page",
    [
        "{% macro m(tier) %}{{ tier }}{% endmacro %}{{ m(1) }}",
        "{% for tier in [1, 2] %}{{ tier }}{% endfor %}",
        "{% with tier = 1 %}{{ tier }}{% endwith %}",
    ],
)
def test_a_variable_of_the_same_name_is_no_read(tmp_path: Path, page: str) -> None:
    assert places(record(tmp_path, {"pages/index.html": page})) == {}


def test_a_name_in_a_loop_is_a_read(tmp_path: Path) -> None:
    page = "{% for n in [1] %}\n{{ tier }}{% endfor %}"
    assert places(record(tmp_path, {"pages/index.html": page})) == {"tier": ["pages/index.html:2"]}


def test_templates_assets_and_islands_are_noted_where_they_are_named(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% extends "base.html" %}\n{% block b %}{{ asset("shop.css") }}\n'
        '<div>{% island "i" %}</div>\n<div>{% island "i" client %}{% endisland %}</div>{% endblock %}',
        "templates/base.html": '{% include "part.html" %}{% block b %}{% endblock %}',
        "templates/part.html": "",
        "islands/i.html": "<p>{{ tier }}</p>",
    }
    assert record(tmp_path, files).reads == {
        ("template", "pages/index.html"): {},
        ("template", "base.html"): {("pages/index.html", 1): None},
        ("template", "part.html"): {("base.html", 1): None},
        ("asset", "shop.css"): {("pages/index.html", 2): None},
        ("island", "i"): {("pages/index.html", 3): None, ("pages/index.html", 4): None},
    }


def test_a_chain_leads_out_of_blocks_and_includes_but_not_to_who_extends(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% extends "base.html" %}\n\n{% block b %}\n{% include "part.html" %}{% endblock %}',
        "templates/base.html": "<p>\n{% block b %}{% endblock %}</p>",
        "templates/part.html": '{% extends "frame.html" %}{% block c %}<b>x</b>{% endblock %}',
        "templates/frame.html": "\n\n{% block c %}{% endblock %}",
    }
    (variant,) = record(tmp_path, files).variants
    chain = next(
        chain
        for piece, chain in zip(variant.traced.pieces, variant.chains, strict=True)
        if type(piece) is Text and "x" in piece.text
    )
    assert chain == (("part.html", 1), ("frame.html", 3), ("pages/index.html", 4), ("base.html", 2))


def test_reads_of_all_variants_are_noted(tmp_path: Path) -> None:
    page = "{% if user.known %}\n{{ user.name }}{% else %}\n{{ tier }}{% endif %}"
    recording = record(tmp_path, {"pages/index.html": page, "edgekit.toml": CONFIG})
    assert len(recording.variants) == 2
    assert places(recording) == {
        "tier": ["pages/index.html:3"],
        "user.known": ["pages/index.html:1"],
        "user.name": ["pages/index.html:2"],
    }
