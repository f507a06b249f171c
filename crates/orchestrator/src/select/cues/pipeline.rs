//! What says that many items go through the same stages.

use super::super::Pattern::{Parallel, Pipeline};
use super::Cue;

pub(super) const CUES: &[Cue] = &[
    Cue::new(
        "items keep coming",
        &[(Pipeline, 2.2)],
        "
        incoming, stream, streaming, streams, continuous flow|stream, continuously, as they come|arrive|appear|land,
        as they are|they're|it received|uploaded|delivered|produced|arrives, as it arrives|comes, come in, comes in,
        coming in, came in, arrive, arrives, arriving, keep|keeps coming, keep arriving, nonstop, non stop,
        all the time, constantly, whole day, all day, around the clock, # a day|week|hour|minute|night|month,
        per day|minute|second|hour|night, a day, # per, never stops, never ends, endless, kafka, kafka topic,
        from the topic, message queue, event bus, the feed, rss, feed entries, firehose, real time, sustained rate,
        at a rate, rate of, frames per, by the thousand|hundred|dozen, every day, every night, daily, each day,
        get a lot of, a lot of, consumed from, flow in, pour in, drop|drops into the, day and night, pile up,
        drop in, all busy, busy at any, enter|enters a queue|the queue, without interruption,
        consecutive bottles|items|records|orders, from stage to stage, should stream, as they trickle, trickle in,
        flood in, flood|floods in, landing in, land|lands in, come by mail, are plenty, keep moving, the whole time,
        through the day, day in, they should flow, drive in, send us, flow, flows
        ",
    ),
    Cue::new(
        "each of many items",
        &[(Pipeline, 1.3), (Parallel, 0.4)],
        "
        each, every, for each, for every, each of the, every one, every single, for all of them,
        all past|old|existing, per customer|file|record|item|leaflet|document|order|page, all of them, for f in,
        lot by lot, on every one, each one, all the, for all,
        all scans|photos|files|documents|records|orders|tickets|customers|messages|mails|images|videos|commits|posts|leads|reviews|pages|articles|items|events|applications|invoices,
        per item|record|file|document|message|order
        ",
    ),
    Cue::new(
        "many items",
        &[(Pipeline, 1.5)],
        "
        mailbox, mail queue, backlog, batch of, batches of, bulk, thousands of, hundreds of, dozens of, inbox,
        archive of, a list of, list of #, there are many, many, large number of, collection of, lots of, # k,
        pile of, stack of, queue, queues, dataset of, documents of, of the archive, entries of|in|from,
        log|diary entries
        ",
    ),
    Cue::new(
        "stages that items pass",
        &[(Pipeline, 2.2)],
        "
        stage, stages, multi stage, stage #, stations, at each station, the next station, workstation, conveyor,
        conveyor belt, belt, assembly line, production line, on the line, the line, factory, in a factory,
        unix pipes, pipe, pipes, piped, pipeline, chain where, the chain,
        downstream stage|component|consumer|of|station, downstream without, upstream, back pressure, backpressure,
        buffer, output buffer, bounded queue|queues, producer, consumer, sink, sink to, throughput, queue of,
        process queue, in every machine|station|stage, successive records|items|frames,
        keep them|everybody|everyone all|busy, in different states, one by one as,
        as mails|files|orders|they arrive|come, bottleneck, etl, elt, ingestion, go through, goes through,
        going through, run through, runs through, pass through, passes through, pass from, passes from,
        move through, moves through, flow through, stream through, put through, through the stages|steps|same,
        through # workers|stages|stations|steps, traverse, traverses,
        same path|way|treatment|route|steps|stages|procedure, handed on, hand on, hands on, handed to the next,
        feeds the, which feeds, output of each|every stage, passed on to the next, moves|move on to, moves on,
        move on, same stages, each stage, every stage, processing line, channels in between, on a belt,
        through this, proceed|proceeds through, make it staged, staged, validate and write overlap,
        intermediate storage, stages .. overlap, stages should|may|can overlap, isn't|not idle while, still busy,
        in a streaming fashion, keep up with, worker chain, to the next man|worker|one|clerk, when he's|it's free,
        uninterrupted flow, consecutive words|items, one element at, lazily, put queues between,
        bounded channels|buffers, never waits for, unbroken sequence|stream|flow, successive operators|workers,
        one unpacks|downloads, chain of instruments|workers|agents|machines, next unit|item|one enters,
        a queue between, as soon as the previous, in flight
        ",
    ),
    Cue::new(
        "an item starts before the one ahead has ended",
        &[(Pipeline, 2.6), (Parallel, -0.4)],
        "
        while one is, while one .. another, while another is|one, while the previous|first|others, while previous,
        next .. while, next .. starts while, even when|while|if others,
        not wait for the whole|entire|others|batch|all, don't|doesn't|shouldn't wait for all|the|others|whole,
        not wait, without waiting for the|all|whole|others|completion|rest, not waiting for the, not waiting for,
        wait on anything, wait for the whole batch, for the whole batch, not .. held back|up, held up,
        begin|begins|start|starts|starting with the next, start with the next .. as soon, next one as soon,
        next as soon as, accept|accepts|take|takes|taking up the|its next, takes up its next, in different stages,
        at different stages, different stages, another is already|may, another may already, already be|being,
        earlier records|items, as soon as .. move|moves|goes|go|handed|transcribed|idle|validated,
        as soon as it is|has, immediately, before .. finished .. next, without delay, overlapping, shall not delay,
        not delay, sit idle, never idle|sit, without awaiting the, following _ is being, those behind it,
        while the one before, next _ can, no need for all, shouldn't wait because, wait because another,
        continues with the next, starts on, while chunk|item|record|frame, while the next is, from the one before,
        does its part, next please, while the following
        ",
    ),
    Cue::new(
        "one worker a stage",
        &[(Pipeline, 1.5)],
        "
        agents|workers in a row, passes it on, first worker .. second, opened by one, by the second, by the third,
        third one, one agent|person .. second .. third, by a first worker, by a second, next one is,
        one agent .. the next, consecutive workers, # consecutive workers, station after, hands it to the next,
        she|he|one does the next
        ",
    ),
    Cue::new(
        "item after item",
        &[(Pipeline, 1.5)],
        "
        one at a time open|read, batch following batch, following batch|item|record, item by item, record by record,
        one document following, one following another, one following the other, following the other, one by one,
        ranked one after the other
        ",
    ),
];
