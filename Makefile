# sffs: programs in build/, tests by prove.
BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
CFLAGS  ?= -O2 -g
WARN     = -Wall -Wextra -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings
HARDEN   = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
VERSION := $(shell cat docs/VERSION)

PACKAGES = fuse3 libcurl sqlite3 libcjson libcrypto libutf8proc libmicrohttpd zlib
# make test and make demo install what is missing first; every other target says what it is.
ifeq ($(filter clean setup setup-build test test-asan test-tsan demo bench bench-quick bench-setup fuzz setup-fuzz soak mutants,$(MAKECMDGOALS)),)
$(foreach p,$(PACKAGES),$(if $(shell pkg-config --exists $(p) && echo yes),,$(error $(p) is missing: run scripts/setup)))
endif

ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DFUSE_USE_VERSION=314 -DSFFS_VERSION='"$(VERSION)"' -I. $(shell pkg-config --cflags $(PACKAGES)) \
	$(WARN) $(HARDEN) $(SAN) -pthread -MMD -MP $(CFLAGS)
ALL_LDFLAGS = $(SAN) -pthread -pie -Wl,-z,relro,-z,now $(LDFLAGS)

AUTH_LIBS = -lcurl -lcjson -lcrypto -linih
FS_LIBS   = -lfuse3 -lsqlite3 -lcsv -lutf8proc
ORG_LIBS  = -lmicrohttpd -lcjson -lcrypto -lz

