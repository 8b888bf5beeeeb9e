"""A character drawing of the probe's position relative to the nozzle, which shows the meaning of the signs."""

SIZE = 5
"""Characters from the nozzle to the edge, across; the drawing is 2 × SIZE + 1 wide."""


def drawing(x_offset: float, y_offset: float) -> str:
    """The toolhead from above, X to the right and Y to the back: N the nozzle, P the probe, B where both are one."""
    reach = max(abs(x_offset), abs(y_offset), 1e-9)
    column = SIZE + round(SIZE * x_offset / reach)
    row = 2 - round(2 * y_offset / reach)
    together = max(abs(x_offset), abs(y_offset)) < 0.05
    rows = [[" ·"[(line + place) % 2] for place in range(2 * SIZE + 1)] for line in range(5)]
    rows[2][SIZE] = "B" if together else "N"
    if not together:
        rows[row][column] = "P"
    lines = ["".join(line) for line in rows]
    words = [
        "seen from above",
        "↑ back (Y+)",
        "→ right (X+)",
        f"x_offset {x_offset:+.2f}: {_side(x_offset, 'right', 'left')}",
        f"y_offset {y_offset:+.2f}: {_side(y_offset, 'behind', 'in front')}",
    ]
    return "\n".join(f"{line}   {word}" for line, word in zip(lines, words, strict=True))


def _side(offset: float, plus: str, minus: str) -> str:
    if abs(offset) < 0.005:
        return "the probe is neither side of the nozzle"
    side = plus if offset > 0 else minus
    return (
        f"the probe is {side} of the nozzle"
        if side in ("right", "left", "in front")
        else f"the probe is {side} the nozzle"
    )
