//! Words that name an action: what a step does. A list of actions is a chain, a list of anything else is a list of things.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::sets::{Set, set};
use super::stem::stem;
use super::words::Word;

/// Verbs of work, in their plain form.
const VERBS: &str = "
abort abridge absorb accelerate accept accrue ack acknowledge acquire activate adapt add addict adjourn adjust
administer advise affirm affix aggregate agree aim alert align allocate allot alter ameliorate amend analyse analyze
annotate announce anonymise anonymize answer appeal append apply appoint appraise approve archive arm arrange arrive
ask aspirate assemble assert assess assign assure attach attend attest auction audit authenticate authorise authorize
auto-merge average back bake balance ballot bandage bank barcode batch begin benchmark bid bill bind bisect bleach
bleep blend block blur board boil book bookmark boot bootstrap bore borrow bottle box brainstorm breed brew brief
bring broadcast browse brush bucket buff build bump bundle burn button buy buzz cache calculate calibrate call cancel
canvass cap capitalise caption capture carve cast catalogue catch categorise categorize cement centrifuge certify
change chapter charge chase chat check checkout chill choose chop chunk cite claim clamp clarify classify clean
cleanse clear clip clone close cluster coach coat code collate collect colour combine commence comment commission
commit compact compare compile complain complete compose compost comprehend compress compute concatenate conceal
conclude condense conduct configure confirm congratulate connect conserve consolidate constrain construct consult
consume contact contain contour contrast convert cook cool copy cordon correct count crack crawl create criticise crop
cross crush culture curate cure cut cycle damp dance dash date deactivate deal debate debrief debug deburr decide
declare decline decode decommission decommutate decompose decrypt deduct dedupe deduplicate deepen defend define
deflate defrost delegate delete deliberate deliver demo demodulate demux denoise deobfuscate depacketize deploy
deposit deprecate derive descale describe design deskew despatch destroy detach detect determine develop devise
diagnose dial differentiate dig digest digitise digitize dilute dim dip disable disassemble disburse discard discharge
disconnect discuss disinfect dismantle dispatch display dissolve distil distill distribute divide dock document dose
double double-check download downsample draft drain draw dredge dress drill drink drive drop dry dump duplicate dust
dye earmark edit elaborate elect eliminate email embalm embed embroider emit empty enable encode encrypt endorse
energise engage engrave enhance enlist enqueue enrich enrol enroll ensure enter entitle enumerate equip erase escalate
escort establish estimate etch evacuate evaluate evict examine exchange exclude execute exhibit expand expire explain
explore export expose extend extinguish extract extrude eye fabricate face fan farm fasten fax feed fell fertilise
fetch fight file fill film filter finalise finalize find finish fire fit fix flag flash flatten flip float flush fold
forecast forge format formulate forward found frame freeze freight frost fry fulfil fund fuse galvanise game garnish
gather gauge generate geocode get gild give glaze glue go grade graft grate grease greet grep grill grind groom group
grow guard guess guide gut halt hammer hand harden harvest hash heat hem highlight hike hint hire hold homogenise hook
host hunt hydrate identify illuminate illustrate implement import impose improve improvise incorporate increment
incubate index induct infer inflate inflect inform ingest initialise initialize inject inoculate input inquire insert
inspect install instruct insulate insure intake integrate interpolate interpret interview inventory invert investigate
invite invoice iron irrigate isolate issue iterate join judge keep knead knit label lace laminate land latch lather
launch launder lay layer layout lead learn leave lend level license lift limit linearise link lint liquidate list
listen load lobby localise localize locate lock lodge log look loosen lower lubricate mail maintain make manufacture
map march marinate mark market marshal mash mask master match materialise maximise measure meet melt memorise mention
merge message migrate mill mince mine minimise mint mix mobilise model moderate modify modulate moisten monetise
monitor motivate mould mount move mow mulch multiply mute mux nail name narrate negate negotiate neutralise nominate
normalise normalize note notify number nurse obfuscate observe obtain offer offset oil open operate oppose optimise
optimize order organise organize orient outfit outline outsource overlay oversee oxidise pack package page paint pair
pan parade park parse participate partition paste pasteurise patch patrol pave pay peel peg perforate perform persist
phone photo photograph pick pile pilot pin pinpoint pit place plan plant plaster plate plot plough plug poach point
polish poll populate port post pour power practise pre-heat precompute predict prefer prefix prepare preprocess
prescribe present preserve press pretreat price prime print prioritise prioritize probe proceed process procure
produce profile program prohibit promote prompt proof proofread propose prosecute protect prototype prove provision
prune publish pull pump punch purge pursue push put qualify quantify quantise quarantine quench query queue quiz quote
race raise rake rank rate ratify reach react read readjust realign reallocate reassemble reassign rebase reboot
rebuild recalculate receive recharge recheck reclassify recode recognise recognize recommend recommission recompile
recompose reconcile record recover recruit rectify recycle redact redecorate redeploy redesign redirect redo redraw
reduce refactor refer reference refine reflect reform refresh refrigerate refuel refund regenerate register regrade
rehearse reheat reimburse reinforce reinstall reinstate reissue reject relabel relate relaunch relax relay release
relocate remeasure remind remix remodel remount remove rename render renegotiate renew renovate rent reopen reorder
repack repaint repair repatriate repay repeat rephrase replace replicate reply report repost repot represent reprint
reproduce reprogram request rescale rescan rescore reseal research reserve reset reshape reshoot reside resign resize
resolve respond restart restock restore restructure resubmit resume resurface resuscitate retest retouch retrain
retrieve retrofit retry return reunite reuse reveal reverse revert review revise revisit revoke reward rewind rewire
rewrite rig ring rinse rip ripen roam roast roll rotate route row rub rule run salt sample sanction sand sanitise
sanitize satisfy sauté save savor scaffold scale scan scatter schedule score scour scout scrape scratch screen script
scroll scrub sculpt seal search season seat secure seed segment select sell send separate sequence serve set settle
sew shade shake shape share sharpen shave shear shelve shield shift ship shoot shorten shovel show shred shrink
shuffle shut sieve sift sign signal silence simmer simplify simulate sing size sketch skim skin slaughter sleep slice
slide slot smelt smoke smooth snapshot soak solder solve sort sow space span spawn speak specify speed spell
spellcheck spin splice split sponsor spot spray spread spur square squash squeeze stabilise stack staff stage stain
stamp standardise standardize staple start state steam steer stem step sterilise stir stitch stock stop store
straighten strain stream strengthen stretch string strip stub study stuff style subdivide submit subscribe subtract
succeed suggest suit sum summarise summarize summon supervise supplement supply support suppress survey suspend
sustain swap sweep switch symbolicate sync synthesise synthesize tabulate tack tag tailor take tally tan tap tar tare
target taste teach tear tell temper template tender terminate test thank thaw thicken thin thread thresh throttle
throw tidy tighten tile tilt time tint title toast toggle token tokenise tokenize tone top toss tow trace track trade
train transcode transcribe transfer transform translate transmit transplant transport transpose trap traverse treat
triage trigger trim truncate trust try tune turn tweak twist type typeset unbox uncordon uncover undistort undock
unfreeze unify uninstall unite unload unlock unmount unpack unpin unplug unpublish unroll unscrew unseal unsubscribe
untie unwrap unzip update upgrade upload upscale use vacate vaccinate vacuum validate varnish vectorise ventilate
verify version vet view visit visualise visualize vote wait wake walk want warm warn wash watch watermark wax weave
weigh weld whisk whiten widen winnow wipe wire withdraw withhold witness work worm wrap wring write yield zero zip
zoom
";

