//! Every type of the contract survives being written and read, with values made by the contract and not by our types.

use std::cell::RefCell;
use std::collections::BTreeSet;

use ips_gateway::ips::soap::{AuthHeader, Request, write_answer, write_request};
use ips_gateway::ips::types::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::answer;
use super::roundtrip::{date, text};
use crate::schema::contract::{Contract, ContractField, capitalized};

/// How often each request and each answer is made up.
const CASES: u32 = 48;
/// An optional element is there with this probability: often enough that each is there in some case, seldom enough to be absent, too.
const PRESENT: f64 = 0.4;
/// The version that has every field.
const NEWEST: &str = "2022-11-01-beta";

/// Makes up documents as the contract has them.
struct Maker {
    contract: Contract,
    /// The types that were made.
    made: RefCell<BTreeSet<String>>,
}

impl Maker {
    /// JSON of a type.
    fn value(&self, type_name: &str) -> BoxedStrategy<Value> {
        match type_name {
            // An element without text means an absent one.
            "xsd:string" => text().prop_filter("blank", |text| !text.trim().is_empty()).prop_map(Value::from).boxed(),
            "xsd:dateTime" => date().prop_filter_map("no date", |date| Some(json!(date?.to_string()))).boxed(),
            "xsd:boolean" => any::<bool>().prop_map(Value::from).boxed(),
            "xsd:int" => any::<i32>().prop_map(Value::from).boxed(),
            "xsd:long" => any::<i64>().prop_map(Value::from).boxed(),
            "xsd:double" => (proptest::num::f64::NORMAL | proptest::num::f64::ZERO).prop_map(Value::from).boxed(),
            _ => self.composed(type_name),
        }
    }

    fn composed(&self, type_name: &str) -> BoxedStrategy<Value> {
        self.made.borrow_mut().insert(type_name.to_owned());
        if let Some(items) = self.contract.items(type_name) {
            return vec(self.value(&items.type_name), 1..3).prop_map(Value::from).boxed();
        }
        let fields = self.contract.types.get(type_name).unwrap_or_else(|| panic!("{type_name} is not in the contract"));
        // A struct without any element would be as good as absent: one is always there.
        let always_there = fields.iter().all(|field| field.optional).then(|| fields.first()).flatten();
        let member = |field: &ContractField| {
            let name = field.name.clone();
            let value = self.value(&field.type_name);
            let is_there = !field.optional || always_there.is_some_and(|always| always.name == field.name);
            let value = if is_there { value.prop_map(Some).boxed() } else { option::weighted(PRESENT, value).boxed() };
            value.prop_map(move |value| value.map(|value| (name.clone(), value)))
        };
        let members: Vec<_> = fields.iter().map(member).collect();
        members.prop_map(|members| Value::Object(members.into_iter().flatten().collect::<Map<_, _>>())).boxed()
    }

    /// Whatever the contract allows as request and as answer of an operation comes back as it was.
    fn survives<T: Operation>(&self) {
        let version: ApiVersion = NEWEST.parse().expect("a version");
        let operation = self.contract.operations.iter().find(|operation| operation.name == T::NAME);
        let operation = operation.unwrap_or_else(|| panic!("{} is not in the contract", T::NAME));
        self.each(&capitalized(&operation.request), |request: T| {
            let document = write_request(&request, &version, &AuthHeader::default());
            let document = document.unwrap_or_else(|error| panic!("{error}"));
            let read = Request::parse(&document, None).and_then(|parsed| parsed.read::<T>());
            same(&request, &read.unwrap_or_else(|error| panic!("{error}")))
        });
        self.each(&capitalized(&operation.response), |given: T::Answer| {
            let document = write_answer::<T>(&given, &version).unwrap_or_else(|error| panic!("{error}"));
            let read = answer::<T>(document);
            prop_assert_eq!(read.bad_items, []);
            same(&given, &read.value)
        });
    }

    /// Tries values of a type that our type takes over whole.
    fn each<T: DeserializeOwned + Serialize>(&self, type_name: &str, test: impl Fn(T) -> Result<(), TestCaseError>) {
        let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
        let tried = TestRunner::new(config).run(&self.value(type_name), |made| {
            let value: T = serde_json::from_value(made.clone()).unwrap_or_else(|error| panic!("{error}\n{made:#}"));
            let taken = serde_json::to_value(&value).unwrap_or_else(|error| panic!("{error}"));
            prop_assert!(holds(&taken, &made), "{:#} became {:#}", made, taken);
            test(value)
        });
        tried.unwrap_or_else(|error| panic!("{type_name}: {error}"));
    }
}

/// Whether nothing that was made is left out.
fn holds(taken: &Value, made: &Value) -> bool {
    match (taken, made) {
        (Value::Object(taken), Value::Object(made)) => {
            made.iter().all(|(name, made)| taken.get(name).is_some_and(|taken| holds(taken, made)))
        }
        (Value::Array(taken), Value::Array(made)) => {
            taken.len() == made.len() && taken.iter().zip(made).all(|(taken, made)| holds(taken, made))
        }
        // There are several ways to write a date.
        _ => true,
    }
}

fn same<T: Serialize>(given: &T, read: &T) -> Result<(), TestCaseError> {
    let json = |value: &T| serde_json::to_value(value).unwrap_or_else(|error| panic!("{error}"));
    prop_assert_eq!(json(given), json(read));
    Ok(())
}

#[test]
fn every_type_of_the_contract_round_trips() {
    let maker = Maker { contract: Contract::load(), made: RefCell::default() };
    macro_rules! all_survive {
        ($($operation:ident)+) => { $(maker.survives::<$operation>();)+ };
    }
    all_survive! {
        SubmitJobParam GetActiveJobsParam GetScheduledJobsParam GetJobLogsParam GetJobLogDetailsParam GetArchivedJobLogDetailsParam
        GetAssetJobLogsParam GetAssetArchivedJobLogsParam StopJobParam PauseJobParam ResumeJobParam ExecuteJobParam DeleteJobParam
        GetCompanyInfoParam GetCompanyMembershipParam CheckLoginParam
    }
    let made = maker.made.into_inner();
    let missing: Vec<_> = maker.contract.types.keys().filter(|name| !made.contains(*name)).collect();
    assert!(missing.is_empty(), "never made: {missing:?}");
}
