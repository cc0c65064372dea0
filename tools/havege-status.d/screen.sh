# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of look.sh and judge.sh
#
# screen.sh - part of havege-status: screen_print lays out the screen. An unknown value is a
# question mark.

WIDTH=80	# columns of the screen
LABEL=12	# columns of the rows' names
CELLS=50	# columns of the bar

# screen_colour CODE TEXT: the coloured text in V, on a terminal and without NO_COLOR.
screen_colour() {
	V=$2
	[ "$COLOURS" = yes ] || return 0
	case $1 in
	"$OK")		V=$(printf '\033[32m%s\033[0m' "$2") ;;
	"$DEGRADED")	V=$(printf '\033[33m%s\033[0m' "$2") ;;
	*)		V=$(printf '\033[31m%s\033[0m' "$2") ;;
	esac
}

# screen_row NAME TEXT: breaks TEXT into lines beside the name.
screen_row() {
	printf "%-${LABEL}s" "$1"
	_used=0
	set -f
	for _word in $2; do
		if [ $_used -gt 0 ] && [ $((_used + ${#_word})) -ge $((WIDTH - LABEL)) ]; then
			printf "\n%${LABEL}s" ''
			_used=0
		fi
		[ $_used = 0 ] || printf ' '
		printf '%s' "$_word"
		_used=$((_used + ${#_word} + 1))
	done
	set +f
	printf '\n'
}

# screen_rows NAME LINES: a row for each line.
screen_rows() {
	[ -z "$2" ] || printf '%s\n' "$2" | while IFS= read -r _line; do
		screen_row "$1" "$_line"
	done
}

# screen_bar: the fill level in BAR, # for ready bits, | for the threshold; the buffer's bits in
# BITS.
screen_bar() {
	BAR='' BITS=''
	is_count "$BUFFER" && is_count "$LEVEL" || return
	BITS=$((BUFFER * 8192))
	[ $BITS -gt 0 ] || return
	_full=$((LEVEL * CELLS / BITS))
	[ $_full -le $CELLS ] || _full=$CELLS
	_mark=-1
	! is_count "$THRESHOLD" || _mark=$((THRESHOLD * CELLS / BITS))
	# A threshold of the whole buffer is in the last cell.
	[ $_mark -lt $CELLS ] || _mark=$((CELLS - 1))
	_c=0
	while [ $_c -lt $CELLS ]; do
		if [ $_c = $_mark ]; then
			BAR="$BAR|"
		elif [ $_c -lt $_full ]; then
			BAR="$BAR#"
		else
			BAR="$BAR."
		fi
		_c=$((_c + 1))
	done
	_code=$OK
	! is_count "$THRESHOLD" || [ "$LEVEL" -ge "$THRESHOLD" ] || _code=$DEGRADED
	[ "$LEVEL" -ge 512 ] || _code=$BAD
	screen_colour "$_code" "$BAR"
	BAR=$V
}

# screen_print: the verdict and its reasons, then the state.
screen_print() {
	screen_colour "$CODE" "$TITLE"
	printf '%s%s on Linux %s %s: %s\n' "$NAME" "${MODULE:+ $MODULE}" "${RELEASE:-?}" "$MACHINE" "$V"
	screen_rows because "$REASONS"
	_why=
	[ -z "$STATUS" ] || [ "$STATUS" = ok ] || _why=$REASON
	[ -z "$_why" ] || screen_row reason "$_why"
	screen_rows "what to do" "$HINTS"
	# While the module tries again, its log has the same reason, or an older one.
	if [ "$CODE" != "$OK" ] && [ "$STATUS" != ok ] &&
	   { [ -z "$_why" ] || [ "$STATUS" = failed ]; }; then
		if [ -n "$SAID" ]; then
			screen_row "it said" "$SAID"
		elif [ "$LOG" = none ]; then
			screen_row "it said" "? (this user may not read the kernel's log)"
		fi
	fi
	printf '\n'
	[ -z "$STATUS" ] || screen_state
	if [ -z "$CURRENT" ]; then
		screen_row source "? (no hw_random here)"
	else
		screen_row source "$CURRENT is current; others: ${OTHERS:-none}"
	fi
	_text=
	[ -z "$QUALITY" ] || _text="$QUALITY of 1024 bits are claimed"
	[ -z "$CREDITED" ] ||
		_text="$_text${_text:+; }the kernel credits the current source with $CREDITED"
	[ -z "$_text" ] || screen_row quality "$_text"
	[ -n "$STATUS" ] || screen_row CPU "${MODEL:-?}"
	[ -z "$CACHES" ] || screen_row caches "$CACHES"
	screen_kernel
	if [ -n "$MODULE" ] && [ "$VERSION" != unknown ] && [ "$MODULE" != "$VERSION" ]; then
		screen_row note "the loaded module is $MODULE, the installed version is $VERSION: an \
old module stays until the next boot, or until it is loaded again"
	fi
}

screen_state() {
	_text="$STATUS${MODE:+, mode $MODE}"
	[ "$BUILTIN" = no ] || _text="$_text, built in"
	screen_row status "$_text"
	screen_bar
	[ -z "$BAR" ] || printf "%-${LABEL}s[%s]\n" buffer "$BAR"
	_text="${LEVEL:-?} of ${BITS:-?} bits are ready"
	[ -z "$THRESHOLD" ] || _text="$_text; filled up again below $THRESHOLD"
	_head=
	[ -n "$BAR" ] || _head=buffer
	screen_row "$_head" "$_text"
	screen_entropy
	if [ -z "$TESTS" ]; then
		screen_row failures "?"
	else
		screen_row failures "${FAILURES:-none}, since it was loaded"
	fi
	screen_row served "${BYTES:-?} bytes${RATE:+ ($RATE a second)}, ${CONTRIBUTED:-?} \
contributed to the kernel's pool"
	_text="${ON:-?}"
	[ -z "$ASKED" ] || [ "$ASKED" = "$ON" ] || [ "$ASKED" = -1 ] ||
		_text="$_text, though $ASKED is asked for"
	screen_row CPU "$_text${MODEL:+: $MODEL}"
	screen_row fitted "to L1d ${DCACHE:-?} KiB, L1i ${ICACHE:-?} KiB (${WHOSE:-?}): table \
${TABLE:-?} KiB, loop ${LOOP:-?} KiB"
	screen_row counter "${COUNTER:-?}"
}

# The last set of replays. 0 half-steps a sample: no set has been measured.
screen_entropy() {
	if [ "$STEPS" = 0 ]; then
		screen_row entropy "not measured yet"
		return
	fi
	# The limits of havege_estimate.c.
	case $STEPS in
	1)		_needed=0.1250 ;;
	2|4|8|16|32)	_needed=0.5000 ;;
	64|128|256)	_needed=0.2500 ;;
	*)		_needed='?' ;;
	esac
	_text="credited ${CREDIT:-?}"
	[ "$STATUS" = ok ] || _text="nothing is credited now"
	_plural=s
	[ "$STEPS" != 1 ] || _plural=
	screen_row entropy "${RESIDUAL:-?} bit a sample cannot be predicted, $_needed is needed; \
$_text (a sample is ${STEPS:-?} half-step$_plural)"
	screen_row "" "a predictor finds ${FEW:-?} bit with 64 rows, ${ALL:-?} with all; slope \
${SLOPE:-?}"
	screen_row block "${SAMPLES:-?} samples for 256 bits; the tests assume ${ASSUMED:-?} bit of each"
}

screen_kernel() {
	case $CRNG in
	yes)
		_text="its generator is ready"
		if [ -n "$CRNG_AT" ]; then
			_text="$_text, since $CRNG_AT s after its start"
		elif [ "$LOG" = none ]; then
			_text="$_text; since when is in the log, which this user may not read"
		else
			_text="$_text; since when is not in the log"
		fi ;;
	no)
		_text="its generator is not ready: readers of /dev/random wait" ;;
	*)
		_text="? (whether its generator is ready: neither its log nor /dev/random can be read)" ;;
	esac
	screen_row kernel "$_text"
	[ -z "$AVAIL" ] || screen_row "" "entropy_avail: $AVAIL of ${POOL:-?} bits"
}
