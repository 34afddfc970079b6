from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.json import build_json
from edgekit.diagnostics.text import escape_control, format_count, format_message, format_text, relative_file

FOUND = Diagnostic(
    code="EK203",
    message="`user.name` is indexed: `{{ user.name[0] }}`",
    help="make it a field of its own",
    file="/srv/shop/site/pages/cart.html",
    line=12,
    pages=("/cart",),
    source="   <b>{{ user.name[0] }}</b>\n",
)


def changed(**fields: object) -> Diagnostic:
    return Diagnostic(**{**{name: getattr(FOUND, name) for name in FOUND.__struct_fields__}, **fields})


def test_a_diagnostic_has_place_code_message_source_and_help() -> None:
    assert format_text(FOUND, "/srv/shop") == [
        "site/pages/cart.html:12: EK203 `user.name` is indexed: `{{ user.name[0] }}`",
        "    <b>{{ user.name[0] }}</b>",
        "    help: make it a field of its own",
    ]


def test_a_file_is_named_relative_to_the_current_folder() -> None:
    assert relative_file("/srv/shop/site/a.html", "/srv/shop/site") == "a.html"
    assert relative_file("/srv/theme/a.html", "/srv/shop") == "../theme/a.html"
    assert relative_file("users.jsonl", "/srv/shop") == "users.jsonl"


def test_without_a_line_or_file_there_is_less_to_say() -> None:
    assert format_text(changed(line=None, source=None), "/srv/shop")[0].startswith("site/pages/cart.html: EK203 `user")
    assert format_text(changed(file=None, source=None), "/work")[0].startswith("EK203 `user.name`")


def test_one_cause_in_many_pages_is_said_once() -> None:
    pages = tuple(f"/p/{n}" for n in range(40))
    assert format_text(changed(pages=pages[:2]), "/")[0].endswith("`{{ user.name[0] }}` (and in 1 other page)")
    assert format_text(changed(pages=pages), "/")[0].endswith("(and in 39 other pages)")


def test_a_warning_says_so() -> None:
    assert "EK203 warning: `user.name`" in format_text(changed(severity="warning"), "/")[0]


def test_text_of_a_file_cannot_steer_the_terminal() -> None:
    lines = format_text(changed(message="a\x1b[2Jb\u202ec\n", source="\x07x", file="/a\x1b.html", help="\r"), "/")
    assert lines == ["a\\x1b.html:12: EK203 a\\x1b[2Jb\\u202ec\\n (in `/cart`)", "    \\x07x", "    help: \\r"]
    assert escape_control("O’Brien Łukasz 日本 😀") == "O’Brien Łukasz 日本 😀"


def test_a_page_is_named_where_its_file_does_not_tell() -> None:
    files = {
        "pages/cart.html": "/cart",
        "pages/index.html": "/",
        "pages/cart/index.html": "/cart",
        "islands/x.html": "/x",
    }
    assert [format_message(changed(file=file, pages=(page,))) for file, page in files.items()] == [FOUND.message] * 4
    assert format_message(changed(file="pages/[sku].html", pages=("/p-1",))).endswith("` (in `/p-1`)")
    assert format_message(changed(file="templates/layout.html")).endswith("` (in `/cart`)")


def test_a_long_source_line_is_cut() -> None:
    assert format_text(changed(source="x" * 500), "/")[1] == "    " + "x" * 160 + "…"


def test_severities_are_counted() -> None:
    assert format_count([FOUND, FOUND, changed(severity="warning")]) == "2 errors, 1 warning"
    assert format_count([FOUND]) == "1 error"


def test_the_json_form_has_seven_keys() -> None:
    assert build_json([FOUND], "/srv/shop") == {
        "diagnostics": [
            {
                "code": "EK203",
                "severity": "error",
                "message": "`user.name` is indexed: `{{ user.name[0] }}`",
                "file": "site/pages/cart.html",
                "line": 12,
                "help": "make it a field of its own",
                "pages": ["/cart"],
            }
        ]
    }


def test_the_json_form_has_null_for_what_is_not_known() -> None:
    (found,) = build_json([changed(file=None, line=None, pages=())], "/")["diagnostics"]
    assert (found["file"], found["line"], found["pages"]) == (None, None, [])
