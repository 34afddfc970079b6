"""How a value is written where a placeholder stands: section 4 of the contract.

Text in, text out; the bytes are UTF-8. `path_part` and `safe_url` are also filters of the site's Jinja, which escapes
their results itself; `encode_href` is what a fragment holds.
"""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from markupsafe import escape

from edgekit.model.placeholder import Encoding

_C0_AND_SPACE: Final = "".join(map(chr, range(0x21)))
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SAFE_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})


def encode_html(text: str) -> str:
    """MarkupSafe's bytes: `&amp; &lt; &gt; &#34; &#39;`."""
    return str(escape(text))


def encode_url(text: str) -> str:
    """The bytes of Jinja's `|urlencode` of a string: `/` and the unreserved stay."""
    return quote(text, safe="/")


def path_part(text: str) -> str:
    """`text` as one segment of a URL's path: all but the unreserved escaped; empty, `.` and `..` become `-`."""
    return "-" if text in {"", ".", ".."} else quote(text, safe="")


def safe_url(text: str) -> str:
    """`text` as a URL parser reads it, or `about:invalid` if its scheme is not http, https, mailto or tel.

    The WHATWG URL parser strips C0 controls and spaces at both ends, and drops tabs and newlines anywhere.
    """
    # `translate` would take twenty times as long for text that is not ASCII.
    stripped = text.strip(_C0_AND_SPACE).replace("\t", "").replace("\n", "").replace("\r", "")
    scheme = _SCHEME.match(stripped)
    return "about:invalid" if scheme and scheme[1].lower() not in _SAFE_SCHEMES else stripped


def encode_href(text: str) -> str:
    return encode_html(safe_url(text))


def encode_json(value: str | int) -> str:
    """The bytes of Jinja's `htmlsafe_json_dumps`: ASCII, and no character that HTML could take for its own."""
    # `translate` would take twenty times as long.
    text = json.dumps(value).replace("<", r"\u003c").replace(">", r"\u003e")
    return text.replace("&", r"\u0026").replace("'", r"\u0027")


ENCODERS: Final[Mapping[Encoding, Callable[[str], str]]] = MappingProxyType(
    {"": encode_html, "url": encode_url, "path": path_part, "href": encode_href, "json": encode_json}
)
