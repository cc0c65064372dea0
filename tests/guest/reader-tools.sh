# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # the suites use some of the variables
#
# reader-tools.sh - sourced by tests.sh: readers of /dev/hwrng, readers that wait, and the hog
# that makes them wait.

# --- reads -----------------------------------------------------------------------------------

# On a slow machine the 5 s of a read can be over before the test has seen it wait, or before the
# collector works again. There PATIENT is set, and a reader that shall wait for something else reads on
# after ETIMEDOUT.
PATIENT=
[ "$SLOW" = 1 ] || PATIENT=y

# flows: reads 1024 bytes, more than the hw_random core can have kept; hwread's line in /tmp/out.
flows() {
	hwread ${PATIENT:+-w} -t $((30 * SLOW)) 64 16 >/tmp/out
	grep -q 'bytes=1024 .*error=none' /tmp/out
}

test_flows() {
	flows
	_rc=$?
	WHY=$(cat /tmp/out)
	result $_rc "$1"
}

# is_sealed: this machine may be a copy of another one; the module says so at each load. Ready bytes
# do not leave without the collector thread there.
is_sealed() {
	dmesg | grep -q 'no VM generation ID: fresh samples'
}

# byte_takes BYTES TEXT: bytes_out rises by BYTES for the read of one byte, at one of 65 reads: the
# hw_random core may have kept the rest of 64 bytes.
byte_takes() {
	_n=0 WHY=
	until [ $_n = 65 ] || [ "$WHY" = "$1" ]; do
		_n=$((_n + 1))
		_b=$(get "$S/bytes_out")
		hwread 1 1 >/dev/null
		WHY=$(($(get "$S/bytes_out") - _b))
	done
	is "$WHY" "$1" "$2"
}

# test_first_bytes TEXT: a read gets 64 bytes.
test_first_bytes() {
	hwread -o /tmp/a 64 1 >/tmp/out
	WHY=$(cat /tmp/out)
	grep -q 'bytes=64 .*error=none' /tmp/out
	result $? "$1"
}

# read_gets SIZE COUNT [OPTION]: reads COUNT times SIZE bytes; they came, or some with an OPTION.
read_gets() {
	hwread ${3:+"$3"} "$1" "$2" >/tmp/out
	_rc=$?
	WHY=$(cat /tmp/out)
	_bytes=$(sed -n 's/.*bytes=\([0-9]*\) .*/\1/p' /tmp/out)
	[ $_rc = 0 ] && { [ "$_bytes" = $(($1 * $2)) ] || { [ -n "$3" ] &&
		[ "$_bytes" -gt 0 ]; }; } &&
		! grep -q 'distinct=[0-9]\{1,2\} ' /tmp/out
}

# read_test SIZE COUNT [OPTION]: reads COUNT times SIZE bytes and tests what came. On a busy machine
# nothing may be ready for a read with O_NONBLOCK, or the 10 ms that it gives a sealed collector.
read_test() {
	if [ -n "$3" ]; then
		wait_for 60 read_gets "$@"
	else
		read_gets "$@"
	fi
	result $? "reading $2 times $1 bytes ${3:+with O_NONBLOCK }($WHY)"
}

# --- readers in the background: PARENT, with a child for each --------------------------------

# readers_of PID: prints its children.
readers_of() {
	for p in /proc/[0-9]*; do
		# Start no process here: the readers wait for 5 s only. The state and the parent
		# follow the name.
		{ read -r _stat <"$p/stat"; } 2>/dev/null || continue
		_stat=${_stat##*) ? }
		[ "${_stat%% *}" = "$1" ] && echo "${p#/proc/}"
	done
}

# end_readers SIGNAL: sends it to the readers of PARENT.
end_readers() {
	# shellcheck disable=SC2046 # numbers
	kill "$1" $(readers_of "$PARENT")
}

# The number of the system call read().
case $(uname -m) in
x86_64)	READ=0 ;;
*)	READ=63 ;;
esac

# readers_are COUNT: PARENT has COUNT children: READERS. The buffer can be empty before they start.
readers_are() {
	READERS=$(readers_of "$PARENT")
	# shellcheck disable=SC2086 # numbers
	set -- "$1" $READERS
	[ $# = $(($1 + 1)) ]
}

# all_blocked: all of READERS sleep in read().
all_blocked() {
	for _p in $READERS; do
		in_state "$_p" S || return 1
		case $(get "/proc/$_p/syscall") in
		"$READ "*) ;;
		*) return 1 ;;
		esac
	done
	[ -n "$READERS" ]
}

