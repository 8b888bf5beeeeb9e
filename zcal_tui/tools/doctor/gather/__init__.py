"""What there is on this machine and at the printer: read only, each with a time limit."""

from pathlib import Path


def there(path: Path) -> bool:
    """Whether there is something that can be seen from here; homes of other users cannot be looked into."""
    try:
        path.stat()
    except OSError:
        return False
    return True
