"""Every code with its title and why it exists. Declared here = emitted somewhere (a test compares).

EK1xx site and configuration · EK2xx slot used as a value · EK3xx HTML context · EK4xx keys, sizes, store ·
EK5xx budget · EK6xx delivery and caching · EK7xx targets · EK8xx warnings for what silently does nothing.
"""

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """What a code stands for: a short title (the bad pattern, never the remedy) and one sentence of why."""

    title: str
    why: str


CATALOGUE: Final[dict[str, Entry]] = {}
