//! Stored values: whatever lies on the disk is read or refused; what is read is the same after it is written.

use prikrep_store::fuzzing::{records, row, row_head, write_row};

/// A row of the cache, or any record.
pub fn values(data: &[u8]) {
    if let Some((sequence, base)) = row(data) {
        assert_eq!(row_head(data).map(|(sequence, _)| sequence), Some(sequence));
        let written = write_row(sequence, &base).unwrap();
        assert_eq!(row_head(&written), Some((sequence, base.version)));
        assert_eq!(row(&written), Some((sequence, base)));
    }
    for (kind, [first, second]) in records(data) {
        assert_eq!(first, second, "{kind}");
    }
}
