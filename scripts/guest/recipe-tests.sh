#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# recipe-tests.sh - what the README has people do, on a Debian system as it boots everywhere. A
# service of that system runs it (scripts/vm.d/recipes.sh), on a fresh disk each time; guest= on the
# kernel's command line says which recipe: recipe-haveged, -egd, -cloud-init or -ansible. The lines
# of the README are run as they stand there (readme). Ends the machine: QEMU exits with 1. TAP on the
# second serial line, then "# end of the guest tests".

exec 3>/dev/ttyS1
stty -F /dev/ttyS1 raw -echo
echo "# guest is up" >&3

export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
HERE=$(pwd)
PART=$(sed 's/.*guest=recipe-\([^ ]*\).*/\1/' /proc/cmdline)
AMOUNT=$(sed 's/.*amount=\([^ ]*\).*/\1/' /proc/cmdline)
NAME=havege_rng
KVER=$(uname -r)
H=/sys/class/misc/hw_random
P=/sys/module/$NAME/parameters
S=/sys/devices/$NAME
R=/proc/sys/kernel/random
SOCKET=/run/havege-egd.sock
OUT=$HERE/out
# shellcheck source=tap.sh
. ./tap.sh
sed 's/^ *//' src/README >readme

# run COMMAND...: its output goes to OUT as well as on, line by line, for who waits. RC.
run() {
	_t=$(date +%s)
	echo "# $*" >&3
	{
		"$@" 2>&1 </dev/null
		echo $? >"$HERE/rc"
	} | tee "$OUT" | sed -u 's/^/#     /' >&3
	RC=$(cat "$HERE/rc")
	TOOK=$(($(date +%s) - _t))
}

# readme LINE [COMMAND]: that line is in the README; it, or COMMAND, which is the same for a test, is
# run and has to succeed.
readme() {
	if grep -qxF -e "$1" "$HERE/readme"; then
		run sh -c "${2:-$1}"
		WHY=$(cat "$OUT")
	else
		WHY="the README has no such line" RC=1
	fi
	result "$RC" "$1"
}

# is SEEN WANTED TEXT
is() {
	WHY="seen: $1; wanted: $2"
	[ "$1" = "$2" ]
	result $? "$3"
}

# wait_for SECONDS COMMAND...
wait_for() {
	_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $_end ] || return 1
		sleep 0.2
	done
}

# The module without its package: for those who are about something else.
put_module() {
	mkdir -p "/lib/modules/$KVER/updates" && cp "$NAME".ko* "/lib/modules/$KVER/updates/" && depmod
	modprobe $NAME
	result $? "the module loads"
}

