//! The check finds what is planted: loss, duplicates, disorder, and only that.

use proptest::prelude::*;
use tradewind_loadtest::check::{Ack, Check, Fit, Flow, Line};

/// A flow of which all were sent and acknowledged.
fn acked(count: u32) -> Flow {
    let mut flow = Flow::default();
    for _ in 0..count {
        let seq = flow.send();
        assert_eq!(flow.ack(seq), Ack::Next);
    }
    flow
}

/// What a check finds when these arrive.
fn found(flow: &Flow, arrivals: impl IntoIterator<Item = u32>) -> Check {
    let (mut check, mut line) = (Check::default(), Line::default());
    for seq in arrivals {
        check.fit(line.take(seq), 1, 0, seq);
    }
    check.settle(flow, 0, &line, false);
    check.settle_author(flow);
    check
}

#[test]
fn all_is_well() {
    let check = found(&acked(100), 0..100);
    assert!(check.is_good(), "{check:?}");
    assert!(check.examples.is_empty());
}

#[test]
fn loss_in_the_middle_and_at_the_end_is_found() {
    let check = found(&acked(10), [0, 1, 2, 5, 6]);
    assert_eq!((check.lost, check.duplicated, check.disordered), (5, 0, 0));
    assert!(!check.is_good());
    assert!(check.examples[0].contains("0/3"), "{:?}", check.examples);
}

#[test]
fn a_reader_that_was_cut_off_is_told_apart() {
    let (mut check, line) = (Check::default(), Line::default());
    check.settle(&acked(3), 0, &line, true);
    assert_eq!((check.lost, check.cut_off), (0, 3));
    assert!(!check.is_good());
}

#[test]
fn duplicates_are_found() {
    let check = found(&acked(4), [0, 1, 1, 2, 3, 0]);
    assert_eq!((check.lost, check.duplicated, check.disordered), (0, 2, 0));
}

#[test]
fn disorder_is_found_and_is_no_loss() {
    let check = found(&acked(5), [0, 2, 1, 4, 3]);
    assert_eq!((check.lost, check.duplicated, check.disordered), (0, 0, 2));
}

#[test]
fn what_was_refused_must_not_arrive() {
    let mut flow = Flow::default();
    for _ in 0..3 {
        flow.send();
    }
    assert_eq!(flow.ack(0), Ack::Next);
    assert_eq!(flow.refuse(), Some(1));
    assert_eq!(flow.ack(2), Ack::Next);
    assert!(found(&flow, [0, 2]).is_good());
    let check = found(&flow, [0, 1, 2]);
    assert_eq!(check.refused_but_delivered, 1);
    assert!(!check.is_good());
}

#[test]
fn what_was_never_answered_is_no_loss() {
    let mut flow = acked(2);
    flow.send();
    flow.cut();
    flow.send();
    let check = found(&flow, [0, 1]);
    assert!(check.is_good());
    assert_eq!(check.unanswered, 2);
    assert!(found(&flow, [0, 1, 2]).is_good(), "it may arrive all the same");
}

#[test]
fn acknowledgements_out_of_order_and_twice_are_found() {
    let mut flow = Flow::default();
    for _ in 0..3 {
        flow.send();
    }
    assert_eq!([1, 0, 0, 2, 2].map(|seq| flow.ack(seq)), {
        use Ack::{Again, Early, Next};
        [Early, Next, Again, Next, Again]
    });
}

#[test]
fn a_line_may_start_later() {
    let mut line = Line::starting(7);
    assert_eq!([7, 9, 8, 3].map(|seq| line.take(seq)), {
        [Fit::Ahead, Fit::Ahead, Fit::Late, Fit::Again]
    });
    assert!(!line.has(3) && line.has(8));
}

proptest! {
    /// Against a plain set: nothing about holes goes wrong.
    #[test]
    fn a_line_knows_what_it_has(arrivals in proptest::collection::vec(0_u32..60, 0..150)) {
        let (mut line, mut seen) = (Line::default(), std::collections::BTreeSet::new());
        for seq in arrivals {
            let highest = seen.last().copied();
            let expected = match (seen.insert(seq), highest) {
                (false, _) => Fit::Again,
                (true, Some(highest)) if seq < highest => Fit::Late,
                (true, _) => Fit::Ahead,
            };
            prop_assert_eq!(line.take(seq), expected);
        }
        let missing: Vec<u32> = (0..60).filter(|seq| !seen.contains(seq)).collect();
        prop_assert_eq!(line.missing(60).collect::<Vec<_>>(), missing);
        prop_assert!((0..60).all(|seq| line.has(seq) == seen.contains(&seq)));
    }
}
