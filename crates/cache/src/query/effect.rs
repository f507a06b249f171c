//! What a statement does to what is remembered, told from its syntax.

use sqlparser::ast::{
    ContextModifier, CopySource, Delete, FromTable, Insert, Merge, ObjectName, Reset, Set, Statement, TableFactor,
    TableObject, TableWithJoins, Truncate, Update,
};

use super::{Dialect, TableName};

/// What follows from a statement once it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// These tables are written.
    Writes(Vec<TableName>),
    /// Anything may be written.
    Everything,
    /// Anything may be written, and tables may be other ones.
    Catalogue,
    /// A transaction begins.
    Begin,
    /// The transaction is made to last; with `chain` the next one begins.
    Commit { chain: bool },
    /// The transaction is undone; with `chain` the next one begins.
    Rollback { chain: bool },
    /// A mark is set, to which a transaction can go back.
    Savepoint(String),
    /// A mark is given up.
    Release(String),
    /// It is not known whether a transaction is open from here on.
    Doubt,
    /// The session is set up differently: this setting, if what was set up before does not matter for it.
    Setting(Option<String>),
    /// The transaction, until it ends, sees something else than its beginning tells.
    Local,
    /// The session has what no other has: tables of its own, settings that nobody saw.
    Private,
    /// The session sees another database too, whose writes are not told from its own.
    Blind,
}

/// Returns what the statement does, and whether it is a plain query.
pub(super) fn effects(statement: &Statement, dialect: Dialect) -> Vec<Effect> {
    match statement {
        Statement::Query(_) => Vec::new(),
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_) => {
            vec![written(statement, dialect)]
        }
        Statement::Truncate(truncate) => vec![truncated(truncate, dialect)],
        Statement::Copy { source, to, .. } => match (to, source) {
            (true, _) => Vec::new(),
            (false, CopySource::Table { table_name, .. }) => vec![writes([Some(table_name)], dialect)],
            (false, CopySource::Query(_)) => vec![Effect::Everything],
        },
        Statement::Explain { analyze, options, statement, .. } => match *analyze || options.is_some() {
            true => effects(statement, dialect),
            false => Vec::new(),
        },
        Statement::StartTransaction { statements, .. } if statements.is_empty() => vec![Effect::Begin],
        // One with statements is a block of a language that nobody here knows.
        Statement::StartTransaction { .. } => vec![Effect::Doubt, Effect::Catalogue, Effect::Private],
        Statement::Commit { chain, .. } => vec![Effect::Commit { chain: *chain }],
        Statement::Rollback { savepoint: None, chain } => vec![Effect::Rollback { chain: *chain }],
        Statement::Rollback { .. } => Vec::new(),
        Statement::Savepoint { name } => vec![Effect::Savepoint(dialect.folded(name))],
        Statement::ReleaseSavepoint { name } => vec![Effect::Release(dialect.folded(name))],
        Statement::Set(set) => vec![setting(set)],
        Statement::Reset(reset) => vec![Effect::Setting(match &reset.reset {
            Reset::ConfigurationParameter(name) => alone(name),
            _ => None,
        })],
        Statement::Pragma { name, value, .. } => pragma(&last(name), value.is_some()),
        Statement::Use(_) | Statement::Discard { .. } => vec![Effect::Private],
        Statement::AttachDatabase { .. } | Statement::DetachDuckDBDatabase { .. } => {
            vec![Effect::Catalogue, Effect::Blind]
        }
        _ if makes_own(statement, dialect) => vec![Effect::Catalogue, Effect::Private],
        // Rows without a key of their own may get other row ids.
        Statement::Vacuum(_) => vec![Effect::Everything],
        _ if changes_nothing(statement) => Vec::new(),
        _ if is_catalogue(statement) => vec![Effect::Catalogue],
        // Whatever else there is (EXECUTE, CALL, DO, cursors) may do anything, and set the session up too.
        _ => vec![Effect::Catalogue, Effect::Private],
    }
}

/// Returns which tables an INSERT, UPDATE, DELETE or MERGE writes; everything for any other statement.
pub(super) fn written(statement: &Statement, dialect: Dialect) -> Effect {
    match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), multi_table_insert_type: None, .. }) => {
            writes([Some(name)], dialect)
        }
        Statement::Update(Update { table, .. }) => writes(named(std::slice::from_ref(table)), dialect),
        Statement::Delete(Delete { tables, from, .. }) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = from;
            writes(tables.iter().map(Some).chain(named(from)), dialect)
        }
        Statement::Merge(Merge { table: TableFactor::Table { name, .. }, .. }) => writes([Some(name)], dialect),
        _ => Effect::Everything,
    }
}

fn truncated(truncate: &Truncate, dialect: Dialect) -> Effect {
    match truncate.cascade {
        None => writes(truncate.table_names.iter().map(|target| Some(&target.name)), dialect),
        Some(_) => Effect::Everything,
    }
}

/// Returns the names of the tables of a FROM, with `None` for what is no table.
fn named(from: &[TableWithJoins]) -> impl Iterator<Item = Option<&ObjectName>> {
    let factors =
        from.iter().flat_map(|one| std::iter::once(&one.relation).chain(one.joins.iter().map(|join| &join.relation)));
    factors.map(|factor| match factor {
        TableFactor::Table { name, args: None, .. } => Some(name),
        _ => None,
    })
}

