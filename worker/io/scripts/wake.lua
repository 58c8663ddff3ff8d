-- wake: jobs that waited for a slot of their org or host go to the front of the line, the oldest first, those of chat before workflows.
--
-- KEYS  workers, retry, parked, then for each lane its list of chat and decisions and its list of workflows
-- ARGV  me, how many in all, then for each lane: its name, how many at most, how many of workflows at most
--
-- Answers  'dead' where this worker is no longer known, else for each lane: how many were woken, how many of chat are left, how many of
--          workflows. `parked` holds for each lane how many it has.

if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
	return 'dead'
end
redis.call('ZREM', KEYS[1], '') -- a first write, so that jobs are woken where memory is out

-- None where retry is of another type: what is taken could not be kept.
local kind = redis.call('TYPE', KEYS[2]).ok
local all = (kind == 'list' or kind == 'none') and tonumber(ARGV[2]) or 0

-- Out of a list, oldest first.
local function pop(list, count)
	count = math.min(count, all)
	local entries = count > 0 and redis.call('RPOP', list, count) or {}
	all = all - #entries
	return entries
end

-- The first of them is the next that is claimed.
local function push(entries)
	for i = #entries, 1, -1 do
		redis.call('RPUSH', KEYS[2], entries[i])
	end
end

local out = {}
for lane = 1, (#KEYS - 3) / 2 do
	local chat_list, workflow_list = KEYS[2 + 2 * lane], KEYS[3 + 2 * lane]
	local name, room, workflow_room = ARGV[3 * lane], tonumber(ARGV[3 * lane + 1]), tonumber(ARGV[3 * lane + 2])
	local chat = pop(chat_list, room)
	local workflows = pop(workflow_list, math.min(workflow_room, room - #chat))
	push(workflows)
	push(chat)
	local chat_left, workflows_left = redis.call('LLEN', chat_list), redis.call('LLEN', workflow_list)
	if chat_left + workflows_left > 0 then
		redis.call('HSET', KEYS[3], name, chat_left + workflows_left)
	else
		redis.call('HDEL', KEYS[3], name)
	end
	out[#out + 1] = #chat + #workflows
	out[#out + 1] = chat_left
	out[#out + 1] = workflows_left
end
return out
