//! Questions that are answered from summaries where that gives the very same answer, and from lines else.

use std::path::{Path as FilePath, PathBuf};

use super::super::analyze::{Analysis, By, Counts, Percentiles, analyze};
use super::super::sources::Source;
use super::super::{Error, Filter, Level, Query, Sources, Tally};
use super::{Shelf, Summary};

/// A question that a summary may answer.
pub trait Summed: Analysis {
    /// Says whether summaries of this segment's lines can answer it at all.
    fn is_summed(&self, filter: &Filter) -> bool;

    /// Takes a whole segment into account and returns how many of its lines the filter wants; `None`, with nothing done,
    /// when its lines have to be read.
    fn take(&mut self, summary: &Summary, filter: &Filter) -> Option<u64>;
}

/// Asks all lines that the query wants; of segments with a sidecar, the sidecar.
///
/// # Errors
/// Those of [`analyze`].
pub fn analyze_with<A: Summed>(
    sources: Sources,
    query: &Query,
    shelf: &Shelf,
    new: impl Fn() -> A + Sync,
) -> Result<(A, Tally), Error> {
    let mut answer = new();
    if !answer.is_summed(&query.filter) || !is_plain(&query.filter) {
        return analyze(sources, query, new);
    }
    let files: Vec<PathBuf> = sources.files().map(FilePath::to_owned).collect();
    let order = |path: &FilePath| files.iter().position(|file| file == path).unwrap_or(usize::MAX);
    let Sources { list, leftover, listing } = sources;
    // What a writer still holds for a file is in no sidecar.
    let is_whole = |file: &FilePath| leftover.as_ref().and_then(|leftover| leftover(file)).is_none();
    let mut tally = Tally::default();
    let mut left = Vec::new();
    for source in list {
        let known = match &source {
            Source::File(file) => taken(&mut answer, file, &is_whole, query, shelf)?,
            Source::Stream(..) => None,
        };
        match known {
            Some(more) => tally.merge(more, order),
            None => left.push(source),
        }
    }
    let (rest, more) = analyze(Sources { list: left, leftover, listing }, query, new)?;
    answer.join(rest);
    tally.merge(more, order);
    Ok((answer, tally))
}

/// Takes a segment into account by its summary, if there is one that answers.
fn taken<A: Summed>(
    answer: &mut A,
    file: &FilePath,
    is_whole: &impl Fn(&FilePath) -> bool,
    query: &Query,
    shelf: &Shelf,
) -> Result<Option<Tally>, Error> {
    let Some(summary) = shelf.summary(file, query)?.filter(|_| is_whole(file)) else { return Ok(None) };
    let times = summary.times();
    let Filter { since, until, .. } = &query.filter;
    let has_bounds = since.is_some() || until.is_some();
    let is_outside = times.is_none_or(|(first, last)| {
        since.is_some_and(|since| last < since) || until.is_some_and(|until| first >= until)
    });
    if has_bounds && is_outside {
        return Ok(Some(Tally { files: 1, passed_bytes: summary.bytes, ..Tally::default() }));
    }
    let is_inside = times.is_some_and(|(first, last)| {
        since.is_none_or(|since| first >= since) && until.is_none_or(|until| last < until)
    });
    // A line without a time is never in a time that is asked for.
    if has_bounds && !(is_inside && summary.timeless == 0) {
        return Ok(None);
    }
    Ok(answer.take(&summary, &query.filter).map(|matched| summary.tally(file, matched)))
}

/// Says whether a filter asks for nothing but levels, components and times.
fn is_plain(filter: &Filter) -> bool {
    let Filter { correlation_id, conditions, texts, regexes, .. } = filter;
    correlation_id.is_none() && conditions.is_empty() && texts.is_empty() && regexes.is_empty()
}

/// Returns the groups that a filter wants.
fn wanted<'a>(
    summary: &'a Summary,
    filter: &'a Filter,
) -> impl Iterator<Item = (Option<Level>, Option<&'a str>, u64)> + 'a {
    let groups = summary.counts.iter().map(|((level, component), count)| (*level, component.as_deref(), *count));
    groups.filter(move |(level, component, _)| {
        filter.levels.is_none_or(|levels| level.is_some_and(|level| levels.contains(level)))
            && takes(filter, *component)
    })
}

fn takes(filter: &Filter, component: Option<&str>) -> bool {
    let is_one = |component: &str| filter.components.iter().any(|wanted| wanted.takes(component));
    filter.components.is_empty() || component.is_some_and(is_one)
}

impl Summed for Counts {
    fn is_summed(&self, _: &Filter) -> bool {
        self.by().iter().all(|by| matches!(by, By::Level | By::Component))
    }

    fn take(&mut self, summary: &Summary, filter: &Filter) -> Option<u64> {
        let mut matched = 0;
        for (level, component, count) in wanted(summary, filter) {
            let part = |by: &By| if *by == By::Level { level.map(Level::name) } else { component };
            let parts: Vec<Option<&str>> = self.by().iter().map(part).collect();
            self.add(&parts, count);
            matched += count;
        }
        Some(matched)
    }
}

impl Summed for Percentiles {
    /// Numbers are kept by component and not by level, and of the outermost object alone.
    fn is_summed(&self, filter: &Filter) -> bool {
        let field = self.field().as_str();
        let named = ["timestamp", "level", "component", "message", "correlation_id"];
        filter.levels.is_none()
            && self.by().iter().all(|by| *by == By::Component)
            && !field.contains('.')
            && !named.contains(&field)
    }

    fn take(&mut self, summary: &Summary, filter: &Filter) -> Option<u64> {
        let numbers = summary.numbers.as_ref()?;
        let matched = wanted(summary, filter).map(|(_, _, count)| count).sum();
        let mut with = 0;
        for ((component, field), sketch) in numbers {
            if field == self.field().as_str() && takes(filter, component.as_deref()) {
                with += sketch.count();
                let parts: Vec<Option<&str>> = self.by().iter().map(|_| component.as_deref()).collect();
                self.add(&parts, sketch.clone());
            }
        }
        self.add_without(u64::saturating_sub(matched, with));
        Some(matched)
    }
}
