//! Round trips of every type of the contract, with values generated from the contract and not from our types.

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

/// Generated values of each request and each answer.
const CASES: u32 = 48;
/// The probability of an optional element: each is present in some cases and absent in others.
const PRESENT: f64 = 0.4;
/// The version that has every field.
const NEWEST: &str = "2022-11-01-beta";

/// Generates documents by the contract.
struct Generator {
    contract: Contract,
    /// The generated types.
    made: RefCell<BTreeSet<String>>,
}

impl Generator {
    /// JSON of a type.
    fn value(&self, type_name: &str) -> BoxedStrategy<Value> {
        match type_name {
            // An element without text counts as absent.
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
        // A struct without elements would count as absent, so that one is always present.
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

    /// Requests and answers of an operation round-trip.
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

    /// Tests values of a type that our type accepts as a whole.
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

/// Whether everything that was generated is there.
fn holds(taken: &Value, made: &Value) -> bool {
    match (taken, made) {
        (Value::Object(taken), Value::Object(made)) => {
            made.iter().all(|(name, made)| taken.get(name).is_some_and(|taken| holds(taken, made)))
        }
        (Value::Array(taken), Value::Array(made)) => {
            taken.len() == made.len() && taken.iter().zip(made).all(|(taken, made)| holds(taken, made))
        }
        // A date has several forms.
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
    let generator = Generator { contract: Contract::load(), made: RefCell::default() };
    macro_rules! all_survive {
        ($($operation:ident)+) => { $(generator.survives::<$operation>();)+ };
    }
    all_survive! {
        SubmitJobParam GetActiveJobsParam GetScheduledJobsParam GetJobLogsParam GetJobLogDetailsParam GetArchivedJobLogDetailsParam
        GetAssetJobLogsParam GetAssetArchivedJobLogsParam StopJobParam PauseJobParam ResumeJobParam ExecuteJobParam DeleteJobParam
        GetCompanyInfoParam GetCompanyMembershipParam CheckLoginParam
    }
    let made = generator.made.into_inner();
    let missing: Vec<_> = generator.contract.types.keys().filter(|name| !made.contains(*name)).collect();
    assert!(missing.is_empty(), "never made: {missing:?}");
}
