# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# native.sh - sourced by tests/assess-test: an assessment with havege-host and NIST's tools
#
# The tests compute each figure a second time, with other programs.

# cell TABLE ROW COLUMN
cell() {
	awk -v row="$2" -v name="$3" '$1 == "run" { for (i = 2; i <= NF; i++) if ($i == name) c = i }
		$1 == row { print $c }' "$1"
}

tools_arguments() {
	same "$(cat "$TMP/args")" "ea_non_iid -i -a -v raw.sym 8
ea_restart -n -v restart.sym 8 2.000000
ea_restart -n -v restart.sym 8 $credit_step"
}

tools_given() {
	cat "$TMP/given"
	awk '$1 == "raw.sym" && $2 == 20000 && $3 > 1 { raw++ }
		$1 == "restart.sym" && $2 == 1000000 && $3 > 1 { restart++ }
		END { exit !(NR == 3 && raw == 1 && restart == 2) }' "$TMP/given"
}

tools_reported() {
	_line="2.000000 bit; H_original 2.345678, H_bitstring 0.250000 (ea_non_iid.txt)"
	has "$A/report.txt" "ea_non_iid $_line; it needs 1000000 samples" \
		"ea_restart H_I 2.000000, as above: passed, 1.987654 bit (ea_restart-measured.txt)" \
		"H_I $credit_step, as credited: passed, 1.987654 bit (ea_restart-credited.txt)" &&
	has "$A/ea_non_iid.txt" 'H_original: 2.345678' &&
	! grep 'Not on PATH' "$A/report.txt" "$TMP/out"
}

# awk has no integers above 2^53; no delta here is larger.
gcd_of() {
	cat "$@" | od -An -v -tu8 -w8 | awk '
		{ a = $1 + 0; while (g) { r = a % g; a = g; g = r } g = a } END { print g }'
}

converted() {
	od -An -v -tu8 -w8 "$A/$1.u64" |
		awk -v gcd="$2" '{ print int($1 / gcd) % 256 }' >"$TMP/want"
	od -An -v -tu1 -w1 "$A/$1.sym" | tr -d ' ' | cmp - "$TMP/want"
}

native_symbols() {
	g=$(gcd_of "$A/raw.u64" "$A/restart.u64" "$A/replay.u64")
	same "$(figure "$A" gcd)" "$g" && converted raw "$g" && converted restart "$g"
}

native_report() {
	has "$A/report.txt" "from havege-host" "version $(conf PACKAGE_VERSION)" \
		"kernel $(uname -s -r -m)" "raw 20000 samples in a row, 0 overruns" \
		"restart 1000 fresh walks" "replay 3 times $rows rows of $samples" "replays k = $span" \
		"GCD of all deltas, in ticks: $(figure "$A" gcd);" \
		"module takes it: $(figure "$A" module_gcd)" \
		"largest $(od -An -v -tu8 -w8 "$A/raw.u64" | sort -n | tail -n 1 | tr -d ' ')" \
		"$(figure "$A" restart_distinct) of 1000 rows are different" \
		"credit $credit bit a sample" "figures of the raw samples overstate" \
		"A sample is credited 1/16 bit" "What no replay can see" &&
	has "$A/report.txt" "$(sed 1q "$A/starts.txt" | tr -s ' ')" \
		"$(tail -n 1 "$A/starts.txt" | tr -s ' ')"
}

# The most common symbol, and the most common in a row and in a column, by sort and uniq.
most() {
	sort -n | uniq -c | sort -rn | awk 'NR == 1 { print $1 }'
}

bound() {
	awk -v hits="$1" -v n="$2" 'BEGIN { p = hits / n
		p += 2.576 * sqrt(p * (1 - p) / (n - 1))
		printf "%.4f\n", p < 1 ? -log(p) / log(2) : 0 }'
}

