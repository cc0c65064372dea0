# SPDX-License-Identifier: GPL-2.0
"""in_tree.py TOP TREE CONTACT OUT

Called by scripts/series. Writes to OUT/1, OUT/2 ... what the kernel tree TREE gets by each step of
the checkout's series/: the files of this step and of all before it, and the kernel's own files with
our lines. CONTACT ("NAME <ADDRESS>") is for the ABI files and MAINTAINERS. Does not change TREE.

The driver in the kernel tree has no compat.h, nothing for user space and nothing that only the
build out of tree needs. unifdef removes the conditional code; RENAMES and SENTENCES do the rest,
and each of them must find its text. LEFT is what may not be left."""

import glob
import os
import re
import subprocess
import sys

RNG = "drivers/char/hw_random/"
DRIVER = RNG + "havege/"
PAGE = "Documentation/admin-guide/havege.rst"
ABI = "Documentation/ABI/testing/"
DEFINES = ["-D__KERNEL__", "-UHAVEGE_VERSION", "-UHAVEGE_ROOT_DEVICE", "-UHAVEGE_ALL_PARAMS",
           "-UHAVEGE_CALL_LIMIT", "-UHAVEGE_SUMMARY", "-DACPI_ID_LEN=16"]
# What files include instead of compat.h.
INSTEAD = {
    "havege_events.c": "#include <linux/random.h>\n",
    "havege_sysfs.c": "#include <linux/device/faux.h>\n",
    "havege_types.h": "#include <kunit/visibility.h>\n",
    "havege_worker.c": "#include <linux/sched/isolation.h>\n",
    "tune_x86.c": "#include <asm/cpuid/api.h>\n",
    "havege_mod.c": "",
    "havege_param.c": "",
    "tests/mod_kunit.c": "",
}
RENAMES = [
    (r"\bhavege_cpu_is_isolated\(", "cpu_is_isolated("),
    (r"\bhavege_register_vmfork\(", "register_random_vmfork_notifier("),
    (r"\bhavege_unregister_vmfork\(", "unregister_random_vmfork_notifier("),
    (r"\bhavege_memremap\(address, HAVEGE_GENERATION\)",
     "memremap(address, HAVEGE_GENERATION, MEMREMAP_WB)"),
    (r"\bstruct havege_sha256\b", "struct sha256_ctx"),
    (r"\bhavege_sha256_(init|update|final)\b", r"sha256_\1"),
    (r'#include "(\.\./)?havege_sha256.h"\n', "#include <crypto/sha2.h>\n\n"),
    (r"(\tif \(stream && quality\.value > STREAM_QUALITY\)) \{\n(\t\tstore_value\(.*\n)\t\}\n",
     r"\1\n\2"),
    (r" \(dcache_kb= and icache_kb= set them\)", ""),
    (r"write other CPUs to cpu= or cpus=", "write other CPUs to cpus="),
    (r"512 to buffer_size \* 8192; default: half the buffer", "512 to 131072; default: 65536"),
    (r"default: none, cpu= names the only one", "default: none, the last online housekeeping CPU"),
    (r"(\tsha256_update\(&condition->sha, condition->chain,\n)\t+ *", r"\1\t\t      "),
    (r"\bkzalloc\(sizeof\(\*(\w+)\), GFP_KERNEL\)", r"kzalloc_obj(*\1)"),
    (r"\bHAVEGE_KUNIT_NS\b", '"EXPORTED_FOR_KUNIT_TESTING"'),
    (r"defined\(__x86_64__\) \|\| defined\(__i386__\)",
     "defined(CONFIG_X86) || defined(CONFIG_UML_X86)"),
    (r"/sys/devices/havege_rng/", "/sys/devices/faux/havege_rng/"),
    (r"Documentation/admin-guide/havege/", "Documentation/admin-guide/havege.rst"),
    (r"\bkunit/(\w+)_test\.([co])\b", r"tests/\1_kunit.\2"),
    (r"\bcondition_test\.c\b", "condition_kunit.c"),
    (r"\bkunit/(machine\.h|module\.o)", r"tests/\1"),
]
# Sentences of comments; a space stands for any space, also between two lines of a comment.
SENTENCES = [
    ("Runs under KUnit and in user space (make host-test).", ""),
    ("Runs under KUnit and, with sanitizers, in user space (make host-test).", ""),
    ("Runs under KUnit and in user space (make host-test); on x86 it reads the present CPU too.",
     "On x86 it reads the present CPU too."),
    ("host/machines.c is the long form.", ""),
    ("The file summary has all of them, and the parameters.", ""),
    ("(host/sha256.c in user space)", ""),
    ("A global symbol: in user space on MIPS the compiler reads it by a table of global symbols.",
     ""),
    ("/* In user space the sanitizers are slow, in a kernel the CPU may be. */",
     "/* The CPU may be slow. */"),
    ("All machines of tests/kunit have a counter.", "The machine has a counter."),
    ("Documentation/entropy.rst, \"Quality\"", PAGE),
    ("(Documentation/entropy.rst)", ""),
    ("A list with IDs of eight letters lacks this device: then use ACPI's search, twice, because a "
     "shortage of memory may pass.", ""),
    ("Files of the geometry have the names of parameters: the files show detected values, the "
     "parameters requested ones.", ""),
    ("A freestanding part builds in the kernel and, unchanged, in user space (make host). This "
     "header declares everything that it needs beyond the C language, once for the kernel and once "
     "for user space. It uses no other kernel API.",
     "What the walk, the tests, the estimate and the conditioner need of the kernel. They use no "
     "other kernel API."),
]
# Whole parts of a file: from a line to another one, which stays.
PARTS = {
    "havege_counter.h": [(" *\n * To add an architecture", " */")],
    "Kconfig": [("#\n# For a kernel tree", "config HW_RANDOM_HAVEGE\n"),
                ("config HW_RANDOM_HAVEGE_BENCH", None)],
    "Makefile": [("# For both builds", "obj-$(CONFIG_HW_RANDOM_HAVEGE) "),
                 ("obj-$(CONFIG_HW_RANDOM_HAVEGE_BENCH)", "# The walk is measured code")],
    "tests/.kunitconfig": [("#\n# What both KUnit", "CONFIG_KUNIT=y"),
                           ("\n# A hidden fault", None)],
}
LEFT = (r"dcache_kb=|icache_kb=|buffer_size \*|cpu= names|0\.1\.0|compat\.h|user space|"
        r"KBUILD_EXTMOD|__KERNEL__|LINUX_VERSION|HAVEGE_(VERSION|ROOT|ALL|CALL|SUMMARY)|summary|breaks the rule|"
        r"\bhost/|host-test|(?<!dev-)tools/|dkms|scripts/|out of tree|entropy\.rst|_test\.c|kunit/\w+_test")

