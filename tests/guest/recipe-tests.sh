#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# recipe-tests.sh - runs the documentation's recipes on a Debian system with systemd, each on a
# fresh disk (tests/vm.d/recipes.sh). guest= on the kernel's command line has the recipe:
# recipe-haveged, -egd, -cloud-init or -ansible. Prints TAP on the second serial line, then "# end
# of the guest tests". Ends the machine; QEMU exits with 1.

# shellcheck source=tap.sh
. ./tap.sh
tap_on_serial

export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
	DEBIAN_FRONTEND=noninteractive
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
# tap.sh uses these two. Polls that run systemctl are slow: poll less often.
OUT=$HERE/out
PAUSE=0.2
sed 's/^ *//' src/Documentation/install.rst src/Documentation/haveged.rst \
	src/Documentation/admin-guide.rst >readme

# test_documented LINE [COMMAND]: tests that LINE is in the documentation and succeeds; COMMAND is
# the same without questions to the user.
test_documented() {
	if grep -qxF -e "$1" "$HERE/readme"; then
		run_logged sh -c "${2:-$1}"
		WHY=$(cat "$OUT")
	else
		WHY="the documentation has no such line" RC=1
	fi
	result "$RC" "$1"
}

# put_module: installs the module without its package.
put_module() {
	mkdir -p "/lib/modules/$KVER/updates" && cp "$NAME".ko* "/lib/modules/$KVER/updates/" &&
		depmod
	modprobe $NAME
	result $? "the module loads"
}

