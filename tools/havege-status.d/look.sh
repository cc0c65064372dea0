# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153 # variables of the other parts
#
# look.sh - part of havege-status: look reads the state into variables. An empty variable is an
# unknown value.

PATIENCE=2	# seconds that /dev/random and the journal may take

# printable TEXT: TEXT in V, with ? for each character that could control a terminal.
printable() {
	V=$1
	case $V in
	*[!\ -~]*)	V=$(printf '%s' "$V" | tr -c ' -~' '?') ;;
	esac
}

# first_line FILE: the first line in V; false with an empty V if there is none.
first_line() {
	V=
	case $1 in
	# The shell reads byte by byte, and a number below /proc/sys ends with the first read.
	/proc/sys/*)	V=$(cat "$ROOT$1" 2>/dev/null) ;;
	*)		{ IFS= read -r V <"$ROOT$1"; } 2>/dev/null ;;
	esac
	[ -n "$V" ] || return
	printable "$V"
}

# is_number TEXT: whether it is a number in JSON.
is_number() {
	_n=${1#-}
	_f=0
	case $_n in
	*.*)	_f=${_n#*.} ;;
	esac
	_n=${_n%%.*}
	case $_n in
	''|*[!0-9]*|0?*)	return 1 ;;
	esac
	case $_f in
	''|*[!0-9]*)		return 1 ;;
	esac
}

# is_count TEXT: whether it is a number, not negative, that fits the shell's arithmetic.
is_count() {
	is_number "$1" && case $1 in
	-*|*.*|???????????????????*)	return 1 ;;
	esac
}

# The driver of a kernel tree has no summary. Its files are read one by one.
single_files() {
	for _f in "$ROOT$S"/* "$ROOT$S"/geometry/* "$ROOT$S"/health_failures/*; do
		first_line "${_f#"$ROOT"}" && printf '%s %s\n' "${_f#"$ROOT$S/"}" "$V"
	done
	for _f in "$ROOT$M"/parameters/*; do
		first_line "${_f#"$ROOT"}" && printf 'parameters/%s %s\n' "${_f##*/}" "$V"
	done
}

# look_summary: the module's figures in SUMMARY, between two line ends. tr does not seek, as some
# shells do in their read: after a seek the kernel takes another snapshot.
look_summary() {
	case $S in
	*/faux/*)	SUMMARY=$(single_files) ;;
	*)		SUMMARY=$({ tr -c ' -~\n' '?' <"$ROOT$S/summary"; } 2>/dev/null) ;;
	esac
	SUMMARY="
$SUMMARY
"
}

# figure_of NAME: its value in the summary in V.
figure_of() {
	V=
	case $SUMMARY in
	*"
$1 "*)	V=${SUMMARY#*"
$1 "}
		V=${V%%"
"*} ;;
	esac
}

# The kernel's log on standard output; false if this user may not read it.
log_of_kernel() {
	if [ -n "$ROOT" ]; then
		cat "$ROOT/dmesg" 2>/dev/null
	else
		dmesg 2>/dev/null
	fi
}

# The kernel's messages that the journal keeps; it keeps them longer than the kernel.
log_of_journal() {
	if [ -n "$ROOT" ]; then
		cat "$ROOT/journal" 2>/dev/null
	else
		timeout $PATIENCE journalctl -k -b -q -o short-monotonic --no-pager 2>/dev/null
	fi
}

# Of a log the lines of the module and of the kernel's generator.
log_filter() {
	grep -aE "($NAME: |random: crng (init )?done)"
}

# look_log: the filtered log in LINES, its origin in LOG: kernel, journal or none. The journal is
# read if the kernel's log has no line of the generator: new lines overwrite old ones there.
look_log() {
	LOG=none
	if LINES=$(log_of_kernel); then
		LOG=kernel
		LINES=$(printf '%s\n' "$LINES" | log_filter)
		case $LINES in
		*'random: crng '*)	return ;;
		esac
	else
		LINES=
	fi
	_kept=$(log_of_journal | log_filter)
	[ -n "$_kept" ] || return
	LOG=journal
	LINES=$_kept
}

# look_crng: in CRNG yes, no or nothing, in CRNG_AT seconds after the kernel's start, from the log.
# Anybody may ask /dev/random: a read waits until the generator is ready.
look_crng() {
	first_line /proc/sys/kernel/random/entropy_avail; AVAIL=$V
	first_line /proc/sys/kernel/random/poolsize; POOL=$V
	[ "$CRNG" != yes ] || return
	CRNG='' CRNG_AT=''
	_line=$(printf '%s\n' "$LINES" | grep -a 'random: crng ' | head -n 1)
	if [ -n "$_line" ]; then
		CRNG=yes
		CRNG_AT=$(printf '%s\n' "$_line" | sed -n 's/^\[ *\([0-9.]*\)\].*/\1/p')
		return
	fi
	[ -r "$ROOT/dev/random" ] && command -v timeout >/dev/null || return
	# Some shells print a line when timeout ends the command.
	_byte=$({ timeout $PATIENCE head -c 1 "$ROOT/dev/random"; :; } 2>/dev/null | wc -c)
	CRNG=no
	[ "$_byte" -lt 1 ] || CRNG=yes
}

