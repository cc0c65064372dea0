# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# tables.sh - sourced by tools/assess: the tables of the report and its section "Margin"
#
# Each function prints its lines without the report's indent.

# value_of NAME: a figure of figures.txt.
value_of() {
	sed -n "s/^$1 //p" "$OUT/figures.txt"
}

# ratio A B: A divided by B.
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.1f", a / b; else print "no" }'
}

is_less() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'
}

# spread NAME: of the sets of replays.
spread() {
	printf '%-12s min %s  median %s  max %s\n' "$1" "$(value_of "replay_$1_min")" \
		"$(value_of "replay_$1_median")" "$(value_of "replay_$1_max")"
}

replay_table() {
	set -- replay residual few all slope end value difference predecessor position
	printf '%-6s %8s %7s %7s %7s %7s %7s %10s %11s %8s\n' "$@"
	while read -r n r f a s e v d p o; do
		printf '%-6s %8s %7s %7s %7s %7s %7s %10s %11s %8s\n' \
			"$n" "$r" "$f" "$a" "$s" "$e" "$v" "$d" "$p" "$o"
	done <"$OUT/replays.txt"
}

coarser_table() {
	if [ -z "$COARSER" ]; then
		echo "Not run: there is no $HOST-scaled. It is for x86-64."
		return
	fi
	cat <<-END
		This machine's counter, divided. Residual: least, median and largest of the
		start-ups, bit a sample. Served: start-ups that passed; the source refused the
		rest. KB/s: in conditioned mode, over whole sets. -: the source refused $TRIES more
		start-ups; 0.0: it refused the sets after a start-up, or completed none within
		$PATIENCE s.

	END
	set -- MHz 'divided by' k residual median largest served startup_ms KB/s
	printf '%6s %10s %8s %9s %9s %9s %7s %10s %7s\n' "$@"
	while read -r m b k l d h s t r; do
		printf '%6.0f %10s %8s %9s %9s %9s %7s %10s %7s\n' \
			"$m" "$b" "$k" "$l" "$d" "$h" "$s" "$t" "$r"
	done <"$OUT/coarser.txt"
}

choices_table() {
	cat <<-END
		Samples a row, and average number of live fills between two rows: $CHOICES sets of
		$SET_ROWS rows each, k = $SPAN. Shorter rows are the beginnings of longer ones.
		Residual: least, median and largest, bit a sample. "none": a simulated machine
		without noise; each of its rows begins at other phases of its clocks.

	END
	printf '%7s %6s %18s %9s %9s %9s\n' samples fills 'half-steps in all' residual median largest
	while read -r l g n a b c; do
		if [ "$g" = quiet ]; then
			g=none _steps=-
		else
			_steps=$((SET_ROWS * (l * SPAN + g * 128)))
		fi
		printf '%7s %6s %18s %9s %9s %9s\n' "$l" "$g" "$_steps" "$a" "$b" "$c"
	done <"$OUT/choices.txt"
	cat <<-END

		The module takes $SET_SAMPLES samples a row. It runs as many fills between two rows
		as the start-up has time for; in service, those that make the blocks of a set.
	END
}

credit_lines() {
	if [ "$FROM" = module ]; then
		cat <<-END
			sample_entropy    $CREDIT bit a sample, credited by the module
			sample_steps      $(state sample_steps) half-steps a sample: k
			samples_per_block $(state samples_per_block)
			replay_residual   $(state replay_residual) bit a sample, the module's last estimate
			replay_few        $(state replay_few) bit with 64 rows
			replay_all        $(state replay_all) bit with all rows
			replay_slope      $(state replay_slope), the slope that continues the curve
			test_entropy      $(state test_entropy) bit a sample, assumed by the health tests
			health failures   $(for f in repetition proportion stuck period counter replay; do
				printf '%s %s  ' "$f" "$(state health_failures/$f)"; done)
		END
	else
		echo "credit          $CREDIT bit a sample, the highest of these start-ups:"
		cat "$OUT/starts.txt"
	fi
}

# raw_margin NAME VALUE: a raw sample spans a half-step: compare it with the credit of one.
raw_margin() {
	printf '%-16s %s times the credit (%s, over %s%s)\n' "$1" "$(ratio "$2" "$CREDIT_STEP")" \
		"$2" "$CREDIT_STEP" "$([ "$SPAN" = 1 ] || echo ", which is $CREDIT / $SPAN")"
}

nist_margin() {
	_needed="NIST's figures should be at least 10 times the credit"
	if [ -z "$NON_IID" ] || [ -z "$MEASURED" ]; then
		echo "ea_non_iid, ea_restart: $_needed; at least one is missing"
	elif is_less "$(ratio "$NON_IID" "$CREDIT_STEP")" 10 ||
	     is_less "$(ratio "$MEASURED" "$CREDIT_STEP")" 10; then
		echo "WARNING: $_needed, and are not."
	else
		echo "ea_non_iid, ea_restart: $_needed, and are"
	fi
}

margin_lines() {
	if is_zero "$CREDIT"; then
		echo 'Nothing is credited: the machine was refused.'
		return
	fi
	_least=$(value_of replay_residual_min)
	echo "replay residual  $(ratio "$_least" "$CREDIT") times the credit" \
		"(the least, $_least, over $CREDIT); $(value_of limit) is needed"
	raw_margin "raw samples" "${NON_IID:-$(value_of raw_least)}"
	[ -z "$MEASURED" ] || raw_margin restarts "$MEASURED"
	nist_margin
	if is_less "$_least" "$CREDIT"; then
		echo 'WARNING: the least residual is below the credit.'
	elif is_less "$_least" "$(value_of limit)"; then
		echo 'WARNING: the least residual is below the limit for a machine.'
	fi
}
