"""The clock of a build."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.project.clock import parse_clock, read_clock
from edgekit.project.load import load_site
from tests.project.folder import write_site


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_iso_8601_is_a_time_in_utc(text: str, expected: datetime) -> None:
    assert (parse_clock(text), parse_clock(text).tzinfo) == (expected, UTC)


@pytest.mark.parametrize("text", ["", "now", "1700000000000000", "2026-13-01", "0001-01-01T00:00:00+10:00"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(EdgekitError, match="EK114"):
        parse_clock(text)


def test_source_date_epoch_is_the_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert load_site(write_site(tmp_path, {})).build_time == datetime(1970, 1, 2, tzinfo=UTC)


def test_a_given_time_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    given = datetime(2026, 1, 1, tzinfo=UTC)
    assert load_site(write_site(tmp_path, {}), build_time=given).build_time == given


def test_without_either_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= read_clock() <= datetime.now(UTC)


@pytest.mark.parametrize("seconds", ["yesterday", "1.5", "9" * 30])
def test_a_source_date_epoch_that_is_no_time_is_refused(seconds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", seconds)
    with pytest.raises(EdgekitError, match="EK114"):
        read_clock()
