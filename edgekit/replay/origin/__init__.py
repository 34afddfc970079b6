"""`[origin]`: what edgekit does not answer goes to the application behind it, and its answer comes back as it is.

`forward` decides from a request and a release, without sockets; `headers` says what of a head goes on; `exchange` moves
the bytes. Called by `core` and the application.
"""
