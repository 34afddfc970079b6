import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from edgekit.kv.lock import build_lock
from edgekit.kv.releases import current_release, read_pack
from edgekit.kv.store import open_store
from edgekit.model.keys import EDGEKIT, VALUES, Namespace, reads_key, trace_key
from tests.cli.command import CONFIG, command_line, environment, run, run_process, write_shop

MANY = json.dumps([{"sku": f"p-{number}", "name": "Tea"} for number in range(10)])


def test_a_build_publishes_and_says_what(shop: Path) -> None:
    done = run("build")
    assert done.status == 0
    assert done.text.startswith("published ")
    assert "to build/edge.lmdb: 6 pages, 11 fragments, 1 asset in " in done.text
    assert Path("build/edge.lmdb").is_file()


def test_json_names_the_release(shop: Path) -> None:
    answer = run("build", "--json").json
    assert (answer["pages"], answer["fragments"], answer["assets"]) == (6, 11, 1)
    assert answer["previous"] is None
    assert answer["changes"]["PAGE_TPL"] == {"added": 10, "changed": 0, "removed": 0}
    again = run("build", "--json").json
    assert again["release"] == again["previous"] == answer["release"]
    assert again["changes"]["PAGE_TPL"] == {"added": 0, "changed": 0, "removed": 0}


def test_verbose_counts_what_changed(shop: Path) -> None:
    assert "PAGE_TPL: 10 added, 0 changed, 0 removed" in run("build", "-v").err
    assert run("build", "-q").out == b""


def test_two_folders_hash_seeds_jobs_and_time_zones_give_one_release(shop: Path) -> None:
    other = shop / "else/where"
    write_shop(other / "site")
    releases = {
        run_process("build", "--json", cwd=shop, PYTHONHASHSEED="1", TZ="UTC").json["release"],
        run_process("build", "--json", "--jobs", "2", cwd=other, PYTHONHASHSEED="2", TZ="Asia/Tokyo").json["release"],
    }
    assert len(releases) == 1


def test_findings_are_all_reported_and_nothing_is_published(built: Path) -> None:
    before = run("releases", "list").out
    write_shop(built / "site", {"pages/about.html": "{{ user.name|upper }}\n", "pages/new.html": "\n{{ usr }}\n"})
    done = run("build")
    assert done.status == 1
    assert done.out == b""
    assert "site/pages/about.html:1: EK202 " in done.err
    assert "site/pages/new.html:2: EK211 " in done.err
    assert done.err.endswith("2 errors\n")
    assert run("releases", "list").out == before


def test_findings_are_one_json_object(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "{{ user.name|upper }}\n"})
    (found,) = run("build", "--json").json["diagnostics"]
    assert (found["code"], found["file"], found["line"]) == ("EK202", "site/pages/about.html", 1)
    assert found["pages"] == ["/about"]


def test_a_build_that_removes_many_pages_publishes_nothing_unless_told(shop: Path) -> None:
    write_shop(shop / "site", {"data/products.json": MANY})
    first = run("build", "--json").json["release"]
    write_shop(shop / "site", {"data/products.json": json.dumps(json.loads(MANY)[:5])})
    done = run("build")
    assert done.status == 1
    assert "EK480 5 of 14 published pages would be removed" in done.err
    assert run("releases", "list", "--json").json["releases"][0]["release"] == first
    assert run("build", "--yes").status == 0
    assert run("releases", "list", "--json").json["releases"][0]["release"] != first


def test_a_build_that_removes_few_pages_publishes(shop: Path) -> None:
    write_shop(shop / "site", {"data/products.json": MANY})
    assert run("build").status == 0
    write_shop(shop / "site", {"data/products.json": json.dumps(json.loads(MANY)[:6])})
    assert run("build").status == 0


