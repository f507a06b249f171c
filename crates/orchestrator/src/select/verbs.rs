//! Words that name an action: what a step does. A list of actions is a chain, a list of anything else is a list of things.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::stem::stem;
use super::words::Word;

/// Verbs of work, in their plain form.
const VERBS: &str = "
accept accrue acquire activate adapt add adjust advise affix aggregate align allocate alter amend analyse analyze announce annotate
answer append apply appoint approve archive arrange ask assemble assess assign assure attach audit authenticate authorise authorize
average back balance bake begin benchmark bill bind bisect blend block board boil book boot bottle box brief bring broadcast browse build bundle
burn buy calculate calibrate call cancel cap caption capture cast catalogue catch categorise categorize certify change chapter charge check
checkout chill chop choose chunk claim classify clean cleanse clear clone close cluster coat code collate collect colour combine comment commission
commit compare compile complete compose compress compute confirm connect consolidate construct consult contact convert cook cool copy
cordon correct count crawl create criticise crop cross cure cut deal debate debug decide decide decline decode decommutate decompose decrypt deduct
dedupe deduplicate define deliver demo denoise depacketize deploy deposit derive describe design deskew destroy detach detect determine develop
diagnose digest digitise digitize discard discuss dispatch display distribute document double download downsample draft drain draw drill drop dry dump duplicate
edit elect email embed emit enable encode encrypt engrave enlist enrich enrol enroll enter erase escalate establish estimate evaluate evict
examine execute expand explain explore export extract fabricate face fetch file fill film filter finalise finalize find finish fit fix flag flash flip fold format
formulate forward freeze freight fry fulfil gather generate geocode get give glue go grade grill grind group grow hand harvest heat
hire identify illustrate implement import improve index inform inject input insert inspect install instruct integrate interview investigate invite
invoice issue iterate join judge keep label land laminate launch layout lay learn level lint link list listen load localise localize locate lock log
look lower mail make map mark market mask match measure merge migrate mill mint mix model moderate modify monitor mount move mow
name negotiate normalise normalize note notify observe obtain open optimise optimize order organise organize outline pack package paint parse partition
paste patch pay peel perform persist photograph pick place plan plant plot polish populate port post power prefer prepare present press preprocess price print
prioritise prioritize process procure produce profile program promote proof proofread propose prototype prove provision publish pull purge push put qualify
quantify quantise quarantine query queue quote raise rank rate read rebase rebuild receive reclassify recognise recognize recommend reconcile record
recruit rectify redact redeploy reduce refactor refer refine refund register reject release remove render rename renew repair repay repeat replace
replicate reply report repost reproduce request rescale research reset reshape resize resolve respond restart restock restore restructure retrieve retry return
reveal review revise revoke rewrite rinse roast roll rotate route run sample sand save scale scan schedule score scrape screen script seal search
secure seed segment select sell send separate serve set settle shape share ship shoot show shrink sign simmer simulate sketch slice smooth solder
solve sort specify spellcheck split spray stabilise stack stage stain stamp staple start stem stir stitch stock stop store strip study submit
subscribe sum summarise summarize supply survey swap sync synthesise synthesize tag take tally target teach tell template test tidy tile title token tokenise
tokenize trace track train transcode transcribe transfer transform translate transmit transport treat triage trim tune turn type typeset undistort unfreeze
unload unlock unpack unplug update upgrade upload validate verify version view visit visualise visualize vote wait warn wash watch watermark weigh
weld wipe wire wrap write zip
abort abridge absorb accelerate acknowledge ack addict adjourn administer affirm agree aim alert allot ameliorate anonymise anonymize appeal append appraise arm arrive
aspirate assert attend attest auction auto-merge ballot bandage bank barcode batch bid bleach bleep blur bookmark boot bootstrap bore borrow brainstorm breed brew brush bucket
buff bump button buzz cache canvass capitalise carve cement centrifuge chase chat cite clamp clarify clip code coach commence compact complain compost comprehend conceal concatenate conclude
condense conduct configure congratulate conserve constrain consume contain contour contrast cordon crack crush culture curate cycle damp dance dash date deactivate debrief deburr decide declare decommission
deepen defend deflate defrost delegate delete deliberate demodulate deobfuscate deprecate descale deskew despatch determine devise dial differentiate dig dilute dim dip disable disassemble disburse discharge disconnect disinfect dismantle dissolve distil
distill divide dock dose double-check dredge dress drive drink dust dye earmark elaborate eliminate embalm embed embroider empty endorse energise engage enhance enqueue ensure entitle enumerate equip escort etch evacuate exchange exclude exhibit expire expose extend extinguish
extrude eye fan farm fasten fax feed fell fertilise fetch fight fire flatten float flush forecast forge format forge found frame frost fund fuse galvanise game garnish gauge gild glaze graft grate grease greet grep groom guard guide guess gut
halt hammer harden hash hem highlight hike hint hold homogenise hook host hunt hydrate illuminate impose improvise incorporate increment incubate index induct infer inflate inflect ingest initialise initialize inoculate inquire insulate insure intake interpret interpolate inventory invert iron irrigate isolate iterate knead knit label lace latch
lather launder layer lead leave lend level license lift limit linearise liquidate listen lobby lodge look loosen lubricate maintain manufacture march marinate marshal mash master materialise maximise meet melt memorise mention message mince mine minimise mobilise modulate moisten monetise motivate mould mulch multiply mute mux demux nail narrate negate neutralise nominate number nurse
obfuscate obtain offer offset oil operate oppose orient outfit outsource overlay oversee oxidise page pair pan parade park participate pasteurise patrol pave peg perforate phone photo pile pilot pin pinpoint pit plaster plate plough plug poach point poll pour practise precompute predict prefix pre-heat prescribe preserve pretreat prime probe proceed profile prohibit prompt prosecute protect prune pump punch pursue
qualify quench quiz race rake ratify reach react readjust realign reallocate reassemble reassign reboot rebuild recalculate recharge recheck recode recommission recompile recompose record recover recycle redecorate redesign redirect redo redraw refactor reference refine reflect reform refresh refrigerate refuel regenerate regrade rehearse reheat reimburse reinforce reinstall reinstate reissue relabel
relate relaunch relax relay relocate remeasure remind remix remodel remount renegotiate renovate rent reopen reorder repack repaint repatriate rephrase repot represent reprint reprogram request rescan rescore reseal reserve reshoot reside resign resolve resubmit resume resurface resuscitate retest retouch retrain retrofit reunite reuse reverse revert revisit reward rewire rewind rig ring rinse rip ripen roam rotate row rub
rule salt sanction sanitise sanitize satisfy sauté savor scaffold scatter score scour scout scratch scroll scrub sculpt season seat select sequence sew shade shake sharpen shave shear shelve shield shift shorten shovel shred shuffle shut sieve sift signal silence simplify sing size sketch skim skin slaughter sleep slide slot smelt smoke snapshot soak sow space span spawn speak speed spell spin splice sponsor spot spread spur square squash squeeze stabilise stack staff stamp
standardise standardize start state steam steer step sterilise stitch straighten strain stream strengthen stretch string strip stub study stuff style subdivide subtract succeed suggest suit summon supervise supplement support suppress suspend sustain sweep swap switch symbolicate synthesise tabulate tack tailor take tan tap tar tare taste teach tear tell temper tender terminate thank thaw thicken thin thresh throttle throw thread tighten tilt time tint toast toggle tokenise tone top toss tow trade
transcode transmit transplant transpose trap traverse treat trigger trim truncate trust try tweak twist unbox uncordon uncover undock uninstall unify unite unmount unpin unpublish unroll unscrew unseal unsubscribe untie unwrap unzip upscale use vacate vaccinate vacuum validate varnish vectorise ventilate verify vet vote wait wake walk want warm warn wax weave weigh whisk whiten widen winnow withdraw withhold witness work worm wring yield zero zoom
";

