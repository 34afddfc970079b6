"""What a server is started with, beside its store."""

import msgspec

from edgekit.replay.faults import Faults


class Options(msgspec.Struct, frozen=True):
    """`workers` is how many processes answer; `faults` what goes wrong on purpose."""

    workers: int = 1
    faults: Faults | None = None
