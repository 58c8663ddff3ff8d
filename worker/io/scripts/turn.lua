-- turn: what one loop turn of a worker wants of Redis: its settles, its begins, a claim; each maybe none.
--
-- KEYS  workers, claims:W, begun, retry, dead, jobs:decisions, jobs:chat, jobs:workflow,
--       then each item's own keys in the order of the items
-- ARGV  me (W:epoch), W, result_ttl_s, reply_ttl_s, reply_max, calls_max, dead_max, pending_max,
--       settles, begins, claim_max, claim_bytes, first_token, credit_decisions, credit_chat, credit_workflow,
--       weight_decisions, weight_chat, weight_workflow, then each item's own arguments
--
-- A settle  'done':   KEYS result, waiting, calls (audit), replies:NAME (reply), integration, secrets (basis), confirm, pending (token)
--                     ARGV kind, field, name, birth, token, digest, flags, reply
--                          audit:   id, integration, action, version, status, code, sent, attempts, begun_at_ms, http_status, ms, by
--                          basis:   version, action, secrets, then (field, tag) for each secret
--                          pending: token, expires_at_ms, keep_s, frozen
--                          decline: token, version, used
--                          dead:    entry
--           'give':   ARGV kind, field, envelope                    back to the front of the line
--           'retry':  KEYS delayed  ARGV kind, field, envelope, due_ms         due later, the mark kept
--           'unsent': KEYS delayed  ARGV kind, field, envelope, due_ms, name, birth   due later, the mark taken back
-- A begin             KEYS result, window, integration, secrets, confirm, pending (token)
--                     ARGV field, name, birth, token, digest, repeatable, deadline_ms, version, action, limit, window_us,
--                          decision token or '', used, secrets, then (field, tag) for each secret
--
-- Answers  'dead' where this worker is no longer known, else a list:
--          now_us, the three credits, replies dropped, dead entries dropped, one text for each settle and begin,
--          then (field, payload) for each claim. A text is a word, maybe followed by a space and more.
--
-- A field is `token queue deliveries birth carry`; an envelope is that without its token. A mark in `begun` is
-- `birth token digest version begun_us earlier`, earlier being 1 where a former delivery had begun too. A result begins with v, status, sent, digest, in that order.
-- Payloads and replies are opaque. A claim that is still in claims:W decides who may settle; nothing is undone by
-- Redis, so each settle takes its claim out first (which needs no memory) and then only does what cannot fail.

local me = ARGV[1]
if not redis.call('ZSCORE', KEYS[1], me) then
	return 'dead'
end

local claims, begun, retry, dead = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local clock = redis.call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now_ms = math.floor(now_us / 1000)
local result_ttl, reply_ttl, reply_max, calls_max, dead_max, pending_max =
	ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local settles, begins, claim_max, claim_bytes = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])

local k, a = 8, 19
local function key()
	k = k + 1
	return KEYS[k]
end
local function arg()
	a = a + 1
	return ARGV[a]
end

local out = {string.format('%.0f', now_us), 0, 0, 0, 0, 0}
local replies_dropped, dead_dropped = 0, 0

local function whole(number)
	return string.format('%.0f', number)
end

local function bury(entry)
	local length = redis.pcall('LPUSH', dead, entry)
	if type(length) == 'number' and length > dead_max then
		redis.call('LTRIM', dead, 0, dead_max - 1)
		dead_dropped = dead_dropped + length - dead_max
	end
end

-- Replies are pushed at the end, those of one queue together.
local queues, pushed = {}, {}

