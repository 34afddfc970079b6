"""Sizes of tests: `EDGEKIT_TEST_SCALE` multiplies them (`make test-full` sets it)."""

import os

SCALE = int(os.environ.get("EDGEKIT_TEST_SCALE", "1"))


def scaled(size: int) -> int:
    return size * SCALE
