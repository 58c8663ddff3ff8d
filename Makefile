# Bellhop. One Makefile, no configure: everything that is built lands in build/.
#
#   make                       build/bellhopd and build/bellhop
#   make SAN=address,undefined the same under sanitizers, in build-address-undefined/
#   make CC=clang              rebuilds: the flags are part of what an object depends on
#   make help                  the targets

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

comma := ,
VERSION := 0.1.0
B := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(COVERAGE),-coverage)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

# Under the sanitizers, what is built in a third of the time and still names each line.
CFLAGS ?= $(if $(SAN),-O1 -g1,-O2 -g)
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wpointer-arith -Wvla -Wformat=2 -Wno-format-nonliteral -Werror
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2
LINK_HARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack

COMMON_PKGS := hiredis jansson libsodium libpcre2-8
WORKER_PKGS := libcurl libevent libcares libssl libcrypto zlib

ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DBELLHOP_VERSION='"$(VERSION)"' $(WARN) $(CFLAGS) \
	-I include -iquote worker -iquote $B $(PKG_CFLAGS) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer -fPIE \
		-ftrivial-auto-var-init=pattern,$(HARDEN)) \
	$(if $(COVERAGE),--coverage)
ALL_LDFLAGS = $(LINK_HARDEN) $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN)) $(if $(COVERAGE),--coverage)

# pkg-config is asked once a run, and only when something is built.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(COMMON_PKGS) $(WORKER_PKGS)))$(PKG_CFLAGS)
COMMON_LIBS = $(eval COMMON_LIBS := $(shell pkg-config --libs $(COMMON_PKGS)))$(COMMON_LIBS)
WORKER_LIBS = $(eval WORKER_LIBS := $(shell pkg-config --libs $(COMMON_PKGS) $(WORKER_PKGS)))$(WORKER_LIBS)

COMMON_SRC := $(wildcard common/*.c)
WORKER_SRC := $(wildcard worker/*.c worker/steps/*.c worker/io/*.c)
CLI_SRC := $(wildcard worker/cli/*.c)
LUA_DIR := worker/io/scripts
# One script a name; the longest is in parts.
LUA_NAMES := turn $(patsubst $(LUA_DIR)/%.lua,%,$(wildcard $(LUA_DIR)/*.lua))
LUA_TURN := $(patsubst %,$(LUA_DIR)/turn/%.lua,head replies identity settle begin claim run)
IO_SRC := $(wildcard worker/io/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
IO_UNIT_SRC := $(wildcard tests/unit/io/test_*.c)
IO_UNIT_HELP := $(filter-out $(IO_UNIT_SRC),$(wildcard tests/unit/io/*.c))
STORY_SRC := $(wildcard tests/scenarios/*.c tests/scenarios/fakes/*.c)
# Of io/ a story has what talks to nobody; the rest is in tests/scenarios/fakes under the same names.
STORY_FAKED := $(patsubst tests/scenarios/fakes/%,worker/io/%,$(wildcard tests/scenarios/fakes/*.c)) \
	$(filter worker/io/http_%,$(IO_SRC)) worker/io/dns.c worker/io/name_lookup.c worker/io/resolver_host.c \
	worker/io/keyring_keys.c worker/io/secret_cache.c worker/io/listener.c worker/io/clock.c worker/main.c worker/reseal.c worker/log.c worker/log_sink.c
STORY_WORKER_SRC := $(filter-out $(STORY_FAKED),$(WORKER_SRC))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)

objects = $(patsubst %.c,$B/%.o,$(1))
COMMON_LIB := $B/libbellhop.a
IO_LIB := $B/libio.a
UNIT_BIN := $(patsubst %.c,$B/%,$(UNIT_SRC))
IO_UNIT_BIN := $(patsubst %.c,$B/%,$(IO_UNIT_SRC))
FUZZ_BIN := $(patsubst %.c,$B/%,$(FUZZ_SRC))

all: $B/bellhopd $B/bellhop ## the worker and the command-line tool

$B/bellhopd: $(call objects,$(WORKER_SRC)) $(COMMON_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(WORKER_LIBS)

$B/bellhop: $(call objects,$(CLI_SRC)) $(COMMON_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(COMMON_LIBS)

# The same worker with something around its steps: see tests/chaos/stops.c. For tests alone.
STOPS := pipeline_resume $(patsubst worker/steps/%.c,step_%,$(wildcard worker/steps/*.c))
$B/bellhopd-stops: $(call objects,$(WORKER_SRC) tests/chaos/stops.c) $(COMMON_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(STOPS:%=-Wl$(comma)--wrap=%) -o $@ $^ $(WORKER_LIBS)

test-programs: $B/bellhopd-stops

$(COMMON_LIB): $(call objects,$(COMMON_SRC))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$B/%.o: %.c $B/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Changed flags rebuild everything.
$B/flags: FORCE
	@mkdir -p $B
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' > $@

$B/lua/turn.lua: $(LUA_TURN)
	$(call say,LUA,$@)
	$(Q)mkdir -p $(@D)
	$(Q)cat $^ > $@
$B/lua/%.lua: $(LUA_DIR)/%.lua
	$(call say,LUA,$@)
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@
# Each script becomes an array of bytes in the header that io/script.c includes. The folder: one may have been removed.
$B/lua/scripts.h: $(LUA_NAMES:%=$B/lua/%.lua) $(LUA_DIR)
	$(Q)for name in $(LUA_NAMES); do \
		echo "static const unsigned char script_$$name[] = {"; \
		od -An -v -tx1 $B/lua/$$name.lua | sed 's/ \(..\)/0x\1,/g'; \
		echo '};'; \
	done > $@
$B/worker/io/script.o: $B/lua/scripts.h

$(UNIT_BIN): $B/%: $B/%.o $(COMMON_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(COMMON_LIB) -lcmocka $(COMMON_LIBS)

# Of worker/ itself, what needs nothing but common/.
$B/tests/unit/test_attempts $B/tests/fuzz/fuzz_attempts: $B/worker/attempts.o

# For the tests of worker/io, each of which takes the modules it needs.
$(IO_LIB): $(call objects,$(IO_SRC))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(IO_UNIT_BIN): $B/%: $B/%.o $(call objects,$(IO_UNIT_HELP)) $(IO_LIB) $(COMMON_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(WORKER_LIBS)

# The worker itself, on a clock and an io of the stories' own: libevent too is one of the fakes. Sanitizers are slow: with them
# each third telling.
SCENARIOS := $B/tests/scenarios/scenarios
$(SCENARIOS): $(call objects,$(STORY_SRC) $(STORY_WORKER_SRC)) $(COMMON_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(COMMON_LIBS) -lcrypto

scenario-programs: $(SCENARIOS)

scenarios: $(SCENARIOS) ## stories: the real pipeline, each told again with every io call going wrong
	@BELLHOP_STORY_EVERY=$${BELLHOP_STORY_EVERY:-$(if $(SAN),3,1)} scripts/unit $(SCENARIOS)

unit-programs: $(UNIT_BIN) $(IO_UNIT_BIN)

unit: $(UNIT_BIN) $(IO_UNIT_BIN) ## unit tests: common/ without network, worker/io on the loopback; no Redis
	@scripts/unit $(UNIT_BIN) $(IO_UNIT_BIN)

# libFuzzer is clang's, and wants everything it runs to be built for it: so in a folder of its own. What it finds there is
# kept in build-fuzz/corpus; tests/fuzz/corpus holds the starts, NAME.dict the words of a grammar where it helps.
FUZZ_SECONDS ?= 30
fuzz: ## each fuzzer for FUZZ_SECONDS (30), with clang
	@$(MAKE) --no-print-directory CC=clang B=build-fuzz SAN=fuzzer-no-link,address,undefined fuzz-run

$B/tests/fuzz/%: $B/tests/fuzz/%.o $(COMMON_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(COMMON_LIB) $(COMMON_LIBS)

fuzz-run: $(FUZZ_BIN)
	@for target in $(FUZZ_BIN); do \
		name=$${target##*/fuzz_}; log=$B/found/$$name.log; \
		mkdir -p $B/corpus/$$name $B/found; \
		$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix=$B/found/$$name- \
			$$(ls tests/fuzz/$$name.dict 2>/dev/null | sed 's/^/-dict=/') \
			$B/corpus/$$name $$(ls -d tests/fuzz/corpus/$$name 2>/dev/null) >$$log 2>&1 || \
			{ cat $$log; exit 1; }; \
		runs=$$(sed -n 's/^stat::number_of_executed_units: *//p' $$log); \
		printf '  FUZZ    %s: %s runs in %s s, nothing found\n' $$name "$$runs" $(FUZZ_SECONDS); \
	done

