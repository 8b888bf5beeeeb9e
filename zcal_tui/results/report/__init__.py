"""A page about a printer that its owner can show: every check's newest result, as HTML, Markdown or JSON."""
