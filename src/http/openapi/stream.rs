//! The events of a stream, as far as OpenAPI can describe them.
//!
//! In 3.1 a stream is a text whose content is a list of events; OpenAPI 3.2 has `itemSchema` for the items of a stream.

use serde_json::{Value, json};

use crate::jobs::Change;

/// Describes what the streams of `document` consist of.
pub fn describe_events(document: &mut Value) {
    for path in ["/paths/~1jobs~1events/get", "/paths/~1jobs~1{job}~1events/get"] {
        let content = document.pointer_mut(&format!("{path}/responses/200/content/text~1event-stream"));
        let content = content.expect("the streams are text/event-stream");
        content["schema"] = json!({
            "type": "string",
            "contentMediaType": "text/event-stream",
            "contentSchema": { "type": "array", "items": { "$ref": "#/components/schemas/Event" } },
        });
        content["example"] = EXAMPLE.into();
    }
    let about_jobs = [Change::Created, Change::Progress, Change::Status, Change::Finished].map(Change::name);
    let schemas = &mut document["components"]["schemas"];
    schemas["Event"] = json!({
        "description": "An event of a stream. `data` is JSON; of what, `event` tells.",
        "oneOf": [
            { "$ref": "#/components/schemas/SnapshotEvent" },
            { "$ref": "#/components/schemas/JobEvent" },
            { "$ref": "#/components/schemas/RemovedEvent" },
            { "$ref": "#/components/schemas/ErrorEvent" },
        ],
    });
    schemas["SnapshotEvent"] =
        event("The list as `GET /jobs` gives it: a stream begins with it.", &["snapshot"], "JobList");
    schemas["JobEvent"] = event(
        "Something happened to a job; it is now as `data` says (with `\"restarted\": true` beside it when IPS began it anew).",
        &about_jobs,
        "Job",
    );
    schemas["RemovedEvent"] = event("A job is gone without a trace.", &[Change::Removed.name()], "RemovedJob");
    schemas["ErrorEvent"] = event("The stream ends, since IPS refuses the caller.", &["error"], "Problem");
    schemas["RemovedJob"] = json!({
        "type": "object",
        "description": "What is left of a removed job.",
        "required": ["id"],
        "properties": { "id": { "type": "string", "description": "Its id.", "example": "MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s" } },
    });
}

const EXAMPLE: &str =
    "id: 660f9dc7d1768-22\nevent: job.removed\ndata: {\"id\":\"MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s\"}\n\n";

fn event(description: &str, names: &[&str], data: &str) -> Value {
    json!({
        "type": "object",
        "description": description,
        "required": ["event", "data"],
        "properties": {
            "id": { "type": "string", "description": "For `Last-Event-ID`.", "example": "660f9dc7d1768-21" },
            "event": { "type": "string", "description": "What kind of event this is.", "enum": names },
            "data": {
                "type": "string",
                "description": format!("A `{data}`."),
                "contentMediaType": "application/json",
                "contentSchema": { "$ref": format!("#/components/schemas/{data}") },
            },
        },
    })
}
