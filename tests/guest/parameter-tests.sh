# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# parameter-tests.sh - sourced by tests.sh: parameters at load time and at run time, for the mode
# plain.

# --- at run time -----------------------------------------------------------------------------

test_threshold() {
	FULL=$(($(get "$P/buffer_size") * 8192))
	is "$(get "$P/fill_threshold")" $((FULL / 2)) "fill_threshold is half the buffer"
	for _v in 512 513 $((FULL - 1)) $FULL $((FULL / 2)); do
		echo "$_v" >"$P/fill_threshold"
		is "$(get "$P/fill_threshold")" "$_v" "writing $_v to fill_threshold"
	done
	for _v in 0 1 511 $((FULL + 1)) 4294967295 4294967296 99999999999999999999; do
		write_fails fill_threshold $_v "Numerical result"
	done
	write_fails fill_threshold -1 "Numerical result|Invalid argument"
	for _v in abc "" 12x "1 2"; do
		write_fails fill_threshold "$_v" "Invalid argument"
	done
	for _v in buffer_size quality mode dcache_kb icache_kb; do
		! (echo 1 >"$P/$_v") 2>/tmp/err
		result $? "$_v cannot be written at run time"
	done
}

test_contribute() {
	for _v in 0 1; do
		echo $_v >"$P/contribute"
		is "$(get "$P/contribute")" $_v "writing $_v to contribute"
	done
	for _v in 2 -1; do
		write_fails contribute $_v "Numerical result"
	done
	for _v in abc "" 1x; do
		write_fails contribute "$_v" "Invalid argument"
	done
	is "$(get "$S/contributed")" 0 "nothing is contributed while havege is current"
}

test_cpu() {
	for _cpu in 0 "$LAST"; do
		unload
		must_load cpu="$_cpu" || continue
		hwread 64 16 >/dev/null
		wait_for 10 on_cpu "$_cpu"
		_rc=$?
		where
		result $_rc \
			"cpu=$_cpu at load time: the thread is bound to CPU $_cpu and runs there"
	done
	for _cpu in 0 "$LAST" -1; do
		_want=$_cpu
		[ "$_cpu" != -1 ] || _want=$LAST
		WHY=
		(echo "$_cpu" >"$P/cpu") && hwread 64 16 >/dev/null &&
			wait_for 10 on_cpu "$_want" && [ "$(get "$P/cpu")" = "$_cpu" ]
		_rc=$?
		where
		result $_rc "cpu=$_cpu at run time: the thread moves to CPU $_want"
	done
	echo 0 >"$P/cpu"
	write_fails cpu 999 "Numerical result|No such device"
	write_fails cpu -2 "Numerical result"
	write_fails cpu abc "Invalid argument"
	write_fails cpu "" "Invalid argument"
	# Present but offline.
	echo 0 >"$CPU1"
	write_fails cpu 1 "No such device"
	echo 1 >"$CPU1"
	# Its own CPU goes offline while the collector sleeps, then while it collects. It moves to
	# the last CPU that is online.
	_else=$((LAST > 1 ? LAST : 0))
	echo 1 >"$P/cpu"
	echo 0 >"$CPU1"
	hwread 64 16 >/tmp/out
	_rc=$?
	wait_for 10 on_cpu $_else || _rc=1
	where
	klog
	WHY="$WHY; status $(get "$S/status"); $(cat /tmp/out); $NEW"
	[ $_rc = 0 ] && becomes_ok
	result $? "its CPU goes offline: the collector runs on another one"
	echo 1 >"$CPU1"
	_t=$(get "$P/fill_threshold")
	get "$P/buffer_size" | awk '{ print $1 * 8192 }' >"$P/fill_threshold"
	hwread 64 0 >/tmp/out &
	PARENT=$!
	_bad=
	for _round in 1 2 3 4 5 6 7 8 9 10; do
		echo 1 >"$P/cpu"
		echo 0 >"$CPU1"
		wait_for 10 on_cpu $_else || _bad="round $_round: not on CPU $_else"
		# The buffer was wiped: new bytes come after the start-up only.
		_b=$(get "$S/bytes_out")
		wait_for 10 more_than "$_b" || _bad="$_bad round $_round: no bytes"
		becomes_ok || _bad="$_bad round $_round: not ok"
		[ -z "$_bad" ] || break
		echo 1 >"$CPU1"
	done
	where
	klog
	WHY="$_bad: $WHY; status $(get "$S/status"); $NEW"
	[ -z "$_bad" ]
	result $? "the same while it collects, 10 times"
	echo 1 >"$CPU1"
	WHY=$(cat /tmp/out)
	[ -z "$WHY" ] # a reader that ends prints why
	result $? "the reader still reads"
	end_readers -TERM
	wait $PARENT
	echo "$_t" >"$P/fill_threshold"
	echo -1 >"$P/cpu"
}

# --- at load time ----------------------------------------------------------------------------

