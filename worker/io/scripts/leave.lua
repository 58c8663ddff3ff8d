-- leave: a worker goes. What it could not give back is taken over at once instead of when its lease ends.
--
-- KEYS  workers, dying, claims:W
-- ARGV  me, W

if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 and redis.call('EXISTS', KEYS[3]) == 1 then
	redis.call('SADD', KEYS[2], ARGV[2])
end
return 'ok'
