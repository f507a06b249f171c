//! The view on a terminal: folds events as they come, and has the tree drawn by a thread of its own.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use segno_orchestrator::engine::Observer;
use segno_orchestrator::model::{Event, RunId, Timestamp};
use segno_orchestrator::plan::Plan;
use segno_orchestrator::state::Mark;

use super::look::Look;
use super::model::Model;
use super::rows::{Motion, rows};
use super::screen::{Screen, Size};
use super::ticker::{Ticker, Turn, lock};

/// What a terminal has that does not tell its size.
const USUAL_SIZE: Size = Size { width: 80, height: 24 };

/// A tree of steps on stderr that follows a run.
#[derive(Debug)]
pub(crate) struct Live {
    scene: Arc<Mutex<Scene>>,
    ticker: Ticker,
}

/// What the loop and the thread share.
#[derive(Debug)]
struct Scene {
    model: Model,
    /// Lines that wait to be shown above the tree.
    said: Vec<String>,
}

/// What is asked anew for each frame.
struct Surroundings {
    size: Box<dyn Fn() -> Size + Send>,
    now: Box<dyn Fn() -> Timestamp + Send>,
}

impl Live {
    /// Begins to draw on stderr, which is a terminal.
    pub(crate) fn start(plan: Arc<Plan>, look: Look) -> Live {
        let surroundings =
            Surroundings { size: Box::new(terminal), now: Box::new(|| Timestamp::from_system(SystemTime::now())) };
        Live::on(Box::new(std::io::stderr()), surroundings, plan, look)
    }

    fn on(out: Box<dyn Write + Send>, surroundings: Surroundings, plan: Arc<Plan>, look: Look) -> Live {
        let scene = Arc::new(Mutex::new(Scene { model: Model::new(plan, (surroundings.now)()), said: Vec::new() }));
        let shared = scene.clone();
        let mut screen = Screen::new(out);
        let draw = move |turn| {
            let Surroundings { size, now } = &surroundings;
            let (size, now) = (size(), now());
            let mut scene = lock(&shared);
            let said = std::mem::take(&mut scene.said);
            let lines = scene.lines(turn, look, now, size);
            // The terminal may be slow; the loop need not wait for it.
            drop(scene);
            screen.show(&said, lines, size);
        };
        Live { scene, ticker: Ticker::start(draw) }
    }

    /// Shows a line above the tree, where it stays.
    pub(crate) fn say(&self, text: &str) {
        lock(&self.scene).said.extend(text.lines().map(str::to_owned));
    }

    /// Returns the marks that were set.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        lock(&self.scene).model.marks().to_vec()
    }

    /// Leaves the last picture on the screen and gives the cursor back. What is seen or said later is not shown.
    pub(crate) fn finish(&self) {
        self.ticker.stop();
    }
}

impl Observer for Live {
    fn see(&self, _: &RunId, events: &[Event]) {
        let mut scene = lock(&self.scene);
        events.iter().for_each(|event| scene.model.apply(event));
    }
}

impl Scene {
    fn lines(&self, turn: Turn, look: Look, now: Timestamp, size: Size) -> Vec<String> {
        let motion = match turn {
            Turn::Next => Motion::Moving,
            Turn::Last => Motion::Still,
        };
        if self.model.is_current() { rows(&self.model, look, now, motion, size) } else { Vec::new() }
    }
}

/// Returns the size of the terminal on stderr.
fn terminal() -> Size {
    let known = terminal_size::terminal_size_of(std::io::stderr());
    let size = known.map(|(width, height)| Size { width: width.0.into(), height: height.0.into() });
    size.filter(|size| size.width > 0 && size.height > 0).unwrap_or(USUAL_SIZE)
}

#[cfg(test)]
mod tests {
    use super::super::script::{events, plan, sink};
    use super::*;

    fn live() -> (impl Fn() -> String, Live) {
        let (written, out) = sink();
        let surroundings =
            Surroundings { size: Box::new(|| Size { width: 30, height: 10 }), now: Box::new(|| Timestamp(300)) };
        let look = Look { colour: false, unicode: true, jobs: 1 };
        (written, Live::on(out, surroundings, plan("steps: [{ id: a, run: [a] }]"), look))
    }

    #[test]
    fn the_final_tree_stays_and_the_cursor_comes_back() {
        let (written, live) = live();
        live.see(&RunId::new("r").unwrap(), &events("0 run\n0 start a\n300 done a 300\n300 over succeeded"));
        live.say("segno: hello");
        live.finish();
        let last = "✓ a                      0.3s\x1b[K\r\n✓ succeeded · 1/1 · 0.3s\x1b[K\r\n\x1b[J\x1b[?25h\x1b[?2026l\x1b[?25h";
        assert!(written().ends_with(last), "{:?}", written());
        assert!(written().contains("segno: hello\x1b[K\r\n"));
    }

    #[test]
    fn a_view_that_saw_nothing_but_the_past_writes_nothing() {
        let (written, live) = live();
        live.see(&RunId::new("r").unwrap(), &events("0 run\n0 start a"));
        drop(live);
        assert_eq!(written(), "");
    }
}