used = set()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def stop(text):
    sys.exit(f"series: {text}")


def replace(pattern, new, text):
    text, count = re.subn(pattern, new, text)
    if count:
        used.add(pattern)
    return text


def sentence_pattern(sentence):
    """For the sentence and the space before it."""
    words = r"(?:\s|\n \*|\n/\*)+".join(re.escape(word) for word in sentence.split())
    return r"(?:[ \n]\*?)*" + words if not sentence.startswith("/*") else words


def take_out(name, text):
    """PARTS of the file."""
    for begin, end in PARTS.get(name, []):
        start = text.find(begin)
        to = len(text) if end is None else text.find(end, start + len(begin))
        if start < 0 or to < 0:
            stop(f"{name}: there is no part from '{begin.strip()}' to '{end}'")
        text = text[:start] + text[to:]
    return text


def reflow(comment):
    """Fill the paragraphs of a block comment that a sentence was taken out of."""
    lines = comment.split("\n")
    out, words = [], []

    def flush():
        line = " *"
        for word in words:
            if len(line) + 1 + len(word) > 80:
                out.append(line)
                line = " *"
            line += " " + word
        if words:
            out.append(line)
        words.clear()

    for line in lines:
        if re.match(r" \* \S", line) and not re.match(r" \* (-|\d|@)", line):
            words.extend(line[3:].split())
        else:
            flush()
            out.append(line)
    flush()
    return "\n".join(out)


def change_comment(match):
    text = match.group(0)
    for old, new in SENTENCES:
        pattern = sentence_pattern(old)
        found = re.search(pattern, text)
        if not found:
            continue
        used.add(old)
        begin = found.group(0)[:len(found.group(0)) - len(found.group(0).lstrip(" \n*"))]
        text = text[:found.start()] + (begin + new if new else "") + text[found.end():]
        if text.startswith("/*\n"):
            text = reflow(text)
    # An empty last paragraph.
    return re.sub(r"(\n \*)+(\n \*/)$", r"\2", text)


def include(text, line):
    """LINE in place of compat.h, in its place among the other headers."""
    at = re.search(r'\n(#include "(\.\./)?compat.h"\n)', text)
    blocks = [b for b in re.finditer(r"(?:^#include <.*>\n)+", text, re.M)
              if b.start() < at.start() and "<linux/" in b.group(0)]
    block = blocks[-1]
    lines = sorted(block.group(0).splitlines(True) + ([line] if line else []),
                   key=lambda l: ("<asm/" in l, l))
    text = text[:at.start(1)] + text[at.end(1):]
    text = text[:block.start()] + "".join(lines) + text[block.end():]
    return text


