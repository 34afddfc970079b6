"""`build --watch` and `serve --watch` as processes: what they print, answer and end with."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.command import SHOP, command_line, environment, run, write_shop
from tests.cli.serving import get, serving, stream
from tests.watch.saving import save

ABOUT = "site/pages/about.html"
BROKEN = "<p>{{ user.name|upper }}</p>\n"


@contextmanager
def watching(*arguments: str, cwd: Path) -> Iterator["subprocess.Popen[str]"]:
    """The process, its output in two pipes; ended as Ctrl-C does."""
    with subprocess.Popen(
        command_line(*arguments),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    assert process.returncode == 0


def test_a_build_tells_what_changed_errors_once_and_that_they_are_mended(shop: Path) -> None:
    with watching("build", "--watch", cwd=shop) as process:
        assert process.stderr is not None
        line = process.stderr.readline
        assert line().startswith("the site: 6 pages, ")
        save(shop / ABOUT, "<p>New</p>\n")
        assert line().startswith("pages/about.html: 1 fragment changed in ")
        save(shop / ABOUT, BROKEN)
        assert line().startswith("site/pages/about.html:1: EK202 ")
        assert [line(), line()[:9]] == ["    <p>{{ user.name|upper }}</p>\n", "    help:"]
        (shop / ABOUT).touch()
        assert line() == "pages/about.html: still 1 error\n"
        save(shop / ABOUT, "<p>New</p>\n")
        assert line().startswith("mended: pages/about.html: nothing changed in ")
        with (shop / "site/edgekit.toml").open("a") as config:
            config.write('[redirects]\n"/a" = "/about"\n')
        assert line().startswith("edgekit.toml: its configuration changed in ")
        assert run("render", "/about").text == "<p>New</p>"


def test_json_is_an_object_a_build(shop: Path) -> None:
    with watching("build", "--watch", "--json", cwd=shop) as process:
        assert process.stdout is not None

        def read() -> dict[str, Any]:
            assert process.stdout is not None
            return json.loads(process.stdout.readline())  # type: ignore[no-any-return]

        first = read()
        assert (first["version"], first["changed"], first["pages"]) == (1, [], 6)
        save(shop / ABOUT, BROKEN)
        failed = read()
        assert (failed["changed"], [d["code"] for d in failed["diagnostics"]]) == ([ABOUT], ["EK202"])
        assert "release" not in failed
        save(shop / ABOUT, "<p>New</p>")
        assert read()["previous"] == first["release"]


def test_the_folder_that_a_watch_began_in_may_be_deleted_and_come_back(shop: Path) -> None:
    with watching("build", "--watch", cwd=shop / "site") as process:
        assert process.stderr is not None
        line = process.stderr.readline
        assert line().startswith("the site: 6 pages, ")
        (shop / "site").rename(shop / "gone")  # at once, where deleting it all takes a while
        shutil.rmtree(shop / "gone")
        assert line().startswith("EK101 ")
        assert line().startswith("    help: ")
        write_shop(shop / "new").rename(shop / "site")
        assert line().startswith("mended: ")


def test_releases_do_not_pile_up(shop: Path) -> None:
    with (shop / "site/edgekit.toml").open("a") as config:
        config.write("[build]\nkeep_releases = 1\n")
    with watching("build", "--watch", cwd=shop) as process:
        assert process.stderr is not None
        process.stderr.readline()
        kept = []
        for number in range(4):
            save(shop / ABOUT, f"<p>{number}</p>\n")
            process.stderr.readline()
            kept.append(len(run("releases", "list", "--json").json["releases"]))
    assert kept == [2, 1, 2, 1]


@pytest.mark.parametrize("command", ["build", "serve"])
def test_a_watch_without_a_site_ends_with_2(command: str, shop: Path) -> None:
    done = run(command, "--watch", "nowhere")
    assert (done.status, done.err.split(" ")[0]) == (2, "EK101")


def test_watch_goes_with_one_worker(shop: Path) -> None:
    done = run("serve", "--watch", "--workers", "2")
    assert done.status == 2
    assert "--watch goes with one worker" in done.err


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("served")
    write_shop(folder / "site")
    with serving("--watch", "--port", "0", cwd=folder) as url:
        yield url, folder


EVENTS = "/_edgekit/watch/events"
STATE = "/_edgekit/watch/state?page=%2Fabout"


def test_the_stores_bytes_stay_as_they_are_and_sample_users_are_there(served: tuple[str, Path]) -> None:
    url, folder = served
    assert "<p>About us</p><script" in get(f"{url}/about").text
    assert "Hello Ada" in get(url, headers={"x-user-id": "u1"}).text
    done = run("render", "/about", "--store", folder / "build/edge.lmdb")
    assert done.text == "<p>About us</p>"


def test_without_watch_there_is_no_script_and_no_such_path(built: Path) -> None:
    with serving("--port", "0", cwd=built) as url:
        assert "<script" not in get(f"{url}/about").text
        assert get(f"{url}/_edgekit/watch/reload.js").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-for": "127.0.0.1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_only_pages_of_this_machine_learn_what_is_wrong(served: tuple[str, Path], headers: dict[str, str]) -> None:
    url, _ = served
    for name in ("state?page=/about", "events", "reload.js"):
        assert get(f"{url}/_edgekit/watch/{name}", headers=headers).status_code == 404
    assert get(url + STATE).json()["problems"] == []


def test_a_watched_server_has_its_tail_metrics_and_health(served: tuple[str, Path]) -> None:
    url, _ = served
    with stream("GET", f"{url}/_edgekit/tail") as tail:
        lines = filter(None, tail.iter_lines())
        assert get(f"{url}/about").status_code == 200
        event = json.loads(next(lines))
    assert (event["path"], event["status"]) == ("/about", 200)
    assert get(f"{url}/_edgekit/health").json() == {"release": event["release"], "store": "ok"}
    assert 'edgekit_requests_total{class="static",' in get(f"{url}/_edgekit/metrics").text
    assert get(f"{url}/_edgekit/metrics", headers={"host": "shop.example"}).status_code == 404


def test_a_page_for_somebody_else_has_no_script(served: tuple[str, Path]) -> None:
    url, _ = served
    assert "<script" not in get(f"{url}/about", headers={"x-forwarded-for": "192.0.2.1"}).text


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("state", 400),
        ("state?page=about", 400),
        ("state?page=%2F..%2F&page=x", 200),
        ("state?path=%2F&page=%2F", 400),
        ("state?page=%2F%00%ff", 200),
        ("state?page=%2Fabout%3Fa%3Db", 200),
        ("..%2Fapp.py", 404),
        ("../app.py", 404),
        ("", 404),
        ("overlay.css", 200),
    ],
)
def test_odd_questions_are_answered_plainly(served: tuple[str, Path], name: str, status: int) -> None:
    url, _ = served
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:  # no client that mends the path
        connection.sendall(f"GET /_edgekit/watch/{name} HTTP/1.0\r\nhost: localhost\r\n\r\n".encode())
        answer = connection.makefile("rb").readline()
    assert answer.split()[1] == str(status).encode()


def test_a_state_asked_for_with_post_is_not_there(served: tuple[str, Path]) -> None:
    assert httpx.post(served[0] + STATE, timeout=60).status_code == 404


def test_a_site_that_never_compiled_is_served_as_what_is_wrong_with_it(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": BROKEN})
    with serving("--watch", "--port", "0", cwd=shop) as url:
        answer = get(url, headers={"accept": "text/html"})
        assert answer.status_code == 503
        assert "/_edgekit/watch/reload.js" in answer.text
        state = get(url + STATE).json()
        assert (state["release"], state["more"]) == ("", 0)
        assert state["problems"] == [
            {
                "code": "EK202",
                "place": "site/pages/about.html:1",
                "message": "`user.name`: filter `upper` reads it: `{{ user.name|upper }}`",
                "source": "<p>{{ user.name|upper }}</p>",
                "help": state["problems"][0]["help"],
            }
        ]
        with stream("GET", url + EVENTS) as events:
            lines = events.iter_lines()
            assert next(line for line in lines if line.startswith("data: ")) == "data: 1"
            save(shop / ABOUT, "<p>Mended</p>")
            assert next(line for line in lines if line.startswith("data: ")) == "data: 2"
        assert "Mended" in get(f"{url}/about").text


def test_the_last_release_is_served_while_the_site_does_not_compile_from_the_start(built: Path) -> None:
    write_shop(built / "site", {"edgekit.toml": "["})
    with serving("--watch", "--port", "0", "--store", "build/edge.lmdb", cwd=built) as url:
        assert "<p>About us</p><script" in get(f"{url}/about").text


def test_a_bad_sample_user_is_shown_and_mended_while_pages_are_served(shop: Path) -> None:
    write_shop(shop / "site", {"users.jsonl": '{"id": "u1"}\n{"name": "Ada"}\n'})
    with serving("--watch", "--port", "0", cwd=shop) as url, stream("GET", url + EVENTS) as news:
        lines = news.iter_lines()
        assert next(line for line in lines if line.startswith("data: ")) == "data: 1"
        assert get(url + STATE).json()["problems"][0]["place"] == "site/users.jsonl:2"
        assert "About us" in get(f"{url}/about").text
        save(shop / "site/users.jsonl", SHOP["users.jsonl"])
        assert next(line for line in lines if line.startswith("data: ")) == "data: 2"
        assert "Hello Ada" in get(url, headers={"x-user-id": "u1"}).text


def test_a_store_that_is_removed_is_made_and_found_anew(shop: Path) -> None:
    with (
        serving("--watch", "--port", "0", cwd=shop) as url,
        stream("GET", url + EVENTS) as news,
    ):
        lines = news.iter_lines()
        assert next(line for line in lines if line.startswith("data: ")) == "data: 1"
        for file in (shop / "build").iterdir():
            file.unlink()
        save(shop / ABOUT, "<p>Anew</p>")
        assert next(line for line in lines if line.startswith("data: ")) == "data: 2"
        assert "Anew" in get(f"{url}/about").text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running(shop: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        command_line("serve", "--watch", "--port", "0"), cwd=shop, stdout=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        host, _, port = url.removeprefix("http://").partition(":")
        with stream("GET", url + EVENTS) as news, socket.create_connection((host, int(port))) as half:
            assert next(news.iter_lines())
            half.sendall(b"GET / HTTP/1.1\r\nhost: local")  # and no more: what the server would wait for
            process.send_signal(number)
            assert process.wait(30) == (0 if number == signal.SIGTERM else -number)
            # Every process of it holds the other end, and the last one to go closes it.
            assert process.stdout.read() == b""


def test_a_server_that_dies_ends_the_watch(shop: Path) -> None:
    with subprocess.Popen(
        command_line("serve", "--watch", "--port", "0"),
        cwd=shop,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        assert process.stderr is not None
        assert process.stderr.readline()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"EK453 the server died" in errors
