//! What is known of functions by their names. Who shadows one of these names by a function of his own that is not
//! like it must not use a query cache; functions of other names are unknown until they are declared.

use super::Dialect;

/// What calling a function means for remembering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// The same arguments give the same value as long as the tables are the same.
    Pure,
    /// Its value changes by itself, and nothing is changed by it.
    Volatile,
    /// It may do anything: change tables too.
    Unknown,
}

/// Returns what is known of a function of this name, given in lower case. What is no function of the database's own may
/// be anybody's.
pub(super) fn nature(name: &str, dialect: Dialect) -> Nature {
    let (pure, volatile) = match dialect {
        Dialect::Sqlite => (SQLITE_PURE, SQLITE_VOLATILE),
        Dialect::Postgres => (POSTGRES_PURE, POSTGRES_VOLATILE),
    };
    match name {
        _ if pure.contains(&name) => Nature::Pure,
        _ if volatile.contains(&name) || dialect == Dialect::Sqlite && name.starts_with("pragma_") => Nature::Volatile,
        _ => Nature::Unknown,
    }
}

/// Returns whether a name without brackets is one of those that the grammar of SQL calls without.
pub(super) fn is_volatile_word(name: &str) -> bool {
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// Texts that mean a moment when they become a date, in PostgreSQL and, the first, in SQLite.
const MOMENTS: [&str; 5] = ["now", "today", "tomorrow", "yesterday", "allballs"];

/// Returns whether a text may mean a moment that is another one each time.
pub(super) fn is_moment(text: &str) -> bool {
    // PostgreSQL takes them with more round them: "today 10:00".
    let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic());
    text.len() <= 64 && words.any(|word| MOMENTS.iter().any(|moment| moment.eq_ignore_ascii_case(word)))
}

const WORDS: [&str; 14] = [
    "current_timestamp",
    "current_time",
    "current_date",
    "localtime",
    "localtimestamp",
    "current_user",
    "session_user",
    "user",
    "current_role",
    "current_catalog",
    "current_schema",
    "system_user",
    "sysdate",
    "current_database",
];

#[rustfmt::skip]
const SQLITE_PURE: &[&str] = &[
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "bm25", "ceil", "ceiling", "char",
    "coalesce", "concat", "concat_ws", "cos", "cosh", "count", "cume_dist", "degrees", "dense_rank", "exp",
    "first_value", "floor", "format", "generate_series", "glob", "group_concat", "hex", "highlight", "if", "ifnull",
    "iif", "instr", "json", "json_array", "json_array_length", "json_each", "json_error_position", "json_extract",
    "json_group_array", "json_group_object", "json_insert", "json_object", "json_patch", "json_quote", "json_remove",
    "json_replace", "json_set", "json_tree", "json_type", "json_valid", "jsonb", "jsonb_array", "jsonb_each",
    "jsonb_extract", "jsonb_group_array", "jsonb_group_object", "jsonb_insert", "jsonb_object", "jsonb_patch",
    "jsonb_remove", "jsonb_replace", "jsonb_set", "jsonb_tree", "lag", "last_value", "lead", "length", "like",
    "likelihood", "likely", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "median", "min", "mod", "nth_value",
    "ntile", "nullif", "octet_length", "percent_rank", "percentile_cont", "percentile_disc", "pi", "pow", "power",
    "printf", "quote", "radians", "rank", "replace", "round", "row_number", "rtrim", "sign", "sin", "sinh", "snippet",
    "soundex", "sqrt", "string_agg", "substr", "substring", "sum", "tan", "tanh", "total", "trim", "trunc", "typeof",
    "unhex", "unicode", "unlikely", "upper", "zeroblob",
];

