# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# clones.sh - sourced by scripts/vm: copies of a machine that runs.
#
# One machine is booted. When its tests say "# snapshot NAME" its state is written to a file, and
# it goes on; from the file come copies, two at a time, each with another generation id (or none),
# each of which says on its verdict line what it has read (scripts/guest/hwclone.c). No
# run of 16 bytes, wherever it begins, may have been read by two of them.
#
# The monitor is asked through a fifo: nothing to connect to, and its answers are in a file.

COPIES=$TMP/copies
# Digits of fw_cfg: hwclone knows by them which machine it is in.
NUMBER=opt/havege/clone

# until_true SECONDS COMMAND...: polls; false when it is not true by then.
until_true() {
	_until=$(($(now) + $1 * SLOW))
	shift
	until "$@"; do
		[ "$(now)" -lt "$_until" ] || return 1
		sleep 0.1
	done
}

# copy_machine NUMBER VERDICT ARGUMENT...: the machine, or with -incoming a copy of it; the same
# hardware, or its state would not fit. GENERATION: with a generation id, made of the number.
copy_machine() {
	_n=$(printf '%03d' "$1") _verdict=$2
	shift 2
	[ -z "$GENERATION" ] || set -- -device "vmgenid,guid=00000000-0000-4000-8000-000000000$_n" "$@"
	PIDFILE=$COPIES/$_n.pid qemu $((3600 * SLOW)) "oops=panic guest=$COPIED amount=$AMOUNT" \
		-m "$MEMORY" -initrd "$TMP/initrd.gz" -fw_cfg "name=$NUMBER,string=$_n" \
		-serial "file:$_verdict.console" -serial "file:$_verdict" "$@"
}

# said SECONDS PATTERN: the original says so before it ends, and before that.
said() {
	until_true "$1" heard "$2" || :
	grep -q "$2" "$COPIES/original"
}

heard() {
	grep -q "$1" "$COPIES/original" || [ -s "$COPIES/original.rc" ]
}

# ended_well FILE CODE: the verdict of a machine, its end (as bad_end has it), and its plan.
ended_well() {
	_code=$2
	! tail -n 3 "$1.console" | grep -q 'reboot: Restarting system' || _code=1
	_ran=$(grep -cE '^(not )?ok ' "$1" || :)
	_plan=$(sed -n 's/^1\.\.\([0-9]*\)\r*$/\1/p' "$1")
	[ "$_code" = 1 ] && grep -q '^# end of the guest tests' "$1" && [ "$_plan" = "$_ran" ]
}

# snapshot FILE NUMBER: the state goes to FILE, and QEMU stops the machine at the end of that (were
# it stopped before, its copies would be, too). The original then goes on, and is told so.
snapshot() {
	{
		echo "migrate \"exec:cat > $1.new && mv $1.new $1\""
		echo "o /b 0x2ff $2"
		echo cont
	} >&8
	until_true 120 [ -e "$1" ]
}

# copies FILE NAME FIRST LAST: the copies of these numbers, two at a time.
copies() {
	_numbers=
	_k=$3
	while [ "$_k" -le "$4" ]; do
		_numbers="$_numbers $_k"
		_k=$((_k + 1))
	done
	# shellcheck disable=SC2016 # the inner shell's
	for _k in $_numbers; do
		{
			_rc=0
			copy_machine "$_k" "$COPIES/$2.$_k" -monitor none \
				-incoming "exec:cat $1" </dev/null || _rc=$?
			echo "$_rc" >"$COPIES/$2.$_k.rc"
		} &
		[ $((_k % 2)) != 0 ] || wait_copies "$2" "$_k"
	done
	wait_copies "$2" "$4"
}

# The original runs on: not a plain wait.
wait_copies() {
	for _w in $_numbers; do
		[ "$_w" -le "$2" ] || break
		until_true 300 [ -s "$COPIES/$1.$_w.rc" ] || return 1
	done
}

# read_by FILE NAME: what a machine has read, in hexadecimal, one line.
read_by() {
	tr -d '\r' <"$1" | sed -n "s/^# bytes $2 //p" | tr -d '\n'
	echo
}

# Each run of 16 bytes in a line of hexadecimal.
runs16() {
	awk '{ for (i = 1; i + 31 <= length($0); i += 2) print substr($0, i, 32) }'
}

