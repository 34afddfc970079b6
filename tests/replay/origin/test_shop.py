"""A real shop moves to edgekit one page at a time: `edgekit serve` in front of it, and nobody notices."""

import hashlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.project.folder import write_site
from tests.replay.origin.shop import LINES, open_shop

CONFIG = """
[site]
base_url = "https://shop.example"
default_tier = "free"

[origin]
url = "{url}"
paths = ["/api/*", "/category/*"]
fallback = true
"""
USERS = '{"id": "u1", "tier": "premium"}\n'


@contextmanager
def serving(site: Path, store: Path, *options: str) -> Iterator[str]:
    """The URL of `edgekit serve`."""
    with subprocess.Popen(
        [sys.executable, "-m", "edgekit", "serve", str(site), "--store", str(store), "--port", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)


def build(site: Path, store: Path) -> None:
    subprocess.run([sys.executable, "-m", "edgekit", "build", str(site), "--store", str(store)], check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("moving")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with open_shop() as shop:
        files = {
            "edgekit.toml": CONFIG.format(url=shop),
            "pages/index.html": None,
            "segments/free.toml": "",
            "segments/premium.toml": "",
            "users.jsonl": USERS,
            "pages/about.html": 'edgekit\'s /about <a href="/cart">cart</a>',
        }
        write_site(folder, files)
        with serving(folder, folder / "edge.lmdb") as address:
            yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        yield client


def test_pages_that_have_moved_are_edgekits_and_the_others_the_shops(client: httpx.Client) -> None:
    assert "edgekit's /about" in client.get("/about").text
    assert [client.get(path).text for path in ("/", "/product/p-1", "/blog/", "/static/old.css")] == [
        "the shop's own /",
        "the shop's own /product/p-1",
        "the blog",
        "b{}",
    ]


def test_a_path_that_the_shop_redirects_is_no_circle(client: httpx.Client) -> None:
    answer = client.get("/blog", follow_redirects=True)
    assert (answer.text, len(answer.history)) == ("the blog", 1)


def test_a_login_and_a_cart_work_as_before(client: httpx.Client, url: str) -> None:
    logged_in = client.post("/login", data={"name": "Ada"})
    assert (303, f"{url}/cart") == (logged_in.status_code, logged_in.headers["location"])
    for sku in ("p-1", "p-2"):
        shown = client.post("/cart", data={"sku": sku}, follow_redirects=True)
    assert shown.text == "Ada: p-1, p-2"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_file_is_uploaded(client: httpx.Client, method: str) -> None:
    photo = bytes(range(256)) * 8_192
    answer = client.request(method, "/api/photo", files={"photo": ("cat.jpg", photo)})
    assert {"name": "cat.jpg", "digest": hashlib.sha256(photo).hexdigest()} == answer.json()


def test_a_download_is_streamed_whole(client: httpx.Client) -> None:
    with client.stream("GET", "/api/orders.csv") as answer:
        assert "content-length" not in answer.headers
        assert sum(1 for _ in answer.iter_lines()) == LINES


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"x-user-id": "u1"}, "shoes for premium by u1"),
        ({"x-user-id": "u9"}, "shoes for free by u9"),
        ({"x-user-segment": "premium"}, "shoes for premium by None"),
    ],
)
def test_the_shop_is_told_the_visitors_segment(client: httpx.Client, headers: dict[str, str], shown: str) -> None:
    assert shown == client.get("/category/shoes", headers=headers).text


def test_the_next_page_moves_while_the_shop_is_open(client: httpx.Client, url: str, folder: Path) -> None:
    assert client.get("/product/p-7").text == "the shop's own /product/p-7"
    page = folder / "pages/product/p-7.html"
    page.parent.mkdir()
    page.write_text("edgekit's {{ page.path }}")
    build(folder, folder / "edge.lmdb")
    assert client.get("/product/p-7").text == "edgekit's /product/p-7"
    assert client.get("/product/p-8").text == "the shop's own /product/p-8"


def test_a_watched_site_passes_on_what_is_the_shops(url: str, folder: Path, tmp_path: Path) -> None:
    with serving(folder, tmp_path / "edge.lmdb", "--watch") as watched:
        answers = [httpx.get(f"{watched}{path}", timeout=30, trust_env=False) for path in ("/about", "/blog/")]
    assert (answers[1].text, answers[0].text.startswith("edgekit's /about")) == ("the blog", True)
