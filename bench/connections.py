"""Measures how much memory an idle connection costs the server."""
import resource
import socket
import time


def idle_cost(server, count, target, memory_kib):
    """Anonymous memory per connection before and after its first request. None if open files are too limited."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 200:
        return None
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 200), hard))
    _, before = memory_kib(server.process.pid)
    clients = []
    try:
        for i in range(count):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            clients.append(client)
        time.sleep(0.5)
        _, fresh = memory_kib(server.process.pid)
        request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        for client in clients:
            client.sendall(request)
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
        time.sleep(0.5)
        resident, used = memory_kib(server.process.pid)
    finally:
        for client in clients:
            client.close()
    return {"count": count, "kib_fresh": (fresh - before) / count, "kib_used": (used - before) / count,
            "resident_kib": resident}
