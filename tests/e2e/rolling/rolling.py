"""Rolling restart of two replicas behind the nginx of deploy/, under load. Figures are printed, guarantees are asserted."""

import asyncio
import collections
import contextlib
import json
import re
import signal
import sys
import time
from pathlib import Path

from harness import Client, Events, Processes, free_port, say, until

BINARY = sys.argv[1]
ROUNDS = 5
# In seconds. nginx has no active health checks, so that it has to work without a drain delay too.
DRAIN_DELAYS, GRACE = (1, 0), 10
JOB = {"optimizeImagesJob": {"emailSetting": "None"}}


class Load:
    """Clients without retries that count responses and failures."""

    def __init__(self, port):
        self.port, self.has_ended = port, False
        self.counts, self.failures = collections.Counter(), []
        self.submits, self.events = {}, collections.defaultdict(list)

    async def ask(self, kind, client, expected, *request):
        """Sends a request; returns the response, or None if it failed."""
        began = time.monotonic()
        self.counts[kind] += 1
        try:
            answer = await client.request(*request)
        except (OSError, EOFError, ValueError, IndexError) as error:
            answer = error
            client.close()
        else:
            if answer.status in expected:
                return answer
        self.failures.append(f"{kind} at {time.strftime('%X')} after {time.monotonic() - began:.2f} s: {answer!r}")
        return None

    async def lists(self):
        client = Client(self.port)
        while not self.has_ended:
            await self.ask("lists", client, (200,), "GET", "/jobs")
            await asyncio.sleep(0.1)

    async def single_jobs(self):
        client = Client(self.port)
        while not self.has_ended:
            if self.submits:
                job = list(self.submits.values())[-1][1]
                await self.ask("single jobs", client, (200,), "GET", f"/jobs/{job}")
            await asyncio.sleep(0.1)

    async def long_polls(self):
        client, known = Client(self.port), None
        while not self.has_ended:
            headers = {"If-None-Match": known, "Prefer": "wait=5"} if known else {}
            answer = await self.ask("long polls", client, (200, 304), "GET", "/jobs", headers)
            known = answer.headers["etag"] if answer else None
            await asyncio.sleep(0.05)

    async def submitter(self, number):
        client = Client(self.port)
        for count in range(1_000_000):
            if self.has_ended:
                return
            key, body = f'"{number}-{count}"', {"jobName": f"rolling-{number}-{count}", **JOB}
            answer = await self.ask("submits", client, (202,), "POST", "/jobs", {"Idempotency-Key": key}, body)
            if answer:
                self.submits[key] = (body, answer.json()["id"])
            await asyncio.sleep(0.5)

    async def checks(self):
        """Validations, which don't reach IPS. nginx repeats no POST, so that every failure is counted."""
        client = Client(self.port)
        while not self.has_ended:
            await self.ask("checks", client, (200,), "POST", "/jobs/validate", {}, {"jobName": "check", **JOB})
            await asyncio.sleep(0.01)

    async def stream(self, number):
        """Reconnects as an EventSource does: after `retry`, with the last id."""
        last, pause = None, 0
        while not self.has_ended:
            await asyncio.sleep(pause)
            self.counts["streams"] += 1
            stream = Events(self.port, last)
            try:
                async with stream:
                    while not stream.task.done() and not self.has_ended:
                        await asyncio.sleep(0.05)
                    if stream.task.done():
                        stream.task.result()
                        self.counts["streams ended by the server"] += 1
            except (OSError, EOFError, ValueError, AssertionError) as error:
                self.failures.append(f"stream {number} at {time.strftime('%X')}: {error!r}")
            if last and any(event[0] == "snapshot" for event in stream.seen):
                self.failures.append(f"stream {number} restarted with a snapshot after {last}")
            if stream.seen and not stream.retry:
                self.failures.append(f"stream {number} had no `retry`")
            self.events[number] += [event[:3] for event in stream.seen]
            last, pause = (stream.seen[-1][1] if stream.seen else last), stream.retry or 0

    def begin(self):
        work = [*(self.lists() for _ in range(10)), *(self.single_jobs() for _ in range(5))]
        work += [*(self.long_polls() for _ in range(10)), *(self.submitter(number) for number in range(4))]
        work += [*(self.checks() for _ in range(4)), *(self.stream(number) for number in range(8))]
        self.tasks = [asyncio.create_task(each) for each in work]

    async def end(self):
        self.has_ended = True
        await asyncio.gather(*self.tasks)