# look_said: the module's last log line in SAID.
look_said() {
	SAID=$(printf '%s\n' "$LINES" | sed -n "s/.*$NAME: //p" | tail -n 1)
	printable "$SAID"
	SAID=$V
}

# look_model CPU: its name in /proc/cpuinfo in MODEL; some architectures have only numbers.
look_model() {
	MODEL=$(awk -F '[ \t]*: *' -v cpu="$1" '
		$1 == "processor" { here = $2 == cpu }
		here && ($1 == "model name" || $1 == "cpu" || $1 == "uarch") { print $2; exit }
		here && $1 == "CPU implementer" { implementer = $2 }
		here && $1 == "CPU part" { print "implementer " implementer ", part " $2; exit }
	' "$ROOT/proc/cpuinfo" 2>/dev/null)
	printable "$MODEL"
	MODEL=$V
}

# look_caches CPU: the kernel's list of its caches in CACHES: "L1d 48 KiB, L1i 32 KiB, L2 ...".
look_caches() {
	CACHES=
	for _dir in "$ROOT/sys/devices/system/cpu/cpu$1/cache"/index*; do
		[ -d "$_dir" ] || continue
		_dir=${_dir#"$ROOT"}
		first_line "$_dir/level" || continue
		_name=L$V
		first_line "$_dir/type"
		case $V in
		Data)		_name=${_name}d ;;
		Instruction)	_name=${_name}i ;;
		esac
		first_line "$_dir/size" || continue
		case $V in
		*K)	V="${V%K} KiB" ;;
		esac
		CACHES="$CACHES${CACHES:+, }$_name $V"
	done
}

# look_sources: the kernel's current source in CURRENT, all in AVAILABLE, the others in OTHERS;
# LISTED: whether havege is one of them.
look_sources() {
	OTHERS='' LISTED=no
	first_line "$H/rng_current"; CURRENT=$V
	first_line "$H/rng_available"; AVAILABLE=$V
	set -f
	for _w in $AVAILABLE; do
		[ "$_w" != havege ] || LISTED=yes
		# Newer kernels list "none" too.
		[ "$_w" = "$CURRENT" ] || [ "$_w" = none ] || OTHERS="$OTHERS${OTHERS:+, }$_w"
	done
	set +f
	# Older kernels have the quality as a parameter of rng_core. Without a current source it is
	# that of the last one.
	first_line "$H/rng_quality" || first_line /sys/module/rng_core/parameters/current_quality
	CREDITED=$V
	[ "$CURRENT" != none ] || CREDITED=
}

