-- turn, begin: the one moment at which a call may be let out.

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
