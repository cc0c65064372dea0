# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of look.sh and judge.sh
#
# json.sh - part of havege-status: json_print prints one JSON object. An unknown value is null.

# json_string TEXT: in V. look.sh has replaced all control characters.
json_string() {
	V=$1
	case $V in
	*[\\\"]*)	V=$(printf '%s\n' "$V" | sed 's/[\\"]/\\&/g') ;;
	esac
	V=\"$V\"
}

# json_member NAME JSON: a member of the open object.
json_member() {
	json_string "$1"
	printf '%s\n%s%s: %s' "$COMMA" "$INDENT" "$V" "$2"
	COMMA=,
}

# json_text NAME TEXT
json_text() {
	_value=null
	if [ -n "$2" ]; then
		json_string "$2"
		_value=$V
	fi
	json_member "$1" "$_value"
}

# json_value NAME VALUE: a number if it is one.
json_value() {
	if is_number "$2"; then
		json_member "$1" "$2"
	else
		json_text "$1" "$2"
	fi
}

# json_truth NAME yes|no|TEXT
json_truth() {
	case $2 in
	yes)	json_member "$1" true ;;
	no)	json_member "$1" false ;;
	*)	json_member "$1" null ;;
	esac
}

# json_list NAME LINES: a list of strings.
json_list() {
	_list=
	while IFS= read -r _line; do
		[ -n "$_line" ] || continue
		json_string "$_line"
		_list="$_list${_list:+, }$V"
	done <<-END
		$2
	END
	json_member "$1" "[$_list]"
}

json_open() {
	json_member "$1" "{"
	INDENT="$INDENT  " COMMA=
}

json_close() {
	INDENT=${INDENT#  } COMMA=,
	printf '\n%s}' "$INDENT"
}

# The parameters of the summary; an empty one has no member.
json_parameters() {
	while read -r _n _text; do
		case $_n in
		parameters/*)	[ -z "$_text" ] || json_value "${_n#*/}" "$_text" ;;
		esac
	done <<-END
		$SUMMARY
	END
}

json_print() {
	COMMA='' INDENT='  '
	printf '{'
	json_text verdict "$VERDICT"
	json_member exit_code "$CODE"
	json_list reasons "$REASONS"
	json_list hints "$HINTS"
	json_text version "$VERSION"
	json_open module
	json_truth loaded "$LOADED"
	json_truth builtin "$BUILTIN"
	json_text version "$MODULE"
	json_close
	json_open kernel
	json_text release "$RELEASE"
	json_text machine "$MACHINE"
	json_close
	json_text status "$STATUS"
	json_text reason "$REASON"
	json_open hwrng
	json_text current "$CURRENT"
	json_list available "$(printf '%s\n' "$AVAILABLE" | tr ' ' '\n')"
	json_value quality "$CREDITED"
	json_close
	json_open parameters
	json_parameters
	json_close
	json_open cpu
	json_text collector "$ON"
	json_text model "$MODEL"
	json_text caches "$CACHES"
	json_close
	json_open geometry
	json_value dcache_kb "$DCACHE"
	json_value icache_kb "$ICACHE"
	json_text source "$WHOSE"
	json_value table_kb "$TABLE"
	json_value loop_kb "$LOOP"
	json_close
	json_value fill_level "$LEVEL"
	json_value replay_residual "$RESIDUAL"
	json_value replay_few "$FEW"
	json_value replay_all "$ALL"
	json_value replay_slope "$SLOPE"
	json_value sample_steps "$STEPS"
	json_value sample_entropy "$CREDIT"
	json_value samples_per_block "$SAMPLES"
	json_value test_entropy "$ASSUMED"
	json_text counter "$COUNTER"
	json_value bytes_out "$BYTES"
	json_value contributed "$CONTRIBUTED"
	json_open health_failures
	for _w in $TESTS; do
		json_value "${_w%%=*}" "${_w#*=}"
	done
	json_close
	json_open crng
	json_truth ready "$CRNG"
	json_value ready_at "$CRNG_AT"
	json_text log "$LOG"
	json_value entropy_avail "$AVAIL"
	json_value poolsize "$POOL"
	json_close
	json_text said "$SAID"
	printf '\n}\n'
}