local function can_push(queue)
	local list = pushed[queue]
	if list == nil then
		local kind = redis.call('TYPE', queue).ok
		list = (kind == 'list' or kind == 'none') and {} or false
		pushed[queue] = list
		queues[#queues + 1] = queue
	end
	return list
end

local function push(queue, reply, payload)
	local list = can_push(queue)
	if list then
		list[#list + 1] = reply
	else
		bury(cjson.encode({
			payload = string.sub(payload or reply, 1, 65536),
			reason = 'the reply queue is not a list; the reply is kept in result:',
			time_ms = now_ms,
		}))
	end
end

local function push_all()
	for _, queue in ipairs(queues) do
		local list = pushed[queue]
		if list and #list > 0 then
			local length = 0
			for first = 1, #list, 1000 do
				length = redis.call('LPUSH', queue, unpack(list, first, math.min(first + 999, #list)))
			end
			if length > reply_max then
				redis.call('LTRIM', queue, 0, reply_max - 1)
				replies_dropped = replies_dropped + length - reply_max
			end
			redis.call('EXPIRE', queue, reply_ttl)
		end
	end
end

-- Who has this id? mine: begun by this very claim. ours: begun by an earlier delivery of this job. wait, conflict: begun by
-- another job. duplicate, conflict: answered. free: nobody.
local function identify(name, result_key, birth, token, digest)
	local mark = redis.call('HGET', begun, name)
	if mark then
		local mark_birth, mark_token, mark_digest, version, begun_us, earlier =
			string.match(mark, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%d)$')
		if mark_birth == birth then
			return mark_token == token and 'mine' or 'ours', version, begun_us, earlier
		end
		return mark_digest == digest and 'wait' or 'conflict'
	end
	local result = redis.pcall('GET', result_key)
	if type(result) == 'string' then
		local status, sent, result_digest =
			string.match(result, '^{"v":1,"status":"([%a_]+)","sent":"(%a+)","digest":"([^"]*)"')
		if status and not (status == 'failed' and sent == 'no') then
			return result_digest == digest and 'duplicate' or 'conflict', result
		end
	end
	return 'free'
end

-- Whether what a worker knows of an integration is no longer so: version, switches, sealed secrets.
local function changed(integration, secrets_key, version, action, fields, tags)
	local seen = redis.call('HMGET', integration, 'version', 'enabled', 'disabled:' .. action)
	if (seen[1] or '') ~= version then
		return true
	end
	local on = seen[2] ~= '0' and not seen[3]
	if #fields == 0 then
		return false, on
	end
	local sealed = redis.call('HMGET', secrets_key, unpack(fields))
	for i, tag in ipairs(tags) do
		if string.sub(sealed[i] or '', -16) ~= tag then
			return true
		end
	end
	return false, on
end

local function read_secrets()
	local fields, tags = {}, {}
	for i = 1, tonumber(arg()) do
		fields[i], tags[i] = arg(), arg()
	end
	return fields, tags
end

-- Whether a confirmation may be used: a word that says why not, or nil.
local function token_refused(confirm, version)
	local record = redis.call('HMGET', confirm, 'version', 'expires', 'used')
	if not record[1] then
		return 'confirmation_unknown'
	end
	if record[3] then
		return 'confirmation_used ' .. record[3]
	end
	if now_ms >= tonumber(record[2]) then
		return 'confirmation_expired'
	end
	if record[1] ~= version then
		return 'confirmation_void'
	end
end

local function use_token(confirm, pending, token, used)
	redis.call('HSET', confirm, 'used', used)
	redis.call('ZREM', pending, token)
end

local STORE, REPLY, AUDIT, IDENTITY, BASIS, PENDING, DECLINE, DEAD, WAITERS = 1, 2, 4, 8, 16, 32, 64, 128, 256

local function push_waiters(waiting, reply)
	local list = redis.call('HVALS', waiting)
	if #list > 0 then
		redis.call('DEL', waiting)
		for _, queue in ipairs(list) do
			push(queue, reply)
		end
	end
end

local function settle_done()
	local field, name, birth, token, digest, flags, reply = arg(), arg(), arg(), arg(), arg(), tonumber(arg()), arg()
	local function has(flag)
		return bit.band(flags, flag) ~= 0
	end
	local result_key, waiting, calls, replies = key(), key(), nil, nil
	if has(AUDIT) then
		calls = key()
	end
	if has(REPLY) then
		replies = key()
	end
	local integration, secrets_key, confirm, pending
	if has(BASIS) then
		integration, secrets_key = key(), key()
	end
	if has(PENDING) or has(DECLINE) then
		confirm, pending = key(), key()
	end
	local audit = a
	if has(AUDIT) then
		a = a + 12
	end
	local version, action, fields, tags
	if has(BASIS) then
		version, action = arg(), arg()
		fields, tags = read_secrets()
	end
	local confirm_token, expires, keep, frozen, used
	if has(PENDING) then
		confirm_token, expires, keep, frozen = arg(), arg(), arg(), arg()
	end
	if has(DECLINE) then
		confirm_token, version, used = arg(), arg(), arg()
	end
	local entry
	if has(DEAD) then
		entry = arg()
	end

	if has(IDENTITY) then
		if redis.call('HEXISTS', claims, field) == 0 then
			return 'lost'
		end
		local who, result = identify(name, result_key, birth, token, digest)
		if who == 'duplicate' then
			redis.call('HDEL', claims, field)
			if replies then
				push(replies, result)
			end
			return 'duplicate'
		elseif who == 'wait' then
			redis.call('HDEL', claims, field)
			if replies then
				redis.call('HSET', waiting, birth, replies)
			end
			return 'waiting'
		elseif who ~= 'free' then
			return who
		end
		if has(BASIS) and changed(integration, secrets_key, version, action, fields, tags) then
			return 'changed'
		end
		if has(PENDING) then
			redis.call('ZREMRANGEBYSCORE', pending, '-inf', now_ms)
			if redis.call('ZCARD', pending) >= pending_max then
				return 'too_many_pending'
			end
		elseif has(DECLINE) then
			local refused = token_refused(confirm, version)
			if refused then
				return refused
			end
		end
	end

	local payload
	if replies and not can_push(replies) then
		payload = redis.call('HGET', claims, field)
	end
	if redis.call('HDEL', claims, field) == 0 then
		return 'lost'
	end
	if has(STORE) then
		redis.call('SET', result_key, reply, 'EX', result_ttl)
		if not has(IDENTITY) then
			if redis.call('HDEL', begun, name) == 1 then
				push_waiters(waiting, reply)
			end
		elseif has(WAITERS) then
			push_waiters(waiting, reply)
		end
	end
	if calls then
		redis.pcall('XADD', calls, 'MAXLEN', '~', calls_max, '*', 'id', ARGV[audit + 1],
			'integration', ARGV[audit + 2], 'action', ARGV[audit + 3], 'version', ARGV[audit + 4],
			'status', ARGV[audit + 5], 'code', ARGV[audit + 6], 'sent', ARGV[audit + 7],
			'attempts', ARGV[audit + 8], 'begun_at_ms', ARGV[audit + 9], 'http_status', ARGV[audit + 10],
			'ms', ARGV[audit + 11], 'by', ARGV[audit + 12])
	end
	if has(PENDING) then
		redis.call('HSET', confirm, 'version', version, 'expires', expires, 'frozen', frozen)
		redis.call('EXPIRE', confirm, keep)
		redis.call('ZADD', pending, expires, confirm_token)
		redis.call('EXPIRE', pending, keep)
	elseif has(DECLINE) then
		use_token(confirm, pending, confirm_token, used)
	end
	if replies then
		push(replies, reply, payload)
	end
	if entry then
		bury(entry)
	end
	return 'ok'
end

local function settle()
	local kind = arg()
	if kind == 'done' then
		return settle_done()
	end
	local field, envelope = arg(), arg()
	local delayed, due, name, birth
	if kind ~= 'give' then
		delayed, due = key(), arg()
	end
	if kind == 'unsent' then
		name, birth = arg(), arg()
	end
	local payload = redis.call('HGET', claims, field)
	if not payload then
		return 'lost'
	end
	redis.call('HDEL', claims, field)
	if name then
		local mark = redis.call('HGET', begun, name)
		if mark and string.sub(mark, 1, #birth + 1) == birth .. ' ' then
			redis.call('HDEL', begun, name)
		end
	end
	local entry = envelope .. '\n' .. payload
	if delayed then
		redis.call('ZADD', delayed, due, entry)
	else
		redis.call('RPUSH', retry, entry)
	end
	return 'ok'
end

-- Room in the window (now - W, now]? 0, or the microseconds until there is some. Trimmed only where it looks full, and then
-- by 1,000 at most, so that no caller pays for a window that grew long ago.
local function window_wait(window, limit, window_us)
	if redis.call('ZCARD', window) < limit then
		return 0
	end
	local gone = now_us - window_us
	local stale = redis.call('ZCOUNT', window, '-inf', whole(gone))
	if stale > 0 then
		redis.call('ZREMRANGEBYRANK', window, 0, math.min(stale, 1000) - 1)
	end
	local room = '(' .. whole(gone)
	local count = redis.call('ZCOUNT', window, room, '+inf')
	if count < limit then
		return 0
	end
	local first = redis.call('ZRANGEBYSCORE', window, room, '+inf', 'WITHSCORES', 'LIMIT', count - limit, 1)
	return math.max(first[2] - gone, 1)
end

local function begin()
	local result_key, window, integration, secrets_key = key(), key(), key(), key()
	local field, name, birth, token, digest, repeatable, deadline, version, action, limit, window_us =
		arg(), arg(), arg(), arg(), arg(), arg(), tonumber(arg()), arg(), arg(), tonumber(arg()), tonumber(arg())
	local confirm_token, used = arg(), arg()
	local fields, tags = read_secrets()
	local confirm, pending
	if confirm_token ~= '' then
		confirm, pending = key(), key()
	end

	local who, mark_version, begun_us, earlier = identify(name, result_key, birth, token, digest)
	if who == 'mine' then
		if redis.call('HEXISTS', claims, field) == 0 then
			return 'lost'
		end
		if now_us - begun_us <= 1000000 then
			return 'ok ' .. begun_us .. ' ' .. earlier
		end
		-- Begun too long ago to be what the window says: taken back, as nothing of it was sent, and begun again.
		redis.call('ZREM', window, token)
		redis.call('HDEL', begun, name)
		if confirm then
			redis.call('HDEL', confirm, 'used')
		end
		if earlier == '1' then
			who = 'ours'
			redis.call('HSET', begun, name, birth .. ' ' .. token .. ' ' .. digest .. ' ' .. mark_version .. ' ' .. begun_us .. ' 1')
		else
			who = 'free'
		end
	elseif who == 'ours' then
		if repeatable == '0' then
			return 'unknown'
		end
		if mark_version ~= version then
			local current = redis.call('HGET', integration, 'version') or ''
			return current == mark_version and 'changed' or 'over'
		end
	elseif who ~= 'free' then
		return who
	end

	local again = who == 'ours'
	if deadline > 0 and now_ms >= deadline then
		return again and 'over' or 'expired'
	end
	local is_changed, on = changed(integration, secrets_key, version, action, fields, tags)
	if confirm and not again then
		local refused = token_refused(confirm, redis.call('HGET', integration, 'version') or '')
		if refused then
			return refused
		end
	end
	if is_changed or not on then
		return (again and not is_changed) and 'over' or 'changed'
	end
	local wait = window_wait(window, limit, window_us)
	if wait > 0 then
		return (again and 'wait_room ' or 'rate_limited ') .. whole(math.ceil(wait / 1000))
	end
	redis.call('ZADD', window, whole(now_us), token)
	redis.call('PEXPIRE', window, math.ceil(window_us / 1000) + 1000)
	redis.call('HSET', begun, name, birth .. ' ' .. token .. ' ' .. digest .. ' ' .. version .. ' ' .. whole(now_us) .. ' ' .. (again and '1' or '0'))
	if confirm and not again then
		use_token(confirm, pending, confirm_token, used)
	end
	return 'ok ' .. whole(now_us) .. ' ' .. (again and '1' or '0')
end

for _ = 1, settles do
	out[#out + 1] = settle()
end
for _ = 1, begins do
	out[#out + 1] = begin()
end
push_all()

-- The claim: what was put back first, then the queues by smooth weighted round robin over those that hold something.
local W, next_token = ARGV[2], tonumber(ARGV[13])
local room, bytes = claim_max, claim_bytes
local credits = {tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])}

local function take(queue, deliveries, birth, carry, payload)
	local token = W .. '.' .. whole(next_token)
	next_token = next_token + 1
	local field = token .. ' ' .. queue .. ' ' .. deliveries .. ' ' .. (birth or token) .. ' ' .. carry
	redis.call('HSET', claims, field, payload)
	out[#out + 1] = field
	out[#out + 1] = payload
	room = room - 1
	bytes = bytes - #payload
end

local function take_put_back()
	while room > 0 and bytes > 0 do
		local entries = redis.call('RPOP', retry, math.min(room, 8))
		if not entries then
			return
		end
		for _, entry in ipairs(entries) do
			local queue, deliveries, birth, carry, at = string.match(entry, '^(%a) (%d+) (%S+) (%S+)\n()')
			if queue then
				take(queue, deliveries + 1, birth, carry, string.sub(entry, at))
			else
				bury(cjson.encode({payload = string.sub(entry, 1, 65536), reason = 'an entry of retry that is none', time_ms = now_ms}))
			end
		end
	end
end

local function shares()
	local weight = {tonumber(ARGV[17]), tonumber(ARGV[18]), tonumber(ARGV[19])}
	local length, share, total = {}, {0, 0, 0}, 0
	for q = 1, 3 do
		length[q] = weight[q] > 0 and redis.call('LLEN', KEYS[5 + q]) or 0
		total = total + length[q]
	end
	for _ = 1, math.min(room, total) do
		local best, sum = nil, 0
		for q = 1, 3 do
			if share[q] < length[q] then
				credits[q] = credits[q] + weight[q]
				sum = sum + weight[q]
				if not best or credits[q] > credits[best] then
					best = q
				end
			else
				credits[q] = 0
			end
		end
		credits[best] = credits[best] - sum
		share[best] = share[best] + 1
	end
	return share
end

if room > 0 then
	take_put_back()
	if room > 0 and bytes > 0 then
		local share, letters = shares(), {'d', 'c', 'w'}
		for q = 1, 3 do
			while share[q] > 0 and bytes > 0 do
				local payloads = redis.call('RPOP', KEYS[5 + q], math.min(share[q], 8))
				if not payloads then
					break
				end
				for _, payload in ipairs(payloads) do
					take(letters[q], 1, nil, '-', payload)
				end
				share[q] = share[q] - #payloads
			end
		end
	end
end

out[2], out[3], out[4] = credits[1], credits[2], credits[3]
out[5], out[6] = replies_dropped, dead_dropped
return out
