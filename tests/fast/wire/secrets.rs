//! Secret text in wire types: redacted in JSON and debug output, plain in formats for machines.

use ips_gateway::ips::types::{CheckLoginParam, UploadUrlsJob};

fn login() -> CheckLoginParam {
    CheckLoginParam { email: "user@example.com".into(), password: "hunter2".into(), ..Default::default() }
}

#[test]
fn json_and_debug_output_never_show_a_secret() {
    let job = UploadUrlsJob {
        jwt_token: Some("ey.hunter2".into()),
        apikey: Some(String::from("hunter2").into()),
        ..Default::default()
    };
    let shown = [
        serde_json::to_string(&job).expect("a job is JSON"),
        serde_json::to_string(&login()).expect("a login is JSON"),
        format!("{job:?} {:#?}", login()),
    ];
    for text in shown {
        assert!(!text.contains("hunter2") && text.contains("[redacted]"), "{text}");
    }
}

#[test]
fn a_format_for_machines_carries_the_secret() {
    let mut wire = Vec::new();
    ciborium::into_writer(&login(), &mut wire).expect("a login is CBOR");
    assert_eq!(ciborium::from_reader::<CheckLoginParam, _>(&*wire).expect("just written"), login());
}

#[test]
fn a_secret_is_read_from_json() {
    let read: CheckLoginParam =
        serde_json::from_str(r#"{"email": "user@example.com", "password": "hunter2"}"#).expect("a login");
    assert_eq!(read, login());
}
