//! XML variants of one answer: prefixes, CDATA, references, encodings.

use ips_gateway::ips::soap::{Reply, read_answer};
use ips_gateway::ips::types::{GetActiveJobsParam, GetCompanyInfoParam, GetJobLogDetailsParam};

use super::{IDENTITY, active_jobs, answer, envelope, job};

/// Returns the names of the jobs of an answer.
#[track_caller]
fn names(document: impl AsRef<[u8]>) -> Vec<String> {
    let answer = answer::<GetActiveJobsParam>(document);
    assert_eq!(answer.bad_items, []);
    answer.value.job_array.into_iter().filter_map(|job| job.name).collect()
}

/// Returns the name of the company in an encoded document.
#[track_caller]
fn company(document: &[u8], content_type: Option<&str>) -> Result<String, String> {
    match read_answer::<GetCompanyInfoParam>(document, content_type) {
        Ok(Reply::Answer(answer)) => Ok(answer.value.company_info.name.unwrap_or_default()),
        Ok(Reply::Fault(fault)) => panic!("{fault}"),
        Err(error) => Err(error.to_string()),
    }
}

fn company_info(declaration: &str, name: &str) -> String {
    let body = "<getCompanyInfoReturn xmlns=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\"><companyInfo>\
                <companyHandle>c|1</companyHandle><name>NAME</name></companyInfo></getCompanyInfoReturn>";
    format!("{declaration}{}", envelope(&body.replace("NAME", name)))
}

#[test]
fn a_real_answer_is_read() {
    let document = r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
 <getActiveJobsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2010-01-31"><jobArray><items>
  <companyHandle>c|110</companyHandle>
  <jobHandle>j|110||3e41464dce942449a9e5b_2011-03-30-14:32:08.834|5129821</jobHandle>
  <name>3e41464dce942449a9e5b_2011-03-30-14:32:08.834</name><originalName>3e41464dce942449a9e5b</originalName>
  <type>UrlUpload</type><state>Running</state><submitUserEmail>user@example.com</submitUserEmail><locale>en-US</locale>
  <serverName>saastex_100_52</serverName><startDate>2011-03-30T14:32:08.858-05:00</startDate><totalSize>0</totalSize>
  <progress>0</progress><progressMessage>Optimizing files</progressMessage>
  <lastProgressUpdate>2011-03-30T14:32:10.445-05:00</lastProgressUpdate>
  <taskProgressArray><items><taskType>com.scene7.upload.UploadAsyncTaskMonitor</taskType><numProcessed>1</numProcessed>
   <numProcessing>0</numProcessing><numPending>0</numPending><progress>1.0</progress><progressMessage/>
   <lastProgressUpdate>2011-03-30T14:32:10.458-05:00</lastProgressUpdate><taskItemProgressArray/></items></taskProgressArray>
  <uploadUrlsJob><urlArray/><overwrite>true</overwrite><readyForPublish>true</readyForPublish><createMask>false</createMask>
   <emailSetting>None</emailSetting></uploadUrlsJob>
 </items></jobArray></getActiveJobsReturn>
</soapenv:Body></soapenv:Envelope>"#;
    let answer = answer::<GetActiveJobsParam>(document);
    assert_eq!(answer.bad_items, []);
    let json = serde_json::to_value(&answer.value).expect("JSON");
    assert_eq!(
        json,
        serde_json::json!({"jobArray": [{
            "companyHandle": "c|110",
            "jobHandle": "j|110||3e41464dce942449a9e5b_2011-03-30-14:32:08.834|5129821",
            "name": "3e41464dce942449a9e5b_2011-03-30-14:32:08.834",
            "originalName": "3e41464dce942449a9e5b",
            "type": "UrlUpload",
            "state": "Running",
            "submitUserEmail": "user@example.com",
            "locale": "en-US",
            "serverName": "saastex_100_52",
            "startDate": "2011-03-30T14:32:08.858-05:00",
            "totalSize": 0,
            "progress": 0,
            "progressMessage": "Optimizing files",
            "lastProgressUpdate": "2011-03-30T14:32:10.445-05:00",
            "taskProgressArray": [{
                "taskType": "com.scene7.upload.UploadAsyncTaskMonitor",
                "numProcessed": 1,
                "numProcessing": 0,
                "numPending": 0,
                "progress": 1.0,
                "lastProgressUpdate": "2011-03-30T14:32:10.458-05:00",
            }],
            "uploadUrlsJob": {
                "overwrite": true, "readyForPublish": true, "createMask": false, "emailSetting": "None",
            },
        }]})
    );
}

