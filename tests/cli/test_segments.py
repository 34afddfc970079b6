from pathlib import Path

import pytest

from tests.cli.command import run, write_shop


def test_a_tier_is_shown_with_its_live_edits(built: Path) -> None:
    assert run("segments", "get", "free").text == 'hero = "Spring"\nseats = 3\n'
    done = run("segments", "put", "free", "hero=a=b")
    assert done.text == 'hero = "a=b"  (live edit; the file has "Spring")\nseats = 3\n'
    answer = run("segments", "get", "free", "--json").json
    assert (answer["config"], answer["edited"]) == ({"hero": "a=b", "seats": 3}, {"hero": "Spring"})
    assert "<h1>a=b</h1>" in run("render", "/").text


def test_a_reset_goes_back_to_the_file(built: Path) -> None:
    run("segments", "put", "free", "hero=Summer")
    assert run("segments", "reset", "free").text == 'hero = "Spring"\nseats = 3\n'
    assert "<h1>Spring</h1>" in run("render", "/").text


def test_an_edit_survives_builds_until_the_file_changes(built: Path) -> None:
    run("segments", "put", "free", "hero=Summer", "-q")
    run("build")
    assert "<h1>Summer</h1>" in run("render", "/").text
    write_shop(built / "site", {"segments/free.toml": 'hero = "Autumn"\nseats = 3\n'})
    run("build")
    assert "<h1>Autumn</h1>" in run("render", "/").text


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["get", "vpi"], 1, "EK438 there is no tier `vpi`; did you mean `vip`?"),
        (["reset", "vpi"], 1, "EK438"),
        (["put", "vpi", "hero=x"], 1, "EK438"),
        (["put", "free", "seats=4"], 2, "EK440 the field `seats` of tier `free` is frozen"),
        (["put", "free", "hreo=x"], 2, "EK440 tier `free` has no field `hreo`; did you mean `hero`?"),
        (["put", "free", f"hero={'x' * 81}"], 2, "EK441"),
        (["put", "free", "hero=Now", "seats=4"], 2, "EK440"),
        (["put", "free", "hero"], 2, "'hero' is not FIELD=VALUE"),
        (["put", "free", "=x"], 2, "'=x' is not FIELD=VALUE"),
        (["put", "free"], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_changed_is_refused_and_nothing_changes(
    built: Path, arguments: list[str], status: int, said: str
) -> None:
    done = run("segments", *arguments)
    assert (done.status, done.out) == (status, b"")
    assert said in done.err
    assert run("segments", "get", "free").text == 'hero = "Spring"\nseats = 3\n'
