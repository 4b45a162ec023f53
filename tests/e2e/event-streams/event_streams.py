"""Libraries for server-sent events read a job's stream and its company's, on three ways; every connection is cut twice on its way. All of them
must get what a reader gets whose connections stay: each event once, in order, with the same data."""

import asyncio
import json
import re
import sys
import threading
import time
from pathlib import Path

from harness import AUTHORIZATION, Client, Processes, free_port, say, until

BINARY, FOLDER = sys.argv[1], Path(sys.argv[2])
HERE = Path(__file__).parent
PATIENCE = 240
MAX_LINE_BYTES = 16 * 1024
# With credentials in a header, or with a ticket, as in a browser.
LIBRARIES = {
    "eventsource": "ticket",
    "event-source-polyfill": "header",
    "fetch-event-source": "header",
    "httpx-sse": "header",
    "sseclient-py": "header",
    "aiohttp-sse-client": "ticket",
}
IN_NODE = ("eventsource", "event-source-polyfill", "fetch-event-source")
# More than one line of data.
UPLOAD = {
    "urlArray": [{"sourceUrl": f"https://assets.example.com/{n:04}/{'x' * 40}.tif", "destPath": f"{n:04}/x.tif"} for n in range(400)],
    "overwrite": True, "readyForPublish": False, "createMask": False, "emailSetting": "None",
}
NGINX = """
pid {folder}/plain.pid; error_log stderr crit;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{upstream}; }} }}
}}
"""


class Breakable:
    """A TCP proxy whose connections can be cut."""

    def __init__(self, upstream):
        self.upstream, self.open = upstream, set()

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def serve(self, reader, writer):
        ends = {writer}
        self.open.add(writer)
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
            ends.add(upstream_writer)
            self.open.add(upstream_writer)
            copies = [asyncio.create_task(copy(*pair)) for pair in ((reader, upstream_writer), (upstream_reader, writer))]
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
            for task in copies:
                task.cancel()
        except (OSError, asyncio.CancelledError):
            pass  # One side is gone, or the test has ended.
        finally:
            for end in ends:
                end.close()
            self.open -= ends

    def cut(self):
        for writer in self.open:
            writer.transport.abort()


async def copy(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # It was cut.


class Streams(Processes):
    """The demo, the ways to it, and the readers."""

    async def start(self):
        port = free_port()
        self.run(BINARY, "demo", "--listen", f"127.0.0.1:{port}", env={"RUST_LOG": "warn"}).first_line()
        self.client = Client(port)
        behind, before = [], [await Breakable(port).start()]
        for configuration in (self.plain_nginx, self.nginx_of_deploy):
            behind.append(await Breakable(port).start())
            listen = free_port()
            self.nginx(configuration(listen, behind[-1].port), f"{listen}.conf")
            before.append(await Breakable(listen).start())
            await until("nginx answers", lambda listen=listen: self.answers(listen, "/livez"))
        self.ways = dict(zip(("direct", "nginx", "nginx of deploy"), before))
        self.to_clients, self.to_gateway = before, [before[0], *behind]
        self.seen, self.ended, self.broken, self.port = {}, set(), {}, port

    def plain_nginx(self, port, upstream):
        return NGINX.format(folder=self.folder, port=port, upstream=upstream)

    def nginx_of_deploy(self, port, upstream):
        text = Path("deploy/nginx.conf").read_text()
        text = re.sub(r"\n *server gateway-[23]:8080 .*", "", text).replace("gateway-1:8080", f"127.0.0.1:{upstream}")
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{self.folder}/")
        return text.replace("/dev/stderr warn", "stderr crit").replace("/dev/stdout line", "off")

    async def ticket(self):
        return (await self.client.request("POST", "/jobs/events/tickets")).json()["ticket"]

    async def read(self, library, prefix, ways, paths):
        """Starts a reader of all paths on all ways."""
        streams = []
        for way, port in ways.items():
            for path in paths:
                query = f"?ticket={await self.ticket()}" if LIBRARIES[library] == "ticket" else ""
                name = f"{prefix}{library}, {way}, {'company' if path == '/jobs/events' else 'job'}"
                self.seen[name], self.broken[name] = [], []
                streams.append(f"{name}=http://127.0.0.1:{port}{path}{query}")
        program = ["node", FOLDER / "reader.js"] if library in IN_NODE else [sys.executable, "-B", HERE / "reader.py"]
        authorization = AUTHORIZATION if LIBRARIES[library] == "header" else ""
        reader = self.run(*map(str, program), library, authorization, *streams)
        threading.Thread(target=self.collect, args=(reader.child.stdout,), daemon=True).start()

    def collect(self, output):
        for line in map(json.loads, output):
            name = line["stream"]
            if "event" in line:
                self.seen[name].append((line["event"], line["id"], line["data"]))
            elif "ended" in line:
                self.ended.add(name)
            else:
                self.broken[name].append(line["broken"])

    async def all_have_more(self, than, what):
        """Every stream has more events than before, or has ended."""
        await until_none(what, lambda: [
            name for name, events in self.seen.items() if len(events) <= than.get(name, 0) and name not in self.ended
        ])

    def counts(self):
        return {name: len(events) for name, events in self.seen.items()}


async def until_none(what, missing):
    """Polls until nothing is missing; fails after the deadline with what is."""
    deadline = time.monotonic() + PATIENCE
    while left := missing():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}: {left}"
        await asyncio.sleep(0.1)


