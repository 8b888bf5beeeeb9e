"""The least that following many printers takes: `python -m benchmarks.bare_clients SOCKET …`.

It connects to each klippy, subscribes what zcal-tui subscribes, reads the whole configuration, and keeps all of it as
the parsed JSON. It prints a line once it has everything, and ends when its standard input closes.
"""

import asyncio
import json
import sys
from typing import Any

_TERMINATOR = b"\x03"
COMPLETE = "complete"


async def _follow(path: str, kept: dict[str, Any], complete: asyncio.Event) -> None:
    reader, writer = await asyncio.open_unix_connection(path, limit=2**24)

    async def call(method: str, **params: Any) -> Any:
        request = {"id": 1, "method": method, "params": params}
        writer.write(json.dumps(request).encode() + _TERMINATOR)
        while True:
            message = json.loads((await reader.readuntil(_TERMINATOR))[:-1])
            if message.get("id") == 1:
                return message["result"]

    objects = (await call("objects/list"))["objects"]
    kept[path] = (await call("objects/query", objects={"configfile": None}))["status"]
    wanted = dict.fromkeys(name for name in objects if name != "configfile")
    kept[path] |= (await call("objects/subscribe", objects=wanted, response_template={}))["status"]
    complete.set()
    while True:
        message = json.loads((await reader.readuntil(_TERMINATOR))[:-1])
        for name, fields in message["params"]["status"].items():
            kept[path].setdefault(name, {}).update(fields)


async def _main(paths: list[str]) -> None:
    kept: dict[str, Any] = {}
    complete = [asyncio.Event() for _ in paths]
    followers = [
        asyncio.create_task(_follow(path, kept, event)) for path, event in zip(paths, complete, strict=True)
    ]
    for event in complete:
        await event.wait()
    print(COMPLETE, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for follower in followers:
        follower.cancel()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
