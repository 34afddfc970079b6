"""docs/deploying.md: its nginx, its unit and its scripts, with real servers."""

import re
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.cli.command import write_shop
from tests.cli.fleet import DOCUMENT, MACHINES, WEBHOOK_SECRET, Fleet, fleet
from tests.cli.serving import get
from tests.document import blocks
from tests.source import ROOT

needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx: `apt install nginx`")
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze: `apt install systemd`"
)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet")) as made:
        yield made


def seen(machines: Fleet, path: str) -> set[str]:
    """What visitors of each machine get."""
    return {machines.ask(path, visitor).text for visitor in machines.visitors}


def change(machines: Fleet, text: str) -> None:
    write_shop(
        machines.folder / "site",
        {
            "edgekit.toml": None,
            "pages/about.html": f"{text} {{{{ asset('shop.css') }}}}",
            "static/shop.css": f"/* {text} */",
        },
    )


@needs_nginx
def test_an_identity_from_outside_counts_for_nothing(machines: Fleet) -> None:
    guest = "<h1>Spring</h1>\n<p>Hello there, 0 points</p>"
    assert machines.ask("/").text == guest
    assert machines.ask("/", **{"x-user-id": "u1", "x-user-segment": "vip"}).text == guest
    assert machines.ask("/", x_user_id="u1", **{"X-USER-ID": "u1"}).text == guest
    assert "Hello Ada" in machines.ask("/", cookie="session=u1").text
    assert "Hello Ada" in machines.ask("/", cookie="session=u1", **{"x-user-id": "u2"}).text
    for cookie in ("session=broken", "session=refused-302", "session=refused-403", "session=refused-429"):
        assert machines.ask("/", cookie=cookie, **{"x-user-id": "u1"}).text == guest


@needs_nginx
def test_an_identity_that_does_not_come_through_nginx_counts_for_nothing(machines: Fleet) -> None:
    port = (machines.folder / "web1/port").read_text()
    secret = (machines.folder / "web1/edgekit-proxy.env").read_text().strip().removeprefix("EDGEKIT_PROXY_SECRET=")

    def ask(**headers: str) -> str:
        return get(f"http://127.0.0.1:{port}/", headers={"x-user-id": "u1", **headers}, trust_env=False).text

    assert "Hello there" in ask()
    assert "Hello there" in ask(**{"x-edgekit-proxy-secret": secret[:-1]})
    assert "Hello Ada" in ask(**{"x-edgekit-proxy-secret": secret})


@needs_nginx
def test_a_machine_itself_tells_its_health_and_nothing_without_a_token(machines: Fleet) -> None:
    inside = f"http://127.0.0.1:{(machines.folder / 'web1/port').read_text()}/_edgekit/"
    answers = [get(inside + path, trust_env=False).status_code for path in ("health", "metrics", "tail")]
    assert answers == [200, 404, 404]


@needs_nginx
def test_nobody_but_root_can_read_the_shared_secret(machines: Fleet) -> None:
    files = ("nginx/edgekit-secret.conf", "web1/edgekit-proxy.env", "web2/edgekit-proxy.env")
    assert [stat.S_IMODE((machines.folder / file).stat().st_mode) for file in files] == [0o600] * 3


@needs_nginx
def test_a_webhook_changes_the_users_of_each_machine_that_it_is_sent_to(machines: Fleet) -> None:
    body = '{"type":"user.updated","timestamp":"2026-11-23T10:00:00Z","data":{"id":"u3","tier":"vip","name":"Eve"}}'
    now = datetime.now(UTC)
    signature = Webhook(WEBHOOK_SECRET).sign("msg_1", now, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}

    def send(path: str) -> int:
        return httpx.post(
            machines.url + path, content=body, headers=headers | {"host": "shop.example"}, timeout=60
        ).status_code

    def greeted() -> list[bool]:
        answers = [machines.ask("/", visitor, cookie="session=u3") for visitor in machines.visitors]
        return ["Hello Eve" in answer.text for answer in answers]

    assert [send("/_edgekit/webhook"), greeted()] == [404, [False, False]]
    assert [send("/_edgekit/webhook/web1"), sorted(greeted())] == [204, [False, True]]
    assert [send("/_edgekit/webhook/web2"), greeted()] == [204, [True, True]]


