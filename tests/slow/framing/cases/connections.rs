//! Connections: pipelines, `Connection`, HTTP/1.0, `Upgrade`, `Expect`, and clients that close their sending direction.

use super::super::Case;
use super::super::Reason::{
    AnnouncedClose, LastRequest, NothingAfterClose, OneRequestAtATime, ProblemDocument, UpgradeIgnored,
};
use super::{BODY, GET, HEAD, chunked, chunks, get, post, sized};

pub fn cases() -> Vec<Case> {
    [pipelines(), closes(), http_1_0(), upgrades(), expectations(), half_closed()].into_iter().flatten().collect()
}

fn pipelines() -> Vec<Case> {
    let none = GET.replace("livez", "none");
    vec![
        Case::new("two requests").send(GET.repeat(2)).same("200, 200; open"),
        Case::new("four requests, two and a half at first")
            .send(&(GET.repeat(3))[..GET.len() * 2 + 20])
            .pause()
            .send(&(GET.repeat(4))[GET.len() * 2 + 20..])
            .same("200, 200, 200, 200; open"),
        Case::new("twenty requests").send(GET.repeat(20)).same(
            "200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200; open",
        ),
        Case::new("GET, HEAD, GET").send(format!("{GET}{HEAD}{GET}")).differs(
            OneRequestAtATime,
            "200, 200, 200; open",
            "200, 200 empty, 200; open",
        ),
        Case::new("HEAD, GET").send(format!("{HEAD}{GET}")).same("200 empty, 200; open"),
        Case::new("GET, HEAD").send(format!("{GET}{HEAD}")).same("200, 200 empty; open"),
        Case::new("POST, GET").send(sized("", BODY) + GET).same("422, 200; open"),
        Case::new("POST, HEAD").send(sized("", BODY) + HEAD).differs(
            OneRequestAtATime,
            "422 empty, 200 empty; open",
            "422, 200 empty; open",
        ),
        Case::new("POST, GET that asks to close").send(sized("", BODY) + &get("Connection: close\r\n")).differs(
            OneRequestAtATime,
            "422 close, 200 close; closed",
            "422, 200 close; closed",
        ),
        Case::new("POST, GET of HTTP/1.0").send(sized("", BODY) + "GET /livez HTTP/1.0\r\n\r\n").differs(
            OneRequestAtATime,
            "HTTP/1.0 422, HTTP/1.0 200; closed",
            "422, HTTP/1.0 200; closed",
        ),
        Case::new("two POSTs").send(sized("", BODY).repeat(2)).same("422, 422; open"),
        Case::new("POST and GET, cut in the body")
            .send(post("Content-Length: 15\r\n", &BODY[..5]))
            .pause()
            .send(format!("{}{GET}", &BODY[5..]))
            .same("422, 200; open"),
        Case::new("GET and an unknown path").send(format!("{GET}{none}")).same("200, 404; open"),
        Case::new("GET and half a head").send(format!("{GET}GET /livez HTTP/1.1\r\nHo")).same("200; open"),
        Case::new("GET and garbage").send(format!("{GET}GARBAGE\0\r\n\r\n")).differs(
            ProblemDocument,
            "200, 400 empty; closed",
            "200, 400 close; closed",
        ),
        Case::new("POST and garbage").send(sized("", BODY) + "GARBAGE\0\r\n\r\n").differs(
            ProblemDocument,
            "422, 400 empty; closed",
            "422, 400 close; closed",
        ),
    ]
}

