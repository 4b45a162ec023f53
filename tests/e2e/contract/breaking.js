// Which changes of an OpenAPI document break its clients.
//
//     node breaking.js BASELINE CURRENT
//
// Requests may gain optional parts and responses may gain parts; nothing may be removed or change its type, no part of a request may
// become required, no accepted value may be refused, no success status may change.
import { readFileSync } from "node:fs";

const METHODS = ["get", "put", "post", "delete", "patch", "head", "options"];

/** The breaking changes between two documents, as sentences. */
export function breaking(before, after) {
  const complaints = [];
  for (const [path, item] of Object.entries(before.paths)) {
    for (const method of METHODS.filter((method) => item[method])) {
      const place = `${method.toUpperCase()} ${path}`;
      const operation = after.paths[path]?.[method];
      if (!operation) complaints.push(`${place} is gone`);
      else compareOperations(place, item[method], operation);
    }
  }
  return complaints;

  function compareOperations(place, old, now) {
    if (old.operationId !== now.operationId) complaints.push(`${place}: its operationId was ${old.operationId}`);
    compareParameters(place, parameters(before, old), parameters(after, now));
    const [oldBody, nowBody] = [resolve(before, old.requestBody ?? {}), resolve(after, now.requestBody ?? {})];
    if (nowBody.required && !oldBody.required) complaints.push(`${place}: a body is required now`);
    compareContents(`${place}: body`, oldBody, nowBody, "sent");
    for (const [status, answer] of Object.entries(old.responses)) {
      const at = `${place}: ${status}`;
      if (!now.responses[status]) complaints.push(`${at} is gone`);
      else compareAnswers(at, resolve(before, answer), resolve(after, now.responses[status]));
    }
    const successes = (operation) => Object.keys(operation.responses).filter((status) => /^2/.test(status));
    const added = successes(now).filter((status) => !old.responses[status]);
    added.forEach((status) => complaints.push(`${place}: ${status} is another success`));
    const allowed = (document, operation) => (operation.security ?? document.security ?? []).flatMap(Object.keys);
    const taken = allowed(after, now);
    const refused = allowed(before, old).filter((scheme) => !taken.includes(scheme));
    refused.forEach((scheme) => complaints.push(`${place}: ${scheme} is not accepted any more`));
    if (taken.length && !allowed(before, old).length) complaints.push(`${place}: needs credentials now`);
  }

  function compareParameters(place, old, now) {
    for (const [key, parameter] of old) {
      const found = now.get(key);
      if (!found) complaints.push(`${place}: parameter ${key} is gone`);
      else compare(`${place}: ${key}`, parameter.schema, found.schema, "sent");
    }
    for (const [key, parameter] of now) {
      if (parameter.required && !old.get(key)?.required) complaints.push(`${place}: parameter ${key} is required now`);
    }
  }

  function compareAnswers(place, old, now) {
    for (const name of Object.keys(old.headers ?? {})) if (!now.headers?.[name]) complaints.push(`${place}: header ${name} is gone`);
    compareContents(place, old, now, "got");
  }

  function compareContents(place, old, now, direction) {
    for (const [type, media] of Object.entries(old.content ?? {})) {
      if (!now.content?.[type]) complaints.push(`${place}: ${type} is gone`);
      else compare(`${place} ${type}`, media.schema, now.content[type].schema, direction);
    }
  }

  /** Compares two schemas of what is `sent` by clients or `got` by them. */
  function compare(place, oldSchema, nowSchema, direction, seen = new Set()) {
    const pair = `${oldSchema.$ref} ${nowSchema.$ref} ${direction}`;
    if (oldSchema.$ref && nowSchema.$ref) {
      if (seen.has(pair)) return;
      seen = new Set(seen).add(pair);
    }
    const [old, now] = [resolve(before, oldSchema), resolve(after, nowSchema)];
    for (const word of ["type", "format", "const", "contentMediaType"]) {
      const [was, is] = [JSON.stringify(old[word]), JSON.stringify(now[word])];
      if (was !== is) return void complaints.push(`${place}: ${word} was ${was}, is ${is}`);
    }
    compareValues(place, old.enum, now.enum, direction);
    compareBounds(place, old, now, direction);
    for (const [name, property] of Object.entries(old.properties ?? {})) {
      const found = now.properties?.[name];
      if (!found) complaints.push(`${place}/${name} is gone`);
      else compare(`${place}/${name}`, property, found, direction, seen);
    }
    const [needed, needs] = [old.required ?? [], now.required ?? []];
    if (direction === "sent") needs.filter((n) => !needed.includes(n)).forEach((n) => complaints.push(`${place}/${n} is required now`));
    else needed.filter((n) => !needs.includes(n)).forEach((n) => complaints.push(`${place}/${n} may be absent now`));
    if (direction === "sent" && now.additionalProperties === false && old.additionalProperties !== false && old.type === "object") {
      complaints.push(`${place}: other members are refused now`);
    }
    if (old.items && now.items) compare(`${place}/*`, old.items, now.items, direction, seen);
    for (const word of ["oneOf", "anyOf", "allOf"]) compareChoices(`${place} ${word}`, old[word], now[word], direction, seen);
  }

  function compareValues(place, old, now, direction) {
    const gone = (old ?? []).filter((value) => now && !now.includes(value));
    if (direction === "sent") {
      gone.forEach((value) => complaints.push(`${place}: ${value} is refused now`));
      if (now && !old) complaints.push(`${place}: only some values are taken now`);
    } else {
      if (old && !now) complaints.push(`${place}: any value may come now`);
      const added = (now ?? []).filter((value) => old && !old.includes(value));
      added.forEach((value) => complaints.push(`${place}: ${value} may come now`));
    }
  }

  function compareBounds(place, old, now, direction) {
    const [least, most] = [["minimum", "minLength", "minItems"], ["maximum", "maxLength", "maxItems"]];
    if (direction === "got") return;
    for (const word of least) if ((now[word] ?? -Infinity) > (old[word] ?? -Infinity)) complaints.push(`${place}: ${word} is ${now[word]} now`);
    for (const word of most) if ((now[word] ?? Infinity) < (old[word] ?? Infinity)) complaints.push(`${place}: ${word} is ${now[word]} now`);
    if (now.pattern && now.pattern !== old.pattern) complaints.push(`${place}: pattern is ${now.pattern} now`);
  }

  /** Choices are found again by the names of their components, else by their places. */
  function compareChoices(place, old, now, direction, seen) {
    if (!old && !now) return;
    if (!old || !now) return complaints.push(`${place} was not the same choice`);
    const name = (choice, at) => choice.$ref ?? at;
    const found = new Map(now.map((choice, at) => [name(choice, at), choice]));
    for (const [at, choice] of old.entries()) {
      const same = found.get(name(choice, at));
      if (same) compare(place, choice, same, direction, seen);
      else complaints.push(`${place}: ${name(choice, at)} is gone`);
      found.delete(name(choice, at));
    }
    if (direction === "got") [...found.keys()].forEach((key) => complaints.push(`${place}: ${key} may come now`));
  }
}

function resolve(document, node) {
  if (!node.$ref) return node;
  const { $ref, ...beside } = node;
  const target = $ref.slice(2).split("/").reduce((at, name) => at[name.replaceAll("~1", "/").replaceAll("~0", "~")], document);
  return { ...resolve(document, target), ...beside };
}

function parameters(document, operation) {
  const all = (operation.parameters ?? []).map((parameter) => resolve(document, parameter));
  return new Map(all.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]));
}

if (process.argv[1] === import.meta.filename) {
  const [baseline, current] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
  const complaints = breaking(baseline, current);
  complaints.forEach((complaint) => console.error(complaint));
  if (complaints.length) console.error(`${complaints.length} changes break clients; docs/clients.md (“Compatibility”) describes an intended break`);
  process.exitCode = complaints.length ? 1 : 0;
}
