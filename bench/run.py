#!/usr/bin/env python3
"""Compares the service with reference servers (bench/README.md). `make bench` runs it.

Every scenario measures a set of contenders in turn, round by round, so that a disturbance of the machine hits all of
them. A ratio compares two neighbours in one round. The report shows the median over the rounds, and the spread.
"""
import argparse
import json
import math
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace

import report
import servers
from measure import Load, Loader, cpu_ns, median, memory_kib, system_calls

PLACE = "/weather?lat=52.52&lon=13.41&mock=true"
ANYWHERE = "/weather?mock=true"


class Bench:
    def __init__(self, arguments, folder):
        self.quick = arguments.quick
        self.only = arguments.only.split(",") if arguments.only else None
        self.rounds_asked = arguments.rounds
        self.rounds = arguments.rounds or (3 if self.quick else 7)
        self.seconds = arguments.seconds
        cores = sorted(os.sched_getaffinity(0))
        # The server has one core and the load has the others. Redis shares the core of the server that it serves.
        self.server_cores = {cores[0]}
        self.load_cores = set(cores[1:]) or {cores[0]}
        self.all_cores = set(cores)
        self.start = servers.Starter(arguments.build, folder, self.server_cores, arguments.peers)
        self.loader = Loader(os.path.join(arguments.build, "bench/load_generator"), self.load_cores)
        self.results = {"comparisons": [], "single": {}}
        self.began = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.began:4.0f} s] {text}", file=sys.stderr, flush=True)

    def wanted(self, name):
        return not self.only or name in self.only

    def compare(self, scenario, contenders, load, rounds=None, generator_only=False, seed_per_run=False, targets=None):
        """Measures the contenders in turn. The first one is the reference. `targets` by name are used instead of the load's."""
        rows = {server.name: [] for server in contenders}
        for number in range(rounds or self.rounds):
            for server in contenders:
                if seed_per_run:
                    load.seed += 1
                own = replace(load, target=(targets or {}).get(server.name, load.target))
                rows[server.name].append(self.loader.run(server, own, generator_only))
        reference = contenders[0].name
        result = {"scenario": scenario, "connections": load.connections, "pipeline": load.pipeline, "rate": load.rate,
                  "reference": reference, "rows": []}
        for name, samples in rows.items():
            ratios = [s.cpu_us / r.cpu_us for s, r in zip(samples, rows[reference])]
            result["rows"].append({
                "name": name, "cpu_us": median(s.cpu_us for s in samples),
                "cpu_us_least": min(s.cpu_us for s in samples), "cpu_us_most": max(s.cpu_us for s in samples),
                "ratio": median(ratios), "ratio_least": min(ratios), "ratio_most": max(ratios),
                "rate": median(s.rate for s in samples), "p50_us": median(s.p50_us for s in samples),
                "p99_us": median(s.p99_us for s in samples),
                "p999_us": None if math.isnan(samples[0].p999_us) else median(s.p999_us for s in samples),
                "samples": [asdict(s) for s in samples]})
        self.results["comparisons"].append(result)
        self.say(report.one_line(result))
        return result

    # --- the scenarios ---

    def run(self):
        with self.start:
            service = self.start.ours()
            servers.get(service.port, PLACE)
            self.answer = servers.get(service.port, PLACE)
            self.limit = self.start.limit(self.answer)
            self.service = service
            for name in ("memory", "304", "redis", "miss", "zipf", "drop-in", "open-loop", "cross-check", "scaling",
                         "calls", "start", "idle", "connections"):
                if self.wanted(name):
                    self.say(f"--- {name}")
                    getattr(self, "scenario_" + name.replace("-", "_"))()
        return self.results

    def shapes(self):
        if self.quick:
            return [(50, 1), (50, 16)]
        return [(50, 1), (1, 1), (500, 1), (1, 16), (50, 16), (500, 16)]

    def scenario_memory(self):
        contenders = [self.limit, self.service]
        if not self.start.peers:
            self.say("nginx and Varnish are left out; make bench PEERS=1 compares with them")
        for others in (self.start.nginx(self.answer), self.start.varnish(self.answer)):
            if others:
                contenders += others if isinstance(others, tuple) else [others]
        for server in contenders:
            servers.get(server.port, PLACE)
        self.nginx = next((s for s in contenders if s.name == "nginx return 200"), None)
        for connections, pipeline in self.shapes():
            self.compare("memory hit", contenders, Load(PLACE, connections, pipeline, self.seconds))

    def scenario_304(self):
        head = self.answer.split(b"\r\n\r\n")[0].decode()
        etag = next(line for line in head.split("\r\n") if line.startswith("ETag: "))[6:]
        header = f"If-None-Match: {etag}"
        not_modified = servers.get(self.service.port, PLACE, header)
        assert not_modified.startswith(b"HTTP/1.1 304")
        limit = self.start.limit(not_modified, name="limit (304)")
        self.compare("304", [limit, self.service], Load(PLACE, header=header, seconds=self.seconds))
        self.start.stop(limit)

    def scenario_redis(self):
        redis = self.start.redis()
        if not redis:
            return self.say("skipped: there is no redis-server")
        service = self.start.ours("weather-cache + Redis", redis=redis, MEMORY_LIMIT="0")
        time.sleep(0.5)
        servers.get(service.port, PLACE)
        for connections, pipeline in [(50, 1)] if self.quick else [(50, 1), (1, 1), (500, 1), (50, 16)]:
            self.compare("Redis hit", [self.limit, service], Load(PLACE, connections, pipeline, self.seconds))
        self.start.stop(service)
        self.start.stop(redis)

    def scenario_miss(self):
        unique = Load(ANYWHERE, keys="unique", seconds=self.seconds)
        contenders = [self.limit, self.start.ours("weather-cache, miss")]
        redis = self.start.redis()
        if redis:
            contenders.append(self.start.ours("weather-cache + Redis, miss", redis=redis))
            time.sleep(0.5)
        # Fills the memory first, so that evictions are part of the measurement.
        for server in contenders[1:]:
            self.loader.run(server, Load(ANYWHERE, keys="unique", seconds=2 if self.quick else 8, seed=100))
        self.compare("miss", contenders, unique, seed_per_run=True)
        for server in contenders[1:]:
            self.start.stop(server)
        if redis:
            self.start.stop(redis)

    def scenario_zipf(self):
        service = self.start.ours("weather-cache, 100,000 keys")
        mixed = Load(ANYWHERE, keys="zipf", seconds=self.seconds)
        self.loader.run(service, Load(ANYWHERE, keys="zipf", seconds=2 if self.quick else 8, seed=50))
        self.compare("Zipf(0.99) over 100,000 keys", [self.limit, service], mixed, seed_per_run=True)
        self.start.stop(service)

    def scenario_drop_in(self):
        import drop_in
        drop_in.compare(self, PLACE)

    def scenario_open_loop(self):
        nginx = getattr(self, "nginx", None) or next(iter(self.start.nginx(self.answer) or []), None)
        contenders = [nginx, self.service] if nginx else [self.limit, self.service]
        # Half of the current capacity of the slower one.
        capacity = min(self.loader.run(s, Load(PLACE, seconds=2)).rate for s in contenders)
        load = Load(PLACE, rate=round(capacity / 2), seconds=2 if self.quick else 5)
        self.compare("open loop at half the capacity", contenders, load,
                     rounds=self.rounds_asked or (3 if self.quick else 5))

    def scenario_cross_check(self):
        """Runs the same closed loop with wrk and with our generator. Their latencies must be similar."""
        if not self.loader.wrk:
            return
        load = Load(PLACE, seconds=self.seconds)
        pairs = [(self.loader.run(self.service, load), self.loader.run(self.service, load, generator_only=True))
                 for _ in range(self.rounds)]
        self.results["single"]["cross_check"] = {
            name: {"rate": median(p[i].rate for p in pairs), "p50_us": median(p[i].p50_us for p in pairs),
                   "p99_us": median(p[i].p99_us for p in pairs)} for i, name in enumerate(("wrk", "load_generator"))}
        self.say(str(self.results["single"]["cross_check"]))

    def scenario_scaling(self):
        """CPU per request with one thread and with two. Servers and load share all cores."""
        if len(self.all_cores) < 2:
            return
        loader = Loader(self.loader.generator, self.all_cores)
        saved, self.loader = self.loader, loader
        contenders = [self.start.limit(self.answer, name="limit, 1 thread", cores=self.all_cores),
                      self.start.limit(self.answer, name="limit, 2 threads", threads=2, cores=self.all_cores),
                      self.start.ours("weather-cache, 1 thread", cores=self.all_cores),
                      self.start.ours("weather-cache, 2 threads", threads=2, cores=self.all_cores)]
        for server in contenders:
            servers.get(server.port, PLACE)
        self.compare("memory hit, threads", contenders, Load(PLACE, seconds=self.seconds, threads=2))
        for server in contenders:
            self.start.stop(server)
        self.loader = saved

    def scenario_calls(self):
        calls = system_calls(self.service, self.loader, Load(PLACE, seconds=1))
        if calls:
            self.results["single"]["system_calls"] = calls
            self.say("system calls per request: " + report.calls_line(calls))

    def scenario_start(self):
        """The limit server, started the same way, shows how much of the time is overhead of the measurement."""
        redis = self.start.redis()
        path = os.path.join(self.start.folder, "start.http")
        with open(path, "wb") as file:
            file.write(self.answer)
        limit = [os.path.join(self.start.build, "bench/limit_server"), path, "1"]
        service = [os.path.join(self.start.build, "weather-cache")]
        settings = {"ADDRESS": "127.0.0.1", "LOG_LEVEL": "warn", "MOCK_DELAY": "0", "MOCK_LOADS": "off"}
        cases = {"limit": (limit, {}), "memory only": (service, settings)}
        if redis:
            cases["with Redis"] = (service, {**settings, "REDIS_URL": f"redis://127.0.0.1:{redis.port}"})
        spans = {name: [] for name in cases}
        cpu = {name: [] for name in cases}
        for _ in range(7 if self.quick else 21):
            for name, (command, env) in cases.items():
                took, used = self.first_answer(command, env)
                spans[name].append(took * 1e3)
                cpu[name].append(used * 1e3)
        for name, taken in spans.items():
            self.results["single"].setdefault("start_ms", {})[name] = {
                "median": median(taken), "least": min(taken), "most": max(taken), "cpu": median(cpu[name])}
            self.say(f"exec to first answer, {name}: {median(taken):.1f} ms ({min(taken):.1f} to {max(taken):.1f}), "
                     f"of them {median(cpu[name]):.1f} ms CPU")
        if redis:
            self.start.stop(redis)

    def first_answer(self, command, env):
        port = servers.free_port()
        if not env:
            command = [*command, str(port)]
        began = time.perf_counter()
        server = servers.Server("start", command, port, None, {**env, "PORT": str(port)})
        try:
            while True:
                try:
                    answer = servers.get(port, PLACE)
                    break
                except ConnectionRefusedError:
                    time.sleep(0.0002)
            took = time.perf_counter() - began
            used = cpu_ns(server.pids()) / 1e9
            assert answer.startswith(b"HTTP/1.1 200"), answer
            return took, used
        finally:
            server.stop()

    def scenario_idle(self):
        server = self.start.ours("idle", threads="auto", cores=self.all_cores)
        servers.get(server.port, PLACE)
        time.sleep(1)
        resident, anonymous = memory_kib(server.process.pid)
        self.results["single"]["idle_kib"] = {"resident": resident, "anonymous": anonymous}
        self.say(f"idle: {resident / 1024:.1f} MiB resident, {anonymous / 1024:.1f} MiB of them anonymous")
        self.start.stop(server)

    def scenario_connections(self):
        import connections
        count = 2000 if self.quick else 10000
        server = self.start.ours("many connections", cores=self.all_cores)
        servers.get(server.port, PLACE)
        found = connections.idle_cost(server, count, PLACE, memory_kib)
        self.results["single"]["idle_connections"] = found
        if found:
            self.say(f"{found['count']} idle connections: {found['kib_fresh']:.2f} KiB each before their first request, "
                     f"{found['kib_used']:.2f} KiB after it")
        self.start.stop(server)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/bench")
    parser.add_argument("--quick", action="store_true", help="about two minutes instead of ten")
    parser.add_argument("--only", help="scenarios by name, with commas")
    parser.add_argument("--peers", help="compare with nginx and Varnish, which are installed or in this folder (scripts/peers)")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, default=1, help="of one measurement; below one, by our own generator")
    arguments = parser.parse_args()
    arguments.build = os.path.abspath(arguments.build)
    with tempfile.TemporaryDirectory(prefix="wx-bench-") as folder:
        bench = Bench(arguments, folder)
        results = bench.run()
    results["machine"] = report.machine()
    results["quick"] = arguments.quick
    with open(os.path.join(arguments.build, "bench.json"), "w") as file:
        json.dump(results, file, indent=1)
    page = report.markdown(results)
    with open(os.path.join(arguments.build, "bench.md"), "w") as file:
        file.write(page)
    print(page)
    print(f"Written: {os.path.relpath(arguments.build)}/bench.md and bench.json", file=sys.stderr)


if __name__ == "__main__":
    main()
