# sffs: programs in build/, tests by prove. `make help` lists the targets.
BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
CFLAGS  ?= -O2 -g
WARN     = -Wall -Wextra -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings
HARDEN   = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
VERSION := $(shell cat docs/VERSION)

PACKAGES = fuse3 libcurl sqlite3 libcjson libcrypto libmicrohttpd
ifneq ($(MAKECMDGOALS),clean)
$(foreach p,$(PACKAGES),$(if $(shell pkg-config --exists $(p) && echo yes),,$(error $(p) is missing: run scripts/setup)))
endif

ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DFUSE_USE_VERSION=314 -DSFFS_VERSION='"$(VERSION)"' -I. $(shell pkg-config --cflags $(PACKAGES)) \
	$(WARN) $(HARDEN) $(SAN) -pthread -MMD -MP $(CFLAGS)
ALL_LDFLAGS = $(SAN) -pthread -pie -Wl,-z,relro,-z,now $(LDFLAGS)

AUTH_LIBS = -lcurl -lcjson -lcrypto -linih
FS_LIBS   = -lfuse3 -lsqlite3 -lcsv
ORG_LIBS  = -lmicrohttpd -lcjson -lcrypto

# What each program is made of. main.c (and what only sffs-auth needs) stays out of the parts that tests link.
AUTH_PROG = auth/main.c $(wildcard auth/login*.c)
AUTH      = $(filter-out $(AUTH_PROG),$(wildcard auth/*.c))
FS        = $(filter-out fs/main.c,$(wildcard fs/*.c fs/*/*.c))
ORG       = $(filter-out tests/org/main.c,$(wildcard tests/org/*.c))
UNIT      = $(wildcard tests/a*.c)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
UNIT_PROGRAMS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT))

all: $(BUILD)/sffs $(BUILD)/sffs-auth $(BUILD)/sffs-org

$(BUILD)/sffs: $(call objects,fs/main.c $(FS) $(AUTH))
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(FS_LIBS) $(AUTH_LIBS)
$(BUILD)/sffs-auth: $(call objects,$(AUTH_PROG) $(AUTH))
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(AUTH_LIBS)
$(BUILD)/sffs-org: $(call objects,tests/org/main.c $(ORG) auth/buf.c auth/log.c)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ORG_LIBS)

# Unit tests: a test of the simulated org links the org, every other one links fs and auth.
$(BUILD)/tests/a%-org: $(BUILD)/obj/tests/a%-org.o $(call objects,$(ORG) auth/buf.c auth/log.c)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ORG_LIBS)
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call objects,$(FS) $(AUTH))
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(FS_LIBS) $(AUTH_LIBS)

$(BUILD)/obj/%.o: %.c docs/VERSION
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<
-include $(patsubst %.c,$(BUILD)/obj/%.d,$(wildcard auth/*.c fs/*.c fs/*/*.c tests/*.c tests/org/*.c))

clean:
	rm -rf $(BUILD)

.SECONDARY:
.PHONY: all clean
