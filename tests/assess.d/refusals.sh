# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# refusals.sh - sourced by tests/assess-test: wrong usage, and modules that cannot be read
#
# It changes the fake modules dead and noisy: run it after module.sh.

untouched() {
	exits 1 "$TMP/full is not empty" run_assess "$TMP/root" --from "$1" --out "$TMP/full" &&
	same "$(cat "$TMP/full"/*)" mine
}

empty_stays() {
	mkdir "$TMP/empty" &&
	exits 1 "bytes were expected" run_assess "$TMP/root" --from module --out "$TMP/empty" \
		--samples 10000 && [ -z "$(ls -A "$TMP/empty")" ]
}

suite_refusals() {
	check "an unknown option is refused" rejects 2 "unknown option '--form'" "" --form host
	check "an argument that is no option is refused" rejects 2 "unknown option 'host'" "" host
	check "an option without its value is refused" rejects 2 "--out needs a value" "" --out
	check "an unknown source is refused" rejects 2 "--from nowhere: module or host" "" --from nowhere
	for n in 0 -1 007 1e6 many '' 1023 100000001 99999999999999999999 '5 6'; do
		check "--samples '$n' is refused" \
			rejects 2 "--samples $n: a number from 1024 to 100000000" \
			"" --from host --out "$N" --samples "$n"
	done
	check "--rows 1 is refused" rejects 2 "--rows 1: a number from 2 to" "" --out "$N" --rows 1
	check "--replays 0 is refused" rejects 2 "--replays 0: a number from 1 to" "" --out "$N" \
		--replays 0

	mkdir "$TMP/full"
	echo mine >"$TMP/full/report.txt"
	check "a directory that is not empty is refused (host)" untouched host
	check "a directory that is not empty is refused (module)" untouched module
	check "a file in place of a directory is refused" \
		exits 1 "is no directory" run_assess "" --from host --out "$TMP/full/report.txt"

	export HAVEGE_SYS="$TMP/nothing"
	check "without the module --from module is refused" \
		rejects 1 "the module is not loaded" "$TMP/root" --from module --out "$N"
	export HAVEGE_SYS="$TMP/noisy"
	check "--from module needs root" \
		rejects 1 "raw samples are for root only" "$TMP/user" --from module --out "$N"
	echo 'none [integrity] confidentiality' >"$TMP/noisy/kernel/security/lockdown"
	check "the message names the lockdown" \
		rejects 1 "the kernel is locked down (none [integrity] confidentiality)" \
		"$TMP/root:$TMP/locked" --from module --out "$N"
	check "a capture that is too short ends the run" \
		rejects 1 "raw.u64: 80000 bytes were expected, 39216 came" "$TMP/root" --from module \
		--out "$N" --samples 10000
	check "an incomplete capture is removed; a directory that existed before stays" empty_stays
	head -c 1048568 "$TMP/dead/kernel/debug/havege_rng/raw_replay" \
		>"$TMP/noisy/kernel/debug/havege_rng/raw_replay"
	check "a replay that is too short ends the run" \
		rejects 1 "replay.u64: 1048576 bytes were expected, 1048568 came" "$TMP/root" --from module \
		--out "$N" --samples 1024 --rows 2 --replays 1
	mv "$TMP/noisy/kernel/debug/havege_rng" "$TMP/noisy/away"
	check "the message names the missing debugfs" \
		rejects 1 "this kernel has no debugfs, or it is not mounted" "$TMP/root" --from module \
		--out "$N"
}
