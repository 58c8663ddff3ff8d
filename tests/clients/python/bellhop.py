# SPDX-License-Identifier: MIT
"""
A client of Bellhop for asyncio: one process, one reply queue, any number of waiters.

    async with Bellhop("redis://127.0.0.1:6379/0") as bellhop:
        reply = await bellhop.run("workflow", job, wait_s=60)

Needs redis-py (`python3-redis` of Debian, or `pip install redis`).
"""

import asyncio
import json
import logging
import secrets

import redis.asyncio as redis
from redis.exceptions import RedisError

log = logging.getLogger("bellhop")

BLOCK_S = 5  # how long one BRPOP waits; a peer that is silent for much longer is gone
RETRY_S = 0.5
PUSH_TRIES = 5


class Bellhop:
    def __init__(self, url, shard="main"):
        self.prefix = f"bellhop:{{{shard}}}:"
        # A new name for each process: nobody else pops our replies, and what is left of it expires.
        self.reply_to = "py-" + secrets.token_hex(8)
        self.waiting = {}  # id -> a future of its reply
        self.closing = False
        self.redis = redis.Redis.from_url(url, decode_responses=True, socket_timeout=3 * BLOCK_S)

    async def __aenter__(self):
        self.reader = asyncio.create_task(self._read_replies())
        return self

    async def __aexit__(self, *_):
        self.closing = True
        self.reader.cancel()
        await self.redis.connection_pool.disconnect()  # for wait_for() swallows a cancel that comes with a result
        await asyncio.gather(self.reader, return_exceptions=True)
        await self.redis.connection_pool.disconnect()

    async def now_ms(self):
        """Redis's clock, the one that deadlines go by."""
        seconds, microseconds = await self.redis.time()
        return seconds * 1000 + microseconds // 1000

    async def run(self, queue, message, wait_s):
        """
        Pushes a job ("chat", "workflow") or a decision ("decisions") and waits for its reply. None: there is none yet.
        Then it may still run; ask result() later, or run() the same again: under the same id that is safe.
        """
        message = {"v": 1, **message, "reply_to": self.reply_to}
        future = self.waiting.setdefault(message["id"], asyncio.get_running_loop().create_future())
        try:
            await self._push(queue, message)
            return await asyncio.wait_for(asyncio.shield(future), wait_s)
        except asyncio.TimeoutError:
            # The reply may have come to a connection that broke, or to a process that died.
            return await self.result(message["org"], message["id"])
        finally:
            self.waiting.pop(message["id"], None)

    async def result(self, org, job_id):
        """The newest reply of an id, kept for an hour (RESULT_TTL), or None."""
        text = await self.redis.get(f"{self.prefix}result:{org}:{job_id}")
        return json.loads(text) if text else None

    async def _push(self, queue, message):
        """A push whose answer was lost may have worked. The id makes it safe to push again."""
        for left in reversed(range(PUSH_TRIES)):
            try:
                return await self.redis.lpush(f"{self.prefix}jobs:{queue}", json.dumps(message))
            except (RedisError, OSError):
                if not left:
                    raise
                await asyncio.sleep(RETRY_S)

    async def _read_replies(self):
        """The one reader: hands each reply to whoever waits for its id. redis-py connects anew after an error."""
        while not self.closing:
            try:
                popped = await self.redis.brpop([f"{self.prefix}replies:{self.reply_to}"], timeout=BLOCK_S)
            except (RedisError, OSError) as error:
                if self.closing:
                    return
                log.warning("no replies for now: %s", error)
                await asyncio.sleep(RETRY_S)
                continue
            if popped:
                reply = json.loads(popped[1])
                future = self.waiting.get(reply.get("id"))
                if future and not future.done():
                    future.set_result(reply)
                else:  # of somebody who gave up: it is at result: too
                    log.info("nobody waits for the reply of %s", reply.get("id"))
