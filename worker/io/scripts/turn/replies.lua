-- turn, replies: what is pushed to those who wait for one, and onto `dead`.

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
