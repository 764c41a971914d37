"""Runs the commands of one document as a reader would, each on a terminal."""
import os
import re
import signal
import socket
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.docs.terminal import Program

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ["WX_PROGRAM"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Shell:
    """`make run` starts the service with the exported variables and stops the one that ran before, like Ctrl-C.
    `redis-server` starts a Redis, and so does `apt install redis-server`, like the package. Free ports replace those of
    the text. A reader takes a second or two for the next command, so the service has found its Redis by then.
    """

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.ports = {"8080": str(free_port()), "6379": str(free_port())}
        self.running = {}
        self.exported = {}  # in the terminal that the service runs in
        self.with_redis = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.running):
            self.stop(name)
        self.folder.cleanup()

    def stop(self, name):
        program = self.running.pop(name, None)
        if program is None:
            return
        if program.process.poll() is None:
            program.press_ctrl_c()
        status = program.wait(20)
        assert status in (0, -signal.SIGINT), f"{name} ended with {status}:\n{program.printed()}"

    def environment(self, more=()):
        return {"PATH": os.environ["PATH"], "HOME": self.folder.name, "LANG": "C.UTF-8", "K6_NO_USAGE_REPORT": "true",
                "BASE_URL": f"http://localhost:{self.ports['8080']}", **dict(more)}

    def as_in_the_text(self, printed):
        for given, free in self.ports.items():
            printed = printed.replace(free, given)
        return printed.replace("127.0.0.1:8080", "localhost:8080")

    def run(self, command):
        """What the command prints. A command that stays in its terminal has printed its first lines."""
        for given, free in self.ports.items():
            command = re.sub(rf"\b{given}\b", free, command)
        words = command.split()
        settings = [word.split("=", 1) for word in words if re.match(r"[A-Z_0-9]+=", word)]
        if "redis-cli" in words and self.ports["6379"] not in words:
            command = command.replace("redis-cli", f"redis-cli -p {self.ports['6379']}")
        if words[0] == "export":
            self.exported.update([words[1].split("=", 1)])
            return ""
        if "apt install" in command and "redis-server" in words:
            if "systemctl disable --now redis-server" not in command:
                self.start_redis(["redis-server", "--port", self.ports["6379"], "--save", ""])
            return ""
        if words[-2:] == ["make", "run"]:
            return self.start_service(settings)
        if words[0] == "redis-server":
            return self.start_redis(words)
        program = Program(["bash", "-o", "pipefail", "-c", command], self.environment(), ROOT)
        status = program.wait(120)
        assert status == 0, f"{command} ends with {status}:\n{program.printed()}"
        assert program.printed() == "" or program.printed().endswith("\n"), f"the prompt sticks to the output of {command}"
        return self.as_in_the_text(program.printed())

    def start_service(self, settings):
        self.stop("service")
        # OPEN_METEO_URL: no command here calls the provider.
        more = {"PORT": self.ports["8080"], "ADDRESS": "127.0.0.1", "OPEN_METEO_URL": "http://127.0.0.1:1", **self.exported, **dict(settings)}
        self.with_redis = "REDIS_URL" in more
        return self.start("service", [PROGRAM], "Ctrl-C ends it\n", more)

    def start_redis(self, command):
        if "redis" in self.running:
            self.running.pop("redis").wait(20)  # `redis-cli shutdown` has ended it
        command = [word.strip("'") for word in command]
        return self.start("redis", [*command, "--dir", self.folder.name], "eady to accept connections")

    def start(self, name, command, mark, more=()):
        program = self.running[name] = Program(command, self.environment(more), ROOT)
        self.wait_for(lambda: mark in program.printed(), lambda: f"{command} does not start:\n{program.printed()}")
        if self.with_redis and {"service", "redis"} <= set(self.running):
            self.wait_for(self.service_has_its_redis, lambda: "the service does not find its Redis")
        return self.as_in_the_text(program.printed())

    def service_has_its_redis(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['8080']}/health/ready", timeout=5) as answer:
            return b'"ok"' in answer.read()

    def wait_for(self, condition, message):
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline and all(program.process.poll() is None for program in self.running.values()), message()
            time.sleep(0.02)
