"""Where a slot may stand, on pages written as fragments are: `{S}` is a string, `{N}` an integer."""

import pytest

from edgekit.compiler.contexts import check_contexts
from edgekit.compiler.places import CONSULTED, RULES
from tests.compiler.placing import codes_of, read_pieces

SAFE = r"""
<p>{S}{S}</p>
<p>&amp;{S}</p>
<title>{S}</title>
<textarea>{S}</textarea>
<table><tr><td>{S}</td></tr></table>
<select><option value="{S}">{S}</option></select>
<svg></svg><p>{S}</p>
<style>p { color: red }</style><p>{S}</p>
<p>{S}</p><noscript><p>x</p></noscript>
<P TITLE = "{S}{N}">
<p class="a {S} b" id='{S}'>
<input value="{S}" placeholder="{S}">
<progress value="{N}"></progress>
<p data-name="{S}" aria-label='{S}'>
<p data-x='{"a": {S:json}, "b": [{N:json}]}'>
<meta name="description" content="{S}">
<meta property="og:title" content="{S}">
<a href="{S:href}">x</a>
<a href=" {S:href} ">x</a>
<a href="/{S:path}">x</a>
<a href="/p/{S:path}.html">x</a>
<a href="/p/{S:path}-{S:path}/{N}?q={S:url}&amp;n={N}#{S:url}">x</a>
<a href="p/{S:path}">x</a>
<a href="../{S:path}">x</a>
<a href="https://h.example/{S:path}">x</a>
<a href="HTTPS:\\h.example\{S:path}">x</a>
<a href="//h.example/{S:path}">x</a>
<a href="?{S:url}">x</a>
<a href="#{S:url}">x</a>
<a href="mailto:a@b.example?subject={S:url}">x</a>
<img src="/i/{S:path}.webp" alt="{S}">
<video src="{S:href}" poster="{S:href}"></video>
<q cite="{S:href}"></q>
<script>let x = {S:json}, y = {N:json};</script>
<script type=" Text/JavaScript ">f({S:json}, ...{S:json})</script>
<script type="module">export default {a: {S:json}, b: [{N:json}]}</script>
<script>let x = `a${ {S:json} }b`</script>
<script>function f(a = {S:json}) { return {S:json} }</script>
<script>let a = b / {N:json} / c, d = {S:json} / 2 /g</script>
<script>setTimeout(() => f({S:json}), 1); Object.assign(a, {b: {S:json}})</script>
<script type="application/json">{S:json}</script>
<script type="application/ld+json">{"a": {S:json}, "b": [{N:json}]}</script>
"""

