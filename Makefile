# mod_provision. `make help` lists the targets; everything built lies in build/.
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc) --no-print-directory
endif

# V=1 shows the commands.
Q := $(if $(V),,@)
CC := gcc
PREFIX ?= /usr/local
PORT ?= 8080
TIME ?= 60
export PORT STATE QUICK SEEDS

# The library knows no httpd: its objects are compiled without httpd's include path.
LIBRARY := base scim policy model store userstore outbound framework
GLUE := inbound httpd
sources = $(wildcard $(foreach dir,$1,src/$(dir)/*.c src/$(dir)/*/*.c))
LIB_SRC := $(call sources,$(LIBRARY))
MODULE_SRC := $(call sources,$(GLUE)) $(wildcard mod_provision.c)
CLI_SRC := $(call sources,cli)
UNITS := $(basename $(notdir $(wildcard t/unit/*.c)))
FUZZERS := $(basename $(notdir $(wildcard t/fuzz/*.c)))
PRELOADS := $(basename $(notdir $(wildcard t/preload/*.c)))
BENCHES := $(basename $(notdir $(wildcard t/bench/*.c)))
# Prints the option rows for t/check, once there is a library that has them all.
OPTIONS := $(and $(shell grep -l 'prov_settings_options\[\] *=' $(LIB_SRC) /dev/null), \
    $(shell grep -l '^const prov_connector \*const \*prov_connector_all' $(LIB_SRC) /dev/null),options)
POWERCUT := powercut powercut_disk powercut_script
# The parts with threads of their own also run under the thread sanitizer.
THREADED := $(filter %committer %pump %threads,$(UNITS))

WARN := -Wall -Wextra -Wno-unused-parameter -Werror
# A table's NULL cases look to the optimizer like a NULL printed.
WARN_TEST := -Wno-format-overflow
APR_FLAGS := $(shell apr-1-config --cppflags --cflags --includes 2>/dev/null)
XML_FLAGS := $(shell xml2-config --cflags 2>/dev/null)
INCLUDEDIR := $(shell apxs -q INCLUDEDIR 2>/dev/null)
HTTPD_FLAGS := $(INCLUDEDIR:%=-I%)
CFLAGS_ALL = -std=gnu99 -g $(WARN) -fvisibility=hidden -fPIC -Isrc $(APR_FLAGS) $(XML_FLAGS) -MMD -MP
LIBS_ldap := -lldap -llber
LIBS := -llmdb -ljson-c -lxml2 -lcurl -lcrypto -lcrypt -lutf8proc -laprutil-1 -lapr-1 -lm -lpthread

# A variant is a folder under build/ with its own flags; test ones know the fault points.
SANITIZE := -fno-omit-frame-pointer -fno-sanitize-recover=all
FLAGS_release := -O2
FLAGS_test := -O2 -DPROV_TEST=1
FLAGS_asan := -O1 -DPROV_TEST=1 -fsanitize=address,undefined $(SANITIZE)
FLAGS_tsan := -O1 -DPROV_TEST=1 -fsanitize=thread $(SANITIZE)
FLAGS_fuzz := -O1 -DPROV_TEST=1 -fsanitize=fuzzer-no-link,address,undefined $(SANITIZE)
CC_fuzz := clang
DIR_release := build
in = $(or $(DIR_$1),build/$1)
objects = $(patsubst %.c,$(call in,$1)/obj/%.o,$2)

# Objects that httpd's headers reach, then the rest; | deps names a missing package first.
define variant
$(call in,$1)/obj/src/inbound/%.o $(call in,$1)/obj/src/httpd/%.o: EXTRA := $(HTTPD_FLAGS)
$(call in,$1)/obj/mod_provision.o: EXTRA := $(HTTPD_FLAGS)
$(call in,$1)/obj/t/%.o: EXTRA := -It/unit -It/lib
$(call in,$1)/obj/t/unit/%.o: EXTRA := -It/unit -It/lib $(WARN_TEST)
$(call in,$1)/obj/%.o: %.c Makefile | deps
	@mkdir -p $$(@D)
	@echo "  CC   $$@"
	$(Q)$$(or $$(CC_$1),$(CC)) $$(CFLAGS_ALL) $$(FLAGS_$1) $$(EXTRA) -c -o $$@ $$<

# Changes when a source comes or goes, so that nothing removed stays linked.
$(call in,$1)/sources: deps
	@mkdir -p $$(@D)
	@echo '$(LIB_SRC) $(MODULE_SRC) $(CLI_SRC)' | cmp -s - $$@ || \
	    echo '$(LIB_SRC) $(MODULE_SRC) $(CLI_SRC)' >$$@

$(call in,$1)/libprovision.a: $(call objects,$1,$(LIB_SRC)) $(call in,$1)/sources
	@rm -f $$@
	@echo "  AR   $$@"
	$(Q)ar rcs $$@ $(call objects,$1,$(LIB_SRC))

$(call in,$1)/mod_provision.so: $(call objects,$1,$(MODULE_SRC)) $(call in,$1)/libprovision.a
	@echo "  LD   $$@"
	$(Q)$(CC) -shared $$(FLAGS_$1) -o $$@ $(call objects,$1,$(MODULE_SRC)) \
	    -Wl,--whole-archive $(call in,$1)/libprovision.a -Wl,--no-whole-archive $(LIBS)

$(call in,$1)/provisionctl: $(call objects,$1,$(CLI_SRC)) $(call in,$1)/libprovision.a
	@echo "  LD   $$@"
	$(Q)$(CC) $$(FLAGS_$1) -o $$@ $$^ $(LIBS)

$(call in,$1)/unit/%: $(call in,$1)/obj/t/unit/%.o $(call in,$1)/libprovision.a
	@mkdir -p $$(@D)
	@echo "  LD   $$@"
	$(Q)$(CC) $$(FLAGS_$1) -o $$@ $$^ $(LIBS) -ldl

$(call in,$1)/replay/%: $(call in,$1)/obj/t/fuzz/%.o $(call in,$1)/obj/t/lib/replay.o \
    $(call in,$1)/libprovision.a
	@mkdir -p $$(@D)
	@echo "  LD   $$@"
	$(Q)$(CC) $$(FLAGS_$1) -o $$@ $$^ $(LIBS)

$(call in,$1)/bench/%: $(call in,$1)/obj/t/bench/%.o $(call in,$1)/libprovision.a
	@mkdir -p $$(@D)
	@echo "  LD   $$@"
	$(Q)$(CC) $$(FLAGS_$1) -o $$@ $$^ $(LIBS) $$(LIBS_$$(notdir $$@))

$(call in,$1)/powercut: $(POWERCUT:%=$(call in,$1)/obj/t/lib/%.o) $(call in,$1)/libprovision.a
	@echo "  LD   $$@"
	$(Q)$(CC) $$(FLAGS_$1) -o $$@ $$^ $(LIBS) -ldl

$(call in,$1)/scim_lines: $(call in,$1)/obj/t/lib/scim_lines.o $(call in,$1)/libprovision.a
	@echo "  LD   $$@"
	$(Q)$(CC) $$(FLAGS_$1) -o $$@ $$^ $(LIBS)

$(call in,$1)/options: $(call in,$1)/obj/t/lib/options.o $(call in,$1)/libprovision.a
	@echo "  LD   $$@"
	$(Q)$(CC) $$(FLAGS_$1) -o $$@ $$^ $(LIBS)
endef
$(foreach v,release test asan tsan fuzz,$(eval $(call variant,$v)))

product = $(if $(wildcard mod_provision.c),$(call in,$1)/mod_provision.so) \
    $(if $(CLI_SRC),$(call in,$1)/provisionctl)
tested = $(call product,$1) $(UNITS:%=$(call in,$1)/unit/%) $(FUZZERS:%=$(call in,$1)/replay/%) \
    $(OPTIONS:%=$(call in,$1)/%) $(call in,$1)/powercut $(call in,$1)/scim_lines \
    $(PRELOADS:%=build/preload/%.so)
.SECONDARY:

build/preload/%.so: t/preload/%.c Makefile | deps
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(CFLAGS_ALL) -O2 -fvisibility=default -shared -o $@ $< -ldl -lpthread

build/fuzz/%: build/fuzz/obj/t/fuzz/%.o build/fuzz/libprovision.a
	@echo "  LD   $@"
	$(Q)clang -fsanitize=fuzzer,address,undefined $(SANITIZE) -o $@ $^ $(LIBS)

# What a third party's connector includes: the header, and those of ours that it stands on.
PUBLIC = $(shell $(CC) -std=gnu99 -MM -Isrc $(APR_FLAGS) src/outbound/connector/mod_provision.h | \
    tr ' ' '\n' | grep '^src/.*\.h$$')

.PHONY: deps all run test install bench asan fuzz check clean help \
    run-now test-now bench-now asan-now fuzz-now units
deps:
	@t/deps check build

all: $(call product,release) build/libprovision.a ## build the module and provisionctl (the default)

run: ## start the server and a target on PORT and PORT+1, and print what to try
	@t/deps install run
	@$(MAKE) run-now
run-now: all
	@conf/run

test: ## build and run every test; TESTS="t/x.t unit/y" selects, QUICK=1 and SEEDS=n as tests know
	@t/deps install test
	@$(if $(QUICK),,t/deps install npm || true; t/node/install build/npm)
	@$(MAKE) test-now
# Programs of the bench know the product's contracts: what no longer compiles fails here already.
test-now: all $(call tested,test) $(filter-out %/ldap,$(BENCHES:%=build/bench/%))
	@t/run --build build/test $(TESTS)
units: $(UNITS:%=build/test/unit/%)

asan: ## the same tests under the sanitizers, threads too, then each fuzzer for TIME seconds
	@t/deps install asan
	@$(MAKE) asan-now
asan-now: all $(call tested,asan) $(THREADED:%=build/tsan/unit/%)
	@t/run --build build/asan $(TESTS)
	@$(if $(THREADED),t/run --build build/tsan $(THREADED:%=unit/%))
	@$(MAKE) fuzz-now TIME=$(if $(QUICK),5,$(TIME))

fuzz: ## run each fuzzer for TIME=60 seconds
	@t/deps install fuzz
	@$(MAKE) fuzz-now
fuzz-now: $(FUZZERS:%=build/fuzz/%)
	@$(foreach f,$(FUZZERS),echo "fuzz $f, $(TIME) s" && mkdir -p build/fuzz/corpus/$f && \
	    build/fuzz/$f -max_total_time=$(TIME) -timeout=5 -verbosity=0 -print_final_stats=0 \
	    -artifact_prefix=build/fuzz/$f. build/fuzz/corpus/$f $(wildcard t/fuzz/corpus/$f) && ) true

bench: ## measure against the references and print the table
	@t/deps install bench
	@$(MAKE) bench-now
bench-now: all $(BENCHES:%=build/bench/%) $(PRELOADS:%=build/preload/%.so)
	@t/bench/run

check: ## the structure of the sources, without running anything
	@t/deps install test
	@$(if $(OPTIONS),$(MAKE) $(OPTIONS:%=build/test/%))
	@t/check

install: all ## install the module, provisionctl, the header and the configuration (DESTDIR, PREFIX)
	install -D -m 644 build/mod_provision.so \
	    $(DESTDIR)$(shell apxs -q LIBEXECDIR 2>/dev/null)/mod_provision.so
	install -D -m 755 build/provisionctl $(DESTDIR)$(PREFIX)/sbin/provisionctl
	for header in $(PUBLIC); do to=$${header#src/}; install -D -m 644 $$header \
	    $(DESTDIR)$(INCLUDEDIR)/mod_provision/$${to#outbound/connector/}; done
	install -D -m 644 conf/provision.conf $(DESTDIR)$(PREFIX)/share/mod_provision/provision.conf
	for file in conf/schemas/*.json; do \
	    install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/mod_provision/schemas/$${file##*/}; done

clean: ## remove everything built
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

-include $(shell find build -name '*.d' 2>/dev/null)