fn closes() -> Vec<Case> {
    let close = get("Connection: close\r\n");
    vec![
        Case::new("close").send(&close).same("200 close; closed"),
        Case::new("close in capitals").send(get("Connection: CLOSE\r\n")).same("200 close; closed"),
        Case::new("close behind another option").send(get("Connection: x, close\r\n")).same("200 close; closed"),
        Case::new("keep-alive and close").send(get("Connection: keep-alive, close\r\n")).same("200 close; closed"),
        Case::new("keep-alive and close in two fields")
            .send(get("Connection: keep-alive\r\nConnection: close\r\n"))
            .same("200 close; closed"),
        Case::new("keep-alive").send(get("Connection: keep-alive\r\n").repeat(2)).same("200, 200; open"),
        Case::new("an unknown option").send(get("Connection: x\r\n").repeat(2)).same("200, 200; open"),
        Case::new("an empty option").send(get("Connection:\r\n").repeat(2)).same("200, 200; open"),
        Case::new("close, and a request").send(format!("{close}{GET}")).differs(
            NothingAfterClose,
            "200 close, 200; open",
            "200 close; closed",
        ),
        Case::new("close, and a request in a packet of its own")
            .send(&close)
            .pause()
            .send(GET)
            .same("200 close; closed"),
        Case::new("GET, close, GET").send(format!("{GET}{close}{GET}")).differs(
            NothingAfterClose,
            "200, 200, 200; open",
            "200, 200 close; closed",
        ),
        Case::new("POST that asks to close, and a POST")
            .send(sized("Connection: close\r\n", BODY) + &sized("", BODY))
            .differs(NothingAfterClose, "422, 422; open", "422 close; closed"),
        Case::new("chunks that ask to close, and a POST")
            .send(chunked(&chunks()).replacen("Transfer", "Connection: close\r\nTransfer", 1) + &sized("", BODY))
            .differs(NothingAfterClose, "422, 422; open", "422 close; closed"),
        Case::new("close, and garbage").send(format!("{close}GARBAGE\0\r\n\r\n")).differs(
            NothingAfterClose,
            "200 close, 400 close empty; closed",
            "200 close; closed",
        ),
        Case::new("HEAD that asks to close, and GET").send(close.replacen("GET", "HEAD", 1) + GET).differs(
            NothingAfterClose,
            "200 close empty, 200; open",
            "200 close empty; closed",
        ),
    ]
}

fn http_1_0() -> Vec<Case> {
    let keep_alive = "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let plain = "GET /livez HTTP/1.0\r\n\r\n";
    vec![
        Case::new("HTTP/1.0").send(plain).same("HTTP/1.0 200; closed"),
        Case::new("HTTP/1.0 with a Host").send(GET.replace("1.1", "1.0")).same("HTTP/1.0 200; closed"),
        Case::new("HTTP/1.0 with keep-alive").send(keep_alive).same("HTTP/1.0 200 keep-alive; open"),
        Case::new("HTTP/1.0 with keep-alive, twice")
            .send(keep_alive.repeat(2))
            .same("HTTP/1.0 200 keep-alive, HTTP/1.0 200 keep-alive; open"),
        Case::new("HTTP/1.0 with close").send(keep_alive.replace("keep-alive", "close")).same("HTTP/1.0 200; closed"),
        Case::new("HTTP/1.0 twice").send(plain.repeat(2)).differs(
            NothingAfterClose,
            "HTTP/1.0 200, HTTP/1.0 200; closed",
            "HTTP/1.0 200; closed",
        ),
        Case::new("HTTP/1.0 with keep-alive, then without")
            .send(format!("{keep_alive}{plain}"))
            .same("HTTP/1.0 200 keep-alive, HTTP/1.0 200; closed"),
        Case::new("HTTP/1.0 with keep-alive, then HTTP/1.1")
            .send(format!("{keep_alive}{GET}"))
            .same("HTTP/1.0 200 keep-alive, 200; open"),
        Case::new("HTTP/1.0, then HTTP/1.1").send(format!("{plain}{GET}")).differs(
            NothingAfterClose,
            "HTTP/1.0 200, 200; open",
            "HTTP/1.0 200; closed",
        ),
        Case::new("HTTP/1.1, then HTTP/1.0").send(format!("{GET}{plain}")).same("200, HTTP/1.0 200; closed"),
        Case::new("HEAD of HTTP/1.0").send(plain.replace("GET", "HEAD")).same("HTTP/1.0 200 empty; closed"),
        Case::new("POST of HTTP/1.0").send(sized("", BODY).replacen("1.1", "1.0", 1)).same("HTTP/1.0 422; closed"),
        Case::new("POST of HTTP/1.0 without a length").send(post("", "").replacen("1.1", "1.0", 1)).differs(
            ProblemDocument,
            "400 close empty; closed",
            "400 close; closed",
        ),
    ]
}

