"""Compares hits on /v1/forecast: a small body with the /weather hit, larger ones with a limit server that sends the same
bytes. The provider is provider.py."""
import gzip
import re

import servers
from measure import Load

GZIP = "Accept-Encoding: gzip"
HERE = "/v1/forecast?latitude=52.52&longitude=13.41"
SURFACE = ("temperature_2m", "relative_humidity_2m", "dew_point_2m", "apparent_temperature", "precipitation",
           "surface_pressure", "cloud_cover", "wind_speed_10m", "wind_direction_10m", "wind_gusts_10m")
LEVELS = (1000, 975, 950, 925, 900, 850, 800, 700, 600, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30)
SMALL = f"{HERE}&current=temperature_2m,wind_speed_10m"
MEDIUM = f"{HERE}&hourly={','.join(SURFACE)}"
LARGE = (f"{HERE}&past_days=92&forecast_days=16&hourly={','.join(SURFACE[:4])},"
         f"{','.join(f'temperature_{level}hPa' for level in LEVELS)}")


def field(answer, name):
    found = re.search(rf"(?i)\r\n{name}: ([^\r]*)\r\n", answer.partition(b"\r\n\r\n")[0].decode() + "\r\n")
    return found[1] if found else None


def hit(service, target):
    """The answer from memory."""
    servers.get(service.port, target, GZIP)
    answer = servers.get(service.port, target, GZIP)
    assert answer.startswith(b"HTTP/1.1 200") and field(answer, "X-Cache") == "HIT", answer[:2000]
    return answer


def size(answer):
    """What the body is, in words."""
    body = answer.partition(b"\r\n\r\n")[2]
    if field(answer, "Content-Encoding") != "gzip":
        return f"{len(body):,} B"
    return f"{len(gzip.decompress(body)):,} B as {len(body):,} B of gzip"


def compare(bench, place):
    provider = bench.start.provider()
    service = bench.start.ours("weather-cache, drop-in", OPEN_METEO_URL=f"http://127.0.0.1:{provider.port}")
    servers.get(service.port, place)
    weather, forecast = (servers.Alias(path, service, service.port) for path in ("/weather", "/v1/forecast"))
    bench.compare(f"/v1/forecast hit of {size(hit(service, SMALL))} (bound 1.10)", [weather, forecast],
                  Load(SMALL, header=GZIP, seconds=bench.seconds), targets={weather.name: place})
    for target in (MEDIUM, LARGE):
        answer = hit(service, target)
        limit = bench.start.limit(answer, name="limit, the same bytes")
        # Our generator reads large answers with fewer calls than wrk.
        bench.compare(f"/v1/forecast hit of {size(answer)} (bound 1.15)", [limit, service],
                      Load(target, header=GZIP, seconds=bench.seconds), generator_only=True)
        bench.start.stop(limit)
    bench.start.stop(service)
    bench.start.stop(provider)
