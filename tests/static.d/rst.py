# SPDX-License-Identifier: GPL-2.0
"""rst.py FILE...

Called by tests/static. docutils parses each file: an .rst file as a whole, an ABI file
(Documentation/ABI) description by description, after a check of its fields. Prints errors with file
and line; exit code 1 if there are any. Each entry of a Sphinx toctree must be a file."""

import os
import re
import sys

import docutils.core
from docutils.parsers.rst import Directive, directives
from docutils.parsers.rst.directives import images

# The fields of an entry, in this order.
FIELDS = ["What", "Date", "KernelVersion", "Contact", "Description", "Users"]
FIELD = re.compile(r"^([A-Z][A-Za-z]*):\t+(.*)$|^(Description):$")
problems = []


def problem(path, line, text):
    problems.append(f"{path}:{line}: {text}")


class Toctree(Directive):
    has_content = True
    option_spec = {"maxdepth": directives.nonnegative_int}

    def run(self):
        source = self.state.document.current_source
        where = os.path.dirname(source)
        for page in self.content:
            if page and not os.path.isfile(os.path.join(where, page + ".rst")):
                problem(source, self.lineno, f"toctree: there is no {page}.rst")
        return []


class Picture(images.Figure):
    """A figure: its picture must be a file."""

    def run(self):
        source = self.state.document.current_source
        where = os.path.dirname(source)
        if not os.path.isfile(os.path.join(where, self.arguments[0])):
            problem(source, self.lineno, f"figure: there is no {self.arguments[0]}")
        return super().run()


directives.register_directive("toctree", Toctree)
directives.register_directive("figure", Picture)


class Report:
    """Takes the messages that docutils writes to standard error."""

    def write(self, text):
        problems.append(text.strip())


def parse(path, text):
    settings = {"report_level": 1, "halt_level": 5, "warning_stream": Report(),
                "file_insertion_enabled": False}
    docutils.core.publish_string(text, source_path=path, writer_name="html5",
                                 settings_overrides={**settings, "embed_stylesheet": False})


def abi(path, lines):
    """Splits an ABI file into entries; returns the described files."""
    entry, names = [], []
    description = []

    def end(line):
        if entry != FIELDS:
            problem(path, line, f"an entry has the fields {', '.join(entry)} and not {', '.join(FIELDS)}")
        if not any(description):
            problem(path, line, "an entry has no description")
        parse(f"{path} (before line {line})", "\n".join(description) + "\n")

    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            problem(path, number, "blanks at the end")
        match = FIELD.match(line)
        if match:
            name = match.group(1) or match.group(3)
            if name == "What" and entry:
                end(number)
                entry, description = [], []
            entry.append(name)
            if name == "What":
                names.append(match.group(2))
            if name == "Contact" and "@" in match.group(2):
                problem(path, number, "Contact is the maintainers, as debian/control has them")
        elif line.startswith("\t\t") and entry[-1:] in (["Description"], ["Users"]):
            if entry[-1] == "Description":
                description.append(line[2:])
        elif not line:
            description.append("")
        else:
            problem(path, number, "neither a field nor the text of one")
    end(len(lines) + 1)
    if len(set(names)) != len(names):
        problem(path, 1, "a file has two entries")
    return names


for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        content = file.read()
    if name.endswith(".rst"):
        if not content.startswith(".. SPDX-License-Identifier: GPL-2.0\n"):
            problem(name, 1, "no SPDX line")
        parse(name, content)
    else:
        abi(name, content.splitlines())
print("\n".join(problems))
sys.exit(1 if problems or len(sys.argv) < 2 else 0)