# bad PARAMETER=VALUE... ERROR: tests that the load fails with ERROR, one log line names the first
# parameter, and nothing is left.
bad() {
	_p=${1%%=*}
	_args=$1
	[ $# -lt 3 ] || _args="$1 $2"
	for _err; do :; done
	klog
	# shellcheck disable=SC2086 # words
	if try_load $_args; then
		WHY="it loaded"
		result 1 "$_args fails the load"
		unload
		return
	fi
	klog
	_text=$(sed 's/.*: //' /tmp/err)
	WHY=
	echo "$_text" | grep -qE "$_err" || WHY="error: $_text, wanted $_err"
	[ "$(echo "$NEW" | grep -c .)" = 1 ] || WHY="$WHY; not one line: $NEW"
	echo "$NEW" | grep -qw "$_p" || WHY="$WHY; the log does not name $_p: $NEW"
	_why=$WHY
	is_gone || _why="$_why; left behind: $WHY"
	WHY=$_why
	[ -z "$WHY" ]
	result $? "$_args fails the load: $(echo "${NEW#*] }" | head -n 1)"
}

test_bad_load() {
	unload
	result $? "the module unloads and leaves nothing"
	bad buffer_size=3 "Numerical"
	bad buffer_size=5 "Numerical|Invalid"
	bad buffer_size=16384 "Numerical"
	bad buffer_size=0 "Numerical"
	bad buffer_size=-4 "Numerical|Invalid"
	bad buffer_size=abc "Invalid"
	bad fill_threshold=1 "Numerical"
	bad fill_threshold=511 "Numerical"
	bad fill_threshold=131073 "Numerical"
	bad fill_threshold=32769 buffer_size=4 "Numerical"
	bad fill_threshold=abc "Invalid"
	bad cpu=-2 "Numerical"
	bad cpu=999 "Numerical|No such device"
	bad cpu=abc "Invalid"
	bad cpu "Invalid"
	bad quality=0 "Numerical"
	bad quality=1025 "Numerical"
	bad quality=abc "Invalid"
	bad mode=nonsense "Invalid"
	bad mode= "Invalid"
	bad contribute=2 "Numerical"
	bad contribute=-1 "Numerical"
	bad contribute=abc "Invalid"
	bad dcache_kb=7 "Numerical"
	bad dcache_kb=513 "Numerical"
	bad dcache_kb=abc "Invalid"
	bad icache_kb=7 "Numerical"
	bad icache_kb=65 "Numerical"
	bad icache_kb=abc "Invalid"
}

# good PARAMETER=VALUE...: tests that the module loads, has these values, collects and unloads.
good() {
	klog
	must_load "$@" || return
	WHY=
	for _w; do
		[ "$(get "$P/${_w%%=*}")" = "${_w#*=}" ] ||
			WHY="$WHY ${_w%%=*} is $(get "$P/${_w%%=*}");"
		case $_w in
		dcache_kb=*|icache_kb=*)
			[ "$(get "$S/geometry/${_w%%=*}")" = "${_w#*=}" ] ||
				WHY="$WHY geometry/${_w%%=*} is $(get "$S/geometry/${_w%%=*}");" ;;
		esac
	done
	becomes_ok || WHY="$WHY status $(get "$S/status");"
	hwread 64 4 >/tmp/out || WHY="$WHY $(cat /tmp/out);"
	_text="table $(get "$S/geometry/table_kb") KiB, loop $(get "$S/geometry/loop_kb") KiB"
	_why=$WHY
	unload || _why="$_why unload: $WHY $(cat /tmp/err)"
	WHY=$_why
	[ -z "$WHY" ]
	result $? "$* loads, delivers and unloads ($_text)"
}

# claims QUALITY NOTICES PARAMETER=VALUE...: tests the quality that the module claims, and the
# number of notices in the log.
claims() {
	_quality=$1 _notices=$2
	shift 2
	klog
	must_load "$@" || return
	klog
	_lowered=$(echo "$NEW" | grep -c "quality=[0-9]* lowered to $_quality")
	WHY="rng_quality $(rng_quality), parameter $(get "$P/quality"), log: $NEW"
	[ "$(rng_quality)" = "$_quality" ] && [ "$(get "$P/quality")" = "$_quality" ] &&
		[ "$_lowered" = "$_notices" ]
	result $? "$*: the module claims $_quality of 1024, $_notices notices"
	unload
}

test_good_load() {
	for _a in buffer_size=4 buffer_size=8192 dcache_kb=8 dcache_kb=48 dcache_kb=512 icache_kb=8 \
		icache_kb=64 quality=1 quality=512 quality=1023 mode=conditioned mode=stream \
		contribute=0 contribute=1 fill_threshold=512 fill_threshold=131072 cpu=0 cpu=-1; do
		good $_a
	done
	good mode=stream quality=1 buffer_size=8192
	good fill_threshold=32768 buffer_size=4
	good buffer_size=4 fill_threshold=32768
	good buffer_size=8192 fill_threshold=67108864
	claims 1 0 quality=1
	claims 1023 0 quality=1023
	claims 1 0 mode=stream quality=1
	claims 1 0 mode=stream
	claims 1 1 mode=stream quality=2
	claims 1 1 mode=stream quality=1023
	claims 1 1 quality=1023 mode=stream
}
