//! What says that pieces of work run beside each other.

use super::Cue;
use super::super::Pattern::{Conditional, Iterative, Parallel, Pipeline, Sequential};

pub(super) const CUES: &[Cue] = &[
    Cue {
        says: "several things at the same time",
        turns: true,
        votes: &[(Parallel, 3.2)],
        phrases: &[
            "at the same time", "at once", "all at once", "concurrently", "concurrent", "concurrency", "simultaneously", "simultaneous", "in parallel", "parallel", "parallelise", "parallelize", "in one go", "at one go", "in a single broadcast|go|shot", "side by side", "all together", "both together", "together upon|on|after|with",
            "at the same moment|instant|hour", "on the same day", "over the same period", "in the same period|window", "start|starts|started|started|go|run|launch|kick|fire|begin .. together", "all of them together", "them go together", "can|may|could|will|should overlap", "in tandem", "multithreaded", "multi threaded", "in the meantime", "meanwhile", "at a time by several", "by several _ at a time", "asynchronously", "in the same instant|moment|second", "asyncio", "asyncio.gather", "goroutine", "goroutines", "futures", "rayon", "openmp", "thread pool", "threadpool", "threads", "coroutines", "fire off", "fires off", "as many at a time", "many at a time", "alongside", "mutually", "go ahead side", "in the same week|month|night", "in concert", "hand in hand", "you can split up", "split up", "with join", "join!", "at the same moment|period|time", "during the same", "whichever order", "in whichever|whatever order", "have to be serial", "though they share|don't|are|have", "simultaneous", "meanwhile", "from both banks|sides|ends", "on the same day|date|evening|night", "everybody|everyone .. at the same", "pytest -n", "gpu # .. gpu #", "cpu #", "without blocking", "blocking one another|each other", "wait for each other", "wait for one another", "neither has to wait", "in the meantime", "on their own", "a chapter|room|part|piece each", "by itself", "replicated to all", "read all at once", "triggered together", "started together", "in separate rooms", "at one and the same", "could be read|run|done|fetched together", "libraries|nodes|sites|shops|catalogues together", "this afternoon|today all", "one cv|file|chapter|language|room|site each", "at several centres|sites|places", "one agent a _", "all at the same", "each with its own", "at the same hour", "within the same week|day", "promise.all", "promise all", "at one time", "simultaneity", "go out together", "in unison", "synchronously on all",
        ],
    },
    Cue {
        says: "pieces that do not need one another",
        turns: false,
        votes: &[(Parallel, 2.6)],
        phrases: &[
            "independent of", "independently", "independent", "no dependency", "no dependencies", "no mutual dependency", "without dependency", "without any dependency", "no interdependency", "mutual dependency", "no fk between", "not depend|rely on each|one other|another", "don't depend on each|one other|another", "doesn't depend on", "none of which depends|relies|needs", "no _ requiring", "none .. relies|depends|needs", "don't|doesn't|do not|does not need each|one other's|another's|others", "don't|doesn't|do not|does not need to talk", "don't|do not|doesn't know of|about each|one other|another",
            "nothing shared", "nothing is shared", "no shared", "share nothing", "shares nothing", "nothing to do with each|one other|another", "have nothing in common", "unrelated", "in isolation", "isolated", "isolation", "no common", "not presuppose", "haven't|hasn't seen the other", "without talking", "individually", "without communication", "no overlap", "none of them uses|needs", "in their own chat|room|tab", "work in isolation", "nobody sees", "neither of whom|which", "no one sees|knows", "unaware of", "mutually independent", "share no", "shares no", "have no common", "do not share|interact|overlap|touch", "don't share|interact|touch",  "without knowledge of", "without knowing", "shouldn't|should not|mustn't influence", "not influence|see|know one|each another|other", "without influencing", "without seeing", "blind to each", "blinded", "independently of one|each another|other", "without consulting|awaiting|telling|asking the|one|each", "keep them apart", "kept apart", "don't build on each|one", "disjoint", "no precedence", "nobody has to wait", "separate searches|checks|questions|tasks|things|topics|calls", "waits for another for no", "apart from each other", "each write|give|make|produce|prepare a|an|its|his", "self contained",
        ],
    },
    Cue {
        says: "a worker of its own for each piece",
        turns: false,
        votes: &[(Parallel, 2.0)],
        phrases: &[
            "its own runner|worker|researcher|machine|thread|agent|process|container|reviewer|job|task|branch|node|core|server|team|partition|person", "their own runner|worker|machine|thread|agent|process|container|reviewer|researcher", "his|her|their|its own", "on its|his|her|their own",
            "separate machines|machine|workers|agents|agent|jobs|job|processes|threads|runners|crews|teams|people|reviewers|containers|nodes|sub|subagents|worker|crew|team|reviewer|process|thread", "different machines|workers|agents|jobs|processes|threads|runners|crews|teams|people|persons|reviewers|translators|painters|experts|contractors|designers|developers|models|specialists|committees|departments", "distinct agents|workers|committees|teams|persons|reviewers|machines|processes",
            "separately", "a dedicated _", "one agent|worker|job|thread|process|person|reviewer|container|researcher|runner per|each", "sub agent each", "one sub agent", "one agent|worker|job|thread|process|person|reviewer for each|every", "an agent|worker|job|thread|process|sub per|each|agent for each", "sub agent for|per each|every|_", "everyone|everybody takes a|one", "# connections at", "each from a|its", "to you .. to", "get this done faster", "done faster", "parallel map", "par_iter", "yet they wait", "wait in line", "wait in a queue", "requests in the air|flight", "in the air", "while you're at it", "while the _ compile|compiles|builds|build|runs|cooks|loads", "different plumbers|owners|firms|drafters|parties", "not contingent", "without looking at the other's", "without regard to", "barrier", "by individual", "without one request", "by two|three|four firms|teams|crews", "one book|file|language per head|person|agent", "all now", "at a time by different", "jury", "split the job in", "divide it up", "lets|let's divide", "by local teams", "allotted to each", "without contact to", "spawn .. for each|every", "spawns .. for each|every", "spawn|launch|start|use|take one agent|worker|job", "one agent|worker|job|thread for|per", "agent for each", "worker for each|every", "separate jobs", "a worker|agent|thread|job|process per|each", "by|to|with as many workers", "someone .. and somebody|someone|another", "the other agent", "another agent", "by # agents|workers|people|threads|teams|designers|translators|reviewers|experts|contractors", "# agents|workers|threads|subagents|processes|designers|runners|machines",
            "each by", "each on", "each to", "each with", "each from its", "each should|shall|must|will independently",
        ],
    },
    Cue {
        says: "the order does not matter",
        turns: false,
        votes: &[(Parallel, 2.8), (Sequential, -1.0)],
        phrases: &[
            "order .. immaterial|irrelevant|arbitrary", "order does|doesn't|don't not matter", "order doesn't|dont|don't matter", "order is not|isn't important|relevant|significant", "order .. no significance|importance|matter|relevance", "no particular order", "any order", "no order|ordering", "no ordering required|needed", "no matter which", "care about the order", "mind the order", "doesn't|does not|don't matter which|who|what", "regardless of the order", "irrespective of order|the", "nobody cares which|who|what", "whichever .. first", "whoever .. first", "which comes first", "which one finishes first", "who finishes first", "out of order", "unordered", "as they finish|come back",
        ],
    },
    Cue {
        says: "not one after the other",
        turns: false,
        votes: &[(Parallel, 3.0), (Sequential, -1.5)],
        phrases: &[
            "instead of one after|by|at", "instead of sequentially|serially|waiting", "instead of in sequence|turn|order|series", "rather than one after|by|at", "rather than sequentially|serially|in", "one by one costs|takes|is", "don't .. as a chain", "not one after|by|at", "don't do it one", "not .. one at a time", "no need to do|wait|queue|go|run|check|handle|process one", "no need to wait|queue", "no reason to wait|queue|serialise|serialize", "no point in waiting|queueing", "without waiting for one|each another|other", "need not wait|be done", "needn't wait", "don't|doesn't|do not|does not|shouldn't have|need to wait for one|each|any",
            "since .. sequentially|serially", "sequentially do|should", "instead sequentially", "serially", "serial", "one at a time is slow|silly", "single threaded", "block each other", "blocks each other", "blocking each other", "are queued", "is queued", "silly that", "takes too long", "too slow", "is slow", "lose time", "waste time", "save time", "to save time", "instead of awaiting|waiting|blocking|queueing|doing", "instead of _ each", "quicker", "done quickly", "so it's faster", "wait .. before it even",
        ],
    },
    Cue {
        says: "the work is fanned out",
        turns: true,
        votes: &[(Parallel, 2.6)],
        phrases: &[
            "fan out", "fans out", "fanout", "fan in", "scatter", "scatter gather", "shard", "shards", "sharded", "split .. in # parts|pieces", "divided into tiles|parts|chunks|blocks", "in each total", "split .. into # shards|parts|chunks|pieces|jobs|groups|portions|buckets", "split .. across|among|between|over", "partition", "partitioned", "matrix", "build matrix", "map reduce", "mapreduce", "swarm", "spread .. across|over|among", "distribute .. across|over|among|to all|between", "distributed to|across|over|among all|every|the|#", "dispatched to every|all", "chop .. over|into|across", "by a number of workers", "dispatch to every|all", "sent to every|all", "sent to all", "to all nodes|carriers|suppliers|of them", "to every _ at", "broadcast", "worker pool", "pool of workers", "divide .. among|between|into", "divide and conquer", "divide the work", "equal portions|parts|shares", "worker per core", "thread per",
        ],
    },
    Cue {
        says: "results are gathered",
        turns: false,
        votes: &[(Parallel, 1.5)],
        phrases: &[
            "merge .. results|answers|findings|lists|reports|outputs|versions|partial|end|back", "merged|combined|consolidated|collated|aggregated|joined|united|compiled into|in|to a|one|an", "combine .. results|answers|findings|reports|outputs|partial|into", "consolidate", "consolidated", "collate", "aggregate .. into|results", "staple", "dedupe hits", "join .. results", "merged and", "are|be merged", "answers are merged", "summarise|summarize them|both|all", "one combined _", "combined list|report|record|result", "single report|record|list|table|status|answer|view|document", "one report|record|list|table|document|summary|folder|file", "joint", "jointly", "average the", "mean of", "sum of the", "partial results|sums", "added up|together", "add up", "concatenate|concatenates", "synthesise|synthesize", "sum up their|the|what", "their impressions|views|answers|replies|opinions|findings", "most frequent answer", "and condense", "have in common", "gathers their", "mean of", "compute the mean|average", "compiled by", "are compiled", "assembled upon|when|after|on", "merged score", "total at the end", "table with all results", "come to the same", "average of theirs", "when the replies|answers|bids|results are in", "lowest", "median", "bundle what", "one brief", "reduce into", "in one doc|file|folder|report|table|list", "evaluated as a whole", "average please", "whichever answers", "common list", "combines their", "sum of the scores|marks", "comparison table", "count which answer", "then diff", "we integrate", "interleave", "give me a ranking", "take the lowest|best|cheapest|fastest", "total to me", "make one digest", "one digest", "see if they agree", "i get both", "compare val", "verdicts in one", "collect all", "deadline for all", "median of", "when you have them all", "full list", "one overview", "overview", "who's in", "and diff", "take|takes majority", "majority", "put to a vote", "are|is fused", "fuse the", "put the lists|results|parts|pieces together", "data pooled", "pool the", "pooled", "then combine|merge|compare|summarise|summarize|aggregate|synthesise|synthesize", "majority vote|voting", "voting", "votes are", "consensus", "ensemble", "quorum", "compare their|the|what .. answers|results|say|versions|opinions", "compared by",
            "next to each other", "collect|collects|collected .. offers|answers|results|quotes|all|replies|bids|responses", "collected on completion", "collect the", "on completion of all", "completion of all", "wait for all|both|everyone", "waits for all|both", "wait till|until all|both", "until all|both|everybody|everyone|they've|they have|the last", "till all|both|everybody|everyone|they've|they have", "when|once|after all|both .. back|answered|done|finished|reported|complete|in|ready", "when all are", "once the last has", "until all|both .. answered|replied|responded|reported|back", "give me the lot", "and the total", "overall result", "all # of them", "all three|four|five|two|six .. back|in|done|answered|finished|ready|anyway", "pick|choose|take|keep the best|winner|nicest", "glue", "at the end a comparison", "and compare", "who's|which|who is cheapest|best|fastest", "ratings are averaged", "are averaged", "one summary", "then one summary|report|table|list", "i'll choose", "i will choose",
        ],
    },
    Cue {
        says: "several views of the same thing",
        turns: false,
        votes: &[(Parallel, 2.0)],
        phrases: &[
            "angles", "perspectives", "viewpoints", "points of view", "opinions", "opinion from|of|shall", "an opinion from",  "second opinion", "views", "each view", "aspects", "multiple agents|models|reviewers|experts|sources|workers", "several agents|models|reviewers|experts|sources|workers|teams", "# independent", "two readers|reviewers|examiners|raters", "# vendors|writers|variants|bids|people|leads", "pros and cons", "panel of", "# laboratories|labs|beta|personas|physicians|doctors|judges|agents|teams|critics|analysts|registries|departments|candidates|voices|reviewers|experts|models|llms|readers|raters|translators|sources|researchers|opinions|quotes", "same question|paper|case|prompt|original|input|text|data", "all receive the same", "original text", "ask all", "ask both", "ask # _", "quotes from", "quotations from", "opinions of", "from # people|sources|experts|vendors|roofers|suppliers|angles|agents|models", "across _ _", "both the", "what would _ _ _ and", "compare # ", "all # of",
        ],
    },
    Cue {
        says: "all of them",
        turns: false,
        votes: &[(Parallel, 0.7)],
        phrases: &["all of them", "all platforms|regions|shops|environments|providers|suppliers|shards|nodes|subsystems|carriers|languages|sources|services|targets|countries|branches", "every supported", "both", "as quick|quickly|fast as possible", "respectively"],
    },
    Cue {
        says: "one piece while another goes on",
        turns: false,
        votes: &[(Parallel, 1.6), (Iterative, -0.3)],
        phrases: &["while the|you|i|he|she|we .. someone|somebody|let|another|other", "while the", "while you", "while i"],
    },
    Cue {
        says: "one order is named that is not wanted",
        turns: false,
        votes: &[(Sequential, -0.5)],
        phrases: &["no order needed", "nothing runs in parallel"],
    },
];
