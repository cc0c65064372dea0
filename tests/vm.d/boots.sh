# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# boots.sh - sourced by tests/vm: tests/vm test, from tests/boots.table.
#   test_modes [MODE...]                          the command; no MODE: all of them
#   boot MACHINE MODE SECONDS TEXT ARGUMENT...    one boot, if MODE is wanted; MACHINE is a name of
#                                                 tests/machines.table and its values

test_modes() {
	MODES=$*
	known_modes "$@"
	for _m; do
		! not_here "$_m" || misused "$ARCH has no mode $_m"
	done
	# The first one: it copies what the guest has before the others.
	# shellcheck disable=SC2034 # guest.sh
	! wanted cmdline || EXTRA=pack_small
	# shellcheck disable=SC2034
	! wanted haveged || EXTRA="$EXTRA pack_haveged"
	# shellcheck disable=SC2034
	! wanted rngd || EXTRA="$EXTRA pack_rngd"
	prepare
	[ -n "$KERNEL" ] || ! wanted plain || dkms_test
	# Descriptor 4: the boots have their own standard input.
	while IFS='	' read -r mode machine short long text arguments <&4; do
		case $mode in
		'#'*|'')	continue ;;
		'('*)		[ -n "$MODES" ] || continue ;;
		esac
		mode=${mode#"("}
		mode=${mode%")"}
		wanted "$mode" || continue
		if [ -z "$short" ]; then
			"$machine"
			continue
		fi
		eval "text=\"$text\" arguments=\"$arguments\""
		# shellcheck disable=SC2086 # words
		boot "$machine" "$mode" "$(deadline "$short" "$long")" "$text" $arguments
	done 4<"$TOP/tests/boots.table"
	finish_tests
}

# deadline SHORT LONG: prints the one for AMOUNT. Percents of LONG get the time of all of it.
deadline() {
	if [ "$AMOUNT" = short ]; then
		echo "$1"
	else
		echo "$2"
	fi
}

# not_here MODE: the architecture cannot run it.
not_here() {
	case " $NOT_HERE " in
	*" $1 "*)	;;
	*)		return 1 ;;
	esac
}

wanted() {
	! not_here "$1" || return 1
	case " ${MODES:-$1} " in
	*" $1 "*)	;;
	*)		return 1 ;;
	esac
}

boot() {
	wanted "$2" || return 0
	# shellcheck disable=SC2086 # words
	machine $1
	say "$4"
	_boot=$2 _most=$(($3 * SLOW))
	shift 4
	tests "test-$_boot" "$_most" "$@"
	machine plain
}

# --- plain -----------------------------------------------------------------------------------

dkms_test() {
	if [ -s "$TMP/warnings" ]; then
		fail "DKMS builds $NAME for $KVER without a warning"
	else
		pass "DKMS builds $NAME for $KVER without a warning"
	fi
	check "dkms autoinstall leaves out what dkms.conf excludes, without an error" none_left
	modinfo_test
}

none_left() {
	cat "$TMP/left-out"
	[ ! -s "$TMP/left-out" ]
}

# modinfo has a unit or a range for each parameter, in parentheses.
modinfo_test() {
	in_root modinfo -k "$KVER" -p "$NAME" >"$TMP/modinfo"
	for _p in fill_threshold buffer_size cpu cpus quality mode contribute dcache_kb \
		icache_kb; do
		if grep -q "^$_p:.*(.*)" "$TMP/modinfo"; then
			pass "modinfo: $(grep "^$_p:" "$TMP/modinfo")"
		else
			fail "modinfo: $_p with its range and unit: $(grep "^$_p:" "$TMP/modinfo")"
		fi
	done
}

# --- status ----------------------------------------------------------------------------------

status_tests() {
	boot plain status 300 "havege-status, run by root and by another user" \
		-device virtio-rng-pci
	json_tests
}

# A strict parser accepts the JSON that the guest has printed.
json_tests() {
	sed -n 's/^# json: //p' "$TMP/verdict" >"$TMP/json"
	_n=0
	while IFS= read -r _line; do
		_n=$((_n + 1))
		if printf '%s' "$_line" | python3 -m json.tool >"$TMP/log" 2>&1; then
			pass "JSON from the guest, number $_n"
		else
			fail "JSON from the guest, number $_n"
			printf '# %s\n' "$_line" "$(cat "$TMP/log")"
		fi
	done <"$TMP/json"
	[ $_n = 5 ] || fail "5 times JSON from the guest, not $_n"
}

# --- first -----------------------------------------------------------------------------------

first_tests() {
	boot plain first 120 "The first bytes after a boot"
	first_bytes >"$TMP/first.1"
	boot plain first 120 "The first bytes after another boot"
	first_bytes >"$TMP/first.2"
	first_differ
}

first_bytes() {
	sed -n 's/^# first bytes: //p' "$TMP/verdict"
}

