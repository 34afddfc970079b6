"""What is told of a bug of ours: not its message, which might hold a value."""

import traceback
from pathlib import Path


def describe_bug(error: Exception) -> str:
    """The type of an exception that was raised, and where."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
