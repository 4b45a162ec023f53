// Reads event streams with a library, each until it ends, and prints what it reads as lines of JSON. Arguments as those of reader.py.
import { EventSource } from "eventsource";
import polyfill from "event-source-polyfill";

const TYPES = ["snapshot", "job.created", "job.progress", "job.status", "job.finished", "job.removed", "upstream.stale", "upstream.recovered"];
const LAST = ["job.finished", "job.removed"];

const [library, authorization, ...streams] = process.argv.slice(2);
const headers = authorization ? { Authorization: authorization } : {};

const LIBRARIES = {
  eventsource: (url, say) => listen(new EventSource(url, { fetch: (target, init) => fetch(target, { ...init, headers: { ...init.headers, ...headers } }) }), say),
  "event-source-polyfill": (url, say) => {
    const source = new polyfill.EventSourcePolyfill(url, { headers });
    listen(source, (line) => {
      say(line);
      if (!isLast(line.event, url)) return;
      // It takes the 204 after the last event for an error, and would ask again.
      source.close();
      say({ ended: true });
    });
  },
  "fetch-event-source": async (url, say) => {
    // It is made for browsers.
    Object.assign(globalThis, { window: globalThis, document: { hidden: false, addEventListener() {}, removeEventListener() {} } });
    const { fetchEventSource } = await import("@microsoft/fetch-event-source");
    let isComplete = false;
    await fetchEventSource(url, {
      headers,
      openWhenHidden: true,
      onmessage({ event, id, data }) {
        // It reports comments as messages without fields.
        if (!event && !data) return;
        say({ event, id, data });
        isComplete = isLast(event, url);
      },
      // A stream that ends without an error is resumed only if this throws.
      onclose() {
        if (!isComplete) throw new Error("closed");
      },
      onerror: (error) => void say({ broken: String(error) }),
    });
    say({ ended: true });
  },
};

const isLast = (event, url) => LAST.includes(event) && !url.includes("/jobs/events");

/** An EventSource reconnects by itself, and is closed for good by the 204 after the last event of a job. */
function listen(source, say) {
  for (const type of TYPES) source.addEventListener(type, ({ lastEventId, data }) => say({ event: type, id: lastEventId, data }));
  source.addEventListener("error", ({ message }) => say(source.readyState === 2 ? { ended: true, message } : { broken: String(message) }));
}

// The polyfill reports every broken connection there.
console.error = () => {};
// The timer with which `eventsource` waits before it reconnects doesn't keep the process running.
setInterval(() => {}, 60_000);
for (const stream of streams) {
  const [name, url] = [stream.slice(0, stream.indexOf("=")), stream.slice(stream.indexOf("=") + 1)];
  LIBRARIES[library](url, (line) => console.log(JSON.stringify({ stream: name, ...line })));
}
