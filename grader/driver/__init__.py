"""The trusted side of the conversation: plays calls and clock moves, and records what happens.

Nothing here imports a candidate. What it knows it saw: which protected calls
ran (each calls up, and gets a token that nobody could know before), which
came back with what, and when on the virtual clock.
"""
