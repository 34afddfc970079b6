"""Modules that are neither Python's, nor of an installed package, nor edgekit's: a site's functions may import them.

Over PYTHONPATH, say, or from a package that is installed as a link.
"""

import os
import sys
from types import ModuleType
from typing import Final
from weakref import WeakKeyDictionary

from edgekit.project.fingerprint import digest_at
from edgekit.project.toolchain import PACKAGE, PACKAGE_FOLDERS

_LIBRARY: Final = os.path.dirname(os.__file__)

_loaded: Final[WeakKeyDictionary[ModuleType, str]] = WeakKeyDictionary()
"""The digest that a module's file had when it was first seen: a module stays what it was when it was imported."""


def digest_foreign_modules() -> dict[str, str]:
    """The files of those that this process has imported, with the digest (hex) of what each was imported from."""
    own = tuple(f"{folder}/" for folder in (_LIBRARY, PACKAGE))
    found = {}
    for module in list(sys.modules.values()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if (
            isinstance(module, ModuleType)
            and origin is not None
            and os.path.isfile(origin)
            and not origin.startswith(own)
            and not any(f"/{folder}/" in origin for folder in PACKAGE_FOLDERS)
        ):
            if module not in _loaded:
                _loaded[module] = digest_at(origin)
            found[origin] = _loaded[module]
    return found