def in_tree(name, text):
    """A source file of the checkout, as the kernel tree has it. NAME is the one there."""
    if name.endswith((".c", ".h")):
        done = subprocess.run(["unifdef", *DEFINES], input=text,
                              stdout=subprocess.PIPE, encoding="utf-8", check=False)
        if done.returncode > 1:
            stop(f"unifdef cannot read {name}")
        text = done.stdout
        if '"compat.h"' in text or '"../compat.h"' in text:
            if name not in INSTEAD:
                stop(f"{name} includes compat.h: in_tree.py does not know what for")
            text = include(text, INSTEAD[name])
        text = re.sub(r"/\*.*?\*/", change_comment, text, flags=re.S)
    for pattern, new in RENAMES:
        text = replace(pattern, new, text)
    text = take_out(name, text)
    return re.sub(r"\n{3,}", "\n\n", text)


def driver(top):
    """All files of the driver: name in the kernel tree: text."""
    files = {}
    for path in sorted(glob.glob(f"{top}/*.[ch]") + glob.glob(f"{top}/kunit/*.[ch]")):
        name = os.path.relpath(path, top)
        if name in ("compat.h", "havege_sha256.h", "kunit/bench.c") or name.endswith(".mod.c"):
            continue
        if name.startswith("kunit/"):
            name = "tests/" + re.sub(r"_test\.c$", "_kunit.c", name[6:])
        files[name] = in_tree(name, read(path))
    files["Kconfig"] = in_tree("Kconfig", read(f"{top}/Kconfig"))
    files["Makefile"] = in_tree("Makefile", read(f"{top}/Kbuild"))
    files["tests/.kunitconfig"] = in_tree("tests/.kunitconfig", read(f"{top}/kunit/.kunitconfig"))
    for pattern, _ in RENAMES:
        if pattern not in used:
            stop(f"in_tree.py: nothing matches {pattern}")
    for sentence, _ in SENTENCES:
        if sentence not in used:
            stop(f"in_tree.py: no comment has '{sentence}'")
    return files


def abi_name(path):
    """The name of an ABI file in the kernel tree."""
    return ABI + os.path.basename(path).replace("devices-h", "devices-faux-h")


def abi(top, tree, contact):
    """The ABI files, for the version after this kernel's."""
    version = dict(re.findall(r"^(VERSION|PATCHLEVEL) = (\d+)$", read(f"{tree}/Makefile"), re.M))
    files = {}
    for path in glob.glob(f"{top}/{ABI}*"):
        text = read(path).replace("/sys/devices/havege_rng/", "/sys/devices/faux/havege_rng/")
        text = re.sub(r"^KernelVersion:\t.*$",
                      f"KernelVersion:\t{version['VERSION']}.{int(version['PATCHLEVEL']) + 1}", text,
                      flags=re.M)
        text = re.sub(r"^Contact:\t.*$", f"Contact:\t{contact}", text, flags=re.M)
        text = re.sub(r"^What:\t\t\S*/summary\n.*?(?=^What:)", "", text, flags=re.M | re.S)
        text = re.sub(r"\s+In 0\.1\.0 .*?\.$", "", text, flags=re.M | re.S)
        text = re.sub(r"It can differ from the\s+parameter\. With", "With", text)
        text = re.sub(r"^Users:\t\t(havege-status|tools/).*\n", "", text, flags=re.M)
        files[abi_name(path)] = text
    return files


def without(text, gone):
    """A source file without the lines that name a part in GONE."""
    return "".join(line for line in text.splitlines(True)
                   if not any(part in line for part in gone))


def makefile(text, present):
    """The Makefile without the objects whose sources are not there yet."""
    out = []
    for paragraph in text.split("\n\n"):
        objects = re.findall(r"[\w/]+\.o\b", re.sub(r"havege_(rng|kunit)\.o|CFLAGS\w*|\w+_SAN\w+",
                                                    "", paragraph))
        missing = [o for o in objects if o[:-2] + ".c" not in present]
        if missing and paragraph.startswith("havege_rng-y :="):
            head, rest = paragraph.split("\nifdef ", 1)
            rest = "\nifdef " + rest
            words = [o for o in head.split()[2:] if o[:-2] + ".c" in present]
            line, lines = "havege_rng-y :=", []
            for word in words:
                if len(line.expandtabs()) + len(word) > 76:
                    lines.append(line + " \\")
                    line = "\t\t" + word
                else:
                    line += ("" if line.endswith("\t") else " ") + word
            out.append("\n".join(lines + [line]) +
                       ("" if "tune_generic.c" not in present else rest))
        elif missing and "havege_core" not in paragraph:
            continue
        else:
            out.append(paragraph)
    return "\n\n".join(out).rstrip("\n") + "\n"


def kconfig(text, present):
    """The entry of the tests comes with them."""
    if "tests/module.c" in present:
        return text.rstrip("\n") + "\n"
    return text[:text.index("config HW_RANDOM_HAVEGE_KUNIT_TEST")].rstrip("\n") + "\n"


