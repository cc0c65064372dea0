# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# prepare.sh - sourced by tools/assess: checks and preparations before the capture
#
# Each function stops the script if the assessment cannot be made. make_out sets CAPTURED to empty;
# the capture sets it to yes once all data is complete.

check_out() {
	[ -e "$OUT" ] || return 0
	[ -d "$OUT" ] || die "$OUT exists and is no directory; nothing was written"
	[ -z "$(ls -A "$OUT")" ] ||
		die "$OUT is not empty; nothing was written. Name another directory: --out DIR"
}

choose_source() {
	[ -z "$FROM" ] || return 0
	FROM=host
	[ ! -d "$STATE" ] || FROM=module
	say "From: $FROM (--from chooses)"
}

# check_module: the module is loaded and its raw samples can be read.
check_module() {
	[ -d "$STATE" ] ||
		die "the module is not loaded (no $STATE): load it, or use --from host"
	[ "$(id -u)" = 0 ] ||
		die "raw samples are for root only: run this as root, or use --from host"
	[ -e "$RAW/raw" ] ||
		die "no $RAW/raw: this kernel has no debugfs, or it is not mounted" \
			"(mount -t debugfs none /sys/kernel/debug), or use --from host"
	_why=$(head -c 0 "$RAW/raw" 2>&1) || case $_why in
	*'Operation not permitted'*)
		_lock=$(cat "$SYS/kernel/security/lockdown" 2>/dev/null) || _lock=
		die "the kernel is locked down${_lock:+ ($_lock)} and does not allow access to raw" \
			"samples: use --from host" ;;
	*)	die "$RAW/raw cannot be opened: $_why" ;;
	esac
}

# havege-host-scaled divides the counter; it is for x86-64 only.
programs_built() {
	[ -x "$HOST" ] && { [ "$(uname -m)" != x86_64 ] || [ -x "$HOST-scaled" ]; }
}

build_programs() {
	make -C "$TOP" host || return
	[ "$(uname -m)" != x86_64 ] ||
		make -s -C "$TOP/host" BUILD="$TOP/build" "$TOP/build/havege-host-scaled"
}

need_programs() {
	if [ -n "${HAVEGE_HOST:-}" ]; then
		[ -x "$HOST" ] || die "HAVEGE_HOST=$HOST is no program"
	elif ! programs_built; then
		need make gcc /usr/include/stdio.h:libc6-dev
		step "Building havege-host" build_programs
	fi
}

# make_out: only the owner may read raw samples.
make_out() {
	umask 077
	MADE=
	[ -d "$OUT" ] || MADE=yes
	mkdir -p "$OUT"
	CAPTURED=
	on_exit discard_part
}

# An incomplete capture is of no use and would block the next run.
discard_part() {
	[ -z "$CAPTURED" ] || return 0
	rm -f "$OUT/raw.u64" "$OUT/restart.u64" "$OUT/replay.u64" "$OUT/starts.txt" \
		"$OUT/coarser.txt"
	[ -z "$MADE" ] || rmdir "$OUT" 2>/dev/null || :
}
