import pytest

from edgekit.watch.changes import find_changes, has_lost, name_changes

BEFORE = {"/s/a": (1, 1), "/s/b": (2, 1), "/s/c": (3, 1)}
NOW = {"/s/a": (1, 1), "/s/b": (2, 2), "/s/d": (4, 1)}


def test_changes_are_what_was_changed_removed_and_added() -> None:
    assert find_changes(BEFORE, NOW) == ("/s/b", "/s/c", "/s/d")
    assert find_changes(NOW, NOW) == ()


def test_a_file_that_is_gone_is_lost_and_one_that_is_new_is_not() -> None:
    assert has_lost(BEFORE, NOW)
    assert not has_lost(NOW, {**NOW, "/s/c": (3, 1)})


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (["/s/templates/layout.html"], "templates/layout.html"),
        (["/s/a", "/t/b"], "a, ../t/b"),
        (["/s/a", "/s/b", "/s/c"], "a and 2 others"),
        (["/s/a", "/s/b", "/s/c", "/s/d"], "a, b and 2 others"),
        (["/s/\x1b[31m\u202e\udcff\n"], r"\x1b[31m\u202e\udcff\n"),
    ],
)
def test_a_few_files_are_named_and_others_counted(files: list[str], named: str) -> None:
    assert name_changes(files, "/s") == named
