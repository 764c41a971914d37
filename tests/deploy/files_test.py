"""Checks that compose.yaml, the configuration of Prometheus and Grafana, and Cloud Run's service.yaml fit the program,
the Dockerfile and each other, and that Docker's own tool accepts compose.yaml. See scripts/check."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
CLOUD_RUN = yaml.safe_load((ROOT / "deploy/cloud-run/service.yaml").read_text())
DEBIAN = (ROOT / "deploy/debian/weather-cache.conf").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETTINGS = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text("utf-8"), re.M))
MEGA = 1 << 20


def container():
    return CLOUD_RUN["spec"]["template"]["spec"]["containers"][0]


class Compose(unittest.TestCase):
    def test_its_own_tool_takes_every_profile(self):
        tool = next((tool for tool in (["docker", "compose"], ["docker-compose"]) if shutil.which(tool[0]) and
                     subprocess.run([*tool, "version"], capture_output=True).returncode == 0), None)
        if tool is None and not os.environ.get("CI"):
            self.skipTest("there is no docker compose; scripts/install-packages check installs it")
        self.assertIsNotNone(tool, "docker compose is not installed")
        said = subprocess.run([*tool, "--file", "compose.yaml", "--profile", "monitoring", "--profile", "load", "config",
                               "--quiet"], cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(said.returncode, 0, said.stderr)

    def test_every_setting_is_one(self):
        self.assertGreater(len(SETTINGS), 20)
        for name in SERVICES["weather-cache"]["environment"]:
            self.assertIn(name, SETTINGS)

    def test_what_a_public_page_needs_comes_from_the_shell(self):
        environment = SERVICES["weather-cache"]["environment"]
        for name in ("PUBLIC_URL", "LAB", "LAB_REDIS_OUTAGE"):
            self.assertTrue(environment.get(name, "").startswith(f"${{{name}:-"), name)

    def test_every_file_that_is_mounted_is_there(self):
        for name, service in SERVICES.items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("./"):
                    self.assertTrue((ROOT / source).exists(), f"{name} mounts {source}")
                    self.assertTrue(volume.endswith(":ro"), f"{name} may write to {source}")
                else:
                    self.assertIn(source, COMPOSE["volumes"], name)

    def test_whoever_is_waited_for_has_a_health_check(self):
        for name, service in SERVICES.items():
            wanted = service.get("depends_on", {})
            for other in wanted:
                self.assertIn(other, SERVICES, name)
                if isinstance(wanted, dict) and wanted[other]["condition"] == "service_healthy":
                    self.assertIn("healthcheck", SERVICES[other], name)

    def test_the_health_check_is_that_of_the_image(self):
        check = re.search(r"^HEALTHCHECK (.*) CMD (\[.*\])$", DOCKERFILE, re.M)
        ours = SERVICES["weather-cache"]["healthcheck"]
        self.assertEqual(ours["test"], ["CMD", *json.loads(check[2])])
        self.assertEqual(check[1], f"--interval={ours['interval']} --timeout={ours['timeout']} "
                                   f"--start-period={ours['start_period']} --retries={ours['retries']}")

    def test_the_service_is_bounded_and_dumps_no_core(self):
        service = SERVICES["weather-cache"]
        self.assertIn("mem_limit", service)
        # THREADS may be 1024.
        self.assertGreater(service["pids_limit"], 1024)
        self.assertEqual(service["ulimits"]["core"], 0)

    def test_redis_is_bounded_and_makes_room(self):
        redis = SERVICES["redis"]
        command = redis["command"]
        limit = int(re.fullmatch(r"(\d+)mb", command[command.index("--maxmemory") + 1])[1]) * MEGA
        self.assertLess(limit, int(re.fullmatch(r"(\d+)m", redis["mem_limit"])[1]) * MEGA)
        self.assertRegex(command[command.index("--maxmemory-policy") + 1], "^allkeys-")
        self.assertNotIn("ports", redis, "it has no password, so only the service may reach it")
        self.assertEqual(SERVICES["weather-cache"]["environment"]["REDIS_URL"], "redis://redis:6379")

    def test_only_the_service_is_open_to_other_machines(self):
        for name, service in SERVICES.items():
            for port in service.get("ports", []):
                if name != "weather-cache":
                    self.assertTrue(port.startswith("127.0.0.1:"), f"{name}: {port}")

    def test_every_image_has_a_version(self):
        for name, service in SERVICES.items():
            if "build" not in service:
                self.assertRegex(service["image"], r"^docker\.io/[^:]+:v?\d", name)

    def test_k6_is_everywhere_the_same(self):
        texts = [(ROOT / name).read_text("utf-8") for name in ("compose.yaml", "scripts/load", "README.md", "README.pt-BR.md")]
        found = [re.findall(r"\bk6[:@ ]v?(\d+\.\d+\.\d+)", text) for text in texts]
        self.assertTrue(all(found), found)
        self.assertEqual(len(set(sum(found, []))), 1, found)
        self.assertEqual(sum(text.count("grafana/k6 ") for text in texts), 0, "an image without a version")


class Monitoring(unittest.TestCase):
    def mounted(self, service, inside):
        """The file or folder of the repository that is mounted at `inside` in `service`."""
        for volume in SERVICES[service]["volumes"]:
            source, target = volume.split(":")[:2]
            if inside == target or inside.startswith(target + "/"):
                return ROOT / source / inside[len(target):].lstrip("/")
        return self.fail(f"{inside} is not mounted in {service}")

    def test_prometheus_finds_the_service_and_its_rules(self):
        path = next(word.split("=")[1] for word in SERVICES["prometheus"]["command"] if "config.file" in word)
        config = yaml.safe_load(self.mounted("prometheus", path).read_text())
        targets = [t for job in config["scrape_configs"] for s in job["static_configs"] for t in s["targets"]]
        self.assertEqual(targets, ["weather-cache:8080"])
        for rules in config["rule_files"]:
            self.assertTrue(self.mounted("prometheus", rules).is_file(), rules)

    def test_grafana_finds_prometheus_and_the_dashboard(self):
        folder = self.mounted("grafana", "/etc/grafana/provisioning")
        sources = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"]
        self.assertEqual([source["url"] for source in sources], ["http://prometheus:9090"])
        providers = yaml.safe_load((folder / "dashboards/weather-cache.yml").read_text())["providers"]
        dashboards = list(self.mounted("grafana", providers[0]["options"]["path"]).glob("*.json"))
        self.assertTrue(dashboards)
        home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertIn(self.mounted("grafana", home), dashboards)


class Debian(unittest.TestCase):
    def test_its_settings_file_names_settings_once(self):
        names = re.findall(r"^#?([A-Z_]+)=", DEBIAN, re.M)
        self.assertEqual(len(names), len(set(names)), names)
        self.assertLessEqual(set(names), SETTINGS)
        self.assertLessEqual({"PUBLIC_URL", "LAB", "LAB_REDIS_OUTAGE"}, set(names))


class CloudRun(unittest.TestCase):
    def test_every_setting_is_one_and_the_url_is_a_secret(self):
        for variable in container()["env"]:
            self.assertIn(variable["name"], SETTINGS)
        url = next(variable for variable in container()["env"] if variable["name"] == "REDIS_URL")
        self.assertIn("secretKeyRef", url["valueFrom"])

    def test_it_asks_the_probes_that_the_front_end_lets_through(self):
        self.assertEqual(container()["startupProbe"]["httpGet"]["path"], "/health/ready")
        self.assertEqual(container()["livenessProbe"]["httpGet"]["path"], "/health/live")
        for probe in ("startupProbe", "livenessProbe"):
            self.assertEqual(container()[probe]["httpGet"]["port"], container()["ports"][0]["containerPort"])

    def test_the_fleet_is_as_large_as_the_scale_allows(self):
        scale = CLOUD_RUN["spec"]["template"]["metadata"]["annotations"]["autoscaling.knative.dev/maxScale"]
        fleet = next(variable for variable in container()["env"] if variable["name"] == "FLEET_SIZE")
        self.assertEqual(fleet["value"], scale)

    def test_the_guide_puts_the_project_wherever_it_belongs(self):
        command = re.search(r"^sed .*>service\.yaml$", (ROOT / "docs/deploy/cloud-run.md").read_text(), re.M)[0]
        with tempfile.TemporaryDirectory() as folder:
            gcloud = Path(folder, "gcloud")
            gcloud.write_text("#!/bin/sh\necho mine-7\n")
            gcloud.chmod(0o755)
            subprocess.run(["sh", "-c", command.replace("deploy/", f"{ROOT}/deploy/")], cwd=folder, check=True,
                           env={"PATH": f"{folder}:{os.environ['PATH']}"})
            service = yaml.safe_load(Path(folder, "service.yaml").read_text())["spec"]["template"]["spec"]
        self.assertEqual(service["serviceAccountName"], "weather-app@mine-7.iam.gserviceaccount.com")
        self.assertIn("/mine-7/", service["containers"][0]["image"])
        self.assertIn({"name": "GOOGLE_CLOUD_PROJECT", "value": "mine-7"}, service["containers"][0]["env"])

    def test_both_guides_have_the_same_commands_and_headings(self):
        english = (ROOT / "docs/deploy/cloud-run.md").read_text()
        portuguese = (ROOT / "docs/deploy/cloud-run.pt-BR.md").read_text()
        blocks = re.compile(r"^```\n.*?^```$", re.M | re.S)
        self.assertEqual(blocks.findall(english), blocks.findall(portuguese))
        self.assertEqual(len(re.findall("^## ", english, re.M)), len(re.findall("^## ", portuguese, re.M)))


class Image(unittest.TestCase):
    def test_its_version_is_that_of_the_program(self):
        version = re.search(r"^project\(.* VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(), re.M)[1]
        self.assertIn(f'org.opencontainers.image.version="{version}"', DOCKERFILE)

    def test_builders_without_buildkit_can_read_the_dockerfile(self):
        self.assertNotRegex(DOCKERFILE, r"(?m)^RUN --|<<|^COPY .*--(link|chmod|parents|exclude)|^# *syntax=")

    def test_the_stage_of_the_tests_gets_what_the_documents_link_to(self):
        ignored = [name for name in (ROOT / ".dockerignore").read_text().split("\n") if name and name[0] not in "#*"]
        self.assertIn("build", ignored)
        for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
            for link in re.findall(r"\]\(([^)\s#:]+)\)", document.read_text("utf-8")):
                target = (document.parent / link).resolve().relative_to(ROOT).as_posix()
                self.assertFalse([name for name in ignored if f"{target}/".startswith(f"{name}/")], f"{document.name}: {link}")

    def test_cloud_build_gets_what_the_dockerfile_copies(self):
        ignored = (ROOT / ".gcloudignore").read_text().split()
        self.assertNotIn("**/build", (ROOT / ".dockerignore").read_text().split(), "it would exclude scripts/build")
        copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE.split("AS test")[0], re.M)
        self.assertTrue(copied)
        for name in " ".join(copied).split():
            self.assertTrue((ROOT / name).exists(), name)
            self.assertNotIn(name.split("/")[0] + "/", ignored)


class Licences(unittest.TestCase):
    def test_go_with_the_program(self):
        done = subprocess.run([ROOT / "scripts/copyright"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith((ROOT / "LICENSE").read_text()))
        self.assertIn("Redistributions in binary form must reproduce", done.stdout)

    def test_are_thought_of_for_every_library(self):
        # A new header-only library whose licence requires it belongs in scripts/copyright.
        found = set(re.findall(r"find_(?:package|library)\((\w+)", (ROOT / "cmake/dependencies.cmake").read_text()))
        shared = {"OpenSSL", "CURL", "ZLIB", "simdjson", "spdlog", "WX_PROMETHEUS_CORE", "WX_XXHASH"}
        self.assertEqual(found - shared, {"Boost", "CLI11"})


class Builder(unittest.TestCase):
    """Runs scripts/image with fake engines that only print their arguments."""

    def build(self, **engines):
        """engine=exit code of its `info`"""
        with tempfile.TemporaryDirectory() as folder:
            for tool in ("bash", "dirname", "git", "timeout"):
                os.symlink(shutil.which(tool), f"{folder}/{tool}")
            for name, code in engines.items():
                path = Path(folder, name)
                path.write_text(f"#!{shutil.which('bash')}\n[[ $1 == info ]] && exit {code}\necho ran {name} \"$@\"\n")
                path.chmod(0o755)
            return subprocess.run([ROOT / "scripts/image", "a-tag"], env={"PATH": folder}, capture_output=True, text=True)

    def test_a_docker_client_without_an_engine_is_passed_over(self):
        self.assertIn("ran podman build --format docker --tag a-tag", self.build(docker=1, podman=0, buildah=0).stdout)
        self.assertIn("ran buildah bud --format docker --isolation chroot --tag a-tag",
                      self.build(docker=1, podman=1, buildah=1).stdout)

    def test_docker_goes_first_when_it_works(self):
        self.assertIn("ran docker build --tag a-tag", self.build(docker=0, podman=0, buildah=0).stdout)

    def test_with_none_it_says_what_to_install(self):
        said = self.build(docker=1)
        self.assertEqual(said.returncode, 1)
        self.assertIn("apt install buildah", said.stderr)


if __name__ == "__main__":
    unittest.main()
