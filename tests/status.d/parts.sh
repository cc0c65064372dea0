# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of status-test
#
# parts.sh - part of status-test: each part of the screen, and values that are unknown or strange.

# What a reader may not read, and what there is not on each machine.
test_parts() {
	machine_fine
	rm "$R/dmesg"
	status_run
	status_ends 0 "the log is not to be read"
	status_shows "the log is not to be read: and says so" \
		"^kernel +its generator is ready; since when is in \
the log, which this user may not read"
	status_json "the log is not to be read" '.crng.ready == true and .crng.ready_at == null
		and .crng.log == "none" and .said == null'
	put "$S/status" recovering
	status_run
	status_shows "what it said is not to be read: and says so" \
		"^it said +\? \(this user may not read the kernel's log\)"
	machine_fine
	put "$R/journal" "[    2.250000] host kernel: random: crng init done"
	status_run
	status_shows "the journal is not asked without need" ', since 1\.516000 s'
	rm "$R/dmesg"
	status_run
	status_shows "the journal knows what the log does not" ', since 2\.250000 s'
	put "$R/dmesg" "[ 99.000000] something else"
	status_run
	status_shows "the journal knows what the log has lost" ', since 2\.250000 s'
	rm "$R/journal"
	: >"$R/dmesg"
	status_run
	status_shows "the log is empty: and says so" \
		'is ready; since when is not in the log entropy'
	put "$R/dmesg" "[ 99.000000] something else"
	status_run
	status_shows "the log has lost it: and says so" \
		'is ready; since when is not in the log entropy'
	status_json "the log has lost it" \
		'.crng.ready == true and .crng.ready_at == null and .crng.log == "kernel"'
	put "$R/dmesg" "[    0.250000] random: crng done (trusting CPU's manufacturer)"
	status_run
	status_shows "older kernels' words" ', since 0\.250000 s after its start'
	put "$R/dmesg" "random: crng init done"
	status_run
	status_shows "a log without times" 'is ready; since when is not in the log'
	rm "$R/dev/random" "$R/dmesg"
	mkfifo "$R/dev/random"
	status_run
	status_ends 0 "the generator is not ready"
	status_shows "the generator is not ready: readers wait" \
		'not ready: readers of /dev/random wait'
	status_json "the generator is not ready" '.crng.ready == false'
	rm "$R/dev/random"
	status_run
	status_shows "neither log nor /dev/random: and says so" \
		'^kernel +\? \(whether its generator is ready'
	status_json "neither log nor /dev/random" '.crng.ready == null'

	machine_fine
	rm -r "$S/health_failures" "$S/geometry" "$S/fill_level" "$S/reason" "$S"/replay_* \
		"$S/cpu" "$S/counter" "$S"/sample* "$S/parameters" "$S/version" "$M/version" "$H" \
		"$R/proc/cpuinfo" "$R/sys/devices/system"
	status_run
	status_ends 1 "state that is not there"
	status_shows "state that is not there is a question mark" \
		'^buffer +\? of \? bits are ready$' \
		"^entropy +\? bit a sample cannot be predicted, \? is needed; credited \? \(a sample is \
\? half-steps\) a predictor finds \? bit with 64 rows, \? with all; slope \?$" \
		'^block +\? samples for 256 bits; the tests assume 0\.1250 bit of each$' \
		'^failures +\?$' '^CPU +\?$' \
		'^fitted +to L1d \? KiB' '^counter +\?$' '^source +\? \(no hw_random here\)$'
	status_json "state that is not there" '.fill_level == null and .geometry.source == null
		and ([.reason, .replay_residual, .replay_few, .replay_all, .replay_slope, .sample_steps,
			.sample_entropy, .samples_per_block, .counter] | all(. == null))
		and .health_failures == {} and .parameters == {} and .hwrng.available == []
		and .hwrng.current == null and .cpu == {collector: null, model: null, caches: null}'

	machine_fine
	put "$S/health_failures/repetition" 3
	put "$S/health_failures/replay" 1
	status_run
	status_ends 0 "tests that have failed are no reason while status is ok"
	status_shows "which tests have failed" \
		'^failures +repetition 3, replay 1, since it was loaded$|^failures +replay 1, repetition 3, since'
	put "$S/cpu" 0-1
	put "$S/parameters/cpus" 0-1
	status_run
	status_shows "several CPUs are text" '^CPU +0-1: First CPU$'
	status_json "several CPUs are text" '.cpu.collector == "0-1" and .parameters.cpus == "0-1"
		and .cpu.model == "First CPU"'
	put "$S/cpu" 1
	status_run
	status_shows "one of several CPUs asked for has gone" \
		'^CPU +1, though 0-1 is asked for: Second CPU of two$'
	put "$S/parameters/cpus" ""
	status_run
	status_shows "no CPU is asked for" '^CPU +1: Second CPU of two$'
	machine_fine
	put "$S/parameters/cpu" 0
	status_run
	status_shows "the CPU asked for is another" \
		'^CPU +1, though 0 is asked for: Second CPU of two$'
	machine_fine
	put "$R/proc/cpuinfo" "processor	: 0
BogoMIPS	: 125.00
CPU implementer	: 0x41
CPU part	: 0xd08
processor	: 1
CPU implementer	: 0x41
CPU part	: 0xd0c"
	status_run
	status_shows "a CPU without a name" '^CPU +1: implementer 0x41, part 0xd0c$'
	machine_fine
	put "$S/version" 0.0.1
	status_run
	status_ends 0 "an older module is loaded"
	status_shows "an older module is loaded: and says so" \
		"^note +the loaded module is 0\.0\.1, the installed version is $VERSION: "
	machine_fine
	rm "$M/initstate"
	status_run
	status_ends 0 "built in"
	status_shows "built in: and says so" '^status +ok, mode conditioned, built in$'
	status_json "built in" \
		'.module.loaded == false and .module.builtin == true and .verdict == "ok"'
	machine_fine
	machine_in_tree
	status_run
	status_ends 0 "a driver from the kernel tree"
	status_shows "a driver from the kernel tree: its figures" '^status +ok, mode conditioned$' \
		'^buffer +98304 of [?] bits are ready; '
	status_json "a driver from the kernel tree" '.verdict == "ok" and .parameters.mode == "conditioned"'
	rm "$R/sys/devices/faux/havege_rng/status"
	status_run
	status_ends 3 "a driver from the kernel tree without status"
	status_shows "a driver from the kernel tree without status: the file" \
		'^because .*/faux/havege_rng/status cannot be read$'
	rm -rf "$R/sys/devices/faux"
}

