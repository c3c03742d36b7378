//! Type, kind, status and state of a row in two bytes, so that one masked comparison tests them all.
//!
//! Invariant: within each field, the order of codes is the order of the domain's enumeration. The codes are
//! part of the snapshot's version.

use std::borrow::Borrow;

use prikrep_domain::{Application, ApplicationType, AttachmentKind, Standing, Status};

pub(crate) const TYPE: Field = Field { shift: 0, width: 2 };
pub(crate) const KIND: Field = Field { shift: 2, width: 2 };
pub(crate) const STATUS: Field = Field { shift: 4, width: 3 };
/// Whether an answer is possible, as the domain said.
pub(crate) const PENDING: u16 = 1 << 7;
/// Whether the row is not removed.
pub(crate) const LIVE: u16 = 1 << 8;
/// Whether the row stands at its place in the orders.
pub(crate) const SETTLED: u16 = 1 << 9;

/// A field of a tag.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    shift: u16,
    width: u16,
}

impl Field {
    pub(crate) const fn mask(self) -> u16 {
        ((1 << self.width) - 1) << self.shift
    }

    pub(crate) const fn place(self, code: u16) -> u16 {
        code << self.shift
    }

    pub(crate) const fn code(self, tag: u16) -> u16 {
        (tag & self.mask()) >> self.shift
    }
}

/// The tag of a live row that is not settled yet.
pub(crate) fn of<A: Borrow<Application>>(standing: &Standing<A>) -> u16 {
    let application = standing.application.borrow();
    TYPE.place(type_code(application.application_type))
        | KIND.place(kind_code(application.kind))
        | STATUS.place(status_code(application.status))
        | if standing.is_pending() { PENDING | LIVE } else { LIVE }
}

/// Whether a tag can have been made by this version.
pub(crate) const fn is_possible(tag: u16) -> bool {
    TYPE.code(tag) < 3
        && STATUS.code(tag) < 7
        && tag & !(TYPE.mask() | KIND.mask() | STATUS.mask() | PENDING | LIVE | SETTLED) == 0
}

pub(crate) const fn type_code(application_type: ApplicationType) -> u16 {
    match application_type {
        ApplicationType::Choice => 0,
        ApplicationType::Cancellation => 1,
        ApplicationType::Detachment => 2,
    }
}

pub(crate) const fn kind_code(kind: AttachmentKind) -> u16 {
    match kind {
        AttachmentKind::Therapeutic => 0,
        AttachmentKind::Pediatric => 1,
        AttachmentKind::Gynecological => 2,
        AttachmentKind::Dental => 3,
    }
}

pub(crate) const fn status_code(status: Status) -> u16 {
    match status {
        Status::Sent => 0,
        Status::Done => 1,
        Status::Refused => 2,
        Status::Accepted => 3,
        Status::Cancelling => 4,
        Status::Cancelled => 5,
        Status::CancelFailed => 6,
    }
}
