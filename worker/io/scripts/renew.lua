-- renew: a worker's heartbeat, and what it can see in passing: due jobs are promoted, workers that may be dead are named,
-- lanes whose jobs wait for a slot too, and it is noted how long the queues have been.
--
-- KEYS  workers, dying, retry, delayed, taken, jobs:decisions, jobs:chat, jobs:workflow, ages:decisions, ages:chat, ages:workflow,
--       parked
-- ARGV  me, lease_ms, how many to promote at most
--
-- Answers  'dead' where this worker is no longer known, else
--          now_us, how many were promoted, when the next is due (ms; -1: none), the age (ms; -1: it holds none) of the oldest job
--          of each queue, how many jobs wait for a slot (-1: in too many lanes to be counted), how many workers' leases have ended, how many
--          lanes are named, then the members whose leases ended, the lanes, and names of workers that are being emptied.
--          Emptying is reap's work.
--
-- A job carries no time. But turn counts what it takes out of a queue (`taken`), and taken and held together is how many jobs there
-- ever were: noted here as `how many, when`, the oldest first. The oldest job is number taken + 1, so it came between the last note of
-- fewer and the first of at least as many.

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

local function read_note(text)
	local count, at = string.match(text or '', '^(%d+) (%d+)$')
	return tonumber(count), tonumber(at)
end

-- Drops the notes of what was taken since, and adds one where more came: a hundredth of the time that they span is between two
-- of them, so that even a queue that nobody serves has few.
local function note(notes, taken, count)
	local last, last_at = read_note(redis.call('LINDEX', notes, -1))
	if last and last > count then -- somebody else took out of the queue
		redis.call('DEL', notes)
		last = nil
	end
	local oldest = redis.call('LINDEX', notes, 0)
	local first, first_at = read_note(oldest)
	while oldest and (first or 0) <= taken do
		redis.call('LPOP', notes)
		oldest = redis.call('LINDEX', notes, 0)
		first, first_at = read_note(oldest)
	end
	if not first or (count > last and now_ms - last_at >= math.max(1000, (now_ms - first_at) / 100)) then
		redis.call('RPUSH', notes, string.format('%.0f %.0f', count, now_ms))
	end
end

local function age(queue, notes, taken)
	local held = redis.call('LLEN', queue)
	if held == 0 then
		if redis.call('EXISTS', notes) == 1 then
			redis.call('DEL', notes)
		end
		return -1
	end
	note(notes, taken, taken + held)
	local _, since = read_note(redis.call('LINDEX', notes, 0))
	return math.max(now_ms - (since or now_ms), 0)
end

local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now_ms - lease_ms), 'LIMIT', 0, 16)
local out = {string.format('%.0f', clock[1] * 1000000 + clock[2]), #due, later[2] or '-1'}
for q = 1, 3 do
	-- A key that is of another type costs its own queue's age and nothing else.
	local taken = redis.pcall('HGET', KEYS[5], q)
	local fine, ms = pcall(age, KEYS[5 + q], KEYS[8 + q], tonumber(type(taken) == 'string' and taken) or 0)
	out[#out + 1] = string.format('%.0f', fine and ms or -1)
end

-- Some of the lanes; who woke a lane's jobs may have died.
local function look_at_lanes()
	local lanes = redis.call('HLEN', KEYS[12])
	if lanes == 0 then
		return 0, {}
	end
	local parked = lanes > 1000 and -1 or 0
	if parked == 0 then
		for _, held in ipairs(redis.call('HVALS', KEYS[12])) do
			parked = parked + tonumber(held)
		end
	end
	return parked, redis.call('HRANDFIELD', KEYS[12], 16)
end

local fine, parked, lanes = pcall(look_at_lanes)
if not fine then
	parked, lanes = -1, {}
end
out[#out + 1] = string.format('%.0f', parked)
out[#out + 1] = #expired
out[#out + 1] = #lanes
for _, member in ipairs(expired) do
	out[#out + 1] = member
end
for _, lane in ipairs(lanes) do
	out[#out + 1] = lane
end
for _, worker in ipairs(redis.call('SRANDMEMBER', KEYS[2], 16)) do
	out[#out + 1] = worker
end
return out
