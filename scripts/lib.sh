# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# lib.sh - functions of the scripts in scripts/, tests/ and tools/. POSIX sh. Source it first:
#
#   . "$(dirname "$0")/lib.sh"
#
# The caller is one directory below the top of the checkout. It gets:
#   TOP       the top of the checkout
#   CACHE     a directory outside the checkout for files that are slow to make; not made here
#   TMP       a temporary directory, removed at the end
#   say, die, misused, print_usage, need, as_root, step, on_exit, end_tree, pass, fail, check,
#   no_lines, count_tap, summary, conf, not_packaged, pack_sources, with_proc, kept, part, count_in, count_part
# and traps on EXIT, INT, TERM, HUP and PIPE: use on_exit, not trap.

TOP=${TOP:-$(cd "$(dirname "$0")/.." && pwd)}
# shellcheck disable=SC2034 # for those who source this
CACHE=${HAVEGE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/havege_rng}
# An ordinary user's PATH has no mke2fs, no modinfo and no chroot.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
PASSED=0
FAILED=0
AT_EXIT=
TICKER=

TMP=$(mktemp -d) || exit 1

# on_exit 'COMMAND': runs it when the script ends, also by a signal; the last one first.
on_exit() {
	AT_EXIT="$1
$AT_EXIT"
}

trap 'eval "$AT_EXIT"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
trap 'exit 141' PIPE
# shellcheck disable=SC2016 # expanded when it runs
on_exit 'rm -rf "$TMP"'
# shellcheck disable=SC2016
on_exit '[ -z "$TICKER" ] || kill -9 "$TICKER" 2>/dev/null || :'

# end_tree PID [SIGNAL]: ends the process, then its descendants: in the other order it would start the
# next one. It needs pgrep.
end_tree() {
	_children=$(pgrep -P "$1")
	kill -s "${2:-TERM}" "$1" 2>/dev/null || :
	for _child in $_children; do
		end_tree "$_child" "${2:-TERM}"
	done
}

# conf NAME: prints the value of NAME in dkms.conf, which also has the version.
conf() {
	sed -n "s/^$1=\"\\(.*\\)\"/\\1/p" "$TOP/dkms.conf"
}

# not_packaged: stops if a package has installed the module here: its files are not ours.
not_packaged() {
	_name=$(conf PACKAGE_NAME)
	[ ! -e "/usr/lib/modules-load.d/$_name.conf" ] ||
		die "$_name is installed as a package: remove the package first" \
			"(Debian: apt-get purge havege-rng-dkms)"
}

now() {
	date +%s
}

# pack_sources TAR: the files that git has or would add; without git, all but build products.
pack_sources() {
	if git -C "$TOP" rev-parse --git-dir >/dev/null 2>&1; then
		git -C "$TOP" ls-files -z --cached --others --exclude-standard |
			tar -C "$TOP" --null -T - --ignore-failed-read --owner=0 --group=0 -cf "$1"
	else
		tar -C "$TOP" --exclude-vcs --exclude='*.o' --exclude='*.ko' --exclude='*.cmd' \
			--owner=0 --group=0 -cf "$1" .
	fi
}

# say TEXT: prints that a step begins.
say() {
	printf '==> %s\n' "$*"
}

# die TEXT: prints why the script cannot continue; ends it with code 1.
die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# misused TEXT: prints what is wrong with the arguments; ends the script with code 2.
misused() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 2
}

# print_usage: prints the lines of the script's head that begin with a tab; ends with code 2.
print_usage() {
	sed -n 's/^#	//p' "$0" >&2
	exit 2
}

# --help: the whole head.
if [ "${1-}" = --help ]; then
	sed -n '4,/^$/s/^# \{0,1\}//p' "$0"
	exit
fi

# as_root COMMAND...: runs it as root, through sudo if we are not root.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "root is needed for '$*' and there is no sudo; run this as root"
	fi
}

# with_proc ROOT COMMAND...: runs it as root, on this machine, with the /proc that dkms needs in
# ROOT. The mount is in a namespace of its own, and ends with the command, even if that is killed. In
# a chroot whose top is no mount point the namespace cannot be private: there umount ends it. ALONE:
# more options of unshare.
with_proc() {
	_prop=private
	as_root unshare --mount true 2>/dev/null || _prop=unchanged
	# shellcheck disable=SC2016 # the inner shell's
	# shellcheck disable=SC2086 # words
	as_root unshare --mount --propagation "$_prop" ${ALONE-} sh -c '
		root=$1; shift
		mount -t proc proc "$root/proc" || exit
		"$@"
		rc=$?
		umount "$root/proc"
		exit $rc' sh "$@"
}

# need TOOL[:PACKAGE]...: installs the Debian package (default: the tool's name) of each tool that is
# missing. A TOOL with a / is a file.
need() {
	_pkgs=''
	_tools=''
	for _n; do
		_t=${_n%%:*}
		case $_t in
		*/*)	[ -e "$_t" ] && continue ;;
		*)	command -v "$_t" >/dev/null && continue ;;
		esac
		_tools="$_tools $_t"
		_pkgs="$_pkgs ${_n#*:}"
	done
	[ -n "$_pkgs" ] || return 0
	command -v apt-get >/dev/null ||
		die "missing:$_tools. There is no apt-get here to install$_pkgs with: install them yourself"
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		die "missing:$_tools. Install them as root: apt-get install$_pkgs"
	step "Installing$_pkgs" apt_install "$_pkgs"
	# The package may not have the tool.
	for _n; do
		_t=${_n%%:*}
		case $_t in
		*/*)	[ -e "$_t" ] || die "$_t is missing, even with ${_n#*:} installed" ;;
		*)	command -v "$_t" >/dev/null ||
				die "$_t is missing, even with ${_n#*:} installed" ;;
		esac
	done
}

