//! Integer arithmetic that explains itself: each step is written down as a reason with what it did.

use crate::relationship::{Affection, Reason, Rule};

/// A change on its way: a base times its permille factors, one division at the end, rounded toward zero, and a
/// product that is not zero is never less than one point.
#[derive(Debug)]
pub(super) struct Tally {
    base: i64,
    /// The product of all factors so far, and 1000 to the power of their number.
    numerator: i64,
    denominator: i64,
    reasons: Vec<Reason>,
}

/// A change after cap and clamp.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) requested: i32,
    pub(super) granted: i32,
    pub(super) affection_after: Affection,
    pub(super) reasons: Vec<Reason>,
}

impl Tally {
    pub(super) fn new(rule: Rule, base: i32) -> Self {
        let reasons = vec![Reason { rule, effect: base }];
        Self {
            base: base.into(),
            numerator: 1,
            denominator: 1,
            reasons,
        }
    }

    /// Multiplies by `permille` / 1000. Factors are at most 10,000 and at most four to a change, so the product
    /// stays far inside 64 bits.
    pub(super) fn times(mut self, rule: Rule, permille: u32) -> Self {
        let before = self.rounded();
        self.numerator *= i64::from(permille);
        self.denominator *= 1000;
        let effect = self.rounded() - before;
        self.reasons.push(Reason { rule, effect });
        self
    }

    fn rounded(&self) -> i32 {
        let product = self.base * self.numerator;
        let quotient = match product / self.denominator {
            0 => product.signum(),
            quotient => quotient,
        };
        i32::try_from(quotient).expect("a base and at most four factors stay small")
    }

    /// Cuts the change to each room in turn, then to what keeps affection within its bounds.
    pub(super) fn apply(self, rooms: &[(Rule, Room)], affection: Affection) -> Applied {
        let requested = self.rounded();
        let mut reasons = self.reasons;
        let mut running = requested;
        let mut cut_to = |value: i32, rule: Rule| {
            reasons.push(Reason {
                rule,
                effect: value - running,
            });
            running = value;
        };
        let mut capped = requested;
        for (rule, room) in rooms {
            capped = room.fit(capped);
            cut_to(capped, rule.clone());
        }
        let affection_after = Affection::clamped(affection.get() + capped);
        let granted = affection_after.get() - affection.get();
        cut_to(granted, Rule::CLAMP);
        drop_silent_parts(&mut reasons);
        Applied {
            requested,
            granted,
            affection_after,
            reasons,
        }
    }
}

/// How much may still be added and taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) gain: i32,
    pub(super) loss: i32,
}

impl Room {
    fn fit(self, change: i32) -> i32 {
        change.clamp(-self.loss.max(0), self.gain.max(0))
    }
}

/// A part of 0 is left out unless it is the only one.
fn drop_silent_parts(reasons: &mut Vec<Reason>) {
    let first = reasons[0].clone();
    reasons.retain(|reason| reason.effect != 0);
    if reasons.is_empty() {
        reasons.push(first);
    }
}
