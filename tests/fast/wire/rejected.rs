//! Invalid documents: each is refused with a reason, none is read as an empty list.

use ips_gateway::ips::codec::{Document, Limits, Mode, Token};
use ips_gateway::ips::soap::{Request, read_answer};
use ips_gateway::ips::types::{GetActiveJobsParam, StopJobParam};

use super::{IDENTITY, active_jobs, complaint, envelope};

fn one_job() -> String {
    active_jobs(&format!(
        "<jobArray><items>{IDENTITY}<description>a&lt;b<![CDATA[c]]></description><locale/></items></jobArray>"
    ))
}

#[test]
fn an_answer_truncated_at_any_byte_is_refused() {
    let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- hello -->{}", one_job());
    for length in 0..document.len() {
        let cut = &document.as_bytes()[..length];
        let reply = read_answer::<GetActiveJobsParam>(cut, None);
        assert!(reply.is_err(), "cut after byte {length}: {reply:?}");
    }
    assert!(read_answer::<GetActiveJobsParam>(document.as_bytes(), None).is_ok());
}

#[test]
fn a_request_truncated_at_any_byte_is_refused() {
    let document = envelope(
        "<stopJobParam xmlns=\"http://www.scene7.com/IpsApi/xsd\"><companyHandle>c</companyHandle><jobHandle>j</jobHandle></stopJobParam>",
    );
    for length in 0..document.len() {
        let cut = &document.as_bytes()[..length];
        assert!(Request::parse(cut, None).is_err(), "cut after byte {length}");
    }
    let request = Request::parse(document.as_bytes(), None).unwrap_or_else(|error| panic!("{error}"));
    assert!(request.read::<StopJobParam>().is_ok());
}

#[test]
fn an_empty_document_is_refused() {
    assert_eq!(complaint(""), "holds no element");
    assert_eq!(complaint("  \n"), "holds no element");
    assert_eq!(complaint("<!-- nothing -->"), "holds no element");
    assert_eq!(complaint("OK"), "has text outside its root element");
}

#[test]
fn a_second_byte_order_mark_is_refused() {
    for text in ["<a/>", "text <?more?>"] {
        assert_eq!(complaint(format!("\u{feff}\u{feff}{text}")), "begins with two byte order marks");
    }
}

#[test]
fn a_second_root_or_trailing_content_is_refused() {
    assert_eq!(complaint(format!("{}{}", one_job(), one_job())), "has more than one root element");
    assert_eq!(complaint(format!("{}<!-- -->more", one_job())), "has text outside its root element");
    assert_eq!(complaint(format!("{}&amp;", one_job())), "has text outside its root element");
    assert!(complaint(format!("{}</a>", one_job())).contains("not well-formed"));
    assert!(complaint(format!("{}<", one_job())).contains("not well-formed"));
    assert_eq!(
        complaint(format!("{}<?xml version=\"1.0\"?>", one_job())),
        "has an XML declaration that is not at its beginning"
    );
}

#[test]
fn unbalanced_tags_are_refused() {
    assert!(complaint(one_job().replace("</jobArray>", "")).contains("not well-formed"));
    assert!(complaint(one_job().replace("</items></jobArray>", "</jobArray></items>")).contains("not well-formed"));
    assert_eq!(complaint("<a>".repeat(20)), "the root element is a, not a SOAP Envelope");
    assert_eq!(complaint(one_job().replace("</soapenv:Envelope>", "")), "ends before all its elements do");
}

#[test]
fn a_doctype_is_refused() {
    let bomb = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]>";
    let document = format!("{bomb}{}", one_job().replace("a&lt;b", "&lol2;"));
    assert_eq!(complaint(document), "a document type declaration is refused");
    assert_eq!(complaint("<!DOCTYPE html><html><body>502</body></html>"), "a document type declaration is refused");
}

#[test]
fn undeclared_entities_are_refused() {
    let reason = complaint(one_job().replace("a&lt;b", "a&nbsp;b"));
    assert_eq!(reason, "jobArray.items[0].description: refers to the unknown entity \"nbsp\"");
    assert!(complaint(one_job().replace("a&lt;b", "a & b")).contains("not well-formed"));
    assert!(complaint(one_job().replace("a&lt;b", "&#xZZ;")).contains("has a broken reference"));
    assert!(complaint(one_job().replace("<items>", "<items a='&nbsp;'>")).contains("has a broken attribute value"));
}

#[test]
fn characters_outside_xml_are_refused_in_every_encoding() {
    for (character, code) in
        [('\0', 0), ('\u{1}', 1), ('\u{B}', 11), ('\u{1F}', 31), ('\u{FFFE}', 0xFFFE), ('\u{FFFF}', 0xFFFF)]
    {
        let document = one_job().replace("a&lt;b", &character.to_string());
        let position = document.find(character).expect("the character");
        assert_eq!(
            complaint(document),
            format!("holds the character U+{code:04X}, which XML can't carry, at byte {position}")
        );
        if code != 0 {
            assert_eq!(
                complaint(one_job().replace("a&lt;b", &format!("&#x{code:X};"))),
                format!("jobArray.items[0].description: refers to the character U+{code:04X}, which XML can't carry")
            );
            let attribute = format!("<items a=\"&#{code};\">");
            assert!(complaint(one_job().replace("<items>", &attribute)).contains("a character that it can't hold"));
        }
    }
    for allowed in ["\t", "\n", "\u{7F}", "\u{85}", "\u{FFFD}", "\u{EFFF}", "\u{10FFFF}", "ﾟ", "Ａ"] {
        assert_eq!(
            super::job(&format!("<description>a{allowed}</description>")).description,
            Some(format!("a{allowed}"))
        );
    }
}

