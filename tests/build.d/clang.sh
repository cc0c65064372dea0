# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# clang.sh - sourced by build-test: clang_tests, kernels that clang has built. The programs are fakes:
# tests/clang-test has real ones.

# tools NAME...: TMP/bin has these compilers and linkers, and no others.
tools() {
	rm -f "$TMP"/bin/clang* "$TMP"/bin/ld.lld*
	for _t; do
		ln -s true "$TMP/bin/$_t"
	done
}

# clang_makes TEXT WANTED ARGUMENT...: what make calls kbuild with for TMP/clang.
clang_makes() {
	_text=$1 _wanted=$2
	shift 2
	run_make "$TMP/src" KDIR="$TMP/clang" "$@"
	check "clang's kernel: $_text" calls "$_wanted "
}

# as_dkms [ARGUMENT...]: the command of dkms.conf for TMP/clang; dkms adds arguments.
as_dkms() {
	# shellcheck disable=SC2016 # bash's
	_make=$(bash -c 'kernel_source_dir=$2; cd "$1" && . ./dkms.conf && echo "${MAKE[0]}"' bash \
		"$TOP" "$TMP/clang") || die "dkms.conf has no MAKE"
	# shellcheck disable=SC2086 # words
	run_make "$TMP/src" KERNELRELEASE=x ${_make#make } "$@"
}

clang_tests() {
	_config="CONFIG_CC_IS_CLANG=y CONFIG_CLANG_VERSION=160006"
	# shellcheck disable=SC2086 # lines
	fake_kernel clang $_config CONFIG_LD_IS_LLD=y
	ln -s /bin/true "$TMP/bin/true"

	tools
	run_make "$TMP/src" KDIR="$TMP/clang"
	check "clang's kernel, no clang: one line names clang and ld.lld" \
		one_line "clang has built .*missing: clang ld.lld .*"
	tools clang clang-15 ld.lld-15
	run_make "$TMP/src" KDIR="$TMP/clang"
	check "clang's kernel, no linker: one line names ld.lld only" one_line "missing: ld.lld "
	as_dkms LLVM=1
	check "clang's kernel, no linker, as dkms calls make: the same line" one_line "missing: ld.lld "

	tools clang ld.lld
	clang_makes "clang and ld.lld are used" "CC=clang LD=ld.lld LLVM=1"
	mv "$TMP/clang/include/config/auto.conf" "$TMP/clang/.config"
	clang_makes "the same with .config only" "CC=clang LD=ld.lld LLVM=1"
	mv "$TMP/clang/.config" "$TMP/clang/include/config/auto.conf"

	tools clang ld.lld clang-16 ld.lld-16
	clang_makes "the kernel's own version comes first" "CC=clang-16 LD=ld.lld-16 LLVM=-16"
	clang_makes "another LLVM= wins" "CC=cc LD=ld LLVM=-15" LLVM=-15
	clang_makes "another CC= wins" "CC=clang-15 LD=ld LLVM=" CC=clang-15
	tools clang-16 ld.lld-16
	for _added in "" "LLVM=1" "CC=clang LD=ld.lld"; do
		# shellcheck disable=SC2086 # words
		as_dkms $_added
		check "clang's kernel: dkms, with its own arguments '$_added'" \
			calls "CC=clang-16 LD=ld.lld-16 LLVM=-16 "
	done

	# shellcheck disable=SC2086 # lines
	fake_kernel clang $_config CONFIG_LD_IS_BFD=y
	tools clang
	clang_makes "GNU's linker if the kernel was linked by it" "CC=clang LD=ld LLVM="
	rm -f "$TMP/src/havege_rng.ko"
}
