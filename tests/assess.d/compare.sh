# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# compare.sh - sourced by tests/assess-test: functions that the suites share
#
# A command under test writes its output to $TMP/out. The functions print what differs.

# run_assess PATH-PREFIX ARGUMENT...
run_assess() {
	_path=$1
	shift
	PATH=${_path:+$_path:}$OTHERS "$TOP/tools/assess" "$@" >"$TMP/out" 2>&1
}

# run_host ARGUMENT...
run_host() {
	"$HOST" "$@" >"$TMP/out" 2>&1 </dev/null
}

# exits CODE TEXT COMMAND...: it exits with CODE and its output has TEXT.
exits() {
	_want=$1 _text=$2
	shift 2
	_got=0
	"$@" || _got=$?
	cat "$TMP/out"
	if [ "$_got" != "$_want" ]; then
		echo "exit code $_got, not $_want"
		return 1
	fi
	grep -qF -- "$_text" "$TMP/out" || { echo "not in the output: $_text"; return 1; }
}

# rejects CODE TEXT PATH-PREFIX ARGUMENT...: tools/assess does, and leaves no directory $N.
N=$TMP/none
rejects() {
	_c=$1 _m=$2 _p=$3
	shift 3
	exits "$_c" "$_m" run_assess "$_p" "$@" || { _c=$?; rm -rf "$N"; return "$_c"; }
	[ ! -e "$N" ] || { echo "it left:"; ls -la "$N"; rm -rf "$N"; return 1; }
}

# has FILE TEXT...: each text is in a line of the file. Blanks count as one.
has() {
	_f=$1 _rc=0
	shift
	tr -s ' ' <"$_f" >"$TMP/squeezed"
	for _t; do
		grep -qF -- "$_t" "$TMP/squeezed" || { echo "not in ${_f##*/}: $_t"; _rc=1; }
	done
	return $_rc
}

same() {
	[ "$1" = "$2" ] || { printf 'got:\n%s\nand not:\n%s\n' "$1" "$2"; return 1; }
}

# figure DIR NAME: from figures.txt.
figure() {
	sed -n "s/^$2 //p" "$1/figures.txt"
}

# parts_agree DIR: the figures of each set in replays.txt are those of the module's own code.
parts_agree() {
	g=$(figure "$1" module_gcd)
	k=$(figure "$1" span)
	n=$(figure "$1" replays)
	bytes=1048576
	[ "$k" = 1 ] || bytes=2097152
	i=0
	while [ "$i" -lt "$n" ]; do
		dd if="$1/replay.u64" bs="$bytes" skip="$i" count=1 2>/dev/null |
			"$HOST" -k "$k" residual "$g" >"$TMP/parts" || return
		i=$((i + 1))
		# The module rounds down its credit, by units of 2^-16 bit. What follows from the
		# slope is less exact, since it continues the curve far.
		sed -n "${i}p" "$1/replays.txt" | awk -v file="$TMP/parts" '{
			split("residual few all slope end value difference predecessor position", name)
			while ((getline line <file) > 0) { split(line, f, " "); bits[f[1]] = f[2] }
			for (i = 1; i <= 9; i++) {
				less = (name[i] ~ /few|slope/ ? -1 : 1) * ($(i + 1) - bits[name[i]])
				printf "%s %s %s\n", name[i], $(i + 1), bits[name[i]]
				if (bits[name[i]] == "" || less < -0.00015 ||
				    less > (name[i] ~ /residual|slope|end/ ? 0.0006 : 0.00015)) bad = 1
			}
			exit bad || NF != 10 }' || return
	done
}

# learned DIR: learning.dat has a curve for each set, then the median set's, then that of a machine
# without noise. The bounds at 64 and at all rows lie about them.
learned() {
	python3 - "$1" <<-'END'
		import sys
		folder = sys.argv[1]
		figures = dict(line.split() for line in open(folder + "/figures.txt"))
		rows, sets = int(figures["set_rows"]), int(figures["replays"])
		sizes = [16, 32, 64, 128, 256, 512, 1024][:5 if rows == 256 else 7]
		groups = [[dict(map(float, line.split()) for line in curve.splitlines())
		           for curve in group.strip().split("\n\n")]
		          for group in open(folder + "/learning.dat").read().split("\n\n\n")[:3]]
		print([len(group) for group in groups], groups[1:])
		assert [len(group) for group in groups] == [sets, 1, 1]
		assert all(list(curve) == sizes for group in groups for curve in group)
		assert groups[1][0] in groups[0]
		for name, curve in (("ours", groups[1][0]), ("quiet", groups[2][0])):
		    few, every = float(figures[name + "_few"]), float(figures[name + "_all"])
		    print(name, few, every)
		    assert curve[64] <= few + 0.0001 and few - curve[64] < 0.1
		    assert curve[rows] >= every - 0.0001 and curve[rows] - every < 0.1
		residuals = sorted(float(line.split()[1]) for line in open(folder + "/replays.txt"))
		assert float(figures["ours_residual"]) == residuals[(sets - 1) // 2]
		# With 64 rows and with all rows it has more than 1/8 bit; only the slope shows that
		# there is no noise.
		assert float(figures["quiet_few"]) > 1 / 8 and float(figures["quiet_all"]) > 1 / 8
		assert float(figures["quiet_slope"]) > 0.2 and float(figures["quiet_residual"]) < 0.001
	END
}

# png DIR: the plots are PNG of the right size, and the report names them.
png() {
	for f in delta autocorrelation residual learning; do
		# Signature, and the width and height of the header.
		same "$(od -An -tx1 -N 8 "$1/$f.png" | tr -d ' ') $(od -An -tx1 -j 16 -N 8 \
			"$1/$f.png" | tr -d ' ')" "89504e470d0a1a0a 000003c000000258" || return
	done
	has "$1/report.txt" delta.png autocorrelation.png residual.png learning.png
}
