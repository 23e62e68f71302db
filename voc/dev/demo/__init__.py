"""`make demo`: the whole system on this machine, with complaints going through it.

`options` reads what was asked for, `programs` says what runs, `api` looks at tickets as any client would, `table` shows
them, `story` tells what happens in which order.
"""
