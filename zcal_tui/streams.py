"""Standard output and error that write text from outside harmlessly, whoever writes it: tracebacks and warnings too."""

import io
import os
import sys

from zcal_tui.model.outside_text import printable


class PlainStream(io.TextIOWrapper):
    """A text stream that replaces what would control a terminal. What this program draws itself goes to `draw`."""

    def write(self, text: str, /) -> int:
        super().write(printable(text))
        return len(text)

    def draw(self, text: str) -> None:
        """Write text of this program's own as it is, control sequences included."""
        super().write(text)


def draw(text: str) -> None:
    """Draw on standard error, where it is a terminal: a line that is overwritten."""
    stream = sys.stderr
    if isinstance(stream, PlainStream):
        stream.draw(text)
    else:
        stream.write(text)
    stream.flush()


def protect_streams() -> None:
    """Make standard output and error plain for the rest of the process."""
    # Python colours its tracebacks and argparse its help from 3.13 on; here the colours would be shown as text
    os.environ["PYTHON_COLORS"] = "0"
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and not isinstance(stream, PlainStream):
            setattr(sys, name, plain(stream))


def plain(stream: io.TextIOWrapper) -> PlainStream:
    """A plain stream to the same file descriptor."""
    stream.flush()
    unbuffered = open(stream.fileno(), "wb", closefd=False)  # noqa: SIM115  for as long as we run
    return PlainStream(
        unbuffered,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