# put_repository: a repository with the package only.
put_repository() {
	mkdir -p /opt/repo && cp repo/* /opt/repo/
	rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
	echo "deb [trusted=yes] file:/opt/repo ./" >/etc/apt/sources.list
	run_logged apt-get update
	result "$RC" "a repository with the package ($SECS s)"
}

# test_parameters BUFFER THRESHOLD TEXT: tests the two parameters, and a read.
test_parameters() {
	is "$(cat $P/buffer_size $P/fill_threshold | xargs)" "$1 $2" "$3"
	[ "$(head -c 256 /dev/hwrng | wc -c)" = 256 ] && [ "$(cat $H/rng_current)" = havege ]
	result $? "/dev/hwrng delivers"
}

is_active() {
	[ "$(systemctl is-active "$1")" = active ]
}

no_haveged() {
	! pgrep -x haveged >/dev/null
}

# --- haveged ---------------------------------------------------------------------------------

recipe_haveged() {
	run_logged dpkg -i haveged_*.deb libhavege2_*.deb
	result "$RC" "Debian's haveged is installed ($SECS s)"
	wait_for 120 is_active haveged.service
	WHY=$(systemctl status haveged)
	result $? "haveged runs"
	echo 'DAEMON_ARGS="-w 1024"' >/etc/default/haveged
	systemctl restart haveged && wait_for 120 pgrep -f 'haveged .*-w 1024' >"$OUT"
	result $? "haveged runs with the administrator's option -w 1024"
	is "$(cat $R/poolsize $R/write_wakeup_threshold | xargs)" "256 256" \
		"the pool and its threshold have 256 bits"
	put_repository
	mkdir build && cp repo/*.deb build/
	test_documented "apt install ./build/havege-rng-dkms_*_all.deb" \
		"apt-get -o Dpkg::Use-Pty=0 -y install ./build/havege-rng-dkms_*_all.deb"
	test_documented "cat /sys/devices/havege_rng/status"
	is "$(cat "$OUT")" ok "the module beside haveged: status is ok"
	test_documented "cat /sys/class/misc/hw_random/rng_current"
	is "$(cat "$OUT")" havege "the module is the current source"
	is_active haveged.service && ! no_haveged
	result $? "haveged still runs"
	run_logged havege-status
	result "$RC" "havege-status: exit code 0"
	test_documented "apt-get purge haveged" "apt-get -o Dpkg::Use-Pty=0 -y purge haveged"
	wait_for 30 no_haveged
	result $? "haveged has ended"
	WHY=$(systemctl cat haveged 2>&1)
	! systemctl cat haveged >/dev/null 2>&1 && [ ! -e /etc/default/haveged ]
	result $? "its unit and /etc/default/haveged are removed"
	is "$(cat $R/entropy_avail)" 256 "entropy_avail is 256"
	is "$(head -c 65536 /dev/random | wc -c)" 65536 "/dev/random does not wait"
	is "$(cat $S/status) $(cat $H/rng_current)" "ok havege" \
		"the module is ok and the current source"
	test_documented "apt purge havege-rng-dkms" \
		"apt-get -o Dpkg::Use-Pty=0 -y purge havege-rng-dkms"
	WHY=$(lsmod | grep havege; cat $H/rng_current)
	[ ! -e $S ] && [ ! -e /sys/module/$NAME ] && [ "$(cat $H/rng_current)" != havege ]
	result $? "the module is unloaded"
	is "$(head -c 65536 /dev/random | wc -c)" 65536 \
		"/dev/random works without haveged and module"
}

# --- the EGD server --------------------------------------------------------------------------

talk_egd() {
	egdtalk "${WHERE:-$SOCKET}" "$@"
}

# as_user UID GID COMMAND...: runs it without other groups.
as_user() {
	_u=$1 _g=$2
	shift 2
	setpriv --reuid="$_u" --regid="$_g" --clear-groups "$@"
}

service_property() {
	systemctl show -P "$1" havege-egd.service
}

of_status() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$SERVER/status"
}

journal_has() {
	journalctl -q --no-pager -u havege-egd.service | grep -qF -e "$1"
}

recipe_egd() {
	put_module
	# /run is mounted noexec.
	cp egdtalk /usr/bin/
	cd src || return
	test_documented "make install-egd"
	test_documented "systemctl daemon-reload"
	test_documented "systemctl enable --now havege-egd.socket"
	is "$(stat -c '%a %U %G' $SOCKET)" "660 root kvm" \
		"the socket belongs to root and the group kvm"
	is "$(systemctl is-active havege-egd.service)" inactive \
		"the service does not run before the first client"
	talk_egd get 32 60 >"$OUT" 2>"$HERE/err"
	WHY=$(cat "$HERE/err"; systemctl status --no-pager -n 20 havege-egd.socket havege-egd.service)
	[ "$(wc -c <"$OUT")" = 32 ]
	_rc=$?
	result $_rc "the first client gets its bytes"
	[ $_rc = 0 ] || return
	SERVER=$(service_property MainPID)
	is "$(talk_egd pid)" "$SERVER" "the service answered"
	WHY="uid $(of_status Uid), capabilities $(of_status CapEff) $(of_status CapBnd)"
	[ "$(of_status Uid | cut -f1)" -ge 60000 ] &&
		[ "$(of_status CapEff)" = 0000000000000000 ] &&
		[ "$(of_status CapBnd)" = 0000000000000000 ] && [ "$(of_status NoNewPrivs)" = 1 ] &&
		[ "$(of_status Seccomp)" = 2 ]
	result $? "the service has its own user and no capabilities ($WHY)"
	WHY=$(ls -l "/proc/$SERVER/fd")
	is "$(readlink "/proc/$SERVER/fd/0")" /dev/hwrng "the service reads /dev/hwrng"
	as_user 65534 65534 egdtalk $SOCKET pid >"$OUT" 2>&1
	WHY=$(cat "$OUT")
	grep -q "$SOCKET: Permission denied" "$OUT"
	result $? "other users cannot connect"
	is "$(as_user 65534 "$(getent group kvm | cut -d: -f3)" egdtalk $SOCKET pid)" "$SERVER" \
		"users of the group can connect"
	_out=$(cat $S/bytes_out)
	talk_egd get 3000 60 >"$OUT"
	WHY="$(wc -c <"$OUT") bytes; bytes_out $_out, then $(cat $S/bytes_out)"
	[ "$(wc -c <"$OUT")" = 3000 ] && [ $(($(cat $S/bytes_out) - _out)) -ge 2936 ]
	result $? "its bytes come from the module ($WHY)"
	WHY="level $(talk_egd level), fill_level $(cat $S/fill_level)"
	[ "$(talk_egd level)" -gt 512 ]
	result $? "it reports the ready bits ($WHY)"

	# All at once: some cases wait long.
	egdtalk cases >"$HERE/cases"
	while read -r _name _text; do
		{
			_rc=0
			talk_egd "$_name" >"$HERE/case.$_name" 2>&1 || _rc=$?
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
	_cpu=$(service_property CPUUsageNSec)
	talk_egd crowd 64 $_secs >"$OUT"
	WHY="$(cat "$OUT") memory $(service_property MemoryCurrent), CPU \
$((($(service_property CPUUsageNSec) - _cpu) / 1000000)) ms"
	_served=$(sed -n 's/.*served=\([0-9]*\).*/\1/p' "$OUT")
	_longest=$(sed -n 's/.*longest=\([0-9]*\).*/\1/p' "$OUT")
	[ "$_served" -ge $((_secs / 5)) ] && [ "$_longest" -lt 15000 ] && grep -q 'wrong=0' "$OUT"
	result $? "64 hostile clients for $_secs s: a well-behaved one gets its bytes ($WHY)"
	is "$(service_property MainPID) $(service_property NRestarts)" "$SERVER 0" \
		"it is still the same process"
	WHY=$(service_property MemoryCurrent)
	[ "$WHY" -lt 8388608 ]
	result $? "it uses less than 8 MiB ($WHY bytes)"
	wait_for 30 [ "$(cat $S/status)" = ok ] && [ "$(head -c 32 /dev/hwrng | wc -c)" = 32 ]
	result $? "other readers still get bytes of /dev/hwrng"

	modprobe -r $NAME
	result $? "the module unloads while the service runs"
	talk_egd get 16 60 >"$OUT" &
	_asker=$!
	sleep 2
	modprobe $NAME
	wait $_asker && [ "$(wc -c <"$OUT")" = 16 ]
	result $? "a client that asked meanwhile gets its bytes after the next load"
	modprobe -r $NAME && modprobe $NAME mode=stream
	talk_egd get 16 5 >"$OUT" 2>&1
	is "$(grep -c 'not answered' "$OUT")" 1 "in mode=stream a client gets nothing"
	journal_has "havege_rng is not in mode=conditioned"
	result $? "the journal has the reason"
	modprobe -r $NAME && modprobe $NAME
	talk_egd get 16 30 >"$OUT"
	is "$(wc -c <"$OUT")" 16 "in mode=conditioned a client gets its bytes"

	grep -qxF 'ListenStream=127.0.0.1:8888' "$HERE/readme"
	result $? "the documentation has a port for the socket"
	mkdir -p /etc/systemd/system/havege-egd.socket.d
	printf '[Socket]\nListenStream=127.0.0.1:8888\n' \
		>/etc/systemd/system/havege-egd.socket.d/override.conf
	ip link set lo up 2>/dev/null
	systemctl daemon-reload
	systemctl stop havege-egd.service && systemctl restart havege-egd.socket
	result $? "the socket also listens on that port"
	is "$(WHERE=8888 talk_egd get 16 30 | wc -c) $(talk_egd get 16 30 | wc -c)" "16 16" \
		"clients of both get their bytes"
	printf '[Socket]\nListenStream=0.0.0.0:8889\n' \
		>/etc/systemd/system/havege-egd.socket.d/override.conf
	systemctl daemon-reload
	systemctl stop havege-egd.service
	systemctl restart havege-egd.socket
	WHERE=8889 talk_egd get 16 5 >"$OUT" 2>&1
	! [ "$(wc -c <"$OUT")" = 16 ] &&
		wait_for 20 journal_has "no unix socket, nor on a loopback address"
	result $? "a client on an address that other machines reach gets nothing"
	systemctl stop havege-egd.socket
	rm -r /etc/systemd/system/havege-egd.socket.d
	systemctl daemon-reload
	systemctl reset-failed havege-egd.service havege-egd.socket
	systemctl start havege-egd.socket
	is "$(talk_egd get 16 30 | wc -c)" 16 "without that address a client gets its bytes again"
	note "$(systemd-analyze --no-pager security havege-egd.service | tail -n 1)"

	_rule=$(grep '^KERNEL=="hw_random"' "$HERE/readme")
	echo "$_rule" >/etc/udev/rules.d/90-hwrng.rules
	udevadm control --reload && udevadm trigger --settle /dev/hwrng
	is "$(stat -c '%a %G' /dev/hwrng)" "440 kvm" \
		"the documented rule gives /dev/hwrng to the group: $_rule"
	run_logged make uninstall-egd
	systemctl disable --now havege-egd.socket havege-egd.service >/dev/null 2>&1
	[ "$RC" = 0 ] && [ ! -e /usr/local/sbin/havege-egd ] &&
		[ ! -e /etc/systemd/system/havege-egd.socket ]
	result $? "make uninstall-egd"
	cd "$HERE" || return
}

