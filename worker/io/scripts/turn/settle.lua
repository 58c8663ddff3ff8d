-- turn, settle: the one end of each claim: a reply, or back to where another delivery finds it.

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
	local delayed, due, name, birth, lane, push
	if kind == 'park' then
		lane, push = ARGV[a + 1], ARGV[a + 2] == '1' and 'RPUSH' or 'LPUSH'
		k, a = k + 2, a + 2
	elseif kind ~= 'give' then
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
	if lane then
		call('HINCRBY', KEYS[k - 1], lane, 1)
		call(push, KEYS[k], entry)
	elseif delayed then
		call('ZADD', delayed, due, entry)
	else
		call('RPUSH', retry, entry)
	end
	call('HDEL', claims, field)
	return 'ok'
end
