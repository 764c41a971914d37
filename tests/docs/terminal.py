"""Programs on pseudo-terminals: what they print is what a person sees."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading


def take_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Program:
    """A program in the foreground of a terminal of its own, 120 columns wide."""

    def __init__(self, command, environment, folder):
        self.terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, env={"TERM": "xterm", **environment},
                                        cwd=folder, preexec_fn=take_terminal)
        os.close(inside)
        self.output = bytearray()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        try:
            while piece := os.read(self.terminal, 4096):
                self.output += piece
        except OSError:  # the last program on the terminal has ended
            pass

    def printed(self):
        """What was printed so far, without colours and carriage returns."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", self.output.decode("utf-8", "replace"))

    def press_ctrl_c(self):
        os.write(self.terminal, b"\x03")

    def press_ctrl_z(self):
        os.write(self.terminal, b"\x1a")

    def wait(self, seconds):
        """Waits for the end, and returns the exit status. No other program may hold the terminal then."""
        status = self.process.wait(seconds)
        self.reader.join(seconds)
        assert not self.reader.is_alive(), f"a program still runs on the terminal:\n{self.printed()}"
        os.close(self.terminal)
        return status
