"""Where a redirect leads: its target with the parts of the path that met it (contract, section 3).

A target begins with `/` and something else, or with scheme and host, and a part holds neither a slash nor, once it is
encoded, a backslash: so no Location begins with `//` or `/\\`.
"""

import re
from typing import Final
from urllib.parse import quote

from edgekit.model.path import MAX_PATH_BYTES, encode_path
from edgekit.model.redirect import PART, Met
from edgekit.replay.response import Answer, redirect, refuse

_PATH: Final = re.compile(r"[^?#]*")


def follow(met: Met, query: bytes) -> Answer:
    """The redirect's answer, with the request's query; 414 if it leads to a path that is too long to be answered."""
    location = _write(met) if met.parts else met.rule.to
    return redirect(location, query, met.rule.status) if len(location) <= MAX_PATH_BYTES else refuse(414)


def _write(met: Met) -> str:
    """The target in ASCII; in its path a part is encoded as a path, behind it all but the unreserved."""
    path = _PATH.match(met.rule.to)
    assert path is not None
    behind = met.rule.to[path.end() :]
    written = PART.sub(lambda part: encode_path(met.parts[part[1]]), path[0])
    return written + PART.sub(lambda part: quote(met.parts[part[1]], safe=""), behind)
