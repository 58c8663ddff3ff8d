-- renew: a worker's heartbeat, and what it can see in passing: due jobs are promoted, workers that may be dead are named,
-- lanes whose jobs wait for a slot too, claims that are nobody's are made a dead worker's, and it is noted how long the queues have been.
--
-- KEYS  workers, dying, retry, delayed, taken, jobs:decisions, jobs:chat, jobs:workflow, ages:decisions, ages:chat, ages:workflow,
--       parked
-- ARGV  me, lease_ms, how many to promote at most, then names (W) whose claims were seen: some may be in no list
--
-- Answers  'dead' where this worker is no longer known, else
--          now_us, how many were promoted, when the next is due (ms; -1: none), the age (ms; -1: it holds none) of the oldest job
--          of each queue, how many jobs wait for a slot (-1: in too many lanes to be counted), how many workers' leases have ended, how many
--          lanes are named, those of dying and delayed that are of another type (their keys, with a space between), then the members whose
--          leases ended, the lanes, and names of workers that are being emptied.
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

-- A key that is of another type costs what it is for and nothing else.
local wrong = {}

local function is_of_type(key, type)
	local kind = redis.call('TYPE', key).ok
	return kind == type or kind == 'none'
end

local function may_use(key, type)
	local fine = is_of_type(key, type)
	if not fine then
		wrong[#wrong + 1] = key
	end
	return fine
end

-- The earliest comes out of retry first. Each is there before it is gone from delayed.
local due, later = {}, {}
if may_use(KEYS[4], 'zset') and is_of_type(KEYS[3], 'list') then
	due = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', string.format('%.0f', now_ms), 'LIMIT', 0, most)
	for _, entry in ipairs(due) do
		redis.call('LPUSH', KEYS[3], entry)
		redis.call('ZREM', KEYS[4], entry)
	end
	later = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
end

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

local expired, dying = {}, {}
if may_use(KEYS[2], 'set') then
	if ARGV[4] then
		local living = {}
		for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
			living[string.match(member, '^(.*):') or member] = true
		end
		for i = 4, #ARGV do
			if not living[ARGV[i]] then
				redis.call('SADD', KEYS[2], ARGV[i])
			end
		end
	end
	expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now_ms - lease_ms), 'LIMIT', 0, 16)
	dying = redis.call('SRANDMEMBER', KEYS[2], 16)
end
local out = {string.format('%.0f', clock[1] * 1000000 + clock[2]), #due, later[2] or '-1'}
for q = 1, 3 do
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
out[#out + 1] = table.concat(wrong, ' ')
for _, member in ipairs(expired) do
	out[#out + 1] = member
end
for _, lane in ipairs(lanes) do
	out[#out + 1] = lane
end
for _, worker in ipairs(dying) do
	out[#out + 1] = worker
end
return out
