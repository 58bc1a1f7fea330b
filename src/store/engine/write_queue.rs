//! Jobs that wait for their batch, in lanes that share each batch fairly.
//!
//! Jobs of a lane keep their order. Those of different lanes share nothing: while several wait, each may
//! fill an equal part of a batch, in jobs and in bytes, and what one leaves the others get. One job may
//! be larger than a batch; it goes when its lane is first, and each lane is in its turn. So 10 MB in one
//! lane and 256 small jobs in another wait for each other one batch at most.

use std::collections::VecDeque;

use crate::store::engine::job::Touches;

/// Rooms and the rest; more when rooms are in lanes of their own.
const LANES: usize = 2;

/// How much one batch holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct BatchMax {
    /// Jobs.
    pub ops: usize,
    /// Bytes of what they hold; one larger job is a batch of its own.
    pub bytes: usize,
}

/// What a queue needs to know of a job.
pub(in crate::store) trait Queued {
    fn touches(&self) -> Touches;
    fn bytes(&self) -> usize;
}

pub(in crate::store) struct WriteQueue<J> {
    /// Never empty; all but the last end with a job that touches all.
    stretches: VecDeque<Stretch<J>>,
    /// The lanes in the order of their turns.
    turns: [usize; LANES],
    max: BatchMax,
}

/// Jobs up to one that touches all, which waits for all of them.
struct Stretch<J> {
    lanes: [VecDeque<J>; LANES],
    all: Option<J>,
}

/// A batch that is being filled.
struct Filling<J> {
    jobs: Vec<J>,
    bytes: usize,
}

impl<J: Queued> WriteQueue<J> {
    /// An empty queue, whose batches hold at least one job.
    pub fn new(max: BatchMax) -> Self {
        let max = BatchMax { ops: max.ops.max(1), ..max };
        let turns = std::array::from_fn(|lane| lane);
        Self { stretches: VecDeque::from([Stretch::new()]), turns, max }
    }

    /// Whether no job waits.
    pub fn is_empty(&self) -> bool {
        let is_empty = |stretch: &Stretch<J>| stretch.all.is_none() && stretch.waiting() == 0;
        self.stretches.iter().all(is_empty)
    }

    /// Puts a job behind those of its lane, and behind the last one that touches all.
    pub fn push(&mut self, job: J) {
        let Some(last) = self.stretches.back_mut() else { return };
        let [rooms, rest] = &mut last.lanes;
        match job.touches() {
            Touches::Rooms => rooms.push_back(job),
            Touches::Rest => rest.push_back(job),
            Touches::All => {
                last.all = Some(job);
                self.stretches.push_back(Stretch::new());
            }
        }
    }

    /// The jobs of the next batch.
    pub fn take(&mut self) -> Vec<J> {
        let waiting = self.stretches.front().map_or(0, Stretch::waiting);
        let jobs = Vec::with_capacity(waiting.saturating_add(1).min(self.max.ops));
        let mut batch = Filling { jobs, bytes: 0 };
        while let Some(stretch) = self.stretches.front_mut() {
            stretch.fill(&mut batch, &mut self.turns, self.max);
            let is_next = stretch.all.as_ref().is_some_and(|all| batch.fits(all, self.max));
            if stretch.waiting() > 0 || !is_next {
                break;
            }
            if let Some(all) = self.stretches.pop_front().and_then(|stretch| stretch.all) {
                batch.add(all);
            }
        }
        batch.jobs
    }
}

impl<J: Queued> Stretch<J> {
    fn new() -> Self {
        Self { lanes: Default::default(), all: None }
    }

    fn waiting(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    /// Moves as much into a batch as fits, the lane first whose turn it is.
    fn fill(&mut self, batch: &mut Filling<J>, turns: &mut [usize; LANES], max: BatchMax) {
        let busy = self.lanes.iter().filter(|lane| !lane.is_empty()).count();
        if busy > 1 {
            let part = batch.left(max).shared_by(busy);
            for lane in *turns {
                let limit = batch.after(part, max);
                batch.take(self.lanes.get_mut(lane), limit);
            }
        }
        for lane in *turns {
            batch.take(self.lanes.get_mut(lane), max);
        }
        turns.rotate_left(1);
    }
}

impl BatchMax {
    fn shared_by(self, lanes: usize) -> Self {
        let part = |whole: usize| whole.checked_div(lanes).unwrap_or(whole);
        Self { ops: part(self.ops).max(1), bytes: part(self.bytes) }
    }
}

impl<J: Queued> Filling<J> {
    fn fits(&self, job: &J, max: BatchMax) -> bool {
        let bytes = self.bytes.saturating_add(job.bytes());
        self.jobs.len() < max.ops && (self.jobs.is_empty() || bytes <= max.bytes)
    }

    /// How much more it may hold.
    fn left(&self, max: BatchMax) -> BatchMax {
        BatchMax {
            ops: max.ops.saturating_sub(self.jobs.len()),
            bytes: max.bytes.saturating_sub(self.bytes),
        }
    }

    /// How much it may hold once so much was added.
    fn after(&self, part: BatchMax, max: BatchMax) -> BatchMax {
        BatchMax {
            ops: self.jobs.len().saturating_add(part.ops).min(max.ops),
            bytes: self.bytes.saturating_add(part.bytes).min(max.bytes),
        }
    }

    /// Takes jobs of a lane as long as they fit.
    fn take(&mut self, lane: Option<&mut VecDeque<J>>, limit: BatchMax) {
        let Some(lane) = lane else { return };
        while lane.front().is_some_and(|job| self.fits(job, limit))
            && let Some(job) = lane.pop_front()
        {
            self.add(job);
        }
    }

