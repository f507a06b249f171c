//! What says that a test or a class of the input decides which work is done.

use super::super::Pattern::Conditional;
use super::Cue;

pub(super) const CUES: &[Cue] = &[
    Cue::new(
        "a condition",
        &[(Conditional, 1.5)],
        "
        if, in case, in the event, provided that, providing that, on condition that, conditional on, subject to,
        assuming that, given that, where the|an|a|no, where .. is, in case of, in the case of,
        when he|she|it|they says|is|isn't, when the, if it|he|she|they, if there, if the, whenever,
        should the|there|a|an|any|nobody|he|she|they|it, suppose, whether, see if, check if|whether,
        look whether|if, look up whether|if, find out if|whether, when there is|isn't|are|aren't,
        when it's|its|it is not, if so, then only,
        when .. is|are above|below|over|under|available|missing|empty|green|red|unavailable, based on whether,
        test whether, verify whether
        ",
    ),
    Cue::new(
        "a condition that lets something pass",
        &[(Conditional, 2.2)],
        "
        unless, only if, only in case, only in the event, only notify|send|run|deploy|pay|when,
        only .. if|when there's|enough, skip the, don't .. who, only if the, starts only if, only their own,
        only what|those, must see, exclusively when|if, called in only, what isn't, where practicable, granted to,
        denied to, do not|don't _ on|if|when|unless, may not, for _ only, for _ accounts|users|customers only,
        only for, only when, solely, solely in, only run .. when|for|if, only .. if|when|for changes|real, except,
        except for|when|if, exempt, only those, skip .. if|unless|when, solely if|when, if and only if, iff, not for
        ",
    ),
    Cue::new(
        "another way if the condition fails",
        &[(Conditional, 2.6)],
        "
        else, otherwise, elsewhere, if not, if no, if yes, if so .. if not, failing that|which, in all other cases,
        all other cases, in other cases, in any other case, or else, the rest, rest to, rest goes,
        the others go|are|get|in|to, everything else, anything else, everyone else, everybody else, all the rest,
        in that case, do nothing, does nothing, any other, all others, all other, all remaining,
        remaining questions|cases|ones|requests, the remaining, others go|to|get|are,
        when|where it's|it isn't|not|is not, if it's|its|it is not, if it isn't|doesn't,
        when there isn't|is not|are none, if there isn't|is not|are none, in the other|opposite case, vice versa,
        if not just|then|mail|send|call, those in|on|without, one concerning, outside, lacking that|which|this,
        in the absence of, where not, whatever is left, those flagged, below he|she|it|they, nobody is|if,
        for the others say|do|use|take, everything personal|else|other, leave the others, usual,
        heavier|lighter|bigger|smaller|older|younger loads|ones|files|items, used instead, is used instead, instead,
        by default, default to
        ",
    ),
    Cue::new(
        "a comparison, no case",
        &[],
        "
        instead of, rather than, no different, different from each, check marks
        ",
    ),
    Cue::new(
        "two kinds are set against each other",
        &[(Conditional, 2.0)],
        "
        whereas, as opposed to, for everything else|others|the, two kinds of,
        kinds of members|customers|users|files|orders, but the ones, while others,
        but big|small|large|new|old|others, on the other hand, versus, vs, hard ones, easy ones, does not,
        for _ people, other _ to the, others to, all others by, all the others, others by, while the others,
        ones without, ones with, ones that, ones get, those with|without|that|who, the ones, but _ ones,
        people|customers|users|students who, who passed, who failed, merely, a normal one
        ",
    ),
    Cue::new(
        "a special kind of thing",
        &[(Conditional, 0.9)],
        "
        normal _, regular, domestic, special, new|old|small|big|short|long|other ones, premium, vip, ordinary,
        suspicious, urgent, serious
        ",
    ),
    Cue::new(
        "what is done depends on something",
        &[(Conditional, 2.8)],
        "
        depending on, depending upon, dependent on the, shall|should|will|must depend on, it depends, depends,
        hangs on the, determined by, is determined by, should know from, know from, chosen with regard,
        with regard to the, varies with,
        by weight|destination|country|value|size|amount|age|length|language|type and|or,
        suited to the|his|her|its|their, depends on the amount|size|value|type|sender|answer|result,
        up to # .. beyond|above, dependent upon, from the table|file size, whoever is in charge, in charge of that,
        a matter of how, is waived for, waived, in the language the|he|she|they, run the matching, the matching,
        responsible for the, referred to a human|person|manager|committee|the, when score, score ≥|>=|>|above|over,
        whichever team|one|person|agent|is, whoever owns|is, selected by the, decide who, follow the path of,
        whoever has, having regard, at night, means ignore|police|yes|no|stop|go, on detecting, that is free,
        governed by, judge which, proper columnist|person|desk|department, in default of, should no, should none,
        let the _ tell|decide, know the plan|type|kind, too high, too low,
        depends on the price|answer|weather|income, choice of the, that matches his|her|its|their|the,
        depends on whether|the type|kind|size|severity|language|role|class|how|which|what, depends whether|if|how,
        according to the|its|their type|kind|size|severity|category|language|file|extension|class|priority|role|content|result,
        according to, according to whether, accordingly, as appropriate, as the case may be,
        based on _ type|kind|size|severity|category|language|extension|class|priority|role|length|content|status|score|amount,
        based on type|kind|size|severity|category|language|extension|class|priority|role|length|content|status|score|amount|intent|topic,
        by type|platform|category|severity|language|file|extension|class|size|length|priority|role|topic|intent|amount|region|kind|sender|subject|urgency|department,
        on file|mime|message|content|issue|request type, on type|severity|priority|kind|category|status,
        severity based|dependent, type|content|role|rule|risk|intent|language based, corresponds to its|the|their,
        correspond to its|the|their, matching the|its|their, that matches, laid down for its|the|that,
        which applies, where applicable, from the .. which, in function of, per type|kind|category|severity|class,
        on the basis of the|its|their temperature|type|amount|size|result|severity|kind|score, varies by|with,
        for its class|type|kind|category
        ",
    ),
    Cue::new(
        "one of several ways is chosen",
        &[(Conditional, 2.2)],
        "
        choose .. by|between|whether|which|on|according|depending|based|accordingly|per,
        select .. by|between|whether|which|on|according|depending|based, selected .. by|according|on,
        pick .. by|between|whether|which|depending|based|or, decides, please decide, decide for|on|what|by,
        decide whether|which|between|if|from, determine .. and refer|route|assign|send|forward|choose,
        determine whether|which|if, choose|pick|select the right|correct|proper|appropriate|fitting|suitable,
        the right|correct|proper|appropriate|responsible|suitable|matching|relevant|corresponding team|queue|department|one|folder|person|place|desk|agent|handler|specialist|office|owner|expert|channel|template|procedure|calendar|bucket|list|model|tool|path|way|reviewer,
        put .. in the correct|right, do the right one, which .. he|it|they should get, what kind|type|sort of,
        which kind|type|sort, which of, either, either .. or, one or the other, whichever applies|fits|is,
        branch on, branches on, must branch, switch on, switch between, fork on, case by case, router, routes,
        route, route to, routed to, routing, triage agent|bot|the|incoming, figure .. out and,
        figure out which|what|whether|if, dispatcher, classifier, decision tree, rule based, escalate, escalation,
        escalated to, refer .. to, referred to, redirect, redirected to, forwarded unchanged,
        block merge|the|it|if|when, blocked whereas|if|when, reject|rejected|decline|declined|denied|refuse|refused,
        auto merge, auto approve, approve automatically, straight to|away, directly, pass automatically,
        settled automatically, manual review, assigned to the .. that|corresponding, handled by the
        ",
    ),
    Cue::new(
        "kinds of input are told apart",
        &[(Conditional, 1.4)],
        "
        of type _, type a|b|c, class a|b|c, modes, categories, category, classified as, rated as, labelled as,
        is a complaint|question|bug|feature|minor|bot, classified and handled,
        classify .. and route|send|forward|assign|put|give,
        different templates|reviewers|handling|treatment|path|paths|rules|flows, different .. for|depending,
        get different, tell apart, distinguish, discriminate between, is it a, kind of, types of
        ",
    ),
    Cue::new(
        "a limit that separates two cases",
        &[(Conditional, 1.2)],
        "
        over|above|exceeding|exceeds|exceed|below|under ?eur|usd|euro #, more|less than #, more as #,
        larger|smaller|bigger|greater|higher|lower than, > #, < #, >= #, <= #, below the|that threshold|limit,
        above the threshold|limit|it, small|smaller|big|bigger|large|larger|tiny|huge|minor|major|urgent ones,
        score under|over|above|below, exceeds
        ",
    ),
    Cue::new(
        "a way round when something fails",
        &[(Conditional, 1.5)],
        "
        fall back, falls back, fallback, skip, roll back otherwise, is down, turns out to be,
        upon loss|failure|success|error, on miss, on a miss, on hit, exit #, on timeout, on any other,
        on a tag|branch, on main, is unavailable, unreachable, if .. fails, in case of failure, on failure,
        on success, upon success, secondary _, plan b, as a fallback, backup option
        ",
    ),
    Cue::new(
        "a check that work hangs on",
        &[(Conditional, 0.6)],
        "
        when, case, with .. without, has, is missing, is available, valid, invalid, legal basis
        ",
    ),
];