# look_failures: failed health tests in FAILURES: "repetition 1, replay 2"; all tests in TESTS.
look_failures() {
	FAILURES='' TESTS=''
	while read -r _n V; do
		case $_n in
		health_failures/*)	_n=${_n#*/} ;;
		*)			continue ;;
		esac
		TESTS="$TESTS $_n=$V"
		[ "$V" = 0 ] || FAILURES="$FAILURES${FAILURES:+, }$_n $V"
	done <<-END
		$SUMMARY
	END
}

# look_rate: bytes a second since the last look in RATE.
look_rate() {
	first_line /proc/uptime
	_now=${V%% *}
	_now=${_now%.*}${_now#*.}
	RATE=
	if is_count "${BEFORE_AT-}" && is_count "$_now" && is_count "${BEFORE-}" &&
	   is_count "$BYTES" && [ "$_now" -gt "$BEFORE_AT" ] && [ "$BYTES" -ge "$BEFORE" ]; then
		RATE=$(((BYTES - BEFORE) * 100 / (_now - BEFORE_AT)))
	fi
	BEFORE_AT=$_now BEFORE=$BYTES
}

# look_module: whether the module is there, and its figures.
look_module() {
	# A loaded module has an initstate. A built-in one has none, and may have no parameters.
	LOADED=no BUILTIN=no
	if first_line "$M/initstate"; then
		INITSTATE=$V
		LOADED=yes
	else
		INITSTATE=
		[ ! -d "$ROOT$M" ] || BUILTIN=yes
	fi
	[ ! -d "$ROOT$S" ] || [ "$BUILTIN" = yes ] || LOADED=yes
	look_summary
	# A module that is being loaded, or is older than the summary, has its version here only.
	figure_of version
	[ -n "$V" ] || first_line "$M/version"
	MODULE=$V
	figure_of parameters/mode; MODE=$V
	figure_of parameters/quality; QUALITY=$V
	# One of the two parameters is in force; the other one is empty or -1.
	figure_of parameters/cpu; ASKED=$V
	figure_of parameters/cpus; ASKED=${V:-$ASKED}
	figure_of parameters/fill_threshold; THRESHOLD=$V
	figure_of parameters/buffer_size; BUFFER=$V
	figure_of status; STATUS=$V
	figure_of reason; REASON=$V
	figure_of fill_level; LEVEL=$V
	figure_of cpu; ON=$V
	figure_of bytes_out; BYTES=$V
	figure_of contributed; CONTRIBUTED=$V
	figure_of replay_residual; RESIDUAL=$V
	figure_of replay_few; FEW=$V
	figure_of replay_all; ALL=$V
	figure_of replay_slope; SLOPE=$V
	figure_of sample_steps; STEPS=$V
	figure_of sample_entropy; CREDIT=$V
	figure_of test_entropy; ASSUMED=$V
	figure_of samples_per_block; SAMPLES=$V
	figure_of counter; COUNTER=$V
	figure_of geometry/dcache_kb; DCACHE=$V
	figure_of geometry/icache_kb; ICACHE=$V
	figure_of geometry/source; WHOSE=$V
	figure_of geometry/table_kb; TABLE=$V
	figure_of geometry/loop_kb; LOOP=$V
	look_failures
	look_rate
}

# look: all of it, and the verdict.
look() {
	# The driver of a kernel tree has a faux device.
	S=/sys/devices/$NAME
	[ ! -d "$ROOT/sys/devices/faux/$NAME" ] || S=/sys/devices/faux/$NAME
	first_line /proc/sys/kernel/osrelease; RELEASE=$V
	MACHINE=$(uname -m)
	look_module
	# The first CPU of a list.
	_cpu=${ON%%[!0-9]*}
	look_model "${_cpu:-0}"
	look_caches "${_cpu:-0}"
	look_sources
	judge
	# Once the generator is ready, the log matters only if something is wrong.
	if [ "$CRNG" != yes ] || [ "$CODE" != "$OK" ]; then
		look_log
	fi
	look_crng
	look_said
}
