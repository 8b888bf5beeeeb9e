"""The commands about stored results: history, report, compare, changed, resume, undo
and manual-probe."""

RESULT_PROGRAMS = {
    "history": "list the runs of each check and whether their estimates drift",
    "report": "write a page with every check's newest result, as Markdown, HTML or JSON",
    "compare": "compare two runs and show which differences are statistically significant",
    "changed": "record a hardware change that Klipper cannot detect",
    "resume": "resume an interrupted run, or close it",
    "manual-probe": "take over a manual probe that another command or screen has opened",
    "undo": "put back the values before the last save, by consent",
}
"""Their names on the command line, and what each does."""
