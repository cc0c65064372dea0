# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of status-test
#
# state.sh - part of status-test: the verdict, its reasons and hints, for each state.

test_fine() {
	machine_fine
	status_run
	status_ends 0 "all is well"
	status_shows "all is well: the screen says what is" \
		"^havege_rng $VERSION on Linux 6\.1\.0-1-amd64 $(uname -m): OK$" \
		'^status +ok, mode conditioned$' \
		'^buffer +\[#{25}\|#{11}\.{13}\] 98304 of 131072 bits are ready; filled up again below 65536$' \
		"^entropy +1\.0557 bit a sample cannot be predicted, 0\.1250 is needed; credited 0\.0625 \
\(a sample is 1 half-step\) a predictor finds 2\.1743 bit with 64 rows, 2\.0812 with all; \
slope 0\.0315$" \
		'^block +5120 samples for 256 bits; the tests assume 0\.1250 bit of each$' \
		'^failures +none, since it was loaded$' \
		'^served +1000 bytes, 64 contributed' '^CPU +1: Second CPU of two$' \
		'^fitted +to L1d 48 KiB, L1i 32 KiB \(cpuid-4\): table 96 KiB, loop 30 KiB$' \
		'^counter +tsc$' \
		'^caches +L1d 48 KiB, L1i 32 KiB, L2 1280 KiB$' \
		'^source +havege is current; others: none$' \
		'^quality +512 of 1024 bits are claimed; the kernel credits the current source with 512$' \
		'^kernel .* is ready, since 1\.516000 s after its start entropy_avail: 256 of 256 bits$'
	status_lacks "all is well: nothing is to be done" \
		'^(because|reason|what to do|it said|note)|\?'
	awk 'length > 80' "$OUT" >"$TMP/long"
	status_equals "$(cat "$TMP/long")$([ "$(wc -l <"$OUT")" -le 24 ] || wc -l <"$OUT")" "" \
		"it fits on a screen of 80 columns and 24 lines"
	status_json "all is well" \
		'.verdict == "ok" and .exit_code == 0 and .reasons == [] and .hints == []
		and .module == {loaded: true, builtin: false, version: .version}
		and .kernel.release == "6.1.0-1-amd64" and .status == "ok" and .reason == null
		and .hwrng == {current: "havege", available: ["havege"], quality: 512}
		and .parameters == {mode: "conditioned", quality: 512, cpu: -1, fill_threshold: 65536,
			buffer_size: 16, contribute: 1, dcache_kb: 0, icache_kb: 0}
		and .cpu == {collector: "1", model: "Second CPU  of two",
			caches: "L1d 48 KiB, L1i 32 KiB, L2 1280 KiB"}
		and .geometry == {dcache_kb: 48, icache_kb: 32, source: "cpuid-4", table_kb: 96, loop_kb: 30}
		and .fill_level == 98304 and .replay_residual == 1.0557 and .replay_few == 2.1743
		and .replay_all == 2.0812 and .replay_slope == 0.0315 and .sample_steps == 1
		and .sample_entropy == 0.0625 and .samples_per_block == 5120
		and .test_entropy == 0.125 and .counter == "tsc"
		and .bytes_out == 1000 and .contributed == 64
		and .health_failures == {repetition: 0, proportion: 0, stuck: 0, period: 0, counter: 0,
			replay: 0}
		and .crng == {ready: true, ready_at: 1.516000, log: "kernel", entropy_avail: 256, poolsize: 256}'
}

