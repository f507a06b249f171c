//! Cues that are no phrases: what is seen in how the text is built. See `shape` for how each is found.

use super::super::Pattern::{Conditional, Iterative, Parallel, Pipeline, Sequential};
use super::Cue;

/// A row of actions.
pub(in super::super) const STEPS: Cue = Cue::shape("a row of steps", &[(Sequential, 2.2), (Pipeline, 0.6)]);

/// A row of actions between arrows or with numbers.
pub(in super::super) const MARKED_STEPS: Cue =
    Cue::shape("a row of steps with arrows or numbers", &[(Sequential, 2.4), (Pipeline, 0.6)]);

/// Two or more clauses that tell something to do.
pub(in super::super) const DEEDS: Cue = Cue::shape("more than one thing to do", &[(Sequential, 1.2)]);

/// A row of actions, done to many things.
pub(in super::super) const STEPS_OF_MANY: Cue =
    Cue::shape("a row of steps for many items", &[(Pipeline, 2.6), (Sequential, 0.6)]);

/// A row of passives with a plural before it.
pub(in super::super) const STEPS_OF_PLURAL: Cue =
    Cue::shape("a row of steps that several things undergo", &[(Pipeline, 1.8), (Sequential, 0.9)]);

/// Items without a row of actions.
pub(in super::super) const MANY: Cue =
    Cue::shape("something for each of many items", &[(Pipeline, 0.8), (Parallel, 0.5)]);

/// Names in a row.
pub(in super::super) const THINGS: Cue = Cue::shape("a list of things, and no list of steps", &[(Parallel, 1.4)]);

/// "scene by scene".
pub(in super::super) const ITEM_BY_ITEM: Cue = Cue::shape("item after item", &[(Pipeline, 2.4)]);

/// "200/min".
pub(in super::super) const RATE: Cue = Cue::shape("a rate of items", &[(Pipeline, 2.0)]);

/// "cut, count, cut".
pub(in super::super) const COMES_AGAIN: Cue =
    Cue::shape("an action that comes again", &[(Iterative, 2.8), (Sequential, -1.5)]);

/// "from A to B, from B to C".
pub(in super::super) const FROM_TO: Cue =
    Cue::shape("from one place on to the next", &[(Sequential, 1.0), (Pipeline, 1.4)]);

/// A thing that one clause makes and the next uses.
pub(in super::super) const LINK: Cue = Cue::shape("a step that uses what the one before made", &[(Sequential, 1.2)]);

/// "open? close it. shut? leave it."
pub(in super::super) const QUESTIONS: Cue =
    Cue::shape("short questions, each with what is to be done", &[(Conditional, 2.6)]);

/// "csv → a, xml → b".
pub(in super::super) const CASES: Cue = Cue::shape("cases, each with what is to be done", &[(Conditional, 2.8)]);

/// "cats to A, dogs to B".
pub(in super::super) const SHARED_OUT: Cue = Cue::shape("different things sent different ways", &[(Conditional, 2.0)]);

/// "new users are .., old users are ..".
pub(in super::super) const CONTRAST: Cue =
    Cue::shape("two kinds of a thing, treated differently", &[(Conditional, 2.0)]);

/// "open? close it."
pub(in super::super) const QUESTION: Cue =
    Cue::shape("a short question, and what is to be done then", &[(Conditional, 1.6)]);

/// "below 10 .., above 20 ..".
pub(in super::super) const LIMITS: Cue = Cue::shape("two limits that separate cases", &[(Conditional, 1.8)]);

/// "hit: serve it. miss: fetch it."
pub(in super::super) const COLONS: Cue =
    Cue::shape("cases with a colon, each with what is to be done", &[(Conditional, 1.8)]);

/// "concurrently and strictly one after another".
pub(in super::super) const CONTRADICTION: Cue =
    Cue::shape("a contradiction: at once, and one after the other", &[(Sequential, -8.0), (Parallel, -8.0)]);

/// "with wifi .., without wifi ..".
pub(in super::super) const OPPOSITES: Cue = Cue::shape("two kinds that shut each other out", &[(Conditional, 1.2)]);
