//! Cues that are no phrases: what is seen in how the text is built. See `shape` for how each is found.

use super::Cue;
use super::super::Pattern::{Conditional, Iterative, Parallel, Pipeline, Sequential};

/// A row of actions.
pub(in super::super) const STEPS: Cue =
    Cue { says: "a row of steps", turns: false, votes: &[(Sequential, 2.2), (Pipeline, 0.6)], phrases: &[] };

/// A row of actions between arrows or with numbers.
pub(in super::super) const MARKED_STEPS: Cue =
    Cue { says: "a row of steps with arrows or numbers", turns: false, votes: &[(Sequential, 2.4), (Pipeline, 0.6)], phrases: &[] };

/// Two or more clauses that tell something to do.
pub(in super::super) const DEEDS: Cue = Cue { says: "more than one thing to do", turns: false, votes: &[(Sequential, 1.2)], phrases: &[] };

/// A row of actions, done to many things.
pub(in super::super) const STEPS_OF_MANY: Cue =
    Cue { says: "a row of steps for many items", turns: false, votes: &[(Pipeline, 2.6), (Sequential, 0.6)], phrases: &[] };

/// A row of passives with a plural before it.
pub(in super::super) const STEPS_OF_PLURAL: Cue =
    Cue { says: "a row of steps that several things undergo", turns: false, votes: &[(Pipeline, 1.8), (Sequential, 0.9)], phrases: &[] };

/// Items without a row of actions.
pub(in super::super) const MANY: Cue = Cue { says: "something for each of many items", turns: false, votes: &[(Pipeline, 0.8), (Parallel, 0.5)], phrases: &[] };

/// Names in a row.
pub(in super::super) const THINGS: Cue =
    Cue { says: "a list of things, and no list of steps", turns: false, votes: &[(Parallel, 1.4)], phrases: &[] };

/// "scene by scene".
pub(in super::super) const ITEM_BY_ITEM: Cue = Cue { says: "item after item", turns: false, votes: &[(Pipeline, 2.4)], phrases: &[] };

/// "200/min".
pub(in super::super) const RATE: Cue = Cue { says: "a rate of items", turns: false, votes: &[(Pipeline, 2.0)], phrases: &[] };

/// "cut, count, cut".
pub(in super::super) const COMES_AGAIN: Cue =
    Cue { says: "an action that comes again", turns: false, votes: &[(Iterative, 2.8), (Sequential, -1.5)], phrases: &[] };

/// "from A to B, from B to C".
pub(in super::super) const FROM_TO: Cue =
    Cue { says: "from one place on to the next", turns: false, votes: &[(Sequential, 1.0), (Pipeline, 1.4)], phrases: &[] };

/// A thing that one clause makes and the next uses.
pub(in super::super) const LINK: Cue =
    Cue { says: "a step that uses what the one before made", turns: false, votes: &[(Sequential, 1.2)], phrases: &[] };

/// "open? close it. shut? leave it."
pub(in super::super) const QUESTIONS: Cue =
    Cue { says: "short questions, each with what is to be done", turns: false, votes: &[(Conditional, 2.6)], phrases: &[] };

/// "csv → a, xml → b".
pub(in super::super) const CASES: Cue =
    Cue { says: "cases, each with what is to be done", turns: false, votes: &[(Conditional, 2.8)], phrases: &[] };

/// "cats to A, dogs to B".
pub(in super::super) const SHARED_OUT: Cue =
    Cue { says: "different things sent different ways", turns: false, votes: &[(Conditional, 2.0)], phrases: &[] };

/// "new users are .., old users are ..".
pub(in super::super) const CONTRAST: Cue =
    Cue { says: "two kinds of a thing, treated differently", turns: false, votes: &[(Conditional, 2.0)], phrases: &[] };

/// "open? close it."
pub(in super::super) const QUESTION: Cue =
    Cue { says: "a short question, and what is to be done then", turns: false, votes: &[(Conditional, 1.6)], phrases: &[] };

/// "below 10 .., above 20 ..".
pub(in super::super) const LIMITS: Cue =
    Cue { says: "two limits that separate cases", turns: false, votes: &[(Conditional, 1.8)], phrases: &[] };

/// "hit: serve it. miss: fetch it."
pub(in super::super) const COLONS: Cue = Cue { says: "cases with a colon, each with what is to be done", turns: false, votes: &[(Conditional, 1.8)], phrases: &[] };

/// "concurrently and strictly one after another".
pub(in super::super) const CONTRADICTION: Cue =
    Cue { says: "a contradiction: at once, and one after the other", turns: false, votes: &[(Sequential, -3.5), (Parallel, -3.5)], phrases: &[] };

/// "with wifi .., without wifi ..".
pub(in super::super) const OPPOSITES: Cue =
    Cue { says: "two kinds that shut each other out", turns: false, votes: &[(Conditional, 1.2)], phrases: &[] };
