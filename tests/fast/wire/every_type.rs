//! Round trip of every type of the contract, with values generated from the contract instead of the Rust types.

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

/// Number of generated cases per request and answer.
const CASES: u32 = 48;
/// Probability that an optional element is present, so that each is present in some cases and absent in others.
const PRESENT: f64 = 0.4;
/// API version that has every field.
const NEWEST: &str = "2022-11-01-beta";

/// Generator of values from the contract.
struct Generator {
    contract: Contract,
    /// Types generated so far.
    generated: RefCell<BTreeSet<String>>,
}

impl Generator {
    /// Returns a strategy for the JSON of a type.
    fn value(&self, type_name: &str) -> BoxedStrategy<Value> {
        match type_name {
            // An element without text is read as absent.
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
        self.generated.borrow_mut().insert(type_name.to_owned());
        if let Some(items) = self.contract.items(type_name) {
            return vec(self.value(&items.type_name), 1..3).prop_map(Value::from).boxed();
        }
        let fields = self.contract.types.get(type_name).unwrap_or_else(|| panic!("{type_name} is not in the contract"));
        let fields: Vec<_> = fields.iter().filter(|field| is_current(field)).collect();
        // A struct without any element is read as absent, so one element is always present.
        let always_present = fields.iter().all(|field| field.optional).then(|| fields.first().copied()).flatten();
        let member = |field: &ContractField| {
            let name = field.name.clone();
            let value = self.value(&field.type_name);
            let is_present = !field.optional || always_present.is_some_and(|always| always.name == field.name);
            let value =
                if is_present { value.prop_map(Some).boxed() } else { option::weighted(PRESENT, value).boxed() };
            value.prop_map(move |value| value.map(|value| (name.clone(), value)))
        };
        let members: Vec<_> = fields.iter().copied().map(member).collect();
        members.prop_map(|members| Value::Object(members.into_iter().flatten().collect::<Map<_, _>>())).boxed()
    }

    /// Checks the round trip of the request and the answer of an operation.
    fn round_trips<T: Operation>(&self) {
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

    /// Tests generated values of a type, after checking that the Rust type keeps every field.
    fn each<T: DeserializeOwned + Serialize>(&self, type_name: &str, test: impl Fn(T) -> Result<(), TestCaseError>) {
        let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
        let tried = TestRunner::new(config).run(&self.value(type_name), |generated| {
            let value: T =
                serde_json::from_value(generated.clone()).unwrap_or_else(|error| panic!("{error}\n{generated:#}"));
            let taken = serde_json::to_value(&value).unwrap_or_else(|error| panic!("{error}"));
            prop_assert!(keeps(&taken, &generated), "{:#} became {:#}", generated, taken);
            test(value)
        });
        tried.unwrap_or_else(|error| panic!("{type_name}: {error}"));
    }
}

/// The type of a former field, which the newest version does not have.
const FORMER_TYPE: &str = "CompanyArray";

fn is_current(field: &ContractField) -> bool {
    field.until.is_none()
}

/// Returns whether a value keeps every field of a generated one.
fn keeps(taken: &Value, generated: &Value) -> bool {
    match (taken, generated) {
        (Value::Object(taken), Value::Object(generated)) => {
            generated.iter().all(|(name, generated)| taken.get(name).is_some_and(|taken| keeps(taken, generated)))
        }
        (Value::Array(taken), Value::Array(generated)) => {
            taken.len() == generated.len()
                && taken.iter().zip(generated).all(|(taken, generated)| keeps(taken, generated))
        }
        // Scalars are not compared: a date has several forms.
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
    let generator = Generator { contract: Contract::load(), generated: RefCell::default() };
    macro_rules! all_round_trip {
        ({ $generator:ident } $($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
            $($generator.round_trips::<$request>();)+
        };
    }
    for_each_operation!(all_round_trip { generator });
    let generated = generator.generated.into_inner();
    let missing: Vec<_> =
        generator.contract.types.keys().filter(|name| !generated.contains(*name) && *name != FORMER_TYPE).collect();
    assert!(missing.is_empty(), "never generated: {missing:?}");
}