fn upgrades() -> Vec<Case> {
    let websocket = get(
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n",
    );
    let h2c =
        get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n");
    vec![
        Case::new("an offer of websocket").send(&websocket).differs(UpgradeIgnored, "200 close; closed", "200; open"),
        Case::new("an offer of websocket, and a request").send(websocket.clone() + GET).differs(
            UpgradeIgnored,
            "200 close; closed",
            "200, 200; open",
        ),
        Case::new("an offer of websocket, cut in its fields, and a request")
            .send(&websocket[..websocket.len() - 60])
            .pause()
            .send(websocket[websocket.len() - 60..].to_owned() + GET)
            .differs(UpgradeIgnored, "200 close; closed", "200, 200; open"),
        Case::new("a request, an offer of websocket, and a request, and a close")
            .send(format!("{GET}{websocket}{GET}"))
            .half_close()
            .differs(UpgradeIgnored, "200, 200 upgrade; closed", "200, 200, 200; closed"),
        Case::new("an offer of websocket that asks to close")
            .send(websocket.replacen("Connection: Upgrade", "Connection: Upgrade, close", 1) + GET)
            .same("200 close; closed"),
        Case::new("an offer of websocket with a body, and a request")
            .send(sized("Connection: Upgrade\r\nUpgrade: websocket\r\n", BODY) + GET)
            .differs(UpgradeIgnored, "nothing; open", "422, 200; open"),
        Case::new("an offer of h2c").send(&h2c).differs(UpgradeIgnored, "200 upgrade; closed", "200; open"),
        Case::new("an offer of h2c, and a request").send(h2c.clone() + GET).differs(
            UpgradeIgnored,
            "200 upgrade, 200; open",
            "200, 200; open",
        ),
        Case::new("three offers of h2c, each in a packet").send(&h2c).pause().send(&h2c).pause().send(&h2c).differs(
            UpgradeIgnored,
            "200 upgrade; closed",
            "200, 200, 200; open",
        ),
        Case::new("an offer of h2c to HTTP/1.0").send(h2c.replacen("1.1", "1.0", 1)).differs(
            UpgradeIgnored,
            "HTTP/1.0 200 upgrade; closed",
            "HTTP/1.0 200; closed",
        ),
        Case::new("an offer of h2c with a body, and a request")
            .send(sized("Connection: Upgrade\r\nUpgrade: h2c\r\n", BODY) + GET)
            .same("422, 200; open"),
        Case::new("an option without an offer").send(get("Connection: Upgrade\r\n")).differs(
            UpgradeIgnored,
            "200 upgrade; closed",
            "200; open",
        ),
        Case::new("an offer without the option").send(get("Upgrade: h2c\r\n")).same("200; open"),
    ]
}

fn expectations() -> Vec<Case> {
    let expecting = sized("Expect: 100-continue\r\n", BODY);
    vec![
        Case::new("a body that is asked for").send(expecting.replace(BODY, "")).pause().send(BODY).differs(
            LastRequest,
            "100 empty, 422; open",
            "100 empty, 422 close; closed",
        ),
        Case::new("a body that does not wait to be asked for").send(&expecting).differs(
            LastRequest,
            "100 empty, 422; open",
            "100 empty, 422 close; closed",
        ),
        Case::new("a GET that expects 100").send(get("Expect: 100-continue\r\n")).differs(
            LastRequest,
            "100 empty, 200; open",
            "100 empty, 200 close; closed",
        ),
        Case::new("a body that is asked for and not read")
            .send(expecting.replacen("/jobs", "/none", 1))
            .same("100 empty, 404 close; closed"),
        Case::new("an unknown expectation").send(get("Expect: miracles\r\n")).same("200; open"),
        Case::new("an expectation of HTTP/1.0").send(expecting.replacen("1.1", "1.0", 1)).same("HTTP/1.0 422; closed"),
    ]
}

fn half_closed() -> Vec<Case> {
    vec![
        Case::new("a close before anything is sent").half_close().same("nothing; closed"),
        Case::new("GET, and a close").send(GET).half_close().same("200; closed"),
        Case::new("two requests, and a close").send(GET.repeat(2)).half_close().same("200, 200; closed"),
        Case::new("POST, and a close").send(sized("", BODY)).half_close().same("422; closed"),
        Case::new("GET, and a close later").send(GET).pause().half_close().same("200; closed"),
        Case::new("half a head, and a close").send(&GET[..20]).half_close().same("nothing; closed"),
        Case::new("half a body, and a close").send(post("Content-Length: 30\r\n", BODY)).half_close().differs(
            AnnouncedClose,
            "400; closed",
            "400 close; closed",
        ),
        Case::new("half a chunk, and a close").send(chunked("f\r\n{\"unh")).half_close().differs(
            AnnouncedClose,
            "400; closed",
            "400 close; closed",
        ),
        Case::new("GET that asks to close, and a close")
            .send(get("Connection: close\r\n"))
            .half_close()
            .same("200 close; closed"),
    ]
}
