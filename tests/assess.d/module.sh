# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# module.sh - sourced by tests/assess-test: assessments of fake modules (fakes.sh)
#
# It leaves $TMP/module3 for host.sh.

module_report() {
	has "$D/report.txt" "the running module, version 7.8.9, mode=stream, status recovering" \
		"number 61" "counter cp0-count" "L1d 47 KiB, L1i 31 KiB (parameter), table 94 KiB" \
		"3000 samples in a row, 0 overruns" "restart 4 fresh walks" \
		"2 times 256 rows of 512" "replays k = 1" \
		"sample_entropy 0.0625 bit" "sample_steps 1 half-steps" "samples_per_block 5121" \
		"replay_residual 0.8612 bit" "replay_few 1.2345 bit" "replay_all 0.9876 bit" \
		"replay_slope 0.0432," "test_entropy 0.25 bit" "repetition 101 proportion 102 stuck 103" \
		"period 104 counter 105 replay 106" "ea_non_iid not run" "ea_restart not run" \
		"Not on PATH: ea_non_iid ea_restart. Debian has them as" \
		"usnistgov/SP800-90B_EntropyAssessment" "1 went backwards" &&
	! ls "$D"/ea_* 2>/dev/null && ! grep -e 'Coarser counters' -e 'Other shapes of a set' \
		"$D/report.txt"
}

module_data() {
	_debug=$TMP/dead/kernel/debug/havege_rng
	set -- "$_debug/raw_restart" "$_debug/raw_replay"
	head -c 24000 "$_debug/raw" | cmp - "$D/raw.u64" &&
	cat "$1" "$1" "$1" "$1" | cmp - "$D/restart.u64" &&
	cat "$2" "$2" | cmp - "$D/replay.u64"
}

# The delta that goes backwards and the one of 2^40 ticks count as 2^32 - 1.
module_symbols() {
	od -An -v -td8 -w8 "$D/raw.u64" |
		awk '{ d = $1 < 0 || $1 > 4294967295 ? 4294967295 : $1
			print int(d / 2) % 256 }' >"$TMP/want"
	od -An -v -tu1 -w1 "$D/raw.sym" | tr -d ' ' | cmp - "$TMP/want" &&
	same "$(figure "$D" gcd) $(figure "$D" backwards)" "2 1"
}

no_noise() {
	has "$D/report.txt" "residual min 0.0000 median 0.0000 max 0.0000" \
		"end min 0.0000 median 0.0000 max 0.0000" \
		"few min 0.0000 median 0.0000 max 0.0000" \
		"replay residual 0.0 times the credit" "1 of 4 rows are different" \
		"WARNING: the least residual is below the credit." &&
	awk '$1 == "raw_value" { exit !($2 > 1) }' "$D/figures.txt" && parts_agree "$D"
}

bad_tools() {
	same "$(cat "$TMP/args")" "ea_non_iid -i -a -v raw.sym 8" &&
	has "$TMP/module2/report.txt" "ea_non_iid no result: exit code 255 (ea_non_iid.txt)" \
		"ea_restart not run: there is no figure to test" "Nothing is credited" &&
	! grep 'times the credit' "$TMP/module2/report.txt"
}

coarse() {
	run_assess "$TMP/root:$TMP/good" --from module --out "$TMP/module4" --samples 1024 --rows 2 \
		--replays 1 || return
	cat "$TMP/module4/replays.txt"
	awk '{ exit !($2 == $6 && $6 < 0.04 && $7 > 0.2 && $8 > 0.2 && $9 > 0.2 && $10 > 0.2) }' \
		"$TMP/module4/replays.txt" &&
	has "$TMP/module4/report.txt" "WARNING: the least residual is below the credit." \
		"ea_restart not run: it needs 1000 rows" \
		"NIST's figures should be at least 10 times the credit; at least one is missing" &&
	parts_agree "$TMP/module4"
}

# clocks NAME: in the fake module NAME the predictor still learns.
clocks() {
	export HAVEGE_SYS="$TMP/$1"
	run_assess "$TMP/root:$TMP/good" --from module --out "$TMP/module-$1" --samples 1024 --rows 2 \
		--replays 1 || return
	cat "$TMP/module-$1/replays.txt"
	awk '{ exit !($2 == $6 && $6 < 0.02 && $5 > 0.2 && $3 > $4 && $4 > 0.01 && $7 > 0.2 &&
		$8 > 0.2 && $9 > 0.2 && $10 > 0.2) }' "$TMP/module-$1/replays.txt" &&
	has "$TMP/module-$1/report.txt" "WARNING: the least residual is below the credit." &&
	parts_agree "$TMP/module-$1"
}

