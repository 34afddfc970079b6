"""`[headers]`: what is read of it, and what is refused, with its line."""

from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.project.load import load_site
from tests.project.folder import CONFIG, write_site


def read(root: Path, tables: str) -> dict[str, dict[str, str]]:
    site = load_site(write_site(root, {"edgekit.toml": CONFIG + tables}))
    return {pattern: dict(headers) for pattern, headers in site.headers.items()}


def test_patterns_are_decoded_and_names_in_lower_case(tmp_path: Path) -> None:
    assert read(
        tmp_path,
        '[headers."/*"]\nX-Frame-Options = "DENY"\n"content-security-policy" = "default-src \'self\'; img-src *"\n'
        '[headers."/caf%C3%A9/*"]\nx-a = "1"\n[headers."/ü"]\nx-a = "~!"\n[headers."/"]\nx-a = "2"\n'
        '[headers."/prod*"]\nx-a = "3"\n[headers."/static/*"]\nAccess-Control-Allow-Origin = "*"\n',
    ) == {
        "/": {"x-a": "2"},
        "/*": {"content-security-policy": "default-src 'self'; img-src *", "x-frame-options": "DENY"},
        "/café/*": {"x-a": "1"},
        "/prod*": {"x-a": "3"},
        "/static/*": {"access-control-allow-origin": "*"},
        "/ü": {"x-a": "~!"},
    }


OWN = [
    "Cache-Control", "CDN-Cache-Control", "etag", "vary", "surrogate-control", "surrogate-key", "expires", "age",
    "pragma", "last-modified", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection",
    "keep-alive", "set-cookie", "location", "allow", "date", "x-edgekit-outcome", "X-Accel-Expires", "edge-control",
    "no-vary-search",
]  # fmt: skip

REFUSED = {
    **{f'[headers."/*"]\n{name} = "x"': ("EK166", 5, f"`{name}` cannot be set: ") for name in OWN},
    '[headers."product"]\nx-a = "1"': ("EK165", 4, "`product` is not the path of any request"),
    '[headers."/a/../*"]\nx-a = "1"': ("EK165", 4, "is not the path of any request"),
    '[headers."/a?b"]\nx-a = "1"': ("EK165", 4, "is not the path of any request"),
    '[headers."*"]\nx-a = "1"': ("EK165", 4, "is not the path of any request"),
    '[headers.""]\nx-a = "1"': ("EK165", 4, "is not the path of any request"),
    '[headers."/a/"]\nx-a = "1"': ("EK165", 4, "is not canonical: requests for it are redirected to `/a`"),
    '[headers."/a//*"]\nx-a = "1"': ("EK165", 4, "is not canonical: requests for it are redirected to `/a/`"),
    '[headers."/a.html"]\nx-a = "1"': ("EK165", 4, "is not canonical"),
    '[headers."/*/a"]\nx-a = "1"': ("EK165", 4, "has a `*` that is not at its end"),
    '[headers."/a**"]\nx-a = "1"': ("EK165", 4, "has a `*` that is not at its end"),
    '[headers."/a%2A"]\nx-a = "1"': ("EK165", 4, "has a `*` that is not at its end"),
    '[headers."/product/[sku]"]\nx-a = "1"': ("EK165", 4, "has a bracket: patterns have no parts"),
    '[headers."/é"]\nx-a = "1"\n[headers."/%C3%A9"]\nx-a = "1"': ("EK165", 6, "is another spelling of a pattern"),
    '[headers."/*"]\n"x y" = "1"': ("EK167", 5, "`x y` is no name of a header"),
    '[headers."/*"]\n"x\\r\\ny" = "1"': ("EK167", 5, "is no name of a header"),
    '[headers."/*"]\nx-a = "1"\nX-A = "2"': ("EK167", 6, "`/*` has the header `x-a` twice"),
    **{
        f'[headers."/*"]\nx-a = "{value}"': ("EK167", 5, "the value of `x-a` is empty, longer than 4096 bytes or no")
        for value in ("", " ", "a ", " a", "é", "a\\r\\nx-b: 1", "a\\u0000", "a\\tb", "a" * 4097)
    },
    '[headers."/*"]\nx-a = 1': ("EK111", 5, 'headers."/*".x-a` is wrong: expected `string`, got `integer`'),
    "[headers]\nx-a = 1": ("EK111", 5, "expected a table"),
    '[headers."/*"]\n' + "".join(f'x-{number} = "1"\n' for number in range(51)): ("EK167", 4, "more than 50"),
    "".join(f'[headers."/{number}"]\nx-a = "1"\n' for number in range(101)): ("EK165", 4, "more than 100"),
}  # fmt: skip


@pytest.mark.parametrize("tables", REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, tables: str) -> None:
    code, line, message = REFUSED[tables]
    with pytest.raises(EdgekitError) as caught:
        read(tmp_path, tables)
    (found,) = caught.value.diagnostics
    assert (found.code, found.line) == (code, line)
    assert message in found.message
    assert caught.value.status == 2


def test_the_longest_value_is_taken(tmp_path: Path) -> None:
    assert read(tmp_path, f'[headers."/*"]\nx-a = "{"a" * 4096}"') == {"/*": {"x-a": "a" * 4096}}
