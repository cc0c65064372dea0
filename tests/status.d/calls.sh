# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of status-test
#
# calls.sh - part of status-test: the command line, terminals, --watch, and this machine.

# status_on_terminal ARGUMENT...: status_run on a terminal.
status_on_terminal() {
	RC=0
	machine_summary
	TERM=${TERM_-xterm} HAVEGE_STATUS_ROOT=$R script -qec "$SHELL_ $STATUS $*" /dev/null \
		>"$OUT" 2>"$ERR" </dev/null || RC=$?
}

test_colours() {
	machine_fine
	status_run
	status_lacks "no colours where it is no terminal" "$ESC"
	status_on_terminal
	status_equals $RC 0 "on a terminal: exit code 0"
	status_shows "on a terminal: ok is green" "${ESC}\[32mOK${ESC}\[0m"
	put "$S/status" recovering
	status_on_terminal
	status_equals $RC 1 "on a terminal: exit code 1"
	status_shows "on a terminal: degraded is yellow" "${ESC}\[33mDEGRADED${ESC}\[0m"
	put "$S/status" failed
	status_on_terminal
	status_shows "on a terminal: failed is red" "${ESC}\[31mFAILED${ESC}\[0m"
	NO_COLOR=1
	export NO_COLOR
	status_on_terminal
	status_lacks "NO_COLOR=1: no colours" "$ESC"
	NO_COLOR=
	status_on_terminal
	status_shows "NO_COLOR without a value is none" "${ESC}\[31mFAILED"
	unset NO_COLOR
	TERM_=dumb
	status_on_terminal
	unset TERM_
	status_lacks "TERM=dumb: no colours" "$ESC"
	status_on_terminal --json
	status_lacks "no colours in JSON" "$ESC"
}

# status_watch COUNT SIGNAL ARGUMENT...: sends the signal after COUNT screens, or half a minute.
status_watch() {
	_count=$1 _signal=$2
	shift 2
	machine_summary
	# The count below must not see the last run's output. A signal before the exec would be lost in
	# the trap of this shell.
	: >"$OUT"
	# shellcheck disable=SC2086 # words
	HAVEGE_STATUS_ROOT=$R setsid $SHELL_ "$STATUS" "$@" >"$OUT" 2>"$ERR" </dev/null &
	_pid=$!
	_tries=0
	while [ "$(grep -cE '^havege_rng|^\{' "$OUT")" -lt "$_count" ] && [ $_tries -lt 300 ]; do
		sleep 0.1
		_tries=$((_tries + 1))
		# Each screen is of a later moment.
		put "$R/proc/uptime" "$((100 + _tries)).00 1.00"
		put "$S/bytes_out" $((1000 + _tries * 50))
		machine_summary
	done
	kill "-$_signal" $_pid
	RC=0
	# If it does not end, the exit code of kill -9 fails the test.
	timeout 10 tail --pid=$_pid -f /dev/null || kill -9 $_pid
	wait $_pid || RC=$?
}

test_watch() {
	machine_fine
	status_watch 3 TERM --watch 1
	status_equals "$RC:$(cat "$ERR")" 0: "--watch 1: told to end it ends, with the code of the last look"
	# The uptime and the bytes can be of two moments.
	status_shows "--watch: again and again, and what is served in a second" \
		'^served +[0-9]+ bytes \((4[0-9]|5[0-9]|6[0-9]) a second\)'
	put "$S/status" recovering
	status_watch 2 TERM --watch=1 --json
	status_equals $RC 1 "--watch=1 --json: the code of the last look"
	status_equals "$(jq -s 'length >= 2 and all(.verdict == "degraded")' "$OUT")" true \
		"--watch --json: one object after the other"
	status_lacks "--watch: where it is no terminal there is nothing to clear" "$ESC"
	RC=0
	TERM=xterm HAVEGE_STATUS_ROOT=$R script -qec "timeout --preserve-status -s INT 5 $SHELL_ \
$STATUS --watch 1" /dev/null >"$OUT" 2>"$ERR" </dev/null || RC=$?
	status_equals "$RC:$(cat "$ERR")" 1: "--watch on a terminal: Ctrl-C ends it, with the code of the last look"
	[ "$(grep -c "^$ESC\[H$ESC\[2Jhavege_rng" "$OUT")" -ge 2 ]
	status_result $? "--watch on a terminal: each screen begins at the top"
}

test_usage() {
	machine_fine
	status_run --help
	status_ends 0 "--help"
	status_shows "--help: usage and exit codes" '^usage: havege-status' '--json' '--watch' \
		'0 +ok' '3 +not known'
	status_run --version
	status_equals "$RC $(cat "$OUT")" "0 havege-status $VERSION" "--version"
	for _args in --nonsense extra "--json extra" "--watch 0" "--watch -1" "--watch 1.5" \
		"--watch x" \
		"--watch=" "--watch --json=x" "--watch 86401" "--watch 1 2" -j; do
		# shellcheck disable=SC2086 # words
		status_run $_args
		[ "$RC" = 3 ] && [ ! -s "$OUT" ] && grep -q 'Try havege-status --help' "$ERR"
		status_result $? "$_args is refused: exit code 3"
	done
	RC=0
	# shellcheck disable=SC2086 # words
	HAVEGE_STATUS_ROOT=$R $SHELL_ "$STATUS" >/dev/full 2>"$ERR" || RC=$?
	status_equals $RC 3 "what cannot be written is not ok"
}

# This machine's own /proc, where a number ends with the first read.
test_here() {
	RC=0
	# shellcheck disable=SC2086 # words
	$SHELL_ "$STATUS" --json >"$OUT" 2>"$ERR" || RC=$?
	status_equals "$(jq -r '.crng.poolsize, .kernel.release' "$OUT" | xargs)" \
		"$(cat /proc/sys/kernel/random/poolsize) $(uname -r)" "on this machine: what it is"
	status_equals "$(jq .exit_code "$OUT"):$(cat "$ERR")" "$RC:" \
		"on this machine: exit code $RC"
}
