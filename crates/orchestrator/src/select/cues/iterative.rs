//! What says that the same work is done again, up to a target or a limit.

use super::super::Pattern::{Iterative, Parallel};
use super::Cue;

pub(super) const CUES: &[Cue] = &[
    Cue::new(
        "the same work is repeated",
        &[(Iterative, 2.8)],
        "
        repeat, repeated, repeatedly, repetition, iterate, iteratively, iteration, iterative, reiterate,
        over and over, again and again, time and again, time after time, as often as, as many times as,
        do it|that|this again, do that|this|it # times, from the top, start over, starts over, starting over, loop,
        loops, looping, in a loop, cycle, cycles, cyclically, rinse and repeat, go round, round and round,
        goes round, recursively, recur, wash rinse,
        another go|try|attempt|round|pass|turn|iteration|shot|trial|spin, have another,
        one more round|pass|try|time|go, once more,
        further round|pass|passes|rounds|trial|trials|iterations|attempts, multiple times, make a new one,
        a harder one, new one if, more passes|rounds|iterations, make further,
        next round|iteration|cycle|turn|attempt|try|version|refactor|prototype|generation|sprint,
        following cycle|round|iteration, successive approximation|estimates|versions|rounds|refinement|measurements,
        keep|keeps|keeping|kept at it,
        keep|keeps going|trying|improving|fixing|tuning|rewriting|polishing|running|asking|refining|testing|adjusting|editing|optimising|optimizing|searching|working|checking|revising|iterating|retrying|repeating|doing|changing|reworking,
        keep on, keep _ and, go on|going till|until|with|fixing|like|while, goes on till|until|while, carry on,
        carries on, continue to _, continue until|while|till|as|fixing|improving|with,
        continues until|while|as|till, and so on, and so forth, so on until,
        smaller|shorter|bigger|faster|simpler|higher|lower and smaller|shorter|bigger|faster|simpler|higher|lower,
        keep at it, keep|keeps on|summarizing|summarising|adding|pressing|pushing|sending|writing|going|playing,
        recurs, another version|one please, and another, over many games|runs|rounds, a better set|one|version,
        for # evaluations|episodes|epochs, change one thing, change the next, warmer or colder, by doubling|halving,
        largest|smallest _ that fits|works, repeated|repeat if|when|where|unless, # repetitions, # in all,
        max retries, then another, successive halving, still bigger|smaller|better|more, ascending,
        as often as i|you|they, as many .. as are|is needed, every time until, write the next, a bit harder,
        had enough, try afresh, reattempted, further ballots|attempts|tries|rounds,
        ever smaller|larger|better|finer, another notch|bit|step|spoon, keep or revert, patience, not more than,
        send it back, still wrong|too|not, on like this, next model|prototype|draft|version,
        from every field trial|test|round, ask the next, and again, better and better, closer and closer,
        more and more often, passed back and forth, over it again, mutated, mutate, run more steps|iterations,
        doesn't settle|converge, further and further, more and more, in a feedback loop, feedback loop,
        evaluator optimizer|optimiser, self correction|correct|correcting|refine|refinement|improve|improving,
        reflexion, trial and error, hill climbing, fixed point, fixpoint, monte carlo
        ",
    ).turned_by_not(),
    Cue::new(
        "something is done again",
        &[(Iterative, 1.5)],
        "
        again, anew, afresh,
        re run|test|write|check|do|submit|assess|evaluate|train|try|generate|score|measure|read|edit|review|plan|work,
        rerun, retest, recheck, redo, rework, resubmit, reassess, reassessed, reevaluate, regenerate, retrain,
        rescore, remeasure, redraft, rewrite, revise, revised, readjust, recompile, try .. again, new version,
        a new version, sit it anew, redial, begin with the _ anew, back to plan|the|step|start|square|coding|work,
        go|goes|going|sent|return|returned|returns back to, is returned to the, returned to the _ with, begins again
        ",
    ).turned_by_not(),
    Cue::new(
        "work goes on until something holds",
        &[(Iterative, 2.3)],
        "
        until, till,
        until .. passes|green|clean|satisfied|happy|ok|valid|done|empty|below|under|above|converges|less|none|nothing,
        till .. passes|green|clean|satisfied|happy|ok|valid|done|empty|below|under|above, up until, up to the point,
        whatever it takes, as many times as it takes|needed|necessary, before i have|am|see, come back before,
        don't come back, don't stop, never stop, press refresh, so until, stay on it, don't let go, don't give up,
        never give up
        ",
    ),
    Cue::new(
        "a wait for others to end, no repetition",
        &[(Iterative, -0.2), (Parallel, 0.8)],
        "
        wait|waits|waiting until|till, until all|they've|they|both|everyone|everybody|the last,
        till all|they've|they|both|everyone|everybody,
        until all|both|they .. answered|arrived|replied|responded|back|approved|accepted|signed,
        not|no|nothing|won't|can't|cannot|don't .. until|till, hold .. until|till, stay .. until|till,
        blocked until|till, deferred until|to, only .. until
        ",
    ),
    Cue::new(
        "work goes on as long as something holds",
        &[(Iterative, 2.6)],
        "
        as long as, so long as, for as long as, as long as .. still, while .. still,
        while .. remain|remains|fail|fails, while not|residual|error|loss|any|there|duplicates, while _ >|<|>=|<=,
        while it is not|less|more, while .. not empty, whilst .. still,
        still fail|fails|failing|find|finds|finding|found|remain|remains, if .. still,
        each|every time it|the|they is|are|fails, while sales|it|they don't|doesn't
        ",
    ),
    Cue::new(
        "a number of rounds",
        &[(Iterative, 2.6)],
        "
        # times, debate it|for|with, agents debate|argue|discuss|exchange, for # rounds,
        once a day|minute|hour until|till, until rows, # chances, # laps, at least # of those,
        # generations|searches|experiments|plays|games, times altogether, # occasions, # levels deep,
        in several coats|passes|rounds, coats, # consecutive failures,
        # evenings|messages|sittings|generations|laps, happen twice, # rounds, # iterations, # cycles, # passes,
        # turns, # attempts, # tries, # trials, # epochs, # sprints, # generations, # retries, or # goes, # goes,
        # such, more than twice, twice, # x max|tops, at most # x, max # x,
        # inspections|prototypes|versions|revisions|drafts|measurements|visits|experiments|evaluations|failures|errors|more|steps tops,
        at most # _, up to # times|attempts|rounds|tries|passes|iterations|retries|cycles, maximum of # _, max # _,
        no more than # _, not more than # times|rounds, limit of #, # tops,
        max|maximum retries|attempts|iterations|rounds|tries, give|gives up after, budget # trials|runs|iterations,
        three times, twice in a row, several times|rounds|passes, multiple times|rounds|passes|iterations,
        a few|couple times|rounds|passes, # consecutive, # successive, number of attempts, limit #, # max,
        limit of # _
        ",
    ),
    Cue::new(
        "rounds, each a little further",
        &[(Iterative, 2.0)],
        "
        each round|iteration|cycle|turn|pass|sprint|attempt|trial|generation,
        every round|turn|iteration|cycle|pass|sprint|attempt|generation,
        in every|each turn|round|iteration|cycle|pass|sprint, at the end of each sprint|round|cycle|iteration,
        after each|every round|attempt|patch|trial|answer|change|fix|rejection|iteration|try|turn|pass|run|cycle|failure|step,
        after after, then after, time steps, page after page, abandoned after, every morning until|till,
        after every, after each, bit by bit, little by little, a bit each|every|more, a little, baby steps,
        gradually, incrementally, increments, increment, progressively, stepwise, in steps of, by # _ and,
        step size, rounds, in rounds, successively, sprints, shave off, one at a time .. updating,
        every minute|second|hour|quarter, check|checks|look|ask every,
        every # seconds|second|minutes|minute|hours|s|min|ms|m|h, doubled each, each month|week on the, each time,
        at intervals, intervals of, periodically, at regular, poll, polling, next little
        ",
    ),
    Cue::new(
        "what came out goes back in",
        &[(Iterative, 1.7)],
        "
        entering the next, into the following, into the next, the following release|round|version,
        each release|version|draft is followed, the next step until, until done|finished,
        into the next|following one|round|increment, after fixing, fix .. and run|check|test, fix the errors,
        every time, feed .. back, feeds .. back, fed back, feed back, feedback, give|gives|gave feedback,
        with what was learned, in the light of the result, in light of the, with the test output, with .. errors,
        with comments, learn from, lessons, adapt it, adapt, adjust, adjusted,
        according to his|her|their|the remarks|comments|feedback, enters the, worked in, work in the, i'll fix what,
        fix what, fixes what, change what, better half, go back to, goes back to,
        back to the code|draft|start|drawing, tweak, offers and, against the attacks|objections, list of errors
        ",
    ),
    Cue::new(
        "a target to be reached",
        &[(Iterative, 1.7)],
        "
        stop when|once|if|at|as, stops when|once|if|at, terminate when|at|once, terminates when|at|once,
        finish when, finished when, we are finished, is over when, are done when, ends when|once,
        concludes with|when|on, bail out, bail, give up, gives up, converge, tolerance, stops changing, outdated,
        ping pong, backtrack, backtracks, poller, interval, higher or lower, bigger or smaller, nothing to complain,
        keep the conversation, alternate until, come back until, make it shorter, too long, dig deeper, not adopted,
        is out of range, settle on, negligible, unanimity, proficient, fit in a, converges, convergence,
        no further _, no more _ left, nothing left|is left|to, nothing is left, none left, no gain|improvement,
        stops improving, is|are satisfied|happy, i'm happy|satisfied, not good enough, isn't good enough,
        not .. enough, good enough, until both, has not decreased|improved, no new ones,
        check|judge|test|critic|validator says no, really catchy, goal is, the goal, target, target is, is the goal,
        score of, get .. down to|below|under, down to, to zero, zero _,
        below|under|less # ms|s|kb|mb|gb|words|lines|%|seconds|minutes|percent|characters|errors|points|degrees|db|kg|euro,
        below|under # k, at least # %|points|percent, accuracy, i'll tell you when, i tell you, tell you when,
        say|says stop|ok|okay, isn't there yet, not there yet, not yet, must have, until it's, is green, we need #,
        should be enough, is plenty, should be plenty, deemed complete, p95, p99
        ",
    ),
    Cue::new(
        "a search or a tuning",
        &[(Iterative, 1.2)],
        "
        tune, tuning, optimise, optimize, optimiser, optimizer, refine, improve, improved, polish, hill climb,
        annealing, gradient descent, descent, binary search, bisection, deepening, plateau, plateaus, narrower,
        halving, halve, halves, by half, narrow, narrows, hyperparameter, parameters, titration, titrate, retry,
        retries, backoff, back off, exponential backoff, critique, criticise, critic, negotiate, negotiation,
        fix errors, shrink, reduce, increase, raise, calibration, perturb, evolve, evolutionary, genetic, guess,
        solver, stubborn
        ",
    ),
    Cue::new(
        "a single failure, met by another try",
        &[(Iterative, 1.0)],
        "
        try, failing attempt, try something else, try again, not stop at the first, gives up too early,
        one at a time
        ",
    ),
];
