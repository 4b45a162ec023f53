//! Documents that are not a valid answer: each is refused with a reason, none is read as an empty list.

use ips_gateway::ips::codec::{Limits, Mode, Parser, Token};
use ips_gateway::ips::soap::{Request, read_answer};
use ips_gateway::ips::types::{GetActiveJobsParam, StopJobParam};

use super::{IDENTITY, active_jobs, envelope, read_error};

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
    assert_eq!(read_error(""), "contains no element");
    assert_eq!(read_error("  \n"), "contains no element");
    assert_eq!(read_error("<!-- nothing -->"), "contains no element");
    assert_eq!(read_error("OK"), "has text outside its root element");
}

#[test]
fn a_second_byte_order_mark_is_refused() {
    for text in ["<a/>", "text <?more?>"] {
        assert_eq!(read_error(format!("\u{feff}\u{feff}{text}")), "begins with two byte order marks");
    }
}

#[test]
fn a_second_root_or_trailing_content_is_refused() {
    assert_eq!(read_error(format!("{}{}", one_job(), one_job())), "has more than one root element");
    assert_eq!(read_error(format!("{}<!-- -->more", one_job())), "has text outside its root element");
    assert_eq!(read_error(format!("{}&amp;", one_job())), "has text outside its root element");
    assert!(read_error(format!("{}</a>", one_job())).contains("not well-formed"));
    assert!(read_error(format!("{}<", one_job())).contains("not well-formed"));
    assert_eq!(
        read_error(format!("{}<?xml version=\"1.0\"?>", one_job())),
        "has an XML declaration that is not at its beginning"
    );
}

#[test]
fn unbalanced_tags_are_refused() {
    assert!(read_error(one_job().replace("</jobArray>", "")).contains("not well-formed"));
    assert!(read_error(one_job().replace("</items></jobArray>", "</jobArray></items>")).contains("not well-formed"));
    assert_eq!(read_error("<a>".repeat(20)), "the root element is a, not a SOAP Envelope");
    assert_eq!(read_error(one_job().replace("</soapenv:Envelope>", "")), "ends before all its elements are closed");
}

#[test]
fn a_doctype_is_refused() {
    let bomb = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]>";
    let document = format!("{bomb}{}", one_job().replace("a&lt;b", "&lol2;"));
    assert_eq!(read_error(document), "a document type declaration is not allowed");
    assert_eq!(
        read_error("<!DOCTYPE html><html><body>502</body></html>"),
        "a document type declaration is not allowed"
    );
}

#[test]
fn undeclared_entities_are_refused() {
    let reason = read_error(one_job().replace("a&lt;b", "a&nbsp;b"));
    assert_eq!(reason, "jobArray.items[0].description: refers to the unknown entity \"nbsp\"");
    assert!(read_error(one_job().replace("a&lt;b", "a & b")).contains("not well-formed"));
    assert!(read_error(one_job().replace("a&lt;b", "&#xZZ;")).contains("has an invalid reference"));
    assert!(read_error(one_job().replace("<items>", "<items a='&nbsp;'>")).contains("has an invalid attribute value"));
}

