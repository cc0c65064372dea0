# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# programs.sh - sourced by tests/assess-test: fake programs in place of havege-host

from_host() {
	has "$TMP/refused-report/report.txt" "from havege-host" "credit 0.0000 bit a sample" \
		"Not run: there is no $TMP/refused-scaled. It is for x86-64."
}

asked_for() {
	sed -n 's/^-c [0-9]* \(-k .*\)/\1/p' "$TMP/host-args" | uniq -c | tr -s ' ' >"$TMP/asked"
	same "$(cat "$TMP/asked")" " 1 -k 1 -g 4 replay 256
 3 -k 1 -g 0 replay 256
 3 -k 1 -g 4 replay 256
 3 -k 1 -g 16 replay 256
 3 -k 1 -g 64 replay 256"
}

known() {
	: >"$TMP/host-args"
	HAVEGE_HOST=$TMP/known
	run_assess "$TMP/good" --from host --out "$TMP/known-report" --samples 1024 --rows 1000 \
		--replays 1 || return
	cat "$TMP/known-report/coarser.txt"
	same "$(cut -d' ' -f3- "$TMP/known-report/coarser.txt")" "1,2 0.3 0.7 0.9 3/3 7.2 61.2
8,16 0.1 0.2 0.6 1/3 3.2 1.0
8,16 0.1 0.2 0.6 1/3 3.2 1.0
8,16 0.1 0.2 0.6 1/3 3.2 0.0
8,16 0.1 0.2 0.6 1/3 3.2 1.0
8,16 0.1 0.2 0.6 1/3 3.2 -" &&
	same "$(cut -d' ' -f1 "$TMP/known-report/coarser.txt" | tail -n +2 | tr '\n' ' ')" \
		"88 24 10 4 1 " &&
	same "$(grep -c 'bench 1' "$TMP/scaled-args") $(grep -c 'estimate 5' "$TMP/scaled-args")" \
		"8 5" &&
	grep -q -- '-k 2 -g 4 replay 1024' "$TMP/host-args" &&
	has "$TMP/known-report/report.txt" "replays k = 2" "1 times 1024 rows of 256" \
		"times the credit (2.000000, over 0.062500, which is 0.1250 / 2)"
}

known_divisors() {
	# The frequency of this machine's counter, divided, is the nominal one.
	awk 'NR == 1 { mhz = $1; by = $2; next } $2 < mhz / $1 - 0.51 || $2 > mhz / $1 + 0.51 { bad = 1 }
		END { exit bad || by != 1 || !(mhz > 10) }' "$TMP/known-report/coarser.txt"
}

# fake_refused: a havege-host whose source is refused; with REFUSED its exit code.
fake_refused() {
	cat >"$TMP/refused" <<-END
		#!/bin/sh
		echo "\$*" >>"$TMP/host-args"
		case \$3 in
		estimate)
			echo 'run residual k credit'
			echo '1 0.0000 1 0.0000'
			echo 'max 0.0000 1 0.0000'
			exit \${REFUSED:-1} ;;
		esac
		exec "$HOST" "\$@"
	END
	chmod +x "$TMP/refused"
}

# fake_known: a havege-host and a havege-host-scaled with known figures. Most start-ups have k = 2.
# bench: on the third counter it is too slow (124, as of timeout), on the fourth the second try is
# served, on the fifth none.
fake_known() {
	cat >"$TMP/known" <<-END
		#!/bin/sh
		echo "\$*" >>"$TMP/host-args"
		case " \$* " in
		*' estimate '*)
			echo 'run residual k credit startup_ms'
			printf '%s\n' '1 0.3 1 0.0625 7.1' '2 0.9 2 0.1250 7.2' '3 0.7 2 0.1250 7.3' \
				'min 0.3 1 0.0625 7.1' 'median 0.7 2 0.1250 7.2' 'max 0.9 2 0.1250 7.3'
			exit ;;
		*' bench 1 '*)
			echo 'bench conditioned_bytes 61230.5'
			exit ;;
		esac
		exec "$HOST" "\$@"
	END
	cat >"$TMP/known-scaled" <<-END
		#!/bin/sh
		echo "\$*" >>"$TMP/scaled-args"
		[ "\$1 \$3" = "-c -s" ] || exit 2
		case \$5 in
		estimate)
			echo 'run residual k credit startup_ms'
			printf '%s\n' '1 0.1 8 0.0000 3.1' '2 0.6 16 0.1250 3.2' '3 0.2 16 0.0000 3.3' \
				'min 0.1 8 0.0000 3.1' 'median 0.2 16 0.0000 3.2' 'max 0.6 16 0.1250 3.3'
			exit 1 ;;
		bench)
			tries=\$(grep -c -- "^\$1 \$2 \$3 \$4 bench" "$TMP/scaled-args")
			kinds=\$(sed -n 's/.* -s \([0-9]*\) bench.*/\1/p' "$TMP/scaled-args" | sort -u | wc -l)
			echo "bench conditioned_bytes 999"
			[ "\$kinds" != 3 ] || exit 124
			[ "\$kinds" -lt 4 ] || [ "\$kinds \$tries" = '4 2' ] || exit 1
			exit 0 ;;
		esac
		exit 2
	END
	chmod +x "$TMP/known" "$TMP/known-scaled"
}

suite_programs() {
	fake_refused
	fake_known
	# Without a module the default is the program.
	export HAVEGE_SYS="$TMP/nothing"
	export HAVEGE_HOST="$TMP/refused"
	check "a refused source gets a report" \
		exits 0 "Nothing is credited: the machine was refused." \
		run_assess "" --out "$TMP/refused-report" --samples 1024 --rows 2 --replays 1
	check "without a module the program is the default" from_host
	check "the program gets calls for sets, and for those of other shapes" asked_for

	check "the report has the figures of coarser counters" known
	check "the divisors match the frequencies" known_divisors
	export HAVEGE_HOST="$TMP/refused"
	export REFUSED=2
	check "a program that does not work ends the run" \
		rejects 1 "'Starting the source 1 times' failed" "" --from host --out "$N" --samples 1024 \
		--rows 2 --replays 1
	export HAVEGE_HOST="$TMP/nothing"
	check "the message names a missing program" \
		rejects 1 "HAVEGE_HOST=$TMP/nothing is no program" "" --from host --out "$N"
	unset HAVEGE_HOST REFUSED
}