def entry(text, top, contact):
    """MAINTAINERS with ours, in its place."""
    title = "HAVEGE HARDWARE RANDOM NUMBER GENERATOR"
    ours = (f"{title}\nM:\t{contact}\nL:\tlinux-crypto@vger.kernel.org\nS:\tMaintained\n" +
            "".join(f"F:\t{f}\n" for f in
                    sorted([abi_name(p) for p in glob.glob(f"{top}/{ABI}*")] +
                           [PAGE, DRIVER])) + "\n")
    head, rest = text.split("\n3C59X", 1)
    rest = "3C59X" + rest
    for match in re.finditer(r"(?:^|\n\n)([^\n\t]+)\n[A-Z]:\t", rest):
        # Not all parts of the list are in order; this letter's is.
        if match.group(1)[0] == title[0] and match.group(1) > title:
            return head + "\n" + rest[:match.start(1)] + ours + rest[match.start(1):]
    return stop("MAINTAINERS has no place for the entry")


def kernel_files(tree):
    """The lines in the kernel's own files, with the first step."""
    text = read(f"{tree}/{RNG}Kconfig")
    line = 'source "drivers/char/hw_random/havege/Kconfig"\n'
    if line not in text:
        text = text.replace("endif # HW_RANDOM\n", line + "\nendif # HW_RANDOM\n")
    if line not in text:
        stop(f"{RNG}Kconfig has no 'endif # HW_RANDOM'")
    files = {RNG + "Kconfig": text}
    text = read(f"{tree}/{RNG}Makefile")
    line = "obj-$(CONFIG_HW_RANDOM_HAVEGE) += havege/\n"
    files[RNG + "Makefile"] = text if line in text else text + line
    return files


def page(tree, top):
    """Our page, and its line in the index before the framework's."""
    index = "Documentation/admin-guide/index.rst"
    text = read(f"{tree}/{index}")
    if "   havege\n" not in text:
        text = text.replace("   hw_random\n", "   havege\n   hw_random\n")
    if "   havege\n" not in text:
        stop(f"{index} has no 'hw_random'")
    return {index: text, PAGE: read(f"{top}/series/havege.rst")}


def steps(top):
    """The files of each step."""
    out = []
    for path in sorted(glob.glob(f"{top}/series/[0-9][0-9]-*")):
        match = re.search(r"^Files: (.*?)\n\n", read(path), re.M | re.S)
        out.append(match.group(1).split())
    return out


def check_taken(final, taken):
    """Each file of the driver is in a step."""
    for name in final:
        if name not in taken and name not in ("Kconfig", "Makefile") and \
           not (name.startswith("tests/") and "tests/" in taken):
            stop(f"no step of series/ has {name}")


def after(done, final, top, tree, contact):
    """The files of the kernel tree after the steps DONE: name: text."""
    present, out = set(), kernel_files(tree)
    for name in done:
        if name == "tests/":
            present.update(n for n in final if n.startswith(name))
        elif name == "Documentation/":
            out.update(page(tree, top))
            out.update(abi(top, tree, contact))
        elif name == "MAINTAINERS":
            out[name] = entry(read(f"{tree}/{name}"), top, contact)
        elif name in final:
            present.add(name)
        else:
            stop(f"series/: there is no {name}")
    gone = [n[:-2] for n in final if re.match(r"havege_\w+\.h$", n) and n not in present]
    for name in present:
        out[DRIVER + name] = without(final[name], gone) if name == "havege_mod.c" else final[name]
    if "havege_mod.c" not in present:
        present.add("havege_mod.c")
        out[DRIVER + "havege_mod.c"] = (
            "// SPDX-License-Identifier: GPL-2.0\n/*\n * The module\n */\n"
            "#include <linux/module.h>\n\n" +
            "\n".join(re.findall(r"^MODULE_\w+\(.*\);$", final["havege_mod.c"], re.M)) + "\n")
    out[DRIVER + "Makefile"] = makefile(final["Makefile"], present)
    out[DRIVER + "Kconfig"] = kconfig(final["Kconfig"], present)
    return out


def main():
    top, tree, contact, directory = sys.argv[1:]
    final, done = driver(top), []
    check_taken(final, [name for step in steps(top) for name in step])
    for number, step in enumerate(steps(top), 1):
        done += step
        for name, text in after(done, final, top, tree, contact).items():
            found = name.startswith((DRIVER, PAGE, ABI)) and \
                re.search(LEFT, re.sub(r"\s*\n\s*\*?\s*", " ", text))
            if found:
                stop(f"{name}: this is not for the kernel tree: '{found.group(0)}'")
            path = f"{directory}/{number}/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


main()