async def main():
    streams = Streams(BINARY)
    try:
        await streams.start()
        submitted = await streams.client.request("POST", "/jobs", body={"jobName": "streams", "uploadUrlsJob": UPLOAD})
        assert submitted.status == 202, submitted
        job = submitted.json()["id"]
        paths = ("/jobs/events", f"/jobs/{job}/events")
        await streams.read("httpx-sse", "whole: ", {"direct": streams.port}, paths)
        await streams.all_have_more({}, "the snapshots of the reader whose connections stay")
        ways = {way: proxy.port for way, proxy in streams.ways.items()}
        for library in LIBRARIES:
            await streams.read(library, "", ways, paths)

        await streams.all_have_more({}, "a snapshot on every stream")
        await streams.all_have_more({name: 1 for name in streams.seen}, "a change on every stream")
        for place, proxies in (("before", streams.to_clients), ("behind", streams.to_gateway)):
            before = streams.counts()
            for proxy in proxies:
                proxy.cut()
            await streams.all_have_more(before, f"events after a cut {place} nginx")
            say(f"every stream was cut {place} nginx, and went on")

        job_streams = [name for name in streams.seen if name.endswith("job")]
        await until_none("the end of the job's streams", lambda: [name for name in job_streams if name not in streams.ended])
        check(streams)
    finally:
        streams.stop()


def check(streams):
    whole = {kind: streams.seen.pop(f"whole: httpx-sse, direct, {kind}") for kind in ("company", "job")}
    assert len(streams.seen) == 6 * len(LIBRARIES), streams.seen.keys()
    for name, events in streams.seen.items():
        kind = name.rsplit(", ", 1)[1]
        (first, start, snapshot), *changes = events
        assert first == "snapshot" and json.loads(snapshot)["jobs"], (name, first)
        expected = changes_after(start, whole[kind])
        if kind == "company":
            expected = expected[: len(changes)]
            assert name not in streams.ended, (name, streams.broken[name])
        else:
            assert changes[-1][0] == "job.finished" and name in streams.ended, (name, changes[-1])
        assert changes == expected, f"{name}:\n{summary(changes)}\n{summary(expected)}\n{streams.broken[name]}"
    say(f"{len(streams.seen)} streams: {sum(map(len, streams.seen.values()))} events, each once, in order")
    lengths = [len(data) for events in streams.seen.values() for _, _, data in events]
    assert max(lengths) > 2 * MAX_LINE_BYTES, "no event had several lines"


def changes_after(start, events):
    """The changes after a position. Ids are an epoch and a number."""
    epoch, number = position(start)
    return [event for event in events if event[0] != "snapshot" and position(event[1]) > (epoch, number)]


def position(id):
    epoch, number, *_ = id.split("-")
    return epoch, int(number)


def summary(events):
    return [f"{event} {id}" for event, id, _ in events]


asyncio.run(main())