# A repository that has the package, and no other.
put_repository() {
	mkdir -p /opt/repo && cp repo/* /opt/repo/
	rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
	echo "deb [trusted=yes] file:/opt/repo ./" >/etc/apt/sources.list
	run apt-get update
	result "$RC" "a repository with the package ($TOOK s)"
}

# knobs BUFFER THRESHOLD TEXT
knobs() {
	is "$(cat $P/buffer_size $P/fill_threshold | xargs)" "$1 $2" "$3"
	[ "$(head -c 256 /dev/hwrng | wc -c)" = 256 ] && [ "$(cat $H/rng_current)" = havege ]
	result $? "and /dev/hwrng delivers"
}

is_active() {
	[ "$(systemctl is-active "$1")" = active ]
}

no_haveged() {
	! pgrep -x haveged >/dev/null
}

# --- haveged ---------------------------------------------------------------------------------

test_haveged() {
	run dpkg -i haveged_*.deb libhavege2_*.deb
	result "$RC" "Debian's haveged is installed ($TOOK s)"
	wait_for 120 is_active haveged.service
	WHY=$(systemctl status haveged)
	result $? "and runs"
	echo 'DAEMON_ARGS="-w 1024"' >/etc/default/haveged
	systemctl restart haveged && wait_for 120 pgrep -f 'haveged .*-w 1024' >"$OUT"
	result $? "with what the administrator has asked for: -w 1024"
	is "$(cat $R/poolsize $R/write_wakeup_threshold | xargs)" "256 256" \
		"the pool has 256 bits, and the threshold is not that"
	put_repository
	mkdir build && cp repo/*.deb build/
	readme "apt install ./build/havege-rng-dkms_*_all.deb" \
		"apt-get -o Dpkg::Use-Pty=0 -y install ./build/havege-rng-dkms_*_all.deb"
	readme "cat /sys/devices/havege_rng/status"
	is "$(cat "$OUT")" ok "the module beside it is ok"
	readme "cat /sys/class/misc/hw_random/rng_current"
	is "$(cat "$OUT")" havege "and the current source"
	is_active haveged.service && ! no_haveged
	result $? "haveged goes on"
	run havege-status
	result "$RC" "havege-status: exit code 0"
	readme "apt-get purge haveged" "apt-get -o Dpkg::Use-Pty=0 -y purge haveged"
	wait_for 30 no_haveged
	result $? "haveged is gone"
	WHY=$(systemctl cat haveged 2>&1)
	! systemctl cat haveged >/dev/null 2>&1 && [ ! -e /etc/default/haveged ]
	result $? "with its unit, and what was in /etc/default"
	is "$(cat $R/entropy_avail)" 256 "entropy_avail is 256"
	is "$(head -c 65536 /dev/random | wc -c)" 65536 "and /dev/random does not wait"
	is "$(cat $S/status) $(cat $H/rng_current)" "ok havege" "the module is ok, and the current source"
	readme "apt purge havege-rng-dkms     takes all of it away, the loaded module too" \
		"apt-get -o Dpkg::Use-Pty=0 -y purge havege-rng-dkms"
	WHY=$(lsmod | grep havege; cat $H/rng_current)
	[ ! -e $S ] && [ ! -e /sys/module/$NAME ] && [ "$(cat $H/rng_current)" != havege ]
	result $? "and the loaded module"
	is "$(head -c 65536 /dev/random | wc -c)" 65536 "/dev/random goes on without either"
}

# --- the EGD server --------------------------------------------------------------------------

talk() {
	egdtalk "${WHERE:-$SOCKET}" "$@"
}

# as UID GID COMMAND...
as() {
	_u=$1 _g=$2
	shift 2
	setpriv --reuid="$_u" --regid="$_g" --clear-groups "$@"
}

show() {
	systemctl show -P "$1" havege-egd.service
}

of_status() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$SERVER/status"
}

said() {
	journalctl -q --no-pager -u havege-egd.service | grep -qF -e "$1"
}

test_egd() {
	put_module
	# Nothing is run from /run.
	cp egdtalk /usr/bin/
	cd src || return
	readme "make install-egd"
	readme "systemctl daemon-reload"
	readme "systemctl enable --now havege-egd.socket"
	is "$(stat -c '%a %U %G' $SOCKET)" "660 root kvm" "its socket is root's and the group's"
	is "$(systemctl is-active havege-egd.service)" inactive "nobody has asked: it does not run"
	talk get 32 60 >"$OUT" 2>"$HERE/err"
	WHY=$(cat "$HERE/err"; systemctl status --no-pager -n 20 havege-egd.socket havege-egd.service)
	[ "$(wc -c <"$OUT")" = 32 ]
	_rc=$?
	result $_rc "the first one who asks is served"
	[ $_rc = 0 ] || return
	SERVER=$(show MainPID)
	is "$(talk pid)" "$SERVER" "by the service"
	WHY="uid $(of_status Uid), capabilities $(of_status CapEff) $(of_status CapBnd)"
	[ "$(of_status Uid | cut -f1)" -ge 60000 ] && [ "$(of_status CapEff)" = 0000000000000000 ] &&
		[ "$(of_status CapBnd)" = 0000000000000000 ] && [ "$(of_status NoNewPrivs)" = 1 ] &&
		[ "$(of_status Seccomp)" = 2 ]
	result $? "a user of its own, without rights ($WHY)"
	WHY=$(ls -l "/proc/$SERVER/fd")
	is "$(readlink "/proc/$SERVER/fd/0")" /dev/hwrng "its source is /dev/hwrng"
	as 65534 65534 egdtalk $SOCKET pid >"$OUT" 2>&1
	WHY=$(cat "$OUT")
	grep -q "$SOCKET: Permission denied" "$OUT"
	result $? "other users cannot ask"
	is "$(as 65534 "$(getent group kvm | cut -d: -f3)" egdtalk $SOCKET pid)" "$SERVER" \
		"those of the group can"
	_out=$(cat $S/bytes_out)
	talk get 3000 60 >"$OUT"
	WHY="$(wc -c <"$OUT") bytes; bytes_out $_out, then $(cat $S/bytes_out)"
	[ "$(wc -c <"$OUT")" = 3000 ] && [ $(($(cat $S/bytes_out) - _out)) -ge 2936 ]
	result $? "its bytes are the module's ($WHY)"
	WHY="level $(talk level), fill_level $(cat $S/fill_level)"
	[ "$(talk level)" -gt 512 ]
	result $? "it says what is ready ($WHY)"

	# Those that wait do so at the same time.
	egdtalk cases >"$HERE/cases"
	while read -r _name _text; do
		{
			_rc=0
			talk "$_name" >"$HERE/case.$_name" 2>&1 || _rc=$?
			echo $_rc >"$HERE/case.$_name.rc"
		} &
	done <"$HERE/cases"
	while read -r _name _text; do
		wait_for 200 [ -s "$HERE/case.$_name.rc" ]
		WHY="code $(cat "$HERE/case.$_name.rc"): $(cat "$HERE/case.$_name")"
		[ "$(cat "$HERE/case.$_name.rc")" = 0 ]
		result $? "$_text"
	done <"$HERE/cases"
	_secs=20
	[ "$AMOUNT" != long ] || _secs=120
	_cpu=$(show CPUUsageNSec)
	talk crowd 64 $_secs >"$OUT"
	WHY="$(cat "$OUT") memory $(show MemoryCurrent), CPU $((($(show CPUUsageNSec) - _cpu) / 1000000)) ms"
	_served=$(sed -n 's/.*served=\([0-9]*\).*/\1/p' "$OUT")
	_longest=$(sed -n 's/.*longest=\([0-9]*\).*/\1/p' "$OUT")
	[ "$_served" -ge $((_secs / 5)) ] && [ "$_longest" -lt 15000 ] && grep -q 'wrong=0' "$OUT"
	result $? "64 clients at it for $_secs s: one that behaves is served ($WHY)"
	is "$(show MainPID) $(show NRestarts)" "$SERVER 0" "it is the same process as before"
	WHY=$(show MemoryCurrent)
	[ "$WHY" -lt 8388608 ]
	result $? "and has not grown ($WHY bytes)"
	wait_for 30 [ "$(cat $S/status)" = ok ] && [ "$(head -c 32 /dev/hwrng | wc -c)" = 32 ]
	result $? "and others still read /dev/hwrng"

	modprobe -r $NAME
	result $? "the module can go while it runs"
	talk get 16 60 >"$OUT" &
	_asker=$!
	sleep 2
	modprobe $NAME
	wait $_asker && [ "$(wc -c <"$OUT")" = 16 ]
	result $? "who has asked meanwhile is served when it is back"
	modprobe -r $NAME && modprobe $NAME mode=stream
	talk get 16 5 >"$OUT" 2>&1
	is "$(grep -c 'not answered' "$OUT")" 1 "in mode=stream nothing is served"
	said "havege_rng is not in mode=conditioned"
	result $? "and the journal says why"
	modprobe -r $NAME && modprobe $NAME
	talk get 16 30 >"$OUT"
	is "$(wc -c <"$OUT")" 16 "in mode=conditioned it is"

	grep -qxF 'ListenStream=127.0.0.1:8888' "$HERE/readme"
	result $? "the README has a port for it"
	mkdir -p /etc/systemd/system/havege-egd.socket.d
	printf '[Socket]\nListenStream=127.0.0.1:8888\n' >/etc/systemd/system/havege-egd.socket.d/override.conf
	ip link set lo up 2>/dev/null
	systemctl daemon-reload
	systemctl stop havege-egd.service && systemctl restart havege-egd.socket
	result $? "it is told to listen there, too"
	is "$(WHERE=8888 talk get 16 30 | wc -c) $(talk get 16 30 | wc -c)" "16 16" \
		"and serves both"
	printf '[Socket]\nListenStream=0.0.0.0:8889\n' >/etc/systemd/system/havege-egd.socket.d/override.conf
	systemctl daemon-reload
	systemctl stop havege-egd.service
	systemctl restart havege-egd.socket
	WHERE=8889 talk get 16 5 >"$OUT" 2>&1
	! [ "$(wc -c <"$OUT")" = 16 ] && wait_for 20 said "no unix socket, nor on a loopback address"
	result $? "on an address that other machines reach it does not serve"
	systemctl stop havege-egd.socket
	rm -r /etc/systemd/system/havege-egd.socket.d
	systemctl daemon-reload
	systemctl reset-failed havege-egd.service havege-egd.socket
	systemctl start havege-egd.socket
	is "$(talk get 16 30 | wc -c)" 16 "and without that it does again"
	echo "# $(systemd-analyze --no-pager security havege-egd.service | tail -n 1)" >&3

	_rule=$(sed -n 's/.*rules\.d\/90-hwrng\.rules: *//p' README)
	echo "$_rule" >/etc/udev/rules.d/90-hwrng.rules
	udevadm control --reload && udevadm trigger --settle /dev/hwrng
	is "$(stat -c '%a %G' /dev/hwrng)" "440 kvm" "the README's rule gives /dev/hwrng to the group: $_rule"
	run make uninstall-egd
	systemctl disable --now havege-egd.socket havege-egd.service >/dev/null 2>&1
	[ "$RC" = 0 ] && [ ! -e /usr/local/sbin/havege-egd ] && [ ! -e /etc/systemd/system/havege-egd.socket ]
	result $? "make uninstall-egd"
	cd "$HERE" || return
}