# Both are 64 bytes in hexadecimal, and they differ.
first_differ() {
	if grep -qxE '[0-9a-f]{128}' "$TMP/first.1" && grep -qxE '[0-9a-f]{128}' "$TMP/first.2" &&
	   ! cmp -s "$TMP/first.1" "$TMP/first.2"; then
		pass "the first bytes of two boots differ"
	else
		fail "the first bytes of two boots differ"
		sed 's/^/# /' "$TMP/first.1" "$TMP/first.2"
	fi
}

# --- counting --------------------------------------------------------------------------------

counting_tests() {
	for _shift in $SHIFTS; do
		boot "counting $_shift" counting 300 \
			"A machine whose counter counts instructions (shift=$_shift)"
	done
}

# --- cmdline ---------------------------------------------------------------------------------

# pack_small GUEST: the guest with one program: all of them need more than 96 MB to be unpacked.
pack_small() {
	cp -r "$1" "$TMP/small" &&
	for _c in $PROGRAMS; do
		[ "$_c" = hwread ] || rm "$TMP/small/bin/${_c##*/}" || return
	done &&
	pack_initrd "$TMP/small" "$TMP/small.gz"
}

cmdline_tests() {
	_before="$SMP $MEMORY"
	_own=$ARGS
	for _name in ${CMDLINES:-$(awk '!/^#/ && NF { print $1 }' "$TOP/tests/cmdlines.table")}; do
		_line=$(grep "^$_name	" "$TOP/tests/cmdlines.table") ||
			die "tests/cmdlines.table has no row '$_name'"
		SMP=$(echo "$_line" | cut -f 2)
		MEMORY=$(echo "$_line" | cut -f 3)
		_append=$(echo "$_line" | cut -f 7)
		ARGS="$_own row=$_name $_append"
		boot plain cmdline 300 "Kernel command line: ${_append:-$MEMORY MB of memory}" \
			-initrd "$TMP/small.gz"
	done
	SMP=${_before% *} MEMORY=${_before#* } ARGS=$_own
	machine plain
}

# --- caches ----------------------------------------------------------------------------------

# dump_dtb: the device tree of the plain machine, in $TMP/dtb.
dump_dtb() {
	machine plain
	qemu 60 -M dumpdtb="$TMP/dtb" -m "$MEMORY" -serial null -serial null 2>"$TMP/log" ||
		cat "$TMP/log"
}

# CPUs with known caches, then a device tree that contradicts its CPU.
cache_tests() {
	for _c in $CACHES; do
		boot "caches ${_c%%=*} ${_c#*=}" caches 120 "Known caches ($_c)"
	done
	dump_dtb
	for _n in 0 1; do
		fdtput -t i "$TMP/dtb" "/cpus/cpu@$_n" d-cache-size 49152
		fdtput -t i "$TMP/dtb" "/cpus/cpu@$_n" i-cache-size $((8192 << _n))
	done
	# The collector runs on the last CPU.
	boot "caches $CPU device-tree,48,16" caches 120 "Caches from the device tree" \
		-dtb "$TMP/dtb"
}

# --- generation ------------------------------------------------------------------------------

generation_test() {
	case $ARCH in
	arm64)	generation_in_device_tree ;;
	*)	generation_in_acpi ;;
	esac
}

# A VM generation ID in the device tree, in memory that the kernel leaves alone.
generation_in_device_tree() {
	dump_dtb
	_reserved=/reserved-memory/vmgenid@50000000
	for _n in /reserved-memory $_reserved /vmgenid; do
		fdtput -c "$TMP/dtb" "$_n"
	done
	for _n in '#address-cells' '#size-cells'; do
		fdtput -t i "$TMP/dtb" /reserved-memory "$_n" 2
	done
	fdtput "$TMP/dtb" /reserved-memory ranges
	fdtput "$TMP/dtb" "$_reserved" no-map
	for _n in $_reserved /vmgenid; do
		fdtput -t x "$TMP/dtb" "$_n" reg 0 50000000 0 1000
	done
	fdtput -t s "$TMP/dtb" /vmgenid compatible microsoft,vmgenid
	boot "generation 0x50000000" generation 300 "A VM generation ID in the device tree" \
		-dtb "$TMP/dtb"
}

# One above 4 GiB, in a table of our own: that of QEMU's device is below. Debian's 32-bit kernels
# with PAE map other memory instead (compat.h): there the ID is lost.
generation_in_acpi() {
	step "Compiling tests/vm.d/vmgenid.asl" \
		iasl -p "$TMP/vmgenid" "$TOP/tests/vm.d/vmgenid.asl"
	_id=0x110000000 _before=$MEMORY
	[ "$ARCH" != i386 ] || _id=lost
	MEMORY=4608
	boot "high-generation $_id" generation 300 "A VM generation ID above 4 GiB" \
		-acpitable "file=$TMP/vmgenid.aml"
	MEMORY=$_before
}