# compare NAME LAST BYTES: the original and copies 1 to LAST. In SHARED how many runs of 16 bytes
# more than one of them has read; in MOST how many bytes of one machine are in such runs.
compare() {
	_i=0
	: >"$COPIES/runs"
	SHORT=
	while [ "$_i" -le "$2" ]; do
		_f=$COPIES/$1.$_i
		[ "$_i" != 0 ] || _f=$COPIES/original
		read_by "$_f" "$1" >"$COPIES/$1.$_i.hex"
		[ "$(wc -c <"$COPIES/$1.$_i.hex")" -ge $((2 * $3 + 1)) ] || SHORT="$SHORT $_i"
		runs16 <"$COPIES/$1.$_i.hex" | sort -u >>"$COPIES/runs"
		_i=$((_i + 1))
	done
	sort "$COPIES/runs" | uniq -d >"$COPIES/shared"
	RUNS=$(wc -l <"$COPIES/runs")
	SHARED=$(wc -l <"$COPIES/shared")
	MOST=0
	_i=0
	while [ "$_i" -le "$2" ]; do
		_m=$(runs16 <"$COPIES/$1.$_i.hex" | awk -v shared="$COPIES/shared" '
			BEGIN { while ((getline run <shared) > 0) in_both[run] }
			$0 in in_both { from = NR > end ? NR : end; end = NR + 16; n += end - from }
			END { print n + 0 }')
		[ "$_m" -le "$MOST" ] || MOST=$_m
		_i=$((_i + 1))
	done
}

# scene NAME COPIES BYTES LIMIT STATUS: one snapshot, taken with the module in that STATUS, its
# copies, and what they share: nothing, or with a LIMIT some, and at most so many bytes.
scene() {
	_name=$1 _last=$2 _amount=$3 _limit=$4 _status=$5
	SCENE=$((SCENE + 1))
	if ! said 300 "^# snapshot $_name"; then
		fail "clones, $_name: the machine is ready for a snapshot"
		return
	fi
	if ! snapshot "$COPIES/state" $SCENE; then
		fail "clones, $_name: no snapshot in 120 s"
		tail -n 20 "$COPIES/monitor.out" | sed 's/^/# /'
		return
	fi
	copies "$COPIES/state" "$_name" 1 "$_last"
	rm -f "$COPIES/state"
	_k=1
	while [ $_k -le "$_last" ]; do
		_f=$COPIES/$_name.$_k
		count_tap "$_f"
		grep '^not ok' -A 4 "$_f" || :
		if ! ended_well "$_f" "$(cat "$_f.rc")"; then
			fail "clones, $_name: copy $_k ends well (code $(cat "$_f.rc"))"
			tail -n 40 "$_f.console" | tr -d '\r' | sed 's/^/# console: /'
		fi
		_k=$((_k + 1))
	done
	said 300 "^ok .* $_name: bytes flow" ||
		fail "clones, $_name: the original goes on"
	compare "$_name" "$_last" "$_amount"
	sed -n "s/^# clone $_name \(.*\)/#   \1/p" "$COPIES/original" "$COPIES/$_name".*[0-9] |
		tr -d '\r' | sort -V >"$COPIES/clones"
	head -n 8 "$COPIES/clones"
	_good=$(grep -c "before=$_status .*error=none" "$COPIES/clones" || :)
	if [ "$_good" = $((_last + 1)) ]; then
		pass "clones, $_name: status was $_status, and all $_good machines read without an error"
	else
		fail "clones, $_name: in $_good of $((_last + 1)) status was $_status and no error seen"
	fi
	_all="clones, $_name: of $RUNS runs of 16 bytes read by the original and $_last copies, $SHARED"
	_all="$_all were read twice ($MOST bytes of one machine)"
	_ok=0
	if [ -n "$SHORT" ]; then
		_all="$_all; too little was read by$SHORT"
	elif [ "$_limit" = 0 ]; then
		_ok=$((SHARED == 0))
	else
		_all="$_all; some, and at most $_limit may be"
		_ok=$((SHARED > 0 && MOST <= _limit))
	fi
	if [ $_ok = 1 ]; then
		pass "$_all"
	else
		fail "$_all"
	fi
}

# clones MODE GENERATION TEXT SCENE...: a machine and its scenes, each of them
# "NAME COPIES BYTES LIMIT STATUS".
clones() {
	COPIED=$1 GENERATION=$2
	say "$3"
	shift 3
	_t0=$(now)
	rm -rf "$COPIES"
	mkdir "$COPIES"
	mkfifo "$COPIES/monitor"
	exec 8<>"$COPIES/monitor"
	SCENE=0
	: >"$COPIES/original"
	{
		_rc=0
		copy_machine 0 "$COPIES/original" -monitor stdio <"$COPIES/monitor" \
			>"$COPIES/monitor.out" 2>&1 || _rc=$?
		echo "$_rc" >"$COPIES/original.rc"
	} &
	for _scene; do
		# shellcheck disable=SC2086 # words
		scene $_scene
	done
	until_true 300 [ -s "$COPIES/original.rc" ] || end_qemu
	until_true 30 [ -s "$COPIES/original.rc" ] || :
	exec 8>&-
	grep -E '^(ok|not ok|#  *[^bs])' "$COPIES/original" | tr -d '\r' | grep -v '^# bytes' || :
	count_tap "$COPIES/original"
	ended_well "$COPIES/original" "$(cat "$COPIES/original.rc")" || {
		fail "clones: the original ends well (code $(cat "$COPIES/original.rc"))"
		tail -n 60 "$COPIES/original.console" | tr -d '\r' | sed 's/^/# console: /'
	}
	printf '    done in %s s\n' "$(($(now) - _t0))"
}

clone_tests() {
	wanted clones || return 0
	_many=$(amount 3 100)
	machine plain
	clones test-clones yes "Copies of a machine that runs" \
		"conditioned $_many 4096 0 ok" "stream 2 4096 0 ok" "waiting 2 4096 0 ok" \
		"start-up 2 4096 0 starting"
	# The buffer, what the hw_random core had left, and one block in the making.
	clones test-copies '' "Copies that cannot know that they are" \
		"conditioned 2 8192 $((4096 + 64 + 32)) ok" "stream 2 8192 $((4096 + 64 + 32)) ok"
}
