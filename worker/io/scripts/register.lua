-- register: a worker makes itself known, or comes back after its connection was lost.
--
-- KEYS  workers, claims:W
-- ARGV  the member it was (W:epoch) or '', the member it is now, then members it may be instead of the first: those whose
--       registration was asked for and never answered
--
-- Answers  'dead' where the member it was is gone: its claims are others' now, it drops all and takes a new W;
--          else now_us and the fields of the claims that Redis holds for it. Those it does not know were given in an
--          answer that was lost: it gives them back. A command of the old connection that arrives late finds its member gone.

redis.call('ZREM', KEYS[1], '') -- a first write, so that a worker is let in where memory is out
local known = ARGV[1] == ''
for i, member in ipairs(ARGV) do
	if i ~= 2 and member ~= '' then
		known = redis.call('ZREM', KEYS[1], member) == 1 or known
	end
end
if not known then
	return 'dead'
end
local clock = redis.call('TIME')
redis.call('ZADD', KEYS[1], string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)), ARGV[2])
local out = {string.format('%.0f', clock[1] * 1000000 + clock[2])}
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
	out[#out + 1] = field
end
return out
