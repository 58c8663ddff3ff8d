# SPDX-License-Identifier: MIT
"""bellhopd --reseal: secrets move to the ring's newest key, and to nothing else. Contract, section 7."""

import itertools
import os
import re
import subprocess

import pytest
from support.leaks import assert_none
from support.org import integration
from support.programs import BUILD, environment, run
from support.redis_proxy import RedisProxy
from support.sealing import Seal
from support.waiting import PATIENCE

WORKER = {"rate_limit": "100000/60"}
READ = {"method": "GET", "path": "/t"}
WRITE = {"method": "POST", "path": "/t"}
SUM = re.compile(r"looked at (\d+): (\d+) resealed with key ([0-9a-f]{16}), (\d+) had it already, (\d+) unreadable")
FOREIGN = "https://api.acme.com"

shards = itertools.count(1)


class Vault:
    """A shard, a ring, and what seals with its first key."""

    def __init__(self, folder, redis, new_org):
        self.ring = str(folder / "ring")
        self.folder, self.redis, self.new_org = folder, redis, new_org
        self.shard = f"vault-{next(shards)}"
        assert run("bellhop", ["keygen", self.ring]).code == 0
        self.old = Seal(self.ring + ".pub")

    def rotate(self):
        assert run("bellhop", ["keygen", "--rotate", self.ring]).code == 0
        return Seal(self.ring + ".pub")

    def newest_alone(self):
        """A copy of the ring without what was there before."""
        path = str(self.folder / "newest")
        with open(self.ring, encoding="ascii") as file:
            newest = [line for line in file if line.startswith("bellhop-secret-1 ")][-1]
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(newest)
        return path

    def org(self, name="acme"):
        return self.new_org(name, shard=self.shard, seal_with=self.ring + ".pub")

    def fill(self, org, names, seal, fields=("token",), origin=FOREIGN):
        """Secrets without definitions: only where they lie counts."""
        pipe = self.redis.client.pipeline()
        pipe.sadd(org.key("orgs"), org.name)
        for name in names:
            pipe.sadd(org.own("integrations"), name)
            for field in fields:
                pipe.hset(org.own("secrets:" + name), field, seal(org.name, name, field, origin, f"value of {name}"))
        pipe.execute()

    def options(self, **options):
        return {"redis_url": self.redis.unix_url, "shard": self.shard, "key_file": self.ring, **options}

    def reseal(self, *arguments, **options):
        result = run("bellhopd", ["--reseal", *arguments], self.options(**options), timeout=120)
        assert_none(result.out + result.err, "what --reseal says")
        return result

    def resealed(self, **options):
        """(looked at, resealed, already new, unreadable), and the exit code as it must then be."""
        result = self.reseal(**options)
        lines = result.out.splitlines()
        told = SUM.fullmatch(lines[-1])
        assert told and result.err == "", result
        numbers = tuple(int(told[i]) for i in (1, 2, 4, 5))
        assert numbers[0] == sum(numbers[1:]) and len(lines) - 1 == numbers[3]
        assert result.code == (1 if numbers[3] else 0)
        return numbers

    def unreadable(self, **options):
        return [line.removeprefix("unreadable: ") for line in self.reseal(**options).out.splitlines()[:-1]]

    def start(self, url):
        """Runs on its own."""
        return subprocess.Popen(
            [os.path.join(BUILD, "bellhopd"), "--reseal"],
            env=environment(self.options(redis_url=url)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@pytest.fixture
def vault(tmp_path, redis_server, new_org):
    return Vault(tmp_path, redis_server, new_org)


@pytest.fixture
def proxy(redis_server):
    between = RedisProxy(redis_server)
    yield between
    between.stop()


def ended(process):
    out, err = process.communicate(timeout=60 * PATIENCE)
    assert "Sanitizer" not in err and "runtime error" not in err, err
    return process.returncode, out, err


def secret(org, name="tickets", field="token"):
    return org.redis.hget(org.own("secrets:" + name), field)


def key_of(sealed):
    return sealed.split(".")[1]


# The rotation as the README has it.


def test_after_it_the_old_key_may_go(vault, start_worker, upstream, other_upstream):
    acme, globex = vault.org("acme"), vault.org("globex")
    acme.put(integration(upstream.base_url, auth="bearer", read=READ))
    acme.put(integration(upstream.base_url, "pair", auth="basic", read=READ))
    globex.put(integration(other_upstream.base_url, auth={"method": "api_key", "header": "X-Key"}, read=READ))
    acme.seal("tickets", "token", "acme's own token")
    acme.seal("pair", "username", "a-user-of-acme")
    acme.seal("pair", "password", "a-password-of-acme")
    globex.seal("tickets", "key", "the key of globex")
    newest = vault.rotate()
    acme.put(integration(upstream.base_url, "late", auth="bearer", read=READ))
    acme.seal("late", "token", "sealed with the new key")
    versions = [acme.redis.hget(acme.own("integration:" + name), "version") for name in ("tickets", "pair")]
    assert vault.resealed() == (5, 4, 1, 0)
    assert vault.resealed() == (5, 0, 5, 0)
    assert {key_of(secret(acme)), key_of(secret(globex, field="key"))} == {newest.key_id}
    assert versions == [acme.redis.hget(acme.own("integration:" + name), "version") for name in ("tickets", "pair")]

    start_worker(shard=vault.shard, key_file=vault.newest_alone())
    for action in ("tickets/read", "pair/read", "late/read"):
        assert acme.run(action)["status"] == "succeeded"
    assert globex.run("tickets/read")["status"] == "succeeded"
    sent = [one.header("Authorization") for one in upstream.received()]
    assert (sent[0], sent[2]) == ("Bearer acme's own token", "Bearer sealed with the new key") and sent[1].startswith("Basic ")
    assert other_upstream.only().header("X-Key") == "the key of globex"


def test_a_worker_goes_on_and_what_was_asked_stays_asked(vault, start_worker, upstream):
    acme = vault.org()
    acme.put(integration(upstream.base_url, auth="bearer", read=READ, create=WRITE))
    acme.seal("tickets", "token", "the token of before")
    vault.rotate()
    start_worker(shard=vault.shard, key_file=vault.ring)
    assert acme.run("tickets/read")["status"] == "succeeded"
    asked = acme.ask("tickets/create")
    jobs = [acme.push(acme.job("tickets/read")) for _ in range(50)]
    assert vault.resealed() == (1, 1, 0, 0)
    jobs += [acme.push(acme.job("tickets/read")) for _ in range(50)]
    assert {acme.reply(job)["status"] for job in jobs} == {"succeeded"}
    assert acme.approve(asked.token)["status"] == "succeeded"
    assert acme.run("tickets/read")["definition_version"] == asked["definition_version"]
    assert len(upstream.received()) == 103
    assert {one.header("Authorization") for one in upstream.received()} == {"Bearer the token of before"}


# A binding is kept, not widened.


def test_the_origin_stays_the_one_it_was_sealed_for(vault, start_worker, upstream, other_upstream):
    acme = vault.org()
    acme.put(integration(upstream.base_url, auth="bearer", read=READ))
    acme.seal("tickets", "token", "for the first origin alone")
    acme.put(integration(other_upstream.base_url, auth="bearer", read=READ))
    vault.rotate()
    assert vault.resealed() == (1, 1, 0, 0)
    start_worker(shard=vault.shard, key_file=vault.newest_alone())
    assert acme.run("tickets/read").code == "secret_unreadable"
    acme.put(integration(upstream.base_url, auth="bearer", read=READ))
    assert acme.run("tickets/read")["status"] == "succeeded"
    assert other_upstream.received() == []


def test_a_copied_secret_is_left_alone_and_stays_unreadable(vault, start_worker, upstream):
    acme, globex = vault.org("acme"), vault.org("globex")
    for org in (acme, globex):
        org.put(integration(upstream.base_url, auth="basic", read=READ))
        org.put(integration(upstream.base_url, "other", auth="basic", read=READ))
    acme.seal("tickets", "username", "the-username-of-acme")
    acme.seal("tickets", "password", "the-password-of-acme")
    original = secret(acme, field="password")
    copies = [(globex, "tickets", "password"), (acme, "other", "password"), (acme, "other", "username")]
    for org, name, field in copies:
        org.redis.hset(org.own("secrets:" + name), field, original)
    vault.rotate()
    assert sorted(vault.unreadable()) == sorted(
        f"{org.name} {name} {field}: does not open here: it is damaged, or was sealed for something else" for org, name, field in copies
    )
    assert [secret(*copy) for copy in copies] == [original] * 3
    assert vault.resealed() == (5, 0, 2, 3)
    start_worker(shard=vault.shard, key_file=vault.ring)
    assert acme.run("tickets/read")["status"] == "succeeded"
    assert acme.run("other/read").code == "secret_unreadable"


def test_what_does_not_open_is_named_and_left_alone(vault):
    acme = vault.org()
    vault.fill(acme, [f"bad-{n}" for n in range(9)], vault.old)
    stranger = vault.folder / "stranger"
    assert run("bellhop", ["keygen", str(stranger)]).code == 0
    other_key = Seal(str(stranger) + ".pub")
    good = secret(acme, "bad-0")
    damaged = "it is damaged, or was sealed for something else"
    new = vault.rotate()
    texts = {
        "bad-1": ("", "is no sealed text"),
        "bad-2": ("plain-text-token", "is no sealed text"),
        "bad-3": (good[:-2], damaged),
        "bad-4": (good[:60] + ("A" if good[60] != "A" else "B") + good[61:], damaged),
        "bad-5": (other_key(acme.name, "bad-5", "token", FOREIGN, "v"), f"sealed with key {other_key.key_id}, which is not in the ring"),
        "bad-6": ("bh1." + new.key_id + "." + good.split(".")[2], damaged),
        "bad-7": ("x" * 200000, "is no sealed text"),
        "bad-8": (vault.old.whole(b"bh1\0%s\0bad-8\0token\0no end of the origin" % acme.name.encode()), damaged),
    }
    for name, (text, _) in texts.items():
        acme.redis.hset(acme.own("secrets:" + name), "token", text)
    acme.redis.hset(acme.own("secrets:bad-0"), "a field\x1b[2J", good)
    told = vault.unreadable()
    for name, (_, why) in texts.items():
        assert len([line for line in told if line.startswith(f"{acme.name} {name} token: ") and line.endswith(why)]) == 1, (name, told)
    assert f"{acme.name} bad-0 -: its field has no name that a secret can have" in told
    assert len(told) == 9 and "\x1b" not in "".join(told)
    assert all(secret(acme, name) == text for name, (text, _) in texts.items())
    assert key_of(secret(acme, "bad-0")) == new.key_id


# Somebody else writes meanwhile.


def test_a_secret_that_is_set_meanwhile_wins(vault, proxy, start_worker, upstream):
    acme = vault.org()
    acme.put(integration(upstream.base_url, auth="bearer", read=READ))
    acme.seal("tickets", "token", "the value of before")
    old_public = vault.folder / "old.pub"
    with open(vault.ring + ".pub", "rb") as file:
        old_public.write_bytes(file.read())
    new = vault.rotate()
    page = proxy.hold(secret(acme).encode())
    process = vault.start(proxy.url)
    page.wait()
    # By an admin who has not got the new .pub yet: so it is resealed in its turn.
    assert acme.bellhop("secret", "set", "tickets", "token", stdin="the value of meanwhile", seal_with=str(old_public)).code == 0
    page.release()
    code, out, _ = ended(process)
    assert code == 0 and "looked at 1: 1 resealed" in out
    assert key_of(secret(acme)) == new.key_id
    start_worker(shard=vault.shard, key_file=vault.newest_alone())
    assert acme.run("tickets/read")["status"] == "succeeded"
    assert upstream.only().header("Authorization") == "Bearer the value of meanwhile"


def test_a_secret_that_is_removed_meanwhile_stays_removed(vault, proxy):
    acme = vault.org()
    vault.fill(acme, ["tickets"], vault.old, fields=("token", "key"))
    vault.rotate()
    page = proxy.hold(secret(acme).encode())
    process = vault.start(proxy.url)
    page.wait()
    acme.redis.hdel(acme.own("secrets:tickets"), "token")
    page.release()
    code, out, _ = ended(process)
    assert code == 0 and "looked at 1: 1 resealed" in out
    assert secret(acme) is None
    page = proxy.hold(secret(acme, field="key").encode())
    vault.rotate()
    process = vault.start(proxy.url)
    page.wait()
    acme.redis.delete(acme.own("secrets:tickets"))
    page.release()
    code, out, _ = ended(process)
    assert code == 0 and "looked at 0: " in out
    assert not acme.redis.exists(acme.own("secrets:tickets"))


# It ends before its end.


def many(vault, count=2000):
    """In two orgs, one of them with long pages of names and one field each, the other with several fields."""
    acme, globex = vault.org("acme"), vault.org("globex")
    vault.fill(acme, [f"i-{n}" for n in range(count // 2)], vault.old)
    vault.fill(globex, [f"i-{n}" for n in range(count // 4)], vault.old, fields=("username", "password"))
    return acme, globex


def keys_of(*orgs):
    """How many secrets there are of each key."""
    counts = {}
    for org in orgs:
        for name in org.redis.smembers(org.own("integrations")):
            for sealed in org.redis.hvals(org.own("secrets:" + name)):
                counts[key_of(sealed)] = counts.get(key_of(sealed), 0) + 1
    return counts


def test_two_thousand_are_resealed(vault):
    orgs = many(vault)
    new = vault.rotate()
    assert vault.resealed() == (2000, 2000, 0, 0)
    assert keys_of(*orgs) == {new.key_id: 2000}


def test_two_at_once_do_each_secret_once(vault):
    orgs = many(vault, 400)
    new = vault.rotate()
    both = [vault.start(vault.redis.unix_url) for _ in range(2)]
    told = []
    for process in both:
        code, out, err = ended(process)
        assert (code, err) == (0, "")
        told.append(SUM.fullmatch(out.strip()))
    assert [int(one[1]) for one in told] == [400, 400] and sum(int(one[2]) for one in told) == 400
    assert keys_of(*orgs) == {new.key_id: 400}


@pytest.mark.parametrize("end", ["it is killed", "its connection is cut", "Redis answers no more"])
def test_ended_midway_it_is_run_again(vault, proxy, end):
    orgs = many(vault, 200)
    new = vault.rotate()
    process = vault.start(proxy.url)
    written = proxy.hold(b"$3\r\nset\r\n").wait()
    if end == "it is killed":
        process.kill()
        written.release()
        assert ended(process)[0] == -9
    else:
        if end == "its connection is cut":
            written.cut()
        code, out, err = ended(process)
        assert code == 1 and SUM.fullmatch(out.splitlines()[-1])
        assert err.count("\n") == 1 and err.startswith("bellhopd: ")
    counts = keys_of(*orgs)
    assert counts[new.key_id] >= 1 and counts[vault.old.key_id] >= 1 and sum(counts.values()) == 200
    assert vault.resealed() == (200, counts[vault.old.key_id], counts[new.key_id], 0)
    assert keys_of(*orgs) == {new.key_id: 200}


def memory_of(pid):
    """What a debugger could read of a process that waits; regions of sanitizers, which are most of the address space, are left out."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, end = (int(number, 16) for number in line.split()[0].split("-"))
            if line.split()[1].startswith("rw") and end - start < 64 << 20:
                memory.seek(start)
                yield memory.read(end - start)


def test_no_opened_value_stays_in_its_memory(vault, proxy):
    acme = vault.org()
    vault.fill(acme, ["tickets"], lambda *place: vault.old(*place[:4], "a value that nobody may find"))
    sealed = secret(acme)
    vault.rotate()
    process = vault.start(proxy.url)
    written = proxy.hold(b"$3\r\nset\r\n").wait()
    try:
        memory = b"".join(memory_of(process.pid))
    except PermissionError:
        pytest.skip("who runs the tests may not read the memory of a process that cannot be dumped")
    finally:
        written.release()
        ended(process)
    assert sealed.encode() in memory and acme.name.encode() in memory
    assert b"that nobody may find" not in memory


# What it cannot work with.


def test_a_key_of_another_type_is_named_and_the_rest_is_done(vault):
    acme, globex = vault.org("acme"), vault.org("globex")
    vault.fill(acme, ["a", "b"], vault.old)
    vault.fill(globex, ["c"], vault.old)
    vault.rotate()
    acme.redis.delete(acme.own("secrets:a"))
    acme.redis.set(acme.own("secrets:a"), "no hash")
    globex.redis.delete(globex.own("integrations"))
    globex.redis.lpush(globex.own("integrations"), "c")
    assert sorted(vault.unreadable()) == [
        f"{acme.name} a -: its secrets are not in a hash",
        f"{globex.name} - -: its integrations are not in a set",
    ]
    assert vault.resealed() == (3, 0, 1, 2)
    acme.redis.delete(acme.key("orgs"))
    acme.redis.set(acme.key("orgs"), "no set")
    result = vault.reseal()
    assert result.code == 1 and acme.key("orgs") in result.err and len(result.err.splitlines()) == 1


def test_names_that_are_none_are_walked_past(vault):
    acme = vault.org()
    vault.fill(acme, ["a"], vault.old)
    vault.rotate()
    acme.redis.sadd(acme.key("orgs"), "no name", "a:b", "", "x" * 5000)
    acme.redis.sadd(acme.own("integrations"), "../a", "a b", "\x1b[2J")
    assert vault.resealed() == (1, 1, 0, 0)


def test_an_empty_shard_has_nothing_to_do(vault):
    assert vault.resealed() == (0, 0, 0, 0)


def test_without_what_it_needs_it_is_misuse(vault):
    for arguments, options in (
        ([], {"key_file": None}),
        ([], {"key_file": vault.ring + ".pub"}),
        ([], {"redis_url": "nonsense"}),
        (["acme"], {}),
        (["--reseal=yes"], {}),
    ):
        result = vault.reseal(*arguments, **options)
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1), result
        assert result.err.startswith("bellhopd: ")


def test_without_redis_it_failed(vault, new_redis):
    result = vault.reseal(redis_url="redis://127.0.0.1:1/0")
    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    locked = new_redis(password="open-sesame")
    assert vault.reseal(redis_url=locked.url).code == 1
    password = vault.folder / "password"
    password.write_text("open-sesame\n")
    assert vault.resealed(redis_url=locked.url, redis_password_file=str(password)) == (0, 0, 0, 0)


def test_what_may_be_read_and_not_written_is_told(vault, new_redis):
    server = new_redis()
    vault.redis = server
    acme = vault.new_org("acme", redis=server, shard=vault.shard)
    vault.fill(acme, ["a"], vault.old)
    before = secret(acme, "a")
    server.client.execute_command("ACL", "SETUSER", "reader", "on", ">pass", "%R~bellhop:*", "+@all")
    vault.rotate()
    result = vault.reseal(redis_url=f"redis://reader:pass@127.0.0.1:{server.port}/0")
    assert result.code == 1 and len(result.err.splitlines()) == 1
    assert secret(acme, "a") == before
