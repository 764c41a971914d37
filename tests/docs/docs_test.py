"""Checks the documents: their links lead somewhere, and their commands print the lines below them.

Runs each block of the language `console`. Lines that begin with "$ " are commands. The lines below a command must
appear in its output on a terminal in that order, with any other lines between them; "..." matches anything. See
shell.py and scripts/test-docs.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from tests.docs.shell import ROOT, Shell

K6 = os.environ.get("K6") or shutil.which("k6")
TRANSLATIONS = [("README.md", "README.pt-BR.md"), ("docs/settings.md", "docs/settings.pt-BR.md"),
                ("docs/operating.md", "docs/operating.pt-BR.md"), ("docs/lesson.md", "docs/aula.pt-BR.md"),
                ("docs/lesson-page.md", "docs/aula-pagina.pt-BR.md")]

LESSONS = {"docs/lesson.md": 45, "docs/aula.pt-BR.md": 45, "docs/lesson-page.md": 20, "docs/aula-pagina.pt-BR.md": 20}


def known_to_git():
    """The project's documents, including new ones. None if git is missing or does not know this folder."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                              capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return [ROOT / name for name in done.stdout.split()] if done.returncode == 0 and done.stdout else None


def found_in_folders():
    """The same without git: all documents except those that were built or fetched."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ("build", "node_modules", ".git", ".cache")]
        found += [Path(folder) / name for name in files if name.endswith(".md")]
    return found


DOCUMENTS = known_to_git() or found_in_folders()


def without_code(text):
    return re.sub(r"(?ms)^(```|~~~).*?^\1\s*$", "", text)


def anchors(text):
    """The anchors that GitHub makes of a document's headings."""
    found = []
    for heading in re.findall(r"(?m)^#+ +(.*?)\s*$", without_code(text)):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.append(f"{anchor}-{found.count(anchor)}" if anchor in found else anchor)
    return set(found)


def links(text):
    text = re.sub(r"`[^`]*`", "", without_code(text))
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)


def dead_links(document, text):
    dead = []
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if target != document and not target.exists():
            dead.append(link)
        elif anchor and target.suffix == ".md" and anchor not in anchors(text if target == document else target.read_text("utf-8")):
            dead.append(link)
    return dead


# Words in code type that look like the name of a file but are not one.
NO_FILES = {"source"}  # a member of the JSON answer


def unknown_files(text):
    """The words in code type that look like the name of a file, a folder or a room's library but name none."""
    known = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ("build", "node_modules", ".git", ".cache")]
        inside = Path(folder).relative_to(ROOT)
        for entry in folders + files:
            for name in (entry, Path(entry).stem):
                known.update((name, f"{inside.name}/{name}", (inside / name).as_posix()))
    names = set(re.findall(r"`([a-z0-9_]+(?:/[a-z0-9_]+)*(?:\.[a-z]+)?)`", without_code(text)))
    return sorted(name for name in names - NO_FILES if name.removeprefix("wx_") not in known)  # wx_<room> is its library


def console_blocks(text):
    return re.findall(r"(?ms)^```console\n(.*?)^```", text)


