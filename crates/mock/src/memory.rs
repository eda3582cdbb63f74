//! What a mock remembers, bounded: a mock that runs for days must not grow for days.

use std::collections::VecDeque;

/// How much is remembered unless the user says otherwise.
pub(crate) const ITEMS: usize = 1_000;
pub(crate) const BYTES: usize = 4 * 1024 * 1024;

/// The newest of the items that were added, bounded in number and in bytes.
///
/// The newest item is kept even when it alone is larger than the bound.
#[derive(Clone, Debug)]
pub(crate) struct Memory<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    total: usize,
    max_items: usize,
    max_bytes: usize,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self::new(ITEMS, BYTES)
    }
}

impl<T> Memory<T> {
    pub(crate) fn new(max_items: usize, max_bytes: usize) -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
            total: 0,
            max_items,
            max_bytes,
        }
    }

    /// Changes the bounds, and forgets what is beyond them.
    pub(crate) fn set_bounds(&mut self, max_items: usize, max_bytes: usize) {
        self.max_items = max_items;
        self.max_bytes = max_bytes;
        self.forget();
    }

    /// Adds an item that takes about this many bytes.
    pub(crate) fn push(&mut self, item: T, bytes: usize) {
        self.items.push_back((item, bytes));
        self.bytes = self.bytes.saturating_add(bytes);
        self.total = self.total.saturating_add(1);
        self.forget();
    }

    fn forget(&mut self) {
        while self.items.len() > self.max_items
            || (self.bytes > self.max_bytes && self.items.len() > 1)
        {
            let Some((_, bytes)) = self.items.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    /// How many items were added, the forgotten ones included.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// The remembered items, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter().map(|(item, _)| item)
    }

    /// The item that was added as number `index`, if it is still remembered.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let forgotten = self.total - self.items.len();
        let (item, _) = self.items.get_mut(index.checked_sub(forgotten)?)?;
        Some(item)
    }
}

impl<T: Clone> Memory<T> {
    pub(crate) fn to_vec(&self) -> Vec<T> {
        self.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn bounds() {
        // Bounds, sizes of what is added, what is left of it.
        let cases: [(usize, usize, &[usize], &[usize]); 6] = [
            (3, 100, &[1, 2], &[1, 2]),
            (3, 100, &[1, 2, 3, 4], &[2, 3, 4]),
            (9, 10, &[4, 4, 4], &[4, 4]),
            (9, 10, &[4, 40], &[40]),
            (9, 10, &[40, 4], &[4]),
            (0, 10, &[1], &[]),
        ];
        for (items, bytes, sizes, left) in cases {
            let mut memory = Memory::new(items, bytes);
            for size in sizes {
                memory.push(*size, *size);
            }
            assert_eq!(memory.to_vec(), left, "{items} {bytes} {sizes:?}");
            assert_eq!(memory.total(), sizes.len());
        }
    }

    #[test]
    fn indices_outlive_what_is_forgotten() {
        let mut memory = Memory::new(2, 100);
        for letter in ["a", "b", "c"] {
            memory.push(letter, 1);
        }
        assert_eq!(memory.get_mut(0), None);
        assert_eq!(memory.get_mut(2), Some(&mut "c"));
        assert_eq!(memory.get_mut(3), None);
        memory.set_bounds(1, 100);
        assert_eq!(memory.to_vec(), ["c"]);
    }
}
