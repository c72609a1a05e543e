//! What a document costs: its fields, each times the sizes of the lists that it is in. It is known before anything is done.

use std::cell::RefCell;
use std::collections::HashMap;

use juniper::parser::parse_document_source;
use juniper::{Definition, InputValue, ScalarValue, Selection, Variables};

use super::Schema;
use crate::problem::{FieldError, Problem};

/// Enough for a full page of any two lists with every field of their nodes.
const MOST: u64 = 5_000;
/// Of a connection that is given no `first`.
const UNLESS_TOLD: u64 = 50;
/// The longest page: whoever asks for more is refused later, and whoever asks by a variable that is not there gets less.
const LONGEST: u64 = 100;
/// Lists that are no connections, by the name of their field, and how long they get.
const PLAIN_LISTS: [(&str, u64); 2] = [("affectionHistory", 400), ("usage", 92)];

/// Selections within selections, those of fragments included, far above what the schema has; deeper ones cost too much.
const DEEPEST: u32 = 64;

/// Refuses what costs too much. What can't be read juniper refuses itself.
pub fn check(schema: &Schema, query: &str, variables: &Variables) -> Result<(), Problem> {
    let Ok(document) = parse_document_source(query, &schema.schema) else {
        return Ok(());
    };
    let cost = cost(&document, variables);
    if cost <= MOST {
        return Ok(());
    }
    let detail = format!(
        "costs {cost} and may cost {MOST}: each field counts once for each item of the lists that it is in"
    );
    Err(Problem::invalid(vec![FieldError::parameter(
        "query", detail,
    )]))
}

