// The page of the browser tests: the React example, and the package for the tests to call.
import * as gateway from "ips-gateway-client";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Jobs } from "./app.js";

const credentials = { username: "katlyn@example.com", password: "sandbox-katlyn" };
const client = gateway.createClient({ baseUrl: "", credentials });
Object.assign(globalThis, { gateway, client });
if (location.hash === "#react") createRoot(document.querySelector("main")!).render(<StrictMode><Jobs client={client} /></StrictMode>);