# status_bar LEVEL THRESHOLD BAR
status_bar() {
	put "$S/fill_level" "$1"
	put "$S/parameters/fill_threshold" "$2"
	status_run
	status_equals "$(sed -n 's/^buffer *\[\(.*\)\]$/\1/p' "$OUT")" "$3" \
		"the bar of $1 bits, threshold $2"
}

test_bar() {
	machine_fine
	put "$S/parameters/buffer_size" 4
	status_bar 0 512 "|................................................."
	status_bar 32768 32768 "#################################################|"
	status_bar 16384 16384 "#########################|........................"
	status_bar 655 16384 ".........................|........................"
	status_bar 656 16384 "#........................|........................"
	status_bar 99999 16384 "#########################|########################"
	put "$S/parameters/buffer_size" 8192
	status_bar 67108863 33554432 "#########################|#######################."
	put "$S/fill_level" nonsense
	status_run
	status_ends 0 "a fill level that is no number"
	status_shows "a fill level that is no number is shown as it is" '^buffer +nonsense of'
	status_json "a fill level that is no number" '.fill_level == "nonsense"'
	# The shell would take it for octal, JSON for nothing.
	put "$S/fill_level" 099
	status_json "a number with a 0 before it" '.fill_level == "099"'
	put "$S/bytes_out" 18446744073709551615
	status_run
	status_ends 0 "as many bytes as can be counted"
	status_json "as many bytes as can be counted" '.bytes_out > 18446744073709500000'
}

# What comes from elsewhere may not write to the terminal, nor break JSON.
test_text() {
	machine_fine
	put "$H/rng_available" 'a"b\c havege * '
	put "$H/rng_current" 'a"b\c'
	printf 'processor\t: 1\nmodel name\t: \033[31mred\tCPU \303\251\n' >"$R/proc/cpuinfo"
	status_run
	status_ends 1 "strange names"
	status_shows "strange names: nothing in them is written that could turn the terminal" \
		'^source +a"b\\c is current; others: havege, \*$' '^CPU +1: \?\[31mred\?CPU \?\?$'
	status_json "strange names" \
		'.hwrng.current == "a\"b\\c" and .hwrng.available == ["a\"b\\c", "havege", "*"]
		and .cpu.model == "?[31mred?CPU ??"'
}
