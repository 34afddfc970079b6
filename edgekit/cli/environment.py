"""What the environment says, where no option may: everybody on a machine can read a command line."""

import os
from typing import Final

ADMIN_TOKEN: Final = "EDGEKIT_ADMIN_TOKEN"  # noqa: S105 - the name of a variable


def read_admin_token() -> bytes | None:
    """What operators show a server, and the server compares; None if it is not set or empty."""
    return os.environ.get(ADMIN_TOKEN, "").encode(errors="surrogateescape") or None
