//! The number of a row.

/// A row of a worklist: dense, given at arrival, never given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row(u32);

impl Row {
    /// The row of a number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The value of a column at a row; the type's default outside of it, which no caller asks for.
pub(crate) fn at<T: Copy + Default>(column: &[T], row: Row) -> T {
    column.get(row.index()).copied().unwrap_or_default()
}

/// Sets the value of a column at a row that exists.
pub(crate) fn put<T>(column: &mut [T], row: Row, value: T) {
    if let Some(cell) = column.get_mut(row.index()) {
        *cell = value;
    }
}