    fn add(&mut self, job: J) {
        self.bytes = self.bytes.saturating_add(job.bytes());
        self.jobs.push(job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it touches, its number, its bytes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Toy(Touches, usize, usize);

    impl Queued for Toy {
        fn touches(&self) -> Touches {
            self.0
        }

        fn bytes(&self) -> usize {
            self.2
        }
    }

    const POST: Touches = Touches::Rooms;
    const MIB: usize = 1024 * 1024;
    const MAX: BatchMax = BatchMax { ops: 256, bytes: 4 * MIB };

    fn small(touches: Touches, count: usize) -> impl Iterator<Item = Toy> {
        (0..count).map(move |number| Toy(touches, number, 100))
    }

    fn queue(jobs: impl IntoIterator<Item = Toy>) -> WriteQueue<Toy> {
        let mut queue = WriteQueue::new(MAX);
        jobs.into_iter().for_each(|job| queue.push(job));
        queue
    }

    /// How many jobs of rooms, of the rest and of all each batch has.
    fn batches(mut queue: WriteQueue<Toy>) -> Vec<[usize; 3]> {
        let mut batches = Vec::new();
        while !queue.is_empty() {
            let jobs = queue.take();
            let count = |part| jobs.iter().filter(|job| job.0 == part).count();
            batches.push([POST, Touches::Rest, Touches::All].map(count));
        }
        assert!(queue.take().is_empty());
        batches
    }

    #[test]
    fn what_is_large_and_what_is_small_wait_for_each_other_one_batch_at_most() {
        let large = Toy(Touches::Rest, 0, 10 * MIB);
        let posts = || small(POST, 256);
        assert_eq!(batches(queue(posts().chain([large]))), [[256, 0, 0], [0, 1, 0]]);
        assert_eq!(batches(queue([large].into_iter().chain(posts()))), [[256, 0, 0], [0, 1, 0]]);
        // Also with more of either: each batch is the other's turn.
        let many = [large; 3].into_iter().chain(posts()).chain(posts()).chain(posts());
        let turns = [[256, 0, 0], [0, 1, 0]].repeat(3);
        assert_eq!(batches(queue(many)), turns);
    }

    #[test]
    fn lanes_share_a_batch_and_take_what_others_leave() {
        let both = |posts, logins| small(POST, posts).chain(small(Touches::Rest, logins));
        assert_eq!(batches(queue(both(500, 500)))[..2], [[128, 128, 0], [128, 128, 0]]);
        assert_eq!(batches(queue(both(300, 10))), [[246, 10, 0], [54, 0, 0]]);
        // In bytes: 1 MiB each, beside posts that have half of the batch for themselves.
        let heavy = (0..6).map(|number| Toy(Touches::Rest, number, MIB - 1_000));
        assert_eq!(batches(queue(small(POST, 200).chain(heavy))), [[200, 3, 0], [0, 3, 0]]);
    }

    #[test]
    fn a_batch_is_bounded_in_jobs_and_in_bytes_and_never_empty() {
        assert_eq!(batches(queue(small(POST, 600))), [[256, 0, 0], [256, 0, 0], [88, 0, 0]]);
        let large = (0..3).map(|number| Toy(POST, number, 3 * MIB));
        assert_eq!(batches(queue(large)), [[1, 0, 0]; 3]);
        let mut none = WriteQueue::new(BatchMax { ops: 0, bytes: 0 });
        small(POST, 2).for_each(|job| none.push(job));
        assert_eq!(batches(none), [[1, 0, 0]; 2]);
    }

    #[test]
    fn what_touches_all_comes_after_all_before_it_and_before_all_after_it() {
        let all = |number| Toy(Touches::All, number, 0);
        let mut jobs: Vec<Toy> = small(Touches::Rest, 2).collect();
        jobs.extend([all(0), Toy(POST, 0, 0), all(1), all(2), Toy(POST, 1, 0)]);
        assert_eq!(queue(jobs.clone()).take(), jobs);
    }

    proptest::proptest! {
        #[test]
        fn lanes_keep_their_order_and_nothing_passes_what_touches_all(
            kinds in proptest::collection::vec((0_usize..8, 0_usize..5 * MIB), 0..200),
            pauses in proptest::collection::vec(0_usize..20, 0..200),
        ) {
            let touches = |kind| match kind {
                0 => Touches::All,
                1..=3 => Touches::Rest,
                _ => POST,
            };
            let jobs: Vec<Toy> = kinds
                .iter()
                .enumerate()
                .map(|(number, (kind, bytes))| Toy(touches(*kind), number, *bytes))
                .collect();
            let mut queue = WriteQueue::new(BatchMax { ops: 16, ..MAX });
            let mut taken = Vec::new();
            let mut pauses = pauses.into_iter();
            for job in &jobs {
                queue.push(*job);
                if pauses.next() == Some(0) {
                    taken.extend(queue.take());
                }
            }
            while !queue.is_empty() {
                let batch = queue.take();
                let bytes: usize = batch.iter().map(|job| job.2).sum();
                assert!(batch.len() <= 16 && (batch.len() == 1 || bytes <= MAX.bytes));
                taken.extend(batch);
            }
            assert_eq!(taken.len(), jobs.len());
            for (place, job) in taken.iter().enumerate() {
                for later in &taken[place..] {
                    let shares = job.0 == later.0 || [job.0, later.0].contains(&Touches::All);
                    assert!(!shares || job.1 <= later.1, "{job:?} came before {later:?}");
                }
            }
        }
    }
}
