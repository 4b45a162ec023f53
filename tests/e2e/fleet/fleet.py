"""Three replicas behind nginx that share a Redis. Figures are printed, guarantees are asserted."""

import asyncio
import itertools
import random
import signal
import sys
import time

from harness import Client, Events, Processes, Proxy, free_port, owner_of, quantile, say, until

BINARY = sys.argv[1]
FRESH = 2.0
POLLERS, SECONDS = 600, 60
JOB = {"optimizeImagesJob": {"emailSetting": "None"}}

NGINX = """
worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream gateways {{ {servers} keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://gateways; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


class Fleet(Processes):
    async def start(self):
        self.sandbox()
        self.proxy = Proxy(self.sandbox_port)
        await self.proxy.start()
        redis_port = free_port()
        self.store = self.redis(redis_port)
        self.ports = [free_port() for _ in range(3)]
        self.gateways = [self.gateway(port, self.proxy.port, redis_port) for port in self.ports]
        self.port = free_port()
        servers = " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in self.ports)
        self.nginx(NGINX.format(folder=self.folder, servers=servers, port=self.port))
        await self.until_all_share()
        await until("nginx answers", lambda: self.answers(self.port))

    async def until_all_share(self):
        for port in self.ports:
            await until(f"the replica on port {port} is connected to Redis", lambda: self.shares(port))


def observed_at(answer):
    """The `observedAt` of a list: RFC 3339 in UTC, so that texts compare as times do."""
    return answer.body.rsplit(b'"observedAt":"', 1)[1].split(b'"', 1)[0]


async def poll(fleet, seconds, pause, directives, failures, took):
    """Polls through nginx; records failures, and lists older than the one before."""
    client, last, end = Client(fleet.port), b"", time.monotonic() + seconds
    await asyncio.sleep(random.random() * pause)
    for directive in itertools.cycle(directives):
        if time.monotonic() > end:
            return client.close()
        began = time.monotonic()
        answer = await client.get("/jobs", {"Cache-Control": directive} if directive else None)
        took.append(time.monotonic() - began)
        if answer.status != 200:
            failures.append(answer)
        else:
            seen = observed_at(answer)
            if seen < last:
                failures.append(f"{seen} after {last} ({directive})")
            last = seen
        await asyncio.sleep(pause)


async def polls(fleet, pollers, seconds, pause, directives):
    failures, took = [], []
    await asyncio.gather(*(poll(fleet, seconds, pause, directives, failures, took) for _ in range(pollers)))
    say(f"{len(took)} polls, {len(failures)} failed or returned an older list, p99 {quantile(took, 0.99) * 1e3:.0f} ms")
    return failures


async def many_pollers_cost_one_call_per_interval(fleet):
    before = await fleet.calls("getActiveJobs")
    failures = await polls(fleet, POLLERS, SECONDS, 2.0, [None, "max-age=5", None, "max-age=3"])
    calls = await fleet.calls("getActiveJobs") - before
    say(f"{POLLERS} pollers for {SECONDS} s over three replicas: {calls} getActiveJobs")
    assert not failures, failures[:3]
    assert calls <= 33, calls


async def no_cache_directive_returns_an_older_list(fleet):
    failures = await polls(fleet, 60, 10, 0.1, ["no-cache", None, "max-age=1", "max-age=0", None])
    assert not failures, failures[:3]


async def a_stop_is_seen_by_the_next_poll(fleet):
    rounds = 30
    for number in range(rounds):
        ours, other = (Client(fleet.ports[(number + step) % 3]) for step in range(2))
        submitted = await ours.request("POST", "/jobs", body={"jobName": f"stop-{number}", **JOB})
        assert submitted.status == 202, submitted
        job = submitted.json()["id"]
        listed = [each["id"] for each in (await other.get("/jobs")).json()["jobs"]]
        assert job in listed, f"round {number}: submitted, but not in the next list"
        stopped = await ours.request("POST", f"/jobs/{job}/stop")
        assert stopped.status == 202, stopped
        after = {each["id"]: each["status"] for each in (await other.get("/jobs")).json()["jobs"]}
        assert after.get(job, "gone") in ("stopping", "finalizing", "gone"), f"round {number}: {after[job]}"
    say(f"{rounds} of {rounds} submits and stops were visible to the next poll on another replica")


async def one_idempotency_key_makes_one_job(fleet):
    rounds = 20
    for number in range(rounds):
        before = await fleet.calls("submitJob")
        headers, body = {"Idempotency-Key": f'"fleet-{number}-{random.random()}"'}, {"jobName": f"once-{number}", **JOB}
        clients = [Client(port) for port in fleet.ports]
        answers = await asyncio.gather(*(client.request("POST", "/jobs", headers, body) for client in clients))
        assert sorted({answer.status for answer in answers}) in ([202], [202, 409]), answers
        again = await asyncio.gather(*(client.request("POST", "/jobs", headers, body) for client in clients))
        accepted = [answer for answer in [*answers, *again] if answer.status == 202]
        assert len(accepted) >= 4 and len({answer.json()["id"] for answer in accepted}) == 1, accepted
        assert await fleet.calls("submitJob") == before + 1
    say(f"{rounds} keys sent to all three replicas at once, and again: {rounds} jobs")


async def event_streams_resume_on_another_replica(fleet):
    async with Events(fleet.ports[2]) as whole:
        await until("a snapshot", lambda: asyncio.sleep(0, whole.seen))
        last, pieces = whole.seen[0][1], []
        for hop in range(6):
            await Client(fleet.ports[hop % 3]).request("POST", "/jobs", body={"jobName": f"hop-{hop}", **JOB})
            async with Events(fleet.ports[hop % 3], last) as stream:
                await asyncio.sleep(3)
            assert stream.seen and all(event[0] != "snapshot" for event in stream.seen), (hop, stream.seen[:2])
            pieces += [event[:3] for event in stream.seen]
            last = pieces[-1][1]
        await until(f"event {last}", lambda: asyncio.sleep(0, any(event[1] == last for event in whole.seen)))
        expected = [event[:3] for event in whole.seen[1:]]
    assert pieces == expected[: len(pieces)], "the stream over several replicas has other events"
    say(f"{len(pieces)} events over 6 replicas in turn: the same as of one stream, none lost, none twice")


async def events_reach_every_replica(fleet):
    async with Events(fleet.ports[0]) as one, Events(fleet.ports[1]) as two, Events(fleet.ports[2]) as three:
        await asyncio.sleep(15)
    arrivals = {}
    for stream in (one, two, three):
        for name, event, _, at in stream.seen:
            if name != "snapshot":
                arrivals.setdefault(event, []).append(at)
    delays = [1e3 * (max(times) - min(times)) for times in arrivals.values() if len(times) == 3]
    assert len(delays) >= 5, delays
    middle, most = quantile(delays, 0.5), quantile(delays, 0.95)
    say(f"{len(delays)} events reached the last replica {middle:.0f} ms after the first (median; p95 {most:.0f} ms, most {max(delays):.0f} ms)")
    # Debug builds on a shared machine: only the median is asserted.
    assert middle <= 100, delays


async def a_dead_leader_is_replaced_within_an_interval(fleet):
    for _ in range(2):
        await asyncio.sleep(FRESH + 0.5)
        fleet.proxy.hold()
        await Client(fleet.port).get("/jobs")
        leader = owner_of(await asyncio.wait_for(fleet.proxy.held.get(), 10), fleet.gateways)
        assert leader is not None, "no replica calls IPS"
        leader.kill(signal.SIGKILL)
        killed = time.monotonic()
        others = [port for port, gateway in zip(fleet.ports, fleet.gateways) if gateway is not leader]
        while fleet.proxy.held.empty():
            assert time.monotonic() - killed < 10, "no replica takes over"
            for port in others:
                answer = await Client(port).get("/jobs")
                assert answer.status == 200, answer
            await asyncio.sleep(0.05)
        took = time.monotonic() - killed
        fleet.proxy.release()
        say(f"{took:.1f} s after kill -9 of the replica that was calling IPS, another one called")
        assert took <= FRESH + 0.7, took
        leader.start()
        leader.first_line()
    await fleet.until_all_share()


async def an_outage_of_redis_fails_no_poll(fleet):
    async def kill_twice():
        for _ in range(2):
            await asyncio.sleep(2)
            fleet.store.kill()
            await asyncio.sleep(2)
            fleet.store.start()

    failures, took = [], []
    clients = [poll_only(fleet, 11, 0.5, failures, took) for _ in range(150)]
    await asyncio.gather(kill_twice(), *clients)
    say(f"{len(took)} polls during two restarts of Redis: {len(failures)} failed, longest {max(took) * 1e3:.0f} ms")
    assert not failures, failures[:3]
    await fleet.until_all_share()
    before = await fleet.calls("getActiveJobs")
    await polls(fleet, 30, 6, 0.2, [None])
    calls = await fleet.calls("getActiveJobs") - before
    say(f"6 s afterwards: {calls} getActiveJobs")
    assert calls <= 5, calls


async def poll_only(fleet, seconds, pause, failures, took):
    client, end = Client(fleet.port), time.monotonic() + seconds
    await asyncio.sleep(random.random() * pause)
    while time.monotonic() < end:
        began = time.monotonic()
        answer = await client.get("/jobs")
        took.append(time.monotonic() - began)
        if answer.status != 200:
            failures.append(answer)
        await asyncio.sleep(pause)


async def main():
    fleet = Fleet(BINARY)
    try:
        await fleet.start()
        for test in (
            a_stop_is_seen_by_the_next_poll,
            one_idempotency_key_makes_one_job,
            no_cache_directive_returns_an_older_list,
            many_pollers_cost_one_call_per_interval,
            event_streams_resume_on_another_replica,
            events_reach_every_replica,
            a_dead_leader_is_replaced_within_an_interval,
            an_outage_of_redis_fails_no_poll,
        ):
            print(test.__name__.replace("_", " "), flush=True)
            await test(fleet)
    finally:
        fleet.stop()
    print("fleet: ok")


asyncio.run(main())
