//! One round trip: many commands there, their answers back, within the limit.

use ::redis::{Pipeline, Value};
use tokio::time::timeout;

use super::link::{Line, Link};
use super::trouble::Trouble;

/// Sends the commands and returns an answer for each; the server's no is one of them.
pub(super) async fn round(link: &Link, pipeline: &Pipeline) -> Result<Vec<Value>, Trouble> {
    let line = link.line().await?;
    let mut connection = line.connection.clone();
    let limit = link.limits().response;
    let mut open = Open(Some(line));
    let answers = timeout(limit, connection.send_packed_commands(pipeline, 0, pipeline.len())).await;
    match answers {
        Ok(Ok(answers)) => {
            open.0 = None;
            Ok(answers)
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Trouble::Slow(limit)),
    }
}

/// A question without an answer. Also one whose asker went away, which is how limits above end it, leaves a doubt.
struct Open(Option<Line>);

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.doubt();
        }
    }
}
