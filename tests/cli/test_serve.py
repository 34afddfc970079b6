import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cli.command import command_line, environment, run, run_process, write_shop
from tests.cli.serving import serving


@contextmanager
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_site_is_built_served_and_seen_by_its_sample_users(shop: Path) -> None:
    with serving("--port", "0", cwd=shop) as url:
        assert httpx.get(url).text == "<h1>Spring</h1>\n<p>Hello there, 0 points</p>"
        assert httpx.get(url, headers={"x-user-id": "u1"}).text == "<h1>Gold</h1>\n<p>Hello Ada, 7 points</p>"
        assert httpx.get(f"{url}/nowhere").status_code == 404
    assert run("users", "get", "u1", "--json").json["expires"] is None


def test_a_running_server_answers_from_the_next_release_and_edit(shop: Path) -> None:
    with serving("site", "--port", "0", "--workers", "2", cwd=shop) as url:
        assert httpx.get(f"{url}/about").text == "<p>About us</p>"
        write_shop(shop / "site", {"pages/about.html": "new"})
        assert run("build").status == 0
        assert run("segments", "put", "free", "hero=Live").status == 0
        assert httpx.get(f"{url}/about").text == "new"
        assert "<h1>Live</h1>" in httpx.get(url).text


def test_users_that_are_there_are_left_alone(shop: Path) -> None:
    assert run("build").status == 0
    run("users", "put", "u7", "{}")
    with serving("--port", "0", cwd=shop):
        assert run("users", "stats", "--json").json["total"] == 1


@pytest.mark.parametrize("named", [True, False])
def test_a_store_is_served_without_its_site(built: Path, tmp_path: Path, named: bool) -> None:
    (built / "site").rename(tmp_path / "gone")
    arguments = ["--store", tmp_path / "build/edge.lmdb"] if named else []
    cwd = tmp_path
    if named:
        cwd = tmp_path / "elsewhere"
        cwd.mkdir()
    with serving("--port", "0", *arguments, cwd=cwd) as url:
        assert "Hello Ada" in httpx.get(url, headers={"x-user-id": "u1"}).text


def test_a_port_in_use_gives_the_next_free_one(built: Path) -> None:
    with taken() as port, serving("--port", str(port), cwd=built) as url:
        assert port < (urlsplit(url).port or 0) < port + 10


def test_a_strict_port_in_use_ends_with_2(built: Path) -> None:
    with taken() as port:
        done = run_process("serve", "--port", str(port), "--strict-port", "-q", cwd=built)
    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith(f"EK450 port {port} is in use on `127.0.0.1`")


def test_a_host_of_another_machine_ends_with_2(built: Path) -> None:
    done = run_process("serve", "--host", "192.0.2.1", "-q", cwd=built)
    assert done.status == 2
    assert done.err.startswith("EK451 ")


def test_a_site_that_does_not_compile_is_not_served(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "{{ user.name|upper }}"})
    done = run_process("serve", "--port", "0", cwd=shop)
    assert (done.status, done.out) == (1, b"")
    assert "EK202" in done.err


def test_a_bad_sample_user_is_named_with_its_line(shop: Path) -> None:
    write_shop(shop / "site", {"users.jsonl": '{"id": "u1"}\n{"name": "Ada"}\n'})
    done = run_process("serve", "--port", "0", cwd=shop)
    assert done.status == 2
    assert "site/users.jsonl:2: EK437 " in done.err


def test_warnings_of_the_site_are_told_before_it_is_served(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": '<a href="/nowhere">'})
    with subprocess.Popen(
        command_line("serve", "--port", "0"),
        cwd=shop,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert errors.startswith("site/pages/about.html:1: EK801 warning: nothing answers the link to `/nowhere`")
