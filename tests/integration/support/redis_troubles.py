# SPDX-License-Identifier: MIT
"""Ways in which a Redis is there and will not do what is asked. Each makes its trouble and returns what mends it."""

import os
import shutil
import threading

from redis import Redis
from redis.exceptions import RedisError

from .waiting import wait_until


def busy_script(redis):
    """A script of somebody else's that runs until it is killed, in a connection of its own."""
    redis.client.config_set("lua-time-limit", 1)
    client = Redis(unix_socket_path=redis.socket_path)

    def run():
        try:
            client.eval("while true do end", 0)
        except RedisError:
            pass

    thread = threading.Thread(target=run)
    thread.start()

    def is_busy():
        try:
            return not redis.client.ping()
        except RedisError:
            return True

    wait_until(is_busy, "the script to run")
    return lambda: (redis.client.script_kill(), thread.join())


def no_room(redis):
    held = int(redis.client.info("clients")["connected_clients"])
    redis.client.config_set("maxclients", held)
    return lambda: redis.client.config_set("maxclients", 1000)


def too_few_replicas(redis):
    redis.client.config_set("min-replicas-to-write", 1)
    return lambda: redis.client.config_set("min-replicas-to-write", 0)


def cannot_save(redis):
    """A snapshot fails, for a folder has its name, and no more writes are taken (stop-writes-on-bgsave-error)."""
    in_the_way = os.path.join(redis.folder, "dump.rdb")
    os.makedirs(os.path.join(in_the_way, "something"))
    redis.client.config_set("save", "3600 1")
    redis.client.bgsave()
    wait_until(lambda: redis.client.info("persistence")["rdb_last_bgsave_status"] == "err", "the snapshot to fail")

    def mend():
        shutil.rmtree(in_the_way)
        redis.client.config_set("save", "")

    return mend


def full(redis):
    redis.client.config_set("maxmemory", 1)
    return lambda: redis.client.config_set("maxmemory", 0)


def replica(redis):
    """As after a failover: it is a replica now, of a master that it does not find."""
    redis.client.execute_command("REPLICAOF", "127.0.0.1", "1")
    return lambda: redis.client.execute_command("REPLICAOF", "NO", "ONE")


def replica_without_master(redis):
    redis.client.config_set("replica-serve-stale-data", "no")
    return replica(redis)
