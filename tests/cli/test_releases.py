from pathlib import Path

from tests.cli.command import run, write_shop


def test_releases_are_listed_and_rolled_back(built: Path) -> None:
    first = run("build", "--json").json["release"]
    write_shop(built / "site", {"pages/about.html": "new"})
    second = run("build", "--json").json["release"]
    lines = run("releases", "list").text.splitlines()
    assert [line[:34] for line in lines] == [f"* {second}", f"  {first}"]
    assert lines[0].endswith(" UTC  6 pages")

    done = run("releases", "rollback")
    assert done.text == f"the current release is {first} (it was {second})\n"
    assert run("render", "/about").text == "<p>About us</p>"
    assert run("releases", "rollback", second[:6], "--json").json == {
        "version": 1,
        "release": second,
        "previous": first,
    }
    assert run("render", "/about").text == "new"
    listed = run("releases", "list", "--json").json["releases"]
    assert [(entry["release"], entry["current"]) for entry in listed] == [(second, True), (first, False)]
    assert listed[0]["published"].endswith("Z")


def test_a_release_that_is_not_there_ends_with_1(built: Path) -> None:
    done = run("releases", "rollback", "ffffffff")
    assert done.status == 1
    assert "EK434 there is no release `ffffffff`" in done.err
    assert run("releases", "rollback").status == 1


def test_a_store_without_releases_says_so(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "{{ nothing }}"})
    run("build")
    done = run("releases", "list")
    assert (done.status, done.out) == (0, b"")
    assert "`edgekit build` publishes one" in done.err
    assert run("releases", "list", "--json").json["releases"] == []