/// Nouns that name an action and do not end like one.
const NOUNS: &str = "
acceptance acquisition analysis approval archive assessment audit award backup booking cloud check clearance copy decision delivery design
diagnosis discovery dispatch draft edit estimate examination export extraction forecast handover hypotheses import indexing ingest ingress inspection interview launch lint
loan microscopy ocr offer output packaging painting payment picking pickup plan print proof prototype purchase quiz qa reconciliation recording
recovery registration release removal report research retrieval review rfc rollout sale scan search settlement shipment shoot signoff storage study submission
summary survey synthesis test trial transfer upload verification writing wrap go-live objectives worksheet benchmark outline spec mockup kickoff countersignature contract pilot concept literature thesis abstract proposal wireframes story stories adr personas metadata cert csr
";

/// Words that may stand before the verb of an item.
const FILLERS: &str = "
and then also finally first next second third lastly afterwards after that thereafter subsequently to please we i you they he she it
just should shall must will would can could may let us need needs have has want be been is are was were being get gets got gotten eventually
now only later immediately automatically manually carefully quickly simply again either both someone somebody last do does don't not
";

static VERB_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| VERBS.split_whitespace().map(stem).collect());
static NOUN_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| NOUNS.split_whitespace().map(stem).collect());
static FILLER_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| FILLERS.split_whitespace().collect());

/// Irregular participles and pasts of verbs of work.
const IRREGULAR: &[&str] = &[
    "sent", "written", "read", "built", "taken", "drawn", "found", "given", "made", "put", "cut", "set", "shot", "paid", "payed",
    "kept", "bought", "brought", "chosen", "done", "told", "begun", "run", "rewritten", "typeset", "undone", "split", "sold", "held", "laid", "frozen", "ground",
];

/// Says whether a word can stand between items and their verbs.
pub(super) fn is_filler(word: &Word) -> bool {
    FILLER_WORDS.contains(word.text.as_str())
}

/// Says whether a word is a form of a verb of work.
pub(super) fn is_verb(word: &Word) -> bool {
    VERB_STEMS.contains(&word.stem) || IRREGULAR.contains(&word.text.as_str())
}

/// Says whether a word looks like a participle.
pub(super) fn is_participle(word: &Word) -> bool {
    let regular = word.text.len() >= 5 && word.text.ends_with("ed") && !word.text.ends_with("eed");
    regular || IRREGULAR.contains(&word.text.as_str()) || (word.text.ends_with("'d") && word.text.len() >= 4)
}

/// Says whether a word names an action as a noun does.
pub(super) fn is_action_noun(word: &Word) -> bool {
    const ENDINGS: [&str; 8] = ["tion", "sion", "ing", "ment", "isation", "ysis", "ance", "ure"];
    let by_ending = word.text.len() >= 6 && ENDINGS.iter().any(|ending| word.text.ends_with(ending));
    by_ending || NOUN_STEMS.contains(&word.stem)
}
