//! Why an upsert or a snapshot is refused.

use crate::Row;

/// Why a row was not taken; nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpsertError {
    /// Rows, or bytes of names, are at the most that 32 bits can number.
    #[error("в списке больше нет места")]
    Full,
    /// The row is beyond the next new one.
    #[error("строка {} идёт не по порядку: следующая новая — {next}", row.number())]
    Gap {
        /// The row.
        row: Row,
        /// The next new row's number.
        next: usize,
    },
    /// The row was removed.
    #[error("строка {} удалена", row.number())]
    Removed {
        /// The row.
        row: Row,
    },
    /// The application already stands in another row.
    #[error("заявление уже стоит в строке {}", row.number())]
    Duplicate {
        /// That row.
        row: Row,
    },
}

/// Why a snapshot cannot be used; it is only a shortcut, to be thrown away then.
#[derive(Debug, thiserror::Error)]
pub enum BadSnapshot {
    /// A chunk could not be read.
    #[error("снимок списка не читается")]
    Read(#[from] std::io::Error),
    /// Not a snapshot, or one of another version or kind of machine.
    #[error("снимок списка другой версии")]
    Version,
    /// It ends too early or goes on too long.
    #[error("снимок списка не той длины")]
    Length,
    /// It claims more than memory can hold.
    #[error("снимок списка не помещается в память")]
    Memory,
    /// Its parts do not agree.
    #[error("снимок списка повреждён: {0}")]
    Damaged(&'static str),
}
