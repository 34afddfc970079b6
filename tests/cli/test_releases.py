import os
from pathlib import Path

import httpx
import pytest

from edgekit.kv.lock import build_lock
from edgekit.kv.releases import current_release, read_pack
from edgekit.kv.store import open_store
from tests.cli.command import CONFIG, run, run_process, write_shop
from tests.cli.serving import serving


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


def test_an_empty_name_is_no_release(built: Path) -> None:
    (built / "site/pages/about.html").write_text("new")
    run("build")
    done = run("releases", "rollback", "")  # an unset variable of a script
    assert (done.status, done.err.splitlines()[0]) == (2, "EK434 `` does not name one release")
    assert run("render", "/about").text == "new"


def test_a_store_without_releases_says_so(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "{{ nothing }}"})
    run("build")
    done = run("releases", "list")
    assert (done.status, done.out) == (0, b"")
    assert "`edgekit build` publishes one" in done.err
    assert run("releases", "list", "--json").json["releases"] == []


def change(folder: Path, text: str, **files: str) -> str:
    """The release of another build, with an asset of its own."""
    write_shop(folder / "site", {"pages/about.html": text, "static/shop.css": f"/* {text} */", **files})
    release: str = run("build", "--json").json["release"]
    return release


def test_old_releases_are_pruned(built: Path) -> None:
    releases = [change(built, f"v{number}") for number in range(4)]
    said = run("releases", "prune", "--keep", "2", "--dry-run")
    assert said.text.startswith("would remove 3 releases, ")
    assert len(run("releases", "list", "--json").json["releases"]) == 5
    done = run("releases", "prune", "--keep", "2", "--json").json
    assert (done["removed"][:2], len(done["removed"]), done["dry_run"]) == ([releases[1], releases[0]], 3, False)
    assert (done["assets"], done["bytes"] > 0) == (3, True)
    assert [entry["release"] for entry in run("releases", "list", "--json").json["releases"]] == releases[:1:-1]
    assert run("releases", "prune", "--keep", "2").text == "nothing to remove\n"
    assert run("render", "/about").text == "v3"
    assert run("verify").status == 0


def test_the_configuration_says_how_many_stay(built: Path) -> None:
    for number in range(6):
        change(built, f"v{number}")
    assert len(run("releases", "prune", "--dry-run", "--json").json["removed"]) == 2
    config = (built / "site/edgekit.toml").read_text()
    write_shop(built / "site", {"edgekit.toml": f"{config}\n[build]\nkeep_releases = 3\n"})
    done = run("releases", "prune")
    assert done.text.startswith("removed 4 releases, ")
    assert done.text.endswith("; `--compact` gives it back\n")
    write_shop(built / "site", {"edgekit.toml": f"{config}\n[build]\nkeep_releases = 0\n"})
    assert run("releases", "prune").status == 2


def test_a_pruned_store_is_made_smaller_when_nobody_else_has_it_open(built: Path) -> None:
    for number in range(3):
        change(built, f"v{number}" * 10_000)
    with serving("--store", built / "build/edge.lmdb", "--port", "0", cwd=built / "build") as url:
        refused = run("releases", "prune", "--keep", "2", "--compact")
        assert refused.status == 2
        assert refused.err.startswith("removed 2 releases, ")
        assert "EK447 another process has the store" in refused.err
        assert httpx.get(f"{url}/about").text == "v2" * 10_000
    done = run("releases", "prune", "--keep", "1", "--compact", "--json").json["file"]
    assert done["after"] == (built / "build/edge.lmdb").stat().st_size < done["before"]
    assert run("render", "/about").text == "v2" * 10_000
    assert run("releases", "prune", "--compact", "--dry-run").status == 2


def test_a_running_server_goes_on_while_releases_are_pruned(built: Path) -> None:
    arguments = "--store", built / "build/edge.lmdb", "--port", "0", "--workers", "2"
    with serving(*arguments, cwd=built / "build") as url, httpx.Client(base_url=url) as client:
        assets = []
        for number in range(4):
            change(built, f"v{number}")
            assert client.get("/about").text == f"v{number}"
            assets.append(next(iter(built_assets(built))))
            assert client.get(assets[-1]).status_code == 200
        assert run("releases", "prune", "--keep", "1").status == 0
        for _ in range(20):
            assert client.get("/about").text == "v3"
            assert [client.get(asset).status_code for asset in assets] == [404, 404, 404, 200]
        assert "Hello Ada" in client.get("/", headers={"x-user-id": "u1"}).text


