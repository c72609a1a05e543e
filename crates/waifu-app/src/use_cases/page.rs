//! Pages of lists: keyed by where the last one ended, so that nothing is missed or shown twice while a list grows.

/// 1 to 100; 50 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 100")]
pub struct NotAPageLimit;

impl PageLimit {
    pub const MOST: Self = Self(100);

    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for PageLimit {
    type Error = NotAPageLimit;

    fn try_from(limit: u32) -> Result<Self, NotAPageLimit> {
        if (1..=100).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(NotAPageLimit)
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, Place> {
    pub items: Vec<T>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Place>,
}

impl<T, Place> Page<T, Place> {
    /// From one item more than the page may hold, which tells whether there is a next one.
    pub(super) fn cut(mut items: Vec<T>, limit: PageLimit, place_of: impl Fn(&T) -> Place) -> Self {
        let limit = limit.0 as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more {
            items.last().map(place_of)
        } else {
            None
        };
        Self { items, next }
    }

    /// How many to ask a store for.
    pub(super) fn to_ask(limit: PageLimit) -> u32 {
        limit.0 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_last_page_says_that_it_is_the_last() {
        let two = PageLimit::try_from(2).unwrap();
        let page = Page::cut(vec![1, 2], two, |item| *item);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
        let page = Page::cut(vec![1, 2, 3], two, |item| *item);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
    }
}
