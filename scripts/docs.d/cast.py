# SPDX-License-Identifier: GPL-2.0
"""cast.py COLUMNS ROWS

Called by scripts/docs. Reads the output of a program in a terminal, and prints an
asciicast (version 2) that writes all of it at once to a terminal of this size.
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
