"""Reads event streams with a library, each until it ends, and prints what it reads as lines of JSON.

Arguments: the library, the value of Authorization or "", and the streams as NAME=URL. A stream of a job ends after its last event; that of a
company never does."""

import asyncio
import json
import sys
import threading
import time

import aiohttp
import httpx
import requests
import sseclient
from aiohttp_sse_client.client import EventSource
from httpx_sse import connect_sse

LAST = ("job.finished", "job.removed")
TIMEOUT = 60
OUTPUT = threading.Lock()


class Stream:
    """What a client keeps of a stream to resume it: these libraries leave that to the caller."""

    def __init__(self, name, url, authorization):
        self.name, self.url, self.last, self.pause, self.is_complete = name, url, None, 1, False
        self.authorization = authorization

    def headers(self):
        headers = {"Authorization": self.authorization} if self.authorization else {}
        return {**headers, "Last-Event-ID": self.last} if self.last else headers

    def received(self, event, id, data, retry=None):
        self.say(event=event, id=id, data=data)
        self.last, self.pause = id, retry / 1000 if retry else self.pause
        self.is_complete = event in LAST and "/jobs/events" not in self.url

    def say(self, **line):
        with OUTPUT:
            print(json.dumps({"stream": self.name, **line}), flush=True)


def httpx_sse(stream):
    with httpx.Client(timeout=TIMEOUT) as client, connect_sse(client, "GET", stream.url, headers=stream.headers()) as source:
        source.response.raise_for_status()
        for event in source.iter_sse():
            stream.received(event.event, event.id, event.data, event.retry)


def sseclient_py(stream):
    with requests.get(stream.url, headers=stream.headers(), stream=True, timeout=TIMEOUT) as response:
        response.raise_for_status()
        for event in sseclient.SSEClient(response).events():
            stream.received(event.event, event.id, event.data, event.retry and int(event.retry))


def aiohttp_sse_client(stream):
    async def read():
        async with EventSource(stream.url, headers=stream.headers(), timeout=aiohttp.ClientTimeout(sock_read=TIMEOUT)) as source:
            async for event in source:
                stream.received(event.type, event.last_event_id, event.data)
                if stream.is_complete:
                    return

    asyncio.run(read())


LIBRARIES = {"httpx-sse": httpx_sse, "sseclient-py": sseclient_py, "aiohttp-sse-client": aiohttp_sse_client}
BROKEN = (httpx.TransportError, requests.ConnectionError, requests.exceptions.ChunkedEncodingError, aiohttp.ClientError, ConnectionError)


def follow(read, stream):
    while not stream.is_complete:
        try:
            read(stream)
        except BROKEN as error:
            stream.say(broken=repr(error))
        if not stream.is_complete:
            time.sleep(stream.pause)
    stream.say(ended=True)


library, authorization, *streams = sys.argv[1:]
for name, url in (stream.split("=", 1) for stream in streams):
    threading.Thread(target=follow, args=(LIBRARIES[library], Stream(name, url, authorization))).start()