# --- base images -----------------------------------------------------------------------------

recipe_cloud_init() {
	put_repository
	rm /etc/cloud/cloud-init.disabled
	# Only the modules that the snippet uses: others need ssh, sudo and locales.
	cat >/etc/cloud/cloud.cfg.d/99-tests.cfg <<-'END'
		datasource_list: [NoCloud]
		cloud_init_modules: [write-files]
		cloud_config_modules: [apt-configure]
		cloud_final_modules: [package-update-upgrade-install]
	END
	mkdir -p /var/lib/cloud/seed/nocloud
	echo 'instance-id: tests' >/var/lib/cloud/seed/nocloud/meta-data
	cp src/packaging/recipes/cloud-init.yaml /var/lib/cloud/seed/nocloud/user-data
	run_logged cloud-init init --local
	run_logged cloud-init init
	result "$RC" "cloud-init accepts the snippet ($SECS s)"
	is "$(cat /etc/modprobe.d/havege_rng.conf)" "options havege_rng buffer_size=32 fill_threshold=100000" \
		"the parameters are in modprobe.d"
	run_logged cloud-init modules --mode=config
	run_logged cloud-init modules --mode=final
	result "$RC" "cloud-init carries it out ($SECS s)"
	WHY=$(grep -iE 'warn|error|fail' /var/log/cloud-init.log | tail -n 20)
	# shellcheck disable=SC2016 # dpkg expands it
	is "$(dpkg-query -W -f '${Status}' havege-rng-dkms)" "install ok installed" \
		"the package is installed"
	test_parameters 32 100000 "the module has the parameters"
}