# --- base images -----------------------------------------------------------------------------

test_cloud_init() {
	put_repository
	rm /etc/cloud/cloud-init.disabled
	# Only the modules that the snippet is for: others want ssh, sudo and locales.
	cat >/etc/cloud/cloud.cfg.d/99-tests.cfg <<-'END'
		datasource_list: [NoCloud]
		cloud_init_modules: [write-files]
		cloud_config_modules: [apt-configure]
		cloud_final_modules: [package-update-upgrade-install]
	END
	mkdir -p /var/lib/cloud/seed/nocloud
	echo 'instance-id: tests' >/var/lib/cloud/seed/nocloud/meta-data
	cp src/recipes/cloud-init.yaml /var/lib/cloud/seed/nocloud/user-data
	run cloud-init init --local
	run cloud-init init
	result "$RC" "cloud-init takes the snippet ($TOOK s)"
	is "$(cat /etc/modprobe.d/havege_rng.conf)" "options havege_rng buffer_size=32 fill_threshold=100000" \
		"the knobs are written"
	run cloud-init modules --mode=config
	run cloud-init modules --mode=final
	result "$RC" "cloud-init does what it says ($TOOK s)"
	WHY=$(grep -iE 'warn|error|fail' /var/log/cloud-init.log | tail -n 20)
	# shellcheck disable=SC2016 # dpkg's
	is "$(dpkg-query -W -f '${Status}' havege-rng-dkms)" "install ok installed" "the package is installed"
	knobs 32 100000 "the module runs with the knobs"
}

