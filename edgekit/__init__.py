"""edgekit compiles personalised pages ahead of time; at the edge only look up and replace."""

__version__ = "0.1.0"
