//! What a statement reads: a walk over its tree that notes tables, functions and what forbids remembering.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, Ident, InTarget, ObjectName, Query, Select, SetExpr, Statement,
    TableFactor, Value, ValueWithSpan, Visit, Visitor,
};

use super::effect::{Effect, written};
use super::functions::{Nature, is_moment, is_volatile_word, nature};
use super::{Dialect, Functions, Refusal, TableName};

/// What was found in one statement.
pub(super) struct Reading<'a> {
    dialect: Dialect,
    functions: &'a Functions,
    pub(super) tables: BTreeSet<TableName>,
    /// Names that a WITH gives. One of them may be a table elsewhere in the statement, so it counts as one as well.
    pub(super) given: BTreeSet<String>,
    /// What is written inside the statement, by a WITH or because a function is unknown.
    pub(super) effects: Vec<Effect>,
    /// Why the result is not remembered: the first reason found.
    pub(super) refusal: Option<Refusal>,
    /// The function that stands for a table, whose name the walk passes next.
    called: Option<ObjectName>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(statement: &Statement, dialect: Dialect, functions: &'a Functions) -> Reading<'a> {
        let (tables, given) = (BTreeSet::new(), BTreeSet::new());
        let mut reading =
            Reading { dialect, functions, tables, given, effects: Vec::new(), refusal: None, called: None };
        let _: ControlFlow<()> = statement.visit(&mut reading);
        reading
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
    }

    fn call(&mut self, name: &ObjectName) {
        let declared = TableName::read(name, self.dialect);
        let plain = declared.as_ref().map_or("", |name| &name.table).to_lowercase();
        let is_own = declared.as_ref().is_some_and(|name| !matches!(name.schema.as_deref(), None | Some("pg_catalog")));
        match self.functions.declared(&plain) {
            Some(Nature::Pure) => {}
            Some(_) => self.refuse(Refusal::Volatile(plain)),
            None if is_own => self.unknown(name.to_string()),
            None => match nature(&plain, self.dialect) {
                Nature::Pure => {}
                Nature::Volatile => self.refuse(Refusal::Volatile(plain)),
                Nature::Unknown => self.unknown(plain),
            },
        }
    }

    fn unknown(&mut self, name: String) {
        self.effects.extend([Effect::Everything, Effect::Private]);
        self.refuse(Refusal::UnknownFunction(name));
    }

    fn text(&mut self, text: &str) {
        if is_moment(text) {
            self.refuse(Refusal::Volatile(text.to_owned()));
        }
    }

    fn word(&mut self, ident: &Ident) {
        if ident.quote_style.is_none() && is_volatile_word(&ident.value) {
            self.refuse(Refusal::Volatile(ident.value.to_lowercase()));
        }
    }

    /// `TABLE t` is a query whose name the walk does not pass.
    fn body(&mut self, body: &SetExpr) {
        match body {
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left);
                self.body(right);
            }
            SetExpr::Table(table) => match &table.table_name {
                None => self.refuse(Refusal::NotUnderstood("TABLE without a name".to_owned())),
                Some(name) => {
                    let schema = table.schema_name.as_ref().map(|schema| self.dialect.folded(schema));
                    self.table(TableName { schema, table: self.dialect.folded(name) });
                }
            },
            _ => {}
        }
    }

    fn table(&mut self, name: TableName) {
        let is_system = match self.dialect {
            Dialect::Sqlite => name.table.starts_with("sqlite_") || name.table.starts_with("pragma_"),
            Dialect::Postgres => name.table.starts_with("pg_"),
        };
        let of_schema = matches!(name.schema.as_deref(), Some("pg_catalog" | "information_schema" | "pg_temp"));
        if is_system || of_schema || name.table == "dbstat" {
            self.refuse(Refusal::System(name.to_string()));
        }
        self.tables.insert(name);
    }
}

impl Visitor for Reading<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Query(_) | Statement::Explain { .. } => {}
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_) => {
                self.effects.push(written(statement, self.dialect));
                self.refuse(Refusal::NotARead);
            }
            _ => self.refuse(Refusal::NotARead),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if !query.locks.is_empty() {
            self.refuse(Refusal::Locks);
        }
        for with in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.given.insert(self.dialect.folded(&with.alias.name));
        }
        self.body(&query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() {
            self.effects.extend([Effect::Catalogue, Effect::Private]);
            self.refuse(Refusal::NotARead);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        if self.called.take().as_ref() == Some(name) {
            return ControlFlow::Continue(());
        }
        match TableName::read(name, self.dialect) {
            Some(name) => self.table(name),
            None => self.refuse(Refusal::System(name.to_string())),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => {
                self.refuse(Refusal::Sampled);
            }
            TableFactor::Table { name, args: Some(_), .. } => {
                self.called = Some(name.clone());
                self.call(name);
            }
            TableFactor::Function { name, .. } => self.call(name),
            TableFactor::Table { .. } | TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => {}
            TableFactor::TableFunction { .. } | TableFactor::UNNEST { .. } => {}
            other => self.unknown(other.to_string().chars().take(80).collect()),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(Function { name, .. }) => self.call(name),
            Expr::Identifier(ident) => self.word(ident),
            Expr::In { target: InTarget::Table { name, args: Some(_) }, .. } => self.call(name),
            // `OPERATOR(a.+)` may be anybody's function.
            Expr::BinaryOp {
                op: op @ (BinaryOperator::PGCustomBinaryOperator(_) | BinaryOperator::Custom(_)), ..
            } => {
                self.unknown(op.to_string());
            }
            // What a name of a table or a type stands for is a question to the catalogue.
            Expr::Cast { data_type: DataType::Regclass, .. } => self.refuse(Refusal::System("regclass".to_owned())),
            Expr::Cast { data_type: DataType::Custom(name, _), .. } => {
                let name = name.to_string().to_lowercase();
                if name.contains("reg") {
                    self.refuse(Refusal::System(name));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        match &value.value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => self.text(text),
            Value::UnicodeStringLiteral(text) | Value::NationalStringLiteral(text) => self.text(text),
            Value::DollarQuotedString(text) => self.text(&text.value),
            // In SQLite a double-quoted name that is no column is a text.
            Value::DoubleQuotedString(text) => self.text(text),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