#[test]
fn characters_outside_xml_are_refused_in_every_encoding() {
    for (character, code) in
        [('\0', 0), ('\u{1}', 1), ('\u{B}', 11), ('\u{1F}', 31), ('\u{FFFE}', 0xFFFE), ('\u{FFFF}', 0xFFFF)]
    {
        let document = one_job().replace("a&lt;b", &character.to_string());
        let position = document.find(character).expect("the character");
        assert_eq!(
            read_error(document),
            format!("contains the character U+{code:04X}, which XML can't carry, at byte {position}")
        );
        if code != 0 {
            assert_eq!(
                read_error(one_job().replace("a&lt;b", &format!("&#x{code:X};"))),
                format!("jobArray.items[0].description: refers to the character U+{code:04X}, which XML can't carry")
            );
            let attribute = format!("<items a=\"&#{code};\">");
            assert!(
                read_error(one_job().replace("<items>", &attribute)).contains("a character that is not allowed there")
            );
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
        ("<items a=b>", "invalid attribute"),
        ("<items a='1' a='2'>", "invalid attribute"),
        ("<items a>", "invalid attribute"),
        ("<1items/><items>", "without a valid name"),
        ("< items/><items>", "without a valid name"),
        ("</><items>", "not well-formed"),
        ("<![CDATA[<items>", "text where items are expected"),
        ("<!-- <items>", "not well-formed"),
        ("<!BOO><items>", "not well-formed"),
        ("<items a='<'>", "a character that is not allowed there"),
    ] {
        let error = read_error(one_job().replace("<items>", tag));
        assert!(error.contains(reason), "{tag}: {error}");
    }
}

#[test]
fn a_document_that_is_not_soap_is_named_in_the_error() {
    assert_eq!(read_error("<html><body>Bad gateway</body></html>"), "the root element is html, not a SOAP Envelope");
    assert_eq!(
        read_error("<Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\"><Body/></Envelope>"),
        "the Envelope is of the namespace \"http://www.w3.org/2003/05/soap-envelope\", not of SOAP 1.1"
    );
    assert_eq!(read_error("<Envelope><Body/></Envelope>"), "the Envelope is of no namespace, not of SOAP 1.1");
    assert_eq!(read_error("<s:Envelope/>"), "the prefix \"s\" is not declared");
    assert_eq!(read_error("{\"error\": \"not XML\"}"), "has text outside its root element");
}

#[test]
fn a_body_without_exactly_one_element_is_refused() {
    assert_eq!(read_error(envelope("")), "the Body is empty");
    assert_eq!(read_error(envelope("text")), "contains text where elements are expected");
    assert_eq!(
        read_error("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header/></s:Envelope>"),
        "the Envelope has no Body"
    );
    let second = "<getActiveJobsReturn xmlns=\"http://www.scene7.com/IpsApi/xsd\"/></soapenv:Body>";
    assert_eq!(
        read_error(one_job().replace("</soapenv:Body>", second)),
        "the Body contains a second element, getActiveJobsReturn"
    );
    assert_eq!(
        read_error(one_job().replace("</soapenv:Body>", "<soapenv:Fault/></soapenv:Body>")),
        "the Body contains a second element, Fault"
    );
}

#[test]
fn a_foreign_and_an_unexpected_root_have_different_errors() {
    assert_eq!(
        read_error(envelope("<getActiveJobsReturn xmlns=\"http://example.com/IpsApi\"/>")),
        "the Body contains getActiveJobsReturn of the namespace \"http://example.com/IpsApi\", which is not an IPS namespace"
    );
    assert_eq!(
        read_error(envelope("<getActiveJobsReturn xmlns=\"http://www.scene7.com/IpsApi/xsdx\"/>")),
        "the Body contains getActiveJobsReturn of the namespace \"http://www.scene7.com/IpsApi/xsdx\", which is not an IPS namespace"
    );
    assert_eq!(
        read_error(envelope("<getActiveJobsReturn/>")),
        "the Body contains getActiveJobsReturn of no namespace, which is not an IPS namespace"
    );
    assert_eq!(
        read_error(envelope("<getJobLogsReturn xmlns=\"http://www.scene7.com/IpsApi/xsd\"/>")),
        "contains getJobLogsReturn instead of getActiveJobsReturn"
    );
    assert_eq!(
        read_error(envelope("<getActiveJobsParam xmlns=\"http://www.scene7.com/IpsApi/xsd\"/>")),
        "contains getActiveJobsParam instead of getActiveJobsReturn"
    );
}

#[test]
fn nesting_is_limited() {
    let deep = |levels| active_jobs(&format!("{}{}<jobArray/>", "<x>".repeat(levels), "</x>".repeat(levels)));
    assert!(read_answer::<GetActiveJobsParam>(deep(61).as_bytes(), None).is_ok());
    assert_eq!(read_error(deep(62)), "nests elements deeper than 64");
    assert_eq!(read_error(active_jobs(&"<x>".repeat(1_000_000))), "nests elements deeper than 64");
}

#[test]
fn text_and_attribute_lengths_are_limited() {
    let long = "a".repeat((4 << 20) + 1);
    let reason = "jobArray.items[0].description: has a text longer than 4194304 bytes";
    assert_eq!(read_error(one_job().replace("a&lt;b", &long)), reason);
    let pieces = "aaaaaaaaaaaaaaa&#65;".repeat((4 << 20) / 16 + 1);
    assert_eq!(read_error(one_job().replace("a&lt;b", &pieces)), reason);
    let attribute = format!("<items a=\"{}\">", &long[..20_000]);
    assert_eq!(
        read_error(one_job().replace("<items>", &attribute)),
        "jobArray: has attributes longer than 16384 bytes"
    );
}

#[test]
fn the_number_of_elements_is_limited() {
    let limits = Limits { elements: 10, ..Limits::default() };
    let read = |children| {
        let source = format!("<a>{}</a>", "<x/>".repeat(children));
        let mut parser = Parser::new(&source, Mode::Lenient, limits);
        loop {
            match parser.next_token() {
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
        |item: &str, count: usize| read_error(active_jobs(&format!("<jobArray>{}</jobArray>", item.repeat(count))));
    let reason = flood(&format!("<items>{IDENTITY}</items>"), 100_000);
    assert!(reason.ends_with("has items that take more than 33554432 bytes"), "{reason}");
    let reason = flood("<items><x/></items>", 1_001);
    assert!(reason.ends_with("has more than 1000 items that can't be read"), "{reason}");
}
