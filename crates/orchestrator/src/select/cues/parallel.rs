//! What says that pieces of work run beside each other.

use super::Cue;
use super::super::Pattern::{Conditional, Iterative, Parallel, Pipeline, Sequential};

pub(super) const CUES: &[Cue] = &[
    Cue {
        says: "several things at the same time",
        votes: &[(Parallel, 3.2)],
        phrases: &[
            "at the same time", "at once", "all at once", "concurrently", "concurrent", "concurrency", "simultaneously", "simultaneous", "in parallel", "parallel", "parallelise", "parallelize", "in one go", "at one go", "in a single broadcast|go|shot", "side by side", "all together", "both together", "together upon|on|after|with",
            "at the same moment|instant|hour", "on the same day", "over the same period", "in the same period|window", "start|starts|started|started|go|run|launch|kick|fire|begin .. together", "all of them together", "them go together", "can|may|could|will|should overlap", "in tandem", "multithreaded", "multi threaded", "in the meantime", "meanwhile", "at a time by several", "by several _ at a time", "asynchronously", "simultaneity", "synchronously on all",
        ],
    },
    Cue {
        says: "pieces that do not need one another",
        votes: &[(Parallel, 2.6)],
        phrases: &[
            "independent of", "independently", "independent", "no dependency", "no dependencies", "no mutual dependency", "without dependency", "without any dependency", "no interdependency", "mutual dependency", "no fk between", "not depend|rely on each|one other|another", "don't depend on each|one other|another", "doesn't depend on", "none of which depends|relies|needs", "no _ requiring", "none .. relies|depends|needs", "don't|doesn't|do not|does not need each|one other's|another's|others", "don't|doesn't|do not|does not need to talk", "don't|do not|doesn't know of|about each|one other|another",
            "nothing shared", "nothing is shared", "no shared", "share nothing", "shares nothing", "nothing to do with each|one other|another", "have nothing in common", "unrelated", "in isolation", "isolated", "isolation", "without knowledge of", "without knowing", "shouldn't|should not|mustn't influence", "not influence|see|know one|each another|other", "without influencing", "without seeing", "blind to each", "blinded", "independently of one|each another|other", "autonomously", "self contained",
        ],
    },
    Cue {
        says: "a worker of its own for each piece",
        votes: &[(Parallel, 2.0)],
        phrases: &[
            "its own runner|worker|researcher|machine|thread|agent|process|container|reviewer|job|task|branch|node|core|server|team|partition|person", "their own runner|worker|machine|thread|agent|process|container|reviewer|researcher", "his|her|their|its own", "on its|his|her|their own",
            "separate machines|machine|workers|agents|agent|jobs|job|processes|threads|runners|crews|teams|people|reviewers|containers|nodes|sub|subagents|worker|crew|team|reviewer|process|thread", "different machines|workers|agents|jobs|processes|threads|runners|crews|teams|people|persons|reviewers|translators|painters|experts|contractors|designers|developers|models|specialists|committees|departments", "distinct agents|workers|committees|teams|persons|reviewers|machines|processes",
            "separately", "a dedicated _", "one agent|worker|job|thread|process|person|reviewer|container per", "one agent|worker|job|thread|process|person|reviewer for each|every", "an agent|worker|job|thread|process per|each", "a worker|agent|thread|job|process per|each", "by|to|with as many workers", "someone .. and somebody|someone|another", "the other agent", "another agent", "by # agents|workers|people|threads|teams|designers|translators|reviewers|experts|contractors", "# agents|workers|threads|subagents|processes|designers|runners|machines",
            "each by", "each on", "each to", "each with", "each from its", "each should|shall|must|will independently",
        ],
    },
    Cue {
        says: "the order does not matter",
        votes: &[(Parallel, 2.8), (Sequential, -1.0)],
        phrases: &[
            "order .. immaterial|irrelevant|arbitrary", "order does|doesn't|don't not matter", "order doesn't|dont|don't matter", "order is not|isn't important|relevant|significant", "order .. no significance|importance|matter|relevance", "no particular order", "any order", "no order|ordering", "no ordering required|needed", "no matter which", "care about the order", "mind the order", "doesn't|does not|don't matter which|who|what", "regardless of the order", "irrespective of order|the", "nobody cares which|who|what", "whichever .. first", "whoever .. first", "which comes first", "which one finishes first", "who finishes first", "out of order", "unordered", "as they finish|come back",
        ],
    },
    Cue {
        says: "not one after the other",
        votes: &[(Parallel, 3.0), (Sequential, -1.5)],
        phrases: &[
            "instead of one after|by|at", "instead of sequentially|serially|waiting", "instead of in sequence|turn|order|series", "rather than one after|by|at", "rather than sequentially|serially|in", "not one after|by|at", "no need to do|wait|queue|go|run|check|handle|process one", "no need to wait|queue", "no reason to wait|queue|serialise|serialize", "no point in waiting|queueing", "without waiting for one|each another|other", "need not wait|be done", "needn't wait", "don't|doesn't|do not|does not|shouldn't have|need to wait for one|each|any",
            "serially", "serial", "one at a time is slow|silly", "single threaded", "block each other", "blocks each other", "blocking each other", "are queued", "is queued", "silly that", "takes too long", "too slow", "is slow", "lose time", "waste time", "save time", "to save time", "speed up", "quicker", "done quickly", "so it's faster", "wait .. before it even",
        ],
    },
    Cue {
        says: "the work is fanned out",
        votes: &[(Parallel, 2.6)],
        phrases: &[
            "fan out", "fans out", "fanout", "fan in", "scatter", "scatter gather", "shard", "shards", "sharded", "split .. into # shards|parts|chunks|pieces|jobs|groups|portions|buckets", "split .. across|among|between|over", "partition", "partitioned", "matrix", "build matrix", "map reduce", "mapreduce", "swarm", "spread .. across|over|among", "distribute .. across|over|among|to all|between", "distributed to|across|over|among all|every|the|#", "dispatched to every|all", "dispatch to every|all", "sent to every|all", "sent to all", "to all nodes|carriers|suppliers|of them", "to every _ at", "broadcast", "worker pool", "pool of workers", "divide .. among|between|into", "divide and conquer", "divide the work", "equal portions|parts|shares", "worker per core", "thread per",
        ],
    },
    Cue {
        says: "results are gathered",
        votes: &[(Parallel, 1.5)],
        phrases: &[
            "merge .. results|answers|findings|lists|reports|outputs|versions|partial|end|back", "merged|combined|consolidated|collated|aggregated|joined|united|compiled into|in|to a|one|an", "combine .. results|answers|findings|reports|outputs|partial|into", "consolidate", "consolidated", "collate", "aggregate .. into|results", "staple", "dedupe hits", "join .. results", "merged and", "are|be merged", "answers are merged", "summarise|summarize them|both|all", "one combined _", "combined list|report|record|result", "single report|record|list|table|status|answer|view|document", "one report|record|list|table|document|summary|folder|file", "joint", "jointly", "average the", "mean of", "sum of the", "partial results|sums", "added up|together", "add up", "majority vote|voting", "vote", "voting", "consensus", "ensemble", "quorum", "compare their|the|what .. answers|results|say|versions|opinions", "compared by",
            "next to each other", "collect|collects|collected .. offers|answers|results|quotes|all|replies|bids|responses", "collected on completion", "collect the", "on completion of all", "completion of all", "wait for all|both|everyone", "waits for all|both", "wait till|until all|both", "until all|both|everybody|everyone|they've|they have|the last", "till all|both|everybody|everyone|they've|they have", "when|once|after all|both .. back|answered|done|finished|reported|complete|in|ready", "when all are", "once the last has", "until .. answered|replied|responded|reported|back", "give me the lot", "and the total", "overall result", "all # of them", "all three|four|five|two|six .. back|in|done|answered|finished|ready|anyway", "i'll choose", "i will choose",
        ],
    },
    Cue {
        says: "several views of the same thing",
        votes: &[(Parallel, 2.0)],
        phrases: &[
            "angles", "perspectives", "viewpoints", "points of view", "opinions", "opinion from", "second opinion", "views", "each view", "aspects", "multiple agents|models|reviewers|experts|sources|workers", "several agents|models|reviewers|experts|sources|workers|teams", "# independent", "two readers|reviewers|examiners|raters", "# reviewers|experts|models|llms|readers|raters|translators|sources|researchers|opinions|quotes", "same question|paper|case|prompt|original|input|text|data", "all receive the same", "original text", "ask all", "ask both", "ask # _", "quotes from", "quotations from", "opinions of", "from # _", "across _ _", "both the", "between _ and _", "what would _ _ _ and", "compare # ", "all # of",
        ],
    },
    Cue {
        says: "all of them",
        votes: &[(Parallel, 0.7)],
        phrases: &["all of them", "all platforms|regions|shops|environments|providers|suppliers|shards|nodes|subsystems|carriers|languages|sources|services|targets|countries|branches", "every supported", "both", "as quick|quickly|fast as possible", "respectively"],
    },
    Cue {
        says: "one piece while another goes on",
        votes: &[(Parallel, 1.6), (Iterative, -0.3)],
        phrases: &["while the|you|i|he|she|we .. someone|somebody|let|another|other", "while the", "while you", "while i"],
    },
    Cue {
        says: "one order is named that is not wanted",
        votes: &[(Sequential, -0.5), (Conditional, 0.0), (Pipeline, 0.0)],
        phrases: &["no order needed", "nothing runs in parallel"],
    },
];
