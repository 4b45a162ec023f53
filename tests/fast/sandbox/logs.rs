//! Job logs: filters, sorting, paging and archive; companies and logins.

use chrono::TimeDelta;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, FURNITURE, ORDINARY, OTHER_COMPANY, OUTFITTERS};

use super::soap::{Element, Fixture, company, monday, texts, upload};

async fn logs(fixture: &Fixture, inner: &str) -> Vec<Element> {
    fixture.call(&ORDINARY, "getJobLogs", inner).await.answer().all("jobLogArray/items")
}

/// Returns the log of "Optimise all" of the seeded sandbox, with its entries.
async fn details(fixture: &Fixture, rest: &str) -> Element {
    let inner = format!("{}<originalName>Optimise all</originalName>{rest}", company(&OUTFITTERS));
    let mut logs = fixture.call(&ORDINARY, "getJobLogDetails", &inner).await.answer().all("jobLogArray/items");
    assert_eq!(logs.len(), 1, "{logs:#?}");
    logs.remove(0)
}

#[tokio::test]
async fn logs_are_listed_newest_first_and_without_details() {
    let fixture = Fixture::seeded();
    let logs = logs(&fixture, "").await;
    let dates: Vec<_> = logs.iter().map(|log| log.time("startDate")).collect();
    assert!(dates.len() > 5 && dates.is_sorted_by(|a, b| a >= b), "{dates:?}");
    assert!(logs.iter().all(|log| log.all("detailArray").is_empty()));
}

#[tokio::test]
async fn logs_are_sorted_by_every_documented_field_in_both_directions() {
    let fixture = Fixture::seeded();
    for (sort, field) in [
        ("JobName", "jobName"),
        ("LogType", "logType"),
        ("StartDate", "startDate"),
        ("CompanyName", "companyHandle"),
        ("Email", "submitUserEmail"),
    ] {
        let up = texts(&logs(&fixture, &format!("<sortBy>{sort}</sortBy>")).await, field);
        assert!(up.is_sorted(), "{sort}: {up:?}");
        let down = texts(
            &logs(&fixture, &format!("<sortBy>{sort}</sortBy><sortDirection>Descending</sortDirection>")).await,
            field,
        );
        assert!(down.is_sorted_by(|a, b| a >= b), "{sort}: {down:?}");
    }
    for (sort, field) in [
        ("FileErrorCount", "fileErrorCount"),
        ("FileWarningCount", "fileWarningCount"),
        ("FileSuccessCount", "fileSuccessCount"),
    ] {
        let up: Vec<_> =
            logs(&fixture, &format!("<sortBy>{sort}</sortBy>")).await.iter().map(|log| log.number(field)).collect();
        assert!(up.is_sorted() && up.first() < up.last(), "{sort}: {up:?}");
    }
    assert_eq!(logs(&fixture, "<sortBy>UserId</sortBy>").await.len(), logs(&fixture, "").await.len());
}

#[tokio::test]
async fn logs_are_filtered_by_date_and_submitter_and_limited() {
    let fixture = Fixture::seeded();
    let from = monday() - TimeDelta::hours(6);
    let to = monday() - TimeDelta::hours(1);
    let range = format!("<startDate>{}</startDate><endDate>{}</endDate>", from.to_rfc3339(), to.to_rfc3339());
    assert_eq!(texts(&logs(&fixture, &range).await, "originalJobName"), ["Spring catalogue", "Import boots"]);
    let agency = logs(&fixture, &format!("<userHandle>{}</userHandle>", BOTH_COMPANIES.handle)).await;
    assert!(
        !agency.is_empty() && texts(&agency, "submitUserEmail").iter().all(|email| email == BOTH_COMPANIES.email),
        "{agency:#?}"
    );
    let rows = logs(&fixture, "<numRows>2</numRows>").await;
    assert_eq!(texts(&rows, "originalJobName"), ["drag-and-drop", "campaign-videos"], "running jobs have logs");
}

