# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# headers.sh - the kernel headers of this machine's own Debian release. Source it after lib.sh.
# get_headers installs them if they are missing, and sets HEADERS, their directory.

# shellcheck disable=SC2016 # the dollar is dpkg-query's
newest_headers() {
	dpkg-query -W -f '${Depends}\n' "$1" 2>/dev/null |
		grep -o 'linux-headers-[0-9][^ ,]*' | head -n 1
}

get_headers() {
	_meta=linux-headers-$(dpkg --print-architecture)
	[ -n "$(newest_headers "$_meta")" ] || step "Installing $_meta" apt_install "$_meta"
	HEADERS=/usr/src/$(newest_headers "$_meta")
	[ -f "$HEADERS/Makefile" ] || die "$_meta does not bring $HEADERS"
}
