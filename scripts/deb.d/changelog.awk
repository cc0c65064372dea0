# SPDX-License-Identifier: GPL-2.0
#
# changelog.awk - makes debian/changelog from NEWS: an entry for each section, wrapped, the newest one
# first. scripts/deb calls it with these variables: source, version, maintainer, date (as date -R
# prints it), release (the version of dkms.conf).
#
# A section is "Next", or a version with the date of its release, "0.1.0 (2026-11-22)". The first
# entry gets version and date. Its distribution is unstable if its section is release, else
# UNRELEASED. The others get the version and the date of their sections.

# wrap FIRST REST TEXT
function wrap(first, rest, text,	words, n, i, line) {
	n = split(text, words, " ")
	line = first words[1]
	for (i = 2; i <= n; i++) {
		if (length(line " " words[i]) > 78) {
			print line
			line = rest words[i]
		} else {
			line = line " " words[i]
		}
	}
	print line
}

function end_text() {
	if (text != "")
		wrap(item ? "    - " : "  * ", item ? "      " : "    ", text)
	text = ""
	item = 0
}

function end_entry() {
	end_text()
	if (entries)
		printf "\n -- %s  %s\n", maintainer, trailer
}

# begin_entry NAME DAY
function begin_entry(name, day,	command) {
	if (entries && day == "") {
		print "NEWS: the section " name " has no date" >"/dev/stderr"
		bad = 1
		exit 1
	}
	end_entry()
	if (entries)
		print ""
	trailer = date
	if (entries) {
		command = "LC_ALL=C date -u -R -d " day
		command | getline trailer
		close(command)
	} else {
		released = name == release
		name = version
	}
	printf "%s (%s) %s; urgency=medium\n\n", source, name,
		entries || released ? "unstable" : "UNRELEASED"
	entries++
}

# The line before is a heading if this one underlines it.
/^-+$/ && last ~ /^(Next|[0-9][^ ]*( \([0-9-]+\))?)$/ {
	split(last, part, /[ ()]+/)
	last = ""
	begin_entry(part[1], part[2])
	next
}

{
	take(last)
	last = $0
}

# take LINE: a line of an entry.
function take(line) {
	if (!entries || line == "") {
		end_text()
	} else if (line ~ /^ - /) {
		end_text()
		text = substr(line, 4)
		item = 1
	} else {
		text = text (text == "" ? "" : " ") line
	}
}

END {
	if (bad)
		exit 1
	take(last)
	end_entry()
	if (!entries) {
		print "NEWS has no section" >"/dev/stderr"
		exit 1
	}
}
