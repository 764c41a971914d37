"""Measures CPU time of processes, load, memory and system calls. Standard library only, Linux only."""
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass

PIPELINE_SCRIPT = """
init = function(args)
  local all = {}
  for i = 1, %d do all[i] = wrk.format() end
  requests = table.concat(all)
end
request = function() return requests end
"""


def cpu_ns(pids):
    """CPU time in nanoseconds of all threads of these processes, from schedstat, which is finer than stat."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass  # the thread has ended; those of a server that is measured do not
    return total


def memory_kib(pid):
    """Resident and anonymous resident memory."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmRSS"].split()[0]), int(fields["RssAnon"].split()[0])


@dataclass
class Load:
    """The parameters of a closed loop, or of an open loop if `rate` is set."""
    target: str
    connections: int = 50
    pipeline: int = 1
    seconds: float = 1.0
    rate: float = 0
    keys: str = "one"
    header: str = ""
    seed: int = 1
    threads: int = 1


@dataclass
class Sample:
    requests: int
    errors: int
    rate: float
    p50_us: float
    p99_us: float
    p999_us: float
    cpu_us: float = 0  # of the server, per request


class Loader:
    def __init__(self, generator, cores):
        self.generator = generator
        self.wrk = shutil.which("wrk")
        self.cores = cores

    def run(self, server, load, generator_only=False):
        """Puts the load on the server and measures what it costs."""
        before = cpu_ns(server.pids())
        if self.wrk and not load.rate and load.keys == "one" and load.seconds >= 1 and not generator_only:
            sample = self._wrk(server.port, load)
        else:
            sample = self._generator(server.port, load)
        sample.cpu_us = (cpu_ns(server.pids()) - before) / 1e3 / max(1, sample.requests)
        if sample.errors:
            raise RuntimeError(f"{server.name}: {sample.errors} of {sample.requests} answers were errors ({load})")
        return sample

    def _spawn(self, command):
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              preexec_fn=lambda: os.sched_setaffinity(0, self.cores))
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def _generator(self, port, load):
        command = [self.generator, f"--port={port}", f"--target={load.target}", f"--connections={load.connections}",
                   f"--pipeline={load.pipeline}", f"--seconds={load.seconds}", f"--rate={load.rate}",
                   f"--keys={load.keys}", f"--seed={load.seed}"]
        if load.header:
            command.append(f"--header={load.header}")
        said = json.loads(self._spawn(command))
        return Sample(said["requests"], said["errors"] + said["unanswered"], said["rate"], said["p50_us"],
                      said["p99_us"], said["p999_us"])

    def _wrk(self, port, load):
        command = [self.wrk, f"-t{load.threads}", f"-c{max(load.connections, load.threads)}",
                   f"-d{max(1, round(load.seconds))}s", "--latency"]
        if load.header:
            command += ["-H", load.header]
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            if load.pipeline > 1:
                script.write(PIPELINE_SCRIPT % load.pipeline)
                script.flush()
                command += ["-s", script.name]
            said = self._spawn(command + [f"http://127.0.0.1:{port}{load.target}"])
        requests = int(re.search(r"(\d+) requests in", said)[1])
        bad = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", said))
        bad += sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", said)))

        def percentile(name):
            number, unit = re.search(rf"\s{name}%\s+([\d.]+)(us|ms|s)", said).groups()
            return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]

        # wrk prints 50, 75, 90 and 99 %.
        return Sample(requests, bad, float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), percentile("50"),
                      percentile("99"), float("nan"))


def system_calls(server, loader, load):
    """System calls per request, by name, while the load runs. None without strace."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile("r") as out:
        pids = [argument for pid in server.pids() for argument in ("-p", str(pid))]
        # -f follows the existing threads of the process, too.
        tracer = subprocess.Popen(["strace", "-f", "-c", "-o", out.name, *pids], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        sample = loader.run(server, load)
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        counts = {}
        for line in out.read().splitlines():
            parts = line.split()
            if len(parts) >= 5 and parts[0].replace(".", "").isdigit() and parts[-1] != "total":
                counts[parts[-1]] = int(parts[3]) / sample.requests
    return {"requests": sample.requests, "per_request": counts}


def median(values):
    return statistics.median(values)
