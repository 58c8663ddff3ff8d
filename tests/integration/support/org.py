# SPDX-License-Identifier: MIT
"""An organisation at work: defines integrations, seals secrets, pushes jobs and decisions, waits for replies."""

import itertools
import json
import re
import uuid

from . import leaks, schemas
from .programs import run
from .waiting import PATIENCE

heard = []  # every reply of the test that runs, as it stood in Redis: shown where it fails
FIRST_MEMBERS = re.compile(r'^\{"v":1,"status":"[a-z_]+","sent":"(no|maybe|yes)","digest":"[^"]+"[,}]')
REPLY_WAIT = 15 * PATIENCE  # seconds

# Who refuses a message that is wrong on purpose: its schema says so, or it is beyond what a schema can say.
BY_SCHEMA, BY_WORKER = "schema", "worker"


class Reply(dict):
    """A reply; `text` is how it stood in Redis."""

    def __init__(self, text):
        super().__init__(json.loads(text))
        self.text = text
        schemas.check("reply", self)

    @property
    def code(self):
        return self["error"]["code"] if self["status"] == "failed" else None

    @property
    def problems(self):
        """`details` of invalid_inputs: path -> problem."""
        return {detail["path"]: detail["problem"] for detail in self["error"]["details"]}

    @property
    def token(self):
        assert self["status"] == "confirmation_pending", self.text
        return self["confirmation"]["token"]

    @property
    def preview(self):
        assert self["status"] == "confirmation_pending", self.text
        return self["confirmation"]["request"]


def integration(base_url, name="tickets", auth="none", **members_and_actions):
    """A definition: what is a dict with a `method` is an action, all else a member of the definition."""
    actions, members = {}, {}
    for key, value in members_and_actions.items():
        is_action = isinstance(value, dict) and "method" in value
        (actions if is_action else members)[key] = value
    auth = auth if isinstance(auth, dict) else {"method": auth}
    return {"name": name, "base_url": base_url, "auth": auth, **members, "actions": actions}


def numbered(base_url, **actions):
    """An integration whose calls a test tells apart: each has its input `n` in its path, and a write in its body too."""
    read = {"method": "GET", "path": "/r/{{n}}"}
    create = {"method": "POST", "path": "/c/{{n}}", "body": {"n": "{{n}}"}}
    return integration(base_url, read=read, create=create, **actions)


class Org:
    def __init__(self, name, redis, shard, options):
        self.name, self.redis, self.shard = name, redis, shard
        self.options = options  # what `bellhop` is told by its environment
        self.ids = itertools.count(1)

    # The administrator, with `bellhop`.

    def bellhop(self, *arguments, stdin="", **options):
        return run("bellhop", arguments, {**self.options, "org": self.name, **options}, stdin)

    def done(self, *arguments, stdin=""):
        """The same, and it must succeed."""
        result = self.bellhop(*arguments, stdin=stdin)
        assert result.code == 0, f"bellhop {' '.join(arguments)}: exit {result.code}: {result.err}"
        return result

    def put(self, definition):
        return self.done("put", "-", stdin=json.dumps(definition))

    def seal(self, name, field, value):
        leaks.remember(value)
        return self.done("secret", "set", name, field, stdin=value)

    # Producers and consumers, with Redis alone.

    def key(self, rest):
        return f"bellhop:{{{self.shard}}}:{rest}"

    def own(self, rest):
        return self.key(f"org:{self.name}:{rest}")

    def new_id(self):
        return f"{uuid.uuid4().hex[:8]}-{next(self.ids)}"

    def job(self, action, inputs=None, **members):
        """`action` is INTEGRATION/ACTION. A member that is None is left out."""
        name, action = action.split("/")
        job = {"v": 1, "id": self.new_id(), "org": self.name, "integration": name, "action": action}
        if inputs is not None:
            job["inputs"] = inputs
        job["reply_to"] = "r-" + self.new_id()
        job.update(members)
        return {name: value for name, value in job.items() if value is not None}

    def push(self, message, queue="workflow", refused=None):
        """Pushes a job (or any text) and gives it back. `refused` tells who refuses one that is wrong."""
        self.push_into(self.redis, message, queue, refused)
        return message

    def push_into(self, pipeline, message, queue="workflow", refused=None):
        """The same, into a pipeline: what must arrive together."""
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        kind = "decision" if queue == "decisions" else "job"
        if refused == BY_SCHEMA:
            assert schemas.problem(kind, text), f"the schema of a {kind} takes {text[:4000]}"
        else:
            schemas.check(kind, text)
        pipeline.lpush(self.key("jobs:" + queue), text)

    def reply(self, reply_to, timeout=REPLY_WAIT):
        """The next reply for `reply_to`; each is held against what must hold for all."""
        if isinstance(reply_to, dict):
            reply_to = reply_to["reply_to"]
        popped = self.redis.brpop(self.key("replies:" + reply_to), timeout=timeout)
        assert popped, f"no reply for {reply_to} within {timeout} s"
        text = popped[1]
        heard.append(text)
        assert FIRST_MEMBERS.match(text), text
        leaks.assert_none(text, "a reply")
        return Reply(text)

    def has_reply(self, reply_to):
        return self.redis.llen(self.key("replies:" + reply_to)) > 0

    def run(self, action, inputs=None, queue="workflow", refused=None, **members):
        return self.reply(self.push(self.job(action, inputs, **members), queue, refused))

    def ask(self, action, inputs=None, **members):
        """From chat, where a person is asked before a write."""
        return self.run(action, inputs, queue="chat", **members)

    def decision(self, token, decision, **members):
        message = {"v": 1, "id": self.new_id(), "org": self.name, "token": token, "decision": decision}
        message.update({"by": "user-42", "reply_to": "r-" + self.new_id()})
        message.update(members)
        return {name: value for name, value in message.items() if value is not None}

    def decide(self, token, decision, refused=None, **members):
        return self.reply(self.push(self.decision(token, decision, **members), "decisions", refused))

    def approve(self, token, **members):
        return self.decide(token, "approve", **members)

    def decline(self, token, **members):
        return self.decide(token, "decline", **members)

    def result(self, job_id):
        """What `result:` keeps, or None."""
        text = self.redis.get(self.key(f"result:{self.name}:{job_id}"))
        return Reply(text) if text else None

    def audit(self):
        return [entry for _, entry in self.redis.xrange(self.own("calls"))]

    def dead(self):
        entries = [json.loads(entry) for entry in self.redis.lrange(self.key("dead"), 0, -1)]
        for entry in entries:
            schemas.check("dead", entry)
        return entries
