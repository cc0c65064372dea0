#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - shows what havege_rng does, in the guest: prints each command and its real output. Fails
# if the module does not load or does not collect.

# shellcheck source=kmod.sh
. /guest/kmod.sh

S=/sys/devices/havege_rng
P=/sys/module/havege_rng/parameters
H=/sys/class/misc/hw_random

# The guest's console is a terminal; the output of tests/vm may not be one.
export NO_COLOR=1

title() {
	printf '\n--- %s\n' "$*"
}

try() {
	printf '# %s\n' "$*"
	eval "$*"
}

# wait_level BITS: waits at most 60 s for fill_level.
wait_level() {
	tries=0
	until [ "$(cat $S/fill_level)" -ge "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || { echo "demo: fill_level stays below $1"; exit 1; }
		sleep 0.1
	done
}

# fill_buffer: fills it with fill_threshold at its maximum. The kernel takes 512 bits now and then.
fill_buffer() {
	full=$(($(cat $P/buffer_size) * 8192))
	before=$(cat $P/fill_threshold)
	echo $full >$P/fill_threshold
	wait_level $((full - 2048))
	echo "$before" >$P/fill_threshold
}

title "The module and its log lines"
try uname -sr
try modprobe havege_rng || exit 1
try "dmesg | grep havege"

title "It is a source of the kernel's hw_random framework"
try cat $H/rng_available
try cat $H/rng_current
try cat $H/rng_quality
try "head -c 64 /dev/hwrng | hexdump -C"

title "The last measurement on this machine"
try cat $P/mode
try cat $S/replay_residual
cat <<-'END'
	  bits a sample. The module runs the same code again and again, from the same state.
	  A predictor guesses each sample from the runs before. It cannot predict this much,
	  however many runs it sees. Below 0.1250 the module does not start.
END
try cat $S/sample_entropy
echo "  bits a sample are credited."
try cat $S/samples_per_block
echo "  samples go into each 32 bytes, through SHA-256: 320 bits for 256."

title "Health tests check every sample; the failures of each test"
try grep -r . $S/health_failures

title "Raw samples in ticks, for an assessment (root only)"
mount -t debugfs debugfs /sys/kernel/debug
try "dd if=/sys/kernel/debug/havege_rng/raw bs=64 count=1 2>/dev/null | od -A n -t u8 -w32"

title "All state files: one value each"
for f in $(find $S -type f | sort); do
	case $f in
	*/uevent|*/power/*|*/summary) ;;
	*) printf '%-50s %s\n' "$f" "$(cat "$f")" ;;
	esac
done

title "The same on one screen (programs use havege-status --json)"
try havege-status || exit 1

title "The parameters; those with a w can change at run time"
for f in "$P"/*; do
	printf '%s %-52s %s\n' "$(stat -c %A "$f")" "$f" "$(cat "$f")"
done

title "The kernel reads only from the source with the highest quality"
try cat $P/contribute
try cat $S/contributed
cat <<-'END'
	  While another source is current, havege contributes 64 bytes a minute by itself.
	  Here havege is the current source: it contributes nothing.
END

title "Below fill_threshold bits the collector fills the buffer again"
fill_buffer
try cat $P/fill_threshold
try cat $S/fill_level
try "head -c 4096 /dev/hwrng > /dev/null"
try cat $S/fill_level
echo "  still above the threshold: the collector sleeps. Now raise the threshold:"
try "echo 120000 > $P/fill_threshold"
wait_level 120000
try cat $S/fill_level
echo "  the collector has filled it."

title "A write of a bad value fails, and the old value stays"
try "echo 7 > $P/fill_threshold"
try "echo lots > $P/fill_threshold"
try cat $P/fill_threshold

title "The collector: a kernel thread, bound to one CPU, asleep while the buffer is full"
for p in /proc/[0-9]*; do
	case $(cat "$p/comm" 2>/dev/null) in
	havege/*) break ;;
	esac
done
try "ps -o pid,stat,comm | grep '[h]avege/'"
try "grep -E 'Cpus_allowed_list|ctxt' $p/status"

title "The module unloads"
try rmmod havege_rng || exit 1
try cat $H/rng_available
try "dmesg | grep -c -E 'WARNING|BUG|Oops'"
echo
