# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # variables of look.sh, screen.sh and json.sh
#
# judge.sh - part of havege-status: judge makes the verdict and the exit code out of what look.sh
# has read.

# judge_worse CODE REASON [HINT]
judge_worse() {
	[ "$CODE" -ge "$1" ] || CODE=$1
	REASONS="$REASONS${REASONS:+
}$2"
	[ -z "${3-}" ] || HINTS="$HINTS${HINTS:+
}$3"
}

# judge: sets CODE, VERDICT, TITLE, and REASONS and HINTS with a line for each.
judge() {
	CODE=$OK REASONS='' HINTS=''
	if [ ! -d "$ROOT/sys/devices" ]; then
		judge_worse "$UNKNOWN" "there is no /sys to look at"
	elif [ -n "$STATUS" ]; then
		judge_status
	elif [ -d "$ROOT$S" ]; then
		judge_unread
	else
		judge_absent
	fi
	case $CODE in
	"$OK")		VERDICT=ok TITLE=OK ;;
	"$DEGRADED")	VERDICT=degraded TITLE=DEGRADED ;;
	"$UNKNOWN")	VERDICT=unknown TITLE=UNKNOWN ;;
	*)		VERDICT=failed TITLE=FAILED
			[ -n "$STATUS" ] || VERDICT="not loaded" TITLE="NOT LOADED" ;;
	esac
}

judge_status() {
	case $STATUS in
	ok)
		judge_source ;;
	starting)
		judge_worse "$DEGRADED" "it starts up: nothing is served yet" ;;
	recovering)
		judge_worse "$DEGRADED" "something failed: nothing is served until it has recovered" \
			"wait: it tries again, at least once a minute. Look at the machine if this \
happens often" ;;
	suspended)
		judge_worse "$DEGRADED" "the machine is on its way to sleep: nothing is served" ;;
	failed)
		if [ "$BUILTIN" = yes ]; then
			judge_worse "$BAD" "it has failed permanently" \
				"dmesg says why; a reboot starts it again"
		else
			judge_worse "$BAD" "it has failed permanently" \
				"dmesg says why; as root: modprobe -r $NAME; modprobe $NAME"
		fi ;;
	*)
		judge_worse "$DEGRADED" "status is '$STATUS', which this havege-status does not know" ;;
	esac
}

judge_source() {
	if [ "$CURRENT" = havege ]; then
		[ "$CREDITED" != 0 ] || judge_worse "$DEGRADED" \
			"the kernel credits nothing for it: the quality is 0" \
			"as root: echo ${QUALITY:-512} > $H/rng_quality"
	elif [ "$LISTED" = no ]; then
		judge_worse "$DEGRADED" "havege is not among the kernel's sources"
	else
		case $CURRENT in
		''|none)	_reason="no source is current" ;;
		*)		_reason="$CURRENT is the current source, not havege" ;;
		esac
		judge_worse "$DEGRADED" "$_reason" "as root: echo havege > $H/rng_current"
	fi
}

# A module of an older version has state files, but no summary.
judge_unread() {
	_hint=
	_file=$S/summary
	case $S in
	*/faux/*)	_file=$S/status ;;
	*)		[ -e "$ROOT$_file" ] || [ "$BUILTIN" = yes ] ||
				_hint="an older module has no such file; as root: modprobe -r $NAME; modprobe $NAME" ;;
	esac
	judge_worse "$UNKNOWN" "$_file cannot be read" "$_hint"
}

# Whether the module is built for this kernel.
judge_built() {
	grep -qs "/$NAME\.ko" "$ROOT/lib/modules/$RELEASE/modules.dep"
}

# Whether DKMS has the sources.
judge_installed() {
	for _dir in "$ROOT/usr/src/$NAME"-*; do
		[ ! -d "$_dir" ] || return 0
	done
	return 1
}

judge_absent() {
	if [ "$INITSTATE" = coming ]; then
		judge_worse "$DEGRADED" "the module is being loaded: it starts up"
	elif [ "$BUILTIN" = yes ]; then
		judge_worse "$BAD" "it is built into this kernel, but was refused at the start" \
			"dmesg | grep $NAME says why"
	elif judge_built; then
		judge_worse "$BAD" "the module is not loaded" \
			"as root: modprobe $NAME; if that fails, dmesg | grep $NAME says why"
	elif judge_installed; then
		judge_worse "$BAD" "the module is not built for this kernel" \
			"install the headers of $RELEASE; as root: dkms autoinstall; modprobe $NAME"
	else
		judge_worse "$BAD" "the module is not loaded, and not installed for this kernel" \
			"README, \"Install\", says how"
	fi
}
