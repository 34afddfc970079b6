"""Modules that are neither Python's, nor of an installed package, nor edgekit's: a site's functions may import them.

Over PYTHONPATH, say, or from a package that is installed as a link.
"""

import os
import sys
from typing import Final

from edgekit.project.toolchain import PACKAGE, PACKAGE_FOLDERS

_LIBRARY: Final = os.path.dirname(os.__file__)


def list_foreign_modules() -> list[str]:
    """The files of those that this process has imported."""
    origins = {getattr(getattr(module, "__spec__", None), "origin", None) for module in list(sys.modules.values())}
    own = tuple(f"{folder}/" for folder in (_LIBRARY, PACKAGE))
    return sorted(
        origin
        for origin in origins
        if origin is not None
        and os.path.isfile(origin)
        and not origin.startswith(own)
        and not any(f"/{folder}/" in origin for folder in PACKAGE_FOLDERS)
    )
