"""The law: replay equals Jinja's full render, for templates and values that hypothesis makes."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgekit.compiler.oracle import Oracle
from tests.compiler.sites import compile_files, count_variants, values_of
from tests.scale import scaled

SLOTS = [
    "user.state",
    "user.known",
    "user.name",
    "user.city",
    "user.points",
    "segment.hero",
    "request.query.q",
    'user["name"]',
]
FROZEN = [
    '"a<b"', '"{USER_NAME}"', '""', "7", "1.5", "none", "tier", "data.shop.name", "segment.discount", "segment.perks",
    'data.shop["items"]', "data.shop.empty", "page.path", 'data.shop["items"][0].title', '"<i>"|safe', "true",
]  # fmt: skip
NAMES = ["x", "y", "z"]
FILTERS = [
    "e", "string", "safe", "upper", "length", "first", "list", "join", 'join("<")', 'default("d")',
    'default("d", true)', "tojson", "urlencode", "trim", "reverse|list", "forceescape", "int",
    "sort", "unique|list", "title",
]  # fmt: skip
TESTS = ["defined", "undefined", "none", "string", "mapping", "sequence", "number", "odd", 'eq("x")']
OPERATORS = ["~", "~", "~", "~", "+", "==", "<", "and", "or", "in", "*", "%"]


def expressions() -> st.SearchStrategy[str]:
    leaves = st.one_of(st.sampled_from(SLOTS), st.sampled_from(FROZEN), st.sampled_from(NAMES))

    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, st.sampled_from(["~", *OPERATORS]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            st.tuples(inner, st.sampled_from(FILTERS)).map(lambda t: f"({t[0]})|{t[1]}"),
            st.tuples(inner, st.sampled_from(TESTS)).map(lambda t: f"(({t[0]}) is {t[1]})"),
            st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]|join({items[0]})"),
            st.tuples(inner, inner).map(lambda t: f'{{"a": {t[0]}, "b": {t[1]}}}'),
            st.tuples(inner, st.sampled_from(["[0]", ".a", '["b"]', "[:2]", ".title()"])).map(
                lambda t: f"({t[0]}){t[1]}"
            ),
            inner.map(lambda e: f"m({e})"),
        )

    return st.recursive(leaves, extend, max_leaves=4)


def bodies() -> st.SearchStrategy[str]:
    expression = expressions()
    slot = st.sampled_from(SLOTS)
    texts = st.sampled_from(["Hi ", "{USER_NAME}", "{", "_}", "&amp;", "\n", " ", "é", "}", "{{ '{' }}"])
    simple = st.one_of(
        texts,
        slot.map(lambda e: f"{{{{ {e} }}}}"),
        slot.map(lambda e: f"{{{{ {e} }}}}"),
        expression.map(lambda e: f"{{{{ {e} }}}}"),
        expression.map(lambda e: f'<b title="{{{{ {e} }}}}">x</b>'),
        expression.map(lambda e: f"<b data-x='{{{{ ({e})|tojson }}}}'>x</b>"),
        st.tuples(st.sampled_from(NAMES), expression).map(lambda t: f"{{% set {t[0]} = {t[1]} %}}"),
    )

    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.lists(inner, max_size=4).map("".join),
            st.tuples(expression, inner, inner).map(
                lambda t: f"{{% if {t[0]} %}}{t[1]}{{% else %}}{t[2]}{{% endif %}}"
            ),
            st.tuples(st.sampled_from(NAMES), expression, inner).map(
                lambda t: f"{{% for {t[0]} in [{t[1]}, 1] %}}{t[2]}{{{{ loop.index }}}}{{% endfor %}}"
            ),
            st.tuples(st.sampled_from(NAMES), inner).map(lambda t: f"{{% set {t[0]} %}}{t[1]}{{% endset %}}"),
            st.tuples(st.sampled_from(NAMES), expression, inner).map(
                lambda t: f"{{% with {t[0]} = {t[1]} %}}{t[2]}{{% endwith %}}"
            ),
            inner.map(lambda body: f"{{% filter e %}}{body}{{% endfilter %}}"),
            st.tuples(expression, inner).map(lambda t: f"{{% call(z) box({t[0]}) %}}{t[1]}{{{{ z }}}}{{% endcall %}}"),
            st.tuples(st.sampled_from(["true", "false", "tier == 'vip'"]), inner).map(
                lambda t: f"{{% autoescape {t[0]} %}}{t[1]}{{% endautoescape %}}"
            ),
            inner.map(lambda body: f"<p>{body}</p>"),
        )

    return st.recursive(simple, extend, max_leaves=6)


PROLOGUE = (
    "{% set x = user.name %}{% set y = '<y>' %}{% set z = [1, 2] %}"
    "{% macro m(v) %}<i>{{ v }}</i>{% endmacro %}{% macro box(v) %}<u>{{ v }}{{ caller(v) }}</u>{% endmacro %}"
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["{USER_NAME}", "{_}", "</p><script>", "'\"&", "\0", "{/X}", "a" * 200]
)

outcomes: Counter[str] = Counter()


@settings(max_examples=scaled(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=bodies(),
    part=bodies(),
    values=st.lists(
        st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, st.integers(-(2**53) + 1, 2**53 - 1)), min_size=3, max_size=3
    ),
)
def replay_equals_the_full_render_or_the_template_is_refused_with_file_and_line(
    body: str, part: str, values: list[tuple[str, str, str, str, int]]
) -> None:
    page = f"{{% extends 'base.html' %}}{PROLOGUE}{{% block b %}}{PROLOGUE}{body}{{{{ super() }}}}{{% endblock %}}"
    layout = f"<!doctype html><title>t</title><main>{{% block b %}}{PROLOGUE}{part}{{% endblock %}}</main>"
    files = {"pages/index.html": page, "templates/base.html": layout}
    with TemporaryDirectory() as folder:
        compiled = compile_files(Path(folder), files)
        if compiled.result.pack is None:
            outcomes["refused"] += 1
            assert compiled.result.diagnostics
            for diagnostic in compiled.result.diagnostics:
                assert diagnostic.file
                assert diagnostic.line
                assert diagnostic.help
            return
        outcomes["accepted"] += 1
        oracle = Oracle(compiled.site)
        for number in range(count_variants(compiled.site)):
            name, city, hero, query, points = values[number % len(values)]
            bound: dict[str, str | int] = {
                **values_of(compiled.site, "", number),
                "user.name": name,
                "user.city": city,
                "user.points": points,
                "segment.hero": hero,
                "request.query.q": query,
            }
            for tier in compiled.site.tiers:
                (home,) = compiled.site.pages
                assert compiled.replay(home, tier, bound) == oracle.render(home, tier, bound)


def test_replay_equals_the_full_render_and_not_by_refusing_everything() -> None:
    replay_equals_the_full_render_or_the_template_is_refused_with_file_and_line()
    assert outcomes["accepted"] >= 0.2 * outcomes.total()
