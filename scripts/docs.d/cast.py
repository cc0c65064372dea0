#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""cast.py COLUMNS ROWS

Called by scripts/docs. Makes of what a program wrote to a terminal (standard
input) an asciicast of version 2 (standard output): a terminal of that size, to
which all of it is written at once.
"""

import json
import sys


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    columns, rows = map(int, sys.argv[1:])
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    print(json.dumps({"version": 2, "width": columns, "height": rows}))
    print(json.dumps([0, "o", text]))


main()