#[test]
fn prefixes_make_no_difference() {
    let document = "<?xml version=\"1.0\"?><S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\" \
        xmlns:v=\"http://www.scene7.com/IpsApi/xsd/2016-01-14-beta\"><S:Header/><S:Body><v:getActiveJobsReturn>\
        <v:jobArray><v:items><v:name>one</v:name></v:items><v:items><v:name>two</v:name></v:items></v:jobArray>\
        </v:getActiveJobsReturn></S:Body></S:Envelope>";
    assert_eq!(names(document), ["one", "two"]);
}

#[test]
fn the_envelope_may_have_the_default_namespace() {
    let document = "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body>\
        <a:getActiveJobsReturn xmlns:a=\"http://www.scene7.com/IpsApi/xsd\"><a:jobArray><a:items><a:name>one</a:name></a:items>\
        </a:jobArray></a:getActiveJobsReturn></Body></Envelope>";
    assert_eq!(names(document), ["one"]);
}

#[test]
fn header_elements_of_an_answer_are_skipped() {
    let document = active_jobs("<jobArray><items><name>one</name></items></jobArray>").replace(
        "<soapenv:Body>",
        "<soapenv:Header><trace xmlns=\"http://example.com\"><Body>no</Body></trace><more/></soapenv:Header><soapenv:Body>",
    );
    assert_eq!(names(document), ["one"]);
}

#[test]
fn comments_processing_instructions_and_unknown_elements_are_skipped() {
    let document = active_jobs(
        "<!-- first --><?app hint?><jobArray tip=\"1\"><news><items><name>no</name></items></news><!--x--><items a='&lt;'>\
         <rank>1</rank><name><!-- a -->one<?b?></name><newer><deep/></newer></items></jobArray><footer/>",
    )
    .replace("<jobArray tip=\"1\"><news><items><name>no</name></items></news>", "<jobArray tip=\"1\">");
    assert_eq!(names(format!("<?xml version='1.0'?><!-- before -->\n{document}\n<!-- after --><?done?>\n")), ["one"]);
}

#[test]
fn text_may_be_split_into_several_nodes() {
    let job = job("<description>a &amp; b<![CDATA[ <c> & ]]>&#x1F45F;&#26149;<!-- - --> d&gt;</description>");
    assert_eq!(job.description.as_deref(), Some("a & b <c> & \u{1F45F}春 d>"));
    assert_eq!(super::job("<description><![CDATA[<b>]]></description>").description.as_deref(), Some("<b>"));
    assert_eq!(super::job("<totalSize>5<![CDATA[0]]>&#48;</totalSize>").total_size, Some(500));
}

#[test]
fn names_with_markup_and_beyond_ascii_are_kept() {
    for name in ["春の靴", "shoe 👟", "a < b & c > \"d\" 'e'", " spaced ", "a\u{85}b"] {
        let escaped = name.replace('&', "&amp;").replace('<', "&lt;");
        let document = active_jobs(&format!("<jobArray><items><name>{escaped}</name></items></jobArray>"));
        assert_eq!(names(document), [name]);
    }
}

#[test]
fn line_ends_are_line_feeds_unless_they_are_references() {
    assert_eq!(job("<description>a\r\nb\rc&#13;d</description>").description.as_deref(), Some("a\nb\nc\rd"));
}

#[test]
fn an_array_may_have_no_item_or_one() {
    assert_eq!(names(active_jobs("<jobArray/>")), [""; 0]);
    assert_eq!(names(active_jobs("<jobArray></jobArray>")), [""; 0]);
    assert_eq!(names(active_jobs("<jobArray>\n  <!-- none -->\n</jobArray>")), [""; 0]);
    assert_eq!(names(active_jobs("<jobArray><items><name>one</name></items></jobArray>")), ["one"]);
    assert_eq!(names(active_jobs("")), [""; 0]);
}

