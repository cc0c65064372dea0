# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# mirrors.sh - the Debian mirrors of this machine. Source it after lib.sh. The caller sets BASE, a
# release; SUITE, the same, or one that is not complete; SECURITY, empty without security updates. It
# gets:
#   debian_sources   prints them as lines of sources.list. On another distribution there are none:
#                    mmdebstrap then uses its default

debian_sources() {
	# shellcheck disable=SC2016 # the dollars are apt's
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(SITE)' 2>/dev/null | sort -u |
	while read -r origin label site; do
		case $origin:$label in
		Debian:Debian)
			echo "deb $site $BASE main"
			[ "$SUITE" = "$BASE" ] || echo "deb $site $SUITE main" ;;
		Debian:Debian-Security)
			[ "$BASE" = sid ] || [ -z "$SECURITY" ] || echo "deb $site $BASE-security main" ;;
		esac
	done
}
