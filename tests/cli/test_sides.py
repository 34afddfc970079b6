"""What `diff` compares, made into sides; what becomes of them is tests/diff's."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from edgekit.cli.sides import Manner, open_sides
from edgekit.cli.sources import find_sources
from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.diff.side import Side
from edgekit.fragment.edits import LiveEdit
from edgekit.kv.store import open_store
from edgekit.model.keys import VALUES
from tests.cli.command import environment, run, write_shop
from tests.repository import Repository, git_environment

STORE = Path("build/edge.lmdb")


@contextmanager
def no_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    yield lambda done, total: None


def manner(*, users: bool = False, note: Callable[[str], None] = lambda text: None) -> Manner:
    return Manner(datetime(2026, 1, 31, tzinfo=UTC), 1, users, no_progress, note)


def bodies(side: Side) -> dict[tuple[str, str], bytes]:
    assert side.pack is not None
    return {(entry.namespace, entry.key): side.read(entry.digest) for entry in side.pack.index}


@pytest.fixture
def committed(built: Path) -> Repository:
    """The same in a repository, whose store git ignores."""
    made = Repository(built, git_environment())
    (built / ".gitignore").write_text("build/\n")
    made.commit_all("one")
    return made


def test_a_store_and_the_site_that_it_was_built_from_are_equal(built: Path) -> None:
    with open_sides(*find_sources(None, None, None), manner()) as (old, new):
        assert (old.label, new.label) == ("store build/edge.lmdb", "site ./site")
        assert old.pack is not None
        assert new.pack is not None
        assert (old.pack.release, old.pack.index) == (new.pack.release, new.pack.index)
        assert bodies(old) == bodies(new)
        assert (old.edits, new.edits) == ({}, None)


def test_a_store_that_is_not_there_yet_holds_nothing(shop: Path) -> None:
    with open_sides(*find_sources(None, None, None), manner()) as (old, new):
        assert old.pack is None
        assert new.pack is not None
    assert sorted(path.name for path in shop.iterdir()) == ["site"]


def test_live_edits_come_with_the_store(built: Path) -> None:
    run("segments", "put", "free", "hero=Summer", "-q")
    with open_sides(*find_sources(None, None, None), manner()) as (old, _):
        assert old.edits == {"free": {"hero": LiveEdit("Summer", "Spring")}}


def test_a_store_stays_as_it_was_while_others_publish(built: Path) -> None:
    with open_sides(*find_sources("build/edge.lmdb", "build/edge.lmdb", None), manner()) as (old, _):
        before = bodies(old)
        write_shop(built / "site", {"pages/about.html": "new"})
        run("build", "-q")
        with open_store(STORE) as store, store.write() as txn:
            for key in [key for key, _ in txn.scan(VALUES)]:
                txn.delete(VALUES, key)  # what a sweep may do
        assert bodies(old) == before


def test_a_body_that_a_store_lacks_is_damage(built: Path) -> None:
    with open_store(STORE) as store, store.write() as txn:
        for key in [key for key, _ in txn.scan(VALUES)]:
            txn.delete(VALUES, key)
    with (
        open_sides(*find_sources(None, None, None), manner()) as (old, _),
        pytest.raises(EdgekitError, match="EK433"),
    ):
        bodies(old)


def test_users_are_read_only_if_asked_for(built: Path) -> None:
    sources = find_sources("build/edge.lmdb", "build/edge.lmdb", None)
    with open_sides(*sources, manner()) as (old, _):
        assert old.users is None
    with open_sides(*sources, manner(users=True)) as (old, _):
        assert old.users is not None
        assert [id for id, record in old.users()] == ["u1", "u2"]
        assert dict(old.users())["u1"] == b'{"tier":"vip","name":"Ada","points":7,"region":"EU"}'


def test_a_site_publishes_nothing_and_leaves_nothing(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with open_sides(*find_sources(None, None, None), manner()):
        assert list((tmp_path / "tmp").iterdir()) == []
    assert not STORE.exists()


def test_of_a_site_that_has_not_changed_nothing_is_loaded(built: Path) -> None:
    run("segments", "put", "free", "hero=Summer", "-q")
    loaded = mock.patch("edgekit.project.load.load_site", side_effect=AssertionError)
    with loaded, open_sides(*find_sources(None, None, None), manner()) as (old, new):
        assert (new.pack, new.edits) == (old.pack, None)
        assert bodies(old) == bodies(new)


def test_what_the_last_build_made_is_what_a_full_compile_makes(committed: Repository) -> None:
    write_shop(committed.folder / "site", {"pages/about.html": "{{ user.name }}", "segments/vip.toml": 'hero = "Ruby"'})
    committed.commit_all("two")
    write_shop(committed.folder / "site", {"pages/new.html": "{{ tier }}"})
    made = []
    for store in (None, Path("none.lmdb")):
        with open_sides(*find_sources("git:main", None, store), manner()) as sides:
            made.append([(side.pack and side.pack.release, bodies(side)) for side in sides])
    assert made[0] == made[1]


def test_a_store_that_only_saves_work_may_be_damaged(committed: Repository) -> None:
    STORE.write_bytes(b"no store")
    with open_sides(*find_sources("git:main", None, None), manner()) as (old, new):
        assert bodies(old) == bodies(new)


@pytest.mark.parametrize(
    "files",
    [
        {"pages/about.html": "{{ user.name|upper }}"},  # a finding, with which a build ends with 1
        {"pages/static/about.html": "<p>At a path that is taken</p>"},  # the same, before anything is compiled
        {"edgekit.toml": "[sight]\n"},
    ],
)
def test_a_site_that_does_not_compile_ends_with_2(shop: Path, files: dict[str, str | None]) -> None:
    write_shop(shop / "site", files)
    with pytest.raises(EdgekitError) as caught, open_sides(*find_sources(None, None, None), manner()):
        pass
    assert caught.value.status == 2


def test_a_revision_is_compiled_with_its_own_functions(committed: Repository) -> None:
    site = committed.folder / "site"
    with (site / "edgekit.toml").open("a") as config:
        config.write('[jinja]\nfilters = { loud = "shouting:loud" }\n')
    (site / "pages/about.html").write_text("{{ 'tea'|loud }}")
    (committed.folder / "shouting.py").write_text("def loud(text):\n    return text.upper() + '!'\n")
    committed.commit_all("two")
    (committed.folder / "shouting.py").write_text("def loud(text):\n    return text.upper() + '?'\n")
    before = committed.state()
    with open_sides(*find_sources("git:main", None, None), manner()) as (old, new):
        assert old.label == "git:main"
        assert bodies(old)["STATIC_PAGES", "/about"] == b"TEA!"
        assert bodies(new)["STATIC_PAGES", "/about"] == b"TEA?"
    with open_sides(*find_sources("git:main~1", "git:main", None), manner()) as (old, new):
        assert bodies(old)["STATIC_PAGES", "/about"] == b"<p>About us</p>"
        assert bodies(new)["STATIC_PAGES", "/about"] == b"TEA!"
    assert committed.state() == before


def test_findings_of_a_revision_name_it(committed: Repository) -> None:
    good = (committed.folder / "site/pages/about.html").read_text()
    (committed.folder / "site/pages/about.html").write_text("{{ user.name|upper }}")
    committed.commit_all("two")
    (committed.folder / "site/pages/about.html").write_text(good)
    with pytest.raises(EdgekitError) as caught, open_sides(*find_sources("git:main", None, None), manner()):
        pass
    (found,) = caught.value.diagnostics
    assert (found.code, found.file, caught.value.status) == ("EK202", "main:site/pages/about.html", 2)


def test_an_empty_submodule_is_said(committed: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    theme = Repository(tmp_path_factory.mktemp("theme"), git_environment())
    (theme.folder / "layout.html").write_text("x")
    theme.commit_all("theme")
    committed.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(theme.folder), "parts")
    committed.commit_all("two")
    notes: list[str] = []
    with open_sides(*find_sources("git:main", None, None), manner(note=notes.append)):
        assert notes == ["git:main: the submodule `parts` is empty there"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_kill_leaves_no_files_of_a_revision(committed: Repository, tmp_path: Path, number: signal.Signals) -> None:
    """The site's own function waits while its page is compiled, in the folder that is to go."""
    site = committed.folder / "site"
    with (site / "edgekit.toml").open("a") as config:
        config.write('[jinja]\nfilters = { wait = "waiting:wait" }\n')
    (site / "pages/about.html").write_text("{{ 'tea'|wait }}")
    waiting = "import sys, time\ndef wait(text):\n    print('waits', file=sys.stderr, flush=True)\n    time.sleep(60)\n"
    (committed.folder / "waiting.py").write_text(waiting)
    committed.commit_all("two")
    (tmp_path / "tmp").mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "edgekit", "diff", "git:main"],
        cwd=committed.folder,
        env=environment(TMPDIR=str(tmp_path / "tmp")),
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"waits\n"
        assert list((tmp_path / "tmp").glob("edgekit-*"))
        process.send_signal(number)
        status = process.wait(20)
    assert status == (130 if number == signal.SIGINT else -number)
    assert list((tmp_path / "tmp").iterdir()) == []