fn writes<'a>(names: impl IntoIterator<Item = Option<&'a ObjectName>>, dialect: Dialect) -> Effect {
    let names = names.into_iter().map(|name| TableName::read(name?, dialect));
    names.collect::<Option<Vec<_>>>().map_or(Effect::Everything, Effect::Writes)
}

fn setting(set: &Set) -> Effect {
    match set {
        // Among them an older snapshot, which may be taken over.
        Set::SetTransaction { session: false, .. } => Effect::Local,
        Set::SingleAssignment { scope: Some(ContextModifier::Local), .. } | Set::SetTimeZone { local: true, .. } => {
            Effect::Local
        }
        Set::SetRole { context_modifier: Some(ContextModifier::Local), .. } => Effect::Local,
        Set::SingleAssignment { variable, .. } => Effect::Setting(alone(variable)),
        Set::SetTimeZone { .. } => Effect::Setting(Some("timezone".to_owned())),
        _ => Effect::Setting(None),
    }
}

/// Returns the setting's name, if what it is set to says all.
fn alone(name: &ObjectName) -> Option<String> {
    let parts: Option<Vec<String>> =
        name.0.iter().map(|part| part.as_ident().map(|ident| ident.value.to_lowercase())).collect();
    let name = parts?.join(".");
    // Who somebody is depends on who he was, and half a date style on the other half.
    (!matches!(name.as_str(), "role" | "session_authorization" | "datestyle")).then_some(name)
}

fn last(name: &ObjectName) -> String {
    name.0.last().map_or_else(String::new, ToString::to_string)
}

/// Settings of SQLite that do nothing but hold.
const ALONE: [&str; 12] = [
    "busy_timeout",
    "cache_size",
    "case_sensitive_like",
    "defer_foreign_keys",
    "foreign_keys",
    "full_column_names",
    "journal_mode",
    "mmap_size",
    "recursive_triggers",
    "short_column_names",
    "synchronous",
    "wal_autocheckpoint",
];

/// What is asked with a value, and sets nothing.
const QUESTIONS: [&str; 8] = [
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "table_info",
    "table_xinfo",
];

/// Returns what a PRAGMA does. One without a value only asks.
pub(super) fn pragma(name: &str, has_value: bool) -> Vec<Effect> {
    let name = name.to_lowercase();
    match has_value && !QUESTIONS.contains(&name.as_str()) {
        false => Vec::new(),
        true => vec![Effect::Setting(ALONE.contains(&name.as_str()).then_some(name))],
    }
}

/// Returns whether what the statement makes is seen by its session alone.
fn makes_own(statement: &Statement, dialect: Dialect) -> bool {
    let (is_temporary, name) = match statement {
        Statement::CreateTable(create) => (create.temporary, &create.name),
        Statement::CreateView(create) => (create.temporary, &create.name),
        Statement::CreateTrigger(create) => (create.temporary, &create.name),
        Statement::CreateSequence { temporary, name, .. } => (*temporary, name),
        Statement::CreateVirtualTable { name, .. } => (false, name),
        _ => return false,
    };
    let schema = TableName::read(name, dialect).and_then(|name| name.schema);
    is_temporary || schema.is_some_and(|schema| schema == "temp" || schema.starts_with("pg_temp"))
}

/// Returns whether the statement changes neither tables nor what a query says.
fn changes_nothing(statement: &Statement) -> bool {
    use Statement as S;
    matches!(
        statement,
        S::Analyze(_)
            | S::Comment { .. }
            | S::ExplainTable { .. }
            | S::Lock(_)
            | S::ShowVariable { .. }
            | S::ShowVariables { .. }
            | S::ShowStatus { .. }
            | S::ShowTables { .. }
            | S::LISTEN { .. }
            | S::UNLISTEN { .. }
            | S::NOTIFY { .. }
    )
}

/// Returns whether the statement makes, alters or drops what has a name.
fn is_catalogue(statement: &Statement) -> bool {
    use Statement as S;
    matches!(
        statement,
        S::CreateTable(_)
            | S::CreateView(_)
            | S::CreateIndex(_)
            | S::CreateVirtualTable { .. }
            | S::CreateSchema { .. }
            | S::CreateSequence { .. }
            | S::CreateFunction(_)
            | S::CreateTrigger(_)
            | S::CreateType { .. }
            | S::CreateDomain(_)
            | S::CreateExtension(_)
            | S::CreatePolicy(_)
            | S::AlterTable(_)
            | S::AlterIndex { .. }
            | S::AlterView(_)
            | S::AlterSchema(_)
            | S::AlterType(_)
            | S::AlterPolicy(_)
            | S::AlterFunction(_)
            | S::AlterTrigger(_)
            | S::Drop { .. }
            | S::DropFunction(_)
            | S::DropTrigger(_)
            | S::DropPolicy(_)
            | S::DropExtension(_)
            | S::Grant(_)
            | S::Revoke(_)
            | S::RefreshMaterializedView(_)
    )
}
