//! Tests of workflows: the engine's own loop in a world where nothing is started. Agents and commands are mocked or
//! played back, the clock jumps to whatever is due next, and what came of it is compared with what was expected.
//!
//! Guards, lists, switches, loops, sub-workflows, checks, judges, fallbacks, retries and undo are the real ones: only the
//! calls are replaced. `script` is what a test file says, `world` the clock and the places, `actors` who answers,
//! `verdict` the comparison.
//!
//! ```
//! use segno_orchestrator::{Definition, agents::Registry, testing::{self, Script}};
//!
//! let flow = "steps: [{ id: deploy, run: [./deploy], retry: { attempts: 3, wait: 1h, max_wait: 1h } }]";
//! let tests = "
//! flow: deploy.yaml
//! tests:
//!   - name: it is tried again for hours
//!     mocks: { deploy: { fail_times: 2, then: { output: done } } }
//!     expect: { steps: { deploy: { status: succeeded, attempts: 3, output: done } }, took: { min: 2h, max: 3h } }
//! ";
//! let load = |name: &str| Definition::parse(flow, name, &Registry::default());
//! let script = Script::parse(tests, "deploy.test.yaml", &load)?;
//! let outcome = testing::run(&script.definition, &script.cases[0]);
//! assert!(outcome.is_passed(), "{}", outcome.told());
//! # Ok::<(), segno_orchestrator::spec::Mistakes>(())
//! ```

mod bounds;
mod expect;
mod mock;
mod script;

mod names;

mod actors;
mod cassette;
mod world;

mod observed;
mod run;
mod verdict;

mod find;
mod junit;
mod timeline;

pub use bounds::Bounds;
pub use cassette::Cassette;
pub use expect::{Expect, StepExpect};
pub use find::{TEST_ENDINGS, find, project_files};
pub use junit::{Suite, junit};
pub use mock::{Does, Mock, MockAnswer};
pub use run::{Bench, Outcome, run};
pub use script::{Case, Limits, Script};
pub use verdict::Breach;
