#!/usr/bin/env python3
"""Embeds the page's sources in this folder into one C++ file: web/embed.py OUTPUT.cpp

Each asset gets the hash of its content in its name, so that browsers may keep it for ever, and a gzip and a brotli
form unless it is a PNG. Scripts and styles lose their comments and indentation. A module's hash covers the modules
it imports, because its text contains their hashed names. Templates are filled with the texts of each language here; a
value that is known only per request stays as {{slot}}.

Texts: one JSON file per language, with the same groups and keys in all. Texts in `page` may hold markup; all others are
plain. `live`, `error`, `fault` and `source` also go to the browser, as a module.
"""
import gzip
import hashlib
import json
import re
import subprocess
import sys
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
LANGUAGES = ["en", "pt-BR"]  # the order of wx::web::Language
TEMPLATES = ["page.html", "problem.html"]
FOR_THE_BROWSER = ["live", "error", "fault", "source"]
AT_THE_ROOT = ["openapi.json"]  # these URLs must not change, so they contain no hash
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
         ".json": "application/json; charset=utf-8", ".png": "image/png"}
ALREADY_COMPRESSED = {".png"}  # gzip and brotli would save nothing
IMPORT = re.compile(r"""(?m)^((?:import|export)\b[^;]*?\bfrom\s*|import\s*)(['"])\./([\w.-]+\.js)\2""")


def fail(message):
    sys.exit(f"web/embed.py: {message}")


def load_texts():
    texts = {}
    for language in LANGUAGES:
        groups = json.loads((HERE / f"{language}.json").read_text("utf-8"))
        texts[language] = {f"{group}.{key}": text for group, entries in groups.items() for key, text in entries.items()}
    first = texts[LANGUAGES[0]]
    for language, entries in texts.items():
        if different := set(first) ^ set(entries):
            fail(f"{language}.json and {LANGUAGES[0]}.json must have the same keys; they differ in: "
                 f"{', '.join(sorted(different))}")
        for key, text in entries.items():
            if set(re.findall(r"\{(\w+)\}", text)) != set(re.findall(r"\{(\w+)\}", first[key])):
                fail(f"{language}.json: {key} must have the same {{placeholders}} as in {LANGUAGES[0]}.json")
            if not text.strip():
                fail(f"{language}.json: {key} is empty")
    return texts


def text_module(entries):
    chosen = {key: text for key, text in entries.items() if key.split(".")[0] in FOR_THE_BROWSER}
    return "export default " + json.dumps(chosen, ensure_ascii=False, separators=(",", ":")) + ";\n"


def without_comments(name, text):
    """The text without comment lines, blank lines and indentation, which only readers of the sources need."""
    if name.endswith(".css"):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    elif not name.endswith(".js"):
        return text
    lines = [line.strip() for line in text.split("\n")]
    # Inside a template literal of several lines a space or a // would be text.
    if name.endswith(".js") and (odd := [line for line in lines if line.count("`") % 2]):
        fail(f"{name}: a template literal must end on its line: {odd[0]}")
    return "\n".join(line for line in lines if line and not (name.endswith(".js") and line.startswith("//"))) + "\n"


class Assets:
    def __init__(self, texts):
        self.sources = {p.name: p.read_bytes() if p.suffix in ALREADY_COMPRESSED else p.read_text("utf-8")
                        for p in sorted(HERE.iterdir())
                        if p.name in AT_THE_ROOT or (p.suffix in TYPES and p.suffix != ".json")}
        self.sources |= {f"text-{language}.js": text_module(texts[language]) for language in LANGUAGES}
        self.done = {}  # name -> (path, hash, bytes)
        self.imports = {}  # name -> names of all modules it imports, directly or not
        for name in self.sources:
            self.make(name, ())

    def make(self, name, path):
        if name in path:
            fail(f"circular import: {' -> '.join([*path, name])}")
        if name not in self.sources:
            fail(f"{path[-1]} refers to {name}, which does not exist")
        if name not in self.done:
            reached = {}

            def hashed(match):
                reached.update(dict.fromkeys([match[3], *self.imports_of(match[3], (*path, name))]))
                return f"{match[1]}{match[2]}./{self.make(match[3], (*path, name)).rsplit('/', 1)[1]}{match[2]}"

            text = IMPORT.sub(hashed, self.sources[name]) if name.endswith(".js") else self.sources[name]
            data = text if isinstance(text, bytes) else without_comments(name, text).encode()
            stem, suffix = name.rsplit(".", 1)
            digest = hashlib.sha256(data).hexdigest()[:12]
            path = f"/{name}" if name in AT_THE_ROOT else f"/assets/{stem}.{digest}.{suffix}"
            self.done[name] = (path, digest, data)
            self.imports[name] = list(reached)
        return self.done[name][0]

    def imports_of(self, name, path):
        self.make(name, path)
        return self.imports[name]

    def url(self, name):
        return self.make(name, ("a template",))


