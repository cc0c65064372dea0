# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# status-tests.sh - sourced by tests.sh: the mode status, havege-status run by root and by an
# ordinary user. Its JSON goes to lines "# json: ..."; tests/vm parses these.

# busybox's shell does not find it without the path.
STATUS=/bin/havege-status
RESTRICT=/proc/sys/kernel/dmesg_restrict

# status_as USER ARGUMENT...: runs havege-status as root or as the user nobody. SCREEN is its output,
# one line for each row; RC is its code.
status_as() {
	_user=$1
	shift
	case $_user in
	root)	$STATUS "$@" >/tmp/screen 2>&1 ;;
	*)	su -s /bin/sh "$_user" -c "$STATUS $*" >/tmp/screen 2>&1 ;;
	esac
	RC=$?
	SCREEN=$(awk '/^ +[^ ]/ { sub(/^ +/, ""); line = line " " $0; next }
		      { if (NR > 1) print line; line = $0 } END { print line }' /tmp/screen)
}

# status_shows TEXT CODE PATTERN...: tests the code and that the screen has a row for each pattern.
status_shows() {
	_shown=$1 _code=$2
	shift 2
	WHY=
	[ "$RC" = "$_code" ] || WHY="code $RC;"
	for _pattern; do
		echo "$SCREEN" | grep -qE "$_pattern" || WHY="$WHY no '$_pattern';"
	done
	[ -z "$WHY" ]
	_rc=$?
	WHY="$WHY
$SCREEN"
	result $_rc "havege-status: $_shown: exit code $_code"
}

# json_exits USER CODE TEXT: tests that --json ends with CODE, and has it.
json_exits() {
	status_as "$1" --json
	WHY=$(cat /tmp/screen)
	[ "$RC" = "$2" ] && grep -qx "  \"exit_code\": $2,*" /tmp/screen
	result $? "havege-status --json: $3, as $1: exit code $2"
	note "json: $(tr -d '\n' </tmp/screen)"
}

# json_figure FILE: prints the value of a state file in the JSON.
json_figure() {
	grep -oE "\"$1\": [^,]*" /tmp/screen | head -n 1 | cut -d ' ' -f 2
}

test_not_loaded() {
	for _user in root nobody; do
		status_as $_user
		status_shows "not loaded, as $_user" 2 ': NOT LOADED$' '^what to do +as root: modprobe havege_rng;' \
			'^source ' '^kernel '
	done
	json_exits nobody 2 "not loaded"
	# The kernel log has the reason for a failed load. Root can restrict the log to root.
	try_load quality=0
	status_as root
	status_shows "load failed, as root" 2 '^it said +quality=0 is out of range: 1 to 1023'
	echo 1 >$RESTRICT
	status_as nobody
	status_shows "load failed, as nobody, log restricted" 2 \
		"^it said +\? \(this user may not read the kernel's log\)"
	echo 0 >$RESTRICT
	status_as nobody
	status_shows "load failed, as nobody, log open" 2 '^it said +quality=0 is out of range'
}

# summary_has NAME FILE: a line of the summary has the name and, of a file that does not change while
# the test runs, the same text as the file.
summary_has() {
	_lines=$(grep -E "^$1( |\$)" /tmp/summary)
	_value=$(get "$2")
	case $1 in
	geometry/*|parameters/*|status)
		[ "$_lines" = "$1${_value:+ $_value}" ] ;;
	*)	[ "$(echo "$_lines" | grep -c .)" = 1 ] ;;
	esac || WHY="$WHY '$_lines' is the line of $1, whose value is '$_value';"
}

# The lines of the summary are the state files and the parameters.
test_summary() {
	for _user in root nobody; do
		su -s /bin/sh $_user -c "cat $S/summary" >/tmp/summary 2>&1
		WHY=
		_files=1
		# The driver core makes uevent and power/. No name has a space.
		# shellcheck disable=SC2044
		for _f in $(find "$S" "$P" -type f ! -path '*/power/*' ! -name uevent ! -name summary); do
			case $_f in
			"$P"/*)	_name=parameters/${_f##*/} ;;
			*)	_name=${_f#"$S/"} ;;
			esac
			summary_has "$_name" "$_f"
			_files=$((_files + 1))
		done
		[ "$(wc -l </tmp/summary)" = $_files ] || WHY="$WHY $(wc -l </tmp/summary) lines;"
		[ $_files -gt 30 ] || WHY="$WHY $_files files;"
		[ -z "$WHY" ]
		result $? "summary, as $_user: has all $((_files - 1)) state files and parameters"
		is "$(sed -n 's/^version //p' /tmp/summary)" "$(get "$M/version")" \
			"summary, as $_user: has the version"
	done
	is "$(stat -c %a "$S/summary")" 444 "the mode of summary"
}