# play [OPTION]...: the role on this machine; CHANGED
play() {
	run ansible-playbook -c local -i localhost, "$@" site.yml
	WHY=$(tail -n 30 "$OUT")
	CHANGED=$(sed -n 's/.*changed=\([0-9]*\).*/\1/p' "$OUT")
}

test_ansible() {
	put_repository
	cd src/recipes/ansible || return
	play
	result "$RC" "the role is played ($TOOK s)"
	is "$(grep -v '^#' /etc/modprobe.d/havege_rng.conf)" \
		"options havege_rng buffer_size=32 fill_threshold=100000" "the knobs are written"
	# shellcheck disable=SC2016
	is "$(dpkg-query -W -f '${Status}' havege-rng-dkms)" "install ok installed" "the package is installed"
	knobs 32 100000 "the module runs with the knobs"
	play -e '{"havege_rng_knobs": {"buffer_size": 64, "fill_threshold": 200000}}'
	[ "$RC" = 0 ] && [ "$CHANGED" = 3 ]
	result $? "played again, with other knobs ($TOOK s, changed=$CHANGED)"
	knobs 64 200000 "the module runs with those"
	play -e '{"havege_rng_knobs": {"buffer_size": 64, "fill_threshold": 200000}}'
	[ "$RC" = 0 ] && [ "$CHANGED" = 0 ]
	result $? "played once more it changes nothing ($TOOK s, changed=$CHANGED)"
	cd "$HERE" || return
}

case $PART in
haveged)	test_haveged ;;
egd)		test_egd ;;
cloud-init)	test_cloud_init ;;
ansible)	test_ansible ;;
*)		echo "not ok 1 - '$PART' is a recipe" >&3 ;;
esac

system_is_well
end_of_tests
printf '\000' | dd of=/dev/port bs=1 seek=244 conv=notrunc 2>/dev/null