/// Nouns that name an action and do not end like one.
const NOUNS: &str = "
abstract acceptance acquisition adr analysis approval archive assessment audit award backup benchmark booking cert
check clearance cloud concept contract copy countersignature csr decision delivery design diagnosis discovery dispatch
draft edit estimate examination export extraction forecast go-live handover hypotheses import indexing ingest ingress
inspection interview kickoff launch lint literature loan metadata microscopy mockup objectives ocr offer outline
output packaging painting payment personas picking pickup pilot plan print proof proposal prototype purchase qa quiz
reconciliation recording recovery registration release removal report research retrieval review rfc rollout sale scan
search settlement shipment shoot signoff spec storage stories story study submission summary survey synthesis test
thesis transfer trial upload verification wireframes worksheet wrap writing
";

/// Verbs that are as often nouns.
const ALSO_NOUNS: &str = "
search test scan design review report audit check plan build code draft copy order cost price process record score rank label tag
file market model map mail list link log name note notice post print query queue sample schedule screen script sort stage store time
title track trade view vote watch work support index import export display load lock head hand heat light land level match measure
mix mount paint paper place plant power press present profile program project purchase question quote rate release request research
result return rule run sand scale seed set shape share shop show sign sound source stock study supply survey table talk target tax
template token train transfer transport treat trial tune turn type update upgrade use value visit wash watermark wire wrap balance
bill book box brief bug call cap caption capture cast catalogue charge claim clone cluster comment contact contract count cover cut
deal debate demo deposit detail digest document draw drill dump estimate fit fix flag flash flow focus format forward freight frame
grade grill guide harvest image input insert interview invite invoice issue joint judge lint
";

