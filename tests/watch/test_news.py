import os
from pathlib import Path

from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.watch.news import MAX_PROBLEMS, News, Problem, build_news, decode_news, encode_news

ERROR = Diagnostic(
    code="EK202",
    message="`user.name`: filter `upper` reads it",
    help="print it as it is",
    file="/srv/site/pages/cart.html",
    line=3,
    pages=("/cart", "/other"),
    source="  <b>{{ user.name|upper }}</b>\x1b[2J",
)


def test_an_error_is_told_in_words_for_people() -> None:
    assert build_news(Path("/srv/edge.lmdb"), [ERROR], "/srv") == News(
        "/srv/edge.lmdb",
        (
            Problem(
                "EK202",
                "site/pages/cart.html:3",
                "`user.name`: filter `upper` reads it (and in 1 other page)",
                r"<b>{{ user.name|upper }}</b>\x1b[2J",
                "print it as it is",
            ),
        ),
    )


def test_a_warning_is_no_problem() -> None:
    warning = Diagnostic(code="EK801", message="m", help="h", severity="warning")
    assert build_news(None, [warning], "/") == News(None)


def test_many_and_long_problems_are_cut() -> None:
    long = Diagnostic(code="EK202", message="m" * 100_000, help="h" * 100_000, source="s" * 100_000)
    news = build_news(None, [long] * 1_000, "/")
    assert (len(news.problems), news.more) == (MAX_PROBLEMS, 1_000 - MAX_PROBLEMS)
    assert len(encode_news(news)) < 200_000


def test_news_are_read_as_they_were_written() -> None:
    news = build_news(Path("edge.lmdb"), [ERROR], os.getcwd())
    assert news == decode_news(encode_news(news))
