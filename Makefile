# SPDX-License-Identifier: GPL-2.0
# What people type: make help lists it. kbuild reads Kbuild and not this file; what is longer than
# a line is in scripts/, tools/ and tests/.

# kbuild says "No rule to make target" there.
ifneq ($(word 2,$(CURDIR))$(findstring :,$(CURDIR)),)
$(error kbuild cannot build in a path with a space or a colon: move the checkout from "$(CURDIR)")
endif

KDIR ?= /lib/modules/$(shell uname -r)/build
BUILD ?= build
# make BUILD=DIR builds the module in a copy of the sources. DKMS has no scripts/, and builds in place.
ifeq ($(origin BUILD) $(wildcard scripts/sources),command line scripts/sources)
COPY := $(abspath $(BUILD))/module
endif
# What the programs of host/ are built with: TOOL[:PACKAGE], as scripts/need takes it.
# It runs through sh: a test has the checkout where nothing can be executed.
HOST_NEEDS := $(if $(filter default,$(origin CC)),gcc,$(firstword $(CC))) /usr/include/stdio.h:libc6-dev
# Cases of a suite: TEST='SUITE.CASE', with wildcards.
CASES := $(if $(TEST),'$(TEST)')

.PHONY: module clean install uninstall demo shell check check-debug \
	check-kernels check-builtin check-core check-clang check-deb check-rpm check-secureboot \
	check-status check-fresh series check-series \
	deb rpm arch \
	kunit kunit-x86 check-cross static host host-test machines assess bench help \
	egd egd-test install-egd uninstall-egd check-recipes docs

module:
	$(if $(wildcard $(KDIR)/Makefile),,$(error No kernel headers in $(KDIR). Install those of your \
		kernel (Debian: linux-headers-$(shell uname -r), Fedora: kernel-devel-$(shell uname -r), \
		Arch: linux-headers), or name others: make KDIR=DIR))
	$(if $(COPY)$(shell [ ! -w . ] || echo y),,$(error $(CURDIR) cannot be written to. Build in \
		another directory: make BUILD=DIR))
	$(if $(filter missing:,$(LLVM_ARGS)),$(error clang has built the kernel of $(KDIR), and must build \
		the module. $(LLVM_ARGS) (packages of Debian, Fedora, Arch: clang lld llvm)))
	@[ -z "$(COPY)" ] || { mkdir -p $(COPY)/kunit && files=$$(sh scripts/sources) && \
		for f in $$files; do cmp -s $$f $(COPY)/$$f || cp -f $$f $(COPY)/$$f || exit; done; }
	$(MAKE) -C $(KDIR) M=$(or $(COPY),$(CURDIR)) $(LLVM_ARGS) modules
	@[ -z "$(COPY)" ] || cp $(COPY)/havege_rng.ko $(BUILD)/

# Tools for a kernel that clang has built: gcc does not know the options in its configuration. Those
# of the kernel's own version come first (LLVM=-NN), then those without a version (LLVM=1). The
# caller's choice wins, but not LLVM=1 or CC=clang, which dkms 3 adds. CC and LD are for kernels
# before LLVM=-NN.
ifeq ($(filter-out 1,$(LLVM))$(if $(filter command,$(origin CC)),$(filter-out clang,$(CC))),)
LLVM_ARGS = $(shell conf=$(KDIR)/include/config/auto.conf; [ -e $$conf ] || conf=$(KDIR)/.config; \
	grep -qsx CONFIG_CC_IS_CLANG=y $$conf || exit; \
	n=$$(sed -n 's/^CONFIG_CLANG_VERSION=\(.*\)....$$/\1/p' $$conf); \
	lld=$$(sed -n 's/^CONFIG_LD_IS_LLD=y$$/ld.lld/p' $$conf); \
	for v in -$$n ''; do \
		missing=; \
		for tool in clang $$lld; do \
			command -v $$tool$$v >/dev/null || missing="$$missing $$tool$$v"; \
		done; \
		[ -n "$$missing" ] || break; \
	done; \
	if [ -n "$$missing" ]; then echo "missing:$$missing"; \
	elif [ -z "$$lld" ]; then echo "CC=clang$$v"; \
	else echo "LLVM=$${v:-1} CC=clang$$v LD=ld.lld$$v"; fi)
endif