UNSAFE = r"""
EK301 <p {S}="x">
EK301 <p title="a"{S}="b">
EK301 <p title={S}>
EK301 <p data-x={N}>
EK301 <p data-x={N:json}>
EK301 <p data-x="{S:json}">
EK301 <p title="{S}>
EK301 <p title="a" title="{S}">
EK301 <{S}>
EK301 <p>x</{S}>
EK301 <p>&{S}</p>
EK301 <p>&#x{S}</p>
EK301 <p>&amp{S}</p>
EK301 <!-- {S} -->
EK301 <![CDATA[{S}]]>
EK301 <?php {S} ?>
EK301 <style>{S}</style>
EK301 <noscript>{S}</noscript>
EK301 <noscript><style></noscript><p>{S}</p></style>
EK301 <template><p>{S}</p></template>
EK301 <svg><title>{S}</title></svg>
EK301 <svg><foreignObject><p>{S}</p></foreignObject></svg>
EK301 <math><mtext>{S}</mtext></math>
EK301 <plaintext>{S}
EK301 <frameset>{S}</frameset>
EK301 <select>{S}</select>
EK302  {S}<!doctype html><p>x</p>
EK303 <p>{S:json}</p>
EK303 <p>{S:url}</p>
EK303 <p title="{S:href}">
EK303 <progress value="{S}"></progress>
EK301 <p style="{S}">
EK301 <p onclick='{S:json}'>
EK301 <p data-bind="{S}">
EK301 <p x-text="{S}">
EK301 <input type="{S}">
EK301 <iframe title="{S}"></iframe>
EK301 <meta http-equiv="refresh" content="{S}">
EK301 <meta name="author" http-equiv="refresh" content="{S}">
EK301 <meta name="referrer" content="{S}">
EK301 <meta property="og:image" content="{S}">
EK301 <meta content="{S}">
EK301 <svg><animate values="{S}"></svg>
EK303 <a href="{S}">x</a>
EK303 <a href='{S:json}'>x</a>
EK303 <a href="x{S:href}">x</a>
EK303 <a href="{S:href}?a">x</a>
EK303 <a href="/p?q={S}">x</a>
EK303 <a href="/p?q={S:path}">x</a>
EK303 <a href="/p/{S:url}">x</a>
EK301 <a href={S:href}>x</a>
EK301 <a href=/p/{S:path}>x</a>
EK301 <a href=?q={S:url}>x</a>
EK301 <a href="{S:path}">x</a>
EK301 <a href="{S:path}{S:path}">x</a>
EK301 <a href="/{S:path}{S:path}">x</a>
EK301 <a href="java{S:path}">x</a>
EK301 <a href="//{S:path}">x</a>
EK301 <a href="//h{S:path}">x</a>
EK301 <a href="/\{S:path}">x</a>
EK301 <a href="/&bsol;{S:path}">x</a>
EK301 <a href="/&#9;/{S:path}">x</a>
EK301 <a href="https://{S:path}/">x</a>
EK301 <a href="https:///{S:path}">x</a>
EK301 <a href="https:{S:path}">x</a>
EK301 <a href=" javascript:a/{S:path}">x</a>
EK301 <a href="&#1;javascript:a?{S:url}">x</a>
EK301 <a href="java&Tab;script:a/{S:path}">x</a>
EK301 <a href="&#106;avascript:a#{S:url}">x</a>
EK301 <a href="javascript&colon;a/{S:path}">x</a>
EK301 <a href="mailto:{S:path}">x</a>
EK301 <a href="/%2{S:path}">x</a>
EK301 <a href="?a=%{S:url}">x</a>
EK301 <img src="data:image/svg+xml,{S:url}">
EK301 <img src="data:image/svg+xml?{S:url}">
EK301 <img srcset="{S:href}">
EK301 <script src="/x/{S:path}"></script>
EK301 <link href="/x/{S:path}">
EK301 <iframe src="/x/{S:path}"></iframe>
EK301 <form action="/x/{S:path}"></form>
EK301 <button formaction="/x/{S:path}"></button>
EK301 <base href="/{S:path}/">
EK301 <svg><a href="{S:href}">x</a></svg>
EK301 <script>let x = {S};</script>
EK303 <script>let x = {S:url};</script>
EK301 <script>let x = "{S:json}";</script>
EK301 <script>let x = '{S:json}';</script>
EK301 <script>let x = `{S:json}`;</script>
EK301 <script>let x = /{S:json}/;</script>
EK301 <script>let x; // {S:json}</script>
EK301 <script>/* {S:json} */</script>
EK301 <script>{S:json}; f()</script>
EK301 <script>function f() { {S:json}; }</script>
EK301 <script>let a = { {S:json}: 1}</script>
EK301 <script>let a = {[{S:json}]: 1}</script>
EK301 <script>class A { {S:json} = 1 }</script>
EK301 <script>{S:json}: f()</script>
EK301 <script>let a = x{S:json}</script>
EK301 <script>let a = 1{N:json}</script>
EK301 <script>let a = x-{N:json}</script>
EK301 <script>let a = {N:json} ** 2</script>
EK301 <script>let a = {N:json}.5</script>
EK301 <script>{N:json}++</script>
EK301 <script>import x from {S:json}</script>
EK301 <script>import({S:json})</script>
EK301 <script>window.eval("a" + {S:json})</script>
EK301 <script>new Function({S:json})</script>
EK301 <script>a.innerHTML = {S:json}</script>
EK301 <script>location = {S:json}</script>
EK301 <script>document.write({S:json})</script>
EK301 <script>let a = {; let b = {S:json}</script>
EK301 <script>let a; <!-- {S:json}</script>
EK301 <script>while (a --> {N:json}) f()</script>
EK301 <script><!--<script>let a = {S:json}</script></script>
EK301 <svg><script>let a = {S:json}</script></svg>
EK301 <script type="application/json">{"a": "{S:json}"}</script>
EK301 <script type="application/json">{ {S:json}: 1}</script>
EK301 <script type="importmap">{"a": {S:json}}</script>
EK301 <script type="speculationrules">{"a": {S:json}}</script>
EK301 <script type="text/template">{S:json}</script>
EK301 <script language="vbscript">a = {S:json}</script>
"""


@pytest.mark.parametrize("page", SAFE.strip().splitlines())
def test_a_safe_place_is_accepted(page: str) -> None:
    assert check_contexts(read_pieces(page)) == []


@pytest.mark.parametrize("line", UNSAFE.strip().splitlines())
def test_an_unsafe_place_is_refused(line: str) -> None:
    code, _, page = line.partition(" ")
    assert codes_of(page) == [code]


@pytest.mark.parametrize(
    "script",
    [
        "let f = () => {}\n/{S:json}/g",
        "let f = async a => { b }\n/{S:json}/g",
        "{a: 1} /{S:json}/g",
        "x = {}\n/= 2; {S:json}",
        "async function f() { await /{S:json}/g }",
        "let a = await /{S:json}/g",
        "yield /{S:json}/g",
        "export default function () {} /{S:json}/g",
        "export default class {} /{S:json}/g",
        "let a = /b//* c */instanceof /{S:json}/g",
        'let a = () => {}\n/"/g; let b = {S:json} + "/"',
    ],
)
def test_a_slash_that_may_be_a_division_or_not_is_refused(script: str) -> None:
    assert codes_of(f'<script type="module">{script}</script>') == ["EK301"]


@pytest.mark.parametrize(
    "script",
    [
        "let a = ({b: 1}).b / {S:json} / c",
        "let a = `${b}` / {S:json} / `}/`",
        "if (a) { b() }\n// c\nlet d = {S:json}",
        "let a = [/}/, /b/g], c = {S:json} / d[0] / 2",
        "let a = b.match(/await /) ? {S:json} : f(x) / 2",
    ],
)
def test_a_slash_that_is_one_thing_only_is_accepted(script: str) -> None:
    assert codes_of(f'<script type="module">{script}</script>') == []


def test_a_byte_order_mark_is_no_text_of_the_page() -> None:
    assert codes_of("\ufeff<!doctype html><p>{S}</p>") == []
    assert codes_of(" {S}<!doctype html><p>x</p>") == ["EK302"]


def test_every_rule_has_its_source() -> None:
    assert [rule for rule in RULES if not rule.source] == []


def test_no_rule_allows_what_other_rules_consult() -> None:
    assert {place for rule in RULES for place in rule.places.split()} & CONSULTED == set()
