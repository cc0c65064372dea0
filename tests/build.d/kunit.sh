# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# kunit.sh - sourced by build-test: kunit_tests ends tests/kunit while its kernel runs. The kernel
# source, kunit.py and the kernel are fakes, in a cache of their own.

fake_cache() {
	_tree=$TMP/cache/kunit/$SOURCE
	mkdir -p "$_tree/drivers/char/hw_random" "$_tree/tools/testing/kunit" \
		"$TMP/cache/kunit/build-uml" || return
	# shellcheck disable=SC2016 # the dollar is dpkg-query's
	dpkg-query -W -f '${Version}\n' "$SOURCE" >"$TMP/cache/kunit/version" || return
	touch "$_tree/Kbuild" "$_tree/drivers/char/hw_random/Makefile" &&
	echo 'endif # HW_RANDOM' >"$_tree/drivers/char/hw_random/Kconfig" &&
	cp "$(command -v sleep)" "$TMP/cache/kunit/build-uml/linux" || return
	# UML makes itself a session, too.
	cat >"$_tree/tools/testing/kunit/kunit.py" <<-END
		import os, subprocess
		kernel = subprocess.Popen(["$TMP/cache/kunit/build-uml/linux", "600"],
		                          start_new_session=True)
		with open("$TMP/kunit.new", "w") as f:
		    f.write("%d %d" % (os.getpid(), kernel.pid))
		os.rename("$TMP/kunit.new", "$TMP/kunit.pids")
		kernel.wait()
	END
}

# has_ended PID: it is gone, or only waits for its parent.
has_ended() {
	! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null
}

# within SECONDS COMMAND...: polls.
within() {
	_end=$(($(now) + $1))
	shift
	until "$@"; do
		[ "$(now)" -lt $_end ] || return 1
		sleep 0.1
	done
}

kunit_tests() {
	SOURCE=$(sed -n 's/^SERIES=\([0-9.]*\).*/linux-source-\1/p' "$TOP/tests/lib/tree.sh")
	need "/usr/src/$SOURCE.tar.xz:$SOURCE" flex bison bc xz:xz-utils
	fake_cache || die "no fake of the kernel source"
	HAVEGE_CACHE=$TMP/cache "$TOP/tests/kunit" uml >"$TMP/kunit.out" 2>&1 &
	_kunit=$!
	# Of somebody else: same name, same arguments.
	"$TMP/cache/kunit/build-uml/linux" 600 &
	OTHER=$!
	# shellcheck disable=SC2016 # expanded when it runs
	on_exit 'kill "$OTHER" 2>/dev/null || :'
	if ! within 60 [ -f "$TMP/kunit.pids" ]; then
		fail "tests/kunit starts kunit.py"
		sed 's/^/# /' "$TMP/kunit.out"
		end_tree $_kunit
		return
	fi
	read -r _python _linux <"$TMP/kunit.pids" || :
	kill "$_kunit"
	check "tests/kunit ends when it is told to" within 20 has_ended "$_kunit"
	check "it has ended kunit.py" within 10 has_ended "$_python"
	check "it has ended the kernel" within 10 has_ended "$_linux"
	check "it has not ended another process of that name" kill -0 "$OTHER"
	end_tree $_kunit
	kill -9 "$_python" "$_linux" 2>/dev/null || :
}
