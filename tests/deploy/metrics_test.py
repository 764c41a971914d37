"""Checks that a live /metrics has every metric and label of the dashboard and the alerts. See scripts/test-metrics."""
import contextlib
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ["WX_PROGRAM"]
PROMTOOL = os.environ.get("WX_PROMTOOL", "")
DASHBOARD = ROOT / "deploy/grafana/dashboards/weather-cache.json"
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
GIVEN_BY_PROMETHEUS = {"instance", "job", "le"}
WORDS = {  # the words of PromQL that the queries use
    "sum", "min", "max", "abs", "by", "rate", "increase", "histogram_quantile",
}


class Service:
    """The program on a free port, for the duration of a `with`."""

    def __enter__(self):
        settings = {"PATH": os.environ["PATH"], "ADDRESS": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json", "MOCK_DELAY": "5ms",
                    "CACHE_TTL": "1h", "OPEN_METEO_URL": "http://127.0.0.1:1"}
        self.process = subprocess.Popen([PROGRAM], env=settings, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.port = int(re.search(r"listening on http://[^\"]*?:(\d+)", line)[1])
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.reader.join()
        self.process.stderr.close()

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()


def queries():
    """(where, PromQL) of every panel and every alert."""
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            yield f"panel {panel['title']!r}", target["expr"].replace("$__rate_interval", "1m")
    text = ALERTS.read_text("utf-8")
    for name, expression in re.findall(r"- alert: (\w+)\n\s+expr: (?:>-\n)?((?:.|\n)*?)\n\s+(?:for|labels):", text):
        yield f"alert {name}", " ".join(expression.split())


def families(metrics):
    """Reads the text format: series name -> label name -> values."""
    found = {}
    for line in metrics.splitlines():
        if line.startswith("#"):
            continue
        name, labels = re.fullmatch(r"([a-z_:]+)(?:\{(.*)\})? \S+", line).groups()
        series = found.setdefault(name, {})
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels or ""):
            series.setdefault(label, set()).add(value)
    return found


def names_in(query):
    """The (metric, matchers) of a query, the labels it groups by, and its remaining words."""
    grouped = {label for group in re.findall(r"\bby \(([^)]*)\)", query) for label in re.split(r",\s*", group)}
    rest = re.sub(r"\bby \([^)]*\)", " by ", query)
    selectors = [(name, re.findall(r'(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)"', matchers))
                 for name, matchers in re.findall(r"\b(weather_cache_\w+)(\{[^}]*\})?", rest)]
    rest = re.sub(r"\b(weather_cache_\w+)(\{[^}]*\})?", " ", rest)
    rest = re.sub(r"\[\w+\]", " ", rest)
    return selectors, grouped, set(re.findall(r"[A-Za-z_]\w*", rest))


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Service() as service:
            service.get("/weather?lat=1&lon=1&mock=true")
            cls.text = service.get("/metrics")
        cls.live = families(cls.text)

    def test_dashboard_and_alerts_name_only_what_is_there(self):
        count = 0
        for where, query in queries():
            with self.subTest(where=where, query=query):
                selectors, grouped, words = names_in(query)
                self.assertLessEqual(words, WORDS)
                self.assertTrue(selectors)
                for name, matchers in selectors:
                    self.assertIn(name, self.live)
                    for label, operator, value in matchers:
                        self.assertIn(label, self.live[name])
                        for each in value.split("|") if "~" in operator else [value]:
                            self.assertIn(each, self.live[name][label])
                for label in grouped - GIVEN_BY_PROMETHEUS:
                    self.assertTrue(any(label in self.live[name] for name, _ in selectors), label)
                count += 1
        self.assertGreater(count, 25)

    def test_legends_name_only_labels_that_their_query_keeps(self):
        for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
            for target in panel["targets"]:
                grouped = names_in(target["expr"])[1]
                for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                    self.assertIn(label, grouped, panel["title"])

    def test_the_checks_notice_what_is_wrong(self):
        selectors, grouped, words = names_in('sum by (a, b) (rate(weather_cache_x{c="d", e=~"f|g"}[5m])) / wether_cache_y')
        self.assertEqual(selectors, [("weather_cache_x", [("c", "=", "d"), ("e", "=~", "f|g")])])
        self.assertEqual(grouped, {"a", "b"})
        self.assertEqual(words, {"sum", "by", "rate", "wether_cache_y"})

    def test_half_of_the_scrapes_under_load_take_less_than_five_milliseconds(self):
        with Service() as service:
            stop = threading.Event()

            def load():
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)) as connection:
                    while not stop.is_set():
                        connection.request("GET", "/weather?lat=1&lon=1&mock=true")
                        connection.getresponse().read()

            threads = [threading.Thread(target=load) for _ in range(4)]
            for thread in threads:
                thread.start()
            try:
                spans = []
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)) as connection:
                    for _ in range(100):
                        begin = time.perf_counter()
                        connection.request("GET", "/metrics")
                        connection.getresponse().read()
                        spans.append(time.perf_counter() - begin)
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
        median = statistics.median(spans) * 1000
        print(f"\na scrape under load: median {median:.2f} ms, slowest {max(spans) * 1000:.2f} ms")
        self.assertLess(median, 5)


@unittest.skipUnless(PROMTOOL, "SKIPPED: there is no promtool (scripts/promtool fetches it)")
class Promtool(unittest.TestCase):
    def promtool(self, *arguments, **more):
        done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=60, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_metrics_follow_the_conventions(self):
        with Service() as service:
            self.assertEqual(self.promtool("check", "metrics", input=service.get("/metrics")), "")

    def test_the_alerts_are_well_formed_and_fire_when_they_should(self):
        self.promtool("check", "rules", str(ALERTS))
        self.promtool("test", "rules", str(ALERTS.with_suffix(".test.yml")))

    def test_prometheus_understands_and_answers_every_query_of_the_dashboard(self):
        prometheus = Path(PROMTOOL).resolve().with_name("prometheus")
        with tempfile.TemporaryDirectory() as folder, Service() as service:
            configuration = Path(folder) / "prometheus.yml"
            configuration.write_text(
                "global: {scrape_interval: 500ms, scrape_timeout: 500ms}\n"
                f"rule_files: [{ALERTS}]\n"
                f"scrape_configs: [{{job_name: weather-cache, static_configs: [{{targets: ['127.0.0.1:{service.port}']}}]}}]\n")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            process = subprocess.Popen([str(prometheus), f"--config.file={configuration}", f"--storage.tsdb.path={folder}/data",
                                        f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                def ask(query):
                    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
                    try:
                        with urllib.request.urlopen(url, timeout=10) as answer:
                            return json.load(answer)["data"]["result"]
                    except urllib.error.HTTPError as error:
                        if error.code == 503:
                            return []  # still starting
                        self.fail(f"{query}: {error.read()}")
                    except urllib.error.URLError:
                        return []  # still starting

                deadline = time.monotonic() + 30
                while not ask("rate(weather_cache_requests_total[1m])"):  # two scrapes
                    self.assertLess(time.monotonic(), deadline, "Prometheus scraped no samples")
                    service.get("/weather?lat=1&lon=1&mock=true")
                    time.sleep(0.1)
                for where, query in queries():
                    with self.subTest(where=where, query=query):
                        result = ask(query)
                        if where.startswith("panel"):
                            self.assertTrue(result)
            finally:
                process.terminate()
                process.wait(20)


if __name__ == "__main__":
    unittest.main()
