import hashlib
import os
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.model.manifest import Identity, Ttl
from edgekit.model.slot import Slot
from edgekit.project.load import load_site
from edgekit.project.site import Asset, JinjaOptions, Page
from tests.project.folder import CONFIG, write_site

FULL = (
    CONFIG
    + """
[build]
store = "../build/edge.lmdb"

[pages."product/[sku].html"]
each = "data.products"
as = "product"
delivery = "segment"

[slots.USER_NAME]
from = "user.name"
default = "there"
max_length = 40

[slots.VISITS]
from = "request.cookie.visits"
type = "integer"
default = 0

[slots.HERO]
from = "segment.hero"
max_length = 80

[kv.ttl]
user = 60
segment = 0

[jinja]
paths = ["theme"]
trim_blocks = true

[budget]
cpu_ms = 10
page_kib = 64

[identity]
header = "X-User"
trusted_proxies = ["10.0.0.0/8"]
"""
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_site(
        tmp_path / "site",
        {
            "edgekit.toml": FULL,
            "pages/product/[sku].html": "{{ product.name }}",
            "pages/blog/index.html": "",
            "pages/404.html": "",
            "pages/503.html": "",
            "pages/.draft.html": "",
            "pages/notes.txt": "",
            "theme/base.html": "",
            "static/css/shop.css": "a{}",
            "static/.DS_Store": "",
        },
    )


def test_every_table_of_the_configuration_is_read(shop: Path) -> None:
    site = load_site(shop)
    assert site.root == shop
    assert site.base_url == "https://shop.example"
    assert site.default_tier == "free"
    assert site.store == shop.parent / "build/edge.lmdb"
    assert site.slots == {
        "HERO": Slot(name="HERO", source="segment.hero", max_length=80),
        "USER_NAME": Slot(name="USER_NAME", source="user.name", default="there", max_length=40),
        "VISITS": Slot(name="VISITS", source="request.cookie.visits", type="integer", default=0),
    }
    assert site.ttl == Ttl(user=60, segment=0)
    assert site.jinja == JinjaOptions((shop / "theme",), ("theme",), trim_blocks=True)
    assert (site.cpu_ms, site.page_kib) == (10, 64)
    assert site.identity == Identity(header="x-user", trusted_proxies=("10.0.0.0/8",), proxies_named=True)


@pytest.mark.parametrize("choices", ["", 'choices = ["true", "false"]', 'choices = ["false", "true"]'])
def test_whether_a_user_is_known_is_a_choice_of_true_and_false(tmp_path: Path, choices: str) -> None:
    config = f'{CONFIG}[slots.IS_KNOWN]\nfrom = "user.known"\n{choices}\n'
    site = load_site(write_site(tmp_path, {"edgekit.toml": config}))
    assert site.slots == {"IS_KNOWN": Slot(name="IS_KNOWN", source="user.known", choices=("true", "false"))}


def test_choices_keep_their_order_and_may_be_any_text(tmp_path: Path) -> None:
    longest = "é" * 128
    config = f'[slots.A]\nfrom = "user.a"\nchoices = ["b c", "", "%41", "{longest}"]\ndefault = ""\n'
    site = load_site(write_site(tmp_path, {"edgekit.toml": CONFIG + config}))
    assert site.slots["A"].choices == ("b c", "", "%41", longest)
    assert (site.slots["A"].default, site.slots["A"].max_length) == ("", None)


def test_a_live_field_may_have_choices(tmp_path: Path) -> None:
    config = '[slots.HERO]\nfrom = "segment.hero"\nchoices = ["spring.jpg", "gold.jpg"]\n'
    site = load_site(write_site(tmp_path, {"edgekit.toml": CONFIG + config}))
    assert site.slots["HERO"] == Slot(name="HERO", source="segment.hero", choices=("spring.jpg", "gold.jpg"))


def test_a_site_may_leave_out_all_that_has_a_default(tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path / "site", {}))
    assert (site.store, site.slots, site.assets) == (None, {}, {})
    assert site.ttl == Ttl()
    assert site.identity == Identity()
    assert site.jinja == JinjaOptions()
    assert (site.cpu_ms, site.page_kib) == (50, 1024)


def test_pages_are_found_named_and_sorted(shop: Path) -> None:
    site = load_site(shop)
    products = site.data["products"]
    assert site.pages == (
        Page("/", "pages/index.html", {}),
        Page("/blog", "pages/blog/index.html", {}),
        Page("/product/p-1", "pages/product/[sku].html", {"sku": "p-1"}, "product", products[0], "segment"),
        Page("/product/p-2", "pages/product/[sku].html", {"sku": "p-2"}, "product", products[1], "segment"),
        Page("404", "pages/404.html", {}),
        Page("503", "pages/503.html", {}),
    )