def steps(block):
    """The commands of a block, each with the lines that it must print."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0] + "\n" + line, [])
        elif line.strip():
            found[-1][1].append(line)
    return found


def missing(expected, printed):
    """The first expected line that was not printed, or None."""
    left = iter(printed.splitlines())
    for line in expected:
        if line == "...":
            continue
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        if not any(re.fullmatch(pattern, each.rstrip()) for each in left):
            return line
    return None


class Links(unittest.TestCase):
    def test_every_link_inside_the_project_leads_somewhere(self):
        self.assertGreater(len(DOCUMENTS), 10)
        for document in DOCUMENTS:
            with self.subTest(document=document.name):
                self.assertEqual(dead_links(document, document.read_text("utf-8")), [])

    def test_without_git_the_same_documents_are_found(self):
        self.assertEqual(sorted(found_in_folders()), sorted(DOCUMENTS))

    def test_dead_links_are_noticed(self):
        text = "# One thing: `x`\n[a](README.md) [b](NONE.md) [c](#one-thing-x) [d](#none) [e](README.md#none) [f](https://x.invalid)\n"
        self.assertEqual(dead_links(ROOT / "X.md", text), ["NONE.md", "#none", "README.md#none"])


class Architecture(unittest.TestCase):
    def test_names_only_files_that_exist(self):
        self.assertEqual(unknown_files((ROOT / "docs/architecture.md").read_text("utf-8")), [])

    def test_a_file_that_does_not_exist_is_noticed(self):
        self.assertEqual(unknown_files("`cache/entry`, `tests/docs`, `cache/entry_that_is_gone`, `gone.hpp`"), ["cache/entry_that_is_gone", "gone.hpp"])


class Translations(unittest.TestCase):
    def test_have_the_same_commands_headings_and_pictures(self):
        for pair in TRANSLATIONS:
            english, portuguese = [(ROOT / name).read_text("utf-8") for name in pair]
            with self.subTest(pair=pair):
                self.assertEqual(console_blocks(english), console_blocks(portuguese))
                levels = [re.findall(r"(?m)^(#+) ", without_code(text)) for text in (english, portuguese)]
                self.assertEqual(levels[0], levels[1])
                pictures = [re.findall(r'!\[[^\]]*\]\(([^)]+)\)|<img src="([^"]+)"', text) for text in (english, portuguese)]
                self.assertEqual(pictures[0], pictures[1])


class Lessons(unittest.TestCase):
    def test_say_in_which_terminal_each_command_is_typed(self):
        for name in ("docs/lesson.md", "docs/aula.pt-BR.md"):
            text = (ROOT / name).read_text("utf-8")
            labels = re.findall(r"(?m)^\*\*Terminal (\d)\*\*\n\n```console$", text)
            blocks = console_blocks(text)
            self.assertEqual(len(labels), len(blocks), name)
            for label, block in zip(labels, blocks):
                with self.subTest(document=name, block=block):
                    commands = [command for command, _ in steps(block)]
                    # These stay in their terminal, so nothing else is typed there.
                    occupied = [command for command in commands if command.endswith("make run") or command.startswith("redis-server")]
                    self.assertIn(len(occupied), (0, len(commands)))
                    expected = "3" if commands[0].startswith("redis-server") else "1" if occupied or "apt install" in commands[0] else "2"
                    self.assertEqual(label, expected)

    def test_name_the_buttons_as_the_page_does(self):
        for name, language in (("docs/lesson-page.md", "en"), ("docs/aula-pagina.pt-BR.md", "pt-BR")):
            texts = {text for part in json.loads((ROOT / f"web/{language}.json").read_text("utf-8")).values() for text in part.values()}
            bold = re.findall(r"\*\*(.+?)\*\*", re.sub(r"\s+", " ", (ROOT / name).read_text("utf-8")))
            pressed = [words for words in bold if not words.endswith(":")]  # the others begin a paragraph
            self.assertGreater(len(pressed), 10)
            with self.subTest(document=name):
                self.assertEqual([words for words in pressed if words not in texts], [])

    def test_take_the_minutes_that_they_promise(self):
        for name, minutes in LESSONS.items():
            text = (ROOT / name).read_text("utf-8")
            with self.subTest(document=name):
                self.assertEqual(sum(map(int, re.findall(r"(?m)^## .*\((\d+) minut[eo]s?\)$", text))), minutes)
                self.assertRegex(text, rf"\b{minutes} minut[eo]s\b")


class Commands(unittest.TestCase):
    def walk(self, name, shell):
        text = (ROOT / name).read_text("utf-8")
        count = 0
        for block in console_blocks(text):
            for command, expected in steps(block):
                if re.search(r"\bk6\b", command):
                    if not K6:
                        print(f"SKIPPED, because k6 is not installed: {command}")
                        continue
                    command = command.replace("k6 ", f"{K6} ", 1)
                with self.subTest(document=name, command=command):
                    printed = shell.run(command)
                    # The service answers first and writes to Redis afterwards. A reader is too slow to notice, but this
                    # test is not.
                    deadline = time.monotonic() + 5
                    while command.startswith("redis-cli keys") and missing(expected, printed) and time.monotonic() < deadline:
                        printed = shell.run(command)
                    self.assertIsNone(missing(expected, printed), f"is not in the output:\n{printed}")
                count += 1
        return count

    def test_of_the_readme_and_then_of_operating(self):
        with Shell() as shell:
            self.assertGreater(self.walk("README.md", shell) + self.walk("docs/operating.md", shell), 7)

    def test_of_the_lesson(self):
        # The Portuguese document has the same commands (see above).
        with Shell() as shell:
            self.assertGreater(self.walk("docs/lesson.md", shell), 20)

    def test_notice_what_is_not_printed(self):
        self.assertIsNone(missing(["a ... c", "...", "e"], "x\na b c\nd\ne\n"))
        self.assertEqual(missing(["e", "a"], "a\ne\n"), "a")
        self.assertEqual(steps("$ a \\\n  b\n1\n\n2\n$ c\n"), [("a \\\n  b", ["1", "2"]), ("c", [])])


class LoadScripts(unittest.TestCase):
    def test_are_well_formed(self):
        node = shutil.which("node")
        if not node:
            self.skipTest("SKIPPED: node is not installed")
        scripts = sorted((ROOT / "load").glob("*.js"))
        self.assertGreater(len(scripts), 7)
        for script in scripts:
            with self.subTest(script=script.name), tempfile.TemporaryDirectory() as folder:
                module = Path(folder) / "script.mjs"
                module.write_text(script.read_text("utf-8"), "utf-8")
                done = subprocess.run([node, "--check", str(module)], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