#[rustfmt::skip]
const POSTGRES_PURE: &[&str] = &[
    "abs", "acos", "acosh", "array", "array_agg", "array_append", "array_cat", "array_length", "array_position",
    "array_prepend", "array_remove", "array_replace", "array_to_string", "ascii", "asin", "asinh", "atan", "atan2",
    "atanh", "avg", "bit_and", "bit_length", "bit_or", "bool_and", "bool_or", "btrim", "cardinality", "cbrt", "ceil",
    "ceiling", "char_length", "character_length", "chr", "coalesce", "concat", "concat_ws", "corr", "cos", "cosh",
    "cot", "count", "covar_pop", "covar_samp", "cume_dist", "date_bin", "date_part", "date_trunc", "decode", "degrees",
    "dense_rank", "div", "encode", "every", "exp", "extract", "factorial", "first_value", "floor", "format", "gcd",
    "generate_series", "generate_subscripts", "greatest", "grouping", "initcap", "isempty", "json_agg", "json_array",
    "json_array_elements", "json_array_elements_text", "json_array_length", "json_build_array", "json_build_object",
    "json_each", "json_each_text", "json_extract_path", "json_extract_path_text", "json_object", "json_object_agg",
    "json_object_keys", "json_typeof", "jsonb_agg", "jsonb_array_elements", "jsonb_array_elements_text",
    "jsonb_array_length", "jsonb_build_array", "jsonb_build_object", "jsonb_each", "jsonb_each_text",
    "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_insert", "jsonb_object", "jsonb_object_agg",
    "jsonb_object_keys", "jsonb_path_exists", "jsonb_pretty", "jsonb_set", "jsonb_strip_nulls", "jsonb_typeof", "lag",
    "last_value", "lcm", "lead", "least", "left", "length", "ln", "log", "log10", "lower", "lower_inc", "lower_inf",
    "lpad", "ltrim", "make_date", "make_interval", "make_time", "make_timestamp", "max", "md5", "min", "mod", "mode",
    "nth_value", "ntile", "nullif", "num_nonnulls", "num_nulls", "octet_length", "overlay", "percent_rank",
    "percentile_cont", "percentile_disc", "phraseto_tsquery", "pi", "plainto_tsquery", "position", "pow", "power",
    "quote_ident", "quote_literal", "quote_nullable", "radians", "rank", "regexp_count", "regexp_instr", "regexp_like",
    "regexp_match", "regexp_matches", "regexp_replace", "regexp_split_to_array", "regexp_substr", "regr_slope",
    "repeat", "replace", "reverse", "right", "round", "row_number", "row_to_json", "rpad", "rtrim", "sha224", "sha256",
    "sha384", "sha512", "sign", "sin", "sinh", "split_part", "sqrt", "starts_with", "stddev", "stddev_pop",
    "stddev_samp", "string_agg", "string_to_array", "string_to_table", "strpos", "substr", "substring", "sum", "tan",
    "tanh", "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number", "to_tsquery", "to_tsvector",
    "translate", "trim", "trunc", "ts_headline", "ts_rank", "ts_rank_cd", "unnest", "upper", "upper_inc", "upper_inf",
    "var_pop", "var_samp", "variance", "websearch_to_tsquery", "width_bucket",
];

#[rustfmt::skip]
const SQLITE_VOLATILE: &[&str] = &[
    "changes", "current_date", "current_time", "current_timestamp", "date", "datetime", "julianday",
    "last_insert_rowid", "random", "randomblob", "sqlite_compileoption_get", "sqlite_compileoption_used",
    "sqlite_offset", "sqlite_source_id", "sqlite_version", "strftime", "time", "timediff", "total_changes",
    "unixepoch",
];

#[rustfmt::skip]
const POSTGRES_VOLATILE: &[&str] = &[
    "age", "clock_timestamp", "current_catalog", "current_database", "current_date", "current_query", "current_role",
    "current_schema", "current_schemas", "current_setting", "current_time", "current_timestamp", "current_user",
    "currval", "date", "gen_random_bytes", "gen_random_uuid", "has_schema_privilege", "has_table_privilege",
    "inet_client_addr", "inet_server_addr", "lastval", "localtime", "localtimestamp", "now", "obj_description",
    "pg_backend_pid", "pg_column_size", "pg_database_size", "pg_get_viewdef", "pg_indexes_size", "pg_is_in_recovery",
    "pg_postmaster_start_time", "pg_relation_size", "pg_size_pretty", "pg_sleep", "pg_table_size",
    "pg_total_relation_size", "pg_typeof", "random", "random_normal", "session_user", "statement_timestamp", "time",
    "timeofday", "to_regclass", "transaction_timestamp", "txid_current", "user", "uuid_generate_v1",
    "uuid_generate_v4", "uuidv4", "uuidv7", "version",
];

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgres];

    #[test]
    fn what_is_not_known_may_do_anything() {
        for dialect in BOTH {
            assert_eq!(nature("lower", dialect), Nature::Pure);
            assert_eq!(nature("random", dialect), Nature::Volatile);
            for name in ["nextval", "setval", "set_config", "load_extension", "lo_unlink", "dblink", "my_function", ""]
            {
                assert_eq!(nature(name, dialect), Nature::Unknown, "{name}");
            }
        }
        assert_eq!(nature("pragma_table_info", Dialect::Sqlite), Nature::Volatile);
    }

    #[test]
    fn what_one_database_has_may_be_anybodys_function_in_the_other() {
        for name in ["total", "quote", "printf", "instr", "glob", "iif", "median", "hex", "typeof", "json_extract"] {
            assert_eq!(nature(name, Dialect::Sqlite), Nature::Pure, "{name}");
            assert_eq!(nature(name, Dialect::Postgres), Nature::Unknown, "{name}");
        }
        for name in ["md5", "split_part", "regexp_replace", "date_trunc", "now", "pg_sleep", "array_agg"] {
            assert_eq!(nature(name, Dialect::Sqlite), Nature::Unknown, "{name}");
            assert_ne!(nature(name, Dialect::Postgres), Nature::Unknown, "{name}");
        }
    }

    #[test]
    fn no_function_is_both_pure_and_volatile() {
        for (pure, volatile) in [(SQLITE_PURE, SQLITE_VOLATILE), (POSTGRES_PURE, POSTGRES_VOLATILE)] {
            let both: Vec<_> = pure.iter().filter(|name| volatile.contains(name)).collect();
            assert!(both.is_empty(), "{both:?}");
        }
    }

    #[test]
    fn a_text_may_mean_a_moment() {
        assert!(["now", " NOW ", "today 10:00", "Yesterday"].iter().all(|text| is_moment(text)));
        assert!(!["", "2026-01-01", "nowhere", "epoch", "infinity"].iter().any(|text| is_moment(text)));
    }
}