noisy() {
	awk '{ for (i = 2; i <= 10; i++) { print $i; if (i != 5 && !($i > 0.1)) bad = 1 }
		for (i = 6; i <= 10; i++) for (k = i + 1; k <= 10; k++)
			if ($i - $k < 0.005 && $k - $i < 0.005) bad = 1
		exit bad }' "$TMP/module3/replays.txt" && parts_agree "$TMP/module3"
}

restart_failed() {
	has "$TMP/module3/report.txt" \
		"ea_restart H_I 0.0625, as credited: not passed: Restart Sanity Check Failed"
}

wide() {
	same "$(cat "$TMP/args")" "ea_non_iid -i -a -v raw.sym 8
ea_restart -n -v restart.sym 8 0.250000
ea_restart -n -v restart.sym 8 0.031250" &&
	has "$TMP/module5/report.txt" "2 times 1024 rows of 256" "replays k = 4" \
		"sample_entropy 0.1250 bit" "sample_steps 4 half-steps" "samples_per_block 2561" \
		"raw samples 8.0 times the credit (0.250000, over 0.031250, which is 0.1250 / 4)" \
		"restarts 63.6 times the credit (1.987654, over 0.031250, which is 0.1250 / 4)" \
		"0.5000 is needed" &&
	parts_agree "$TMP/module5" && learned "$TMP/module5"
}

enough() {
	exits 0 "NIST's figures should be at least 10 times the credit, and are" \
		run_assess "$TMP/root:$TMP/poor" --from module --out "$TMP/module6" --samples 1024 \
			--replays 1 &&
	has "$TMP/module6/report.txt" \
		"raw samples 40.0 times the credit (0.250000, over 0.006250, which is 0.0250 / 4)"
}

suite_module() {
	export HAVEGE_SYS="$TMP/dead"
	D=$TMP/module
	check "a loaded module is the default; missing tools do not end the run" exits 0 \
		'Not on PATH: ea_non_iid ea_restart. ' \
		run_assess "$TMP/root" --out "$D" --samples 3000 --rows 4 --replays 2
	check "the report has the module's state, and the source of the missing tools" module_report
	check "the data is that of the module" module_data
	check "the symbols are deltas over the GCD, as in the module" module_symbols
	check "without noise the replay residual is 0, though the raw samples look random" no_noise
	check "the plots of a module are PNG" png "$D"

	echo 0.0000 >"$TMP/dead/devices/havege_rng/sample_entropy"
	: >"$TMP/args"
	check "failing tools do not end the run" exits 0 'Nothing is credited' \
		run_assess "$TMP/root:$TMP/bad" --from module --out "$TMP/module2" --samples 1024 \
		--rows 1000 --replays 1
	check "without a figure there is no restart test and no comparison" bad_tools

	export HAVEGE_SYS="$TMP/coarse"
	check "on a coarse counter without noise the predictor finds no entropy" coarse

	check "on clocks without noise the slope leads to no entropy" clocks clocks
	check "on clocks without noise the slope leads to no entropy, k above 1" clocks wide-clocks

	export HAVEGE_SYS="$TMP/noisy"
	check "a noisy module gets a report" exits 0 'Report:' \
		run_assess "$TMP/root:$TMP/bad" --from module --out "$TMP/module3" --samples 1024 \
		--replays 1
	check "the module's own code gives the same parts of the residual, all different" noisy
	check "the report has a failed restart test" restart_failed

	# NIST's tools get half-steps: the margin compares with the credit of one, not of a sample.
	export HAVEGE_SYS="$TMP/wide"
	: >"$TMP/args"
	check "a module whose samples span several half-steps gets a report" \
		exits 0 "WARNING: NIST's figures should be at least 10 times the credit, and are not." \
		run_assess "$TMP/root:$TMP/poor" --from module --out "$TMP/module5" --samples 1024 \
		--replays 2
	check "sets have the shape for k above 1; a half-step has a part of the credit" wide
	# The figures are more than 10 times the credit of a half-step, but less than that of a sample.
	echo 0.0250 >"$TMP/wide/devices/havege_rng/sample_entropy"
	check "NIST's figures are compared with the credit of a half-step" enough
	echo unknown >"$TMP/wide/devices/havege_rng/sample_steps"
	check "an invalid k is refused" rejects 1 "k is 'unknown', not a number" \
		"$TMP/root" --from module --out "$N" --samples 1024 --rows 2 --replays 1
}
