# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# module.sh - sourced by tools/assess: captures from the running module

# state NAME: content of a state file.
state() {
	cat "$STATE/$1" 2>/dev/null || echo unknown
}

# Writes $OUT/raw.u64. debugfs refuses reads that are no multiple of 8 bytes: head reads in large
# blocks, then the rest.
module_raw() {
	head -c $((SAMPLES * 8)) "$RAW/raw" >"$OUT/raw.u64"
}

# read_often COUNT NODE FILE: opens NODE COUNT times and puts all it reads into FILE.
read_often() {
	_i=0
	while [ "$_i" -lt "$1" ]; do
		cat "$2" || return
		_i=$((_i + 1))
		[ $((_i % 100)) != 0 ] || echo "$_i of $1" >&2
	done >"$3"
}

module_restart() {
	read_often "$ROWS" "$RAW/raw_restart" "$OUT/restart.u64"
}

module_replay() {
	read_often "$REPLAYS" "$RAW/raw_replay" "$OUT/replay.u64"
}
