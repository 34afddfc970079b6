"""What users read when something is wrong: a catalogue of codes, a finding as data, the exception that carries them.

Knows nothing of the rooms that find; prints nothing (only `cli` prints).
"""
