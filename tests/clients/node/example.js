// SPDX-License-Identifier: MIT
/*
 * How a workflow engine and a chat backend use Bellhop, and what they do with each reply.
 *
 *     node example.js workflow ORG/INTEGRATION/ACTION ID INPUTS [ID INPUTS]...    steps that run side by side
 *     node example.js chat ORG/INTEGRATION/ACTION ID INPUTS                       a person is asked on the terminal
 *     node example.js result ORG ID                                               of a step that was left waiting
 *
 * BELLHOP_REDIS_URL and BELLHOP_SHARD as for the worker; WAIT_S is how long a step waits.
 */
'use strict';

const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');
const { Bellhop } = require('./bellhop.js');

const WAIT_MS = 1000 * Number(process.env.WAIT_S ?? 60);
const GRACE_MS = 2000; // what the worker says at a deadline still has to come
const TRIES = 3;

/* One line for each way in which a job can end. */
function outcome(reply) {
  // It may still run: look at result: later, or push it again under the same id.
  if (!reply) return 'no reply yet';
  switch (reply.status) {
    case 'succeeded':
      return `succeeded ${JSON.stringify(reply.output)}`;
    case 'declined':
      return 'declined';
    case 'confirmation_pending':
      return 'waits for a person';
  }
  const { code, message } = reply.error;
  // It may have happened: a person looks before anything is repeated.
  if (code === 'outcome_unknown') return `look at the upstream first: ${message}`;
  return `failed ${code}, sent ${reply.sent}: ${message}`;
}

/* A step of a workflow: repeated where the reply says that this is safe and may help. */
async function runStep(bellhop, job) {
  let id = job.id;
  for (let tried = 1; ; tried++) {
    const reply = await bellhop.run('workflow', { ...job, id }, WAIT_MS);
    if (!reply?.error?.retryable || tried === TRIES) return reply;
    await sleep(reply.error.retry_after_ms ?? 100 * 2 ** tried);
    // An id that was sent is used up; one that was not sent runs again.
    if (reply.sent !== 'no') id = `${job.id}.${tried + 1}`;
  }
}

/* Past its deadline nothing of it is sent any more, so what was given up does not happen behind somebody's back. */
async function runWhileSomebodyWaits(bellhop, queue, message) {
  const deadline = (await bellhop.nowMs()) + WAIT_MS;
  return bellhop.run(queue, { ...message, deadline_ms: deadline }, WAIT_MS + GRACE_MS);
}

/* A tool call of a chat: a write comes back to be shown to a person, and goes on with what the person says. */
async function runToolCall(bellhop, job, ask) {
  const reply = await runWhileSomebodyWaits(bellhop, 'chat', job);
  if (reply?.status !== 'confirmation_pending') return outcome(reply);
  const { token, expires_at_ms: expiresAt } = reply.confirmation;
  const yes = await ask(reply.confirmation, expiresAt - (await bellhop.nowMs()));
  // The token is worthless by now, and nothing was sent.
  if (yes === null) return 'nobody answered';
  const decision = { org: job.org, id: `${job.id}.decision`, token, decision: yes ? 'approve' : 'decline', by: 'user-42' };
  return outcome(await runWhileSomebodyWaits(bellhop, 'decisions', decision));
}

/* True, false, or null where nobody answered. What is shown is what will be sent. */
function askOnTerminal({ title, request }, leftMs) {
  console.log(`${title}? ${request.method} ${request.url} ${request.body ?? ''}`);
  const lines = readline.createInterface({ input: process.stdin });
  return new Promise((resolve) => {
    const timer = setTimeout(() => lines.close(), Math.min(leftMs, 2 ** 31 - 1));
    lines.once('line', (line) => resolve(line.trim() === 'yes'));
    lines.once('close', () => resolve(null));
    lines.once('line', () => lines.close());
    lines.once('close', () => clearTimeout(timer));
  });
}

async function main(verb, target, ...rest) {
  const url = process.env.BELLHOP_REDIS_URL ?? 'redis://127.0.0.1:6379/0';
  const bellhop = new Bellhop({ url, shard: process.env.BELLHOP_SHARD });
  await bellhop.start();
  const [org, integration, action] = target.split('/');
  const jobs = [];
  for (let i = 0; verb !== 'result' && i + 1 < rest.length; i += 2)
    jobs.push({ org, integration, action, id: rest[i], inputs: JSON.parse(rest[i + 1]) });
  if (verb === 'result') {
    console.log(`${rest[0]}: ${outcome(await bellhop.result(target, rest[0]))}`);
  } else if (verb === 'chat') {
    console.log(`${jobs[0].id}: ${await runToolCall(bellhop, jobs[0], askOnTerminal)}`);
  } else {
    const replies = await Promise.all(jobs.map((job) => runStep(bellhop, job)));
    jobs.forEach((job, i) => console.log(`${job.id}: ${outcome(replies[i])}`));
  }
  await bellhop.stop();
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
