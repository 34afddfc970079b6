import os
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound

from edgekit.compiler.loader import MAX_TEMPLATE_BYTES, TemplateLoader, UnreadableTemplateError
from tests.compiler.sites import CONFIG, write_site


def load(root: Path) -> TemplateLoader:
    files = {"edgekit.toml": CONFIG + '[jinja]\npaths = ["../theme"]\n', "pages/index.html": "", "../theme/b.html": ""}
    return TemplateLoader(write_site(root, files))


@pytest.mark.parametrize("name", ["a.html", "./a.html", "//a.html"])
def test_a_template_is_read_with_the_line_ends_that_jinja_sees(tmp_path: Path, name: str) -> None:
    loader = load(tmp_path / "site")
    (tmp_path / "theme/a.html").write_bytes(b"\xc3\xbc\r\nb\rc\n\n")
    assert loader.read(name) == ("\u00fc\nb\nc\n\n", str(tmp_path / "theme/a.html"))


@pytest.mark.parametrize("name", ["../theme/b.html", "none.html", "pages", "pages/index.html/x", "", "a\0b"])
def test_what_is_not_there_is_not_found(tmp_path: Path, name: str) -> None:
    with pytest.raises(TemplateNotFound):
        load(tmp_path / "site").read(name)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda file: file.symlink_to("nowhere"), "is a link that leads nowhere"),
        (lambda file: file.symlink_to(file.name), "is a link that leads nowhere"),
        (lambda file: file.symlink_to("/etc/hostname"), "is a link that leads out of the site"),
        (os.mkfifo, "is no regular file"),
        (lambda file: file.write_bytes(b"a\n\xff"), "is no UTF-8"),
        (lambda file: file.write_bytes(b" " * (MAX_TEMPLATE_BYTES + 1)), "is larger than 4,194,304 bytes"),
    ],
)
def test_what_cannot_be_a_template_says_why(tmp_path: Path, make: Callable[[Path], None], why: str) -> None:
    loader = load(tmp_path / "site")
    file = tmp_path / "site/a.html"
    make(file)
    with pytest.raises(UnreadableTemplateError) as caught:
        loader.read("a.html")
    assert (caught.value.why, caught.value.file) == (why, file)


@pytest.mark.parametrize("target", ["../theme", ".."])
def test_a_folder_that_is_a_link_is_read_if_it_leads_to_templates(tmp_path: Path, target: str) -> None:
    loader = load(tmp_path / "site")
    (tmp_path / "b.html").touch()
    (tmp_path / "site/linked").symlink_to(target)
    if target == "..":
        with pytest.raises(UnreadableTemplateError, match="leads out of the site"):
            loader.read("linked/b.html")
    else:
        assert loader.read("linked/b.html")[0] == ""


def test_of_what_is_no_file_the_next_folder_is_asked(tmp_path: Path) -> None:
    loader = load(tmp_path / "site")
    (tmp_path / "site/b.html").symlink_to("nowhere")
    assert loader.read("b.html") == ("", str(tmp_path / "theme/b.html"))
