// SPDX-License-Identifier: MIT
/*
 * A client of Bellhop: one process, one reply queue, any number of waiters.
 *
 *     const bellhop = new Bellhop({ url: 'redis://127.0.0.1:6379/0' });
 *     await bellhop.start();
 *     const reply = await bellhop.run('workflow', job, 60000);
 *
 * Needs node-redis 4 or later (`npm install redis`, or Debian's node-redis).
 */
'use strict';

const { randomBytes } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const { createClient } = require('redis');

const BLOCK_S = 5; // how long one BRPOP waits
const RETRY_MS = 500;
const PUSH_TRIES = 5;

class Bellhop {
  constructor({ url, shard = 'main', log = console.error }) {
    this.prefix = `bellhop:{${shard}}:`;
    // A new name for each process: nobody else pops our replies, and what is left of it expires.
    this.replyTo = `node-${randomBytes(8).toString('hex')}`;
    this.waiting = new Map(); // id -> what its reply is given to
    this.log = log;
    const socket = { reconnectStrategy: (tried) => Math.min(100 * 2 ** tried, 2000) };
    this.redis = createClient({ url, socket });
    this.blocking = this.redis.duplicate(); // BRPOP holds up a connection: it has its own
    for (const client of [this.redis, this.blocking])
      client.on('error', (error) => log(`bellhop: ${error.message}`)); // it connects again by itself
  }

  async start() {
    await Promise.all([this.redis.connect(), this.blocking.connect()]);
    this.reader = this.readReplies();
  }

  async stop() {
    this.stopped = true;
    await this.blocking.disconnect();
    await this.reader;
    await this.redis.quit();
  }

  /* Redis's clock, the one that deadlines go by. */
  async nowMs() {
    return (await this.redis.time()).getTime();
  }

  /*
   * Pushes a job ('chat', 'workflow') or a decision ('decisions') and waits for its reply. null: there is none yet.
   * Then it may still run; ask result() later, or run() the same again: under the same id that is safe.
   */
  async run(queue, message, waitMs) {
    const full = { v: 1, ...message, reply_to: this.replyTo };
    let timer;
    const reply = new Promise((resolve) => {
      this.waiting.set(full.id, resolve);
      timer = setTimeout(resolve, waitMs, null);
    });
    try {
      await this.push(queue, full);
      // The reply may have come to a connection that broke, or to a process that died.
      return (await reply) ?? (await this.result(full.org, full.id));
    } finally {
      clearTimeout(timer);
      this.waiting.delete(full.id);
    }
  }

  /* The newest reply of an id, kept for an hour (RESULT_TTL), or null. */
  async result(org, id) {
    return JSON.parse(await this.redis.get(`${this.prefix}result:${org}:${id}`));
  }

  /* A push whose answer was lost may have worked. The id makes it safe to push again. */
  async push(queue, message) {
    for (let left = PUSH_TRIES; ; left--) {
      try {
        return await this.redis.lPush(`${this.prefix}jobs:${queue}`, JSON.stringify(message));
      } catch (error) {
        if (left === 1) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  /* The one reader: hands each reply to whoever waits for its id. */
  async readReplies() {
    while (!this.stopped) {
      let popped;
      // A peer that is silent for this long is gone, whatever TCP thinks.
      const watchdog = setTimeout(() => this.blocking.disconnect(), 3000 * BLOCK_S);
      try {
        if (!this.blocking.isOpen) await this.blocking.connect();
        popped = await this.blocking.brPop(`${this.prefix}replies:${this.replyTo}`, BLOCK_S);
      } catch (error) {
        if (this.stopped) return;
        this.log(`bellhop: no replies for now: ${error.message}`);
        await sleep(RETRY_MS);
        continue;
      } finally {
        clearTimeout(watchdog);
      }
      if (!popped) continue;
      const reply = JSON.parse(popped.element);
      // Of somebody who gave up: it is at result: too.
      if (!this.waiting.has(reply.id)) this.log(`bellhop: nobody waits for the reply of ${reply.id}`);
      else this.waiting.get(reply.id)(reply);
    }
  }
}

module.exports = { Bellhop };