def test_a_parameter_may_be_an_integer_and_stand_anywhere(tmp_path: Path) -> None:
    site = load_site(
        write_site(
            tmp_path / "site",
            {
                "edgekit.toml": CONFIG + '[pages."[lang]/[year]/index.html"]\neach = "data.shop.years"\n',
                "data/shop.toml": '[[years]]\nlang = "łódź {X}"\nyear = 2026\n',
                "pages/[lang]/[year]/index.html": "",
            },
        )
    )
    assert [page.path for page in site.pages] == ["/", "/łódź {X}/2026"]
    assert site.pages[1].params == {"lang": "łódź {X}", "year": "2026"}
    assert site.pages[1].item_name == "item"


def test_an_each_without_items_makes_no_page(tmp_path: Path) -> None:
    files = {
        "edgekit.toml": CONFIG + '[pages."[sku].html"]\neach = "data.none"\n',
        "data/none.json": "[]",
        "pages/[sku].html": "",
    }
    assert [page.path for page in load_site(write_site(tmp_path / "site", files)).pages] == ["/"]


def test_data_of_each_format_is_read_and_frozen(tmp_path: Path) -> None:
    site = load_site(
        write_site(
            tmp_path / "site",
            {
                "data/a.toml": "when = 2026-01-02\n[[rows]]\nn = 1\n",
                "data/b.json": '{"twice": 1, "twice": [null, true, 1.5, 123456789012345678901234567890]}',
                "data/c.csv": '\ufeffsku,price\r\np-1,"1,50"\r\n\r\n"p\n2",\r\n',
                "data/README.md": "# Data",
            },
        )
    )
    assert str(site.data["a"]["when"]) == "2026-01-02"
    assert site.data["b"] == {"twice": [None, True, 1.5, 123456789012345678901234567890]}
    assert site.data["c"] == [{"sku": "p-1", "price": "1,50"}, {"sku": "p\n2", "price": ""}]
    for frozen in (site.data, site.data["a"], site.data["c"][0], site.tiers["free"]):
        with pytest.raises(TypeError):
            frozen["new"] = 1


def test_tiers_are_the_files_of_segments(shop: Path) -> None:
    assert load_site(shop).tiers == {
        "free": {"hero": "spring.jpg", "seats": 3},
        "vip": {"hero": "gold.jpg", "seats": 12},
    }


def test_an_asset_has_its_content_in_its_url(shop: Path) -> None:
    name = "css/shop.css"
    hashed = hashlib.sha256(b"a{}").hexdigest()[:32]
    url = f"/static/css/shop.{hashed[:8]}.css"
    assert load_site(shop).assets == {name: Asset(name, shop / "static" / name, url, hashed)}


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("app.min.js", "/static/app.min.e3b0c442.js"),
        ("CNAME", "/static/CNAME.e3b0c442"),
        ("Foto 1 ü.jpg", "/static/Foto-1--.e3b0c442.jpg"),
        ("a%2Fb?.css", "/static/a-2Fb-.e3b0c442.css"),
    ],
)
def test_the_url_of_an_asset_needs_no_escapes(tmp_path: Path, name: str, url: str) -> None:
    assert load_site(write_site(tmp_path / "site", {f"static/{name}": ""})).assets[name].url == url


def test_links_within_the_site_are_followed(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"static/css/shop.css": "a{}", "src/logo.svg": "<svg/>"})
    (site / "static/logo.svg").symlink_to("../src/logo.svg")
    (site / "static/styles").symlink_to("css")
    assert sorted(load_site(site).assets) == ["css/shop.css", "logo.svg", "styles/shop.css"]


@pytest.mark.parametrize("place", ["static/x.css", "pages/x.html", "data/x.json", "segments/x.toml", "static/folder"])
def test_a_link_out_of_the_site_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "secret").mkdir()
    site = write_site(tmp_path / "site", {"static/a.css": ""})
    (site / place).symlink_to(tmp_path / "secret")
    with pytest.raises(EdgekitError, match=r"EK105 the link .* leads out of the site folder"):
        load_site(site)


@pytest.mark.parametrize("folder", ["static", "pages", "data", "segments"])
def test_a_folder_that_is_a_link_out_of_the_site_is_refused(tmp_path: Path, folder: str) -> None:
    site = write_site(tmp_path / "site", {})
    elsewhere = write_site(tmp_path / "elsewhere", {"static/a.css": ""})
    if (site / folder).exists():
        (site / folder).rename(tmp_path / "aside")
    (site / folder).symlink_to(elsewhere / folder)
    with pytest.raises(EdgekitError, match=f"EK105 the link `{folder}` leads out"):
        load_site(site)


