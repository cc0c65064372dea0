# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# clones.sh - sourced by tests/vm: copies of a running machine, as clone_tests.
#
# When the machine prints "# snapshot NAME", QEMU writes its state to a file, and the machine, the
# original, runs on. Copies boot from the file, two at a time, each with another generation ID (or
# without one), and print what they have read (tests/guest/hwclone.c). No two of these machines may
# have read the same 16 bytes in a row.
#
# QEMU's monitor reads its commands from a fifo and writes its answers to a file.

COPIES=$TMP/copies
# hwclone reads from here which machine it is in.
NUMBER=opt/havege/clone

# copy_machine NUMBER VERDICT ARGUMENT...: the original, or with -incoming a copy of it, which needs
# the same hardware. With GENERATION it has a generation ID made from the number.
copy_machine() {
	_n=$(printf '%03d' "$1") _verdict=$2
	shift 2
	[ -z "$GENERATION" ] || set -- -device "vmgenid,guid=00000000-0000-4000-8000-000000000$_n" "$@"
	PIDFILE=$COPIES/$_n.pid linux $((3600 * SLOW)) "oops=panic guest=$COPIED amount=$AMOUNT" \
		-m "$MEMORY" -initrd "$TMP/initrd.gz" -fw_cfg "name=$NUMBER,string=$_n" \
		-serial "file:$_verdict.console" -serial "file:$_verdict" "$@"
}

# original_says SECONDS PATTERN: it prints that in this time, and before it ends.
original_says() {
	until_true "$1" printed_or_ended "$2" || :
	grep -q "$2" "$COPIES/original"
}

printed_or_ended() {
	grep -q "$1" "$COPIES/original" || [ -s "$COPIES/original.rc" ]
}

# snapshot FILE NUMBER: stops the machine and writes its state to FILE. Then the original runs on; a
# write to a port tells it so. Without that port it ends.
snapshot() {
	{
		save_state "$1"
		if [ -n "$GO_ON" ]; then
			echo "o /b $GO_ON $2"
			echo cont
		fi
	} >&8
	until_true 120 [ -e "$1" ]
}

# copies FILE NAME FIRST LAST: runs the copies with these numbers, two at a time.
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

# wait_copies NAME LAST. A plain wait would also wait for the original.
wait_copies() {
	for _w in $_numbers; do
		[ "$_w" -le "$2" ] || break
		until_true 300 [ -s "$COPIES/$1.$_w.rc" ] || return 1
	done
}

# read_by FILE NAME: prints what a machine has read, in hexadecimal, on one line.
read_by() {
	tr -d '\r' <"$1" | sed -n "s/^# bytes $2 //p" | tr -d '\n'
	echo
}

# Prints each run of 16 bytes of a line of hexadecimal.
runs16() {
	awk '{ for (i = 1; i + 31 <= length($0); i += 2) print substr($0, i, 32) }'
}

