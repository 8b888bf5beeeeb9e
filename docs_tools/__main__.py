"""`python -m docs_tools`: make the parts of docs/ that come from the program."""

import sys

from docs_tools.blocks import PageError
from docs_tools.pages import update


def main() -> int:
    """Rewrite the pages. Returns the exit code."""
    try:
        changed = update()
    except PageError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Changed: {', '.join(changed)}." if changed else "Every page is up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