# One word of packages, so that it can be a step. One at a time: apt-get does not wait for another.
apt_install() (
	mkdir -p "$CACHE" && exec 7>"$CACHE/apt.lock" && flock 7 && apt_install_locked "$1"
)

# apt's package lists may be old or missing: update them if the installation fails.
apt_install_locked() {
	# shellcheck disable=SC2086 # a list of words
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $1 ||
	{ as_root apt-get update &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
			--no-install-recommends $1; }
}

# ticker FILE: prints every 15 s the time since its start and the last line of FILE.
ticker() {
	_t0=$(now)
	# The sleep outlives us by some seconds: it must hold no file open, nor the caller's lock
	# on descriptor 9.
	while sleep 15 >/dev/null 2>&1 9>&-; do
		printf '    %s s: %s\n' "$(($(now) - _t0))" \
			"$(tail -n 1 "$1" | tr -d '\r' | cut -c 1-70)"
	done
}

# run_quiet COMMAND...: runs it with its output to TMP/log, shows progress, returns its code. It runs
# in a subshell, where die ends only the command and set -e does nothing: chain with &&.
run_quiet() {
	: >"$TMP/log"
	ticker "$TMP/log" &
	TICKER=$!
	_rc=0
	("$@") >"$TMP/log" 2>&1 </dev/null || _rc=$?
	# Not TERM: a shell that has just forked may still have our trap and lose the signal.
	kill -9 "$TICKER" 2>/dev/null
	wait "$TICKER" 2>/dev/null || :
	TICKER=
	return $_rc
}

# step TEXT COMMAND...: prints TEXT, runs the command quietly, prints how long it took. If it fails,
# shows the end of its output and ends the script.
step() {
	say "$1"
	_what=$1 _step0=$(now)
	shift
	run_quiet "$@" || {
		_rc=$?
		tail -n 40 "$TMP/log" | sed 's/^/    /' >&2
		die "'$_what' failed with code $_rc after $(($(now) - _step0)) s (its last lines are above)"
	}
	printf '    done in %s s\n' "$(($(now) - _step0))"
}

# no_lines PATTERN FILE: prints the lines of FILE that match PATTERN (grep -iE), and fails if there are
# any. FILE may be the log that the output goes to: there grep -v and "! grep" find nothing.
no_lines() {
	! grep -niE -e "$1" "$2" >"$TMP/lines" || {
		cat "$TMP/lines"
		return 1
	}
}

pass() {
	PASSED=$((PASSED + 1))
	printf 'ok - %s\n' "$*"
}

fail() {
	FAILED=$((FAILED + 1))
	printf 'not ok - %s\n' "$*"
}

# check TEXT COMMAND...: a test, passed if the command exits with 0; shows its output if it fails.
check() {
	_what=$1 _step0=$(now)
	shift
	if run_quiet "$@"; then
		pass "$_what ($(($(now) - _step0)) s)"
	else
		fail "$_what (code $?)"
		tail -n 40 "$TMP/log" | sed 's/^/# /'
		return 0
	fi
}

# count_tap FILE: adds the TAP lines of FILE (those at the left margin) to the counts. A skipped test
# has not passed.
count_tap() {
	PASSED=$((PASSED + $(grep '^ok ' "$1" | grep -vc '# SKIP' || :)))
	FAILED=$((FAILED + $(grep -c '^not ok ' "$1" || :)))
}

# summary: prints the last line; false if a test failed or none ran.
summary() {
	printf '%s passed, %s failed\n' "$PASSED" "$FAILED"
	[ "$FAILED" = 0 ] && [ "$PASSED" != 0 ]
}

# kept FILE COMMAND...: shows its output and keeps it in FILE; writes its code to TMP/rc.
kept() {
	_kept=$1
	shift
	{
		_rc=0
		"$@" 2>&1 </dev/null || _rc=$?
		echo "$_rc" >"$TMP/rc"
	} | tee "$_kept"
}

# part WHAT COMMAND...: runs a command that ends with a count, shows its output, adds the count to
# ours.
part() {
	_part=$1
	_part0=$(now)
	shift
	say "$_part: $*"
	kept "$TMP/part" "$@"
	count_part "$_part" "$TMP/part" "$(cat "$TMP/rc")" "$(($(now) - _part0))"
}

# count_in FILE: prints the last count in FILE.
count_in() {
	grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$1" | tail -n 1
}

# count_part WHAT FILE CODE SECONDS: adds the last count in FILE to ours. A command without a count,
# or with an error but no failure, counts as one failure. TMP/parts gets a line for it, and one for
# each test that failed. Sets _p and _f, the counts, and _why, what was wrong with them.
count_part() {
	_count=$(count_in "$2")
	_p=${_count%% *}
	_f=${_count#*, }
	_f=${_f% failed}
	_why=
	if [ -z "$_count" ]; then
		_p=0 _f=1
		_why=" (it printed no count; exit code $3)"
	elif [ "$3" != 0 ] && [ "$_f" = 0 ]; then
		_f=1
		_why=" (exit code $3)"
	fi
	PASSED=$((PASSED + _p))
	FAILED=$((FAILED + _f))
	_line="$1: $_p passed, $_f failed$_why, $4 s"
	say "$_line"
	echo "    $_line" >>"$TMP/parts"
	[ "$_f" = 0 ] || failures_in "$2" >>"$TMP/parts"
}

# failures_in FILE: prints the tests that failed, by TAP or by kunit.py, and what KUnit expected; the
# first ones of many.
failures_in() {
	grep -aE '^not ok|^\[[0-9:]+\] (\[FAILED\]| *#.* FAILED at| *Expected) ' "$1" | head -n 20 |
		sed 's/^/        /'
}
