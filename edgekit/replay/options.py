"""What a server is started with, beside its store."""

import msgspec


class Options(msgspec.Struct, frozen=True):
    """`workers` is how many processes answer; `admin_token` is what operators show, None if nobody can."""

    workers: int = 1
    production: bool = False
    admin_token: bytes | None = None

    def __repr__(self) -> str:
        return f"Options(workers={self.workers}, production={self.production}, …)"  # no secret
