"""The commands about what is kept: history, report, compare, changed and resume."""

RESULT_PROGRAMS = {
    "history": "the runs of each check, and whether their numbers move",
    "report": "one page to show: every check's newest result, as Markdown, HTML or JSON",
    "compare": "two runs side by side: is the difference more than chance?",
    "changed": "say what was changed on the machine, so that what depends on it counts as stale",
    "resume": "go on with a run that was cut off, or close it",
}
"""The words they go by on the command line."""
