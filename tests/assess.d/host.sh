# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# host.sh - sourced by tests/assess-test: options and output of havege-host itself

# judged CODE TEXT FILE ARGUMENT...: havege-host prints one line for FILE, TEXT at its beginning.
judged() {
	_c=$1 _m=$2 _f=$3
	shift 3
	_got=0
	"$HOST" "$@" <"$_f" >"$TMP/out" 2>&1 || _got=$?
	cat "$TMP/out"
	[ "$_got $(wc -l <"$TMP/out")" = "$_c 1" ] && grep -q -- "^$_m" "$TMP/out"
}

host_rows() {
	same "$("$HOST" judge --rows), $("$HOST" -k 4 judge --rows)" "256 512, 1024 256"
}

host_sizes() {
	same "$("$HOST" conditioned 1000 | wc -c) $("$HOST" stream 10000 | wc -c) \
$("$HOST" raw 1048577 | wc -c) $("$HOST" raw -t 300 | wc -l) $("$HOST" restart 3 | wc -c) \
$("$HOST" replay 9 | wc -c) $("$HOST" -k 4 -g 0 replay 3 | wc -c)" \
"1000 10000 8388616 300 24000 36864 6144"
}

different() {
	! same "$("$HOST" "$1" 64 | od -An -tx1)" "$("$HOST" "$1" 64 | od -An -tx1)" >/dev/null ||
		{ echo "two runs gave the same"; return 1; }
}

host_estimate() {
	"$HOST" estimate 3 >"$TMP/estimate" || return
	cat "$TMP/estimate"
	same "$(sed 1q "$TMP/estimate" | tr -s ' ')" \
		"run residual few all slope k credit gcd H startup_ms estimate_ms" &&
	awk 'NR == 1 { ok = 1; next }
		NF != 11 { ok = 0 }
		NR <= 4 { if ($1 != NR - 1 || $2 > $4 + 0.0001) ok = 0
			if ($7 != 0 && $7 != ($6 == 1 ? 0.0625 : 0.125)) ok = 0
			# At k = 1 there are 256 rows, four times the smaller set.
			slope = $3 > $4 && $4 > 0 ? log($3 / $4) / log(4) : 0
			if ($6 == 1 && ($5 - slope > 0.0002 || slope - $5 > 0.0002)) ok = 0 }
		{ name = name $1 " "; for (i = 2; i <= NF; i++) v[$1, i] = $i + 0 }
		END { for (i = 2; i <= 11; i++)
				if (v["min", i] > v["median", i] || v["median", i] > v["max", i] ||
				    (v[1, i] != v["min", i] && v[2, i] != v["min", i] &&
				     v[3, i] != v["min", i])) ok = 0
			exit !(ok && name == "1 2 3 min median max ") }' "$TMP/estimate"
}

host_speed() {
	"$HOST" speed 1 >"$TMP/speed"
	cat "$TMP/speed"
	_line="N MB/s, k N, credit N bit a sample, N sets, N % of the time for them, N KiB lent; health \
failures: repetition N proportion N stuck N period N counter N replay N"
	same "$(sed 's/[0-9][0-9.]*/N/g' "$TMP/speed")" "conditioned $_line
stream $_line"
}

DEBUG=kernel/debug/havege_rng/raw_replay

suite_host() {
	while IFS='|' read -r _title _message _arguments; do
		# shellcheck disable=SC2086 # a list of words
		check "havege-host $_title" exits 2 "$_message" run_host $_arguments
	done <<-'END'
		without a command|Usage: havege-host|
		with an unknown command|no command `look'|look
		raw without a number|needs a number from 1|raw
		raw with a word for a number|`ten' is not a number from 1|raw ten
		replay with too large a number|is not a number from 1 to 65536|replay 65537
		with an argument too many|`2' is one argument too many|info 2
		-t for a command without text output|-t is for raw|-t replay 1
		residual of nothing|0 rows came, 256 are wanted|residual 1
		judge of nothing, k = 4|0 rows came, 1024 are wanted|-k 4 judge
		with a k that is no power of two|a power of two is needed|-k 3 replay 1
	END
	while IFS='|' read -r _title _exit _message _data _arguments; do
		# shellcheck disable=SC2086 # a list of words
		check "havege-host judge $_title" judged "$_exit" "$_message" "$TMP/$_data" $_arguments
	done <<-END
		credits noise|0|credited 0.0625 bit a sample\$|module3/replay.u64|judge 2
		credits noise, k = 4|0|credited 0.1250 bit a sample\$|wide/$DEBUG|-k 4 judge
		refuses equal rows|1|refused: residual 0.0000|dead/$DEBUG|judge
		refuses a coarse counter without noise|1|refused: residual 0.0|coarse/$DEBUG|judge
		refuses clocks without noise|1|refused: residual 0.0|clocks/$DEBUG|judge 2
		refuses clocks without noise, k = 16|1|refused: residual 0.0|wide-clocks/$DEBUG|-k 16 judge
	END
	check "havege-host judge --rows prints the numbers of rows and samples" host_rows
	head -c 1048575 "$TMP/dead/$DEBUG" >"$TMP/ragged"
	check "havege-host judge of a part of a row" \
		judged 2 '.*no whole number of rows' "$TMP/ragged" judge
	check "havege-host on a missing CPU" \
		exits 1 'cannot stay on CPU 1023' run_host -c 1023 info
	check "havege-host writes as many bytes as requested" host_sizes
	check "two runs give different blocks" different conditioned
	check "two runs give different words" different stream
	check "havege-host estimate: two points, a slope and the residual; min, median, max" \
		host_estimate
	check "havege-host speed: a line for each mode" host_speed
}
