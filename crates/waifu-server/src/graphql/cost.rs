//! What a document costs: its fields, each times the sizes of the lists that it is in. It is known before anything is done.

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
    };
    let costs = document.iter().map(|definition| match definition {
        Definition::Operation(operation) => estimate.of(&operation.item.selection_set),
        Definition::Fragment(_) => 0,
    });
    // One of them is executed.
    costs.max().unwrap_or(0)
}

struct Estimate<'a, 'd, S> {
    fragments: HashMap<&'a str, &'a [Selection<'d, S>]>,
    variables: &'a Variables<S>,
}

impl<'a, 'd, S: ScalarValue> Estimate<'a, 'd, S> {
    /// The parser has seen to it that fragments end, and that they do not grow without bounds.
    fn of(&self, selections: &[Selection<'_, S>]) -> u64 {
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
                    .unwrap_or(if self.has_edges(children) {
                        UNLESS_TOLD
                    } else {
                        1
                    });
                self.of(children).saturating_mul(times).saturating_add(1)
            }
            Selection::FragmentSpread(spread) => self.of(self.fragment(spread.item.name.item)),
            Selection::InlineFragment(inline) => self.of(&inline.item.selection_set),
        });
        cost.fold(0, u64::saturating_add)
    }

    /// Connections alone have them.
    fn has_edges(&self, selections: &[Selection<'_, S>]) -> bool {
        selections.iter().any(|selection| match selection {
            Selection::Field(field) => field.item.name.item == "edges",
            Selection::FragmentSpread(spread) => {
                self.has_edges(self.fragment(spread.item.name.item))
            }
            Selection::InlineFragment(inline) => self.has_edges(&inline.item.selection_set),
        })
    }

    fn fragment(&self, name: &str) -> &'a [Selection<'d, S>] {
        self.fragments.get(name).copied().unwrap_or_default()
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
}
