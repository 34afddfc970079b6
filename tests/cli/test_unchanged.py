"""A build of a site that has not changed since its release was built reads nothing, and never takes another for it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from edgekit.cli import building
from edgekit.cli.building import build_site
from edgekit.compiler.build import compile_site
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.kv.publish import forget_basis
from edgekit.kv.releases import current_release
from edgekit.kv.store import open_store
from edgekit.model.keys import EDGEKIT, NAMESPACES, SEGMENT_CONFIG, built_key
from edgekit.project.load import load_site
from tests.cli.command import command_line, environment, run, run_process
from tests.project.folder import write_site

CONFIG: Final = """\
[site]
base_url = "https://shop.example"
default_tier = "free"

[kv.ttl]
segment = 3600

[slots.HERO]
from = "segment.hero"
max_length = 80

[jinja]
paths = ["../theme"]
filters = { money = "shop.filters:money" }
"""

FILES: Final = {
    "site/edgekit.toml": CONFIG,
    "site/pages/index.html": '{% extends "layout.html" %}{% block body %}{{ segment.hero }}{{ 3|money }}{% endblock %}',
    "site/pages/about.html": '{% include "notes/about.html" %}{% include ["later.html", "footer.html"] %}\n',
    "site/pages/help.html": '{% include "notes/later.html" ignore missing %}{% include "linked.html" %}\n',
    "site/templates/layout.html": '<h1>Shop</h1>{% block body %}{% endblock %}<a href="/nowhere">?</a>\n',
    "site/templates/unused.html": "nobody\n",
    "site/notes/about.html": "About us\n",
    "site/static/shop.css": "h1 { color: red }\n",
    "site/users.jsonl": '{"id": "u1", "tier": "vip"}\n',
    "theme/footer.html": "Footer\n",
    "theme/unasked.html": "nobody\n",
    "shop/__init__.py": "",
    "shop/filters.py": "try:\n    from surcharge import EXTRA\nexcept ImportError:\n    EXTRA = 0\n"
    "from shop.rates import RATE\n\ndef money(value):\n    return f'{value * RATE + EXTRA} EUR'\n",
    "shop/rates.py": "RATE = 2\n",
    "elsewhere.html": "Linked\n",
}
"""Beside each other: a site, a folder of templates, a package of functions."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with what lies around it, published to `edge.lmdb`."""
    folder = tmp_path_factory.mktemp("unchanged")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    write_site(folder / "site", FILES_OF_SITE)
    (folder / "theme/linked.html").symlink_to("footer.html")
    assert build(folder) is not None
    return folder


FILES_OF_SITE: Final = {name.removeprefix("site/"): text for name, text in FILES.items() if name.startswith("site/")}


