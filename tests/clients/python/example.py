# SPDX-License-Identifier: MIT
"""
How a workflow engine and a chat backend use Bellhop, and what they do with each reply.

    python3 example.py workflow ORG/INTEGRATION/ACTION ID INPUTS [ID INPUTS]...    steps that run side by side
    python3 example.py chat ORG/INTEGRATION/ACTION ID INPUTS                       a person is asked on the terminal
    python3 example.py result ORG ID                                               of a step that was left waiting

BELLHOP_REDIS_URL and BELLHOP_SHARD as for the worker; WAIT_S is how long a step waits.
"""

import asyncio
import json
import os
import sys

from bellhop import Bellhop

WAIT_S = float(os.environ.get("WAIT_S", "60"))
GRACE_S = 2  # what the worker says at a deadline still has to come
TRIES = 3


def outcome(reply):
    """One line for each way in which a job can end."""
    if reply is None:
        return "no reply yet"  # it may still run: look at result: later, or push it again under the same id
    if reply["status"] == "succeeded":
        return "succeeded " + json.dumps(reply["output"], separators=(",", ":"), ensure_ascii=False)
    if reply["status"] == "declined":
        return "declined"
    if reply["status"] == "confirmation_pending":
        return "waits for a person"
    error = reply["error"]
    if error["code"] == "outcome_unknown":  # it may have happened: a person looks before anything is repeated
        return "look at the upstream first: " + error["message"]
    return f"failed {error['code']}, sent {reply['sent']}: {error['message']}"


async def run_step(bellhop, job):
    """A step of a workflow: repeated where the reply says that this is safe and may help."""
    first = job["id"]
    for tried in range(1, TRIES + 1):
        reply = await bellhop.run("workflow", job, WAIT_S)
        error = (reply or {}).get("error")
        if not error or not error["retryable"] or tried == TRIES:
            return reply
        await asyncio.sleep(error.get("retry_after_ms", 100 * 2**tried) / 1000)
        if reply["sent"] != "no":  # an id that was sent is used up; one that was not sent runs again
            job = {**job, "id": f"{first}.{tried + 1}"}


async def run_while_somebody_waits(bellhop, queue, message):
    """Past its deadline nothing of it is sent any more, so what was given up does not happen behind somebody's back."""
    deadline_ms = await bellhop.now_ms() + int(WAIT_S * 1000)
    return await bellhop.run(queue, {**message, "deadline_ms": deadline_ms}, WAIT_S + GRACE_S)


async def run_tool_call(bellhop, job, ask):
    """A tool call of a chat: a write comes back to be shown to a person, and goes on with what the person says."""
    reply = await run_while_somebody_waits(bellhop, "chat", job)
    if not reply or reply["status"] != "confirmation_pending":
        return outcome(reply)
    confirmation = reply["confirmation"]
    left_ms = confirmation["expires_at_ms"] - await bellhop.now_ms()
    yes = await ask(confirmation, left_ms / 1000)
    if yes is None:
        return "nobody answered"  # the token is worthless by now, and nothing was sent
    decision = {
        "id": job["id"] + ".decision",
        "org": job["org"],
        "token": confirmation["token"],
        "decision": "approve" if yes else "decline",
        "by": "user-42",
    }
    return outcome(await run_while_somebody_waits(bellhop, "decisions", decision))


async def ask_on_terminal(confirmation, seconds):
    """True, False, or None where nobody answered. What is shown is what will be sent."""
    request = confirmation["request"]
    print(f"{confirmation['title']}? {request['method']} {request['url']} {request.get('body', '')}", flush=True)
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    loop.add_reader(sys.stdin, lambda: answer.done() or answer.set_result(sys.stdin.readline()))
    try:
        line = await asyncio.wait_for(answer, max(seconds, 0))
        return line.strip() == "yes" if line else None
    except asyncio.TimeoutError:
        return None
    finally:
        loop.remove_reader(sys.stdin)


async def main(verb, target, *rest):
    url = os.environ.get("BELLHOP_REDIS_URL", "redis://127.0.0.1:6379/0")
    async with Bellhop(url, os.environ.get("BELLHOP_SHARD", "main")) as bellhop:
        if verb == "result":
            print(f"{rest[0]}: {outcome(await bellhop.result(target, rest[0]))}")
            return
        org, integration, action = target.split("/")
        about = {"org": org, "integration": integration, "action": action}
        jobs = [{**about, "id": i, "inputs": json.loads(text)} for i, text in zip(rest[::2], rest[1::2])]
        if verb == "chat":
            print(f"{jobs[0]['id']}: {await run_tool_call(bellhop, jobs[0], ask_on_terminal)}")
            return
        replies = await asyncio.gather(*(run_step(bellhop, job) for job in jobs))
        for job, reply in zip(jobs, replies):
            print(f"{job['id']}: {outcome(reply)}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
