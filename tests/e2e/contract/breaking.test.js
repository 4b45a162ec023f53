// Tests of the check for breaking changes, with changes of both kinds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { breaking } from "./breaking.js";

const document = {
  security: [{ basic: [] }],
  paths: {
    "/jobs": {
      get: {
        operationId: "listJobs",
        parameters: [{ name: "sort", in: "query", schema: { type: "string", enum: ["name", "-name"] } }],
        responses: { 200: { description: "", headers: { ETag: {} }, content: { "application/json": { schema: { $ref: "#/components/schemas/Job" } } } } },
      },
      post: {
        operationId: "submitJob",
        requestBody: { required: true, content: { "application/json": { schema: { $ref: "#/components/schemas/Submit" } } } },
        responses: { 202: { description: "" } },
      },
    },
  },
  components: {
    schemas: {
      Job: {
        type: "object",
        required: ["id"],
        properties: {
          id: { type: "string" },
          percent: { type: "integer" },
          phase: { type: "string", enum: ["active", "completed"] },
          runs: { type: "array", items: { $ref: "#/components/schemas/Job" } },
        },
      },
      Submit: { oneOf: [{ $ref: "#/components/schemas/Export" }, { $ref: "#/components/schemas/Publish" }] },
      Export: { type: "object", required: ["name"], properties: { name: { type: "string", maxLength: 20 }, fmt: { type: "string" } } },
      Publish: { type: "object", properties: { kind: { type: "string", enum: ["Full", "Incremental"] } } },
    },
  },
};

function after(change) {
  const changed = structuredClone(document);
  change(changed, changed.components.schemas, changed.paths["/jobs"].get, changed.paths["/jobs"].post);
  return breaking(document, changed);
}

const BREAKING = {
  "an operation that is gone": (d) => delete d.paths["/jobs"].get,
  "another operationId": (d, s, list) => (list.operationId = "jobs"),
  "a field that is gone": (d, s) => delete s.Job.properties.percent,
  "a field of another type": (d, s) => (s.Job.properties.percent = { type: "string" }),
  "a field of another type deep inside": (d, s) => (s.Job.properties.runs.items = { type: "string" }),
  "a field that may be absent now": (d, s) => (s.Job.required = []),
  "a value of a closed set that clients don't know": (d, s) => s.Job.properties.phase.enum.push("archived"),
  "a field that has to be sent now": (d, s) => s.Export.required.push("fmt"),
  "a value that is refused now": (d, s) => s.Publish.properties.kind.enum.pop(),
  "a set of values where all were taken": (d, s) => (s.Export.properties.fmt.enum = ["tif"]),
  "a tighter bound": (d, s) => (s.Export.properties.name.maxLength = 10),
  "members that are refused now": (d, s) => (s.Export.additionalProperties = false),
  "a kind of job that is gone": (d, s) => s.Submit.oneOf.pop(),
  "a parameter that is gone": (d, s, list) => list.parameters.pop(),
  "a new parameter that is required": (d, s, list) => list.parameters.push({ name: "q", in: "query", required: true, schema: { type: "string" } }),
  "a value of a parameter that is refused now": (d, s, list) => list.parameters[0].schema.enum.pop(),
  "a success that is gone": (d, s, list, submit) => (submit.responses = { 201: { description: "" } }),
  "another success": (d, s, list, submit) => (submit.responses[200] = { description: "" }),
  "a header that is gone": (d, s, list) => delete list.responses[200].headers.ETag,
  "a content type that is gone": (d, s, list) => (list.responses[200].content = { "text/plain": { schema: { type: "string" } } }),
  "credentials that are refused now": (d) => (d.security = [{ bearer: [] }]),
};

const HARMLESS = {
  nothing: () => {},
  "a new operation": (d) => (d.paths["/new"] = { get: { operationId: "new", responses: {} } }),
  "a new field of an answer": (d, s) => (s.Job.properties.name = { type: "string" }),
  "a field that is always there now": (d, s) => s.Job.required.push("percent"),
  "a new field that may be sent": (d, s) => (s.Export.properties.size = { type: "integer" }),
  "a field that need not be sent any more": (d, s) => (s.Export.required = []),
  "a new value that is taken": (d, s) => s.Publish.properties.kind.enum.push("FullWithSearch"),
  "a new kind of job": (d, s) => s.Submit.oneOf.push({ type: "object" }),
  "a new parameter": (d, s, list) => list.parameters.push({ name: "q", in: "query", schema: { type: "string" } }),
  "a wider bound": (d, s) => delete s.Export.properties.name.maxLength,
  "a new error": (d, s, list) => (list.responses[429] = { description: "" }),
  "other words": (d, s) => (s.Job.description = "A job"),
  "a new header": (d, s, list) => (list.responses[200].headers.Age = {}),
  "other credentials beside the old ones": (d) => d.security.push({ bearer: [] }),
};

for (const [name, change] of Object.entries(BREAKING)) {
  test(`breaks: ${name}`, () => assert(after(change).length > 0, "nothing was found"));
}
for (const [name, change] of Object.entries(HARMLESS)) {
  test(`doesn't break: ${name}`, () => assert.deepEqual(after(change), []));
}
