// Names for the schemas of the OpenAPI document. Their definition is the document: schema.ts is generated from it.
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

export type Action = Schemas["Action"];
export type CompletedJob = Schemas["CompletedJob"];
export type InvalidValue = Schemas["InvalidValue"];
export type Job = Schemas["Job"];
export type JobList = Schemas["JobList"];
export type Outcome = Schemas["Outcome"];
export type Problem = Schemas["Problem"];
export type RemovedJob = Schemas["RemovedJob"];
export type StaleReason = Schemas["StaleReason"];
export type Staleness = Schemas["Staleness"];
export type Status = Schemas["Status"];
export type SubmitJobParam = Schemas["SubmitJobParam"];
export type Ticket = Schemas["Ticket"];

type DocumentedQuery = NonNullable<paths["/jobs"]["get"]["parameters"]["query"]>;

/** Query parameters of `GET /jobs`. Undefined ones are not sent. */
export type ListQuery = { [Name in keyof DocumentedQuery]: DocumentedQuery[Name] | undefined };
/** Query parameters that name the company, by handle or by name. */
export type CompanyQuery = Pick<ListQuery, "company" | "companyHandle">;