# The sources of each program. main.c and the files of sffs-auth alone stay out of the libraries that tests link.
AUTH_PROG = auth/main.c $(wildcard auth/login*.c)
AUTH      = $(filter-out $(AUTH_PROG),$(wildcard auth/*.c))
FS        = $(filter-out fs/main.c,$(wildcard fs/*.c fs/*/*.c))
ORG       = $(filter-out tests/org/main.c,$(wildcard tests/org/*.c))
UNIT      = $(wildcard tests/a*.c tests/z*.c)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
UNIT_PROGRAMS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT))

# One short line per file; V=1 shows the commands.
ifneq ($(V),1)
QUIET = @printf '  %-4s %s\n' '$(1)' '$@';
endif

all: $(BUILD)/sffs $(BUILD)/sffs-auth $(BUILD)/sffs-org

$(BUILD)/sffs: $(call objects,fs/main.c $(FS) $(AUTH))
	$(call QUIET,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(FS_LIBS) $(AUTH_LIBS)
$(BUILD)/sffs-auth: $(call objects,$(AUTH_PROG) $(AUTH))
	$(call QUIET,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(AUTH_LIBS)
$(BUILD)/sffs-org: $(call objects,tests/org/main.c $(ORG) auth/buf.c auth/log.c)
	$(call QUIET,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ORG_LIBS)

# Unit tests: a test of the simulated org links the org, every other one links fs and auth.
$(BUILD)/tests/z%-org: $(BUILD)/obj/tests/z%-org.o $(call objects,$(ORG) auth/buf.c auth/log.c)
	@mkdir -p $(@D)
	$(call QUIET,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ORG_LIBS)
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call objects,$(FS) $(AUTH))
	@mkdir -p $(@D)
	$(call QUIET,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(FS_LIBS) $(AUTH_LIBS) -lssl

# Fuzz targets. With clang each is a program of libFuzzer (make fuzz). With replay.o it replays the corpus (make test).
FUZZ = $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
FUZZ_MAIN ?= $(BUILD)/obj/tests/fuzz/replay.o
fuzz-programs: $(addprefix $(BUILD)/fuzz/,$(FUZZ))
$(BUILD)/fuzz/%-org: $(BUILD)/obj/tests/fuzz/%-org.o $(FUZZ_MAIN) $(call objects,$(ORG) auth/buf.c auth/log.c)
	@mkdir -p $(@D)
	$(call QUIET,LINK)$(CC) $(ALL_LDFLAGS) $(FUZZ_LINK) -o $@ $^ $(ORG_LIBS)
# The rest comes from a library. If a target has a function of its own, such as one of the network, the library's is not linked.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_MAIN) $(BUILD)/libsffs.a
	@mkdir -p $(@D)
	$(call QUIET,LINK)$(CC) $(ALL_LDFLAGS) $(FUZZ_LINK) -o $@ $^ $(FS_LIBS) $(AUTH_LIBS)
$(BUILD)/libsffs.a: $(call objects,$(FS) $(AUTH) $(wildcard auth/login*.c))
	$(call QUIET,AR)rm -f $@ && ar rcs $@ $^
# Tests that take long; make test runs samples of them. docs/reliability.md has the figures.
soak: setup
	$(MAKE) all units manual
	ROUNDS=200 $(PROVE) --verbose tests/f70-kill-9.t
	ROUNDS=200 $(PROVE) --verbose tests/f75-stopped-mount.t
	READS=1000 $(PROVE) --verbose tests/f80-corrupt-downloads.t
	STRESS_SECONDS=1800 $(PROVE) --verbose tests/f50-stress.t
	for seed in $$(seq 10); do SEED=$$seed ROUNDS=40 STARTS=40 $(PROVE) tests/f52-failing.t || exit; done
	ROUNDS=100000 $(PROVE) $(BUILD)/tests/a51-catalogue-names
	ROUNDS=300 $(PROVE) $(BUILD)/tests/a43-store-shared
	A35_ROUNDS=20000 $(PROVE) $(BUILD)/tests/a35-view-python
	for seed in $$(seq 20); do SEED=$$seed STEPS=300 $(PROVE) tests/f55-model.t || exit; done
	N=1000000 $(PROVE) --verbose tests/f90-million.t
	CLI=all $(PROVE) --verbose tests/z10-salesforce-cli.t

# FUZZ_SECONDS for each target. Inputs that fail go to build/fuzz/found; put them, made small, into tests/fuzz/corpus.
FUZZ_SECONDS ?= 20
fuzz: setup-fuzz
	$(MAKE) BUILD=build/fuzz CC=clang HARDEN= CFLAGS='-O1 -g' SAN='-fsanitize=fuzzer-no-link,address,undefined' FUZZ_MAIN= FUZZ_LINK=-fsanitize=fuzzer fuzz-programs
	tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)
setup-fuzz:
	scripts/setup fuzz

$(BUILD)/obj/%.o: %.c docs/VERSION
	@mkdir -p $(@D)
	$(call QUIET,CC)$(CC) $(ALL_CFLAGS) -c -o $@ $<
-include $(patsubst %.c,$(BUILD)/obj/%.d,$(wildcard auth/*.c fs/*.c fs/*/*.c tests/*.c tests/org/*.c tests/bench/*.c tests/fuzz/*.c))

BENCH_PROGRAMS = $(BUILD)/tests/delay-proxy $(addprefix $(BUILD)/tests/bench/,probe views passthrough_ll)

# Tests: every tests/a*.c is a program, every tests/*.t a script; prove runs both and reads their TAP.
# TESTS=tests/b20-read.t runs one alone; TESTS=build/tests/a10-name one unit.
TESTS ?= tests/a00-layers.t $(filter $(BUILD)/tests/a%,$(UNIT_PROGRAMS)) \
	$(filter-out tests/a00% tests/z%,$(sort $(wildcard tests/*.t))) \
	$(filter $(BUILD)/tests/z%,$(UNIT_PROGRAMS)) $(sort $(wildcard tests/z*.t))
JOBS  ?= 2
PROVE  = BUILD=$(BUILD) prove -j $(JOBS) --exec '' --timer

test: setup
	$(MAKE) all units manual
	$(PROVE) $(TESTS)
test-only:
	$(PROVE) $(TESTS)
units: $(UNIT_PROGRAMS) $(BENCH_PROGRAMS) fuzz-programs
test-asan: setup
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	$(MAKE) test BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' HARDEN= SAN='-fsanitize=address,undefined'
test-tsan: setup
	TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 \
	$(MAKE) test BUILD=build/tsan CFLAGS='-O1 -g' HARDEN= SAN=-fsanitize=thread
test-valgrind: setup
	$(MAKE) all units manual
	tests/valgrind $(BUILD) $(BUILD)/valgrind
	$(MAKE) test-only BUILD=$(BUILD)/valgrind

# Each one-line change takes a feature away: the tests of this feature must then fail.
mutants: setup
	tests/mutants.py

# The main job, shown: DATA=DIR takes your own files.
demo: setup-build
	$(MAKE) all
	BUILD=$(BUILD) scripts/demo $(DATA)

# The programs that sffs is compared with. tests/bench/figures.py has sizes and goals. bench writes docs/benchmarks.md,
# in 20 minutes.
bench: bench-setup
	$(MAKE) all bench-programs
	BUILD=$(BUILD) tests/bench/bench.py --report docs/benchmarks.md $(BENCH)
bench-quick: bench-setup
	$(MAKE) all bench-programs
	BUILD=$(BUILD) tests/bench/bench.py --quick --report $(BUILD)/benchmarks.md $(BENCH)
bench-setup:
	scripts/setup bench
bench-programs: $(BENCH_PROGRAMS)
# libfuse's own pass-through filesystem, as its package brings it; where documentation is not installed it is left out.
PASSTHROUGH = /usr/share/doc/libfuse3-dev/examples/passthrough_ll.c
$(BUILD)/tests/bench/passthrough_ll:
	@mkdir -p $(@D)
	$(call QUIET,CC)[ ! -f $(PASSTHROUGH) ] || $(CC) -O2 -o $@ $(PASSTHROUGH) $(shell pkg-config --cflags --libs fuse3)

setup:
	scripts/setup
setup-build:
	scripts/setup build

# The manual: docs/*.[1-8], with the keys that the programs know.
MANUALS = $(patsubst docs/%,$(BUILD)/man/%,$(wildcard docs/*.[1-8]))
manual: $(MANUALS)
$(BUILD)/keys: $(call objects,scripts/keys.c $(AUTH))
	$(call QUIET,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(AUTH_LIBS)
$(BUILD)/keys.mdoc: $(BUILD)/keys
	$(call QUIET,KEYS)$(BUILD)/keys >$@
$(BUILD)/man/%: docs/% $(BUILD)/keys.mdoc
	@mkdir -p $(@D)
	$(call QUIET,MAN)sed '/^\.\\" KEYS/r $(BUILD)/keys.mdoc' $< >$@

SHARE   = $(DESTDIR)$(PREFIX)/share
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
install: all manual
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib/systemd/system lib/systemd/user share/man/man1 share/man/man5 share/doc/sffs)
	install -d $(SHARE)/bash-completion/completions $(SHARE)/fish/vendor_completions.d $(DESTDIR)$(ZSHDIR)
	install -m 755 $(BUILD)/sffs $(BUILD)/sffs-auth $(BUILD)/sffs-org $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(filter %.1,$(MANUALS)) $(SHARE)/man/man1
	install -m 644 $(filter %.5,$(MANUALS)) $(SHARE)/man/man5
	install -m 644 README.md $(wildcard docs/*.md) $(SHARE)/doc/sffs
	install -m 644 scripts/completion/sffs.bash $(SHARE)/bash-completion/completions/sffs
	ln -sf sffs $(SHARE)/bash-completion/completions/sffs-auth
	install -m 644 scripts/completion/sffs.fish $(SHARE)/fish/vendor_completions.d/sffs.fish
	ln -sf sffs.fish $(SHARE)/fish/vendor_completions.d/sffs-auth.fish
	install -m 644 scripts/completion/_sffs $(DESTDIR)$(ZSHDIR)/_sffs
	for kind in system user; do sed 's,@BINDIR@,$(PREFIX)/bin,' scripts/systemd/$$kind/sffs@.service \
	    >$(DESTDIR)$(PREFIX)/lib/systemd/$$kind/sffs@.service; done
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/*/sffs@.service

# A Debian package of that, and the sources of what is committed; both are the same bytes whenever they are made.
deb: all manual
	scripts/deb $(BUILD) $(VERSION)
dist:
	@mkdir -p $(BUILD)
	git archive --format=tar --prefix=sffs-$(VERSION)/ HEAD | gzip -9n >$(BUILD)/sffs-$(VERSION).tar.gz

clean:
	rm -rf $(BUILD)

.SECONDARY:
.PHONY: all mutants soak manual deb dist bench bench-quick bench-setup bench-programs test units test-asan test-tsan fuzz fuzz-programs setup-fuzz demo setup setup-build install clean
