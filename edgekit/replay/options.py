"""What a server is started with, beside its store."""

import msgspec

from edgekit.replay.faults import Faults
from edgekit.replay.secrets import Secrets


class Options(msgspec.Struct, frozen=True):
    """`workers` is how many processes answer; in `production` only releases are served that nobody can walk into; `lag`
    is for how many seconds nobody sees what an event changed; `faults` is what goes wrong on purpose."""

    workers: int = 1
    production: bool = False
    secrets: Secrets = Secrets()
    lag: float = 0
    faults: Faults | None = None
