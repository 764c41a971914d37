"""Runs scripts/demo on a pseudo-terminal, as `make demo` does, and checks that it leaves nothing behind."""
import json
import os
import re
import signal
import socket
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from tests.docs.shell import PROGRAM, ROOT, free_port
from tests.docs.terminal import Program

SERVICE = Path(PROGRAM).name[:15]  # the kernel cuts the names of processes


class Demo(Program):
    """scripts/demo, run by the command `before` if given. Its temporary files are in `folder`."""

    def __init__(self, port, folder, path=os.environ["PATH"], before=(), program=PROGRAM):
        self.port = port
        self.folder = folder
        # OPEN_METEO_URL: nothing here calls the provider. REDIS_URL_FILE: a setting that the demo must not use.
        environment = {"PATH": path, "TMPDIR": folder, "LANG": "C.UTF-8", "PORT": str(port), "ADDRESS": "127.0.0.1",
                       "OPEN_METEO_URL": "http://127.0.0.1:1", "REDIS_URL_FILE": "/nonexistent"}
        super().__init__([*before, str(ROOT / "scripts/demo"), program], environment, ROOT)

    def wait_until_redis_is_used(self):
        deadline = time.monotonic() + 20
        while True:
            assert time.monotonic() < deadline and self.process.poll() is None, self.printed()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/weather?lat=1&lon=1&mock=true&cache=redis", timeout=5) as answer:
                    if answer.headers["X-Cache"] == "HIT":
                        return json.load(answer)
            except OSError:
                pass
            time.sleep(0.02)

    def wait_until_printed(self, text, times):
        deadline = time.monotonic() + 20
        while self.printed().count(text) < times:
            assert time.monotonic() < deadline and self.process.poll() is None, self.printed()
            time.sleep(0.02)

    def processes(self):
        """The programs that have the demo's folder in their command line or environment: process id -> name."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if any(self.folder.encode() in (entry / file).read_bytes() for file in ("cmdline", "environ")):
                    found[int(entry.name)] = (entry / "comm").read_text().strip()
            except OSError:  # it has ended, or belongs to another user
                pass
        return found

    def process_of(self, name):
        """The process id of the program whose name contains `name`."""
        return next(process for process, found in self.processes().items() if name in found)

    def left_behind(self):
        """Files and programs of the demo."""
        return os.listdir(self.folder) + list(self.processes().values())


class DemoTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_ctrl_c_ends_the_service_and_its_redis(self):
        demo = Demo(free_port(), self.folder)
        self.assertEqual(demo.wait_until_redis_is_used()["source"], "Redis Cache ⚡")
        self.assertIn(SERVICE, demo.left_behind())
        demo.press_ctrl_c()
        self.assertEqual(demo.wait(20), 0, demo.printed())
        self.assertEqual(demo.left_behind(), [])
        self.assertIn(f"http://localhost:{demo.port}", demo.printed().replace("127.0.0.1", "localhost"))
        self.assertNotIn("Terminated", demo.printed())

    def test_any_temporary_folder_will_do(self):
        for name in ("two words", "a#b", "a%41b", "a?b", "a@b", "é" * 40, "long" * 30):
            with self.subTest(name=name):
                folder = Path(self.folder) / name
                folder.mkdir()
                demo = Demo(free_port(), str(folder))
                demo.wait_until_redis_is_used()
                demo.press_ctrl_c()
                self.assertEqual(demo.wait(20), 0, demo.printed())
                self.assertEqual(demo.left_behind(), [])
                used = re.search(r"redis-cli -s (/\S+)/redis\.sock", demo.printed())[1]
                self.assertFalse(os.path.exists(used), used)

    def test_a_signal_ends_both_too(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number.name):
                demo = Demo(free_port(), self.folder)
                demo.wait_until_redis_is_used()
                demo.process.send_signal(number)
                self.assertEqual(demo.wait(20), -number, demo.printed())
                self.assertEqual(demo.left_behind(), [])

    def test_ctrl_z_stops_nothing_for_good(self):
        demo = Demo(free_port(), self.folder)
        demo.wait_until_redis_is_used()
        for times in range(1, 4):
            demo.press_ctrl_z()
            demo.wait_until_printed("^Z", times)
            demo.wait_until_redis_is_used()
        demo.press_ctrl_c()
        self.assertEqual(demo.wait(20), 0, demo.printed())
        self.assertEqual(demo.left_behind(), [])
        self.assertNotIn("Stopped", demo.printed())

    def test_a_signal_ends_both_if_they_are_stopped(self):
        demo = Demo(free_port(), self.folder)
        demo.wait_until_redis_is_used()
        for process, name in demo.processes().items():
            if name == SERVICE or "redis" in name:
                os.kill(process, signal.SIGSTOP)
        demo.process.send_signal(signal.SIGTERM)
        self.assertEqual(demo.wait(20), -signal.SIGTERM, demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_a_second_signal_disturbs_nothing(self):
        demo = Demo(free_port(), self.folder)
        demo.wait_until_redis_is_used()
        # Both wait for the script while it is stopped. It takes the one with the smaller number first.
        demo.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, demo.process.pid, os.WSTOPPED | os.WNOWAIT)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCONT):
            demo.process.send_signal(number)
        self.assertEqual(demo.wait(20), -signal.SIGHUP, demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_a_signal_during_the_clean_up_disturbs_nothing(self):
        demo = Demo(free_port(), self.folder)
        demo.wait_until_redis_is_used()
        demo.process.send_signal(signal.SIGTERM)
        for _ in range(100):
            demo.process.send_signal(signal.SIGINT)
        self.assertIn(demo.wait(20), (-signal.SIGINT, -signal.SIGTERM), demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_a_signal_ends_a_start_that_does_not_end(self):
        server = Path(self.folder) / "redis-server"
        server.write_text("#!/bin/sh\ntrap '' HUP INT TERM\nsleep 1000\nsleep 1000\n")
        server.chmod(0o755)
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number.name):
                demo = Demo(free_port(), self.folder, path=f"{self.folder}:{os.environ['PATH']}")
                deadline = time.monotonic() + 20
                while "sleep" not in demo.processes().values():
                    self.assertLess(time.monotonic(), deadline, demo.printed())
                    time.sleep(0.02)
                demo.process.send_signal(number)
                self.assertEqual(demo.wait(20), -number, demo.printed())
                self.assertEqual(demo.left_behind(), ["redis-server"])

    def test_an_ignored_signal_stays_ignored(self):
        demo = Demo(free_port(), self.folder, before=["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"])
        demo.wait_until_redis_is_used()
        demo.process.send_signal(signal.SIGHUP)
        demo.wait_until_redis_is_used()
        demo.press_ctrl_c()
        self.assertEqual(demo.wait(20), 0, demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_a_stopped_service_goes_on(self):
        demo = Demo(free_port(), self.folder)
        demo.wait_until_redis_is_used()
        os.kill(demo.process_of(SERVICE), signal.SIGSTOP)
        demo.wait_until_redis_is_used()
        demo.press_ctrl_c()
        self.assertEqual(demo.wait(20), 0, demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_the_service_goes_on_without_its_redis(self):
        demo = Demo(free_port(), self.folder)
        demo.wait_until_redis_is_used()
        os.kill(demo.process_of("redis"), signal.SIGKILL)
        with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/weather?lat=2&lon=2&mock=true", timeout=20) as answer:
            self.assertEqual(answer.status, 200)
        demo.press_ctrl_c()
        self.assertEqual(demo.wait(20), 0, demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_the_status_is_that_of_the_service(self):
        demo = Demo(free_port(), self.folder)
        demo.wait_until_redis_is_used()
        os.kill(demo.process_of(SERVICE), signal.SIGKILL)
        self.assertEqual(demo.wait(20), 128 + signal.SIGKILL, demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_the_terminal_is_given_back(self):
        demo = Demo(free_port(), self.folder, before=["bash", "-c", "\"$@\"; echo status $?; read -r word; echo word $word", "bash"])
        demo.wait_until_redis_is_used()
        demo.press_ctrl_c()  # it would end the shell, too, if the service were not alone in the foreground
        demo.wait_until_printed("status 0", 1)
        os.write(demo.terminal, b"typed\n")
        self.assertEqual(demo.wait(20), 0, demo.printed())
        self.assertIn("word typed", demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_a_missing_program_is_named(self):
        demo = Demo(free_port(), self.folder, program="build/nothing")
        self.assertEqual(demo.wait(20), 1)
        self.assertIn("build/nothing", demo.printed())
        self.assertNotIn("Traceback", demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_a_port_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            demo = Demo(other.getsockname()[1], self.folder)
            self.assertEqual(demo.wait(20), 1)
        self.assertIn(f"port {demo.port} is in use", demo.printed())
        self.assertEqual(demo.left_behind(), [])

    def test_a_missing_redis_is_named(self):
        tools = Path(self.folder) / "tools"
        tools.mkdir()
        (tools / "python3").symlink_to(sys.executable)
        demo = Demo(free_port(), self.folder, path=str(tools))
        self.assertEqual(demo.wait(20), 1)
        self.assertIn("redis-tools", demo.printed())
        self.assertEqual(demo.left_behind(), ["tools"])

    def test_a_redis_that_does_not_start_tells_why(self):
        server = Path(self.folder) / "redis-server"
        server.write_text("#!/bin/sh\necho 'no memory left'\nexit 1\n")
        server.chmod(0o755)
        demo = Demo(free_port(), self.folder, path=f"{self.folder}:{os.environ['PATH']}")
        self.assertEqual(demo.wait(20), 1)
        self.assertIn("no memory left", demo.printed())
        self.assertEqual(demo.left_behind(), ["redis-server"])


if __name__ == "__main__":
    unittest.main()
