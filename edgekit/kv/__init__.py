"""The key-value store: reading a snapshot, staging and publishing releases, users, live edits.

Knows namespaces, keys and bytes; compiles nothing and answers no request.
"""