/// Words that may stand before the verb of an item.
const FILLERS: &str = "
and then also finally first next second third lastly afterwards after that thereafter subsequently to please we i you they he she it
just should shall must will would can could may let us need needs have has want be been is are was were being get gets got gotten eventually
now only later immediately automatically manually carefully quickly simply again either both someone somebody last do does don't not
";

static VERB_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| VERBS.split_whitespace().map(stem).collect());
static NOUN_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| NOUNS.split_whitespace().map(stem).collect());
static FILLER_WORDS: Set = LazyLock::new(|| set(FILLERS));

static ALSO_NOUN_WORDS: Set = LazyLock::new(|| set(ALSO_NOUNS));

/// Irregular participles and pasts of verbs of work.
const IRREGULAR: &str = "
sent written read built taken drawn found given made put cut set shot paid payed kept bought brought chosen done told begun run
rewritten typeset undone split sold held laid frozen ground
";

static IRREGULAR_WORDS: Set = LazyLock::new(|| set(IRREGULAR));

/// Says whether a word can stand between items and their verbs.
pub(super) fn is_filler(word: &Word) -> bool {
    FILLER_WORDS.contains(word.text.as_str())
}

/// Says whether a word is a form of a verb of work.
pub(super) fn is_verb(word: &Word) -> bool {
    VERB_STEMS.contains(&word.stem) || IRREGULAR_WORDS.contains(word.text.as_str())
}

/// Says whether a verb is as often a noun.
pub(super) fn is_also_noun(word: &Word) -> bool {
    ALSO_NOUN_WORDS.contains(word.text.as_str())
}

/// Says whether a word looks like a participle.
pub(super) fn is_participle(word: &Word) -> bool {
    let regular = word.text.len() >= 5 && word.text.ends_with("ed") && !word.text.ends_with("eed");
    regular || IRREGULAR_WORDS.contains(word.text.as_str()) || (word.text.ends_with("'d") && word.text.len() >= 4)
}

/// Says whether a word names an action as a noun does.
pub(super) fn is_action_noun(word: &Word) -> bool {
    const ENDINGS: [&str; 8] = ["tion", "sion", "ing", "ment", "isation", "ysis", "ance", "ure"];
    let by_ending = word.text.len() >= 6 && ENDINGS.iter().any(|ending| word.text.ends_with(ending));
    by_ending || NOUN_STEMS.contains(&word.stem)
}
