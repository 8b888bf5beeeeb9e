"""`zcal-tui bug-report`: one text file about this installation and its last runs, to attach to a bug report.

Nothing that a person wrote gets into it: of every text only words remain that this program itself uses.
"""
