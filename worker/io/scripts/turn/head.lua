-- turn: what one loop turn of a worker wants of Redis: its settles, its begins, a claim; each maybe none.
-- One script, in files that the build puts one behind the other: head, replies, identity, settle, begin, claim, run.
--
-- KEYS  workers, claims:W, begun, retry, dead, jobs:decisions, jobs:chat, jobs:workflow, taken,
--       then each item's own keys in the order of the items
-- ARGV  me (W:epoch), W, result_ttl_s, reply_ttl_s, reply_max, calls_max, dead_max, pending_max,
--       waiting_max, settles, begins, claim_max, claim_bytes, first_token, credit_decisions, credit_chat, credit_workflow,
--       weight_decisions, weight_chat, weight_workflow, workflow_max, then each item's own arguments
--
-- A settle  'done':   KEYS result, waiting, calls (audit), replies:NAME (reply), integration, secrets (basis),
--                          confirm, pending (pending, decline, unuse)
--                     ARGV kind, field, name, birth, token, digest, flags, reply
--                          audit:   id, integration, action, version, status, code, sent, attempts, begun_at_ms, http_status, ms, by
--                          basis:   version, action, secrets, then (field, tag) for each secret
--                          pending: token, expires_at_ms, keep_s, frozen
--                          decline: token, version, used
--                          unuse:   token, expires_at_ms, used
--                          dead:    entry
--                     flags: store 1, reply 2, audit 4, identity 8 (not begun: is the id known?), basis 16 (is the definition still so?),
--                     pending 32, decline 64, dead 128, unuse 256 (it was begun, and provably nothing was sent: the token is good again);
--                     basis and decline only with identity, pending only with both
--           'give':   ARGV kind, field, envelope                    back to the front of the line
--           'retry':  KEYS delayed  ARGV kind, field, envelope, due_ms         due later, the mark as it is
--           'unsent': KEYS delayed  ARGV kind, field, envelope, due_ms, name, birth   due later, the mark says that nothing was sent
--           'park':   KEYS parked, its list  ARGV kind, field, envelope, lane, 1 to be the next woken   into a lane's list (wake.lua)
--           'again':  KEYS delayed  ARGV kind, field, envelope, due_ms, name, birth   due later, the mark says that the attempt ended
-- A begin             KEYS result, window, integration, secrets, confirm, pending (token)
--                     ARGV field, name, birth, token, digest, repeatable, deadline_ms, version, action, limit, window_us,
--                          decision token or '', used, secrets, then (field, tag) for each secret
--
-- Answers  'dead' where this worker is no longer known, else a list:
--          now_us, the three credits, replies dropped, dead entries dropped, audit entries trimmed, audit entries that could not be
--          written, the lists that could not be looked into (their keys, with a space between), one text for each settle and
--          begin, then (field, payload) for each claim. A text is a word, maybe followed by a space and more.
--          'error TEXT': a key that the item needs is not of its type. Nothing of the item was done; the others are not touched by it.
--
-- A field is `token queue deliveries birth carry`, queue one of d, c, w; an envelope is that without its token, with the deliveries before
-- the next. Tokens are counted from first_token; it moves on by claim_max with every claim asked for, answered or not, so that
-- none is given out twice. A result begins with v, status, sent, digest, in that order. Payloads and replies are opaque.
--
-- A mark in `begun` is `birth waiters token digest begun_us earlier version`: waiters is 1 where a duplicate waits for the reply. The token
-- is the attempt's; `-` where provably nothing was sent: then the mark only keeps the id; `=` where the last attempt ended and the job carries
-- how. earlier is 1 where a former delivery had begun too and its end is not known, 2 where former attempts ended.
--
-- A claim that is still in claims:W decides who may settle. Redis undoes nothing, so each item asks all that may fail before its
-- first change. Out of memory is looked at only until a script's first write: the one below makes sure that jobs which are
-- here already come to their end.

local KEYS, ARGV, call = KEYS, ARGV, redis.call
local find, match, sub = string.find, string.match, string.sub

local me = ARGV[1]
if not call('ZSCORE', KEYS[1], me) then
	return 'dead'
end
call('ZREM', KEYS[1], '')

local claims, begun, retry, dead = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local clock = call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now_ms = math.floor(now_us / 1000)
local now = string.format('%.0f', now_us)
local result_ttl, reply_ttl, reply_max, calls_max, dead_max, pending_max, waiting_max =
	ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local settles, begins, room, bytes = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])

-- How far the items' own keys and arguments are read.
local k, a = 9, 21

local out = {now, ARGV[15], ARGV[16], ARGV[17], 0, 0, 0, 0, ''}
local replies_dropped, dead_dropped, audit_lost = 0, 0, 0
local not_lists = {}

local function whole(number)
	return string.format('%.0f', number)
end
