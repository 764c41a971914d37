"""Formats the results: one line during the run, and a Markdown page at the end."""
import os
import platform
import subprocess


def machine():
    def first(path, key):
        try:
            with open(path) as file:
                return next((line.split(":", 1)[1].strip() for line in file if line.startswith(key)), "?")
        except OSError:
            return "?"

    def said(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return "?"

    with open("/etc/os-release") as file:
        system = next((line.split("=", 1)[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME")), "?")
    return {"processor": first("/proc/cpuinfo", "model name"), "cores": os.cpu_count(), "kernel": platform.release(),
            "system": system, "commit": said("git", "rev-parse", "--short=12", "HEAD"),
            "changed": bool(said("git", "status", "--porcelain", "--untracked-files=no", "src")),
            "load": os.getloadavg()[0]}


def shape(result):
    text = f"{result['connections']} connection" + ("s" if result["connections"] != 1 else "")
    if result["pipeline"] > 1:
        text += f", {result['pipeline']} pipelined"
    if result["rate"]:
        text += f", {result['rate']:.0f}/s"
    return text


def one_line(result):
    rows = ", ".join(f"{row['name']} {row['cpu_us']:.2f} us ({row['ratio']:.2f}x)" for row in result["rows"])
    return f"{result['scenario']}, {shape(result)}: {rows}"


def calls_line(calls):
    return ", ".join(f"{name} {count:.3f}" for name, count in
                     sorted(calls["per_request"].items(), key=lambda item: -item[1]) if count >= 0.0005)


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join(["---"] + ["---:"] * (len(header) - 1)) + " |"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def comparison(result):
    has_p999 = result["rows"][0]["p999_us"] is not None
    header = ["", "CPU µs per request", "spread", f"against {result['reference']}", "spread", "requests/s", "p50 µs", "p99 µs"]
    rows = []
    for row in result["rows"]:
        cells = [row["name"], f"{row['cpu_us']:.2f}", f"{row['cpu_us_least']:.2f}-{row['cpu_us_most']:.2f}",
                 f"{row['ratio']:.2f}", f"{row['ratio_least']:.2f}-{row['ratio_most']:.2f}", f"{row['rate']:,.0f}",
                 f"{row['p50_us']:.0f}", f"{row['p99_us']:.0f}"]
        rows.append(cells + ([f"{row['p999_us']:.0f}"] if has_p999 else []))
    return [f"### {result['scenario']}, {shape(result)}", "", *table(header + (["p99.9 µs"] if has_p999 else []), rows), ""]


def markdown(results):
    m = results["machine"]
    lines = ["## Measured", "",
             f"{m['processor']}, {m['cores']} cores, Linux {m['kernel']}, {m['system']}; commit {m['commit']}"
             f"{' with changes' if m['changed'] else ''}; load average at the end {m['load']:.1f}."
             f"{' Quick run.' if results['quick'] else ''}", ""]
    for result in results["comparisons"]:
        lines += comparison(result)
    single = results["single"]
    if "cross_check" in single:
        lines += ["### wrk and our load generator, the same closed loop", "",
                  *table(["", "requests/s", "p50 µs", "p99 µs"],
                         [[name, f"{v['rate']:,.0f}", f"{v['p50_us']:.0f}", f"{v['p99_us']:.0f}"]
                          for name, v in single["cross_check"].items()]), ""]
    if "system_calls" in single:
        lines += ["### System calls per request, memory hit, 50 connections (`strace -f -c`)", "",
                  calls_line(single["system_calls"]), ""]
    if "start_ms" in single or "idle_kib" in single or single.get("idle_connections"):
        lines += ["### Start and memory", ""]
        for name, v in single.get("start_ms", {}).items():
            lines.append(f"- exec to first answer, {name}: {v['median']:.1f} ms ({v['least']:.1f} to {v['most']:.1f}), {v['cpu']:.1f} ms of CPU time")
        if "idle_kib" in single:
            v = single["idle_kib"]
            lines.append(f"- idle: {v['resident'] / 1024:.1f} MiB resident, {v['anonymous'] / 1024:.1f} MiB of it anonymous")
        if single.get("idle_connections"):
            v = single["idle_connections"]
            lines.append(f"- {v['count']:,} idle connections: {v['kib_fresh']:.2f} KiB each before the first request, "
                         f"{v['kib_used']:.2f} KiB after it (the process's own memory; the kernel's buffers come on top)")
        lines.append("")
    return "\n".join(lines)
