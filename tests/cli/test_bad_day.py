"""How bad days are asked for on the command line."""

import pytest

from edgekit.cli.bad_day import build_faults, describe_faults
from edgekit.replay.faults import Faults
from tests.cli.command import run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "kv-raed=0.1"], "'kv-raed' is none of kv-read, cpu. Did you mean 'kv-read'?"),
        (["--fault", "disk=1"], "'disk' is none of kv-read, cpu."),
        (["--fault", "kv-read"], "'kv-read' has no `=`; write NAME=VALUE."),
        (["--fault", "kv-read=1%"], "'1%' is no chance from 0 to 1, such as 0.01."),
        (["--fault", "kv-read=1.01"], "'1.01' is no chance from 0 to 1, such as 0.01."),
        (["--fault", "kv-read=nan"], "'nan' is no chance from 0 to 1, such as 0.01."),
        (["--fault", "kv-read=0.1", "--fault", "kv-read=0.2"], "'kv-read' is given twice."),
        (["--fault", "cpu=60"], "'60' is no duration such as 60s or 15ms."),
        (["--latency", "15ms"], "'15ms' has no `=`; write kv=TIME."),
        (["--latency", "kv=2m"], "'2m' is longer than 60s."),
        (["--cold-start", "-1s"], "'-1s' is no duration such as 60s or 15ms."),
        (["--watch", "--cold-start", "1s"], "--watch goes without --fault, --latency and --cold-start."),
    ],
)
def test_what_is_no_bad_day_is_said(arguments: list[str], said: str) -> None:
    done = run("serve", *arguments)
    assert (done.status, said in done.err) == (2, True), done.err


def test_nothing_asked_for_is_no_bad_day() -> None:
    assert build_faults({}, {}, 0) is None
    assert build_faults({"kv-read": 0.0}, {"kv": 0.0}, 0) is None


def test_a_bad_day_has_what_was_asked_for() -> None:
    asked = build_faults({"kv-read": 0.07, "cpu": 0.06}, {"kv": 0.015}, 1.5)
    assert asked == Faults(kv_read=0.07, latency=0.015, cpu=0.06, cold_start=1.5)
    assert describe_faults(asked) == (
        "a bad day: 7 % of look-ups fail, each look-up takes 15 ms, each answer takes 60 ms of CPU more, "
        "each worker starts in 1500 ms"
    )
    assert describe_faults(Faults(latency=1)) == "a bad day: each look-up takes 1000 ms"