# all_ended [PID...]: all of READERS, or of these, have ended.
all_ended() {
	# shellcheck disable=SC2086 # numbers
	[ $# != 0 ] || set -- $READERS
	for _p; do
		ended "$_p" || return 1
	done
}

# start_reader SIZE SECONDS [OPTION]: starts a reader without end: PARENT. True once it gets bytes,
# false after SECONDS. /tmp/readers is empty until it ends.
start_reader() {
	hwread ${3:+"$3"} "$1" 0 >/tmp/readers &
	PARENT=$!
	_b=$(get "$S/bytes_out")
	wait_for "$2" more_than "$_b"
}

stop_reader() {
	end_readers -TERM 2>/dev/null
	wait "$PARENT" 2>/dev/null
}

# drained: no byte can leave without the collector thread.
drained() {
	is_sealed || level -lt 512
}

# block_readers COUNT SIZE [OPTION]: starts readers that wait: a hog keeps the collector from running and
# no byte can leave without it. Sets READERS and PARENT. A SIZE of 1 makes them wait for the first
# byte; a read that has some bytes returns these and no error.
block_readers() {
	_cpu=$(get "$S/cpu")
	# The core's thread reads first: else it waits in read() and blocks the readers.
	WHY="the buffer does not fill"
	wait_for 120 level -ge 1024 || return 1
	# It stays on a CPU that was requested.
	WHY="no hog on CPU $_cpu"
	echo "$_cpu" >"$P/cpu"
	hog "$_cpu" 30 || return 1
	taskset $((_cpu ? 1 : 2)) hwread ${3:+"$3"} -p "$1" "$2" 0 >/tmp/readers &
	PARENT=$!
	wait_for 10 readers_are "$1" && wait_for 10 drained && wait_for 5 all_blocked && return
	WHY="fill_level $(get "$S/fill_level"), hog: $(awk '{ print $3, $14, $39 }' "/proc/$HOG/stat"), readers:
$(for p in $READERS; do awk '{ print $1, $3 }' "/proc/$p/stat"; cat "/proc/$p/syscall"; done)"
	return 1
}

# rmmod_begin [COMMAND...]: starts rmmod in the background: RMMOD. Its code goes to /tmp/rmmod.
rmmod_begin() {
	("$@" /bin/rmmod havege_rng 2>/tmp/err; echo $? >/tmp/rmmod) &
	RMMOD=$!
}

# rmmod_succeeded: it ended with 0 and left nothing.
rmmod_succeeded() {
	WHY="code $(cat /tmp/rmmod): $(cat /tmp/err)"
	[ "$(cat /tmp/rmmod)" = 0 ] && is_gone
}

# --- the hog ---------------------------------------------------------------------------------

# hog CPU SECONDS: a real-time process keeps the collector from running on CPU, for at most
# SECONDS. This shell leaves that CPU: a process that starts there would never run.
hog() {
	HOME_CPUS=$(taskset -p $$ | sed 's/.*: //')
	_others=$((((2 << LAST) - 1) & ~(1 << $1)))
	[ $_others = 0 ] || stay_on "$(printf %x $_others)"
	hwread hog "$1" $(($2 * SLOW)) &
	HOG=$!
	wait_for 5 is_fifo "$HOG"
}

# spare_time MICROSECONDS: real-time tasks leave so much of each second on each CPU to others. 0:
# nothing.
spare_time() {
	echo $(($1 ? 1000000 - $1 : -1)) >/proc/sys/kernel/sched_rt_runtime_us
	for _server in "$D"/sched/fair_server/cpu*/runtime; do
		[ ! -e "$_server" ] || echo $(($1 * 1000)) >"$_server"
	done
}

# stay_on MASK: binds this shell and what it starts from now on.
stay_on() {
	taskset -p "$1" $$ >/dev/null
}

is_fifo() {
	[ "$(awk '{ print $41 }' "/proc/$1/stat" 2>/dev/null)" = 1 ]
}

unhog() {
	kill -9 "$HOG" 2>/dev/null
	wait "$HOG" 2>/dev/null
	stay_on "$HOME_CPUS"
}
