import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.command import command_line, environment, run, run_process, write_shop
from tests.cli.serving import get, serving
from tests.replay.sending import ENVIRONMENT, event_body, open_signal, send_signal, send_webhook


@contextmanager
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_site_is_built_served_and_seen_by_its_sample_users(shop: Path) -> None:
    with serving("--port", "0", cwd=shop) as url:
        assert get(url).text == "<h1>Spring</h1>\n<p>Hello there, 0 points</p>"
        assert get(url, headers={"x-user-id": "u1"}).text == "<h1>Gold</h1>\n<p>Hello Ada, 7 points</p>"
        assert get(f"{url}/nowhere").status_code == 404
    assert run("users", "get", "u1", "--json").json["expires"] is None


def test_a_running_server_answers_from_the_next_release_and_edit(shop: Path) -> None:
    with serving("site", "--port", "0", "--workers", "2", cwd=shop) as url:
        assert get(f"{url}/about").text == "<p>About us</p>"
        write_shop(shop / "site", {"pages/about.html": "new"})
        assert run("build").status == 0
        assert run("segments", "put", "free", "hero=Live").status == 0
        assert get(f"{url}/about").text == "new"
        assert "<h1>Live</h1>" in get(url).text


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
        assert "Hello Ada" in get(url, headers={"x-user-id": "u1"}).text


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


def test_events_are_taken_with_secrets_and_seen_after_the_lag(shop: Path) -> None:
    greetings = []
    for lag in ("5m", "0s"):
        with serving("--port", "0", "--lag", lag, cwd=shop, **ENVIRONMENT) as url:
            port = urlsplit(url).port or 0
            assert send_webhook(port, f"webhook {lag}", event_body("u1", 1, name=f"Bob {lag}")) == 204
            with open_signal(port) as signal:
                assert send_signal(signal, f"signal {lag}", event_body("u1", 2, points=8)) == 204
            greetings.append(get(url, headers={"x-user-id": "u1"}).text.splitlines()[1])
    assert greetings == ["<p>Hello Ada, 7 points</p>", "<p>Hello Bob 5m, 8 points</p>"]


@pytest.mark.parametrize("lag", ["", "60", "-1s", "1h", "5m1s", "301s", "1e3s", "s"])
def test_a_lag_is_a_duration_of_at_most_five_minutes(shop: Path, lag: str) -> None:
    done = run("serve", "--lag", lag)
    assert done.status == 2
    assert "Invalid value for '--lag'" in done.err


def test_a_malformed_webhook_secret_ends_with_2(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEKIT_WEBHOOK_SECRET", "password")
    done = run("serve", "--port", "0")
    assert done.status == 2
    assert "EK456" in done.err
    assert "password" not in done.err


def test_a_lag_does_not_go_with_watch(shop: Path) -> None:
    done = run("serve", "--watch", "--lag", "1s")
    assert done.status == 2
    assert "--watch goes without --lag" in done.err
