# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of status-test
#
# machine.sh - part of status-test: made-up machines. Below $S is a file for each figure of the
# module, named as in its summary.

# put FILE TEXT
put() {
	mkdir -p "${1%/*}" && printf '%s\n' "$2" >"$1"
}

# The summary, as the module writes it: the name alone for an empty value. The rename keeps a reader
# from half of it.
machine_summary() {
	[ -d "$S" ] || {
		rm -f "$D/summary"
		return 0
	}
	mkdir -p "$D" && (cd "$S" && find . -type f) | while IFS= read -r _file; do
		read -r _text <"$S/$_file" || :
		printf '%s\n' "${_file#./}${_text:+ $_text}"
	done >"$TMP/summary" && mv "$TMP/summary" "$D/summary"
}

# A machine that has the module, but has not loaded it.
machine_bare() {
	rm -rf "$R" "$S"
	put "$R/proc/sys/kernel/osrelease" 6.1.0-1-amd64
	put "$R/proc/sys/kernel/random/entropy_avail" 256
	put "$R/proc/sys/kernel/random/poolsize" 256
	put "$R/proc/uptime" "100.50 1.00"
	put "$R/proc/cpuinfo" "processor	: 0
model name	: First CPU
processor	: 1
model name	: Second CPU  of two
flags		: tsc: yes"
	for _c in "0 1 Data 48K" "1 1 Instruction 32K" "2 2 Unified 1280K"; do
		# shellcheck disable=SC2086 # words
		set -- $_c
		put "$R/sys/devices/system/cpu/cpu1/cache/index$1/level" "$2"
		put "$R/sys/devices/system/cpu/cpu1/cache/index$1/type" "$3"
		put "$R/sys/devices/system/cpu/cpu1/cache/index$1/size" "$4"
	done
	put "$R/lib/modules/6.1.0-1-amd64/modules.dep" \
		"updates/dkms/havege_rng.ko.xz: kernel/rng-core.ko"
	put "$H/rng_available" "tpm-rng-0 "
	put "$H/rng_current" tpm-rng-0
	put "$H/rng_quality" 1000
	put "$R/dev/random" "random bytes"
	put "$R/dmesg" "[    0.000000] Linux version 6.1.0-1-amd64
[    1.516000] random: crng init done"
}

# A machine without any fault.
machine_fine() {
	machine_bare
	put "$M/initstate" live
	put "$M/version" "$VERSION"
	put "$S/version" "$VERSION"
	for _p in mode=conditioned quality=512 cpu=-1 cpus= fill_threshold=65536 buffer_size=16 \
		contribute=1 dcache_kb=0 icache_kb=0; do
		put "$S/parameters/${_p%%=*}" "${_p#*=}"
	done
	for _s in status=ok reason= fill_level=98304 cpu=1 bytes_out=1000 contributed=64 \
		replay_residual=1.0557 replay_few=2.1743 replay_all=2.0812 replay_slope=0.0315 \
		sample_steps=1 sample_entropy=0.0625 samples_per_block=5120 test_entropy=0.1250 counter=tsc \
		geometry/dcache_kb=48 geometry/icache_kb=32 \
		geometry/source=cpuid-4 geometry/table_kb=96 geometry/loop_kb=30 \
		health_failures/repetition=0 health_failures/proportion=0 health_failures/stuck=0 \
		health_failures/period=0 health_failures/counter=0 health_failures/replay=0; do
		put "$S/${_s%%=*}" "${_s#*=}"
	done
	put "$H/rng_available" "havege "
	put "$H/rng_current" havege
	put "$H/rng_quality" 512
	put "$R/dmesg" "[    0.000000] Linux version 6.1.0-1-amd64
[    1.516000] random: crng init done
[    5.000000] havege_rng: collecting on CPU 1: counter tsc, L1d 48 KiB"
}

# The same driver in the kernel's own tree: a faux device, no summary and fewer parameters.
machine_in_tree() {
	_faux=$R/sys/devices/faux/havege_rng
	mkdir -p "${_faux%/*}" && rm -rf "$D" "$M/parameters" && mv "$S" "$_faux" &&
	mv "$_faux/parameters" "$M/parameters" && rm -f "$_faux/version" &&
	(cd "$M/parameters" && rm -f buffer_size cpu dcache_kb icache_kb quality)
}
