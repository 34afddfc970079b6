"""What a server is started with, beside its store."""

import msgspec

from edgekit.replay.identity.secrets import Secrets


class Options(msgspec.Struct, frozen=True):
    """`workers` is how many processes answer; in `production` only releases are served that nobody can walk into."""

    workers: int = 1
    production: bool = False
    secrets: Secrets = Secrets()