class Pair(Processes):
    async def start(self):
        self.sandbox()
        redis_port = free_port()
        self.redis(redis_port)
        self.ports = [free_port(), free_port()]
        self.gateways = [
            self.gateway(port, self.sandbox_port, redis_port, DRAIN_DELAY=f"{delay}s", GRACE=f"{GRACE}s")
            for port, delay in zip(self.ports, DRAIN_DELAYS)
        ]
        self.port = free_port()
        self.nginx(self.configuration())
        for port in self.ports:
            await until(f"the replica on port {port} is connected to Redis", lambda: self.shares(port))
        await until("nginx answers", lambda: self.answers(self.port))

    def configuration(self):
        """The configuration of deploy/, with two replicas, on loopback."""
        text = Path("deploy/nginx.conf").read_text()
        text = re.sub(r"\n *server gateway-3:8080 .*", "", text)
        for number, port in enumerate(self.ports, 1):
            text = text.replace(f"gateway-{number}:8080", f"127.0.0.1:{port}")
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{self.port};").replace("/tmp/", f"{self.folder}/")
        return text.replace("/dev/stderr warn", f"{self.folder}/error.log").replace("/dev/stdout", f"{self.folder}/access.log")

    async def restart(self, number):
        """Restarts a replica on its port; returns the seconds that it took to exit after its drain delay."""
        gateway, port, delay = self.gateways[number], self.ports[number], DRAIN_DELAYS[number]
        signalled = time.monotonic()
        await asyncio.to_thread(gateway.kill, signal.SIGTERM)
        took = time.monotonic() - signalled
        assert gateway.child.returncode == 0, f"it exits with {gateway.child.returncode} after {took:.1f} s"
        assert delay <= took < delay + GRACE, f"it took {took:.1f} s"
        gateway.start()
        await asyncio.to_thread(gateway.first_line)
        await until(f"the replica on port {port} is ready", lambda: self.answers(port, "/readyz"))
        return took - delay

    def retried_by_nginx(self):
        """The requests that nginx repeated on the other replica, by method."""
        lines = map(json.loads, Path(self.folder, "access.log").read_text().splitlines())
        return collections.Counter(line["method"] for line in lines if "," in line["upstream"])


async def restarts_fail_no_request(pair, load):
    load.begin()
    await until("5 submits", lambda: asyncio.sleep(0, len(load.submits) > 4))
    ends = []
    for _ in range(ROUNDS):
        for number in range(len(pair.gateways)):
            ends.append(await pair.restart(number))
    await load.end()
    say(f"{len(ends)} restarts, each exit status 0, {min(ends):.1f} to {max(ends):.1f} s after the drain delay")
    say(", ".join(f"{count} {kind}" for kind, count in load.counts.items()) + f": {len(load.failures)} failed")
    say(f"nginx repeated on the other replica: {dict(pair.retried_by_nginx())}")
    assert not load.failures, "\n".join(load.failures[:10])
    # Each stream is open on one of the two replicas most of the time.
    assert load.counts["streams ended by the server"] >= 8 * ROUNDS / 2, load.counts


async def no_submit_is_lost_or_doubled(pair, load):
    calls, ids = await pair.calls("submitJob"), {job for _, job in load.submits.values()}
    assert calls == load.counts["submits"] == len(ids), (calls, load.counts["submits"], len(ids))
    client = Client(pair.port)
    for key, (body, job) in load.submits.items():
        answer = await client.get(f"/jobs/{job}")
        assert answer.status == 200, (key, answer)
        again = await client.request("POST", "/jobs", {"Idempotency-Key": key}, body)
        assert (again.status, again.json()["id"]) == (202, job), (key, again)
    assert await pair.calls("submitJob") == calls
    say(f"{len(ids)} submits: as many calls of submitJob, all jobs exist, and their idempotency keys are known after all restarts")


async def no_event_is_lost_or_doubled(_, load):
    """All streams have the same events between the latest beginning and the earliest end."""
    streams = [[event for event in events if event[0] != "snapshot"] for events in load.events.values()]
    whole = max(streams, key=len)
    for number, stream in enumerate(streams):
        # One of the two began earlier.
        early, late = (whole, stream) if stream[0] in whole else (stream, whole)
        assert late[0] in early, f"stream {number} and another one have nothing in common"
        begin = early.index(late[0])
        common = min(len(late), len(early) - begin)
        assert late[:common] == early[begin : begin + common], f"stream {number} has other events"
        assert common > len(whole) / 4, f"stream {number} has {common} of {len(whole)} events in common"
    say(f"{len(streams)} streams with up to {len(whole)} events each agree, none lost, none twice")


async def main():
    pair = Pair(BINARY)
    try:
        await pair.start()
        load = Load(pair.port)
        for test in (restarts_fail_no_request, no_submit_is_lost_or_doubled, no_event_is_lost_or_doubled):
            print(test.__name__.replace("_", " "), flush=True)
            await test(pair, load)
    except BaseException:
        with contextlib.suppress(OSError):
            print(Path(pair.folder, "error.log").read_text()[-4000:], file=sys.stderr)
        raise
    finally:
        pair.stop()
    print("rolling: ok")


asyncio.run(main())
