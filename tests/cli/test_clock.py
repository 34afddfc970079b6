"""`--clock` and SOURCE_DATE_EPOCH: the one clock that a page can read."""

from pathlib import Path

import pytest

from tests.cli.command import run, run_process, write_shop

NOW = {"pages/now.html": "<p>{{ build_time }}</p>\n"}
NOON = "2026-01-31T12:00:00Z"


def test_a_clock_is_what_templates_read(shop: Path) -> None:
    write_shop(shop / "site", NOW)
    assert run("build", "--clock", NOON).status == 0
    assert run("render", "/now").out == b"<p>2026-01-31 12:00:00+00:00</p>"


def test_the_oracle_has_the_clock_it_is_given(shop: Path) -> None:
    write_shop(shop / "site", NOW)
    run("build", "--clock", NOON)
    assert run("render", "/now", "--oracle", "--clock", NOON).out == run("render", "/now").out


def test_one_clock_gives_one_release_and_another_clock_another(shop: Path) -> None:
    write_shop(shop / "site", NOW)
    releases = [run("build", "--json", "--clock", clock).json["release"] for clock in (NOON, NOON, "2027-01-01")]
    assert (releases[0] == releases[1], releases[0] == releases[2]) == (True, False)


def test_source_date_epoch_is_the_clock_where_none_is_given(shop: Path) -> None:
    write_shop(shop / "site", NOW)
    run_process("build", cwd=shop, SOURCE_DATE_EPOCH="86400")
    assert run("render", "/now").out == b"<p>1970-01-02 00:00:00+00:00</p>"


@pytest.mark.parametrize("command", ["build", "check", "serve", "render /now"])
def test_a_clock_that_is_no_time_ends_with_2(shop: Path, command: str) -> None:
    done = run(*command.split(), "--clock", "noon")
    assert (done.status, "EK114 `noon` is no time in ISO 8601" in done.err) == (2, True)


def test_a_source_date_epoch_that_is_no_time_ends_with_2(shop: Path) -> None:
    done = run_process("check", cwd=shop, SOURCE_DATE_EPOCH="noon")
    assert (done.status, "EK114 " in done.err) == (2, True)