def test_a_link_that_leads_a_folder_into_itself_is_refused(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"static/a/b.css": ""})
    (site / "static/a/loop").symlink_to("..")
    with pytest.raises(EdgekitError, match="EK105 the link `loop` leads back"):
        load_site(site)


def test_a_broken_link_is_refused(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"static/a.css": ""})
    (site / "static/b.css").symlink_to("nowhere.css")
    with pytest.raises(EdgekitError, match=r"EK105 the link `b.css` leads nowhere"):
        load_site(site)


@pytest.mark.parametrize("place", ["static/pipe", "data/pipe.json", "segments/pipe.toml"])
def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path, place: str) -> None:
    site = write_site(tmp_path / "site", {"static/a.css": ""})
    os.mkfifo(site / place)
    with pytest.raises(EdgekitError, match=r"EK105 .*pipe.* is no regular file"):
        load_site(site)


def test_a_configuration_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"edgekit.toml": None})
    os.mkfifo(site / "edgekit.toml")
    with pytest.raises(EdgekitError, match=r"EK102 `edgekit.toml` is no regular file"):
        load_site(site)


def test_a_file_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"static/a.css": ""})
    Path(os.fsdecode(os.fsencode(site / "static") + b"/\xff.css")).write_bytes(b"")
    with pytest.raises(EdgekitError, match=r"EK103 the name of `\\xff.css` is not UTF-8") as caught:
        load_site(site)
    assert caught.value.diagnostics[0].file == str(site / "static")


@pytest.mark.parametrize(
    ("name", "size"),
    [("static/big.bin", 25 * 1024 * 1024), ("edgekit.toml", 1024 * 1024), ("segments/vip.toml", 2**20)],
)
def test_a_file_that_is_too_large_is_refused(tmp_path: Path, name: str, size: int) -> None:
    site = write_site(tmp_path / "site", {"static/a.css": ""})
    with (site / name).open("ab") as file:
        file.truncate(size + 1)
    with pytest.raises(EdgekitError, match=r"EK104 .* is larger than"):
        load_site(site)


def test_an_asset_of_the_largest_size_is_taken(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"static/big.bin": b"\0" * 25 * 1024 * 1024})
    assert list(load_site(site).assets) == ["big.bin"]


def test_a_folder_that_may_not_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = write_site(tmp_path / "site", {"static/css/a.css": ""})
    scandir = os.scandir

    def refuse(folder: Path) -> object:
        if folder.name == "css":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(EdgekitError, match="EK102 the folder `css` cannot be read: Permission denied"):
        load_site(site)


def test_a_folder_of_the_site_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(EdgekitError, match="EK102 `static` is no folder"):
        load_site(write_site(tmp_path / "site", {"static": ""}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "does not exist"),
        (lambda root: root.write_text(""), "is no folder"),
        (lambda root: root.mkdir(), "has no `edgekit.toml`"),
    ],
)
def test_what_is_no_site_is_one_message(tmp_path: Path, make: object, message: str) -> None:
    root = tmp_path / "site"
    make(root)  # type: ignore[operator]
    with pytest.raises(EdgekitError, match=f"EK101 .*{message}") as raised:
        load_site(root)
    assert raised.value.status == 2
    assert len(raised.value.diagnostics) == 1


def test_all_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    files = {
        "edgekit.toml": FULL.replace("max_length = 40", "max_lenght = 40").replace("cpu_ms = 10", "cpu_ms = 0"),
        "segments/vip.toml": "hero = 3\n",
        "data/products.json": "[",
        "pages/[sku]x.html": "",
        "theme/base.html": "",
        "pages/product/[sku].html": "",
    }
    with pytest.raises(EdgekitError) as raised:
        load_site(write_site(tmp_path / "site", files))
    assert raised.value.status == 2
    assert [(Path(d.file or "").name, d.line, d.code) for d in raised.value.diagnostics] == [
        ("products.json", 1, "EK107"),
        ("edgekit.toml", 13, "EK112"),
        ("edgekit.toml", 16, "EK110"),
        ("edgekit.toml", 36, "EK111"),
        ("[sku]x.html", None, "EK401"),
        ("vip.toml", 1, "EK135"),
    ]


def test_a_site_where_only_pages_are_wrong_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(EdgekitError) as raised:
        load_site(write_site(tmp_path / "site", {"pages/index/x.html": ""}))
    assert raised.value.status == 1


def test_a_site_reads_the_same_wherever_it_lies(tmp_path: Path) -> None:
    one = load_site(write_site(tmp_path / "one", {"static/a.css": "b"}))
    two = load_site(write_site(tmp_path / "deep/two", {"static/a.css": "b"}))
    assert (one.pages, one.tiers, one.slots) == (two.pages, two.tiers, two.slots)
    assert [asset.url for asset in one.assets.values()] == [asset.url for asset in two.assets.values()]