@needs_nginx
def test_paths_reach_replay_as_they_came(machines: Fleet) -> None:
    assert machines.ask("/about/").status_code == 308
    assert machines.ask("/product/p%2D1").headers["location"] == "/product/p-1"
    assert machines.ask("/product/p%2F1").status_code == 400
    assert "tea &amp; &lt;b&gt;" in machines.ask("/search?q=tea+%26+%3Cb%3E").text
    assert machines.ask("/nowhere").status_code == 404
    session = machines.ask("/session", cookie="session=u1")
    assert (session.status_code, session.text, session.headers.get("x-user-id")) == (204, "", None)
    for path in ("/_edgekit/metrics", "/%5fedgekit/metrics", "//_edgekit/x", "/_edgekit/../_edgekit/x"):
        assert machines.ask(path).status_code == 404
        assert "No such page" not in machines.ask(path).text


@needs_nginx
def test_a_release_is_switched_on_one_machine_after_the_other(machines: Fleet) -> None:
    change(machines, "first")
    machines.run(machines.deploy)
    (first,) = seen(machines, "/about")
    change(machines, "second")
    # As if the second import were still to come.
    machines.run(machines.deploy.replace("web1 web2", "web2"))
    assert len({machines.releases(machine)[0] for machine in MACHINES}) == 2
    between = seen(machines, "/about")
    assert len(between) == 2
    assert first in between
    (second,) = between - {first}
    for visitor in machines.visitors:
        assert len({machines.ask("/about", visitor).text for _ in range(3)}) == 1
        # Whoever has which page finds its style sheet, also one that got it from a cache.
        for page in between:
            answer = machines.ask(page.split()[1], visitor)
            assert (answer.status_code, answer.text) == (200, f"/* {page.split()[0]} */")
    machines.run(machines.deploy)
    assert seen(machines, "/about") == {second}
    assert machines.releases("web1")[0] == machines.releases("web2")[0]

    machines.run(machines.roll_back, machines.releases("web1")[1][:8])
    assert seen(machines, "/about") == {first}
    assert "Hello Ada" in machines.ask("/", cookie="session=u1").text


@needs_nginx
def test_visitors_do_not_notice_that_stores_are_compacted(machines: Fleet) -> None:
    (machines.folder / "site/pages/old.html").unlink()
    machines.run(machines.deploy)
    sizes = [(machines.folder / machine / "edge.lmdb").stat().st_size for machine in MACHINES]
    ended = threading.Event()
    statuses: list[int | str] = []

    def visit() -> None:
        while not ended.is_set():
            for visitor in machines.visitors:
                try:
                    statuses.append(machines.ask("/about", visitor).status_code)
                except httpx.HTTPError as error:
                    statuses.append(repr(error))

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        machines.run(machines.compact.replace("prune", "prune --keep 1"))
    finally:
        ended.set()
        thread.join()
    assert set(statuses) == {200}
    for machine, before in zip(MACHINES, sizes, strict=True):
        assert (machines.folder / machine / "edge.lmdb").stat().st_size < before
        assert len(machines.releases(machine)) == 1
    assert "Hello Ada" in machines.ask("/", cookie="session=u1").text


@needs_systemd
def test_the_unit_is_one_that_systemd_takes_and_as_tight_as_the_document_says(tmp_path: Path) -> None:
    unit = tmp_path / "edgekit.service"
    (text,) = blocks(DOCUMENT, "ini")
    unit.write_text(text.replace("/opt/edgekit/bin/edgekit", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    ).stdout
    score = re.search(r"exposure level for edgekit\.service: ([0-9.]+)", said)
    assert score is not None
    assert f"gives it {score[1]} " in (ROOT / "docs/deploying.md").read_text("utf-8")
