"""What a server is started with, beside its store."""

import msgspec


class Options(msgspec.Struct, frozen=True):
    """`workers` is how many processes answer."""

    workers: int = 1
