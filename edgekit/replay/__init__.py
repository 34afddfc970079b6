"""Answering a request from a store: `respond` is pure, the server puts it on a socket.

Reads snapshots of any `kv.reader.Store`; renders nothing, writes nothing, knows no compiler and no Jinja.
"""
