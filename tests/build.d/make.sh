# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# make.sh - sourced by build-test: paths, headers, read-only sources, arguments of make.
#   prepare_make                   a checkout in TMP/src, a fake kernel in TMP/gcc, programs in TMP/bin
#   run_make DIR ARGUMENT...       make there, with the programs of TMP/bin; its output in OUT
#   one_line PATTERN               that make failed, and printed one line, with PATTERN
#   fake_kernel DIR LINE...        a build directory with these lines of configuration
#   path_tests, headers_tests, noexec_tests, user_tests

OUT=$TMP/out
# What the Makefile and scripts/sources call, and nothing else: no compiler.
PROGRAMS="sh make sed grep uname cp cmp mkdir dirname touch"

prepare_make() {
	mkdir "$TMP/bin" "$TMP/src"
	pack_sources "$TMP/src.tar"
	tar -C "$TMP/src" -xf "$TMP/src.tar" || die "the checkout cannot be copied"
	for _p in $PROGRAMS; do
		ln -s "$(command -v "$_p")" "$TMP/bin/$_p"
	done
	fake_kernel gcc CONFIG_CC_IS_GCC=y CONFIG_LD_IS_BFD=y
}

fake_kernel() {
	mkdir -p "$TMP/$1/include/config"
	# shellcheck disable=SC2016 # the dollars are make's
	printf '%s\n' 'modules:' \
		'	@echo "kbuild: CC=$(CC) LD=$(LD) LLVM=$(LLVM) W=$(W) KCFLAGS=$(KCFLAGS)"' \
		'	@echo "kbuild: $(filter -j%,$(MAKEFLAGS))"' \
		'	@touch $(M)/havege_rng.ko' >"$TMP/$1/Makefile"
	_kernel=$TMP/$1
	shift
	printf '%s\n' "$@" >"$_kernel/include/config/auto.conf"
}

run_make() {
	_dir=$1
	shift
	RC=0
	(cd "$_dir" && env -i PATH="$TMP/bin" make "$@") >"$OUT" 2>&1 || RC=$?
}

one_line() {
	cat "$OUT"
	[ "$RC" != 0 ] && [ "$(wc -l <"$OUT")" = 1 ] && grep -qE -e "$1" "$OUT"
}

# calls TEXT: that make called kbuild with it.
calls() {
	cat "$OUT"
	[ "$RC" = 0 ] && grep -qF -e "kbuild: $1" "$OUT"
}

path_tests() {
	for _name in "with space" with:colon; do
		mkdir "$TMP/$_name"
		cp "$TOP/Makefile" "$TMP/$_name/"
		run_make "$TMP/$_name" KDIR="$TMP/gcc"
		check "make in a directory named '$_name' fails with one line that names it" \
			one_line "space or a colon.*$_name"
	done
}

headers_tests() {
	mkdir "$TMP/empty"
	ln -s "$TMP/nothing" "$TMP/dangling"
	for _kdir in nothing empty dangling; do
		run_make "$TMP/src" KDIR="$TMP/$_kdir"
		check "make without headers ($_kdir) fails with one line that names the packages" \
			one_line "No kernel headers in $TMP/$_kdir\..*linux-headers-$(uname -r).*KDIR="
	done
	run_make "$TMP/src" KDIR="$TMP/gcc" W=1 KCFLAGS=-Werror -j3
	check "W= and KCFLAGS= reach kbuild, and no compiler is chosen for a kernel built by gcc" \
		calls "CC=cc LD=ld LLVM= W=1 KCFLAGS=-Werror"
	check "-j reaches kbuild" calls -j3
	rm -f "$TMP/src/havege_rng.ko"
}

copied() {
	calls "CC=" && cmp "$TMP/src/Kbuild" "$TMP/copied/module/Kbuild" && [ -e "$TMP/copied/havege_rng.ko" ]
}

stopped() {
	cat "$OUT"
	[ "$RC" != 0 ] && ! grep kbuild: "$OUT"
}

# As on vfat.
noexec_tests() {
	cp "$TMP/src/scripts/sources" "$TMP/sources"
	chmod a-x "$TMP/src/scripts/sources"
	run_make "$TMP/src" KDIR="$TMP/gcc" BUILD="$TMP/copied"
	check "make BUILD=DIR where files cannot be executed copies the sources, and builds" copied
	echo 'exit 3' >"$TMP/src/scripts/sources"
	run_make "$TMP/src" KDIR="$TMP/gcc" BUILD="$TMP/stopped"
	check "make BUILD=DIR stops before kbuild if scripts/sources fails" stopped
	cp "$TMP/sources" "$TMP/src/scripts/sources"
	chmod a+x "$TMP/src/scripts/sources"
}

# --- an ordinary user -------------------------------------------------------------------------

as_ordinary() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# list_src: each file with its time and size.
list_src() {
	find "$TMP/src" -printf '%p %T@ %s\n' | sort
}

# real_build TEXT: make BUILD=DIR; TEXT is all that the compiler may say.
real_build() {
	as_ordinary env -i PATH="$PATH" make -C "$TMP/src" KDIR="$HEADERS" BUILD="$TMP/elsewhere" \
		W=1 KCFLAGS=-Werror -j2 >"$OUT" 2>&1 || {
		cat "$OUT"
		return 1
	}
	cat "$OUT"
	[ "$(modinfo -F vermagic "$TMP/elsewhere/havege_rng.ko" | cut -d ' ' -f 1)" = \
		"${HEADERS#*headers-}" ] &&
	! grep -v 'the compiler differs' "$OUT" | grep -iE 'warning|error:'
}

nothing_to_do() {
	real_build && ! grep -E 'CC|LD' "$OUT"
}

user_tests() {
	chmod -R a+rX,a-w "$TMP/src"
	chmod 711 "$TMP"
	mkdir -m 1777 "$TMP/elsewhere"
	list_src >"$TMP/before"
	RC=0
	as_ordinary env -i PATH="$TMP/bin" make -s -C "$TMP/src" KDIR="$TMP/gcc" >"$OUT" 2>&1 || RC=$?
	check "make of an ordinary user in read-only sources fails with one line that names BUILD=" \
		one_line "cannot be written.*make BUILD=DIR"
	check "make BUILD=DIR W=1 KCFLAGS=-Werror -j2 builds there for ${HEADERS#*headers-}" real_build
	check "a second one compiles nothing" nothing_to_do
	list_src >"$TMP/after"
	check "the sources have not changed" diff "$TMP/before" "$TMP/after"
}
