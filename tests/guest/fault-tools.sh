# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # the suites use some of the variables
#
# fault-tools.sh - sourced by tests.sh: the module that makes havege_rng fail (fault/), and what
# the health tests counted.

F=/sys/module/havege_fault/parameters

# test_fault_loads: prints a test; fails if the fault module does not load.
test_fault_loads() {
	insmod /guest/havege_fault.ko 2>/tmp/err
	_rc=$?
	WHY=$(cat /tmp/err)
	result $_rc "the fault module loads"
	return $_rc
}

# probe: installs the probes now. It takes a while, and a reader waits at most 5 s.
probe() {
	echo 0 >$F/samples
}

# times_failed TEST: prints how often that health test has failed.
times_failed() {
	get "$S/health_failures/$1"
}

# more_failures TEST COUNT: it has failed more than COUNT times.
more_failures() {
	[ "$(times_failed "$1")" -gt "$2" ]
}

# cutoffs: sets LOW and HIGH, the equal samples in a row at which the repetition count test fails
# intermittently and permanently, and SOME, a number between them.
cutoffs() {
	read -r LOW HIGH SOME <<-END
		$(awk 'function up(n) { return int(n) + (n > int(n)) }
		       { low = 1 + up(30 / $1); high = 1 + up(60 / $1)
			 print low, high, int((2 * low + high) / 3) }' "$S/test_entropy")
	END
}
