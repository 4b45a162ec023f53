//! Schemas of the event streams.
//!
//! OpenAPI 3.1 can only describe a stream as text whose content is an array of events; the 3.2 document uses `itemSchema` instead.

use serde_json::{Value, json};

use crate::jobs::ChangeKind;

/// Adds the schemas of the events, and refers to them from the stream operations.
pub fn add_event_schemas(document: &mut Value) {
    for path in ["/paths/~1jobs~1events/get", "/paths/~1jobs~1{job}~1events/get"] {
        let content = document.pointer_mut(&format!("{path}/responses/200/content/text~1event-stream"));
        let content = content.expect("both stream operations are documented");
        content["schema"] = json!({
            "type": "string",
            "contentMediaType": "text/event-stream",
            "contentSchema": { "type": "array", "items": { "$ref": "#/components/schemas/Event" } },
        });
        content["example"] = EXAMPLE.into();
    }
    let job_events =
        [ChangeKind::Created, ChangeKind::Progress, ChangeKind::Status, ChangeKind::Finished].map(ChangeKind::name);
    let schemas = &mut document["components"]["schemas"];
    schemas["Event"] = json!({
        "description": "A server-sent event. `data` is JSON; its schema depends on `event`.",
        "oneOf": [
            { "$ref": "#/components/schemas/SnapshotEvent" },
            { "$ref": "#/components/schemas/JobEvent" },
            { "$ref": "#/components/schemas/RemovedEvent" },
            { "$ref": "#/components/schemas/StalenessEvent" },
            { "$ref": "#/components/schemas/HeartbeatEvent" },
            { "$ref": "#/components/schemas/ErrorEvent" },
        ],
    });
    schemas["SnapshotEvent"] =
        event("The list as returned by `GET /jobs`: the first event of a stream.", &["snapshot"], "JobList");
    schemas["JobEvent"] = event(
        "A job was created or changed; `data` is its new state, with an additional `\"restarted\": true` if IPS restarted it.",
        &job_events,
        "Job",
    );
    schemas["RemovedEvent"] =
        event("A job is neither active nor in the log any more.", &[ChangeKind::Removed.name()], "RemovedJob");
    schemas["StalenessEvent"] = event(
        "The list became out of date because calls to IPS fail (`upstream.stale`), or is current again (`upstream.recovered`). A stream that \
         begins or is resumed while the list is out of date says so again.",
        &["upstream.stale", "upstream.recovered"],
        "Staleness",
    );
    schemas["HeartbeatEvent"] = json!({
        "type": "object",
        "description": "The stream is alive; only with the parameter `heartbeat`. It has no id.",
        "required": ["event", "data"],
        "properties": {
            "event": { "type": "string", "description": "Event type.", "enum": ["heartbeat"] },
            "data": { "type": "string", "description": "An empty object.", "example": "{}" },
        },
    });
    schemas["Staleness"] = json!({
        "type": "object",
        "description": "Whether a list is out of date.",
        "required": ["stale"],
        "properties": {
            "stale": { "type": "boolean", "description": "Whether the list is out of date.", "example": true },
            "staleReason": { "$ref": "#/components/schemas/StaleReason" },
            "observedAt": { "type": "string", "format": "date-time", "description": "Time at which IPS returned the list.", "example": "2026-07-21T09:00:00.000Z" },
        },
    });
    schemas["ErrorEvent"] =
        event("Last event of a stream that ends because IPS rejects the caller.", &["error"], "Problem");
    schemas["RemovedJob"] = json!({
        "type": "object",
        "description": "A removed job.",
        "required": ["id"],
        "properties": { "id": { "type": "string", "description": "Id of the job.", "example": "MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s" } },
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
            "id": { "type": "string", "description": "Event id, for `Last-Event-ID`.", "example": "660f9dc7d1768-21" },
            "event": { "type": "string", "description": "Event type.", "enum": names },
            "data": {
                "type": "string",
                "description": format!("A `{data}` as JSON."),
                "contentMediaType": "application/json",
                "contentSchema": { "$ref": format!("#/components/schemas/{data}") },
            },
        },
    })
}
