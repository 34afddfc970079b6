"""Each piece of a body is said to be made by the template line that printed it."""

from pathlib import Path

from edgekit.model.fragment import Trace
from tests.compiler.sites import compile_files


def lines_of(body: bytes, trace: Trace) -> list[tuple[str, int, str]]:
    """File, line and text of each span."""
    ends = [span.start for span in trace.spans[1:]] + [len(body)]
    return [
        (trace.templates[span.template], span.line, body[span.start : end].decode())
        for span, end in zip(trace.spans, ends, strict=True)
    ]


def spans(folder: Path, files: dict[str, str]) -> list[tuple[str, int, str]]:
    compiled = compile_files(folder, files)
    fragment = compiled.fragments["/:free"]
    assert fragment.trace is not None
    return lines_of(fragment.body, fragment.trace)


def test_layout_block_and_slot_have_their_own_lines(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% extends "base.html" %}\n{% block b %}\n<i>{{ user.name }}</i>\n{% endblock %}',
        "templates/base.html": "<p>\n{% block b %}{% endblock %}\n</p>",
    }
    assert spans(tmp_path, files) == [
        ("templates/base.html", 1, "<p>\n"),
        ("pages/index.html", 2, "\n<i>"),
        ("pages/index.html", 3, "{USER_NAME}</i>\n"),
        ("templates/base.html", 2, "\n</p>"),
    ]


def test_include_inside_a_block_has_the_included_lines(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '<p>{{ user.name }}</p>\n{% include "part.html" %}\n<hr>',
        "templates/part.html": "\n<b>{{ tier }}</b>",
    }
    assert spans(tmp_path, files)[-3:] == [
        ("templates/part.html", 1, "\n<b>"),
        ("templates/part.html", 2, "free</b>"),
        ("pages/index.html", 2, "\n<hr>"),
    ]


def test_slot_in_a_macro_has_the_macros_line_and_the_text_around_it_that_of_the_call(tmp_path: Path) -> None:
    files = {
        "pages/index.html": '{% import "m.html" as m %}\n<p>\n{{ m.hi(user.name) }}\n</p>',
        "templates/m.html": "text of the module\n{% macro hi(n) %}\nHi {{ n }}!{% endmacro %}\nmore text",
    }
    assert spans(tmp_path, files) == [
        ("pages/index.html", 1, "\n<p>\n"),
        ("pages/index.html", 3, "\nHi "),
        ("templates/m.html", 3, "{USER_NAME}"),
        ("pages/index.html", 3, "!\n</p>"),
    ]


def test_spans_cover_the_body_in_bytes(tmp_path: Path) -> None:
    compiled = compile_files(
        tmp_path, {"pages/index.html": "<p>žluť {USER_NAME} {{ user.name }} 🎉\n{_}</p>{{ tier }}"}
    )
    for fragment in compiled.fragments.values():
        if fragment.trace is not None:
            starts = [span.start for span in fragment.trace.spans]
            assert starts == sorted(set(starts))
            assert starts[0] == 0
            assert "".join(text for _, _, text in lines_of(fragment.body, fragment.trace)) == fragment.body.decode()


def test_includes_within_includes_loops_and_blocks_have_their_own_lines(tmp_path: Path) -> None:
    files = {
        "pages/index.html": (
            '{% extends "base.html" %}\n{% block b %}\n{% for i in [1, 2] %}\n{% include "a.html" %}\n'
            "{{ i }}{% endfor %}\n<hr>{% endblock %}"
        ),
        "templates/base.html": '<p>\n{% include "b.html" %}{% block b %}{% endblock %}\n</p>',
        "templates/a.html": 'A\n\n{% include "b.html" %}\na',
        "templates/b.html": "\n\nB{{ tier }}",
    }
    inner = [("templates/a.html", 1, "A\n\n"), ("templates/b.html", 1, "\n\nB"), ("templates/b.html", 3, "free")]
    assert spans(tmp_path, files) == [
        ("templates/base.html", 1, "<p>\n"),
        ("templates/b.html", 1, "\n\nB"),
        ("templates/b.html", 3, "free"),
        ("pages/index.html", 2, "\n"),
        ("pages/index.html", 3, "\n"),
        *inner,
        ("templates/a.html", 3, "\na"),
        ("pages/index.html", 4, "\n"),
        ("pages/index.html", 5, "1"),
        ("pages/index.html", 3, "\n"),
        *inner,
        ("templates/a.html", 3, "\na"),
        ("pages/index.html", 4, "\n"),
        ("pages/index.html", 5, "2\n<hr>"),
        ("templates/base.html", 2, "\n</p>"),
    ]


def test_include_in_a_macro_leaves_no_line_behind(tmp_path: Path) -> None:
    files = {
        "pages/index.html": (
            '{% macro m() %}{% include "part.html" %}{% endmacro %}\n<p>\n{{ m() }}\n{{ tier }}</p>'
            '{% include "part.html" without context %}\n<hr>'
        ),
        "templates/part.html": "\n\npart",
    }
    assert spans(tmp_path, files) == [
        ("pages/index.html", 1, "\n<p>\n"),
        ("pages/index.html", 3, "\n\npart\n"),
        ("pages/index.html", 4, "free</p>\n\npart\n<hr>"),
    ]
