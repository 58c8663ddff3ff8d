-- turn: what one loop turn of a worker wants of Redis: its settles, its begins, a claim; each maybe none.
--
-- KEYS  workers, claims:W, begun, retry, dead, jobs:decisions, jobs:chat, jobs:workflow, taken,
--       then each item's own keys in the order of the items
-- ARGV  me (W:epoch), W, result_ttl_s, reply_ttl_s, reply_max, calls_max, dead_max, pending_max,
--       waiting_max, settles, begins, claim_max, claim_bytes, first_token, credit_decisions, credit_chat, credit_workflow,
--       weight_decisions, weight_chat, weight_workflow, then each item's own arguments
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
local k, a = 9, 20

local out = {now, ARGV[15], ARGV[16], ARGV[17], 0, 0, 0, 0, ''}
local replies_dropped, dead_dropped, audit_lost = 0, 0, 0
local not_lists = {}

local function whole(number)
	return string.format('%.0f', number)
end

-- A text for JSON: its first 64 KiB, and U+FFFD for each byte of what is not UTF-8, by which it is known for what it is.
local function utf8_text(text)
	if #text > 65536 then
		text = string.gsub(sub(text, 1, 65536), '[\192-\255][\128-\191]*$', '')
	end
	return (string.gsub(text, '[\128-\255]+', function(run)
		local rest = run
		for _, character in ipairs({'[\194-\223][\128-\191]', '\224[\160-\191][\128-\191]', '\237[\128-\159][\128-\191]',
			'[\225-\236\238\239][\128-\191][\128-\191]', '\240[\144-\191][\128-\191][\128-\191]',
			'[\241-\243][\128-\191][\128-\191][\128-\191]', '\244[\128-\143][\128-\191][\128-\191]'}) do
			rest = string.gsub(rest, character, ' ')
		end
		return find(rest, '[\128-\255]') and string.rep('\239\191\189', #run) or run
	end))
end

local function bury(entry)
	local length = redis.pcall('LPUSH', dead, entry)
	if type(length) ~= 'number' then
		dead_dropped = dead_dropped + 1
	elseif length > dead_max then
		call('LTRIM', dead, 0, dead_max - 1)
		dead_dropped = dead_dropped + length - dead_max
	end
end

local function bury_payload(payload, reason)
	bury(cjson.encode({payload = utf8_text(payload), reason = reason, time_ms = now_ms}))
end

-- Replies are pushed at the end, those of one queue together.
local queues, pushed = {}, {}

local function can_push(queue)
	local list = pushed[queue]
	if list == nil then
		local kind = call('TYPE', queue).ok
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
		bury_payload(payload, 'the reply queue is not a list; the reply is kept in result:')
	end
end

local function push_all()
	for _, queue in ipairs(queues) do
		local list = pushed[queue]
		if list and #list > 0 then
			local length = 0
			for first = 1, #list, 1000 do
				length = call('LPUSH', queue, unpack(list, first, math.min(first + 999, #list)))
			end
			if length > reply_max then
				call('LTRIM', queue, 0, reply_max - 1)
				replies_dropped = replies_dropped + length - reply_max
			end
			call('EXPIRE', queue, reply_ttl)
		end
	end
end

local function push_waiters(waiting, reply)
	local list = redis.pcall('HVALS', waiting)
	call('DEL', waiting)
	for _, queue in ipairs(list) do
		push(queue, reply, reply)
	end
end

local MARK = '^(%S+) (%d) (%S+) (%S+) (%S+) (%d) (.*)$'

local function write_mark(name, birth, waiters, token, digest, at, earlier, version)
	call('HSET', begun, name,
		birth .. ' ' .. waiters .. ' ' .. token .. ' ' .. digest .. ' ' .. at .. ' ' .. earlier .. ' ' .. version)
end

-- Who has this id? mine: begun by this very claim. ours: begun by an earlier delivery of this job, its end not known. ended: this job, whose
-- last attempt ended. unsent: this job, of which nothing was sent. waiting, conflict: another job. duplicate, conflict: answered. free:
-- nobody. And what is known of it.
local function identify(name, result_key, birth, token, digest)
	local mark = call('HGET', begun, name)
	if mark then
		local mark_birth, waiters, mark_token, mark_digest, at, earlier, version = match(mark, MARK)
		if mark_birth ~= birth then
			return mark_digest == digest and 'waiting' or 'conflict', mark
		end
		local who = mark_token == token and 'mine' or mark_token == '-' and 'unsent' or mark_token == '=' and 'ended' or 'ours'
		return who, waiters, at, earlier, version
	end
	local result = redis.pcall('GET', result_key)
	if type(result) == 'string' then
		local status, sent, result_digest =
			match(result, '^{"v":1,"status":"([%a_]+)","sent":"(%a+)","digest":"([^"]*)"')
		if status and not (status == 'failed' and sent == 'no') then
			return result_digest == digest and 'duplicate' or 'conflict', result
		end
	end
	return 'free', '0'
end

-- (field, tag) for each secret, as two lists.
local function read_secrets(count)
	local fields, tags = {}, {}
	for i = 1, tonumber(count) do
		fields[i], tags[i] = ARGV[a + 1], ARGV[a + 2]
		a = a + 2
	end
	return fields, tags
end

-- Whether what a worker knows of an integration is no longer so: version, sealed secrets; and whether it is switched on.
local function changed(integration, secrets_key, version, action, fields, tags)
	local seen = call('HMGET', integration, 'version', 'enabled', 'disabled:' .. action)
	if (seen[1] or '') ~= version then
		return true
	end
	if #fields > 0 then
		local sealed = call('HMGET', secrets_key, unpack(fields))
		for i, tag in ipairs(tags) do
			if sub(sealed[i] or '', -16) ~= tag then
				return true
			end
		end
	end
	return false, seen[2] ~= '0' and not seen[3]
end

-- Why a confirmation may not be used, or nil. `mine` is what this decision itself left behind when nothing of it was sent.
local function token_refused(confirm, version, mine)
	local record = call('HMGET', confirm, 'version', 'expires', 'used')
	if not record[1] then
		return 'confirmation_unknown'
	end
	if record[3] and record[3] ~= mine then
		return 'confirmation_used ' .. record[3]
	end
	if not record[3] and now_ms >= tonumber(record[2]) then
		return 'confirmation_expired'
	end
	if record[1] ~= version then
		return 'confirmation_void'
	end
end

local function use_token(confirm, pending, token, used)
	call('HSET', confirm, 'used', used)
	redis.pcall('ZREM', pending, token)
end

-- Its call was begun and never left, so this decision did not use it after all.
local function unuse_token(more)
	if redis.pcall('HGET', more.confirm, 'used') == more.used then
		call('HDEL', more.confirm, 'used')
		local left = tonumber(more.expires) - now_ms
		if left > 0 then
			redis.pcall('ZADD', more.pending, more.expires, more.token)
			if call('PTTL', more.pending) < 0 then
				call('PEXPIRE', more.pending, left)
			end
		end
	end
end

local flags_known = {}

local function read_flags(text)
	local has = flags_known[text]
	if not has then
		local n = tonumber(text)
		has = {
			store = n % 2 >= 1,
			reply = n % 4 >= 2,
			audit = n % 8 >= 4,
			identity = n % 16 >= 8,
			basis = n % 32 >= 16,
			pending = n % 64 >= 32,
			decline = n % 128 >= 64,
			dead = n % 256 >= 128,
			unuse = n % 512 >= 256,
			more = n >= 16,
		}
		flags_known[text] = has
	end
	return has
end

-- The keys and arguments of a 'done' that few have, by name.
local function read_more(has)
	local more = {}
	if has.basis then
		more.integration, more.secrets = KEYS[k + 1], KEYS[k + 2]
		more.version, more.action = ARGV[a + 1], ARGV[a + 2]
		k, a = k + 2, a + 3
		more.fields, more.tags = read_secrets(ARGV[a])
	end
	if has.pending or has.decline or has.unuse then
		more.confirm, more.pending = KEYS[k + 1], KEYS[k + 2]
		k = k + 2
	end
	if has.pending then
		more.token, more.expires, more.keep, more.frozen = unpack(ARGV, a + 1, a + 4)
		a = a + 4
	end
	if has.decline then
		more.token, more.confirm_version, more.used = unpack(ARGV, a + 1, a + 3)
		a = a + 3
	end
	if has.unuse then
		more.token, more.expires, more.used = unpack(ARGV, a + 1, a + 3)
		a = a + 3
	end
	if has.dead then
		a = a + 1
		more.entry = ARGV[a]
	end
	return more
end

-- The id is known: the reply comes from the job that has it, now or when it ends.
local function settle_as_duplicate(who, known, field, name, birth, waiting, replies)
	local payload = replies and not can_push(replies) and call('HGET', claims, field)
	if replies and not payload and who == 'waiting' then
		if call('HLEN', waiting) >= waiting_max then
			return 'full'
		end
		call('HSET', waiting, birth, replies)
		call('HSET', begun, name, (string.gsub(known, '^(%S+) 0 ', '%1 1 ')))
	end
	call('HDEL', claims, field)
	if payload or (replies and who == 'duplicate') then
		push(replies, known, payload)
	end
	return who
end

-- Why a job that was not begun may not end like this, or nil.
local function end_refused(has, more)
	if has.basis and changed(more.integration, more.secrets, more.version, more.action, more.fields, more.tags) then
		return 'changed'
	end
	if has.pending then
		call('ZREMRANGEBYSCORE', more.pending, '-inf', now_ms)
		if call('ZCARD', more.pending) >= pending_max then
			return 'too_many_pending'
		end
	elseif has.decline then
		return token_refused(more.confirm, more.confirm_version)
	end
end

local function keep_pending(more)
	call('HSET', more.confirm, 'version', more.version, 'expires', more.expires, 'frozen', more.frozen)
	call('EXPIRE', more.confirm, more.keep)
	call('ZADD', more.pending, more.expires, more.token)
	call('EXPIRE', more.pending, more.keep)
end

-- Audit logs are trimmed at the end, each once.
local logs = {}

local function write_audit(calls, at)
	local written = redis.pcall('XADD', calls, '*', 'id', ARGV[at + 1],
		'integration', ARGV[at + 2], 'action', ARGV[at + 3], 'version', ARGV[at + 4],
		'status', ARGV[at + 5], 'code', ARGV[at + 6], 'sent', ARGV[at + 7],
		'attempts', ARGV[at + 8], 'begun_at_ms', ARGV[at + 9], 'http_status', ARGV[at + 10],
		'ms', ARGV[at + 11], 'by', ARGV[at + 12])
	if type(written) == 'string' then
		logs[calls] = true
	else
		audit_lost = audit_lost + 1
	end
end

local function trim_logs()
	local trimmed = 0
	for calls in pairs(logs) do
		trimmed = trimmed + call('XTRIM', calls, 'MAXLEN', '~', calls_max)
	end
	return trimmed
end

local function settle_done()
	local field, name, birth, token, digest, flags, reply = unpack(ARGV, a + 1, a + 7)
	local has = read_flags(flags)
	local result_key, waiting, calls, replies = KEYS[k + 1], KEYS[k + 2], nil, nil
	k, a = k + 2, a + 7
	local audit = a
	if has.audit then
		calls = KEYS[k + 1]
		k, a = k + 1, a + 12
	end
	if has.reply then
		k = k + 1
		replies = KEYS[k]
	end
	local more = has.more and read_more(has)

	local store, marked, waiters, earlier = has.store, false, '0', nil
	if has.identity then
		if call('HEXISTS', claims, field) == 0 then
			return 'lost'
		end
		local who, known = identify(name, result_key, birth, token, digest)
		if who == 'duplicate' or who == 'waiting' then
			return settle_as_duplicate(who, known, field, name, birth, waiting, replies)
		elseif who ~= 'free' and who ~= 'unsent' and who ~= 'ended' then
			return who
		end
		local refused = end_refused(has, more)
		if refused then
			return refused
		end
		marked, waiters, earlier = who ~= 'free', known, who == 'unsent' and '0' or nil
	else
		local mark = call('HGET', begun, name)
		marked = mark and find(mark, birth, 1, true) == 1 and sub(mark, #birth + 1, #birth + 1) == ' '
		if marked then
			waiters = sub(mark, #birth + 2, #birth + 2)
			earlier = has.unuse and select(6, match(mark, MARK))
		elseif store then
			-- Never over what another job with this id answered or is about to.
			store = identify(name, result_key, birth, token, digest) == 'free'
		end
	end

	local payload = replies and not can_push(replies) and call('HGET', claims, field)
	if call('HDEL', claims, field) == 0 then
		return 'lost'
	end
	if store then
		call('SET', result_key, reply, 'EX', result_ttl)
	end
	if marked then
		call('HDEL', begun, name)
		if waiters == '1' then
			push_waiters(waiting, reply)
		end
	end
	if calls then
		write_audit(calls, audit)
	end
	if has.pending then
		keep_pending(more)
	elseif has.decline then
		use_token(more.confirm, more.pending, more.token, more.used)
	elseif has.unuse and marked and earlier == '0' then
		unuse_token(more)
	end
	if replies then
		push(replies, reply, payload)
	end
	if has.dead then
		bury(more.entry)
	end
	return 'ok'
end

-- What the token of a mark becomes when nothing of its attempt was sent: what it was before; nil where a former delivery's call is open.
local UNSENT = {['0'] = '-', ['2'] = '='}

-- The attempt is over. Where nothing of it was sent, its mark says what it said before it, unless a former delivery may have sent something.
local function end_attempt(kind, name, birth)
	local mark = call('HGET', begun, name)
	if mark then
		local mark_birth, waiters, _, digest, at, earlier, version = match(mark, MARK)
		local token = kind == 'again' and '=' or UNSENT[earlier]
		if mark_birth == birth and token then
			write_mark(name, birth, waiters, token, digest, at, earlier, version)
		end
	end
end

local function settle()
	a = a + 1
	local kind = ARGV[a]
	if kind == 'done' then
		return settle_done()
	end
	local field, envelope = ARGV[a + 1], ARGV[a + 2]
	a = a + 2
	local delayed, due, name, birth
	if kind ~= 'give' then
		delayed, due = KEYS[k + 1], ARGV[a + 1]
		k, a = k + 1, a + 1
	end
	if kind == 'unsent' or kind == 'again' then
		name, birth = ARGV[a + 1], ARGV[a + 2]
		a = a + 2
	end
	local payload = call('HGET', claims, field)
	if not payload then
		return 'lost'
	end
	local entry = envelope .. '\n' .. payload
	if name then
		end_attempt(kind, name, birth)
	end
	if delayed then
		call('ZADD', delayed, due, entry)
	else
		call('RPUSH', retry, entry)
	end
	call('HDEL', claims, field)
	return 'ok'
end

-- Room in the window (now - W, now]? 0, or the microseconds until there is some. Trimmed only where it looks full, and then
-- by 1,000 at most, so that no caller pays for a window that grew long ago.
local function window_wait(window, limit, window_us)
	if call('ZCARD', window) < limit then
		return 0
	end
	local gone = now_us - window_us
	local gone_text = whole(gone)
	local stale = call('ZCOUNT', window, '-inf', gone_text)
	if stale > 0 then
		call('ZREMRANGEBYRANK', window, 0, math.min(stale, 1000) - 1)
	end
	local in_window = '(' .. gone_text
	local count = call('ZCOUNT', window, in_window, '+inf')
	if count < limit then
		return 0
	end
	local first = call('ZRANGEBYSCORE', window, in_window, '+inf', 'WITHSCORES', 'LIMIT', count - limit, 1)
	return math.max(first[2] - gone, 1)
end

local expiries = {}

-- How long a window is kept: its length and a second.
local function expiry_ms(window_us)
	local text = expiries[window_us]
	if not text then
		text = whole(math.ceil(window_us / 1000) + 1000)
		expiries[window_us] = text
	end
	return text
end

local function begin()
	local result_key, window, integration, secrets_key = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4]
	local field, name, birth, token, digest, repeatable, deadline, version, action, limit, window_us, confirm_token, used, secrets =
		unpack(ARGV, a + 1, a + 14)
	k, a = k + 4, a + 14
	local fields, tags = read_secrets(secrets)
	local confirm, pending
	if confirm_token ~= '' then
		confirm, pending = KEYS[k + 1], KEYS[k + 2]
		k = k + 2
	end

	local who, waiters, at, earlier, mark_version = identify(name, result_key, birth, token, digest)
	if who == 'mine' then
		if call('HEXISTS', claims, field) == 0 then
			return 'lost'
		end
		if now_us - at <= 1000000 then
			return 'ok ' .. at .. ' ' .. earlier
		end
		-- Begun too long ago to be what the window says. Nothing of it was sent: taken back, and begun again.
		call('ZREM', window, token)
		who = earlier == '1' and 'ours' or earlier == '2' and 'ended' or 'unsent'
		if who ~= 'ours' then
			write_mark(name, birth, waiters, UNSENT[earlier], digest, at, earlier, mark_version)
			if who == 'unsent' and confirm then
				call('HDEL', confirm, 'used')
			end
		end
	end
	local again = who == 'ours' or who == 'ended'
	local over = who == 'ended' and 'ended' or 'over'
	if again then
		if repeatable == '0' then
			return who == 'ended' and 'ended' or 'unknown'
		end
		if mark_version ~= version then
			local current = call('HGET', integration, 'version') or ''
			return current == mark_version and 'changed' or over
		end
	elseif who ~= 'free' and who ~= 'unsent' then
		return who
	end

	if deadline ~= '0' and now_ms >= tonumber(deadline) then
		return again and over or 'expired'
	end
	local is_changed, on = changed(integration, secrets_key, version, action, fields, tags)
	if confirm and not again then
		local refused = token_refused(confirm, call('HGET', integration, 'version') or '', who == 'unsent' and used)
		if refused then
			return refused
		end
	end
	if is_changed or not on then
		return (again and not is_changed) and over or 'changed'
	end
	local wait = window_wait(window, tonumber(limit), window_us)
	if wait > 0 then
		-- One that was let in before waits for room.
		local ms = whole(math.ceil(wait / 1000))
		return who == 'free' and 'rate_limited ' .. ms or 'wait_room ' .. ms .. ' ' .. who
	end
	call('ZADD', window, now, token)
	call('PEXPIRE', window, expiry_ms(window_us))
	earlier = who == 'ours' and '1' or who == 'ended' and '2' or '0'
	write_mark(name, birth, waiters, token, digest, now, earlier, version)
	if confirm and not again then
		use_token(confirm, pending, confirm_token, used)
	end
	return 'ok ' .. now .. ' ' .. earlier
end

-- One item, whatever is wrong with its keys. Each reads all its words before its first call, so the next finds its own.
local function answer(item)
	local fine, text = pcall(item)
	if not fine then
		text = 'error ' .. (type(text) == 'table' and text.err or tostring(text))
	end
	out[#out + 1] = text
end

for _ = 1, settles do
	answer(settle)
end
for _ = 1, begins do
	answer(begin)
end
push_all()
out[7] = trim_logs()

-- The claim: what was put back first, then the queues by smooth weighted round robin over those that hold something.
-- So many are popped at once; what the bound of bytes leaves over goes back where it was.
local BATCH = 16
local W, next_token = ARGV[2], tonumber(ARGV[14])

local function take(payload, queue, deliveries, birth, carry)
	local token = W .. '.' .. next_token
	local field = token .. ' ' .. queue .. ' ' .. deliveries .. ' ' .. (birth or token) .. ' ' .. carry
	next_token = next_token + 1
	call('HSET', claims, field, payload)
	out[#out + 1] = field
	out[#out + 1] = payload
	room = room - 1
	bytes = bytes - #payload
end

local function put_back(list, popped, first)
	for i = #popped, first, -1 do
		call('RPUSH', list, popped[i])
	end
end

local function take_from_retry()
	while room > 0 and bytes > 0 do
		local entries = redis.pcall('RPOP', retry, math.min(room, BATCH))
		if not entries then
			return
		elseif entries.err then
			not_lists[#not_lists + 1] = retry
			return
		end
		for i, entry in ipairs(entries) do
			local queue, deliveries, birth, carry, at = match(entry, '^(%a) (%d+) (%S+) (%S+)\n()')
			if not queue then
				bury_payload(entry, 'an entry of retry that is none')
			elseif bytes > 0 then
				take(sub(entry, at), queue, deliveries + 1, birth, carry)
			else
				return put_back(retry, entries, i)
			end
		end
	end
end

local credits, length, weight, total

local function next_queue()
	local best, sum = nil, 0
	for q = 1, 3 do
		if length[q] > 0 then
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
	length[best] = length[best] - 1
	total = total - 1
	return best
end

local function take_batch()
	local c1, c2, c3, l1, l2, l3 = credits[1], credits[2], credits[3], length[1], length[2], length[3]
	local turns, at, popped = {}, {0, 0, 0}, {}
	for i = 1, math.min(room, BATCH, total) do
		local q = next_queue()
		turns[i] = q
		at[q] = at[q] + 1
	end
	for q = 1, 3 do
		if at[q] > 0 then
			popped[q] = call('RPOP', KEYS[5 + q], at[q])
			at[q] = 0
		end
	end
	for i, q in ipairs(turns) do
		if bytes <= 0 then
			-- Nobody's turn was used up by what goes back.
			for other, payloads in pairs(popped) do
				put_back(KEYS[5 + other], payloads, at[other] + 1)
			end
			credits, length = {c1, c2, c3}, {l1, l2, l3}
			for _ = 1, i - 1 do
				next_queue()
			end
			return
		end
		at[q] = at[q] + 1
		take(popped[q][at[q]], q == 1 and 'd' or q == 2 and 'c' or 'w', '1', nil, '-')
	end
end

local function take_from_queues()
	credits = {tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])}
	weight = {tonumber(ARGV[18]), tonumber(ARGV[19]), tonumber(ARGV[20])}
	length, total = {0, 0, 0}, 0
	local before = {0, 0, 0}
	for q = 1, 3 do
		local held = weight[q] > 0 and redis.pcall('LLEN', KEYS[5 + q])
		if type(held) == 'number' then
			length[q], before[q] = held, held
			total = total + held
		elseif held then
			not_lists[#not_lists + 1] = KEYS[5 + q]
		end
	end
	while room > 0 and bytes > 0 and total > 0 do
		take_batch()
	end
	for q = 1, 3 do
		if length[q] < before[q] then
			redis.pcall('HINCRBY', KEYS[9], q, before[q] - length[q])
		end
	end
	out[2], out[3], out[4] = credits[1], credits[2], credits[3]
end

if room > 0 then
	take_from_retry()
end
if room > 0 and bytes > 0 then
	take_from_queues()
end

out[5], out[6], out[8], out[9] = replies_dropped, dead_dropped, audit_lost, table.concat(not_lists, ' ')
return out