@pytest.fixture
def folder(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all of it, the current folder; as deep as the original, for the tests' own modules lie beside both."""
    shutil.copytree(original, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(folder: Path, store: str = "edge.lmdb") -> int | None:
    """How many pages were looked at; None if the site has not changed."""
    built = build_site(folder / "site", folder / store, jobs=1, yes=True)
    return None if built.rendered is None else built.total


def write(name: str, content: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def rename(name: str, new: str) -> Callable[[Path], None]:
    return lambda folder: Path(shutil.move(folder / name, folder / new)).touch()


def link(name: str, target: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)

    return change


def edit_within_its_second(folder: Path) -> None:
    """The same size and the same time as before."""
    file = folder / "site/pages/index.html"
    before = file.stat()
    file.write_text(file.read_text().replace("3|money", "4|money"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: Final = {
    "a page is edited": write("site/pages/about.html", "new\n"),
    "a page is edited, its size and time are as before": edit_within_its_second,
    "a page is added": write("site/pages/new.html", "new\n"),
    "a page is deleted": remove("site/pages/help.html"),
    "a page is renamed": rename("site/pages/help.html", "site/pages/aid.html"),
    "two pages change places": lambda folder: (
        rename("site/pages/help.html", "site/pages/x")(folder),
        rename("site/pages/about.html", "site/pages/help.html")(folder),
        rename("site/pages/x", "site/pages/about.html")(folder),
    )[0],
    "a page below a folder is added": write("site/pages/a/b/c.html", "new\n"),
    "a page is a link now": link("site/pages/about.html", "help.html"),
    "a layout is edited": write("site/templates/layout.html", "new\n"),
    "a template that nothing used is deleted": remove("site/templates/unused.html"),
    "a template that nothing uses is added": write("site/templates/also.html", "new\n"),
    "an island is added": write("site/islands/new.html", "new\n"),
    "a tier is edited": write("site/segments/vip.toml", 'hero = "new.jpg"\n'),
    "a tier is added": write("site/segments/gold.toml", 'hero = "new.jpg"\n'),
    "a tier is deleted": remove("site/segments/vip.toml"),
    "data is edited": write("site/data/products.json", "[]"),
    "data is added": write("site/data/more.csv", "a,b\n1,2\n"),
    "data is deleted": remove("site/data/products.json"),
    "data has another format": rename("site/data/products.json", "site/data/products.toml"),
    "an asset is edited": write("site/static/shop.css", "new"),
    "an asset is added": write("site/static/deep/new.css", "new"),
    "an asset is deleted": remove("site/static/shop.css"),
    "the configuration is edited": write("site/edgekit.toml", CONFIG + "[cache]\n"),
    "a comment of the configuration": write("site/edgekit.toml", CONFIG + "# new\n"),
    "the sample users": write("site/users.jsonl", '{"id": "u1", "tier": "free"}\n'),
    "the sample users are gone": remove("site/users.jsonl"),
    "a template beside the known folders is edited": write("site/notes/about.html", "new\n"),
    "a template beside the known folders is deleted": remove("site/notes/about.html"),
    "a template beside the known folders leads out of the site": link("site/notes/about.html", "../../elsewhere.html"),
    "a template that was missing is there": write("site/notes/later.html", "new\n"),
    "a template of another folder is edited": write("theme/footer.html", "new\n"),
    "a template of another folder is deleted": remove("theme/footer.html"),
    "a link in another folder leads elsewhere": link("theme/linked.html", "unasked.html"),
    "a template of another folder is shadowed in templates": write("site/templates/footer.html", "new\n"),
    "a template of another folder is shadowed in the site": write("site/footer.html", "new\n"),
    "a page's template is shadowed in templates": write("site/templates/pages/about.html", "new\n"),
    "a template of another folder is shadowed by an equal one": write("site/footer.html", FILES["theme/footer.html"]),
    "a template that is taken before another is there": write("theme/later.html", "new\n"),
    "another folder of templates is a link elsewhere": lambda folder: (
        rename("theme", "old")(folder), write("other/footer.html", "new\n")(folder), link("theme", "other")(folder)
    )[0],
    "a function is edited": write("shop/filters.py", "def money(value):\n    return 'new'\n"),
    "a module that a function imports is edited": write("shop/rates.py", "RATE = 3\n"),
    "a module that a function imports is deleted": remove("shop/rates.py"),
    "the package's own module is edited": write("shop/__init__.py", "import shop.rates\nshop.rates.RATE = 4\n"),
    "a package shadows a module": write("shop/rates/__init__.py", "RATE = 5\n"),
    "a module that was missing is there": write("surcharge.py", "EXTRA = 1\n"),
    "a package that was missing is there": write("surcharge/__init__.py", "EXTRA = 1\n"),
    "a package without a module of its own, that was missing, is there": write("surcharge/EXTRA.py", ""),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_site_is_built(folder: Path, change: Callable[[Path], None]) -> None:
    change(folder)
    with suppress(EdgekitError):  # what is refused has been read
        assert build(folder) is not None


NO_CHANGES: Final = {
    "nothing": lambda folder: None,
    "a page is touched": lambda folder: os.utime(folder / "site/pages/about.html", (1, 1)),
    "a page is replaced by an equal one": lambda folder: (
        write("new", FILES["site/pages/about.html"])(folder), rename("new", "site/pages/about.html")(folder)
    )[0],
    "a hidden file": write("site/pages/.about.html.swp", "new"),
    "a file that no build reads": write("site/README.md", "new"),
    "a template of another folder that no page asked for": write("theme/unasked.html", "new\n"),
    "a module that nothing imports": write("shop/other.py", "new = 1\n"),
    "another current folder": lambda folder: os.chdir("/"),
}  # fmt: skip


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_an_unchanged_site_is_not_built(folder: Path, change: Callable[[Path], None]) -> None:
    change(folder)
    assert build(folder) is None


def test_an_unchanged_build_says_so_in_one_line_with_the_same_warnings(folder: Path) -> None:
    before = run("build", "site", "--store", "edge.lmdb", "--json").json
    done = run("build", "site", "--store", "edge.lmdb")
    assert done.text == f"nothing has changed since {before['release']} was built\n"
    assert "site/templates/layout.html:1: EK801 warning: " in done.err
    assert run("build", "-q", "site", "--store", "edge.lmdb").err == ""


def test_its_object_is_that_of_a_full_build(folder: Path) -> None:
    arguments = "build", "site", "--store", "new.lmdb", "--json"
    full, again = run(*arguments).json, run(*arguments).json
    assert full["rendered"] == 3
    for counts in full["changes"].values():
        counts.update(added=0, changed=0, removed=0)
    expected = {**full, "rendered": 0, "previous": full["release"], "seconds": again["seconds"]}
    assert again == expected


def test_a_moved_site_is_the_same_for_other_processes(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    arguments = "build", "site", "--store", "moved.lmdb"
    assert run_process(*arguments, cwd=folder).text.startswith("published ")
    moved = tmp_path_factory.mktemp("moved") / "deeper" / "still"
    moved.parent.mkdir()
    shutil.move(folder, moved)
    done = run_process(*arguments, "--jobs", "2", cwd=moved, PYTHONHASHSEED="7", TZ="Asia/Tokyo")
    assert done.text.startswith("nothing has changed since ")
    assert done.err.startswith("site/templates/layout.html:1: EK801 warning: ")


def test_another_store_is_built(folder: Path) -> None:
    assert build(folder, "other.lmdb") == 3
    assert build(folder, "other.lmdb") is None


def test_after_a_rollback_the_current_release_counts(folder: Path) -> None:
    old = (folder / "site/pages/about.html").read_text()
    write("site/pages/about.html", "new\n")(folder)
    assert build(folder) == 3
    assert run("releases", "rollback", "--store", "edge.lmdb").status == 0
    assert build(folder) == 3
    assert run("releases", "rollback", "--store", "edge.lmdb").status == 0
    write("site/pages/about.html", old)(folder)
    assert build(folder) is None


@pytest.mark.parametrize("record", [None, b"", b"{", b"{}", b"\xff", b'{"fingerprint": 1}'])
def test_without_a_readable_record_all_is_built(folder: Path, record: bytes | None) -> None:
    with open_store(folder / "edge.lmdb") as store, store.write() as txn:
        key = built_key(current_release(txn) or "")
        if record is None:
            assert txn.delete(EDGEKIT, key)
        else:
            txn.put(EDGEKIT, key, record)
    assert build(folder) == 3
    assert build(folder) is None


def test_a_build_that_was_stopped_before_it_published_has_built_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    write("site/pages/about.html", "new\n")(folder)
    with monkeypatch.context() as patched:
        patched.setattr(building, "publish", stop)
        with pytest.raises(KeyboardInterrupt):
            build(folder)
    assert build(folder) == 3


@pytest.mark.parametrize(
    "file",
    ["site/pages/about.html", "site/notes/about.html", "theme/footer.html", "shop/rates.py", "site/notes/later.html"],
)
def test_what_is_replaced_while_a_site_is_built_is_not_taken_for_built(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    def compile_and_replace(*arguments: Any, **options: Any) -> Any:
        result = compile_site(*arguments, **options)
        write("new", "RATE = 7\n")(folder)
        rename("new", file)(folder)
        return result

    with monkeypatch.context() as patched:
        patched.setattr("edgekit.compiler.build.compile_site", compile_and_replace)
        assert build(folder, "other.lmdb") == 3
    assert build(folder, "other.lmdb") == 3
    assert build(folder, "other.lmdb") is None


@pytest.mark.parametrize("file", ["site/pages/about.html", "site/data/products.json", "site/templates/layout.html"])
def test_what_was_another_thing_while_a_site_was_read_is_not_taken_for_built(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    original = (folder / file).read_text()

    def compile_and_undo(*arguments: Any, **options: Any) -> Any:
        result = compile_site(*arguments, **options)
        write(file, original)(folder)
        return result

    def edit_and_load(*arguments: Any, **options: Any) -> Any:
        write(file, "[]")(folder)
        return load_site(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr("edgekit.compiler.build.compile_site", compile_and_undo)
        patched.setattr("edgekit.project.load.load_site", edit_and_load)
        assert build(folder, "other.lmdb") == 3
    assert build(folder, "other.lmdb") == 3
    assert build(folder, "other.lmdb") is None
    assert run("build", "site", "--store", "other.lmdb", "--verify").status == 0


def test_of_two_builds_at_once_the_second_finds_nothing_to_do(folder: Path) -> None:
    write("site/pages/about.html", "new\n")(folder)
    line = command_line("build", "site", "--store", "edge.lmdb", "--wait", "-q", "--json")
    both = [subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, env=environment()) for _ in range(2)]
    answers = [json.loads(process.communicate(timeout=100)[0]) for process in both]
    first, second = sorted(answer["rendered"] for answer in answers)
    assert first == 0 < second
    assert len({answer["release"] for answer in answers}) == 1


def dump(store: Path) -> dict[str, dict[bytes, bytes]]:
    with open_store(store) as opened, opened.snapshot() as snapshot:
        return {namespace: dict(snapshot.scan(namespace)) for namespace in NAMESPACES}


def test_an_unchanged_build_leaves_the_store_as_a_full_one_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("segments", "put", "vip", 'hero="new.jpg"', "--store", "edge.lmdb").status == 0
    shutil.copy("edge.lmdb", "full.lmdb")
    with open_store(Path("full.lmdb")) as store:
        forget_basis(store)
    before = dump(Path("edge.lmdb"))
    later = time.time() + 1000
    monkeypatch.setattr(time, "time", lambda: later)
    assert (build(folder), build(folder, "full.lmdb")) == (None, 3)
    after = dump(Path("edge.lmdb"))
    assert after == dump(Path("full.lmdb"))
    assert before[SEGMENT_CONFIG] != after[SEGMENT_CONFIG]  # renewed


CLOCK: Final = {"a page": ("site/pages/about.html", 1), "a template": ("theme/footer.html", 2)}


@pytest.mark.parametrize(("file", "pages"), CLOCK.values(), ids=CLOCK)
def test_the_clock_counts_if_a_page_reads_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str, pages: int
) -> None:
    (folder / file).write_text("{{ build_time.year }}\n")
    arguments = "build", "site", "--store", "edge.lmdb", "--json", "--clock"
    rendered = [run(*arguments, clock).json["rendered"] for clock in ("2026-01-01", "2026-01-01", "2027-01-01")]
    assert rendered == [pages, 0, pages]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798761600")
    assert run(*arguments[:-1]).json["rendered"] == 0


def test_the_clock_does_not_count_if_no_page_reads_it(folder: Path) -> None:
    assert run("build", "site", "--store", "edge.lmdb", "--json", "--clock", "2030-01-01").json["rendered"] == 0


def test_a_module_from_elsewhere_counts(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    library = tmp_path_factory.mktemp("library")
    (library / "surcharge.py").write_text("EXTRA = 1\n")
    path = f"{os.environ.get('PYTHONPATH', '')}:{library}"

    def rendered() -> int:
        done = run_process("build", "site", "--store", "edge.lmdb", "--json", cwd=folder, PYTHONPATH=path)
        return int(done.json["rendered"])

    assert [rendered(), rendered()] == [3, 0]
    (library / "surcharge.py").write_text("EXTRA = 2\n")
    assert [rendered(), rendered()] == [1, 0]


def test_a_module_from_elsewhere_counts_as_it_was_loaded(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path_factory.mktemp("library")
    (library / "surplus.py").write_text("EXTRA = 1\n")
    monkeypatch.syspath_prepend(library)
    filters = "from surplus import EXTRA\n\ndef money(value):\n    return value + EXTRA\n"
    write("shop/filters.py", filters)(folder)
    write("site/pages/index.html", "{{ 1|money }}")(folder)
    assert build(folder) == 3
    (library / "surplus.py").write_text("EXTRA = 22\n")
    write("site/pages/about.html", "An edit, for `build --watch`\n")(folder)
    assert build(folder) == 3
    del sys.modules["surplus"]  # as in another process
    after, full = (build_site(folder / "site", folder / store, jobs=1) for store in ("edge.lmdb", "new.lmdb"))
    del sys.modules["surplus"]
    assert after.rendered == 1
    assert after.published.release == full.published.release


def test_a_template_behind_a_link_that_leaves_the_site_counts(folder: Path) -> None:
    link("site/templates/out", "../../theme")(folder)
    write("site/pages/about.html", '{% include "out/footer.html" %}\n')(folder)
    assert [build(folder), build(folder)] == [3, None]
    write("theme/footer.html", "new\n")(folder)
    assert [build(folder), build(folder)] == [3, None]


def test_a_configuration_that_is_wrong_now_is_reported_whole(folder: Path) -> None:
    write("site/edgekit.toml", CONFIG + "[build]\nstore = 1\n[slots.X]\n")(folder)
    done = run("build", "site")
    assert done.status == 2
    assert "build.store" in done.err
    assert "slots.X" in done.err
    assert not Path("build").exists()


def test_nothing_of_an_unchanged_site_is_loaded(folder: Path) -> None:
    script = "import sys; from edgekit.cli.main import main; assert main(sys.argv[1:]) == 0; print(*sys.modules)"
    line = [sys.executable, "-c", script, "build", "site", "--store", "lean.lmdb"]
    first, second = (
        subprocess.run(line, cwd=folder, capture_output=True, env=environment(), check=True, timeout=60).stdout.split()
        for _ in range(2)
    )
    heavy = {b"jinja2", b"selectolax", b"tree_sitter", b"markupsafe", b"edgekit.project.load", b"rich"}
    assert heavy & {*first} == heavy - {b"rich"}
    assert heavy & {*second} == set()
