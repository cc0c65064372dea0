#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tests.sh MODE - runs the guest tests of one mode, as root, on busybox. Prints TAP on descriptor
# 3; the plan is at the end, then "# end of the guest tests".

# shellcheck source=tools.sh
. /guest/tools.sh
# shellcheck source=cpu-tools.sh
. /guest/cpu-tools.sh
# shellcheck source=reader-tools.sh
. /guest/reader-tools.sh
# shellcheck source=fault-tools.sh
. /guest/fault-tools.sh
# shellcheck source=plain-tests.sh
. /guest/plain-tests.sh
# shellcheck source=parameter-tests.sh
. /guest/parameter-tests.sh
# shellcheck source=reader-tests.sh
. /guest/reader-tests.sh
# shellcheck source=stuck-tests.sh
. /guest/stuck-tests.sh
# shellcheck source=busy-tests.sh
. /guest/busy-tests.sh
# shellcheck source=virtio-tests.sh
. /guest/virtio-tests.sh
# shellcheck source=machine-tests.sh
. /guest/machine-tests.sh
# shellcheck source=failure-tests.sh
. /guest/failure-tests.sh
# shellcheck source=status-tests.sh
. /guest/status-tests.sh
# shellcheck source=debugfs-tests.sh
. /guest/debugfs-tests.sh
# shellcheck source=debug-tests.sh
. /guest/debug-tests.sh
# shellcheck source=hotplug-tests.sh
. /guest/hotplug-tests.sh
# shellcheck source=cpu-set-tests.sh
. /guest/cpu-set-tests.sh
# shellcheck source=isolated-tests.sh
. /guest/isolated-tests.sh
# shellcheck source=cmdline-tests.sh
. /guest/cmdline-tests.sh
# shellcheck source=life-tests.sh
. /guest/life-tests.sh
# shellcheck source=fault-tests.sh
. /guest/fault-tests.sh
# shellcheck source=hostile-tests.sh
. /guest/hostile-tests.sh
# shellcheck source=soak-tests.sh
. /guest/soak-tests.sh
# shellcheck source=suspend-tests.sh
. /guest/suspend-tests.sh
# shellcheck source=race-tests.sh
. /guest/race-tests.sh
# shellcheck source=clone-tests.sh
. /guest/clone-tests.sh
# shellcheck source=bench-tests.sh
. /guest/bench-tests.sh
# shellcheck source=haveged-tests.sh
. /guest/haveged-tests.sh
# shellcheck source=rngd-tests.sh
. /guest/rngd-tests.sh
# shellcheck source=people-tests.sh
. /guest/people-tests.sh

# run_mode MODE: the function of each mode.
run_mode() {
	case $1 in
	test-plain)		test_plain ;;
	test-virtio)		test_virtio ;;
	test-status)		test_status ;;
	test-debugfs)		test_debugfs ;;
	test-failure)		test_failures ;;
	test-first)		test_first ;;
	test-counting)		test_counting ;;
	test-no-tsc)		test_no_tsc ;;
	test-stuck)		test_stuck ;;
	test-busy)		test_busy ;;
	test-hotplug)		test_hotplug ;;
	test-isolated)		test_isolated ;;
	test-cmdline)		test_cmdline ;;
	test-bare)		test_bare ;;
	test-caches)		test_caches ;;
	test-generation)	test_generation ;;
	test-board)		test_board ;;
	test-wrong)		test_wrong ;;
	test-builtin)		test_builtin ;;
	test-life)		test_life ;;
	test-faults)		test_faults ;;
	test-hostile)		test_hostile ;;
	test-soak)		test_soaks ;;
	test-suspend)		test_suspend ;;
	test-hibernate)		test_hibernate ;;
	test-resume)		test_resume ;;
	test-clones)		test_clones ;;
	test-copies)		test_copies ;;
	test-copies-waiting)	GENERATION=0; reading ;;
	test-bench)		test_bench ;;
	test-haveged)		test_haveged ;;
	test-haveged-counting)	test_haveged_counting ;;
	test-rngd)		test_rngd_mode ;;
	test-container)		test_container ;;
	test-host)		test_host ;;
	test-guest-*)		test_guest "${1#test-guest-}" ;;
	*)			result 1 "'$1' is a mode" ;;
	esac
}

# free_hog MODE: lets the hog keep its CPU. Newer kernels have two rules against that. Turning the
# second one off can make a kernel warn when a CPU goes offline: modes with such CPUs use no hog.
free_hog() {
	case $1 in
	test-hotplug | test-isolated | test-faults | test-hostile | test-soak)
		echo -1 >/proc/sys/kernel/sched_rt_runtime_us ;;
	*)	spare_time 0 ;;
	esac
}

klog
mount -t debugfs debugfs "$D"
begin_checks
free_hog "$1"
run_mode "$1"
test_checks
test_log
end_of_tests
