"""A lecturer who changes the screen, and followers who wait for it: when do they know?"""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any

from visitors.viewers import Connection

PAUSES = (0.5, 2.0)
"""Seconds between two changes of a lecturer's screen, from and to."""


async def known(connection: Connection, *request: Any) -> dict[str, Any]:
    """Return the JSON that the server answers. Raises ConnectionError if it refuses."""
    answer = await connection.ask(*request)
    if answer.status != 200:
        raise ConnectionError(answer.status)
    return json.loads(answer.body)


class Lecture:
    """One lecture. waits: seconds from the moment when the lecturer's page sends a screen until a follower
    has it, one for each follower and screen."""

    def __init__(self, port: int, code: str, key: str, queries: list[str]) -> None:
        self._port, self._code, self._key, self._queries = port, code, key, queries
        self._shown: dict[str, float] = {}
        self._present = self._known = 0
        self.waits: list[float] = []
        self.screens = 0

    async def run(self, followers: int, seconds: float) -> None:
        """Lead for so many seconds, with so many followers."""
        audience = [asyncio.create_task(self._follow()) for _ in range(followers)]
        while self._present < followers:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        await self._lead(time.perf_counter() + seconds, followers)
        for follower in audience:
            follower.cancel()
        await asyncio.gather(*audience, return_exceptions=True)

    async def _lead(self, until: float, followers: int) -> None:
        draw = random.Random(0)
        connection = Connection("127.0.0.1", self._port)
        while time.perf_counter() < until:
            query = f"{draw.choice(self._queries)}&seed={self.screens}"
            self._shown[query] = time.perf_counter()
            self._known = 0
            await known(connection, "/follow", {"Authorization": f"Bearer {self._key}"}, "POST", query)
            self.screens += 1
            await asyncio.sleep(draw.uniform(*PAUSES))
            if self._known < followers:
                print(f"{followers - self._known} followers do not know the screen after the pause")

    async def _follow(self) -> None:
        connection = Connection("127.0.0.1", self._port)
        version = -1
        while True:
            async for line in connection.lines(f"/follow/{self._code}?after={version}"):
                answer = json.loads(line)
                if version < 0:
                    self._present += 1
                if answer["query"] in self._shown:
                    self.waits.append(time.perf_counter() - self._shown[answer["query"]])
                    self._known += 1
                version = answer["version"]
