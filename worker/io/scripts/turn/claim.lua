-- turn, claim: what was put back first, then the queues by smooth weighted round robin over those that hold something.
-- So many are popped at once; what the bound of bytes leaves over goes back where it was.
local BATCH = 16
local W, next_token = ARGV[2], tonumber(ARGV[14])
local workflow_room = tonumber(ARGV[21])

local function take(payload, queue, deliveries, birth, carry)
	local token = W .. '.' .. next_token
	local field = token .. ' ' .. queue .. ' ' .. deliveries .. ' ' .. (birth or token) .. ' ' .. carry
	next_token = next_token + 1
	call('HSET', claims, field, payload)
	out[#out + 1] = field
	out[#out + 1] = payload
	room = room - 1
	bytes = bytes - #payload
	if queue == 'w' then
		workflow_room = workflow_room - 1
	end
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
			elseif bytes > 0 and (queue ~= 'w' or workflow_room > 0) then
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
			held = q == 3 and math.max(math.min(held, workflow_room), 0) or held
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