# Seconds and minutes: two cores, what is slow to make in the cache.
help:
	@echo 'Try it'
	@echo '  make demo              the module in a disposable VM, command by command   1 min'
	@echo '  make shell             the same VM, left at a prompt                       1 min'
	@echo 'Build and install'
	@echo '  make [module]          the module for the running kernel, or KDIR=DIR;     20 s'
	@echo '                         BUILD=DIR: built there'
	@echo '  make install           DKMS: build, install and load it here (root)        1 min'
	@echo '  make uninstall         remove that again (root)                            10 s'
	@echo '  make deb | rpm | arch  a package, in BUILD (build)                         1 min'
	@echo '                         make deb SOURCE=y: the source package, for an upload'
	@echo '  make series [KTREE=DIR]  patches for the kernel tree, in BUILD (build)     1 min'
	@echo '  make egd               the EGD server; install-egd, uninstall-egd          5 s'
	@echo 'Test'
	@echo '  make check             the tests on one kernel; TEST=PATTERN: some suites  30 min'
	@echo '  make host-test         the freestanding parts in user space; TEST=GLOB     1 min'
	@echo '  make machines          simulated machines, with noise and without; SEEDS=N 30 min'
	@echo '  make kunit             KUnit on UML: KASAN, UBSAN, lockdep; TEST=GLOB      2 min'
	@echo '  make kunit-x86         KUnit on emulated x86, two CPUs; TEST=GLOB          5 min'
	@echo '  make static            checkpatch, sparse, W=1, shellcheck, man pages      2 min'
	@echo '  make check-status      havege-status against fakes                         2 min'
	@echo '  make egd-test          the EGD server                                      1 min'
	@echo '  make check-kernels     the module on 5.10 to the newest, all architectures 40 min'
	@echo '  make check-cross       KUnit and host/ on ARM, MIPS, POWER, RISC-V, ...   40 min'
	@echo '  make check-debug       on kernels with KASAN, KCSAN, kmemleak, lockdep     hours'
	@echo '  make check-builtin     built into the kernel                               5 min'
	@echo '  make check-core        series/: patches to the hw_random core              3 min'
	@echo '  make check-clang       on a kernel by clang, with ThinLTO and CFI          10 min'
	@echo '  make check-deb         the Debian packages, from upload to purge           45 min'
	@echo '  make check-rpm         the rpm and the Arch package                        5 min'
	@echo '  make check-series      make series, each step built, booted, KUnit        40 min'
	@echo '  make check-secureboot  signed and unsigned, under Secure Boot              5 min'
	@echo '  make check-fresh       the targets listed here, in a bare Debian 12        15 min'
	@echo '  make check-recipes     haveged, EGD, cloud-init, Ansible, as documented    30 min'
	@echo 'TEST=GLOB runs the cases whose name SUITE.CASE matches, as havege_health.*'
	@echo 'Measure'
	@echo '  make assess            raw samples, restarts, replays; a report with plots 5 min'
	@echo '  make bench             how fast, beside its peers                          10 min'
	@echo '  make host              build/havege-host, which runs the walk natively     10 s'
	@echo '  make docs              the pictures of the documentation                   15 min'
	@echo '  make clean             remove what was built                               1 s'

install:
	@scripts/install

uninstall:
	@scripts/uninstall

demo:
	@tests/vm demo

shell:
	@tests/vm shell

check:
	@tests/check

check-debug:
	@tests/debug

check-kernels:
	@tests/kernels

check-builtin:
	@tests/builtin-test

check-core:
	@tests/core-test

check-clang:
	@tests/clang-test

check-deb:
	@tests/deb-test
	@tests/upgrade-test
	@tests/vm packages

check-rpm:
	@tests/package-test

check-secureboot:
	@tests/secureboot-test

check-series:
	@tests/series-test

check-status:
	@tests/status-test

check-fresh:
	@tests/fresh-test

check-recipes:
	@tests/vm recipes

egd:
	@sh scripts/need $(HOST_NEEDS)
	@$(MAKE) -s -C tools/egd BUILD=$(abspath $(BUILD))

egd-test:
	@tests/egd-test

install-egd: egd
	@$(MAKE) -s -C tools/egd BUILD=$(abspath $(BUILD)) install

uninstall-egd:
	@$(MAKE) -s -C tools/egd BUILD=$(abspath $(BUILD)) uninstall

series:
	@BUILD="$(abspath $(BUILD))" KTREE="$(KTREE)" BRANCH="$(BRANCH)" scripts/series

rpm arch:
	@scripts/package $@ $(abspath $(BUILD))

kunit:
	@tests/kunit uml $(CASES)

kunit-x86:
	@tests/kunit x86 $(CASES)

check-cross:
	@tests/cross-test -k

static:
	@tests/static

host:
	@sh scripts/need $(HOST_NEEDS)
	@$(MAKE) -s -C host BUILD=$(abspath $(BUILD)) $(abspath $(BUILD))/havege-host

host-test:
	@sh scripts/need $(HOST_NEEDS)
	@$(MAKE) -s -C host BUILD=$(abspath $(BUILD)) test

machines:
	@sh scripts/need $(HOST_NEEDS)
	@$(MAKE) -s -C host BUILD=$(abspath $(BUILD)) SEEDS=$(SEEDS) machines

assess:
	@tools/assess

bench:
	@BUILD=$(abspath $(BUILD)) tools/bench

docs:
	@scripts/docs

deb:
	@BUILD=$(abspath $(BUILD)) scripts/deb

clean:
	rm -rf $(BUILD) *.o *.ko *.mod *.mod.c .*.cmd .tmp_versions \
		Module.symvers modules.order kunit/*.o kunit/.*.cmd