# What is needed follows from how many half-steps a sample spans.
test_entropy() {
	machine_fine
	for _case in 1=0.1250 2=0.5000 4=0.5000 8=0.5000 16=0.5000 32=0.5000 64=0.2500 \
		128=0.2500 256=0.2500 3=? 512=? x=?; do
		put "$S/sample_steps" "${_case%%=*}"
		status_run
		_steps="${_case%%=*} half-steps"
		[ "${_case%%=*}" != 1 ] || _steps="1 half-step"
		status_shows "a sample of $_steps: ${_case#*=} is needed" "^entropy .*, \
$(echo "${_case#*=}" | sed 's/[.?]/\\&/') is needed; credited 0\.0625 \(a sample is $_steps\)"
	done
	status_ends 0 "a sample of half-steps that it does not know"
	status_json "a sample of half-steps that it does not know" '.sample_steps == "x"'
	put "$S/sample_steps" 0
	status_run
	status_ends 0 "nothing has been measured yet"
	status_shows "nothing has been measured yet: and says so" '^entropy +not measured yet$' \
		'^failures +none'
	status_lacks "nothing has been measured yet: no figures" '^block|half-step|slope'
	status_json "nothing has been measured yet" '.sample_steps == 0'
	machine_fine
	put "$S/status" recovering
	put "$S/replay_residual" 0.0112
	status_run
	status_shows "recovering: nothing is credited" \
		"^entropy +0\.0112 bit a sample cannot be predicted, \
0\.1250 is needed; nothing is credited now \(a sample is 1 half-step\)"
}

# Why the status is not ok. The log has the same, or what is older.
test_reason() {
	_why="replay found 0.0112 bit a sample (k = 1), 0.1250 is needed: try again a few times"
	for _case in failed=2 recovering=1 starting=1; do
		machine_fine
		put "$S/status" "${_case%%=*}"
		put "$S/reason" "$_why"
		put "$R/dmesg" "[10.0] havege_rng: ${_case%%=*}: repetition count test, 61 samples"
		status_run
		status_ends "${_case#*=}" "the reason while it is ${_case%%=*}"
		status_shows "the reason while it is ${_case%%=*}: is shown" '^because ' \
			'^reason +replay found 0\.0112 bit a sample \(k = 1\), .* a few times$'
		if [ "${_case#*=}" = 2 ]; then
			status_shows "the reason while it is failed: and what the log has" \
				'^it said +failed: repetition count test, 61 samples$'
		else
			status_lacks "the reason while it is ${_case%%=*}: once" '^it said'
		fi
		status_json "the reason while it is ${_case%%=*}" ".reason == \"$_why\""
	done
	rm "$S/reason"
	status_run
	status_ends 1 "no reason is to be had"
	status_shows "no reason is to be had: the log knows one" \
		'^it said +starting: repetition count test'
	status_lacks "no reason is to be had: no row" '^reason'
	status_json "no reason is to be had" '.reason == null'
	machine_fine
	put "$S/reason" "what has passed"
	status_run
	status_ends 0 "a reason while it is ok"
	status_lacks "a reason while it is ok is not shown" '^reason|has passed'
	machine_fine
	printf '\033[31m"red\\ \303\251\n' >"$S/reason"
	put "$S/status" recovering
	status_run
	status_shows "a strange reason: nothing in it turns the terminal" \
		'^reason +\?\[31m"red\\ \?\?$'
	status_json "a strange reason" '.reason == "?[31m\"red\\ ??"'
}

# status_degraded TEXT REASON: the machine as it has been made.
status_degraded() {
	status_run
	status_ends 1 "$1"
	status_shows "$1: and why" '^havege_rng .*: DEGRADED$' "^because +$2"
	status_json "$1" '.verdict == "degraded" and .exit_code == 1 and (.reasons | length) == 1'
}

test_degraded() {
	for _case in "starting=it starts up" "recovering=something failed" "suspended=.* to sleep" \
		"other=status is 'other'"; do
		machine_fine
		put "$S/status" "${_case%%=*}"
		status_degraded "status ${_case%%=*}" "${_case#*=}"
	done
	machine_fine
	put "$H/rng_available" "tpm-rng-0 havege none "
	put "$H/rng_current" tpm-rng-0
	put "$H/rng_quality" 1000
	status_degraded "another source is current" "tpm-rng-0 is the current source, not havege$"
	status_run
	status_lacks "another source is current: the log has nothing on it" '^it said'
	status_shows "another source is current: and what to do" \
		'^what to do +as root: echo havege > /sys/class/misc/hw_random/rng_current$' \
		'^source +tpm-rng-0 is current; others: havege$' 'claimed; .* source with 1000$'
	machine_fine
	put "$H/rng_current" none
	status_degraded "no source is current" "no source is current$"
	status_run
	status_lacks "no source is current: nothing is said of its quality" 'with 512'
	status_json "no source is current" '.hwrng.quality == null'
	machine_fine
	put "$H/rng_available" "tpm-rng-0"
	put "$H/rng_current" tpm-rng-0
	status_degraded "havege is not among the sources" \
		"havege is not among the kernel's sources$"
	machine_fine
	put "$H/rng_quality" 0
	status_degraded "the kernel credits nothing" "the kernel credits nothing for it"
	machine_fine
	rm "$H/rng_quality"
	put "$R/sys/module/rng_core/parameters/current_quality" 0
	status_degraded "the kernel credits nothing, on an older one" \
		"the kernel credits nothing for it"
	machine_bare
	put "$M/initstate" coming
	status_degraded "the module is being loaded" "the module is being loaded"
	machine_fine
	put "$S/status" recovering
	put "$R/dmesg" "[ 9.0] havege_rng: collecting
[10.0] havege_rng: recovering: repetition count test, 61 samples"
	status_run
	status_shows "recovering: what the log said last" \
		'^it said +recovering: repetition count test, 61 samples$'
	status_json "recovering: what the log said last" \
		'.said == "recovering: repetition count test, 61 samples"'
}

test_bad() {
	machine_fine
	put "$S/status" failed
	status_run
	status_ends 2 "status failed"
	status_shows "status failed: what to do" '^havege_rng .*: FAILED$' \
		'^because +it has failed permanently$' \
		'^what to do .* modprobe -r havege_rng; modprobe havege_rng$' \
		'^it said +collecting on CPU 1' '^entropy .*; nothing is credited now '
	status_json "status failed" '.verdict == "failed" and .exit_code == 2'
	rm "$M/initstate"
	status_run
	status_ends 2 "failed, and built in"
	status_shows "failed, and built in: what to do" 'a reboot starts it again$'
	machine_bare
	status_run
	status_ends 2 "not loaded"
	status_shows "not loaded: what to do" ': NOT LOADED$' \
		'^because +the module is not loaded$' \
		'^what to do +as root: modprobe havege_rng; ' \
		'^source +tpm-rng-0 is current; others: none$' \
		'^CPU +First CPU$' '^kernel .* is ready, '
	status_lacks "not loaded: nothing of what is not there" \
		'^(status|buffer|entropy|failures|served|fitted)|\?'
	status_json "not loaded" \
		'.verdict == "not loaded" and .exit_code == 2 and .module.loaded == false
		and .status == null and .fill_level == null and .parameters == {}'
	put "$R/dmesg" "[ 1.0] havege_rng: not started: replay found 0.0000 bit a sample"
	status_run
	status_shows "refused: what the log said" \
		'^it said +not started: replay found 0\.0000 bit a sample$'
	rm "$R/lib/modules/6.1.0-1-amd64/modules.dep"
	mkdir -p "$R/usr/src/havege_rng-$VERSION"
	status_run
	status_ends 2 "not built for this kernel"
	status_shows "not built for this kernel: what to do" \
		'^because +the module is not built for this kernel$' \
		'^what to do +install the headers of 6\.1\.0-1-amd64; as root: dkms autoinstall; '
	rm -r "$R/usr/src"
	status_run
	status_ends 2 "not installed"
	status_shows "not installed: what to do" '^because .* not installed for this kernel$' \
		'^what to do +README'
	machine_bare
	mkdir -p "$M"
	status_run
	status_ends 2 "built in, and refused"
	status_shows "built in, and refused: why" \
		'^because +it is built into this kernel, but was refused'
}

test_unknown() {
	machine_fine
	rm "$S/status"
	status_run
	status_ends 3 "the state cannot be read"
	status_shows "the state cannot be read: and says so" ': UNKNOWN$' \
		'^because .*/summary cannot be read$'
	status_lacks "the state cannot be read: no hint" '^what to do'
	status_json "the state cannot be read" \
		'.verdict == "unknown" and .exit_code == 3 and .status == null'
	rm -r "$S"
	put "$D/status" ok
	put "$M/version" 0.0.1
	status_run
	status_ends 3 "a module without summary"
	status_shows "a module without summary: why, and what to do" ': UNKNOWN$' \
		'^because .*/summary cannot be read$' '^note +the loaded module is 0\.0\.1, ' \
		'^what to do +an older module has no such file; as root: modprobe -r havege_rng; '
	status_json "a module without summary" '.verdict == "unknown" and .status == null
		and .module == {loaded: true, builtin: false, version: "0.0.1"} and (.hints | length) == 1'
	rm -r "$R/sys"
	status_run
	status_ends 3 "without /sys"
	status_shows "without /sys: and says so" '^because +there is no /sys'
	rm -r "$R"
	mkdir "$R"
	status_run
	status_ends 3 "with nothing at all"
	status_json "with nothing at all" \
		'.exit_code == 3 and .kernel.release == null and .crng.ready == null'
}
