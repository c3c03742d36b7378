//! Tests of the whole worklist against a reference.

mod reference;
mod snapshot;
mod support;