#[tokio::test]
async fn details_are_paged_and_counted() {
    let fixture = Fixture::seeded();
    let whole = details(&fixture, "").await;
    let all = whole.texts("detailArray/items/logMessage");
    assert_eq!(whole.number("detailTotalRows"), all.len() as f64);
    let mut pages = Vec::new();
    for page in 1..=all.len().div_ceil(3) + 1 {
        let log =
            details(&fixture, &format!("<recordsPerPage>3</recordsPerPage><resultsPage>{page}</resultsPage>")).await;
        assert_eq!(log.number("detailTotalRows"), all.len() as f64, "page {page}");
        let messages = log.texts("detailArray/items/logMessage");
        assert!(messages.len() <= 3, "{messages:?}");
        pages.extend(messages);
    }
    assert_eq!(pages, all);
}

#[tokio::test]
async fn details_are_filtered_by_type_and_sorted() {
    let fixture = Fixture::seeded();
    let types = "<logTypeArray><items>ReoptimizeWarning</items><items>EndReoptimize</items></logTypeArray>";
    let log = details(&fixture, types).await;
    let seen = log.texts("detailArray/items/logType");
    assert!(seen.len() > 1 && seen.iter().all(|t| t == "ReoptimizeWarning" || t == "EndReoptimize"), "{seen:?}");
    assert_eq!(log.number("detailTotalRows"), seen.len() as f64);
    let by_type = details(&fixture, "<sortBy>LogType</sortBy>").await.texts("detailArray/items/logType");
    assert!(by_type.is_sorted(), "{by_type:?}");
    let dates = details(&fixture, "<sortBy>Date</sortBy><sortDirection>Descending</sortDirection>")
        .await
        .texts("detailArray/items/dateCreated");
    assert!(dates.is_sorted_by(|a, b| a >= b), "{dates:?}");
}

#[tokio::test]
async fn the_logs_of_an_asset_list_its_jobs() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "boots", &upload(&["https://images.example.com/trail_boot_brown.tif"])).await;
    fixture.advance(TimeDelta::minutes(3));
    let ask = |asset| format!("{}<assetHandle>{asset}</assetHandle>", company(&OUTFITTERS));
    let logs = fixture.call(&ORDINARY, "getAssetJobLogs", &ask("a|11000")).await.answer().all("jobLogArray/items");
    assert_eq!(texts(&logs, "logType"), ["FileUpdated"]);
    assert_eq!(logs[0].text("jobHandle"), fixture.log_of(&ORDINARY, "boots").await.unwrap().text("jobHandle"));
    assert!(
        fixture.call(&ORDINARY, "getAssetJobLogs", &ask("a|11001")).await.answer().all("jobLogArray/items").is_empty()
    );
}

#[tokio::test]
async fn a_log_is_archived_after_thirty_days() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "boots", &upload(&["https://images.example.com/trail_boot_brown.tif"])).await;
    fixture.advance(TimeDelta::days(29));
    let handle = fixture.log_of(&ORDINARY, "boots").await.expect("a log").text("jobHandle");
    let archived = format!("{}<jobHandle>{handle}</jobHandle>", company(&OUTFITTERS));
    let asset = format!("{}<assetHandle>a|11000</assetHandle>", company(&OUTFITTERS));
    let mut found = Vec::new();
    for _ in 0..2 {
        let now = fixture
            .call(&ORDINARY, "getArchivedJobLogDetails", &archived)
            .await
            .answer()
            .all("jobLogArray/items")
            .len();
        let assets =
            fixture.call(&ORDINARY, "getAssetArchivedJobLogs", &asset).await.answer().all("jobLogArray/items").len();
        found.push((
            now,
            assets,
            logs(&fixture, "").await.len(),
            usize::from(fixture.log_of(&ORDINARY, "boots").await.is_some()),
        ));
        fixture.advance(TimeDelta::days(2));
    }
    assert_eq!(
        found,
        [(0, 0, 1, 1), (1, 1, 0, 0)],
        "(archived, archived for the asset, log, details) before and after"
    );
}

