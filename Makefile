# SPDX-License-Identifier: GPL-2.0
# What people type. kbuild reads Kbuild and not this file; what is longer than
# a line is in scripts/.
#
#   make demo      watch the module in a disposable VM
#   make check     all tests
#   make install   DKMS: build, install and load it on this machine (root)

KDIR ?= /lib/modules/$(shell uname -r)/build
BUILD ?= build

.PHONY: module clean install uninstall demo shell check check-debug \
	check-kernels check-builtin check-deb check-rpm check-secureboot check-status \
	deb rpm arch \
	kunit kunit-x86 static host host-test assess bench help \
	egd egd-test install-egd uninstall-egd check-recipes docs

module:
	@[ -d $(KDIR) ] || { echo "No kernel headers in $(KDIR): install those of" \
		"your kernel (README, section 3), or name others: make KDIR=..."; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

help:
	@sed -n 's/^#   //p' Makefile
	@echo 'make [module] [KDIR=...]  make shell'
	@echo 'make check-debug  make check-kernels  make check-builtin'
	@echo 'make check-deb  make check-rpm  make check-secureboot  make check-status'
	@echo 'make deb  make rpm  make arch'
	@echo 'make kunit  make kunit-x86'
	@echo 'make static  make host  make host-test  make assess  make bench  make uninstall'
	@echo 'make egd  make egd-test  make install-egd  make uninstall-egd'
	@echo 'make check-recipes  make docs'
	@echo 'make clean'

install:
	@scripts/install

uninstall:
	@scripts/uninstall

demo:
	@scripts/vm demo

shell:
	@scripts/vm shell

check:
	@scripts/check

check-debug:
	@scripts/debug

check-kernels:
	@scripts/kernels

check-builtin:
	@scripts/builtin-test

check-deb:
	@scripts/vm packages

check-rpm:
	@scripts/package-test

check-secureboot:
	@scripts/secureboot-test

check-status:
	@scripts/status-test

check-recipes:
	@scripts/vm recipes

egd:
	@$(MAKE) -s -C egd BUILD=$(abspath $(BUILD))

egd-test:
	@scripts/egd-test

install-egd uninstall-egd:
	@$(MAKE) -C egd BUILD=$(abspath $(BUILD)) $(@:-egd=)

rpm arch:
	@scripts/package $@ $(abspath $(BUILD))

kunit:
	@scripts/kunit uml

kunit-x86:
	@scripts/kunit x86

static:
	@scripts/static

host:
	@$(MAKE) -s -C host BUILD=$(abspath $(BUILD)) $(abspath $(BUILD))/havege-host

host-test:
	@$(MAKE) -s -C host BUILD=$(abspath $(BUILD)) test

assess:
	@scripts/assess

bench:
	@BUILD=$(abspath $(BUILD)) scripts/bench

docs:
	@scripts/docs

deb:
	@BUILD=$(abspath $(BUILD)) scripts/deb

clean:
	rm -rf $(BUILD) *.o *.ko *.mod *.mod.c .*.cmd .tmp_versions \
		Module.symvers modules.order kunit/*.o kunit/.*.cmd
