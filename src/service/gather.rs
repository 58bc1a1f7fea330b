//! Requests of one kind that are done together: while some of them are being committed, more gather. So thousands that
//! come at once cost few transactions, and a lone one waits for nobody.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

/// How much is done together.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct GatherBounds {
    /// The weight of what is done in one go; what is asked first is done whatever it weighs.
    pub weight_max: usize,
    /// How many goes there are at once. Another one begins when a whole one has gathered meanwhile.
    pub turns_max: usize,
    /// From the beginning of a go to that of the next, while others have the same to do with: so these find it free in
    /// between. Not if a whole one has gathered.
    pub rest: Duration,
}

/// How much others have done so far.
type Others = Box<dyn Fn() -> u64 + Send + Sync>;

/// What waits to be done. Who asks waits for the answer, so there is no more of it than callers.
pub(in crate::service) struct Gather<T, A> {
    bounds: GatherBounds,
    others: Others,
    queue: Mutex<GatherQueue<T, A>>,
}

struct GatherQueue<T, A> {
    waiting: Vec<GatherItem<T, A>>,
    weight: usize,
    turns: usize,
    /// When the last go began, and how much others had done by then.
    last: Option<(Instant, u64)>,
}

struct GatherItem<T, A> {
    asked: T,
    weight: usize,
    reply: oneshot::Sender<A>,
}

impl<T: Send + 'static, A: Send + 'static> Gather<T, A> {
    /// Nothing waits. `others` says how much others have done so far: while that grows, there are rests.
    pub fn new(bounds: GatherBounds, others: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let queue = GatherQueue { waiting: Vec::new(), weight: 0, turns: 0, last: None };
        Self { bounds, others: Box::new(others), queue: Mutex::new(queue) }
    }

    /// Has something done by `perform`, which is given all that has gathered, in order, and answers each; the
    /// answer. None if `perform` came to no end. It is done also if the caller goes away.
    pub async fn ask<P, F>(self: &Arc<Self>, asked: T, weight: usize, perform: P) -> Option<A>
    where
        P: Fn(Vec<T>) -> F + Send + 'static,
        F: Future<Output = Vec<A>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let begins = {
            let mut queue = self.queue();
            queue.waiting.push(GatherItem { asked, weight, reply });
            queue.weight = queue.weight.saturating_add(weight);
            let is_due = queue.turns == 0 || queue.weight >= self.bounds.weight_max;
            let begins = is_due && queue.turns < self.bounds.turns_max;
            queue.turns += usize::from(begins);
            begins
        };
        if begins {
            // Not this caller's to end: others wait for it.
            let turn = GatherTurn { of: Arc::clone(self), is_over: false };
            tokio::spawn(turn.perform_all(perform));
        }
        answer.await.ok()
    }

    /// When the next go may begin, if not now.
    fn rests_until(&self) -> Option<Instant> {
        let queue = self.queue();
        let (begun, done) = queue.last?;
        let is_whole = queue.weight >= self.bounds.weight_max;
        let due = begun + self.bounds.rest;
        let rests = !is_whole && due > Instant::now() && (self.others)() > done;
        rests.then_some(due)
    }

    fn queue(&self) -> MutexGuard<'_, GatherQueue<T, A>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that does what has gathered, until there is nothing left. If it is dropped in the middle, who waits hears so,
/// and another may begin.
struct GatherTurn<T, A> {
    of: Arc<Gather<T, A>>,
    is_over: bool,
}

impl<T: Send + 'static, A: Send + 'static> GatherTurn<T, A> {
    async fn perform_all<P, F>(mut self, perform: P)
    where
        P: Fn(Vec<T>) -> F,
        F: Future<Output = Vec<A>>,
    {
        loop {
            if let Some(due) = self.of.rests_until() {
                tokio::time::sleep_until(due).await;
            }
            let (asked, replies) = self.next();
            if replies.is_empty() {
                return;
            }
            for (reply, answer) in replies.into_iter().zip(perform(asked).await) {
                if reply.send(answer).is_err() {
                    log::debug!("who asked went away before it was done");
                }
            }
        }
    }

    /// As much as is done in one go, at least one if there is any; if there is none, the turn is over.
    fn next(&mut self) -> (Vec<T>, Vec<oneshot::Sender<A>>) {
        let bounds = self.of.bounds;
        let mut queue = self.of.queue();
        let mut weight = 0_usize;
        let mut count = 0;
        for gathered in &queue.waiting {
            let with = weight.saturating_add(gathered.weight);
            if count > 0 && with > bounds.weight_max {
                break;
            }
            (weight, count) = (with, count + 1);
        }
        queue.weight = queue.weight.saturating_sub(weight);
        let some: Vec<_> = queue.waiting.drain(..count).collect();
        if count == 0 {
            queue.turns = queue.turns.saturating_sub(1);
            self.is_over = true;
        } else {
            queue.last = Some((Instant::now(), (self.of.others)()));
        }
        some.into_iter().map(|gathered| (gathered.asked, gathered.reply)).unzip()
    }
}

