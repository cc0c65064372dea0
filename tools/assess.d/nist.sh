# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # the other parts use them
#
# nist.sh - sourced by tools/assess: NIST's tools, if they are on PATH
#
# Sets for the report: NON_IID_LINE and RESTART_LINES; for the margin: NON_IID (ea_non_iid's
# figure) and MEASURED (ea_restart's figure for it), both empty if there is none; MISSING: the
# tools that are not on PATH.

NIST="Debian has them as sp800-90b-entropy-assessment since its release 13, their source is \
usnistgov/SP800-90B_EntropyAssessment on GitHub"
NON_IID=
MEASURED=
MISSING=

is_zero() {
	awk -v a="$1" 'BEGIN { exit a != 0 }'
}

# run_nist OUTPUT COMMAND...: a tool fails if the data fails: that is a result, not an error.
run_nist() {
	_file=$1
	shift
	say "Running $*"
	_t0=$(now)
	_code=0
	run_quiet in_out "$@" || _code=$?
	cp "$TMP/log" "$OUT/$_file"
	printf '    done in %s s\n' "$(($(now) - _t0))"
	return "$_code"
}

# in_out COMMAND...: NIST's tools write beside their input.
in_out() {
	cd "$OUT" && "$@"
}

# last_number FILE PATTERN: the number after the last line that begins with PATTERN and a colon.
last_number() {
	sed -n "s/^$2: *\\([0-9.][0-9.]*\\).*/\\1/p" "$OUT/$1" | tail -n 1
}

run_non_iid() {
	if ! command -v ea_non_iid >/dev/null; then
		MISSING=' ea_non_iid'
		NON_IID_LINE='not run'
		return
	fi
	_code=0
	run_nist ea_non_iid.txt ea_non_iid -i -a -v raw.sym 8 || _code=$?
	_original=$(last_number ea_non_iid.txt H_original)
	_bitstring=$(last_number ea_non_iid.txt H_bitstring)
	NON_IID=$(last_number ea_non_iid.txt 'min(H_original, 8 X H_bitstring)')
	[ -n "$NON_IID" ] || NON_IID=$_original
	if [ "$_code" = 0 ] && [ -n "$NON_IID" ]; then
		NON_IID_LINE="$NON_IID bit; H_original $_original, H_bitstring ${_bitstring:-none}"
	else
		NON_IID=
		NON_IID_LINE="no result: exit code $_code"
	fi
	NON_IID_LINE="$NON_IID_LINE (ea_non_iid.txt)"
	[ "$SAMPLES" -ge 1000000 ] || NON_IID_LINE="$NON_IID_LINE; it needs 1000000 samples"
}

# restart_at OUTPUT H: runs ea_restart at H bits. Sets LEAST, its figure or empty, and RESULT.
restart_at() {
	_code=0
	run_nist "$1" ea_restart -n -v restart.sym 8 "$2" || _code=$?
	LEAST=$(last_number "$1" 'min(H_r, H_c, H_I)')
	if [ "$_code" = 0 ] && [ -n "$LEAST" ]; then
		RESULT="passed, $LEAST bit ($1)"
	else
		LEAST=
		_why=$(sed -n 's/^\*\*\* *\(.*[^ *]\) *\*\*\*$/\1/p' "$OUT/$1" | head -n 1)
		RESULT="not passed: ${_why:-exit code $_code} ($1)"
	fi
}

# run_restart: at ea_non_iid's figure and at the credit.
run_restart() {
	RESTART_LINES=
	if ! command -v ea_restart >/dev/null; then
		MISSING="$MISSING ea_restart"
		RESTART_LINES='not run'
		return
	elif [ "$ROWS" != 1000 ]; then
		RESTART_LINES='not run: it needs 1000 rows'
		return
	fi
	if [ -n "$NON_IID" ]; then
		restart_at ea_restart-measured.txt "$NON_IID"
		MEASURED=$LEAST
		RESTART_LINES="H_I $NON_IID, as above:    $RESULT"
	fi
	if ! is_zero "$CREDIT"; then
		restart_at ea_restart-credited.txt "$CREDIT_STEP"
		RESTART_LINES="${RESTART_LINES:+$RESTART_LINES
                 }H_I $CREDIT_STEP, as credited: $RESULT"
	fi
	[ -n "$RESTART_LINES" ] || RESTART_LINES='not run: there is no figure to test'
}
