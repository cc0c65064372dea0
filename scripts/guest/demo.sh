#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - shows a person what havege_rng does, in the guest: each command, then what it
# really prints. Fails when the module does not load or does not collect.

# shellcheck source=kmod.sh
. /guest/kmod.sh

S=/sys/devices/havege_rng
P=/sys/module/havege_rng/parameters
H=/sys/class/misc/hw_random

# The guest's console is a terminal; what shows it to the person need not be.
export NO_COLOR=1

title() {
	printf '\n--- %s\n' "$*"
}

run() {
	printf '# %s\n' "$*"
	eval "$*"
}

# Waits, at most 60 s, until fill_level is at least $1.
wait_level() {
	tries=0
	until [ "$(cat $S/fill_level)" -ge "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || { echo "demo: fill_level stays below $1"; exit 1; }
		sleep 0.1
	done
}

# The buffer as full as it gets: with the threshold at its end. The kernel itself has taken some
# of it while it seeded its own generator, and takes 512 bits now and then.
fill_up() {
	full=$(($(cat $P/buffer_size) * 8192))
	before=$(cat $P/fill_threshold)
	echo $full >$P/fill_threshold
	wait_level $((full - 2048))
	echo "$before" >$P/fill_threshold
}

title "The module, and what it says in the log"
run uname -sr
run modprobe havege_rng || exit 1
run "dmesg | grep havege"

title "It is a source of the kernel's hw_random framework"
run cat $H/rng_available
run cat $H/rng_current
run cat $H/rng_quality
run "head -c 64 /dev/hwrng | hexdump -C"

title "What the start-up has measured on this machine"
run cat $P/mode
run cat $S/replay_residual
cat <<-'END'
	  bits. The same program run again, from the same state: how much the time between two
	  readings of the cycle counter then differs is what nobody can predict.
END
run cat $S/tick_entropy
echo "  an eighth of that, and never more than 1/16: what one reading is credited."
run cat $S/ticks_per_block
echo "  readings go into each 32 bytes, through SHA-256: 320 bits for 256."

title "Every reading is tested; how often each test has said no"
run grep -r . $S/health_failures

title "The raw readings, in ticks, for those who assess them (root only)"
mount -t debugfs debugfs /sys/kernel/debug
run "dd if=/sys/kernel/debug/havege_rng/raw bs=64 count=1 2>/dev/null | od -A n -t u8 -w32"

title "All that can be seen: one value a file"
for f in $(find $S -type f | sort); do
	case $f in
	*/uevent|*/power/*) ;;
	*) printf '%-50s %s\n' "$f" "$(cat "$f")" ;;
	esac
done

title "The same on one screen, for people (havege-status --json is for programs)"
run havege-status || exit 1

title "What can be set, at load time or (those root may write) at run time"
for f in "$P"/*; do
	printf '%s %-52s %s\n' "$(stat -c %A "$f")" "$f" "$(cat "$f")"
done

title "The kernel asks the source with the highest quality only; without being asked ..."
run cat $P/contribute
run cat $S/contributed
cat <<-'END'
	  ... havege contributes 64 bytes a minute while another source is current. It is itself
	  the current one here: nothing.
END

title "The knob: below fill_threshold bits the collector fills the buffer again"
fill_up
run cat $P/fill_threshold
run cat $S/fill_level
run "head -c 4096 /dev/hwrng > /dev/null"
run cat $S/fill_level
echo "  still above the threshold: the collector sleeps. Now raise the threshold:"
run "echo 120000 > $P/fill_threshold"
wait_level 120000
run cat $S/fill_level
echo "  the collector has filled it."

title "A bad value is refused and the old one stays"
run "echo 7 > $P/fill_threshold"
run "echo lots > $P/fill_threshold"
run cat $P/fill_threshold

title "The collector: a kernel thread, bound to one CPU, asleep while the buffer is full"
for p in /proc/[0-9]*; do
	case $(cat "$p/comm" 2>/dev/null) in
	havege/*) break ;;
	esac
done
run "ps -o pid,stat,comm | grep '[h]avege/'"
run "grep -E 'Cpus_allowed_list|ctxt' $p/status"

title "And away"
run rmmod havege_rng || exit 1
run cat $H/rng_available
run "dmesg | grep -c -E 'WARNING|BUG|Oops'"
echo
