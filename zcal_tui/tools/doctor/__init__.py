"""`zcal-tui doctor`: diagnose connection and setup problems, also where no printer can be reached.

A module a topic: `gather_…` reads without changing anything, `judge_…` makes findings of what was read and does no I/O.
"""
