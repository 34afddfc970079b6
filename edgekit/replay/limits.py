"""What one client may take of the server, and what the origin may."""

from typing import Final

MAX_HEAD_BYTES: Final = 64 * 1024
"""Of a request's line and headers together."""
MAX_UNREAD_BYTES: Final = 1024 * 1024
"""Of a request's body that nobody asked for: it is read and dropped, so that its sender comes to read the answer."""
UNREAD_SECONDS: Final = 5
"""For such a body."""
BODY_SECONDS: Final = 10
"""For a body that is read."""
MAX_CONNECTIONS: Final = 2_048
"""At once, for each worker; others wait until one of these ends."""
HEAD_SECONDS: Final = 30
"""For the head of a request, the wait for it on a kept connection included."""
READER_SECONDS: Final = 30
"""For which a client may take nothing of its answer."""
MAX_SIGNALS: Final = 16
"""Connections that send signals, for each worker. Before a message can be refused for its size, the server holds all of
it: up to 64 MiB."""
SIGNAL_SECONDS: Final = 600
"""For which such a connection may have no message: of a client that is gone nothing may be heard."""
MAX_EVENT_BYTES: Final = 64 * 1024
"""Of a webhook's body or a signal's message: the contract, section 8."""
MAX_EVENTS_WAITING: Final = 256
"""For each worker; each may hold `MAX_EVENT_BYTES`."""
WHOLE_BYTES: Final = 64 * 1024
"""Of an answer that is handed to the connection at once."""
PIECE_BYTES: Final = 16 * 1024
"""Of a longer one, piece by piece: a slow reader holds a few of them, and no whole body."""
STOP_SECONDS: Final = 5
"""How long requests that are being answered may take when the server stops."""
KEEP_ALIVE_SECONDS: Final = 15
"""After which a stream that nothing happens on is written to: only so is a dead connection noticed."""
ORIGIN_BODY_SECONDS: Final = 30
"""For which nothing may come of a request's body that goes to the origin."""
ORIGIN_CONNECT_SECONDS: Final = 5
"""For a connection to the origin to be opened, and before that for room for it."""
ORIGIN_SECONDS: Final = 60
"""For which the origin may send nothing of an answer, or take nothing of a request."""
ORIGIN_IDLE_SECONDS: Final = 15
"""After which a connection to the origin that is not used is closed."""
ORIGIN_CONNECTIONS: Final = 256
"""To the origin at once, for each worker, of those that are kept and as many of the others."""
