"""One question to klippy's or Moonraker's unix socket: JSON that ends in the byte 3."""

import asyncio
import json
from pathlib import Path
from typing import Any

_END = b"\x03"
_LIMIT = 20 * 1024 * 1024


async def ask(socket: Path, method: str, timeout: float = 5.0) -> dict[str, Any] | None:
    """The result of a method without parameters, None if there is no answer in real time or it is an error."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_unix_connection(str(socket), limit=_LIMIT)
            try:
                writer.write(
                    json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}).encode() + _END
                )
                while True:
                    answer = json.loads((await reader.readuntil(_END))[:-1])
                    if answer.get("id") == 1:
                        result = answer.get("result")
                        return result if isinstance(result, dict) else {"value": result} if result else None
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return None