#[test]
fn malformed_tags_are_refused() {
    for (tag, reason) in [
        ("<items a=b>", "broken attribute"),
        ("<items a='1' a='2'>", "broken attribute"),
        ("<items a>", "broken attribute"),
        ("<1items/><items>", "without a proper name"),
        ("< items/><items>", "without a proper name"),
        ("</><items>", "not well-formed"),
        ("<![CDATA[<items>", "text where items belong"),
        ("<!-- <items>", "not well-formed"),
        ("<!BOO><items>", "not well-formed"),
        ("<items a='<'>", "a character that it can't hold"),
    ] {
        let complaint = complaint(one_job().replace("<items>", tag));
        assert!(complaint.contains(reason), "{tag}: {complaint}");
    }
}

#[test]
fn a_document_that_is_not_soap_is_named_in_the_error() {
    assert_eq!(complaint("<html><body>Bad gateway</body></html>"), "the root element is html, not a SOAP Envelope");
    assert_eq!(
        complaint("<Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\"><Body/></Envelope>"),
        "the Envelope is not of SOAP 1.1 but of the namespace \"http://www.w3.org/2003/05/soap-envelope\""
    );
    assert_eq!(complaint("<Envelope><Body/></Envelope>"), "the Envelope is not of SOAP 1.1 but of no namespace");
    assert_eq!(complaint("<s:Envelope/>"), "the prefix \"s\" is not declared");
    assert_eq!(complaint("{\"error\": \"not XML\"}"), "has text outside its root element");
}

#[test]
fn a_body_without_exactly_one_element_is_refused() {
    assert_eq!(complaint(envelope("")), "the Body is empty");
    assert_eq!(complaint(envelope("text")), "holds text where elements belong");
    assert_eq!(
        complaint("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header/></s:Envelope>"),
        "the Envelope has no Body"
    );
    assert_eq!(
        complaint(one_job().replace("</soapenv:Body>", "<again/></soapenv:Body>")),
        "the Body holds a second element, again"
    );
    assert_eq!(
        complaint(one_job().replace("</soapenv:Body>", "</soapenv:Body><again/>")),
        "the Envelope holds again after its Body"
    );
    assert_eq!(
        complaint(one_job().replace("<soapenv:Body>", "<again/><soapenv:Body>")),
        "the Envelope holds again before its Body"
    );
}

#[test]
fn a_foreign_and_an_unexpected_root_have_different_errors() {
    assert_eq!(
        complaint(envelope("<getActiveJobsReturn xmlns=\"http://example.com/IpsApi\"/>")),
        "the Body holds getActiveJobsReturn of the namespace \"http://example.com/IpsApi\", which is no IPS namespace"
    );
    assert_eq!(
        complaint(envelope("<getActiveJobsReturn xmlns=\"http://www.scene7.com/IpsApi/xsdx\"/>")),
        "the Body holds getActiveJobsReturn of the namespace \"http://www.scene7.com/IpsApi/xsdx\", which is no IPS namespace"
    );
    assert_eq!(
        complaint(envelope("<getActiveJobsReturn/>")),
        "the Body holds getActiveJobsReturn of no namespace, which is no IPS namespace"
    );
    assert_eq!(
        complaint(envelope("<getJobLogsReturn xmlns=\"http://www.scene7.com/IpsApi/xsd\"/>")),
        "holds getJobLogsReturn in place of getActiveJobsReturn"
    );
    assert_eq!(
        complaint(envelope("<getActiveJobsParam xmlns=\"http://www.scene7.com/IpsApi/xsd\"/>")),
        "holds getActiveJobsParam in place of getActiveJobsReturn"
    );
}

#[test]
fn nesting_is_limited() {
    let deep = |levels| active_jobs(&format!("{}{}", "<x>".repeat(levels), "</x>".repeat(levels)));
    assert!(read_answer::<GetActiveJobsParam>(deep(61).as_bytes(), None).is_ok());
    assert_eq!(complaint(deep(62)), "nests elements deeper than 64");
    assert_eq!(complaint(active_jobs(&"<x>".repeat(1_000_000))), "nests elements deeper than 64");
}

#[test]
fn text_and_attribute_lengths_are_limited() {
    let long = "a".repeat((4 << 20) + 1);
    let reason = "jobArray.items[0].description: has a text longer than 4194304 bytes";
    assert_eq!(complaint(one_job().replace("a&lt;b", &long)), reason);
    let pieces = "aaaaaaaaaaaaaaa&#65;".repeat((4 << 20) / 16 + 1);
    assert_eq!(complaint(one_job().replace("a&lt;b", &pieces)), reason);
    let attribute = format!("<items a=\"{}\">", &long[..20_000]);
    assert_eq!(complaint(one_job().replace("<items>", &attribute)), "jobArray: has attributes longer than 16384 bytes");
}

#[test]
fn the_number_of_elements_is_limited() {
    let limits = Limits { elements: 10, ..Limits::default() };
    let read = |children| {
        let source = format!("<a>{}</a>", "<x/>".repeat(children));
        let mut document = Document::new(&source, Mode::Lenient, limits);
        loop {
            match document.next_token() {
                Ok(Token::Eof) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    };
    assert_eq!(read(9), Ok(()));
    assert_eq!(read(10), Err("has more than 10 elements".into()));
}

#[test]
fn the_memory_of_empty_items_is_limited() {
    let flood =
        |item: &str, count: usize| complaint(active_jobs(&format!("<jobArray>{}</jobArray>", item.repeat(count))));
    let reason = flood(&format!("<items>{IDENTITY}</items>"), 100_000);
    assert!(reason.ends_with("has items that take more than 33554432 bytes"), "{reason}");
    let reason = flood("<items><name>n</name><progress>x</progress></items>", 1_001);
    assert!(reason.ends_with("has more than 1000 items that can't be read"), "{reason}");
}