# compare NAME LAST BYTES: compares the original, if it goes on, and copies 1 to LAST. SHARED: runs
# of 16 bytes that more than one of them has read. MOST: bytes of one machine in such runs, at most.
# SHORT: machines that have read fewer than BYTES.
compare() {
	_i=$FIRST
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
	_i=$FIRST
	while [ "$_i" -le "$2" ]; do
		_m=$(runs16 <"$COPIES/$1.$_i.hex" | awk -v shared="$COPIES/shared" '
			BEGIN { while ((getline run <shared) > 0) in_both[run] }
			$0 in in_both { from = NR > end ? NR : end; end = NR + 16; n += end - from }
			END { print n + 0 }')
		[ "$_m" -le "$MOST" ] || MOST=$_m
		_i=$((_i + 1))
	done
}

# compare_pools NAME LAST: prints how many different outputs the kernel's own pool had, for
# comparison. The test does not require that they differ.
compare_pools() {
	_p=$(cat "$COPIES/original" "$COPIES/$1".*[0-9] | tr -d '\r' | sed -n "s/^# pool $1 //p" |
		sort -u | wc -l)
	echo "#   for comparison: the kernel's own pool had $_p outputs in $(($2 + 1 - FIRST)) machines"
}

# scene NAME COPIES BYTES LIMIT STATUS: one snapshot with the module in that STATUS, and its copies.
# They may share LIMIT bytes.
scene() {
	_name=$1 _last=$2 _amount=$3 _limit=$4 _status=$5
	SCENE=$((SCENE + 1))
	if ! original_says 300 "^# snapshot $_name"; then
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
			show_console 40 "$_f.console"
		fi
		_k=$((_k + 1))
	done
	[ -z "$GO_ON" ] || original_says 300 "^ok .* $_name: bytes come" ||
		fail "clones, $_name: the original goes on"
	compare "$_name" "$_last" "$_amount"
	compare_pools "$_name" "$_last"
	sed -n "s/^# clone $_name \(.*\)/#   \1/p" "$COPIES/original" "$COPIES/$_name".*[0-9] |
		tr -d '\r' | sort -V >"$COPIES/clones"
	head -n 8 "$COPIES/clones"
	_good=$(grep -c "before=$_status .*error=none" "$COPIES/clones" || :)
	_all=$((_last + 1 - FIRST))
	if [ "$_good" = $_all ]; then
		pass "clones, $_name: status was $_status, and all $_good machines read without an error"
	else
		fail "clones, $_name: in $_good of $_all status was $_status and no error seen"
	fi
	_all="clones, $_name: of $RUNS runs of 16 bytes read by $_all machines, $SHARED"
	_all="$_all were read twice ($MOST bytes of one machine)"
	_ok=0
	if [ -n "$SHORT" ]; then
		_all="$_all; too little was read by$SHORT"
	else
		_all="$_all; at most $_limit may be"
		_ok=$((MOST <= _limit))
	fi
	if [ $_ok = 1 ]; then
		pass "$_all"
	else
		fail "$_all"
	fi
}

# clones MODE GENERATION TEXT SCENE...: one original, and its scenes, each as scene has it.
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
	FIRST=0
	[ -n "$GO_ON" ] || FIRST=1
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
	[ -n "$GO_ON" ] || echo quit >&8
	until_true 300 [ -s "$COPIES/original.rc" ] || end_qemu
	until_true 30 [ -s "$COPIES/original.rc" ] || :
	exec 8>&-
	grep -E '^(ok|not ok|#  *[^bs])' "$COPIES/original" | tr -d '\r' | grep -v '^# bytes' || :
	count_tap "$COPIES/original"
	[ -z "$GO_ON" ] || ended_well "$COPIES/original" "$(cat "$COPIES/original.rc")" || {
		fail "clones: the original ends well (code $(cat "$COPIES/original.rc"))"
		show_console 60 "$COPIES/original.console"
	}
	printf '    done in %s s\n' "$(($(now) - _t0))"
}

clone_tests() {
	_many=${HAVEGE_COPIES:-$(by_amount 3 100)}
	machine plain
	if [ -z "$GO_ON" ]; then
		clones test-copies '' "Copies without a generation ID" \
			"conditioned $_many 8192 0 ok"
		clones test-copies-waiting '' "Copies, while a reader reads" \
			"waiting $_many 4096 31 ok"
		return
	fi
	clones test-clones yes "Copies of a running machine" \
		"conditioned $_many 4096 0 ok" "stream 2 4096 0 ok" "waiting 2 4096 0 ok" \
		"start-up 2 4096 0 starting"
	# A reader that runs while the copy is made leaves the rest of one block for 10 ms, or the words
	# of one call.
	clones test-copies '' "Copies without a generation ID" \
		"conditioned $_many 8192 0 ok" "stream 2 8192 0 ok" "waiting $_many 4096 31 ok"
}
