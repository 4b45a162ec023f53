"""Shared by the tests of replicas: processes, a proxy that can delay calls of IPS, an HTTP client, a reader of event streams."""

import asyncio
import base64
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

USER = "katlyn@example.com:sandbox-katlyn"
AUTHORIZATION = "Basic " + base64.b64encode(USER.encode()).decode()
FLEET_KEY = "Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A process that can be restarted with the same arguments."""

    def __init__(self, *arguments, env=None):
        self.arguments, self.env, self.child = arguments, {**os.environ, **(env or {})}, None
        self.start()

    def start(self):
        self.child = subprocess.Popen(self.arguments, env=self.env, stdout=subprocess.PIPE, text=True)

    def first_line(self):
        line = self.child.stdout.readline().strip()
        assert line, f"{self.arguments} ended at once"
        return line

    def kill(self, by=signal.SIGKILL):
        if self.child.poll() is None:
            self.child.send_signal(by)
        self.child.wait()

    def end(self):
        """SIGTERM, then SIGKILL: an nginx that is killed leaves its workers running."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def pid(self):
        return self.child.pid


class Processes:
    """The processes of a test, on loopback; stopped with it."""

    def __init__(self, binary):
        self.binary, self.folder, self.running = binary, tempfile.mkdtemp(prefix="fleet-"), []

    def run(self, *arguments, **options):
        process = Process(*arguments, **options)
        self.running.append(process)
        return process

    def sandbox(self):
        address = self.run(self.binary, "sandbox", "--listen", "127.0.0.1:0").first_line()
        self.sandbox_port = int(address.split(":")[2].split("/")[0])

    async def calls(self, operation):
        return (await Client(self.sandbox_port).get("/sandbox/calls")).json().get(operation, 0)

    def redis(self, port):
        return self.run(
            "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", self.folder, "--loglevel", "warning",
        )

    def gateway(self, port, upstream_port, redis_port, **more):
        settings = {
            "LISTEN": f"127.0.0.1:{port}",
            "UPSTREAM_URL": f"http://127.0.0.1:{upstream_port}/scene7/services/IpsApiService",
            "API_VERSION": "2022-11-01-beta",
            "SHARED_CACHE_URL": f"redis://127.0.0.1:{redis_port}/",
            "SHARED_CACHE_KEY": FLEET_KEY,
            **more,
        }
        variables = {f"IPS_GATEWAY_{name}": value for name, value in settings.items()}
        gateway = self.run(self.binary, "serve", env={**variables, "RUST_LOG": "warn"})
        gateway.first_line()
        return gateway

    def nginx(self, configuration, name="nginx.conf"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(configuration)
        nginx = "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"
        self.run(nginx, "-c", path, "-e", "stderr", "-g", "daemon off;")

    @staticmethod
    async def answers(port, path="/jobs"):
        try:
            return (await Client(port).get(path)).status == 200
        except OSError:
            return False

    @staticmethod
    async def shares(port):
        metrics = (await Client(port).get("/metrics")).body.decode()
        return "ips_gateway_shared_up 1" in metrics

    def stop(self):
        for process in reversed(self.running):
            process.end()


async def until(what, condition, seconds=20):
    """Polls until the condition holds; fails after the deadline with what it last returned."""
    deadline = time.monotonic() + seconds
    while not (last := await condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}; last: {last!r}"
        await asyncio.sleep(0.05)


def say(text):
    print(f"  {text}", flush=True)


def quantile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:500]!r}"


class Client:
    """An HTTP client with one persistent connection."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def send(self, method, path, headers=None, body=b""):
        given = {"Host": "fleet.example.com", "Authorization": AUTHORIZATION, "Content-Length": str(len(body)), **(headers or {})}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in given.items())
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        self.writer.write(head.encode() + b"\r\n" + body)
        await self.writer.drain()
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = (line.split(":", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value.strip() for name, value in fields}

    async def request(self, method, path, headers=None, body=None):
        body = json.dumps(body).encode() if body is not None else b""
        headers = {**({"Content-Type": "application/json"} if body else {}), **(headers or {})}
        status, answered = await self.send(method, path, headers, body)
        if answered.get("transfer-encoding") == "chunked":
            content = b"".join([chunk async for chunk in self.chunks()])
        else:
            content = await self.reader.readexactly(int(answered.get("content-length", 0)))
        if answered.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, answered, content)

    async def get(self, path, headers=None):
        return await self.request("GET", path, headers)

    async def chunks(self):
        while size := int(await self.reader.readline(), 16):
            yield await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.writer = None


class Events:
    """A stream of server-sent events, read into a list of (name, id, data, time of arrival)."""

    def __init__(self, port, last=None):
        self.client, self.last, self.seen, self.task = Client(port), last, [], None
        self.retry = None

    async def __aenter__(self):
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": self.last} if self.last else {})}
        status, answered = await self.client.send("GET", "/jobs/events", headers)
        assert status == 200, (status, answered)
        self.task = asyncio.create_task(self.read())
        return self

    async def read(self):
        received = b""
        async for chunk in self.client.chunks():
            received += chunk
            while b"\n\n" in received:
                block, received = received.split(b"\n\n", 1)
                fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
                if "retry" in fields:
                    self.retry = int(fields["retry"]) / 1e3
                if "event" in fields:
                    now = asyncio.get_running_loop().time()
                    self.seen.append((fields["event"], fields["id"], fields["data"], now))

    async def __aexit__(self, *_):
        self.task.cancel()
        self.client.close()


class Proxy:
    """A TCP proxy in front of the sandbox that can delay calls of getActiveJobs, and records the ports of their callers."""

    def __init__(self, upstream_port):
        self.upstream_port, self.released, self.held = upstream_port, asyncio.Event(), asyncio.Queue()
        self.released.set()

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    def hold(self):
        self.held = asyncio.Queue()
        self.released.clear()

    def release(self):
        self.released.set()

    async def serve(self, reader, writer):
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
            await asyncio.gather(self.forward(reader, upstream_writer, writer), self.copy(upstream_reader, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # One side disconnected, or the test has ended.
        finally:
            writer.close()

    async def forward(self, reader, upstream, client):
        while data := await reader.read(1 << 16):
            if b"getactivejobs" in data.lower():
                if not self.released.is_set():
                    self.held.put_nowait(client.get_extra_info("peername")[1])
                await self.released.wait()
            upstream.write(data)
            await upstream.drain()
        upstream.close()

    @staticmethod
    async def copy(reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()


def owner_of(local_port, processes):
    """The process that owns the connection from this local port (Linux)."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    inodes = {row[9] for row in rows if int(row[1].split(":")[1], 16) == local_port}
    for process in processes:
        for descriptor in os.listdir(f"/proc/{process.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{process.pid}/fd/{descriptor}")
            except OSError:
                continue
            if (found := re.fullmatch(r"socket:\[(\d+)\]", target)) and found[1] in inodes:
                return process
    return None