fn cost<S: ScalarValue>(document: &[Definition<'_, S>], variables: &Variables<S>) -> u64 {
    estimate(document, variables, DEEPEST)
}

fn estimate<S: ScalarValue>(
    document: &[Definition<'_, S>],
    variables: &Variables<S>,
    deepest: u32,
) -> u64 {
    let fragments = document.iter().filter_map(|definition| match definition {
        Definition::Fragment(fragment) => {
            let fragment = &fragment.item;
            Some((fragment.name.item, fragment.selection_set.as_slice()))
        }
        Definition::Operation(_) => None,
    });
    let estimate = Estimate {
        fragments: fragments.collect(),
        variables,
        costs: RefCell::default(),
        pages: RefCell::default(),
    };
    let costs = document.iter().map(|definition| match definition {
        Definition::Operation(operation) => estimate.of(&operation.item.selection_set, deepest),
        Definition::Fragment(_) => 0,
    });
    // One of them is executed.
    costs.max().unwrap_or(0)
}

struct Estimate<'a, 'd, S> {
    fragments: HashMap<&'a str, &'a [Selection<'d, S>]>,
    variables: &'a Variables<S>,
    /// Of fragments that have been looked at, so that none is twice, and a circle of them ends.
    costs: RefCell<HashMap<&'a str, u64>>,
    /// Whether they have edges.
    pages: RefCell<HashMap<&'a str, bool>>,
}

impl<S: ScalarValue> Estimate<'_, '_, S> {
    /// Nobody has looked at the document yet: its fragments may go round in circles, which juniper refuses after this.
    fn of(&self, selections: &[Selection<'_, S>], deeper: u32) -> u64 {
        let Some(deeper) = deeper.checked_sub(1) else {
            return u64::MAX;
        };
        let cost = selections.iter().map(|selection| match selection {
            Selection::Field(field) => {
                let field = &field.item;
                let children = field.selection_set.as_deref().unwrap_or_default();
                let arguments = field
                    .arguments
                    .as_ref()
                    .map(|given| given.item.items.as_slice());
                let first = arguments
                    .unwrap_or_default()
                    .iter()
                    .find(|(name, _)| name.item == "first")
                    .map(|(_, value)| self.size(&value.item));
                let times = PLAIN_LISTS
                    .iter()
                    .find(|(name, _)| *name == field.name.item)
                    .map(|(_, size)| *size)
                    .or(first)
                    .unwrap_or(if self.has_edges(children, deeper) {
                        UNLESS_TOLD
                    } else {
                        1
                    });
                self.of(children, deeper)
                    .saturating_mul(times)
                    .saturating_add(1)
            }
            Selection::FragmentSpread(spread) => self.of_fragment(spread.item.name.item, deeper),
            Selection::InlineFragment(inline) => self.of(&inline.item.selection_set, deeper),
        });
        cost.fold(0, u64::saturating_add)
    }

    fn of_fragment(&self, name: &str, deeper: u32) -> u64 {
        let Some((&name, selections)) = self.fragments.get_key_value(name) else {
            return 0;
        };
        if let Some(cost) = self.costs.borrow().get(name) {
            return *cost;
        }
        // For whoever comes round to it.
        self.costs.borrow_mut().insert(name, 0);
        let cost = self.of(selections, deeper);
        self.costs.borrow_mut().insert(name, cost);
        cost
    }

    /// Connections alone have them.
    fn has_edges(&self, selections: &[Selection<'_, S>], deeper: u32) -> bool {
        let Some(deeper) = deeper.checked_sub(1) else {
            return false;
        };
        selections.iter().any(|selection| match selection {
            Selection::Field(field) => field.item.name.item == "edges",
            Selection::FragmentSpread(spread) => self.has_page(spread.item.name.item, deeper),
            Selection::InlineFragment(inline) => self.has_edges(&inline.item.selection_set, deeper),
        })
    }

    fn has_page(&self, name: &str, deeper: u32) -> bool {
        let Some((&name, selections)) = self.fragments.get_key_value(name) else {
            return false;
        };
        if let Some(is_page) = self.pages.borrow().get(name) {
            return *is_page;
        }
        self.pages.borrow_mut().insert(name, false);
        let is_page = self.has_edges(selections, deeper);
        self.pages.borrow_mut().insert(name, is_page);
        is_page
    }

    fn size(&self, value: &InputValue<S>) -> u64 {
        let number = |scalar: &S| u64::try_from(scalar.try_to_int()?).ok();
        let told = match value {
            InputValue::Scalar(scalar) => number(scalar),
            InputValue::Null => Some(UNLESS_TOLD),
            InputValue::Variable(name) => match self.variables.get(name) {
                Some(InputValue::Scalar(scalar)) => number(scalar),
                Some(InputValue::Null) => Some(UNLESS_TOLD),
                _ => None,
            },
            InputValue::Enum(_) | InputValue::List(_) | InputValue::Object(_) => None,
        };
        told.unwrap_or(LONGEST).clamp(1, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of what costs too much.
    fn refused(query: &str, variables: &Variables) -> Option<String> {
        let outcome = check(&super::super::schema(), query, variables);
        outcome.err().map(|problem| problem.detail)
    }

    fn cost(query: &str, variables: &Variables) -> u64 {
        let schema = super::super::schema();
        let document = parse_document_source(query, &schema.schema).unwrap();
        super::cost(&document, variables)
    }

    #[test]
    fn fields_count_as_often_as_the_lists_that_they_are_in_have_items() {
        let none = Variables::new();
        assert_eq!(cost("{ me { id username } }", &none), 3);
        assert_eq!(
            cost("{ waifus(first: 7) { edges { node { id } } } }", &none),
            1 + 7 * 3
        );
        assert_eq!(cost("{ waifus { edges { cursor } } }", &none), 1 + 50 * 2);
        assert_eq!(
            cost("{ waifus(first: 2000000000) { edges { cursor } } }", &none),
            1 + 100 * 2
        );
        let by_variable = "query($n: Int) { waifus(first: $n) { edges { cursor } } }";
        let three = Variables::from([("n".to_owned(), InputValue::scalar(3))]);
        assert_eq!(cost(by_variable, &three), 1 + 3 * 2);
        assert_eq!(cost(by_variable, &none), 1 + 100 * 2);
        let fragments = "{ a: waifus(first: 2) { ...page } b: waifus { ... on WaifuConnection { ...page } } } \
            fragment page on WaifuConnection { edges { node { id name } } }";
        assert_eq!(cost(fragments, &none), 2 + 2 * 4 + 50 * 4);
        let plot = "{ affectionHistory(waifuId: \"x\") { affection level } }";
        assert_eq!(cost(plot, &none), 1 + 400 * 2);
    }

    #[test]
    fn what_costs_as_much_as_is_allowed_passes_and_what_costs_more_does_not() {
        let of = |fields: usize, first: usize| {
            let fields = (0..fields).map(|n| format!("f{n}: id"));
            let fields = fields.collect::<Vec<_>>().join(" ");
            format!("{{ waifus(first: {first}) {{ edges {{ node {{{fields} }} }} }} }}")
        };
        let none = Variables::new();
        assert_eq!(cost(&of(47, 100), &none), 4_901);
        assert_eq!(refused(&of(47, 100), &none), None);
        let told = refused(&of(49, 100), &none).unwrap();
        assert!(told.contains("costs 5101 and may cost 5000"), "{told}");
    }

    #[test]
    fn fragments_that_go_round_in_circles_end() {
        let none = Variables::new();
        let all: Vec<_> = (0..30).map(|n| format!("...F{n}")).collect();
        let all = all.join(" ");
        let crowd = (0..30).map(|n| format!("fragment F{n} on Query {{ me {{ {all} }} {all} }}"));
        let crowd = crowd.collect::<Vec<_>>().join(" ");
        for circle in [
            "{ ...F } fragment F on Query { ...F }",
            "{ ...F } fragment F on Query { me { ...G } } fragment G on Query { me { ...F ...F } }",
            "{ me { id } } fragment F on Query { ...F }",
            &format!("{{ ...F0 }} {crowd}"),
        ] {
            check(&super::super::schema(), circle, &none).ok();
        }
    }

    #[test]
    fn what_goes_too_deep_costs_too_much() {
        let schema = super::super::schema();
        let query = "{ me { ... { ...F } } } fragment F on User { id }";
        let document = parse_document_source(query, &schema.schema).unwrap();
        let none = Variables::new();
        let within = |deepest| estimate(&document, &none, deepest);
        assert_eq!(within(5), 2);
        assert_eq!(within(4), u64::MAX);
    }
}
