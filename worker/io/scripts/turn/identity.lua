-- turn, identity: who has an id, whether what a worker knows is still so, and whether a confirmation may be used.

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
	return false, (seen[2] or '1') == '1' and not seen[3]
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