def fill_template(name, language, texts, assets):
    def build_time(match):
        kind, argument = match[1], match[2].replace("LANG", language)
        if kind == "asset":
            return assets.url(argument)
        if kind == "preload":
            return "\n".join(f'<link rel="modulepreload" href="{assets.url(each)}">'
                             for each in assets.imports[argument])
        if argument not in texts:
            fail(f"{name} uses the text {argument}, which does not exist")
        text = texts[argument]
        return text if argument.startswith("page.") else escape(text)

    lane = (HERE / "lane.html").read_text("utf-8")
    text = (HERE / name).read_text("utf-8").replace("{{lang}}", language)
    text = re.sub(r"\{\{lane (\w+) (\w+)\}\}",
                  lambda match: lane.replace("LANE", match[1]).replace("ICON", match[2]), text)
    return re.sub(r"\{\{(t|asset|preload) ([\w.-]+)\}\}", build_time, text)


def literal(text):
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append('\\n"\n    "')
        else:
            out.append(char if 32 <= byte < 127 else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def array(name, data):
    numbers = ",".join(str(byte) for byte in data)
    lines = re.findall(r".{1,116}(?:,|$)", numbers)
    return f"constexpr unsigned char {name}[] = {{\n" + "\n".join(lines) + "};\n"


def main():
    texts = load_texts()
    assets = Assets(texts)
    out = ["// Generated by web/embed.py from the files in web/. Do not edit.", '#include "web/assets.hpp"',
           '#include "web/texts.hpp"', "", '#include "web/tables.hpp"', "", "namespace wx::web {", "namespace {"]
    rows = []
    for number, (name, (path, digest, data)) in enumerate(sorted(assets.done.items())):
        forms = {"plain": data}
        if Path(name).suffix not in ALREADY_COMPRESSED:
            forms["gzip"] = gzip.compress(data, 9, mtime=0)
            forms["brotli"] = subprocess.run(["brotli", "-q", "11", "-c"], input=data, stdout=subprocess.PIPE,
                                             check=True).stdout
        for form, content in forms.items():
            out.append(array(f"{form}_{number}", content))
        values = ", ".join(f"bytes({form}_{number})" if form in forms else "{}" for form in ("plain", "gzip", "brotli"))
        rows.append(f'    {{"{name}", "{path}", "{TYPES["." + name.rsplit(".", 1)[1]]}", "{digest}", '
                    f"{values}}},")
    out += ["}  // namespace", "", "const std::vector<Asset>& asset_table() {",
            "  static const std::vector<Asset> table = {", *rows, "  };", "  return table;", "}", ""]
    out += ["const std::vector<TextRow>& text_table() {", "  static const std::vector<TextRow> table = {"]
    for key in sorted(texts[LANGUAGES[0]]):
        if not key.startswith("page."):
            values = ", ".join(literal(texts[language][key]) for language in LANGUAGES)
            out.append(f'    {{"{key}", {{{values}}}}},')
    out += ["  };", "  return table;", "}", "", "const std::vector<TextRow>& template_table() {",
            "  static const std::vector<TextRow> table = {"]
    for name in sorted(TEMPLATES):
        for language in LANGUAGES:
            ids = re.findall(r'\bid="([^"{]+)"', fill_template(name, language, texts[language], assets))
            if twice := {each for each in ids if ids.count(each) > 1}:
                fail(f"{name} uses an id more than once: {', '.join(sorted(twice))}")
        values = ",\n    ".join(literal(fill_template(name, language, texts[language], assets))
                                for language in LANGUAGES)
        out.append(f'    {{"{name}", {{{values}}}}},')
    out += ["  };", "  return table;", "}", "", "}  // namespace wx::web", ""]
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(out), "utf-8")


if __name__ == "__main__":
    main()