watched_twice() {
	[ "$(grep -c '^havege_rng' /tmp/watch)" -ge 2 ]
}

test_ok() {
	_kernel=$(uname -r | sed 's/[.+]/\\&/g')
	fill_up
	for _user in root nobody; do
		# In QEMU a set may have shown too little noise; nothing else may have failed.
		_failed="replay $(get "$S/health_failures/replay")"
		[ "$_failed" != "replay 0" ] || _failed=none
		status_as $_user
		status_shows "ok, as $_user" 0 "^havege_rng $(get "$M/version") on Linux $_kernel .*: OK$" \
			'^status +ok, mode conditioned$' '^buffer +\[#+\|#+\.*\] [0-9]+ of 131072 bits' \
			"^entropy +$(get "$S/replay_residual") bit a sample cannot be predicted" \
			"credited $(get "$S/sample_entropy")" \
			"^block +$(get "$S/samples_per_block") samples" "^failures +$_failed, since" '^served +[0-9]+ bytes' \
			"^CPU +$(get "$S/cpu")" "^counter +$(get "$S/counter")\$" \
			'^fitted +to L1d [0-9]+ KiB, L1i [0-9]+ KiB' \
			'^source +havege is current; others: none$' \
			'^quality +512 .* the current source with 512$' '^kernel +its generator is ready' \
			"^kernel .* entropy_avail: [0-9]+ of \
$(get /proc/sys/kernel/random/poolsize) bits"
	done
	! grep -q '?' /tmp/screen
	result $? "havege-status: the user nobody sees all values"
	for _user in root nobody; do
		# The kernel may read at any time.
		_b=$(get "$S/bytes_out")
		json_exits $_user 0 ok
		WHY=
		[ "$(json_figure bytes_out)" -ge "$_b" ] &&
		[ "$(json_figure bytes_out)" -le "$(get "$S/bytes_out")" ] ||
			WHY="bytes_out is $(json_figure bytes_out)"
		for _f in replay_residual replay_few replay_all replay_slope sample_steps \
				sample_entropy samples_per_block test_entropy; do
			[ "$(json_figure $_f)" = "$(get "$S/$_f")" ] ||
				WHY="$WHY $_f is $(json_figure $_f)"
		done
		[ -z "$WHY" ] &&
			[ "$(json_figure poolsize)" = "$(get /proc/sys/kernel/random/poolsize)" ]
		result $? "havege-status --json, as $_user: the figures are those of the state files"
	done
	$STATUS --watch 1 >/tmp/watch 2>&1 &
	_pid=$!
	wait_for 15 watched_twice
	_rc=$?
	WHY=$(cat /tmp/watch)
	result $_rc "havege-status --watch 1 prints again and again"
	kill $_pid
	wait_for 10 ended $_pid || kill -9 $_pid
	wait $_pid
	is $? 0 "a signal ends it, with the code of the last screen"
}

# Another source becomes current; the command that havege-status shows makes havege current again.
test_not_current() {
	modprobe virtio_pci
	modprobe virtio_rng
	wait_for 10 grep -q virtio_rng "$H/rng_current"
	result $? "virtio-rng is current"
	for _user in root nobody; do
		status_as $_user
		status_shows "not current, as $_user" 1 ': DEGRADED$' \
			'^because +virtio_rng\.0 is the current source, not havege$' \
			'^source +virtio_rng\.0 is current; others: havege$'
		json_exits "$_user" 1 "not current"
	done
	status_as nobody
	_do=$(sed -n 's/^what to do  as root: //p' /tmp/screen)
	WHY=$_do
	eval "$_do" && [ "$(get "$H/rng_current")" = havege ]
	result $? "the command it shows makes havege current: $_do"
	status_as nobody
	status_shows "current again" 0 ': OK$' '^source +havege is current; others: virtio_rng\.0$'
}

test_status() {
	echo 'root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/:/bin/sh' >/etc/passwd
	test_not_loaded
	must_load || return
	test_summary
	test_ok
	test_not_current
	unload
	status_as nobody
	status_shows "unloaded" 2 ': NOT LOADED$'
}