test: ## the whole suite: what scripts/test does
	@scripts/test

bench: all ## what a job costs here: jobs a second, CPU a job, idle latency, memory (BENCH='--jobs N --concurrency N')
	@/usr/bin/python3 tests/bench/bench.py $(BENCH)

chaos: all ## workers, Redis and the network fail as a seed says; was all as promised? (CHAOS='--jobs N --deaths N --minutes N --seed N')
	@BUILD=$B /usr/bin/python3 tests/chaos/chaos.py $(CHAOS)

demo: ## see a job run: what scripts/demo does
	@scripts/demo

lint: ## format, the arrows between modules, headers alone, cppcheck, shellcheck
	@scripts/lint

coverage: ## lines and branches that the tests run, by directory; build-coverage/report.html has them one by one
	@scripts/coverage

valgrind: all test-programs unit-programs ## unit tests, and workers over every kind of job, under valgrind's memcheck
	@scripts/valgrind

# A file is looked at again when it, a header of it, or the list of checks changed.
TIDY := $(patsubst %.c,$B/tidy/%.ok,$(COMMON_SRC) $(WORKER_SRC) $(CLI_SRC))
tidy: $(TIDY) ## clang-tidy 14 with the checks of .clang-tidy (`scripts/setup workshop` installs it)

$B/tidy/%.ok: %.c $B/%.o .clang-tidy
	$(call say,TIDY,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG_TIDY) --quiet $< -- $(filter-out -Werror -fstack-clash-protection,$(ALL_CFLAGS)) 2>$@.log || { cat $@.log; exit 1; }
	$(Q)touch $@
CLANG_TIDY ?= clang-tidy

format: ## rewrite the sources as .clang-format says
	@git ls-files '*.c' '*.h' | xargs clang-format -i

PREFIX ?= /usr/local
install: all ## bellhopd, bellhop and the JSON Schemas under $(DESTDIR)$(PREFIX)
	install -D -m 755 $B/bellhopd $(DESTDIR)$(PREFIX)/bin/bellhopd
	install -D -m 755 $B/bellhop $(DESTDIR)$(PREFIX)/bin/bellhop
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/bellhop/schemas include/bellhop/schemas/*.schema.json

clean: ## remove everything that was built
	rm -rf build build-*

help: ## this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

FORCE:
.PHONY: bench chaos coverage test-programs tidy valgrind all unit unit-programs scenario-programs scenarios fuzz fuzz-run test demo lint format install clean help FORCE
# Objects that make finds out about by itself are kept. Not all targets: one that is missing must be made again.
.SECONDARY: $(call objects,$(UNIT_SRC) $(IO_UNIT_SRC) $(FUZZ_SRC))

-include $(shell find $B -name '*.d' 2>/dev/null)
