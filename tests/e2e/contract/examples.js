// Every body, parameter and header of the document has an example, valid by its schema.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

const document = JSON.parse(readFileSync(process.env.OPENAPI, "utf8"));
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, discriminator: false });
formats(ajv);
// Keywords of OpenAPI, and formats that only name the storage of a number.
["x-extensible-enum", "components"].forEach((word) => ajv.addKeyword(word));
["int32", "int64", "double", "password"].forEach((format) => ajv.addFormat(format, true));
ajv.addSchema({ $id: "openapi", components: document.components });

/** A schema of the document, that of a component by its name. */
function validator(schema) {
  return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')));
}

function check(place, schema, examples) {
  const validate = validator(schema);
  for (const example of examples) {
    assert(validate(example), `${place}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(example, null, 1)}`);
  }
}

const resolve = (node) => (node.$ref ? node.$ref.slice(2).split("/").reduce((at, name) => at[name], document) : node);
const examplesOf = (node) => [...("example" in node ? [node.example] : []), ...Object.values(node.examples ?? {}).map((e) => e.value)];
const operations = Object.values(document.paths).flatMap((item) => Object.values(item));

test("the examples of every schema are valid", () => {
  let checked = 0;
  const walk = (place, node) => {
    if (Array.isArray(node)) return node.forEach((item, at) => walk(`${place}/${at}`, item));
    if (node === null || typeof node !== "object") return;
    if (Array.isArray(node.examples) && (node.type || node.oneOf || node.$ref)) {
      check(place, node, node.examples);
      checked += node.examples.length;
    }
    for (const [name, member] of Object.entries(node)) if (name !== "examples" && name !== "example") walk(`${place}/${name}`, member);
  };
  walk("", document.components.schemas);
  assert(checked > 50, `${checked} examples`);
});

test("every body has valid examples", () => {
  const missing = [];
  for (const operation of operations) {
    const answers = Object.entries(operation.responses).map(([status, answer]) => [status, resolve(answer)]);
    for (const [status, { content }] of [["request", operation.requestBody ?? {}], ...answers]) {
      for (const [type, media] of Object.entries(content ?? {})) {
        const place = `${operation.operationId} ${status} ${type}`;
        const schema = resolve(media.schema);
        const examples = [...examplesOf(media), ...(schema.examples ?? [])];
        if (examples.length === 0) missing.push(place);
        check(place, media.schema, examples);
      }
    }
  }
  assert.deepEqual(missing, []);
});

test("every parameter and every header has a valid example", () => {
  const headers = Object.entries(document.components.headers).map(([name, header]) => [`header ${name}`, header]);
  const parameters = operations.flatMap((o) => (o.parameters ?? []).map((p) => [`${o.operationId} ${p.in} ${p.name}`, resolve(p)]));
  const missing = [];
  for (const [place, described] of [...headers, ...parameters]) {
    const schema = resolve(described.schema);
    const examples = [...examplesOf(described), ...(described.schema.examples ?? schema.examples ?? [])];
    const implied = schema.enum || schema.type === "boolean" || schema.default !== undefined || schema.items?.$ref;
    if (examples.length === 0 && !implied) missing.push(place);
    check(place, described.schema, examples);
  }
  assert.deepEqual(missing, []);
});
