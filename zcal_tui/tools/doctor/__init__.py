"""`zcal-tui doctor`: what is in the way, and how to mend it, also where no printer can be reached.

`gather` looks, without changing anything; `judge` makes findings of what was seen, without looking at anything itself.
"""
