//! By which columns a statement looks for rows: comparisons joined by AND in WHERE and ON.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator as Operator, Delete, Expr, FromTable, Ident, InTarget, JoinConstraint, JoinOperator, Select,
    Statement, TableFactor, TableWithJoins, Update, Value, Visit, Visitor,
};

use super::super::tokens::Tokens;
use super::super::{Dialect, TableName};

/// How a column is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// With one value, or with each of a list.
    Equal,
    /// With a bound.
    Range,
    /// In a way that no plain index serves, as a sentence.
    Unusable(String),
}

/// A column that rows are found by.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) used: Use,
}

/// What a statement looks for, by the names that it gives its tables.
#[derive(Debug, Default)]
pub(super) struct Filters {
    dialect: Option<Dialect>,
    /// Alias and table. A name may stand here twice, if two parts of the statement use it.
    tables: Vec<(String, String)>,
    /// Alias and column.
    columns: Vec<(String, Column)>,
}

impl Filters {
    /// Reads them; a statement that is not understood has none.
    pub(super) fn of(sql: &str, dialect: Dialect) -> Filters {
        let filters = Filters { dialect: Some(dialect), ..Filters::default() };
        let Some(tokens) = Tokens::of(sql, dialect) else { return filters };
        tokens.parse(sql, dialect, |parsed| {
            let mut filters = filters;
            if let Ok([statement]) = parsed.as_deref() {
                let _: ControlFlow<()> = statement.visit(&mut filters);
            }
            filters
        })
    }

    /// Returns the table behind a name; none if two tables have it.
    pub(super) fn table(&self, name: &str) -> Option<String> {
        let name = self.folded(&Ident::with_quote('"', name));
        let mut named = self.tables.iter().filter(|(alias, table)| *alias == name || *table == name);
        let (_, table) = named.next()?;
        named.all(|(_, other)| other == table).then(|| table.clone())
    }

    pub(super) fn columns<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Column> {
        let name = self.folded(&Ident::with_quote('"', name));
        self.columns.iter().filter(move |(alias, _)| *alias == name).map(|(_, column)| column)
    }

    fn folded(&self, ident: &Ident) -> String {
        self.dialect.map_or_else(|| ident.value.clone(), |dialect| dialect.folded(ident))
    }

    fn scope(&mut self, from: &[TableWithJoins], selection: Option<&Expr>) {
        let mut names = Vec::new();
        for one in from {
            self.name(&one.relation, &mut names);
            one.joins.iter().for_each(|join| self.name(&join.relation, &mut names));
        }
        for join in from.iter().flat_map(|one| &one.joins) {
            match constraint(&join.join_operator) {
                Some(JoinConstraint::On(condition)) => self.conjunct(condition, &names),
                Some(JoinConstraint::Using(columns)) => {
                    let columns = columns.iter().filter_map(|column| column.0.last()?.as_ident());
                    let columns: Vec<String> = columns.map(|column| self.folded(column)).collect();
                    for (name, column) in names.iter().flat_map(|name| columns.iter().map(move |column| (name, column)))
                    {
                        self.columns.push((name.clone(), Column { name: column.clone(), used: Use::Equal }));
                    }
                }
                _ => {}
            }
        }
        if let Some(selection) = selection {
            self.conjunct(selection, &names);
        }
    }

    fn name(&mut self, factor: &TableFactor, names: &mut Vec<String>) {
        if let (TableFactor::Table { name, alias, args: None, .. }, Some(dialect)) = (factor, self.dialect)
            && let Some(name) = TableName::read(name, dialect)
        {
            let alias = alias.as_ref().map_or_else(|| name.table.clone(), |alias| self.folded(&alias.name));
            names.push(alias.clone());
            self.tables.push((alias, name.table));
        }
    }

    fn conjunct(&mut self, condition: &Expr, names: &[String]) {
        match condition {
            Expr::Nested(inner) => self.conjunct(inner, names),
            Expr::BinaryOp { left, op: Operator::And, right } => {
                self.conjunct(left, names);
                self.conjunct(right, names);
            }
            Expr::BinaryOp { left, op, right } => {
                let used = match op {
                    Operator::Eq | Operator::Spaceship => Use::Equal,
                    Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => Use::Range,
                    Operator::Or => Use::Unusable("one of several conditions is enough (OR)".to_owned()),
                    other => Use::Unusable(format!("the comparison `{other}` uses no plain index")),
                };
                [left, right].into_iter().for_each(|side| self.side(side, used.clone(), names));
            }
            Expr::In { expr, negated: false, .. } => {
                self.side(expr, Use::Equal, names);
            }
            Expr::IsNull(expr) => self.side(expr, Use::Equal, names),
            Expr::Between { expr, negated: false, .. } => self.side(expr, Use::Range, names),
            Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
                let reason = match is_open(pattern) {
                    true => "a pattern that begins with a wildcard matches anywhere",
                    false => "a pattern (LIKE) uses no plain index",
                };
                self.side(expr, Use::Unusable(reason.to_owned()), names);
            }
            other => self.side(other, Use::Unusable("the condition compares no column with a value".to_owned()), names),
        }
    }

    /// Notes the column on one side of a comparison; one inside of a function or a calculation is not found by an index.
    fn side(&mut self, side: &Expr, used: Use, names: &[String]) {
        match side {
            Expr::Nested(inner) => self.side(inner, used, names),
            // Of several tables, which has the column is the catalogue's to say.
            Expr::Identifier(column) => {
                if let [only] = names {
                    self.note(only.clone(), column, used);
                }
            }
            Expr::CompoundIdentifier(parts) => {
                if let [.., table, column] = &parts[..] {
                    let alias = self.folded(table);
                    // A column of an outer part is a value in here.
                    if names.contains(&alias) {
                        self.note(alias, column, used);
                    }
                }
            }
            Expr::Value(_) => {}
            other => {
                let mut inside = Inside::default();
                let or = matches!(&used, Use::Unusable(reason) if reason.ends_with("(OR)"));
                let _: ControlFlow<()> = other.visit(&mut inside);
                let reason =
                    "its column stands inside of a function or a calculation; an index on that expression may help";
                for column in inside.0 {
                    let unusable = if or { used.clone() } else { Use::Unusable(reason.to_owned()) };
                    self.side(&column, unusable, names);
                }
            }
        }
    }

    fn note(&mut self, alias: String, column: &Ident, used: Use) {
        let name = self.folded(column);
        self.columns.push((alias, Column { name, used }));
    }
}

impl Visitor for Filters {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.scope(&select.from, select.selection.as_ref());
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Update(Update { table, selection, .. }) => {
                self.scope(std::slice::from_ref(table), selection.as_ref());
            }
            Statement::Delete(Delete { from, selection, .. }) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = from;
                self.scope(from, selection.as_ref());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// The columns inside of an expression.
#[derive(Default)]
struct Inside(Vec<Expr>);

impl Visitor for Inside {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.0.push(expr.clone()),
            // Another part of the statement, which is looked at by itself.
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::In { target: InTarget::Subquery(_), .. } => {
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn is_open(pattern: &Expr) -> bool {
    match pattern {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.starts_with(['%', '_']),
            _ => false,
        },
        _ => false,
    }
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => {
            Some(on)
        }
        JoinOperator::Right(on) | JoinOperator::RightOuter(on) | JoinOperator::FullOuter(on) => Some(on),
        _ => None,
    }
}
