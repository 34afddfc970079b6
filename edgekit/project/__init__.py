"""A site folder read into a typed, immutable `Site`: configuration, tiers, data, pages, assets.

Raises EdgekitError with EK1xx diagnostics for what cannot be read; compiles nothing.
"""