def test_a_second_builder_ends_with_2(shop: Path) -> None:
    with build_lock(Path("build/edge.lmdb")):
        done = run("build")
    assert done.status == 2
    assert f"EK431 process {os.getpid()} is building into `build/edge.lmdb`" in done.err
    assert not Path("build/edge.lmdb").exists()


ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@contextmanager
def endless_build(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A build that compiles, in two workers, a page that takes hours; in a process group of its own."""
    write_shop(folder / "site", {"pages/about.html": ENDLESS})
    with subprocess.Popen(
        command_line("build", "--jobs", "2"), stderr=subprocess.PIPE, env=environment(), start_new_session=True
    ) as process:
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            while len(children.read_text().split()) < 2:
                assert process.poll() is None
                time.sleep(0.01)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_an_interrupted_build_ends_with_130_and_its_workers_say_nothing(shop: Path) -> None:
    with endless_build(shop) as process:
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=100)
    assert (process.returncode, error.strip()) == (130, b"")


def test_a_killed_build_leaves_no_worker_and_no_lock(shop: Path) -> None:
    with endless_build(shop) as process:
        process.kill()
        # The workers hold the other end of its stderr: it ends when they have.
        process.communicate(timeout=100)
    write_shop(shop / "site")
    assert run("build").status == 0


def test_users_survive_builds(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": "new\n"})
    assert run("build", "--wait").status == 0
    assert run("users", "stats", "--json").json["total"] == 2


@pytest.mark.parametrize(
    ("environment", "arguments", "expected"),
    [
        ({}, [], "configured.lmdb"),
        ({"EDGEKIT_STORE": "environment.lmdb"}, [], "environment.lmdb"),
        ({"EDGEKIT_STORE": "environment.lmdb"}, ["--store", "option.lmdb"], "option.lmdb"),
    ],
)
def test_the_store_is_the_options_the_environments_or_the_sites(
    shop: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: list[str], expected: str
) -> None:
    write_shop(shop / "site", {"edgekit.toml": CONFIG + '[build]\nstore = "../configured.lmdb"\n'})
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Path(run("build", "--json", *arguments).json["store"]).name == expected
    assert Path(expected).is_file()
    assert run("render", "/about", *arguments).status == 0


def test_the_site_is_here_or_in_site(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("build").status == 0
    monkeypatch.chdir(shop / "site")
    assert run("build").status == 0
    assert (shop / "site/build/edge.lmdb").is_file()
    monkeypatch.chdir(shop / "build")
    assert run("build").status == 2
    assert run("build", "../site").status == 0


def test_a_build_with_a_warning_publishes_and_says_it_on_stderr(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": '<a href="/nowhere">\n'})
    done = run("build")
    assert done.status == 0
    assert done.text.startswith("published ")
    assert done.err.startswith("site/pages/about.html:1: EK801 warning: ")
    assert run("build", "-q").err == ""


def test_warnings_are_part_of_the_json_object(shop: Path) -> None:
    assert run("build", "--json").json["diagnostics"] == []
    write_shop(shop / "site", {"pages/about.html": '<a href="/nowhere">\n'})
    done = run("build", "--json")
    (found,) = done.json["diagnostics"]
    assert (found["code"], found["severity"], found["file"]) == ("EK801", "warning", "site/pages/about.html")
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize("more", ['[redirects]\n"/old" = "/about"\n', '[headers."/*"]\nx-frame-options = "DENY"\n'])
def test_redirects_and_headers_are_part_of_the_release(shop: Path, more: str) -> None:
    before = run("build", "--json").json["release"]
    write_shop(shop / "site", {"edgekit.toml": CONFIG + more})
    assert run("build", "--json").json["release"] != before
    assert run("verify").status == 0


def test_a_build_renders_what_can_have_changed_since_the_last(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": "<p>new</p>\n"})
    plan = run("build", "--plan")
    assert plan.text == (
        "/about: template `pages/about.html` changed\n1 of 6 pages, islands and items would be rendered\n"
    )
    assert run("build", "--plan", "--json").json["rendered"] == [
        {"path": "/about", "because": ["template `pages/about.html` changed"]}
    ]
    assert "(1 of 6 rendered)" in run("build").text
    assert run("build", "--plan").text == "nothing would be rendered: no page can have changed since the last build\n"


def test_a_plan_of_a_site_that_was_never_built_is_all_of_it(shop: Path) -> None:
    assert run("build", "--plan").text.endswith("6 of 6 pages, islands and items would be rendered\n")
    assert not Path("build").exists()


def test_verify_publishes_what_all_pages_give(built: Path) -> None:
    write_shop(built / "site", {"pages/about.html": "<p>new</p>\n"})
    answer = run("build", "--verify", "--json").json
    assert answer["rendered"] == 1
    assert run("render", "/about").text == "<p>new</p>"


def test_verify_publishes_nothing_if_a_page_is_stale(shop: Path) -> None:
    write_shop(
        shop / "site",
        {
            "edgekit.toml": CONFIG + '\n[jinja.globals]\nprice = "prices:price"\n',
            "../prices.py": "from pathlib import Path\n\ndef price():\n    return Path('price.txt').read_text()\n",
            "pages/about.html": "<p>{{ price() }}</p>",
        },
    )
    Path("price.txt").write_text("3")
    assert run("build").status == 0
    Path("price.txt").write_text("4")
    before = run("releases", "list").out
    done = run("build", "--verify")
    assert done.status == 1
    assert "EK291 rendering only what changed gives something else than a full build: `STATIC_PAGES /about`" in done.err
    assert run("releases", "list").out == before


@pytest.mark.parametrize("damage", ["body", "record", "reads"])
def test_a_build_makes_all_again_if_the_store_has_lost_a_part(built: Path, damage: str) -> None:
    with open_store(Path("build/edge.lmdb")) as store, store.write() as txn:
        entry = next(entry for entry in read_pack(txn, current_release(txn) or "").index if entry.trace)
        places: dict[str, tuple[Namespace, str | bytes]] = {
            "body": (VALUES, bytes.fromhex(entry.digest)),
            "record": (EDGEKIT, trace_key(entry.trace)),
            "reads": (EDGEKIT, reads_key(current_release(txn) or "")),
        }
        assert txn.delete(*places[damage])
    write_shop(built / "site", {"pages/cart.html": "<p>new</p>\n"})
    assert run("build", "--json").json["rendered"] == 7
    assert run("verify").status == 0