#[test]
fn the_order_of_elements_does_not_matter_in_an_answer() {
    let document = active_jobs(
        "<jobArray><items><originalName>o</originalName><name>n</name><jobHandle>j</jobHandle></items></jobArray>",
    );
    assert_eq!(names(document), ["n"]);
}

#[test]
fn arrays_within_items_are_read() {
    let document = envelope(
        "<getJobLogDetailsReturn xmlns=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\"><jobLogArray><items><jobName>a</jobName>\
         <detailArray><items><logMessage>one</logMessage><auxArray/></items><items><logMessage>two</logMessage></items>\
         </detailArray></items></jobLogArray></getJobLogDetailsReturn>",
    );
    let answer = answer::<GetJobLogDetailsParam>(document);
    let json = serde_json::to_value(&answer.value.job_log_array[0].detail_array).expect("JSON");
    assert_eq!(json, serde_json::json!([{"logMessage": "one"}, {"logMessage": "two"}]));
}

#[test]
fn a_byte_order_mark_selects_the_encoding() {
    let utf8 = format!("\u{FEFF}{}", company_info("", "会社"));
    assert_eq!(company(utf8.as_bytes(), Some("text/xml; charset=ISO-8859-1")), Ok("会社".into()));

    let utf16 =
        |to_bytes: fn(u16) -> [u8; 2], text: String| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
    let declared = company_info("<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "会社");
    let marked = format!("\u{FEFF}{declared}");
    assert_eq!(company(&utf16(u16::to_le_bytes, marked.clone()), None), Ok("会社".into()));
    assert_eq!(company(&utf16(u16::to_be_bytes, marked), None), Ok("会社".into()));
    assert_eq!(company(&utf16(u16::to_le_bytes, declared.clone()), None), Ok("会社".into()));
    assert_eq!(company(&utf16(u16::to_be_bytes, declared), Some("text/xml; charset=utf-16")), Ok("会社".into()));
}

#[test]
fn the_declared_encoding_is_used() {
    for (label, bytes) in
        [("ISO-8859-1", &b"Gr\xF6\xDFe"[..]), ("windows-1252", b"Gr\xF6\xDFe"), ("utf-8", "Größe".as_bytes())]
    {
        let [before, after] = &company_info(&format!("<?xml version='1.0' encoding='{label}'?>"), "|")
            .split("|<")
            .map(|half| half.as_bytes().to_vec())
            .collect::<Vec<_>>()[..]
        else {
            panic!("no place for the name")
        };
        let document = [before, bytes, b"<", after].concat();
        assert_eq!(company(&document, None), Ok("Größe".into()), "declared as {label}");
        assert_eq!(company(&document, Some("application/soap+xml")), Ok("Größe".into()), "declared as {label}");
    }
}

#[test]
fn the_content_type_overrules_the_declaration() {
    let document = company_info("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", "Größe");
    assert_eq!(company(document.as_bytes(), Some("text/xml; Charset=\"UTF-8\"")), Ok("Größe".into()));
}

#[test]
fn bytes_invalid_in_the_encoding_are_refused() {
    let mut document = company_info("", "|").into_bytes();
    let position = document.windows(2).position(|pair| pair == b"|<").expect("the name");
    document[position] = 0xF6;
    assert_eq!(company(&document, None), Err(format!("not UTF-8 after byte {position}")));
    assert_eq!(
        company(company_info("<?xml version='1.0' encoding='klingon'?>", "a").as_bytes(), None),
        Err("the encoding \"klingon\" is unknown".into())
    );
}

#[test]
fn a_pretty_printed_answer_is_the_same_answer() {
    let plain = active_jobs(&format!(
        "<jobArray><items>{IDENTITY}<taskProgressArray><items><taskType>t</taskType></items></taskProgressArray>\
         <uploadUrlsJob><overwrite>true</overwrite></uploadUrlsJob></items></jobArray>"
    ));
    let pretty = plain.replace("><", ">\r\n\t<");
    assert_eq!(answer::<GetActiveJobsParam>(pretty), answer::<GetActiveJobsParam>(plain));
}