# play [OPTION]...: plays the role on this machine. CHANGED is the number of changes.
play() {
	run_logged ansible-playbook -c local -i localhost, "$@" site.yml
	WHY=$(tail -n 30 "$OUT")
	CHANGED=$(sed -n 's/.*changed=\([0-9]*\).*/\1/p' "$OUT")
}

recipe_ansible() {
	put_repository
	cd src/packaging/recipes/ansible || return
	play
	result "$RC" "ansible plays the role ($SECS s)"
	is "$(grep -v '^#' /etc/modprobe.d/havege_rng.conf)" \
		"options havege_rng buffer_size=32 fill_threshold=100000" \
		"the parameters are in modprobe.d"
	# shellcheck disable=SC2016
	is "$(dpkg-query -W -f '${Status}' havege-rng-dkms)" "install ok installed" \
		"the package is installed"
	test_parameters 32 100000 "the module has the parameters"
	play -e '{"havege_rng_parameters": {"buffer_size": 64, "fill_threshold": 200000}}'
	[ "$RC" = 0 ] && [ "$CHANGED" = 3 ]
	result $? "ansible plays it with other parameters ($SECS s, changed=$CHANGED)"
	test_parameters 64 200000 "the module has the new parameters"
	play -e '{"havege_rng_parameters": {"buffer_size": 64, "fill_threshold": 200000}}'
	[ "$RC" = 0 ] && [ "$CHANGED" = 0 ]
	result $? "played once more the role changes nothing ($SECS s, changed=$CHANGED)"
	cd "$HERE" || return
}

case $PART in
haveged)	recipe_haveged ;;
egd)		recipe_egd ;;
cloud-init)	recipe_cloud_init ;;
ansible)	recipe_ansible ;;
*)		result 1 "'$PART' is a recipe" ;;
esac

test_kernel_log
test_units
end_of_tests
exit_qemu
