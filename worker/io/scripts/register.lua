-- register: a worker makes itself known, or comes back after its connection was lost.
--
-- KEYS  workers, claims:W
-- ARGV  the member it was (W:epoch) or '', the member it is now, then members it may be instead of the first: those whose
--       registration was asked for and never answered
--
-- A first registration also tries each command that any script uses, for Redis asks for rights command by command and undoes nothing: a
-- worker that may not do one of them would take jobs and lose their replies. Error NOPERM: it may not.
--
-- Answers  'dead' where the member it was is gone: its claims are others' now, it drops all and takes a new W;
--          else now_us and the fields of the claims that Redis holds for it. Those it does not know were given in an
--          answer that was lost: it gives them back. A command of the old connection that arrives late finds its member gone.

-- On a key that is a sorted set by then, in ways that change nothing: it is of the wrong type, or an argument is.
local TRIED = {
	ZSCORE = {''}, ZCARD = {}, ZCOUNT = {'1', '0'}, ZRANGE = {'1', '0'}, ZRANGEBYSCORE = {'1', '0'}, ZREMRANGEBYRANK = {'1', '0'},
	ZREMRANGEBYSCORE = {'1', '0'}, GET = {}, SET = {'', 'NX', 'XX'}, TYPE = {}, EXISTS = {}, PTTL = {}, EXPIRE = {'-'}, PEXPIRE = {'-'},
	LPUSH = {''}, RPUSH = {''}, LPOP = {}, RPOP = {}, LLEN = {}, LINDEX = {'0'}, LTRIM = {'0', '0'},
	HSET = {'', ''}, HGET = {''}, HMGET = {''}, HGETALL = {}, HDEL = {''}, HEXISTS = {''}, HLEN = {}, HVALS = {}, HKEYS = {},
	HINCRBY = {'', '1'}, HRANDFIELD = {'1'}, SADD = {''}, SREM = {''}, SISMEMBER = {''}, SRANDMEMBER = {'1'},
	XADD = {'*', '', ''}, XTRIM = {'MAXLEN', '0'},
}

local function refused(key, command, arguments)
	local answer = redis.pcall(command, key, unpack(arguments))
	local why = type(answer) == 'table' and answer.err or ''
	return (string.find(why, 'NOPERM', 1, true) or string.find(why, 'executing the script', 1, true) or
		string.find(why, 'ACL failure', 1, true)) and 'NOPERM ' .. command .. ': ' .. why
end

local function first_refused()
	for command, arguments in pairs(TRIED) do
		local why = refused(KEYS[1], command, arguments)
		if why then
			return why
		end
	end
	return redis.call('EXISTS', KEYS[2]) == 0 and refused(KEYS[2], 'DEL', {})
end

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
local why = ARGV[1] == '' and first_refused()
if why then
	redis.call('ZREM', KEYS[1], ARGV[2])
	return redis.error_reply(why)
end
local out = {string.format('%.0f', clock[1] * 1000000 + clock[2])}
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
	out[#out + 1] = field
end
return out
