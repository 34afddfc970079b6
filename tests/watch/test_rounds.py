"""Builds that follow changes of real files. What happens while nothing is built is done in `pulse`."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError, failure
from edgekit.watch import rounds as rounds_module
from edgekit.watch.rounds import Round, rounds
from tests.watch.site import CONFIG, FILES, write


class Watch:
    """Rounds over a folder; a build gives its number and what it saw of a file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.meanwhile: list[Callable[[], object]] = []
        self.during: list[Callable[[], object]] = []
        self.rounds: Iterator[Round[str]] = rounds(root, [root / "edge.lmdb"], self.build, self.pulse)

    def build(self) -> str:
        (self.root / "edge.lmdb").write_text("each build writes its store")
        try:
            seen = (self.root / "pages/index.html").read_text()
        except FileNotFoundError:
            raise failure("EK108", "the site has no pages", help="write one") from None
        finally:
            if self.during:
                self.during.pop(0)()
        return seen

    def pulse(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def next(self, *meanwhile: Callable[[], object]) -> Round[str]:
        self.meanwhile = [*meanwhile]
        return next(self.rounds)

    def write(self, text: str, name: str = "pages/index.html") -> Callable[[], None]:
        return lambda: write(self.root, {name: text})

    def changed(self, *names: str) -> tuple[str, ...]:
        return tuple(str(self.root / name) for name in names)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    write(tmp_path / "site", FILES)
    watch = Watch(tmp_path / "site")
    assert watch.next() == ((), "home", None)
    yield watch
    watch.rounds.close()  # type: ignore[attr-defined]


def test_a_change_leads_to_a_build_of_what_is_there_then(watch: Watch) -> None:
    assert watch.next(watch.write("new")) == (watch.changed("pages/index.html"), "new", None)


def test_several_files_saved_at_once_are_one_change(watch: Watch) -> None:
    def save_all() -> None:
        for number in range(30):
            write(watch.root, {f"data/{number}.json": "[]", "pages/index.html": str(number)})

    changed, seen, _ = watch.next(save_all)
    assert (len(changed), seen) == (31, "29")


def test_a_change_during_a_build_leads_to_another_one(watch: Watch) -> None:
    watch.during = [watch.write("second")]
    assert watch.next(watch.write("first")).built == "first"
    assert watch.next() == (watch.changed("pages/index.html"), "second", None)


def test_an_error_of_a_build_that_files_changed_under_is_not_told(watch: Watch) -> None:
    watch.during = [watch.write("there again")]
    page = watch.root / "pages/index.html"
    assert watch.next(page.unlink) == (watch.changed("pages/index.html"), "there again", None)


def test_an_error_is_told_and_the_next_change_mends_it(watch: Watch) -> None:
    error = watch.next((watch.root / "pages/index.html").unlink).error
    assert error is not None
    assert error.diagnostics[0].code == "EK108"
    assert watch.next(watch.write("mended")).built == "mended"


def test_a_file_that_is_away_for_a_moment_was_never_gone(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = rounds_module._settle

    def put_back_late(notifier: object, quiet: int) -> None:
        if quiet == rounds_module._GONE:
            watch.write("back")()
        settle(notifier, quiet)  # type: ignore[arg-type]

    monkeypatch.setattr(rounds_module, "_settle", put_back_late)
    assert watch.next((watch.root / "pages/index.html").unlink).built == "back"


def test_a_build_begins_when_nothing_changes_any_more(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = rounds_module._settle

    def write_on(notifier: object, quiet: int) -> None:
        watch.write("the end")()
        settle(notifier, quiet)  # type: ignore[arg-type]

    monkeypatch.setattr(rounds_module, "_settle", write_on)
    assert watch.next(watch.write("a beginning")).built == "the end"


def test_a_new_folder_and_what_is_put_into_it_later_are_seen(watch: Watch) -> None:
    folder = watch.root / "pages/deep"
    assert watch.next(folder.mkdir, lambda: None, watch.write("x", "pages/deep/new.html")).changed == watch.changed(
        "pages/deep/new.html"
    )


def test_a_site_folder_that_is_deleted_and_comes_back_is_watched_on(watch: Watch) -> None:
    def delete() -> None:
        shutil.rmtree(watch.root)

    assert watch.next(delete).error is not None
    assert watch.next(lambda: None, lambda: write(watch.root, FILES)).built == "home"
    assert watch.next(watch.write("on")).built == "on"


def test_template_folders_are_watched_from_when_the_configuration_names_them(watch: Watch) -> None:
    theme = watch.root.parent / "theme"
    assert watch.next(watch.write(CONFIG + '[jinja]\npaths = ["../theme"]\n', "edgekit.toml")).error is None
    for text in ("first", "second"):
        changed = watch.next(lambda text=text: write(theme, {"base.html": text})).changed  # type: ignore[misc]
        assert changed == (str(theme / "base.html"),)


def test_an_error_of_the_system_is_told_as_one_of_the_site(watch: Watch) -> None:
    def fail() -> None:
        raise PermissionError(13, "Permission denied", "pages")

    watch.during = [fail]
    error = watch.next(watch.write("new")).error
    assert error is not None
    assert error.diagnostics[0].message == "`pages` cannot be read or written: Permission denied"


@pytest.mark.parametrize("file", [b"\xff", b"\xff/page.html"])
def test_a_name_that_is_no_text_ends_nothing(watch: Watch, file: bytes) -> None:
    odd = f"pages/{os.fsdecode(file)}"
    assert watch.next(watch.write("odd", odd)) == (watch.changed("pages/\udcff"), "home", None)
    assert watch.next(watch.write("new")) == (watch.changed("pages/index.html"), "new", None)


def test_a_site_in_a_folder_whose_name_is_no_text_is_built_once(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"\xff") / "site"
    write(root, FILES)
    watch = Watch(root)
    assert watch.next() == ((), "home", None)
    with pytest.raises(EdgekitError, match=r"EK454 .* cannot be watched: its name is not UTF-8"):
        watch.next()


def test_folders_that_cannot_be_watched_end_it_with_a_word(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> Iterator[object]:
        raise OSError("OS file watch limit reached.")
        yield

    monkeypatch.setattr(rounds_module, "watch", refuse)
    with pytest.raises(EdgekitError, match="EK454 the 4 folders of the site cannot be watched: OS file watch limit"):
        watch.next()
