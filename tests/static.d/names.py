# SPDX-License-Identifier: GPL-2.0
"""names.py

Called by tests/static at the top of the checkout. Checks that Documentation/admin-guide.rst,
havege_rng(4), README and Documentation/ABI describe the parameters and state files of the sources.
Prints the differences; exit code 1 if there are any.

Parameters: each MODULE_PARM_DESC ends with range, unit and default in parentheses. The entry of the
parameter contains the same words, and (w) beside its name if it is writable. README has some of the
parameters, the others all. State files: each has an entry, and there are no other entries."""

import glob
import re
import sys

GUIDE = "Documentation/admin-guide.rst"
MANUAL = "man/havege_rng.4"
ABI = "Documentation/ABI/testing/"
STATE = "/sys/devices/havege_rng/"
DEBUG = "/sys/kernel/debug/havege_rng/"
# Groups of state files: beginning of the name in C, directory.
GROUPS = {"geometry": "geometry/", "failures": "health_failures/"}
problems = []


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def flat(text):
    return " ".join(text.split()).lower()


def between(text, begin, end, where):
    """The text from the line BEGIN to the line END."""
    match = re.search(f"^{begin}$(.*?)^{end}", text, re.M | re.S)
    if not match:
        problems.append(f"{where}: no part from {begin} to {end}")
        return ""
    return match.group(1)


def entries(text, head):
    """The parts of TEXT that begin with HEAD: {name: (mark, text)}."""
    found = list(re.finditer(head, text, re.M))
    ends = [m.start() for m in found[1:]] + [len(text)]
    result = {}
    for match, end in zip(found, ends):
        if match.group(1) in result:
            problems.append(f"{match.group(1)} has two entries")
        result[match.group(1)] = (match.group(2) or "", flat(text[match.end():end]))
    return result


def troff(text):
    """The text of a page without its markup."""
    text = re.sub(r"^\.(TP|PP|EX|EE|in.*)$", "", text, flags=re.M)
    return text.replace("\\-", "-").replace("\\fI", "").replace("\\fP", "")


sources = "".join(read(path) for path in sorted(glob.glob("*.c")))

# --- parameters ------------------------------------------------------------------------------

modes = dict(re.findall(r"^module_param_cb\((\w+),[^;]*?(0[0-7]+)\);", sources, re.M))
wanted = {}
for name, strings in re.findall(r'^MODULE_PARM_DESC\((\w+),\s*((?:"[^"]*"\s*)+)\);', sources, re.M):
    text = "".join(re.findall(r'"([^"]*)"', strings))
    match = re.fullmatch(r"[^()]+ \(([^()]+)\)", text)
    if match:
        wanted[name] = flat(match.group(1))
    else:
        problems.append(f"MODULE_PARM_DESC of {name} does not end with its range in parentheses: {text}")
if not wanted or set(wanted) != set(modes):
    problems.append(f"parameters of module_param_cb: {sorted(modes)}; of MODULE_PARM_DESC: {sorted(wanted)}")

described = {
    GUIDE: entries(between(read(GUIDE), "Parameters\n=+", "State\n=", GUIDE), r"^``(\w+)``( \(w\))?$"),
    MANUAL: entries(troff(between(read(MANUAL), r"\.SH PARAMETERS", r"\.SH FILES", MANUAL)),
                    r'^\.BR? (\w+)(?: "( \(w\))")?$'),
    "README": entries(between(read("README"), "What people change\n-+", "Does it work", "README"),
                      r"^    ([a-z_]{3,})( \(w\))?  "),
}
for where, found in described.items():
    if not found or set(found) - set(wanted) or (where != "README" and set(found) != set(wanted)):
        problems.append(f"{where} has the parameters {sorted(found)}; there are {sorted(wanted)}")
    for name, (mark, text) in found.items():
        if name not in wanted:
            continue
        if wanted[name] not in text:
            problems.append(f"{where}: {name}: not '{wanted[name]}', as in MODULE_PARM_DESC, but: {text[:99]}")
        if (modes[name] == "0644") != bool(mark):
            problems.append(f"{where}: {name}: mode {modes[name]}, and {'a' if mark else 'no'} (w)")

# --- state files -----------------------------------------------------------------------------

state = set()
for ident, name in re.findall(r"^STATE_[A-Z]+\((\w+), *(\w+),", sources, re.M):
    state.add(GROUPS.get(ident.split("_")[0], "") + name)
state.update(re.findall(r"^static DEVICE_ATTR_RO\((\w+)\);", sources, re.M))
debug = set(re.findall(r'debugfs_create_file\("(\w+)"', sources))
if len(state) < 10 or len(debug) < 3:
    problems.append(f"too few state files in the sources: {sorted(state)}, {sorted(debug)}")

for path, prefix, names in ((ABI + "sysfs-devices-havege_rng", STATE, state),
                            (ABI + "debugfs-havege_rng", DEBUG, debug)):
    there = set(re.findall(r"^What:\t+(\S+)$", read(path), re.M))
    for name in sorted({prefix + n for n in names} ^ there):
        problems.append(f"{path}: " + ("no such file: " if name in there else "no entry for ") + name)

guide = between(read(GUIDE), "State\n=+", "On one screen", GUIDE)
manual = troff(between(read(MANUAL), r"\.SH FILES", r"\.SH", MANUAL))
head = set(re.findall(r"^``([a-z_/]+)``$", guide, re.M))
for name in sorted(state):
    group, _, leaf = name.rpartition("/")
    if name not in head and not (group + "/" in head and f"``{leaf}``" in guide):
        problems.append(f"{GUIDE}: no state file {name}")
    for part in filter(None, (STATE + group, leaf)):
        if not re.search(rf"\b{re.escape(part.lstrip('/'))}\b", manual):
            problems.append(f"{MANUAL}: no state file {name}")
            break
for name in sorted(head - state - {g for g in GROUPS.values()}):
    problems.append(f"{GUIDE}: there is no state file {name}")
for name in sorted(debug):
    if DEBUG + name not in manual:
        problems.append(f"{MANUAL}: no file {DEBUG}{name}")
    if f"\n{name}\n" not in read("Documentation/entropy.rst"):
        problems.append(f"Documentation/entropy.rst: no file {name}")

print("\n".join(problems))
sys.exit(1 if problems else 0)
