# babeld: GNU make alone, no configure step.  "make help" lists the targets.
#
# The packager's, from the environment or the command line: PREFIX DESTDIR
# BINDIR SBINDIR MANDIR COMPLETIONDIR CC AR CFLAGS CPPFLAGS LDFLAGS LDLIBS
# PKG_CONFIG.
# What the build needs is added elsewhere, so nothing is lost when they are set.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(BINDIR)
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3
JOBS = $(shell nproc)

# What the protocol engine consists of, in the order of its layers ...
ENGINE = util tree counter prefix timer response pattern filter blake2s mac \
	config/token config/field configuration config/statement \
	config/filter_rule config/key config/directive config/layers \
	message message_put outbox instance trace \
	interface identity neighbour auth transmit \
	debt destination source policy fib route delivery announce xroute \
	request select interface_run send receive babel

# ... and the process around it: start and loop, sockets, and the families
# behind the faces net.c, kernel_netlink.c, rule.c and local.c.
DAEMON = babeld wiring control clock log trouble options ownfile system \
	privilege sandbox manager state set claims notes install net \
	kernel_netlink rule local \
	$(basename $(wildcard net/*.c kernel/*.c rule/*.c local/*.c))

# The client of the local socket, which needs neither.
CTL = $(basename $(wildcard ctl/*.c))

VERSION := $(shell cat VERSION)

# One tree of objects for each configuration, so that a sanitiser's never
# meet another's.
CONFIG = release
OUT = build/$(CONFIG)

# What is taken if the packager does not say; "small" is for small flash.
ifeq ($(CONFIG),small)
CFLAGS ?= -Os -flto=auto -fno-asynchronous-unwind-tables -fno-pie -fno-plt
LDFLAGS ?= -no-pie -Wl,-z,noseparate-code
endif
CFLAGS ?= -O2 -g

flags-release =
flags-asan = -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
flags-cover = -O0 -g --coverage
flags-fuzz = -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
flags-config = $(flags-$(CONFIG))

ifeq ($(CONFIG),fuzz)
CC = clang
endif

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wconversion -Wcast-qual -Wwrite-strings -Wvla
our-cppflags = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
	-Iinclude -I. $(if $(SECCOMP),-DWITH_SECCOMP) $(pkg-cflags)
our-cflags = -std=c11 -ffile-prefix-map=$(CURDIR)=. $(WARNINGS) \
	$(if $(WERROR),-Werror) $(flags-config) $(lto-cflags)
our-ldflags = $(flags-config)
our-ldlibs = $(pkg-libs) -lmd

# libbsd's headers and functions are taken only where the C library lacks
# them.  The compiler and pkg-config are asked once, and only when something
# is compiled.
lacks = $(shell $(CC) -D_GNU_SOURCE $(2) $(CPPFLAGS) $(CFLAGS) \
	-Werror=implicit-function-declaration $(1) -o /dev/null tests/libc.c \
	$(LDFLAGS) 2>/dev/null || echo libbsd-overlay)
pkg = $(shell $(PKG_CONFIG) $(1) libmnl $(if $(SECCOMP),libseccomp) $(2))
pkg-cflags = $(eval pkg-cflags := $$(call pkg,--cflags,$$(call \
	lacks,-c)))$(pkg-cflags)
pkg-libs = $(eval pkg-libs := $$(call pkg,--libs,$$(call \
	lacks,,$$(pkg-cflags))))$(pkg-libs)

# The linker's --wrap, which some unit tests need, does not reach into code
# that is optimised at link time.  So objects hold code for both: gcc's
# option for it; lld, the linker for clang's, wraps in either.
lto = $(findstring -flto,$(CFLAGS) $(LDFLAGS))
lto-gcc = $(if $(lto),$(if $(findstring clang,$(CC)),,gcc))
lto-cflags = $(if $(lto-gcc),-ffat-lto-objects)
lto-wrap = $(if $(lto-gcc),-fno-lto)

COMPILE = $(CC) $(our-cppflags) $(CPPFLAGS) $(our-cflags) $(CFLAGS) -MMD -MP
LINK = $(CC) $(our-ldflags) $(CFLAGS) $(LDFLAGS)

# What runs a program that was built for another machine.
RUN =

Q = $(if $(V),,@)
SUB = @$(MAKE) --no-print-directory
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2);)

engine-objects = $(ENGINE:%=$(OUT)/%.o)
daemon-objects = $(DAEMON:%=$(OUT)/%.o)
ctl-objects = $(CTL:%=$(OUT)/%.o)
library = $(OUT)/libbabel.a

unit-tests = $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/test_*.c))
sim-objects = $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/sim/*.c))

# What the system tests drive that is not the daemon itself.
system-tools = $(addprefix $(OUT)/tests/system/,flood kernel_probe relay \
	failing.so)

proofs = $(patsubst %.c,$(OUT)/%,$(wildcard tests/prove/prove_*.c))
benchmarks = $(patsubst %.c,$(OUT)/%,$(wildcard tests/bench/bench_*.c))
FUZZ = *
fuzzers = $(patsubst %.c,$(OUT)/%,$(wildcard tests/fuzz/fuzz_$(FUZZ).c))

.PHONY: all libbabel.a tests check check-quick lint unit vectors \
	sim sim-quick sim-check sim-long sim-varied sim-broken city \
	system system-full inject \
	system-wire system-network system-host fuzz fuzz-run fuzz-replay \
	fuzz-coverage fuzz-reach prove prove-run local-load local-fuzz bench \
	mutants conformance cover cross cross-armhf cross-mipsel cross-s390x \
	cross-musl small valgrind install uninstall dist package \
	package-check package-run clean \
	deps demo help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(OUT)/babeld $(OUT)/babelctl

$(OUT)/babeld: $(daemon-objects) $(library) $(OUT)/objects
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $(filter-out %/objects,$^) $(our-ldlibs) $(LDLIBS)

$(OUT)/babelctl: $(OUT)/ctl/main.o $(OUT)/ctl.a
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS)

libbabel.a: $(library)

$(library): $(engine-objects)

# The daemon's parts without main(), for the tests of the daemon's files.
$(OUT)/daemon.a: $(filter-out $(OUT)/babeld.o,$(daemon-objects))

# The client's parts likewise.
$(OUT)/ctl.a: $(filter-out $(OUT)/ctl/main.o,$(ctl-objects))

$(OUT)/%.a: $(OUT)/objects
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) qcsD $@ $(filter-out %/objects,$^)

# Objects depend on how they are compiled, and what is made of them on which
# they are, through files that change only when that does.
$(OUT)/flags: export CONTENT = $(COMPILE) $(LINK) $(VERSION)
$(OUT)/objects: export CONTENT = $(engine-objects) $(daemon-objects) \
	$(ctl-objects)
$(OUT)/flags $(OUT)/objects: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo "$$CONTENT" | cmp -s - $@ || echo "$$CONTENT" > $@

$(OUT)/%.o: %.c $(OUT)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(cflags-$*) -c -o $@ $<

cflags-babeld = -DVERSION='"$(VERSION)"'
cflags-options = $(cflags-babeld)
cflags-local = $(cflags-babeld)
cflags-ctl/main = $(cflags-babeld)

-include $(wildcard $(addprefix $(OUT)/,*.d */*.d tests/*/*.d))

# Tests.

$(OUT)/tests/unit/test_%: $(OUT)/tests/unit/test_%.o $(OUT)/daemon.a \
    $(library) $(OUT)/ctl.a
	$(call say,LD,$@)
	$(Q)$(LINK) $(lto-wrap) $(call wraps,tests/unit/test_$*.c) -o $@ $^ \
	    -lcmocka -lm -ldl $(our-ldlibs) $(LDLIBS)

# A test that defines __wrap_malloc() gets the calls to malloc().
wraps = $(shell grep -o '__wrap_[a-z_0-9]*' $(1) | sort -u | \
	sed 's/__wrap_/-Wl,--wrap=/')

$(OUT)/tests/unit/test_vectors.o $(OUT)/tests/unit/test_auth_keys.o: \
    $(OUT)/tests/unit/vectors.inc
cflags-tests/unit/test_vectors = -I$(OUT)/tests/unit
cflags-tests/unit/test_auth_keys = -I$(OUT)/tests/unit

$(OUT)/tests/unit/vectors.inc: tests/unit/vectors.py tests/vectors.json
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tests/unit/vectors.py tests/vectors.json > $@

$(OUT)/sim: $(sim-objects) $(library)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(our-ldlibs) -lm $(LDLIBS)

$(OUT)/tests/prove/%: $(OUT)/tests/prove/%.o $(library)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(our-ldlibs) $(LDLIBS)

$(OUT)/tests/bench/%: $(OUT)/tests/bench/%.o $(OUT)/daemon.a $(library)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $^ -lcmocka -lm $(our-ldlibs) $(LDLIBS)

# A fuzz target is a LLVMFuzzerTestOneInput(); outside CONFIG=fuzz, main()
# of replay.c feeds it the files of the corpus.
ifeq ($(CONFIG),fuzz)
fuzz-main =
ldflags-fuzz = -fsanitize=fuzzer
else
fuzz-main = $(OUT)/tests/fuzz/replay.o
ldflags-fuzz =
endif

$(OUT)/tests/fuzz/fuzz_%: $(OUT)/tests/fuzz/fuzz_%.o $(fuzz-main) \
    $(OUT)/daemon.a $(library) $(OUT)/ctl.a
	$(call say,LD,$@)
	$(Q)$(LINK) $(ldflags-fuzz) -o $@ $^ -lcmocka $(our-ldlibs) $(LDLIBS)

# All that "check" runs of one configuration, to be built in parallel.
tests: all $(unit-tests) $(fuzzers) $(system-tools) \
	$(if $(sim-objects),$(OUT)/sim)

unit: $(filter-out %/test_vectors,$(unit-tests))
	@set -e; for t in $^; do echo "== $$t"; $(RUN) $$t; done

vectors: $(OUT)/tests/unit/test_vectors
	@echo "== $<"
	@$(RUN) $<

lint: $(library) $(daemon-objects) $(ctl-objects)
	@tests/lint/run $(OUT) '$(ENGINE)' '$(DAEMON) $(CTL)' \
	    '$(our-cppflags) -std=c11 $(WARNINGS)'

# "sim" is for playing, "sim-check" of a fixed size.  TOPOLOGY: random grid
# line ring star lan wireless geometric supernodes mixed.  LOSS: per cent,
# at most.
SEEDS = 1-20
NODES = 30
TIME = 1200
TOPOLOGY = random
LOSS = 60
run-sim = $(RUN) $(OUT)/sim --jobs $(JOBS)

sim: $(OUT)/sim
	$(run-sim) --seeds $(SEEDS) --nodes $(NODES) --time $(TIME) \
	    --topology $(TOPOLOGY) --loss $(LOSS) --twice

sim-quick: $(OUT)/sim
	$(run-sim) --seeds 1-8 --topology mixed --nodes 12 --twice
	$(run-sim) --seeds 1-8 --topology mixed --nodes 6 --varied --twice

sim-check: $(OUT)/sim
	$(run-sim) --seeds 1-8 --twice --demand
	$(run-sim) --seeds 1-8 --topology mixed --twice --demand
	$(run-sim) --seeds 1-20 --topology mixed --nodes 9 --varied
	$(OUT)/sim --experiment cut --nodes 100
	$(OUT)/sim --experiment death --nodes 25
	$(OUT)/sim --experiment alarms
	$(OUT)/sim --experiment restart
	$(OUT)/sim --experiment settle --topology grid --nodes 150
	$(OUT)/sim --experiment attack

# A hundred seeds at a time; what is done is not done again, until the
# simulator is another one.
LONG = 100
long = $(OUT)/long-$(NODES)-$(TIME)
batches = $(patsubst %,$(long)/%,$(shell seq $(LONG)))
sim-long: $(OUT)/sim
	$(SUB) -k -j$(JOBS) $(batches)
	@awk '/ router-hours in / { seeds += $$1; failed += $$3; hours += $$5 } \
	    END { print seeds " seeds, " failed " failed, " hours \
	    " router-hours" }' $(batches)
	$(run-sim) --seeds 1 --topology grid --nodes 200 --time 3600

$(long)/%: $(OUT)/sim
	$(Q)mkdir -p $(@D)
	$(Q)$< --seeds $*00-$*99 --nodes $(NODES) --time $(TIME) --demand \
	    --topology $(if $(filter %0 %2 %4 %6 %8,$*),random,mixed) \
	    > $@.log || \
	    { grep -B1 -A9 FAILED $@.log; exit 1; }
	$(Q)mv $@.log $@ && echo "seeds $*00-$*99: passed"

# Routers that have nothing in common: variety.h.
VARIED = 1-3000
sim-varied: $(OUT)/sim
	$(run-sim) --seeds $(VARIED) --topology mixed --nodes 9 --varied

# Thousands of routers for an hour of their time, in each shape of a city.
CITY = 1000 2000 5000
city: $(OUT)/sim
	@set -e; for n in $(CITY); do \
	    for t in grid geometric supernodes; do \
	    $< --experiment city --topology $$t --nodes $$n --time 3600; \
	    done; done

# The checker can fail: a fault built in for each invariant must be found.
sim-broken: $(OUT)/sim $(OUT)/daemon.a
	@$(run-mutants) tests/sim $(MUTANTS)

# A library to preload into the daemon.
$(OUT)/tests/system/%.so: tests/system/%.c $(OUT)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -shared -fPIC -o $@ $< -ldl

$(OUT)/tests/system/%: $(OUT)/tests/system/%.o $(OUT)/daemon.a $(library)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(our-ldlibs) $(LDLIBS)

# Most of a system test is waiting, so three runs go side by side: the daemon
# among fake neighbours, in networks, and as a process on a host.
system-runs = system-wire system-network system-host
system: $(OUT)/babeld $(system-tools)
	@echo '  three runs side by side; each is shown when it has ended'
	$(SUB) -j3 --output-sync=target $(system-runs)

# "check" leaves out the long tail; system-full does not.
MARKS = not slow
pytest = BABELD=$(abspath $(OUT)/babeld) $(PYTHON) -m pytest -q -x -rs \
	-m "$(MARKS)"
wire-tests = $(wildcard tests/system/test_blackbox_*.py)
network-tests = $(wildcard $(patsubst %,tests/system/test_%.py, \
	topologies mac rtt wireguard unicast source_specific valgrind))
host-tests = $(filter-out $(wire-tests) $(network-tests), \
	$(wildcard tests/system/test_*.py))

# Every call of the daemon that can fail, with every error.
inject: MARKS = slow
inject: $(OUT)/babeld $(system-tools)
	@$(pytest) -s tests/system/test_inject.py

system-full:
	@$(MAKE) --no-print-directory system MARKS=

$(system-runs): system-%: $(OUT)/babeld $(system-tools)
	@echo "== $@" && $(pytest) $($*-tests)

# The inputs of a target: what was found before, and what can be made.
$(OUT)/seeds/made: tests/fuzz/seeds.py tests/vectors.json
	$(Q)$(PYTHON) $^ $(OUT)/seeds
	$(Q)touch $@

fuzz-replay: $(fuzzers) $(OUT)/seeds/made
	@set -e; for f in $(fuzzers); do name=$${f##*/fuzz_}; echo "== $$f"; \
	    $$f $$(ls -d tests/fuzz/corpus/$$name $(OUT)/seeds/$$name \
	    2>/dev/null); done

FUZZ_SECONDS = 60
fuzz:
	@$(MAKE) --no-print-directory CONFIG=fuzz fuzz-run

fuzz-run: $(fuzzers) $(OUT)/seeds/made
	@set -e; for f in $(fuzzers); do name=$${f##*/fuzz_}; echo "== $$f"; \
	    mkdir -p $(OUT)/corpus/$$name; \
	    dict=tests/fuzz/$$name.dict; test -f $$dict || dict=; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
	    $${dict:+-dict=$$dict} \
	    $(OUT)/corpus/$$name $$(ls -d tests/fuzz/corpus/$$name \
	    $(OUT)/seeds/$$name 2>/dev/null); done

# The crowd on the local socket at its full size, against routing alone.
local-load: $(OUT)/babeld
	LOCAL_ROUTES=100000 LOCAL_PAIRS=5 $(pytest) -s \
	    tests/system/test_local_load.py

# Random requests: to the socket's code, then to a daemon, ten minutes each.
local-fuzz:
	$(SUB) fuzz FUZZ=local FUZZ_SECONDS=600
	$(SUB) CONFIG=asan build/asan/babeld
	$(SUB) all
	LOCAL_FUZZ_SECONDS=600 $(pytest) -s tests/system/test_local_abuse.py \
	    -k random

# What of the parsers the inputs of the targets reach, those that "fuzz" found
# among them.
fuzz-coverage:
	$(SUB) CONFIG=cover fuzz-reach

parsers = message receive auth mac blake2s configuration filter options \
	$(basename $(wildcard config/*.c)) local/execute local/foreign \
	$(addprefix kernel/,link route_message rule_message) \
	$(addprefix ctl/,json text view http)
fuzz-reach: $(fuzzers) $(OUT)/seeds/made
	@find $(OUT) -name '*.gcda' -delete
	@set -e; for f in $(fuzzers); do name=$${f##*/fuzz_}; echo "== $$f"; \
	    $$f $$(ls -d tests/fuzz/corpus/$$name $(OUT)/seeds/$$name \
	    build/fuzz/corpus/$$name 2>/dev/null); done
	@tests/cover $(patsubst %,$(OUT)/%.o,$(parsers))

# What is true of every input of a stated size, and proofs that fail where a
# bound is broken.
prove:
	$(SUB) -j$(JOBS) CONFIG=asan prove-run

prove-run: $(proofs) $(OUT)/daemon.a $(library)
	@set -e; for p in $(proofs); do echo "== $$p"; $$p; done
	@$(run-mutants) tests/prove $(MUTANTS)

bench: $(benchmarks)
	@set -e; for b in $^; do echo "== $$b"; $$b; done

# Each claim broken once: the test named beside it must fail.
MUTANTS =
run-mutants = $(PYTHON) tests/mutants/run $(OUT) '$(COMPILE)' '$(LINK)' \
	'$(our-ldlibs) $(LDLIBS)'
mutants: $(unit-tests) $(OUT)/daemon.a $(OUT)/ctl.a $(library)
	@$(run-mutants) tests/mutants $(MUTANTS)

# Other machines, two of 32 bits and one whose octets are the other way round;
# and another C library.  A simulation must come to the same on each.
cross: small
	@tests/deps $(cross-packages)
	$(SUB) cross-armhf
	$(SUB) cross-mipsel
	$(SUB) cross-s390x
	$(SUB) cross-musl

small:
	$(SUB) -j$(JOBS) CONFIG=small all
	@tests/cross/size build/small

run-cross = @MAKE='$(MAKE) --no-print-directory -j$(JOBS)' tests/cross/run
cross-armhf cross-mipsel cross-s390x: cross-%: $(OUT)/traces
	$(run-cross) $* $< all unit vectors

cross-musl: MARKS =
cross-musl: $(OUT)/traces $(OUT)/babeld
	$(run-cross) musl $< all
	$(pytest) tests/system/test_musl.py

$(OUT)/traces: $(OUT)/sim
	$(Q)$(run-sim) --seeds 1-8 --topology mixed --nodes 12 > $@.log || \
	    { grep -A9 FAILED $@.log; exit 1; }
	$(Q)sed -n 's/^\(seed [0-9]*\) .* \(trace .*\)/\1 \2/p' $@.log > $@

# Which test would fail without what; "lint" checks that it is up to date.
conformance:
	@$(PYTHON) tests/conformance/table

# What unit tests, vectors, fuzz replay and a short simulation reach.
cover:
	@tests/deps $(check-packages)
	$(SUB) -j$(JOBS) CONFIG=cover tests
	@find build/cover -name '*.gcda' -delete
	$(SUB) CONFIG=cover unit vectors fuzz-replay sim-quick
	@tests/cover $(patsubst %,build/cover/%.o,$(ENGINE))

valgrind: $(unit-tests) $(OUT)/sim
	@set -e; for t in $(unit-tests); do echo "== $$t"; \
	    valgrind -q --leak-check=full --error-exitcode=1 $$t; done
	valgrind -q --leak-check=full --error-exitcode=1 --trace-children=yes \
	    $(OUT)/sim --seed 1 --nodes 5

# Installing.  What was built is installed, with whatever variables that was:
# nothing is compiled here.

install: $(filter all,$(MAKECMDGOALS))
	@for p in babeld babelctl; do test -x $(OUT)/$$p || \
	    { echo "install: there is no $(OUT)/$$p; run make first" >&2; \
	    exit 1; }; done
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(COMPLETIONDIR)
	install -m 755 $(OUT)/babeld $(DESTDIR)$(SBINDIR)
	install -m 755 $(OUT)/babelctl $(DESTDIR)$(BINDIR)
	install -m 644 babeld.man $(DESTDIR)$(MANDIR)/man8/babeld.8
	install -m 644 man/babelctl.1 $(DESTDIR)$(MANDIR)/man1/babelctl.1
	install -m 644 man/babeld.conf.5 $(DESTDIR)$(MANDIR)/man5/babeld.conf.5
	install -m 644 man/babel-socket.7 $(DESTDIR)$(MANDIR)/man7/babel-socket.7
	install -m 644 completion/babeld completion/babelctl \
	    $(DESTDIR)$(COMPLETIONDIR)

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/babeld $(DESTDIR)$(MANDIR)/man8/babeld.8 \
	    $(DESTDIR)$(BINDIR)/babelctl $(DESTDIR)$(MANDIR)/man1/babelctl.1 \
	    $(DESTDIR)$(MANDIR)/man5/babeld.conf.5 \
	    $(DESTDIR)$(MANDIR)/man7/babel-socket.7 \
	    $(DESTDIR)$(COMPLETIONDIR)/babeld \
	    $(DESTDIR)$(COMPLETIONDIR)/babelctl

# A source archive of a commit or tag, the same octets each time.
DIST = HEAD
DISTDIR = build
dist-name = babeld-$(shell git show $(DIST):VERSION)
dist:
	@mkdir -p $(DISTDIR)
	git -c tar.umask=0022 archive --format=tar --prefix=$(dist-name)/ \
	    $(DIST) | gzip -9n > $(DISTDIR)/$(dist-name).tar.gz

# The same archive as Debian packages, source and binary.
PACKAGEDIR = build/package
package:
	@tests/deps $(package-packages)
	rm -rf $(PACKAGEDIR)
	$(SUB) dist DISTDIR=$(PACKAGEDIR)
	tar -xf $(PACKAGEDIR)/$(dist-name).tar.gz -C $(PACKAGEDIR)
	cd $(PACKAGEDIR)/$(dist-name) && dpkg-buildpackage -us -uc

package-check:
	@tests/deps $(package-packages)
	$(SUB) all
	@$(MAKE) --no-print-directory MARKS=slow package-run
package-run:
	$(pytest) tests/system/test_package.py

clean:
	rm -rf build

# What the targets need, as Debian 12 names it.  "demo", "check" and "cross"
# install what is missing by themselves, "deps" does it for all but "cross".
build-packages = gcc libc6-dev pkgconf libmnl-dev libbsd-dev libmd-dev
demo-packages = $(build-packages) python3 iproute2 iputils-ping
check-packages = $(demo-packages) clang python3-clang clang-format \
	universal-ctags mandoc libcmocka-dev libb2-1 python3-pytest valgrind \
	babeld bird2 frr netcat-openbsd jq nftables procps wireguard-go \
	wireguard-tools tshark tcpdump prometheus busybox-static

cross-packages = $(check-packages) qemu-user musl-tools \
	gcc-arm-linux-gnueabihf libc6-dev-armhf-cross \
	gcc-mipsel-linux-gnu libc6-dev-mipsel-cross \
	gcc-s390x-linux-gnu libc6-dev-s390x-cross
package-packages = $(build-packages) libseccomp-dev dpkg-dev debhelper \
	fakeroot libcmocka-dev python3 python3-pytest iproute2 iputils-ping \
	lintian debootstrap autopkgtest git

deps:
	@tests/deps $(check-packages)

demo:
	@tests/deps $(demo-packages)
	@$(MAKE) --no-print-directory -j$(JOBS) CONFIG=release all
	@$(PYTHON) demo/demo.py build/release/babeld

# One after the other, each in a make of its own: a failure ends the run.
# What a machine cannot run is left out, and named at the end; COMPLETE=1
# makes that a failure, too.
check:
	@tests/deps $(check-packages) || test -z '$(COMPLETE)'
	@MAKE='$(MAKE) --no-print-directory -j$(JOBS)' tests/check all

check-quick:
	@tests/deps $(check-packages) || test -z '$(COMPLETE)'
	@MAKE='$(MAKE) --no-print-directory -j$(JOBS)' tests/check quick

help:
	@sed -n 's/^#: //p' Makefile

#: all          build/release/babeld and babelctl
#: libbabel.a   build/release/libbabel.a, the protocol engine alone
#: demo         five routers in namespaces, live; as root
#: check        lint, unit, vectors, fuzz replay, simulation, all of it under
#:              sanitisers too, then the system tests; < 10 minutes.  Without
#:              root, network or packages it runs what it can, and says what
#:              it left out
#: check-quick  without sanitisers and system tests; < 1 minute
#: lint unit vectors sim-check system   the suites one by one
#: sim          SEEDS=1-20 NODES=30 TIME=1200: simulate, check invariants
#: sim-broken   engines with a fault built in: each must be caught
#: sim-long     LONG=100 NODES=30: so many hundred seeds; goes on where it was
#:              stopped
#: sim-varied   VARIED=1-3000: each router has intervals and filters of its own
#: city         CITY="1000 2000 5000": an hour of so many routers, in a grid,
#:              a random geometric graph and a tree of supernodes; 2,000 take
#:              ten minutes at most, 5,000 half an hour
#: fuzz         FUZZ_SECONDS=60 for each target, by libFuzzer; FUZZ=local
#:              is for one
#: local-load   100,000 routes and a crowd on the local socket
#: local-fuzz   random requests for twenty minutes, under sanitisers
#: fuzz-coverage   lines of the parsers that the inputs of fuzz reach
#: system-full  all system tests, the long ones too
#: prove        decoder and encoder for every input of a stated size, and
#:              twins with a broken bound, which must fail
#: inject       each call of the daemon fails, with each error, once and for
#:              ever; each allocation fails; prints what came of it; hours
#: bench        measure at scale
#: valgrind     unit tests and a short simulation under it
#: mutants      break the sources claim by claim: each must be caught
#: small        build/small/, for small flash; tells the size
#: cross        build for armhf, mipsel, s390x and with musl, as for small
#:              flash; unit, vectors, sim under an emulator; the sizes
#: conformance  tests/CONFORMANCE: which test covers which clause
#: cover        line coverage of unit tests, vectors and simulation
#: deps         install what all of these but cross and package need (Debian,
#:              as root)
#: install uninstall   PREFIX=/usr/local DESTDIR= BINDIR= SBINDIR= MANDIR=;
#:              installs what "make" built, and compiles nothing
#: dist         DIST=HEAD: build/babeld-VERSION.tar.gz of a commit or tag
#: package      DIST=HEAD: Debian packages of a commit or tag, build/package
#: package-check   built twice, checked by lintian, installed, upgraded and
#:              removed in a bare Debian, and a mesh of two of it
#: clean        remove build/
#:
#: CONFIG=release|small|asan|cover|fuzz chooses flags and object tree,
#: V=1 shows the commands, WERROR=1 makes warnings errors.  SECCOMP=1 has
#: babeld filter its system calls; needs libseccomp.
