# SPDX-License-Identifier: MIT
"""Answers jobs and decisions as it is told, where a test is about what the tool pushes and how it takes the reply."""

import json
import threading

from . import schemas


class StandIn:
    """`with StandIn(org, answer) as seen:` calls `answer(queue, message)` for each message and pushes what it gives, a dict or a
    text; `seen` is the list of (queue, message). None is no reply."""

    def __init__(self, org, answer):
        self.org, self.answer = org, answer
        self.seen = []
        self.failure = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        queues = {self.org.key("jobs:" + name): name for name in ("decisions", "chat", "workflow")}
        try:
            while not self.ended.is_set():
                popped = self.org.redis.brpop(list(queues), timeout=0.05)
                if popped:
                    self._take(queues[popped[0]], json.loads(popped[1]))
        except Exception as failure:  # shown by the test that waits, not lost in a thread
            self.failure = failure

    def _take(self, queue, message):
        schemas.check("decision" if queue == "decisions" else "job", message)
        self.seen.append((queue, message))
        reply = self.answer(queue, message)
        if reply is not None:
            text = reply if isinstance(reply, str) else json.dumps(reply)
            self.org.redis.lpush(self.org.key("replies:" + message["reply_to"]), text)

    def __enter__(self):
        self.thread.start()
        return self.seen

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        if self.failure:
            raise self.failure


def reply(message, status="succeeded", sent="yes", **members):
    about = {name: message[name] for name in ("id", "org", "integration", "action") if name in message}
    return {"v": 1, "status": status, "sent": sent, "digest": "d", **about, **members}
