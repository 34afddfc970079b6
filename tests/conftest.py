"""What holds for every test: budgets of seconds, no silent skip in CI, hypothesis without a clock.

A new folder of tests gets a line in `BUDGETS`: seconds of its tests together, on two noisy cores at scale 1.
"""

import os
from collections import defaultdict
from collections.abc import Generator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from tests.scale import scaled

BUDGETS: Final = {
    "tests": 40,
    "tests/browser": 95,
    "tests/caches": 35,
    "tests/cli": 175,
    "tests/compiler": 233,
    "tests/diagnostics": 40,
    "tests/diff": 19,
    "tests/fragment": 25,
    "tests/kv": 70,
    "tests/law": 105,
    "tests/live": 30,
    "tests/model": 10,
    "tests/precommit": 45,
    "tests/project": 30,
    "tests/replay": 105,
    "tests/site": 5,
    "tests/watch": 16,
}

settings.register_profile("edgekit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("edgekit")

_spent: defaultdict[str, float] = defaultdict(float)


def folder_of(nodeid: str) -> str:
    """The folder whose budget a test spends: `tests`, or the first one below it."""
    return "/".join(PurePosixPath(nodeid.partition("::")[0]).parts[:-1][:2])


def overruns(spent: Mapping[str, float]) -> list[str]:
    """A line for each folder that took longer than its budget, or has none."""
    lines = []
    for folder, seconds in sorted(spent.items()):
        if folder not in BUDGETS:
            lines.append(f"{folder} has no budget: add it to BUDGETS in tests/conftest.py")
        elif seconds > (budget := scaled(BUDGETS[folder])):
            lines.append(f"{folder} took {seconds:.1f} s, its budget in tests/conftest.py is {budget} s")
    return lines


def is_over(spent: Mapping[str, float]) -> bool:
    """Does the run fail by its seconds? It does if a folder has no budget, or all that ran took longer than allowed.

    One folder alone may be held up by what else its machine does; which one it was is told.
    """
    return not spent.keys() <= BUDGETS.keys() or sum(spent.values()) > scaled(sum(map(BUDGETS.__getitem__, spent)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _spent[folder_of(report.nodeid)] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    spent = (
        f"{folder} {seconds:.0f} of {scaled(BUDGETS.get(folder, 0))}" for folder, seconds in sorted(_spent.items())
    )
    terminalreporter.line("seconds: " + ", ".join(spent))
    if lines := overruns(_spent):
        terminalreporter.section("over budget", red=True)
        for line in lines:
            terminalreporter.line(line, red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    is_worker = hasattr(session.config, "workerinput")
    if session.exitstatus == pytest.ExitCode.OK and not is_worker and is_over(_spent):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        fail_skip_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_skip_in_ci(report)
    return report


def fail_skip_in_ci(report: Any) -> None:
    """CI has all that tests need, so what would be skipped there has failed."""
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = (
            f"skipped in CI: {report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr}"
        )
