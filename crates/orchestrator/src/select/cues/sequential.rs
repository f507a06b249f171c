//! What says that steps follow one another, each once.

use super::super::Pattern::{Conditional, Iterative, Parallel, Pipeline, Sequential};
use super::Cue;

pub(super) const CUES: &[Cue] = &[
    Cue::new(
        "one step strictly after the other",
        &[(Sequential, 2.6), (Parallel, -0.8)],
        "
        sequential, sequentially, in sequence, in succession, in strict order, strictly one after another|other,
        one after the other, one after another, one step at a time, step by step,
        in this|that|exactly|the following|given|right|fixed|correct order,
        in the order given|stated|listed|below|above|shown, in the following order|sequence, in the given order,
        order matters, order is important|fixed|binding|mandatory, each|every step once, executed once,
        exactly # steps, in # steps, consists of # steps, comprises the following steps|phases,
        following steps|phases, no step|task|phase|stage may|shall|can begin|start, waits for the previous,
        preceding step|phase|task|stage, previous step|phase|task, depends on the result|output of its predecessor,
        one thing at a time, successive|consecutive steps|phases, chronological, back to back
        ",
    )
    .turned_by_not(),
    Cue::new(
        "an order of steps",
        &[(Sequential, 1.5)],
        "
        after that, afterwards, afterward, thereafter, thereupon, subsequently, subsequent to, after which,
        after whose, after this, following which, whereupon, followed by, and only then, only then, only after,
        only when|once .. may|can, only thereafter, not before, prior to, precede, precedes, preceded by,
        succeeded by, in turn precedes, on completion of, upon completion of,
        following completion|approval|acceptance|receipt, from there, and from there, then finally,
        as the last action|step|thing, as a last|final|first|second|third step, very last, comes|come|came last,
        at the very end, in the end, at the end, at last, to finish, to begin with, to start with,
        first and foremost, must wait for the, wait for the, read the .. and make, comes out of, came out of,
        straight through, not .. before, before .. can|may|will be, nor, this sequence, must be .. before,
        before you write|start|begin|do, not be started until, only once, works only once|after|when,
        on first contact, upon which, needs the final|finished|signed, at the close, first the, take place until,
        but no, only this once, draws on, the order of _, order of assembly, each step closed,
        comes second|third|last, with the sizes|figures|numbers|results|answer, with its _, today .. tomorrow,
        and when you're through, before we can, precedes the, builds on the, findings determine, with it the|both,
        afterwards decide, step one|two|three, step #, phase #, first phase, second phase, third phase,
        not earlier than, leads|lead to a|the, on completion the, on receipt of, at its end he|she|the, hands the,
        when you've|you have got|done|finished, which becomes, becomes, grow|grows out of, transformed into a|the,
        step a|b|c, is then, are then, whose opinion|result|report|output, in that sequence, milestone,
        conclude|concludes, concluded by, commence, commence on
        ",
    ),
    Cue::new(
        "an order of steps: first",
        &[(Sequential, 1.1)],
        "
        first, firstly, initially, begin with|by, begins with|by, start with|by, starts with|by, beginning with,
        starting with
        ",
    ),
    Cue::new(
        "an order of steps: then",
        &[(Sequential, 1.1)],
        "
        then, and then, next, second, secondly, third, thirdly, later
        ",
    ),
    Cue::new(
        "an order of steps: finally",
        &[(Sequential, 1.4)],
        "
        finally, lastly, last, eventually, ultimately
        ",
    ),
    Cue::new(
        "one thing before or after another",
        &[(Sequential, 1.3)],
        "
        before, after, following, upon, once, as soon as, when the|a .. has|have been,
        when his|her|their|its _ is there, when that|this|it is|has settled|done|finished|ready|complete,
        when|once .. approved|ready|done|finished|complete|verified|settled|signed
        ",
    ),
    Cue::new(
        "a step needs what another made",
        &[(Sequential, 1.5)],
        "
        from that|this|those, out of it|that|them|the, out of the, based on the|that|this|those|what,
        on the basis of the|that|this|those, forms the basis, is the basis, on the result, with the result|results,
        from the result|results|outcome|outcomes, from that, from it, from them, with that|those|these,
        using the result|results|output, turn .. into, is the input of, input for the next, derive, derived from,
        requires the, have|has to be finished, must be finished|done|complete|approved, needs .. first,
        need .. first, can't|cannot|can not .. without|before|until, can only, may only, only be .. after|once|when,
        prerequisite, with it the, with their _, with her|his|its _ the, have .. prepared when, what you find|found,
        find in it, you get from
        ",
    ),
    Cue::new(
        "a step from what is there",
        &[(Sequential, 0.7)],
        "
        from the, out of, steps, phases, using the, into a|the
        ",
    ),
    Cue::new(
        "from one place to another",
        &[],
        "
        from the _ to, from _ to, from the _ _ to
        ",
    ),
    Cue::new(
        "each step is done once",
        &[(Sequential, 1.5), (Iterative, -1.5)],
        "
        one pass, just once, once only, single pass, no tuning, no loop|loops, no iteration,
        nothing is|gets repeated, nothing is to be repeated, one shot, no retry|retries, no repetition
        ",
    ),
    Cue::new(
        "one thing is worked on, not many",
        &[(Sequential, 0.7), (Pipeline, -1.0)],
        "
        one customer|user|file|document|record|pr|order|ticket|article|application|letter|video,
        a single customer|user|file|document|record|order|ticket|article, one pr, this one _, the one _
        ",
    ),
    Cue::new(
        "an approval between steps",
        &[(Sequential, 0.5), (Conditional, 0.1)],
        "
        sign off, approval, hand in, submit, publish, ship, deliver, deploy
        ",
    ),
];
