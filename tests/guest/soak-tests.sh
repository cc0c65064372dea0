# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # WHY is for result, in tap.sh
#
# soak-tests.sh - sourced by tests.sh: the mode soak, many readers, also of the state and of raw
# samples, while parameters change.

# change: sets one parameter to a random valid value. CHANGES counts.
change() {
	dice 4
	case $DICE in
	0)	dice $((FULL - 511))
		_name=fill_threshold _to=$((512 + DICE)) ;;
	1)	dice $((LAST + 2))
		_name=cpu _to=$((DICE - 1)) ;;
	2)	dice 2
		_name=contribute _to=$DICE ;;
	3)	dice "$LAST"
		_name=cpus _to=$DICE-$LAST ;;
	esac
	(echo "$_to" >"$P/$_name") 2>/tmp/err || BAD="$BAD $_name=$_to: $(cat /tmp/err);"
	CHANGES=$((CHANGES + 1))
}

# read_state: reads all of the module's files, raw samples too, while there is /tmp/soaking.
read_state() {
	while [ -e /tmp/soaking ]; do
		cat "$S"/* "$S"/*/* "$P"/* >/dev/null 2>&1
		for _f in "$D"/havege_rng/*; do
			head -c 4096 "$_f" >/dev/null 2>&1
		done
	done
}

# test_soak MODE SECONDS: 16 readers read for that long, and one all files.
test_soak() {
	_text="mode=$1, 16 readers, $2 s"
	must_load mode="$1" || return
	FULL=$(($(get "$P/buffer_size") * 8192))
	SOAKED='' _n=0 CHANGES=0 BAD=''
	rm -f /tmp/soak.*
	for _size in 1 1 5 16 16 31 64 64 100 512 512 4096 16384 64:-n 31:-n 4096:-n; do
		_n=$((_n + 1))
		_keep=''
		[ "$1" = stream ] || _keep="-s /tmp/soak.samples.$_n"
		# shellcheck disable=SC2046,SC2086 # words
		hwread $(echo $_size | sed -n 's/.*://p') ${PATIENT:+-w} -t "$2" $_keep ${_size%:*} 0 \
			>/tmp/soak.out.$_n &
		SOAKED="$SOAKED $!"
	done
	: >/tmp/soaking
	read_state &
	_reader=$!
	clock
	_end=$((NOW + $2 * 100))
	while [ "$NOW" -lt $_end ] && [ -z "$BAD" ]; do
		change
		# A random pause, not a wait.
		dice 50
		usleep $((DICE * 10000))
		clock
		note_progress \
			"$_text: $CHANGES changes, $(get "$S/bytes_out") bytes, \
$(cat /tmp/soak.out.* | wc -l) have ended"
	done
	rm /tmp/soaking
	wait $_reader
	WHY=$BAD
	[ -z "$BAD" ] && [ $CHANGES -gt 0 ]
	result $? "$_text: $CHANGES parameter changes"
	# shellcheck disable=SC2086 # numbers
	wait_for 60 all_ended $SOAKED
	_rc=$?
	# shellcheck disable=SC2086
	[ $_rc = 0 ] || kill -9 $SOAKED
	# shellcheck disable=SC2086
	wait $SOAKED
	_ok=$(cat /tmp/soak.out.* | grep -cE 'bytes=[1-9][0-9]* .*error=none$')
	_bytes=$(cat /tmp/soak.out.* | sed 's/.*bytes=\([0-9]*\) .*/\1/' | awk '{ n += $1 } END { print n }')
	_long=$(cat /tmp/soak.out.* | sed 's/.*longest=\([0-9]*\) .*/\1/' | sort -n | tail -n 1)
	WHY=$(cat /tmp/soak.out.*)
	[ $_rc = 0 ] && [ "$_ok" = 16 ]
	result $? "$_text: $_ok read to the end: $_bytes bytes, longest wait $_long ms"
	if [ "$1" != stream ]; then
		hwread twice /tmp/soak.samples.* >/tmp/out
		_rc=$?
		WHY=$(cat /tmp/out)
		[ "$(wc -c </tmp/soak.samples.1)" -gt 0 ] && [ $_rc = 0 ]
		result $? "$_text: no bytes were given out twice ($(cat /tmp/out))"
	fi
	rm -f /tmp/soak.*
	echo -1 >"$P/cpu"
	wait_for 20 settled "$LAST"
	_rc=$?
	flows || _rc=1
	test_seen $_rc "$_text: then the collector is on CPU $LAST and bytes come"
	test_unload "$_text"
}

test_soaks() {
	test_soak conditioned "$(by_amount 10 1800)"
	test_soak stream "$(by_amount 6 600)"
}
