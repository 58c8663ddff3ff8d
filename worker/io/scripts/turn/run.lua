-- turn, run: settles first, for they make room; then begins, the replies of both, and a claim.

-- One item, whatever is wrong with its keys. Each reads all its words before its first call, so the next finds its own.
local function answer(item)
	local fine, text = pcall(item)
	if not fine then
		text = 'error ' .. (type(text) == 'table' and text.err or tostring(text))
	end
	out[#out + 1] = text
end

for _ = 1, settles do
	answer(settle)
end
for _ = 1, begins do
	answer(begin)
end
push_all()
out[7] = trim_logs()

if room > 0 and type(redis.pcall('HLEN', claims)) ~= 'number' then
	room = 0 -- what is taken could not be kept
	not_lists[#not_lists + 1] = claims
end
if room > 0 then
	take_from_retry()
end
if room > 0 and bytes > 0 then
	take_from_queues()
end

out[5], out[6], out[8], out[9] = replies_dropped, dead_dropped, audit_lost, table.concat(not_lists, ' ')
return out