native_figures() {
	numbers=$TMP/numbers
	od -An -v -tu1 -w1 "$A/raw.sym" >"$numbers"
	value=$(bound "$(most <"$numbers")" 20000)
	difference=$(bound "$(awk 'NR > 1 { print ($1 - last + 256) % 256 } { last = $1 }' \
		"$numbers" | most)" 19999)
	predecessor=$(bound "$(awk 'NR > 1 { n[last " " $1]++ } { last = $1 }
		END { for (k in n) { split(k, f, " "); if (n[k] > best[f[1]]) best[f[1]] = n[k] }
			for (s in best) hits += best[s]; print hits }' "$numbers")" 19999)
	od -An -v -tu1 -w1 "$A/restart.sym" >"$numbers"
	rows=$(awk '{ c = ++n[int((NR - 1) / 1000) " " $1]; if (c > most) most = c }
		END { print most }' "$numbers")
	columns=$(awk '{ c = ++n[(NR - 1) % 1000 " " $1]; if (c > most) most = c }
		END { print most }' "$numbers")
	has "$A/report.txt" " value $value" " difference $difference" \
		" predecessor $predecessor" "restarts, value $(bound "$(most <"$numbers")" 1000000)" \
		"most common symbol $rows of 1000 in a row, $columns of 1000 in a column"
}

# least DIR COLUMN: least and largest value of a column of replays.txt.
least() {
	awk -v c="$2" 'NR == 1 || $c < low { low = $c } NR == 1 || $c > high { high = $c }
		END { printf "%.4f %.4f\n", low, high }' "$1/replays.txt"
}

native_margins() {
	column=1
	for part in residual few all slope end value difference predecessor position; do
		column=$((column + 1))
		range=$(least "$A" "$column")
		tr -s ' ' <"$A/report.txt" |
			grep "^ $part min ${range% *} median [0-9.]* max ${range#* }$" ||
			{ echo "not in the report: $part $range"; return 1; }
	done
	for line in "replay residual:$credit:$(least "$A" 2)" \
		"raw samples:$credit_step:2.000000" "restarts:$credit_step:1.987654"; do
		low=${line##*:}
		by=${line#*:}
		has "$A/report.txt" "${line%%:*} $(awk -v a="${low% *}" -v b="${by%%:*}" \
			'BEGIN { printf "%.1f", a / b }') times the credit" || return
	done
	has "$A/report.txt" \
		"NIST's figures should be at least 10 times the credit, and are" &&
	[ "$(awk '/^Margin$/ { on = 1 } /^How/ { on = 0 } on && /times the credit/' \
		"$A/report.txt")" = "$(grep 'times the credit' "$TMP/out")" ]
}

plotted() {
	same "$(awk '{ n += $2 } END { print (n >= 19980 && n <= 20000) }' "$A/delta.dat")" 1 &&
	same "$(wc -l <"$A/autocorrelation.dat")" 200 &&
	same "$(awk '{ n += $2 } END { printf "%.3f", n }' "$A/residual.dat")" 1.000 &&
	python3 - "$A" <<-'END'
		import sys
		from array import array
		values = array("Q", open(sys.argv[1] + "/raw.u64", "rb").read())
		limit = sorted(values)[len(values) - 1 - len(values) // 1000]
		values = [min(v, limit) for v in values]
		mean = sum(values) / len(values)
		power = sum((v - mean) ** 2 for v in values) / len(values)
		for line in open(sys.argv[1] + "/autocorrelation.dat"):
		    lag, r = line.split()
		    lag = int(lag)
		    if lag not in (1, 2, 17, 200):
		        continue
		    n = len(values) - lag
		    want = sum((values[i] - mean) * (values[i + lag] - mean) for i in range(n)) / n / power
		    print(lag, r, want)
		    assert abs(float(r) - want) < 0.01
	END
}

# Runs figures.py alone: it takes the sets of the capture for sets with 7 and 30 fills between rows.
choices() {
	mkdir "$TMP/choice" "$TMP/gaps" && cp "$A"/*.u64 "$TMP/choice/" &&
	cp "$A/replay.u64" "$TMP/gaps/gap-7.u64" &&
	head -c $((rows * samples * 8)) "$A/replay.u64" >"$TMP/gaps/gap-30.u64" &&
	echo no >"$TMP/gaps/gap-x.u64" &&
	python3 "$TOP/tools/assess.d/figures.py" "$TMP/choice" 1000 "$span" "$TMP/gaps" || return
	cat "$TMP/choice/choices.txt"
	one=$(awk 'NR == 1 { print $2 }' "$A/replays.txt")
	has "$TMP/choice/choices.txt" "$samples 7 3 $(figure "$A" replay_residual_min) $(figure "$A" \
		replay_residual_median) $(figure "$A" replay_residual_max)" "$samples 30 1 $one $one $one" \
		"$samples quiet 1 0.0000 0.0000 0.0000" "256 quiet 1 0.0000 0.0000 0.0000" &&
	awk -v samples="$samples" '$2 != "quiet" && !($4 <= $5 && $5 <= $6) { bad = 1 }
		{ lines[$1 " " $2]++ }
		END { exit bad || NR != (samples == 256 ? 3 : 6) || lines["256 7"] != 1 }' \
		"$TMP/choice/choices.txt"
}

choices_reported() {
	tr -s ' ' <"$A/report.txt" | awk -v rows="$rows" -v k="$span" -v samples="$samples" '
		/^Other shapes of a set$/ { on = 1 } /^Credit$/ { on = 0 }
		on && $1 ~ /^[0-9]+$/ && NF == 6 { n++
			if ($2 != "none" && $3 != rows * ($1 * k + $2 * 128)) bad = 1
			seen[$1 " " $2]++ }
		END { exit bad || n != (samples == 256 ? 5 : 10) || !seen[samples " 0"] ||
			!seen[samples " 4"] || !seen[samples " 16"] || !seen[samples " 64"] ||
			!seen["256 64"] || !seen["256 none"] }'
}

# Each divided counter has its nominal frequency, and a line in the report. k grows, or is 0: the
# counter is too coarse for this CPU.
coarser() {
	cat "$A/coarser.txt"
	awk '{ if (NR == 1) mhz = $1
		if ($1 * $2 < mhz - $1 || $1 * $2 > mhz + $1) bad = 1
		if (NF != 9 || $4 > $5 || $5 > $6) bad = 1
		of = substr($7, index($7, "/") + 1)
		if (of != (NR == 1 ? 3 : 5)) bad = 1
		n = split($3, k, ","); if (NR > 1 && k[n] && k[n] < last) bad = 1
		last = k[n] }
		END { exit bad || NR != 6 }' "$A/coarser.txt" &&
	tail -n +2 "$A/coarser.txt" | while read -r m b k rest; do
		has "$A/report.txt" " $m $b $k $rest" || exit
	done
}

private() {
	same "$(stat -c %a "$A" "$A/raw.u64" "$A/report.txt")" "700
600
600"
}

suite_native() {
	A=$TMP/native
	check "with havege-host and NIST's tools there is a report" exits 0 "Report: $A/report.txt" \
		run_assess "$TMP/good" --from host --out "$A" --samples 20000 --replays 3
	credit=$(cell "$A/starts.txt" max credit)
	span=$(figure "$A" span)
	# The credit of a half-step.
	credit_step=$credit
	[ "$span" = 1 ] ||
		credit_step=$(awk -v a="$credit" -v k="$span" 'BEGIN { printf "%.6f", a / k }')
	if [ "$span" = 1 ]; then
		rows=256 samples=512
	else
		rows=1024 samples=256
	fi

	check "NIST's tools get their options, and the measured and the credited H" \
		tools_arguments
	check "NIST's tools get a byte a sample, and more than one symbol" tools_given
	check "the report has the results of NIST's tools" tools_reported

	check "another conversion gives the same symbols" native_symbols

	check "the module's own code gives the same replay figures" parts_agree "$A"

	check "the report describes the capture" native_report

	check "another count gives the same raw and restart figures" native_figures

	check "the report has the range of the replays, and the margins" native_margins

	check "the plots are PNG" png "$A"
	check "the plots show the captured data" plotted

	check "there are learning curves of the sets and of a machine without noise" learned "$A"

	check "figures.py computes other shapes of a set from its rows" choices
	check "the report has the table of other shapes" choices_reported

	if [ -x "$HOST-scaled" ]; then
		check "the report has a line for each of the coarser counters" coarser
	fi
	check "only the owner can read the data" private
}
