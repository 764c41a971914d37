"""Starts and stops the servers to compare, each on a free port of 127.0.0.1 with its own settings."""
import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(port, target, header="", timeout=5):
    """The bytes of one answer, head and body, as sent on a keep-alive connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        line = f"{header}\r\n" if header else ""
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{line}\r\n".encode())
        answer = b""
        while True:
            head, end, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            if end and len(body) >= (int(length[1]) if length else 0):
                return answer
            piece = s.recv(65536)
            if not piece:
                raise ConnectionError("closed before the answer was whole")
            answer += piece


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            direct = [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []
    return direct + [grandchild for child in direct for grandchild in children(child)]


class Server:
    """A server process. Its CPU time includes that of its children, and of `beside` (Redis) if given."""

    def __init__(self, name, command, port, cores, env=None, beside=None, folder=None):
        self.name, self.port, self.beside = name, port, beside
        self.log_path = os.path.join(folder, f"{port}-{name.replace(' ', '-')}.log") if folder else os.devnull
        settings = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **(env or {})}
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(command, env=settings, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)

    def pids(self):
        own = [self.process.pid, *children(self.process.pid)]
        return own + (self.beside.pids() if self.beside else [])

    def wait(self, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.01)
        with open(self.log_path, errors="replace") as log:
            raise RuntimeError(f"{self.name} did not start:\n{log.read()}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Starter:
    """Starts servers, and stops all of them at the end. `peers` is the folder of nginx and Varnish, None without them."""

    def __init__(self, build, folder, cores, peers=None):
        self.build, self.folder, self.cores, self.peers = build, folder, cores, peers
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in reversed(self.running):
            server.stop()

    def keep(self, server):
        self.running.append(server)
        return server.wait()

    def stop(self, server):
        self.running.remove(server)
        server.stop()

    def limit(self, answer, name="limit", threads=1, cores=None):
        path = os.path.join(self.folder, f"{name}.http")
        with open(path, "wb") as file:
            file.write(answer)
        # The server chooses its port and prints it.
        server = Server(name, [os.path.join(self.build, "bench/limit_server"), path, str(threads)], 0,
                        cores or self.cores, folder=self.folder)
        self.running.append(server)
        for _ in range(500):
            with open(server.log_path) as file:
                said = file.read()
            if said.endswith("\n"):
                server.port = int(said)
                return server.wait()
            time.sleep(0.01)
        raise RuntimeError("the limit server did not start")

    def ours(self, name="weather-cache", redis=None, cores=None, threads=1, port=None, **settings):
        env = {"ADDRESS": "127.0.0.1", "PORT": str(port or free_port()), "THREADS": str(threads), "LOG_LEVEL": "warn",
               "MOCK_DELAY": "0", "MOCK_LOADS": "off", "CACHE_TTL": "1h", **settings}
        if redis:
            env["REDIS_URL"] = f"redis://127.0.0.1:{redis.port}"
        return self.keep(Server(name, [os.path.join(self.build, "weather-cache")], int(env["PORT"]), cores or self.cores, env,
                                beside=redis, folder=self.folder))

    def provider(self):
        port = free_port()
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "provider.py")
        return self.keep(Server("provider", [sys.executable, program, str(port)], port, None, folder=self.folder))

    def redis(self):
        program = shutil.which("redis-server")
        command = [program]
        if not program:  # redis-tools contains the server under another name (see scripts/test)
            checker = shutil.which("redis-check-rdb")
            if not checker:
                return None
            command = [os.path.join(self.folder, "redis-server")]
            if not os.path.exists(command[0]):
                os.symlink(checker, command[0])
        port = free_port()
        return self.keep(Server("redis", [*command, "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                          "--appendonly", "no", "--dir", self.folder], port, self.cores, folder=self.folder))

    def peer(self, name):
        """A program that is installed, or unpacked by scripts/peers. Returns its path and the settings that it needs."""
        program = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
        if program:
            return program, {}
        program = shutil.which(name, path=os.path.join(self.peers, "usr/sbin"))
        if not program:
            raise RuntimeError(f"{name} is neither installed nor in {self.peers} (scripts/peers)")
        libraries = {os.path.dirname(path) for path in glob.glob(os.path.join(self.peers, "**/lib*.so*"), recursive=True)}
        return program, {"LD_LIBRARY_PATH": ":".join(sorted(libraries))}

    def nginx(self, answer):
        """Two servers in one nginx process: `return 200`, and a proxy_cache hit. None without peers."""
        if not self.peers:
            return None
        program, env = self.peer("nginx")
        head, body = answer.split(b"\r\n\r\n", 1)
        # Adds the header fields that nginx does not send by itself, so that both send about the same bytes.
        own = {"date", "content-length", "content-type", "connection", "etag", "age"}
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        quote = lambda text: "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "") + "'"
        added = "\n".join(f"      add_header {name} {quote(value)};" for name, value in fields if name.lower() not in own)
        plain, cached, origin = free_port(), free_port(), self.limit(answer, name="nginx-origin")
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w") as file:
            # An nginx that root starts would switch to a user that may not read this folder.
            file.write(f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx-error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; etag off;
  client_body_temp_path {self.folder}/nginx-body; proxy_temp_path {self.folder}/nginx-proxy;
  fastcgi_temp_path {self.folder}/nginx-f; uwsgi_temp_path {self.folder}/nginx-u; scgi_temp_path {self.folder}/nginx-s;
  proxy_cache_path {self.folder}/nginx-cache keys_zone=hits:10m;
  server {{
    listen 127.0.0.1:{plain};
    location / {{ default_type application/json;
{added}
      return 200 {quote(body.decode())}; }}
  }}
  server {{
    listen 127.0.0.1:{cached};
    location / {{ proxy_pass http://127.0.0.1:{origin.port}; proxy_cache hits; proxy_cache_valid 200 1h;
      proxy_ignore_headers Cache-Control Vary Expires; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
""")
        first = self.keep(Server("nginx return 200", [program, "-c", config, "-e", f"{self.folder}/nginx-error.log"],
                                 plain, self.cores, env, folder=self.folder))
        second = Alias("nginx proxy_cache", first, cached)
        return first, second

    def varnish(self, answer):
        """None without peers."""
        if not self.peers:
            return None
        program, env = self.peer("varnishd")
        # Varnish compiles its configuration. The compiler of its package need not be installed.
        compiler = next(filter(None, map(shutil.which, ("gcc", "cc", "clang", "clang-19"))), "gcc")
        origin = self.limit(answer.replace(b"Cache-Control: no-store", b"Cache-Control: max-age=9999"), name="varnish-origin")
        port = free_port()
        # Without its jail (which needs a separate user), and with its default number of workers.
        return self.keep(Server("Varnish", [program, "-F", "-j", "none", "-a", f"127.0.0.1:{port}", "-b",
                                            f"127.0.0.1:{origin.port}", "-n", f"{self.folder}/varnish", "-t", "3600",
                                            "-s", "malloc,64m", "-p", f"cc_command=exec {compiler} -O2 -fPIC -w -shared -o %o %s"],
                                port, self.cores, env, folder=self.folder))


class Alias:
    """A second name, and perhaps port, of a process that another Server owns."""

    def __init__(self, name, server, port):
        self.name, self.server, self.port = name, server, port

    def pids(self):
        return self.server.pids()
