//! From an event of `tracing` to a line. Read in this order: `layer` (when), `plan` (what is known of a call site), `line` (what
//! stands where), `record` and `texts` (how values are rendered), `span` and `entered` (what spans add), `gate` (what is held
//! back), `output` (where lines go), `fields`, `names`, `stamp`, `escape`, `near`.

mod layer;

mod plan;

mod line;

mod record;

mod texts;

pub(crate) mod span;

mod entered;

mod gate;

mod output;

mod fields;

mod names;

mod stamp;

pub(crate) mod escape;

pub(crate) mod near;

pub use escape::VALUE_LIMIT;
pub use layer::JsonLayer;
pub use line::SCHEMA_VERSION;
pub(crate) use stamp::LAST_SECOND;
