-- reap: takes over what a dead worker held, so many claims a call.
--
-- KEYS  workers, dying, retry, claims:X
-- ARGV  me, X, the member whose lease ended (X:epoch) or '' where X is being emptied already, lease_ms, how many at most
--
-- Answers  'dead' where this worker is no longer known, else how many claims were put back and how many are left.
-- From the moment that the member is gone, nothing X still says counts. What X had taken keeps its count of deliveries.

local me, worker, member, lease_ms, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if not redis.call('ZSCORE', KEYS[1], me) then
	return 'dead'
end
redis.call('ZREM', KEYS[1], '') -- a first write, so that jobs are taken over where memory is out
if member ~= '' then
	local clock = redis.call('TIME')
	local heartbeat = redis.call('ZSCORE', KEYS[1], member)
	if not heartbeat or tonumber(heartbeat) >= clock[1] * 1000 + math.floor(clock[2] / 1000) - lease_ms then
		return {0, 0}
	end
	redis.call('SADD', KEYS[2], worker)
	redis.call('ZREM', KEYS[1], member)
elseif redis.call('SISMEMBER', KEYS[2], worker) == 0 then
	return {0, 0}
end

-- The oldest first, by the count in their tokens: of all, or of as many as can be looked at in a call.
local is_hash = redis.call('TYPE', KEYS[4]).ok == 'hash' -- what is of another type holds no claims
local claims, count = is_hash and redis.call('HRANDFIELD', KEYS[4], 1024) or {}, {}
for _, field in ipairs(claims) do
	count[field] = tonumber(string.match(field, '^%S*%.(%d+) ')) or 0
end
table.sort(claims, function(one, other) return count[one] < count[other] end)

-- Each is in retry before its claim is gone, behind what was put back before. One that is none is found out by whoever takes it from there.
local moved = math.min(most, #claims)
for i = 1, moved do
	local payload = redis.call('HGET', KEYS[4], claims[i])
	redis.call('LPUSH', KEYS[3], (string.match(claims[i], ' (.*)$') or '-') .. '\n' .. payload)
	redis.call('HDEL', KEYS[4], claims[i])
end
local left = is_hash and redis.call('HLEN', KEYS[4]) or 0
if left == 0 then
	redis.call('SREM', KEYS[2], worker)
end
return {moved, left}
