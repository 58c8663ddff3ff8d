-- renew: a worker's heartbeat, and what it can see in passing: due jobs are promoted, workers that may be dead are named.
--
-- KEYS  workers, dying, retry, delayed
-- ARGV  me, lease_ms, how many to promote at most
--
-- Answers  'dead' where this worker is no longer known, else
--          now_us, how many were promoted, when the next is due (ms; -1: none), how many workers' leases have ended, their members,
--          then names of workers that are being emptied. Emptying is reap's work.

local me, lease_ms, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if not redis.call('ZSCORE', KEYS[1], me) then
	return 'dead'
end
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREM', KEYS[1], '') -- a first write, so that leases live on where memory is out
redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', now_ms), me)

-- The earliest comes out of retry first. Each is there before it is gone from delayed.
local due = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', string.format('%.0f', now_ms), 'LIMIT', 0, most)
for _, entry in ipairs(due) do
	redis.call('LPUSH', KEYS[3], entry)
	redis.call('ZREM', KEYS[4], entry)
end
local later = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')

local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now_ms - lease_ms), 'LIMIT', 0, 16)
local out = {string.format('%.0f', clock[1] * 1000000 + clock[2]), #due, later[2] or '-1', #expired}
for _, member in ipairs(expired) do
	out[#out + 1] = member
end
for _, worker in ipairs(redis.call('SRANDMEMBER', KEYS[2], 16)) do
	out[#out + 1] = worker
end
return out