impl<T, A> Drop for GatherTurn<T, A> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut queue = self.of.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.turns = queue.turns.saturating_sub(1);
        if queue.turns == 0 {
            queue.weight = 0;
            drop(mem::take(&mut queue.waiting));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::sync::{Semaphore, mpsc};
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    /// Goes that wait until they may end, and tell what they were given.
    #[derive(Clone)]
    struct Goes {
        begun: mpsc::UnboundedSender<Vec<u32>>,
        may_end: Arc<Semaphore>,
    }

    impl Goes {
        async fn perform(self, asked: Vec<u32>) -> Vec<u32> {
            self.begun.send(asked.clone()).unwrap();
            self.may_end.acquire().await.unwrap().forget();
            assert!(!asked.contains(&13), "a go that fails");
            asked.iter().map(|number| number * 10).collect()
        }
    }

    struct Stage {
        gather: Arc<Gather<u32, u32>>,
        goes: Goes,
        begun: mpsc::UnboundedReceiver<Vec<u32>>,
        others: Arc<AtomicU64>,
    }

    impl Stage {
        fn new(weight_max: usize, turns_max: usize) -> Self {
            let (tell, begun) = mpsc::unbounded_channel();
            let goes = Goes { begun: tell, may_end: Arc::new(Semaphore::new(0)) };
            let bounds = GatherBounds { weight_max, turns_max, rest: SOON / 50 };
            let others = Arc::new(AtomicU64::new(0));
            let done = Arc::clone(&others);
            let gather = Arc::new(Gather::new(bounds, move || done.load(Ordering::Relaxed)));
            Self { gather, goes, begun, others }
        }

        /// Asks, each of the weight of one.
        fn ask(&self, number: u32) -> tokio::task::JoinHandle<Option<u32>> {
            let (gather, goes) = (Arc::clone(&self.gather), self.goes.clone());
            tokio::spawn(async move {
                gather.ask(number, 1, move |asked| goes.clone().perform(asked)).await
            })
        }

        async fn next_go(&mut self) -> Vec<u32> {
            timeout(SOON, self.begun.recv()).await.expect("no go began").unwrap()
        }

        async fn settle(&self) {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn answers(asked: Vec<tokio::task::JoinHandle<Option<u32>>>) -> Vec<Option<u32>> {
        let mut all = Vec::new();
        for one in asked {
            all.push(timeout(SOON, one).await.expect("no answer").unwrap());
        }
        all
    }

    #[tokio::test]
    async fn what_comes_meanwhile_is_done_together_and_each_has_its_own_answer() {
        let mut stage = Stage::new(3, 1);
        let mut asked = vec![stage.ask(0)];
        assert_eq!(stage.next_go().await, [0], "a lone one waits for nobody");
        asked.extend((1..=5).map(|number| stage.ask(number)));
        stage.settle().await;
        stage.goes.may_end.add_permits(3);
        assert_eq!(stage.next_go().await, [1, 2, 3]);
        assert_eq!(stage.next_go().await, [4, 5]);
        let wanted: Vec<_> = (0..=5).map(|number| Some(number * 10)).collect();
        assert_eq!(answers(asked).await, wanted);
        let again = stage.ask(7);
        assert_eq!(stage.next_go().await, [7]);
        stage.goes.may_end.add_permits(1);
        assert_eq!(answers(vec![again]).await, [Some(70)]);
    }

    #[tokio::test]
    async fn another_go_begins_when_a_whole_one_has_gathered() {
        let mut stage = Stage::new(2, 2);
        let mut asked = vec![stage.ask(0)];
        assert_eq!(stage.next_go().await, [0]);
        asked.extend((1..=5).map(|number| stage.ask(number)));
        assert_eq!(stage.next_go().await, [1, 2], "while the first is under way");
        stage.settle().await;
        assert!(stage.begun.try_recv().is_err(), "no third");
        stage.goes.may_end.add_permits(4);
        assert_eq!(stage.next_go().await, [3, 4]);
        assert_eq!(stage.next_go().await, [5]);
        assert_eq!(answers(asked).await.len(), 6);
    }

    #[tokio::test]
    async fn a_go_that_fails_is_told_of_and_another_begins() {
        let mut stage = Stage::new(9, 1);
        let mut asked = vec![stage.ask(13)];
        assert_eq!(stage.next_go().await, [13]);
        asked.push(stage.ask(1));
        stage.settle().await;
        stage.goes.may_end.add_permits(1);
        assert_eq!(answers(asked).await, [None, None]);
        let again = stage.ask(2);
        assert_eq!(stage.next_go().await, [2]);
        stage.goes.may_end.add_permits(1);
        assert_eq!(answers(vec![again]).await, [Some(20)]);
    }

    /// The time stands still but for who waits for nothing else.
    #[tokio::test(start_paused = true)]
    async fn while_others_are_at_work_goes_begin_with_a_rest_between() {
        let mut stage = Stage::new(3, 9);
        stage.goes.may_end.add_permits(100);
        let mut begun = Vec::new();
        for number in 0..4 {
            if number > 1 {
                stage.others.fetch_add(1, Ordering::Relaxed);
            }
            let asked = stage.ask(number);
            stage.next_go().await;
            begun.push(Instant::now());
            assert_eq!(answers(vec![asked]).await, [Some(number * 10)]);
        }
        let between: Vec<_> = begun.windows(2).map(|two| two[1] - two[0]).collect();
        let rest = SOON / 50;
        assert!(between[0] < rest / 2, "nobody else was at work: {between:?}");
        assert!(between[1..].iter().all(|between| *between >= rest / 2), "{between:?}");
        // A whole one waits for no rest.
        stage.others.fetch_add(1, Ordering::Relaxed);
        let all: Vec<_> = (20..23).map(|number| stage.ask(number)).collect();
        let before = Instant::now();
        assert_eq!(stage.next_go().await, [20, 21, 22]);
        assert!(before.elapsed() < rest / 2);
        assert_eq!(answers(all).await.len(), 3);
    }

    #[tokio::test]
    async fn who_goes_away_stops_nobody() {
        let mut stage = Stage::new(9, 1);
        let first = stage.ask(0);
        assert_eq!(stage.next_go().await, [0]);
        let asked = vec![stage.ask(1), stage.ask(2)];
        stage.settle().await;
        first.abort();
        stage.goes.may_end.add_permits(2);
        assert_eq!(stage.next_go().await, [1, 2]);
        assert_eq!(answers(asked).await, [Some(10), Some(20)]);
    }
}
