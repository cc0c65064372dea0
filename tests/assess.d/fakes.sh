# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# fakes.sh - sourced by tests/assess-test: stand-ins for NIST's tools, users and modules, in $TMP
#
#   good bad poor           NIST's tools: the data passes, the data fails, little entropy
#   root user locked        id of root, id of a user, head of a locked kernel
#   dead noisy coarse clocks wide wide-clocks    each a /sys (fake_module.py)
# Programs are directories for PATH. fake_nist's note their arguments in $TMP/args, and name, size
# and symbols of their data in $TMP/given.

# without_nist: sets OTHERS, a PATH without NIST's real tools: they would be slow.
without_nist() {
	OTHERS=$PATH
	command -v ea_non_iid ea_restart >/dev/null || return 0
	OTHERS=$TMP/path
	mkdir "$OTHERS"
	(
		IFS=:
		for d in $PATH; do
			for f in "$d"/*; do
				case $f in
				*/ea_*) ;;
				*)	[ -e "$OTHERS/${f##*/}" ] || ln -s "$f" "$OTHERS/" ;;
				esac
			done
		done
	)
}

# fake_tool FILE CODE: notes its arguments, prints the standard input of this function, exits with
# CODE.
fake_tool() {
	cat >"$1.txt"
	cat >"$1" <<-END
		#!/bin/sh
		echo "${1##*/} \$*" >>"$TMP/args"
		for a; do
			case \$a in
			*.sym)	echo "\$a \$(wc -c <"\$a") \$(od -An -v -tu1 -w1 "\$a" | sort -u | wc -l)" \
					>>"$TMP/given" ;;
			esac
		done
		cat "$1.txt"
		exit $2
	END
	chmod +x "$1"
}

fake_nist() {
	mkdir "$TMP/good" "$TMP/bad" "$TMP/poor"
	fake_tool "$TMP/good/ea_non_iid" 0 <<-'END'
		H_original: 2.345678
		H_bitstring: 0.250000
		min(H_original, 8 X H_bitstring): 2.000000
	END
	fake_tool "$TMP/good/ea_restart" 0 <<-'END'
		H_I: 2.000000
		Validation Test Passed...
		min(H_r, H_c, H_I): 1.987654
	END
	fake_tool "$TMP/bad/ea_non_iid" 255 <<-'END'
		Symbol alphabet consists of 1 symbol. No entropy awarded...
	END
	fake_tool "$TMP/bad/ea_restart" 255 <<-'END'
		X_max: 999
		*** Restart Sanity Check Failed ***
	END
	cp "$TMP/good/ea_restart" "$TMP/good/ea_restart.txt" "$TMP/poor/"
	fake_tool "$TMP/poor/ea_non_iid" 0 <<-'END'
		H_original: 0.300000
		H_bitstring: 0.031250
		min(H_original, 8 X H_bitstring): 0.250000
	END
}

fake_users() {
	mkdir "$TMP/root" "$TMP/user" "$TMP/locked"
	printf '#!/bin/sh\necho 0\n' >"$TMP/root/id"
	printf '#!/bin/sh\necho 1000\n' >"$TMP/user/id"
	cat >"$TMP/locked/head" <<-'END'
		#!/bin/sh
		echo "head: cannot open '$3' for reading: Operation not permitted" >&2
		exit 1
	END
	chmod +x "$TMP/root/id" "$TMP/user/id" "$TMP/locked/head"
}

# fake_sys DIR KIND K: the /sys of a loaded module. All its figures differ, so that the tests see
# which one is shown. KIND is that of fake_module.py.
fake_sys() {
	_sys=$1
	_state=$_sys/devices/havege_rng
	_debug=$_sys/kernel/debug/havege_rng
	mkdir -p "$_state/geometry" "$_state/health_failures" "$_sys/module/havege_rng/parameters" \
		"$_debug" "$_sys/kernel/security"
	if [ "$3" = 1 ]; then
		_entropy=0.0625 _block=5121
	else
		_entropy=0.1250 _block=2561
	fi
	while read -r _name _value; do
		echo "$_value" >"$_state/$_name"
	done <<-END
		status recovering
		cpu 61
		sample_steps $3
		sample_entropy $_entropy
		samples_per_block $_block
		replay_residual 0.8612
		replay_few 1.2345
		replay_all 0.9876
		replay_slope 0.0432
		test_entropy 0.25
		counter cp0-count
		geometry/dcache_kb 47
		geometry/icache_kb 31
		geometry/table_kb 94
		geometry/source parameter
		health_failures/repetition 101
		health_failures/proportion 102
		health_failures/stuck 103
		health_failures/period 104
		health_failures/counter 105
		health_failures/replay 106
	END
	echo 7.8.9 >"$_sys/module/havege_rng/version"
	echo stream >"$_sys/module/havege_rng/parameters/mode"
	echo '[none] integrity confidentiality' >"$_sys/kernel/security/lockdown"
	echo 3 >"$_debug/raw_overruns"
	python3 "$SUITES/fake_module.py" "$_debug" "$2" "$3"
}

fake_modules() {
	fake_sys "$TMP/dead" still 1
	fake_sys "$TMP/noisy" noisy 1
	fake_sys "$TMP/coarse" coarse 1
	fake_sys "$TMP/clocks" clocks 1
	fake_sys "$TMP/wide" noisy 4
	fake_sys "$TMP/wide-clocks" clocks 16
}
