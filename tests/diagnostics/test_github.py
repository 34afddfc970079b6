import re
from urllib.parse import unquote

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edgekit.diagnostics.catalogue import read_entry
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.github import format_github

FOUND = Diagnostic(
    code="EK203",
    message="`user.name` is indexed",
    help="make it a field of its own",
    file="/srv/shop/site/pages/cart.html",
    line=12,
    pages=("/cart",),
)
TITLE = f"EK203%3A {read_entry('EK203').title}"


def changed(**fields: object) -> Diagnostic:
    return msgspec.structs.replace(FOUND, **fields)


def test_an_error_is_a_workflow_command_with_place_title_and_message() -> None:
    expected = (
        f"::error file=site/pages/cart.html,line=12,title={TITLE}"
        "::`user.name` is indexed%0Ahelp: make it a field of its own"
    )
    assert format_github(FOUND, "/srv/shop") == expected


def test_a_warning_is_a_warning() -> None:
    assert format_github(changed(severity="warning"), "/srv/shop").startswith("::warning file=")


def test_without_file_and_line_the_title_is_all() -> None:
    assert format_github(changed(file=None, line=None), "/srv/shop").startswith(f"::error title={TITLE}::")


def test_other_pages_are_counted() -> None:
    assert "is indexed (and in 2 other pages)%0A" in format_github(changed(pages=("/a", "/b", "/c")), "/srv/shop")


def test_what_ends_a_property_or_a_command_is_escaped() -> None:
    written = format_github(changed(file="/srv/shop/a,b:50%.html", message="100% ::error::"), "/srv/shop")
    assert written.startswith("::error file=a%2Cb%3A50%25.html,line=12,")
    assert "::100%25 ::error:: (in `/cart`)%0Ahelp" in written


@given(st.text(), st.text(), st.text(st.characters(exclude_characters="\0/"), min_size=1))
def test_every_text_is_one_line_that_reads_as_its_parts(message: str, help: str, name: str) -> None:
    written = format_github(changed(message=message, help=help, file=f"/srv/shop/x{name}"), "/srv/shop")
    assert written.isprintable()
    command = re.fullmatch(r"::error file=([^,:]*),line=12,title=([^,:]*)::(.*)", written)
    assert command is not None
    assert [text for text in command.groups() if re.search("%(?!25|0A|3A|2C)", text)] == []
    if name.isprintable():
        assert unquote(command[1]) == f"x{name}"
