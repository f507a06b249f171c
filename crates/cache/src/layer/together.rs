//! Waits for several futures at once. Few enough that each is polled whenever one wakes.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// A future, and what it gave.
type Running<F> = (Pin<Box<F>>, Option<<F as Future>::Output>);

/// Returns what the futures give, in their order, once all have ended.
pub(super) async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Running<F>> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if running.iter().all(|(_, output)| output.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_wait_at_once_and_answer_in_their_order() {
        let begun = tokio::time::Instant::now();
        let waits = [30, 10, 20].map(|wait| async move {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            wait
        });
        assert_eq!(together(waits).await, [30, 10, 20]);
        assert_eq!(begun.elapsed(), Duration::from_millis(30));
    }
}
