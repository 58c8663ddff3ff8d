-- leave: a worker goes. What it could not give back is taken over at once instead of when its lease ends.
--
-- KEYS  workers, dying, claims:W
-- ARGV  me, W

if redis.call('ZSCORE', KEYS[1], ARGV[1]) then
	redis.call('ZREM', KEYS[1], '') -- a first write, so that a worker may go where memory is out
	if redis.call('EXISTS', KEYS[3]) == 1 then
		redis.call('SADD', KEYS[2], ARGV[2])
	end
	redis.call('ZREM', KEYS[1], ARGV[1])
end
return 'ok'
