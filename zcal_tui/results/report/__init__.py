"""A page about a printer to share: every check's newest result, as HTML, Markdown or JSON."""
