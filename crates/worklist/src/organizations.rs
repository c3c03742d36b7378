//! The organizations of the rows, each kept once, with its number of pending applications.

use hashbrown::HashMap;
use prikrep_domain::Oid;

use crate::UpsertError;

/// The organizations.
#[derive(Default)]
pub(crate) struct Organizations {
    oids: Vec<Oid>,
    numbers: HashMap<Oid, u32>,
    pending: Vec<usize>,
}

impl Organizations {
    /// The number of an organization, old or new.
    pub(crate) fn intern(&mut self, oid: &Oid) -> Result<u32, UpsertError> {
        if let Some(number) = self.number(oid) {
            return Ok(number);
        }
        let number = u32::try_from(self.oids.len()).map_err(|_| UpsertError::Full)?;
        self.oids.push(oid.clone());
        self.numbers.insert(oid.clone(), number);
        self.pending.push(0);
        Ok(number)
    }

    pub(crate) fn number(&self, oid: &Oid) -> Option<u32> {
        self.numbers.get(oid).copied()
    }

    /// All, in the order of their numbers.
    pub(crate) fn oids(&self) -> &[Oid] {
        &self.oids
    }

    pub(crate) fn add_pending(&mut self, number: u32) {
        if let Some(count) = self.pending.get_mut(number as usize) {
            *count += 1;
        }
    }

    pub(crate) fn drop_pending(&mut self, number: u32) {
        if let Some(count) = self.pending.get_mut(number as usize) {
            *count -= 1;
        }
    }

    /// How many applications wait for an answer, of one organization or of all.
    pub(crate) fn pending(&self, oid: Option<&Oid>) -> usize {
        match oid {
            None => self.pending.iter().sum(),
            Some(oid) => self.number(oid).and_then(|number| self.pending.get(number as usize)).copied().unwrap_or(0),
        }
    }

    /// Bytes held, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.oids.iter().map(|oid| 2 * (oid.as_str().len() + size_of::<Oid>()) + 16).sum()
    }
}
