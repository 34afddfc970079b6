"""What compiler and replay both run: encodings, slot values, records, and the one join that fills a fragment.

No Jinja, no store, no I/O: text and bytes in, text and bytes out.
"""
