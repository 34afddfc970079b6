"""Who asks: a user id that a trusted proxy, a signed token or a signed cookie tells (contract, sections 3, 8 and 12).

Whatever is wrong with a credential, whoever sends it is a guest: there is no other answer, and no error that would tell
an attacker how near they were. Nothing is fetched, and no clock but the request's is asked.
"""
