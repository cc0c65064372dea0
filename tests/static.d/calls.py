# SPDX-License-Identifier: GPL-2.0
"""calls.py FILE...

Called by tests/static at the top of the checkout, with all shell files. Checks that a command with
an underscore in its name, after an operator or a keyword of the shell, check or step, is a function
of one of these files. Prints the others; exit code 1 if there are any. shellcheck sees one file at
a time."""

import re
import sys

# Programs with such a name.
PROGRAMS = {"ea_non_iid", "ea_restart"}
CALL = re.compile(r"(?:&&|\|\||\b(?:if|then|do|else|elif|while|until)\b|\b(?:check|step) \"[^\"]*\")"
                  r"(?:[ \t]+|[ \t]*\n[ \t]+)"
                  r"(?:! )?([a-z]+(?:_[a-z0-9]+)+)(?![\w=./:-])")

defined, called = set(), {}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"^\s*#.*$|\\\n", "", file.read(), flags=re.M)
    defined.update(re.findall(r"^(\w+)\(\)", text, re.M))
    for match in CALL.finditer(text):
        called.setdefault(match.group(1), path)
bad = {name: path for name, path in called.items() if name not in defined | PROGRAMS}
for name, path in bad.items():
    print(f"{path} calls {name}, which no file has")
sys.exit(bool(bad))