#[tokio::test]
async fn the_seeded_archive_is_found_through_an_asset() {
    let fixture = Fixture::seeded();
    let asset = format!("{}<assetHandle>a|11000</assetHandle>", company(&OUTFITTERS));
    let logs = fixture.call(&ORDINARY, "getAssetArchivedJobLogs", &asset).await.answer().all("jobLogArray/items");
    let log =
        logs.iter().find(|log| log.text("jobName").starts_with("Last season_")).unwrap_or_else(|| panic!("{logs:#?}"));
    let inner = format!("{}<jobHandle>{}</jobHandle>", company(&OUTFITTERS), log.text("jobHandle"));
    let details = fixture.call(&ORDINARY, "getArchivedJobLogDetails", &inner).await.answer();
    assert_eq!(details.text("jobLogArray/items/originalJobName"), "Last season");
    assert!(details.all("jobLogArray/items/detailArray/items").len() > 3, "{details:#?}");
}

#[tokio::test]
async fn companies_are_found_by_handle_name_and_organisation() {
    let fixture = Fixture::seeded();
    let named = format!("<companyName>{}</companyName>", FURNITURE.name);
    let organisation = format!("<imsOrgId>{}</imsOrgId>", FURNITURE.ims_org_id);
    for inner in [company(&FURNITURE), named.clone(), organisation] {
        let info = fixture.call(&OTHER_COMPANY, "getCompanyInfo", &inner).await.answer();
        assert_eq!(info.text("companyInfo/companyHandle"), "c|47", "{inner}");
    }
    assert_eq!(fixture.call(&ORDINARY, "getCompanyInfo", &named).await.code(), 20006);
    assert_eq!(fixture.call(&ORDINARY, "getCompanyInfo", "<companyName>Nowhere Ltd</companyName>").await.code(), 20000);
    let memberships = fixture.call(&BOTH_COMPANIES, "getCompanyMembership", "").await.answer();
    assert_eq!(memberships.texts("membershipArray/items/company/companyHandle"), ["c|110", "c|47"]);
    assert_eq!(memberships.texts("membershipArray/items/role"), ["IpsAdmin"; 2]);
}

#[tokio::test]
async fn check_login_accepts_only_valid_credentials() {
    let fixture = Fixture::seeded();
    let login = |company: &str, email: &str, password: &str| {
        format!("{company}<email>{email}</email><password>{password}</password>")
    };
    for (inner, status) in [
        (login("", OTHER_COMPANY.email, OTHER_COMPANY.password), "ValidLogin"),
        (login("", OTHER_COMPANY.email, "wrong"), "InvalidLogin"),
        (login(&company(&OUTFITTERS), OTHER_COMPANY.email, OTHER_COMPANY.password), "InvalidLogin"),
        (login("", "nobody@example.com", "x"), "InvalidLogin"),
    ] {
        assert_eq!(fixture.call(&ORDINARY, "checkLogin", &inner).await.answer().text("status"), status, "{inner}");
    }
}

#[tokio::test]
async fn get_user_info_names_the_caller_and_users_of_the_same_companies() {
    let fixture = Fixture::seeded();
    let by_handle = format!("<userHandle>{}</userHandle>", ORDINARY.handle);
    let by_email = format!("<email>{}</email>", ORDINARY.email);
    for (caller, inner) in [(&ORDINARY, ""), (&BOTH_COMPANIES, &*by_handle), (&BOTH_COMPANIES, &*by_email)] {
        let info = fixture.call(caller, "getUserInfo", inner).await.answer();
        assert_eq!(info.text("userInfo/email"), ORDINARY.email, "{inner}");
    }
    assert_eq!(fixture.call(&OTHER_COMPANY, "getUserInfo", &by_email).await.code(), 20007);
    assert_eq!(fixture.call(&ORDINARY, "getUserInfo", "<userHandle>u|0</userHandle>").await.code(), 20002);
}
