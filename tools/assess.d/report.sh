# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# report.sh - sourced by tools/assess: write_report writes report.txt and prints its "Margin"

# of_info NAME: the value of NAME in the output of `havege-host info'.
of_info() {
	sed -n "s/^$1 //p" "$TMP/info"
}

endian() {
	case $(printf '\001\000' | od -An -tu2 | tr -d ' ') in
	1)	echo little ;;
	*)	echo big ;;
	esac
}

indented() {
	sed 's/^./    &/'
}

# heading TEXT
heading() {
	printf '\n%s\n%s\n' "$1" "$(printf '%s' "$1" | sed 's,.,-,g')"
}

source_lines() {
	if [ "$FROM" = module ]; then
		echo "from        the running module," \
			"version $(cat "$MODULE/version" || echo unknown)," \
			"mode=$(cat "$MODULE/parameters/mode" || echo unknown)," \
			"status $(state status)"
		set -- "$(state geometry/dcache_kb)" "$(state geometry/icache_kb)" \
			"$(state geometry/source)" "$(state geometry/table_kb)" "$(state counter)"
	else
		echo "from        havege-host, the same code as a program," \
			"version $(conf PACKAGE_VERSION)"
		set -- "$(of_info dcache_kb)" "$(of_info icache_kb)" "$(of_info source)" \
			$(($(of_info table_bytes) / 1024)) "$(of_info counter)"
	fi
	echo "geometry    L1d $1 KiB, L1i $2 KiB ($3), table $4 KiB"
	echo "CPU         $(this_cpu), number $CPU"
	echo "counter     $5"
}

captured_lines() {
	echo "when        $WHEN, load $LOAD"
	source_lines
	echo "kernel      $(uname -s -r -m)"
	echo "raw         $SAMPLES samples in a row, $OVERRUNS overruns (raw.u64)"
	echo "restart     $ROWS fresh walks, the first 1000 samples of each (restart.u64)"
	echo "replay      $REPLAYS times $SET_ROWS rows of $SET_SAMPLES samples (replay.u64)"
	echo "spans       one half-step a sample; those of replays k = $SPAN"
	echo "GCD         of all deltas, in ticks: $(value_of gcd);" \
		"of the first 1024, as the module takes it: $(value_of module_gcd)"
	echo "raw deltas  median $(value_of raw_median) ticks, largest $(value_of raw_max);" \
		"$(value_of backwards) went backwards"
	echo "symbols     (delta / GCD) & 255, $(value_of raw_symbols) different ones" \
		"(raw.sym, restart.sym)"
	echo "*.u64 are unsigned, 64 bits, in ticks, $(endian)-endian; *.sym a byte a sample"
}

raw_lines() {
	cat <<-END
		ea_non_iid       $NON_IID_LINE
		ea_restart       $RESTART_LINES
		Figures of this program, each a most common value at 99 % (SP 800-90B, 6.3.1):
		value            $(value_of raw_value)
		difference       $(value_of raw_difference)
		predecessor      $(value_of raw_predecessor)
		restarts, value  $(value_of restart_value)
	END
	echo "restarts         most common symbol $(value_of restart_row_max) of 1000 in a row," \
		"$(value_of restart_column_max) of $ROWS in a column at most;"
	echo "                 $(value_of restart_distinct) of $ROWS rows are different"
	echo "autocorrelation  $(value_of autocorrelation_max) at most, at lags 1 to 200 of the" \
		"first $(value_of autocorrelation_samples) samples"
	[ -z "$MISSING" ] || echo "Not on PATH:$MISSING. $NIST."
}

replay_lines() {
	cat <<-END
		Computed from replay.u64 by the definitions in havege_estimate.h, by code other
		than the module's. few, all: entropy left to a predictor that has seen 64 rows,
		or all; slope: how fast it learns; end: its curve continued to 2^40 rows. That
		is an extrapolation, not a bound. value to position: bounds that need no
		predictor. The residual is the least of end and these.

	END
	for _part in residual few all slope end value difference predecessor position; do
		spread "$_part"
	done
	echo
	replay_table
}

explanation() {
	cat <<-END
		The figures of the raw samples overstate the entropy: the walk's path depends on
		its data, so its timing looks random even on a machine without noise. The replay
		residual counts: the part of the timing that differs between runs of the same
		walk from the same state, and that no predictor learns, however many runs it has
		seen. On a machine without noise the replays differ only by the phases of its
		clocks, and a predictor learns these from more rows.

		A sample is credited 1/16 bit if it spans one half-step and 1/8 bit if it spans
		more, provided that the residual is at least two to four times that; otherwise
		nothing. What no replay can see: timing that follows a hidden generator with more
		states than there are rows; another program, on the sibling thread or another
		core, that repeats after a millisecond or more; an attacker in the hypervisor.
		Every figure holds for this machine at the load of the capture.

		Plots: delta.png, autocorrelation.png, residual.png, learning.png
	END
}

report_text() {
	cat <<-END
		havege_rng: assessment of the noise source
		==========================================
	END
	heading "Captured"
	captured_lines | indented
	heading "Raw samples: min-entropy, bits a sample"
	raw_lines | indented
	heading "Replay residual: min-entropy, bits a sample (k = $SPAN)"
	replay_lines | indented
	if [ "$FROM" = host ]; then
		heading "Coarser counters"
		coarser_table | indented
		heading "Other shapes of a set"
		choices_table | indented
	fi
	heading "Credit"
	credit_lines | indented
	heading "Margin"
	margin_lines | indented
	heading "How to read this"
	explanation | indented
}

# Writes to a temporary file first: report.txt must not be incomplete.
write_report() {
	report_text >"$TMP/report" || die "the report could not be made"
	mv "$TMP/report" "$OUT/report.txt"
	sed -n '/^Margin$/,/^How/p' "$OUT/report.txt" | sed '1,2d; /^How/d; /^$/d'
	say "Report: $OUT/report.txt"
}
