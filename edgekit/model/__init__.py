"""What every room shares: keys, digests, slots, the fragment's text form and the manifest.

Plain data and the rules of their written forms; no I/O. Uses the standard library and msgspec only.
"""
