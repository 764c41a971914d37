"""Answers /v1/forecast as Open-Meteo does, with values that are made up: bench/provider.py PORT

As many hours and variables as the question asks for, so that the question decides the size of the answer. The values
have one decimal and vary like weather, so that gzip makes about as much of them.
"""
import gzip
import http.server
import random
import sys
import time
from urllib.parse import parse_qs, urlsplit


def quoted(fields):
    return ",".join(f'"{name}":{value}' for name, value in fields.items())


def section(name, units, columns):
    return f'"{name}_units":{{{quoted(units)}}},"{name}":{{{quoted(columns)}}}'


def local(seconds):
    return time.strftime("%Y-%m-%dT%H:%M", time.gmtime(seconds))


def current(names, now, chance):
    units = {"time": '"iso8601"', "interval": '"seconds"', **{name: '"°C"' for name in names}}
    quarter = f'"{local(now // 900 * 900)}"'
    return section("current", units, {"time": quarter, "interval": 900, **{name: chance.randint(100, 300) / 10 for name in names}})


def hourly(names, now, past_days, forecast_days, chance):
    midnight = now // 86400 * 86400
    times = ",".join(f'"{local(midnight + hour * 3600)}"' for hour in range(-24 * past_days, 24 * forecast_days))
    columns = {"time": f"[{times}]"}
    for name in names:
        value, values = chance.uniform(5, 25), []
        for _ in range(24 * (past_days + forecast_days)):
            value += chance.gauss(0, 1.2)
            values.append(f"{value:.1f}")
        columns[name] = f"[{','.join(values)}]"
    return section("hourly", {"time": '"iso8601"', **{name: '"°C"' for name in names}}, columns)


def body(query):
    asked = {name: values[-1] for name, values in parse_qs(query).items()}
    now, chance = int(time.time()), random.Random(query)
    # The coordinates are those of the grid cell, not the ones that were asked for.
    parts = [f'"latitude":52.52,"longitude":13.419998,"generationtime_ms":{chance.uniform(0.03, 0.09):.18f},"utc_offset_seconds":0'
             ',"timezone":"GMT","timezone_abbreviation":"GMT","elevation":38.0']
    if "current" in asked:
        parts.append(current(asked["current"].split(","), now, chance))
    if "hourly" in asked:
        parts.append(hourly(asked["hourly"].split(","), now, int(asked.get("past_days", 0)), int(asked.get("forecast_days", 7)), chance))
    return f"{{{','.join(parts)}}}".encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        target = urlsplit(self.path)
        status, answer = (200, body(target.query)) if target.path == "/v1/forecast" else (404, b'{"error":true,"reason":"Not Found"}')
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            answer = gzip.compress(answer, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
