//! Items that are held back until a later line settles them, and given out in order.

use super::{
    super::{Dialect, Entry, Kind, fields::Found, os400},
    Item,
    state::{State, last},
};

/// Why items are held back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hold {
    /// The one entry may be the listed directory itself, which cannot be looked into.
    Itself,
    /// Links of `MLSD` whose target may follow as an entry of its own.
    Links,
    /// Dates may be day or month or year first.
    Order,
}

impl State {
    /// Returns the item unless something must come before it.
    pub(super) fn put(&mut self, item: Item) -> Option<Item> {
        let item = match self.hold {
            None => item,
            Some(hold) => self.held_back(hold, item)?,
        };
        if let Some(hold) = self.must_wait(&item) {
            self.hold = Some(hold);
            self.held.push_back(item);
            return None;
        }
        if self.ready.is_empty() {
            return Some(item);
        }
        self.ready.push_back(item);
        None
    }

    pub(super) fn put_back(&mut self, item: Item) {
        if let Some(item) = self.put(item) {
            self.ready.push_back(item);
        }
    }

    /// Says whether an entry may be one that [must wait](Self::must_wait).
    #[inline]
    pub(super) fn may_wait(&self, found: &Found<'_>) -> bool {
        match (found.kind, self.current) {
            (Kind::Symlink, Some(Dialect::Mlsx)) => {
                found.target.is_none() && found.unique.is_some()
            }
            (_, Some(Dialect::Os400)) => self.clock.order.is_none(),
            (Kind::Directory, _) => self.replied && self.directory.is_some(),
            _ => false,
        }
    }

    /// Says whether this item cannot be given out before more lines are known.
    pub(super) fn must_wait(&mut self, item: &Item) -> Option<Hold> {
        let Item::Entry(entry) = item else { return None };
        match (entry.kind, self.current) {
            (Kind::Symlink, Some(Dialect::Mlsx))
                if entry.target().is_none() && entry.unique().is_some() =>
            {
                Some(Hold::Links)
            }
            (_, Some(Dialect::Os400)) if self.clock.order.is_none() && entry.modified.is_some() => {
                self.clock.order = os400::order(entry.line());
                self.clock.order.is_none().then_some(Hold::Order)
            }
            (Kind::Directory, _) if self.may_be_itself(entry) => Some(Hold::Itself),
            _ => None,
        }
    }

    /// A directory that nobody may read, listed by `STAT`, shows itself instead of what is in it.
    fn may_be_itself(&self, entry: &Entry) -> bool {
        let Some(directory) = self.directory.as_deref().filter(|_| self.replied) else {
            return false;
        };
        entry.mode.is_some_and(|mode| mode & 0o444 == 0) && entry.name() == last(directory)
    }

    /// Looks at an item that follows held ones, and returns it when they are held no longer.
    fn held_back(&mut self, hold: Hold, item: Item) -> Option<Item> {
        let mut item = match item {
            Item::Entry(entry) if hold == Hold::Links && self.give_target(&entry) => Item::Noise,
            item => item,
        };
        if let (Hold::Order, Item::Entry(entry)) = (hold, &item) {
            self.clock.order = os400::order(entry.line());
        }
        let waits = match hold {
            Hold::Itself => item == Item::Noise,
            Hold::Links => self.must_wait(&item) == Some(Hold::Links),
            Hold::Order => self.clock.order.is_none(),
        };
        if waits && self.held.len() < self.caps.held {
            self.held.push_back(item);
            return None;
        }
        if hold == Hold::Order {
            self.settle_order();
            if let Item::Entry(entry) = &mut item {
                self.reread(entry);
            }
        }
        self.release();
        Some(item)
    }

    /// Completes the held links of the same file, which was listed under its own path.
    fn give_target(&mut self, target: &Entry) -> bool {
        let mut given = false;
        if !target.name().starts_with(b"/") {
            return false;
        }
        for item in &mut self.held {
            let Item::Entry(link) = item else { continue };
            if link.unique() == target.unique() {
                link.set_target(target.name());
                given = true;
            }
        }
        given
    }

    /// Decides the order of dates that no line has proved.
    fn settle_order(&mut self) {
        let mut entries = self.held.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some(entry),
            _ => None,
        });
        if self.clock.order.is_none() {
            self.clock.order = entries.find_map(|entry| os400::guess(entry.line()));
        }
    }

    fn reread(&self, entry: &mut Entry) {
        let again = os400::entry(entry.line(), self.clock).map(|again| again.modified);
        if let Ok(modified) = again {
            entry.modified = modified;
        }
    }

    fn release(&mut self) {
        let order = self.hold.take() == Some(Hold::Order);
        for mut item in core::mem::take(&mut self.held) {
            if let (true, Item::Entry(entry)) = (order, &mut item) {
                self.reread(entry);
            }
            self.ready.push_back(item);
        }
    }

    /// Settles what was held back for lines that do not come.
    pub(super) fn end(&mut self) {
        self.flush_name();
        match self.hold {
            None => {}
            Some(Hold::Links) => self.release(),
            Some(Hold::Order) => {
                self.settle_order();
                self.release();
            }
            Some(Hold::Itself) => {
                if let Some(Item::Entry(entry)) = self.held.front_mut() {
                    let mut itself = core::mem::take(entry);
                    itself.kind = Kind::Current;
                    self.held[0] = Item::Own(itself);
                }
                self.release();
            }
        }
    }
}
