//! Check of answers against the schema of their API version.

use ips_gateway::ips::schema::{DeviationKind, TypeTable};
use ips_gateway::ips::soap::check_answer;
use ips_gateway::ips::types::{ApiVersion, GetCompanyInfoParam, GetCompanyMembershipParam, Operation};

const COMPANY: &str = "<companyHandle>c|1</companyHandle><name>n</name><rootPath>r/</rootPath><expires>2030-01-01T00:00:00</expires>";

/// Returns kind and path of the deviations of an answer with this content.
fn deviations<T: Operation>(version: &str, content: &str) -> Vec<(DeviationKind, String)> {
    let version: ApiVersion = version.parse().expect("a version");
    let answer = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><t:{0} xmlns:t=\"{1}\">{content}</t:{0}>\
         </s:Body></s:Envelope>",
        T::ANSWER,
        version.namespace(),
    );
    let found = check_answer::<T>(answer.as_bytes(), Some("text/xml"), &TypeTable::of(&version));
    found.expect("an answer").into_iter().map(|deviation| (deviation.kind, deviation.path)).collect()
}

#[test]
fn a_version_requires_what_it_has_and_does_not_know_what_it_lacks() {
    let of = |version: &str, content: String| deviations::<GetCompanyInfoParam>(version, &content);
    let with = |more: &str| format!("<companyInfo>{COMPANY}{more}</companyInfo>");
    assert_eq!(of("2013-02-15", with("")), []);
    let unknown = [(DeviationKind::UnknownElement, "companyInfo.imsOrgId".to_owned())];
    assert_eq!(of("2013-02-15", with("<imsOrgId>o</imsOrgId>")), unknown);
    assert_eq!(of("2014-04-03", with("")), []);
    assert_eq!(of("2014-04-03", with("<imsOrgId>o</imsOrgId>")), []);
    let missing = [(DeviationKind::MissingElement, "companyInfo".to_owned())];
    assert_eq!(of("2022-11-01-beta", String::new()), missing);
}

#[test]
fn each_version_has_its_own_shape_of_memberships() {
    let companies = format!("<companyArray><items>{COMPANY}</items><items>{COMPANY}</items></companyArray>");
    let of = |version: &str| deviations::<GetCompanyMembershipParam>(version, &companies);
    assert_eq!(of(""), []);
    let unknown = (DeviationKind::UnknownElement, "companyArray".to_owned());
    let missing = (DeviationKind::MissingElement, "membershipArray".to_owned());
    assert_eq!(of("2016-01-14-beta"), [unknown, missing]);
}

#[test]
fn an_empty_element_is_an_empty_value_unless_it_is_a_text() {
    let empty = COMPANY.replace(">r/<", "><").replace("2030-01-01T00:00:00", "");
    let found = deviations::<GetCompanyInfoParam>("2013-02-15", &format!("<companyInfo>{empty}</companyInfo>"));
    assert_eq!(found, [(DeviationKind::EmptyValue, "companyInfo.expires".to_owned())]);
}
