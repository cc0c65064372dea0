# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# pool.sh - several jobs at a time. Source it after lib.sh. The caller sets JOBS, a directory for
# the jobs' output, and begun, its start in seconds. It gets:
#	job NAME COMMAND...	adds a job
#	log NAME		prints the name of the file with the job's output
#	run_jobs LANES REPORT	runs the jobs in the order in which they were added, LANES at a
#				time; calls REPORT NAME CODE SECONDS when a job has ended

NAMES=

log() {
	echo "$JOBS/$(echo "$1" | tr ' /' '--').log"
}

job() {
	_log=$(log "$1")
	NAMES="$NAMES$1
"
	shift
	printf '%s\n' "$@" >"$_log.command"
}

# Writes the job's code and its seconds beside its log.
run_job() {
	_log=$(log "$1")
	_begun=$(now)
	_rc=0
	while IFS= read -r _word; do
		set -- "$@" "$_word"
	done <"$_log.command"
	shift
	"$@" >"$_log" 2>&1 </dev/null || _rc=$?
	echo "$_rc $(($(now) - _begun))" >"$_log.end"
}

# Runs each job that no other lane has taken.
lane() {
	printf '%s' "$NAMES" | while IFS= read -r _name; do
		! mkdir "$(log "$_name").taken" 2>/dev/null || run_job "$_name"
	done
}

end_lanes() {
	for _lane in $lanes; do
		end_tree "$_lane"
	done
}

# A line for each job that runs.
# shellcheck disable=SC2154 # begun is the caller's
pool_progress() {
	while IFS= read -r _name; do
		_log=$(log "$_name")
		[ ! -f "$_log" ] || printf '    %s s: %s, %s tests ok, %s\n' "$(($(now) - begun))" \
			"$_name" "$(grep -c '^ok' "$_log")" "$(grep -a '^==>' "$_log" | tail -n 1)"
	done
}

run_jobs() {
	lanes=
	on_exit end_lanes
	while [ "$(echo "$lanes" | wc -w)" -lt "$1" ]; do
		lane &
		lanes="$lanes $!"
	done
	_told=$begun
	printf '%s' "$NAMES" >"$JOBS/left"
	while [ -s "$JOBS/left" ]; do
		: >"$JOBS/still"
		while IFS= read -r _name; do
			if [ -f "$(log "$_name").end" ]; then
				read -r _rc _took <"$(log "$_name").end"
				"$2" "$_name" "$_rc" "$_took"
			else
				echo "$_name" >>"$JOBS/still"
			fi
		done <"$JOBS/left"
		mv "$JOBS/still" "$JOBS/left"
		if [ $(($(now) - _told)) -ge 60 ]; then
			_told=$(now)
			pool_progress <"$JOBS/left"
		fi
		sleep 1
	done
	wait
}
