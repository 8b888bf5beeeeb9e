"""Waiting for something that a server does in its own time."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], limit: float = 30.0) -> None:
    """Return once `condition()` holds. Raises TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110  what is watched has no event of its own
            await asyncio.sleep(0.01)
