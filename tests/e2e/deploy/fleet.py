"""The services of deploy/compose.yaml, as processes on loopback."""

import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

DEPLOY = Path("deploy")
BINARY = os.environ["GATEWAY"]


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def gateways():
    return {name: service for name, service in compose()["services"].items() if name.startswith("gateway-")}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Fleet:
    def __init__(self, folder):
        self.folder, self.running = folder, []
        services = compose()["services"]
        sandbox = ["127.0.0.1:0" if word.startswith("0.0.0.0") else word for word in services["sandbox"]["command"]]
        self.sandbox = self.start([BINARY, *sandbox])
        self.cache = f"redis://127.0.0.1:{self.cache_port(services['valkey']['command'])}"
        self.gateways = {name: self.start([BINARY, "serve"], self.environment(service)) for name, service in gateways().items()}
        self.url = f"http://127.0.0.1:{self.nginx()}"

    def start(self, command, env=None):
        """Starts a command; returns the URL that it prints first."""
        log = open(self.folder / f"{len(self.running)}.log", "w")
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
        self.running.append(process)
        line = process.stdout.readline().strip()
        assert line.startswith("http://"), f"{command} prints {line!r} and {Path(log.name).read_text()}"
        return line

    def environment(self, service):
        """The environment of a service, with every other service on loopback."""
        env = dict(service["environment"])
        secrets = {f"/run/secrets/{name}": str((DEPLOY / secret["file"]).resolve()) for name, secret in compose()["secrets"].items()}
        env = {name: secrets.get(value, value) for name, value in env.items()}
        return env | {
            "IPS_GATEWAY_LISTEN": "127.0.0.1:0",
            "IPS_GATEWAY_UPSTREAM_URL": self.sandbox,
            "IPS_GATEWAY_SHARED_CACHE_URL": self.cache,
        }

    def cache_port(self, command):
        """Starts Redis instead of Valkey, with the same arguments; returns its port."""
        port = free_port()
        arguments = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(self.folder)]
        self.running.append(subprocess.Popen(["redis-server", *command[1:], *arguments], stdout=subprocess.DEVNULL))
        return port

    def nginx(self):
        port, text = free_port(), (DEPLOY / "nginx.conf").read_text()
        for name, url in self.gateways.items():
            assert text.count(f"{name}:8080") == 1, f"nginx.conf knows {name}"
            text = text.replace(f"{name}:8080", url.removeprefix("http://"))
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{self.folder}/")
        text = re.sub(r"access_log /dev/stdout", f"access_log {self.folder}/access.log", text)
        config = self.folder / "nginx.conf"
        config.write_text(text)
        subprocess.run(["nginx", "-t", "-q", "-c", config], check=True)
        self.running.append(subprocess.Popen(["nginx", "-c", config, "-g", "daemon off;"]))
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return port
            except OSError:
                time.sleep(0.1)
        raise AssertionError("nginx doesn't listen")

    def stop(self):
        for process in reversed(self.running):
            process.terminate()
        for process in reversed(self.running):
            process.wait(timeout=20)


def ask(url, headers=None, method="GET"):
    """Sends a request; returns status, headers and text of the response."""
    login = {"Authorization": "Basic a2F0bHluQGV4YW1wbGUuY29tOnNhbmRib3gta2F0bHlu"}
    request = urllib.request.Request(url, headers=login | (headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()
