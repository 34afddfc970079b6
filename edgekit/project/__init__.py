"""A site folder read into a typed, immutable `Site`: configuration, tiers, data, pages, assets, own functions.

Raises EdgekitError with EK1xx diagnostics for what cannot be read. Compiles nothing, and runs no code but the import
of the modules that `[jinja]` names.
"""
