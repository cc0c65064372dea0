# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# lib.sh - what the scripts here share. POSIX sh. Source it first thing:
#
#	. "$(dirname "$0")/lib.sh"
#
# The caller lies one directory below the top of the checkout. It gets:
#   TOP       the top of the checkout
#   CACHE     where things live that are slow to make; outside the checkout, and made by
#             whoever puts something there
#   TMP       a temporary directory, removed at the end
#   say, die, need, as_root, step, on_exit, pass, fail, check, count_tap, summary,
#   conf, not_packaged, pack_sources, with_proc, kept, part
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

# on_exit 'COMMAND': runs when the script ends, whatever the reason; last in, first out.
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

# conf NAME: what dkms.conf, where the version stands, says for NAME.
conf() {
	sed -n "s/^$1=\"\\(.*\\)\"/\\1/p" "$TOP/dkms.conf"
}

# not_packaged: stops where a package has put the module on this machine: its files are not ours.
not_packaged() {
	_name=$(conf PACKAGE_NAME)
	[ ! -e "/usr/lib/modules-load.d/$_name.conf" ] ||
		die "$_name is installed as a package: remove that first (Debian: apt-get purge havege-rng-dkms)"
}

now() {
	date +%s
}

# pack_sources TAR: the sources as git would commit them, as a tar file; without git all but build products.
pack_sources() {
	if git -C "$TOP" rev-parse --git-dir >/dev/null 2>&1; then
		git -C "$TOP" ls-files -z --cached --others --exclude-standard |
			tar -C "$TOP" --null -T - --ignore-failed-read --owner=0 --group=0 -cf "$1"
	else
		tar -C "$TOP" --exclude-vcs --exclude='*.o' --exclude='*.ko' --exclude='*.cmd' \
			--owner=0 --group=0 -cf "$1" .
	fi
}

# say TEXT: a step begins.
say() {
	printf '==> %s\n' "$*"
}

# die TEXT: the script cannot go on; says why.
die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# as_root COMMAND...: as root, through sudo where we are not root.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "root is needed for '$*' and there is no sudo; run this as root"
	fi
}

# with_proc ROOT COMMAND...: runs it, as root, on this machine, with the /proc that dkms wants in
# ROOT. In a mount namespace of its own, so that the mount is gone with the command, however that
# ends. In a chroot whose top is no mount point the namespace cannot be made private: there umount
# has to do.
with_proc() {
	_prop=private
	as_root unshare --mount true 2>/dev/null || _prop=unchanged
	# shellcheck disable=SC2016 # the inner shell's
	as_root unshare --mount --propagation "$_prop" sh -c '
		root=$1; shift
		mount -t proc proc "$root/proc" || exit
		"$@"
		rc=$?
		umount "$root/proc"
		exit $rc' sh "$@"
}

# need TOOL[:PACKAGE]...: the tool must be there; where it is not, its Debian package (of the
# same name unless said otherwise) is installed. A TOOL with a / is a file that must exist.
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
	# A Debian package can be fine and yet not bring what we named.
	for _n; do
		_t=${_n%%:*}
		case $_t in
		*/*)	[ -e "$_t" ] || die "$_t is missing, even with ${_n#*:} installed" ;;
		*)	command -v "$_t" >/dev/null ||
				die "$_t is missing, even with ${_n#*:} installed" ;;
		esac
	done
}

# One word of packages, so that it can be a step. The lists may be old or not there at all.
apt_install() {
	# shellcheck disable=SC2086 # a list of words
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $1 ||
	{ as_root apt-get update &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
			--no-install-recommends $1; }
}

# Every 15 s, how long it has taken and the newest line of the log FILE.
ticker() {
	_t0=$(now)
	# The sleep outlives us by some seconds: it must hold nothing open, our caller's lock on
	# descriptor 9 neither.
	while sleep 15 >/dev/null 2>&1 9>&-; do
		printf '    %s s: %s\n' "$(($(now) - _t0))" \
			"$(tail -n 1 "$1" | tr -d '\r' | cut -c 1-70)"
	done
}

# run_quiet COMMAND...: its output goes to $TMP/log; progress is shown. Its exit code. It runs
# in a subshell, where die ends only the command; set -e does nothing in it: chain with &&.
run_quiet() {
	: >"$TMP/log"
	ticker "$TMP/log" &
	TICKER=$!
	_rc=0
	("$@") >"$TMP/log" 2>&1 </dev/null || _rc=$?
	# Not TERM: a shell that has just forked can still have our trap for it, and loses it.
	kill -9 "$TICKER" 2>/dev/null
	wait "$TICKER" 2>/dev/null || :
	TICKER=
	return $_rc
}

# step TEXT COMMAND...: a step that has to work: says what, runs it quietly, says how long it
# took; shows the end of its output and stops where it fails.
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

pass() {
	PASSED=$((PASSED + 1))
	printf 'ok - %s\n' "$*"
}

fail() {
	FAILED=$((FAILED + 1))
	printf 'not ok - %s\n' "$*"
}

# check TEXT COMMAND...: a test: passed when the command exits with 0; its output is shown
# where it does not.
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

# count_tap FILE: adds the TAP lines of FILE (those at the left margin) to the counts. What was
# skipped has not passed.
count_tap() {
	PASSED=$((PASSED + $(grep '^ok ' "$1" | grep -vc '# SKIP' || :)))
	FAILED=$((FAILED + $(grep -c '^not ok ' "$1" || :)))
}

# summary: the closing line; false where a test failed or none ran.
summary() {
	printf '%s passed, %s failed\n' "$PASSED" "$FAILED"
	[ "$FAILED" = 0 ] && [ "$PASSED" != 0 ]
}

# kept FILE COMMAND...: what it prints is shown as it comes, and kept in FILE; its exit code, which
# is not tee's, in $TMP/rc.
kept() {
	_kept=$1
	shift
	{
		_rc=0
		"$@" 2>&1 </dev/null || _rc=$?
		echo "$_rc" >"$TMP/rc"
	} | tee "$_kept"
}

# part WHAT COMMAND...: a command that ends with a count, which is added to ours; what it prints is
# shown as it comes. One that exits with an error but counted no failure counts as one, and so does
# one that counted nothing. A line for it goes to $TMP/parts.
part() {
	_what=$1
	_begun=$(now)
	shift
	say "$_what: $*"
	kept "$TMP/part" "$@"
	_rc=$(cat "$TMP/rc")

	_count=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$TMP/part" | tail -n 1)
	_p=${_count%% *}
	_f=${_count#*, }
	_f=${_f% failed}
	_why=
	if [ -z "$_count" ]; then
		_p=0 _f=1
		_why=" (it printed no count; exit code $_rc)"
	elif [ "$_rc" != 0 ] && [ "$_f" = 0 ]; then
		_f=1
		_why=" (exit code $_rc)"
	fi
	PASSED=$((PASSED + _p))
	FAILED=$((FAILED + _f))
	_line="$_what: $_p passed, $_f failed$_why, $(($(now) - _begun)) s"
	say "$_line"
	echo "    $_line" >>"$TMP/parts"
}