def built_assets(folder: Path) -> list[str]:
    """The paths of the current release's assets."""
    with open_store(folder / "build/edge.lmdb") as store, store.snapshot() as snapshot:
        release = current_release(snapshot)
        assert release is not None
        return [entry.key for entry in read_pack(snapshot, release).index if entry.namespace == "ASSETS"]


def test_a_release_moves_to_another_machine_through_a_pipe(built: Path) -> None:
    there = built / "there"
    there.mkdir()
    piped = run_process("releases", "export", "-", cwd=built)
    assert piped.status == 0
    assert piped.err.startswith("exported ")
    taken = run_process("releases", "import", "-", "--store", "edge.lmdb", cwd=there, stdin=piped.out)
    assert (taken.status, taken.err) == (0, "")
    with serving("--store", "edge.lmdb", "--port", "0", cwd=there) as url:
        assert httpx.get(f"{url}/about").text == "<p>About us</p>"
        assert "Hello there" in httpx.get(url, headers={"x-user-id": "u1"}).text
        write_shop(built / "site", {"pages/about.html": "new"})
        release = run("build", "--json").json["release"]
        assert run("releases", "export", "r.edgekit").status == 0
        done = run("releases", "import", "r.edgekit", "--store", there / "edge.lmdb", "--json").json
        assert (done["release"], done["store"]) == (release, str(there / "edge.lmdb"))
        assert httpx.get(f"{url}/about").text == "new"
    assert run("verify", "--store", there / "edge.lmdb").status == 0


def test_an_export_takes_the_place_of_an_earlier_one_only(built: Path) -> None:
    first = run("releases", "export", "r.edgekit", "--json").json
    assert (first["file"], first["bytes"]) == ("r.edgekit", (built / "r.edgekit").stat().st_size)
    earlier = run("releases", "list", "--json").json["releases"][0]["release"]
    change(built, "new")
    assert run("releases", "export", "r.edgekit").status == 0
    assert run("releases", "export", "old.edgekit", "--release", earlier[:8]).status == 0
    assert (built / "old.edgekit").stat().st_size == first["bytes"]
    before = (built / "site/edgekit.toml").read_bytes()
    refused = run("releases", "export", "site/edgekit.toml")
    assert refused.status == 2
    assert "EK449 `site/edgekit.toml` is there, and no release" in refused.err
    assert (built / "site/edgekit.toml").read_bytes() == before
    assert run("releases", "export", "/dev/null").status == 0
    assert run("releases", "export", "no/such/folder").status == 2
    assert run("releases", "export", "r.edgekit", "--release", "ffffffff").status == 1
    assert run("releases", "export", "-", "--json").status == 2
    assert not list(built.glob("*.part"))


def test_an_import_of_what_is_no_release_changes_nothing(built: Path) -> None:
    refused = run("releases", "import", "-", stdin=b"<html>")
    assert (refused.status, run("render", "/about").text) == (2, "<p>About us</p>")
    assert "EK448 `-` is not one whole release: it does not begin as one" in refused.err
    assert run("releases", "import", "none.edgekit").status == 2


def test_an_import_that_removes_many_pages_asks_first(built: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    pages = {f"pages/{name}.html": None for name in ("search", "product/[sku]", "404")}
    config = CONFIG.replace('[pages."product/[sku].html"]\neach = "data.products"\nas = "product"\n', "")
    write_shop(small, {**pages, "edgekit.toml": config})
    assert run("build", small, "--store", "small.lmdb").status == 0
    assert run("releases", "export", "small.edgekit", "--store", "small.lmdb").status == 0
    refused = run("releases", "import", "small.edgekit")
    assert refused.status == 1
    assert "EK480 4 of 6 published pages would be removed" in refused.err
    assert run("render", "/search").status == 0
    assert run("releases", "import", "small.edgekit", "--yes").status == 0
    assert run("render", "/search").status == 1


@pytest.mark.parametrize("command", [["prune"], ["import", "r.edgekit"]])
def test_one_waits_for_a_build_or_says_who_builds(built: Path, command: list[str]) -> None:
    run("releases", "export", "r.edgekit")
    with build_lock(built / "build/edge.lmdb"):
        refused = run_process("releases", *command, cwd=built)
        assert refused.status == 2
        assert f"EK431 process {os.getpid()} is building" in refused.err
    assert run("releases", *command, "--wait").status == 0
