use std::future::pending;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::time::Instant;

use super::*;

type Diary = Arc<Mutex<Vec<String>>>;

/// Writes down what becomes of it.
struct Fake {
    name: &'static str,
    diary: Diary,
    /// Never ends its drain, or its stop.
    hangs_at: Option<&'static str>,
}

impl Fake {
    fn start(diary: &Diary, name: &'static str, hangs_at: Option<&'static str>) -> ((), Self) {
        diary.lock().unwrap().push(format!("start {name}"));
        ((), Self { name, diary: Arc::clone(diary), hangs_at })
    }

    async fn end(&self, how: &'static str) -> Result<(), BadEnd> {
        self.diary.lock().unwrap().push(format!("{how} {}", self.name));
        if self.hangs_at == Some(how) { pending().await } else { Ok(()) }
    }
}

impl Part for Fake {
    fn patience(&self) -> Duration {
        Duration::from_millis(20)
    }

    fn drain(&mut self) -> Ending<'_> {
        Box::pin(self.end("drain"))
    }

    fn stop(self: Box<Self>) -> Ending<'static> {
        Box::pin(async move { self.end("stop").await })
    }
}

const NAMES: [&str; 3] = ["store", "hub", "doors"];
const ENDS: [&str; 6] =
    ["drain doors", "drain hub", "drain store", "stop doors", "stop hub", "stop store"];

/// Three parts, of which one may hang somewhere.
fn three(hangs: Option<(&'static str, &'static str)>) -> (PartList, Diary) {
    let (mut parts, diary) = (PartList::default(), Diary::default());
    for name in NAMES {
        let hangs_at = hangs.filter(|(who, _)| *who == name).map(|(_, at)| at);
        parts.add(name, Fake::start(&diary, name, hangs_at));
    }
    diary.lock().unwrap().clear();
    (parts, diary)
}

#[actix::test]
async fn all_drain_from_the_last_to_the_first_and_then_all_stop() {
    let (parts, diary) = three(None);
    assert!(parts.stop().await);
    assert_eq!(*diary.lock().unwrap(), ENDS);
}

#[actix::test]
async fn a_part_that_hangs_keeps_nobody_for_longer_than_its_patience() {
    for at in ["drain", "stop"] {
        for name in NAMES {
            let (parts, diary) = three(Some((name, at)));
            let start = Instant::now();
            assert_eq!(parts.stop().await, at == "stop", "{name} hangs at its {at}");
            assert_eq!(*diary.lock().unwrap(), ENDS, "{name} hangs at its {at}");
            assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
        }
    }
}

#[actix::test]
async fn where_one_does_not_start_those_before_it_are_stopped() {
    let diary = Diary::default();
    let started = PartList::start(async |parts| {
        parts.add("store", Fake::start(&diary, "store", None));
        parts.add("hub", Fake::start(&diary, "hub", None));
        Err::<(), _>("no doors")?;
        parts.add("doors", Fake::start(&diary, "doors", None));
        Ok::<_, &str>(())
    });
    assert_eq!(started.await.err(), Some("no doors"));
    let ends = ["drain hub", "drain store", "stop hub", "stop store"];
    assert_eq!(*diary.lock().unwrap(), [&["start store", "start hub"][..], &ends[..]].concat());
}

#[actix::test]
async fn what_a_list_gives_is_given() {
    let diary = Diary::default();
    let started = PartList::start(async |parts| {
        let ((), part) = Fake::start(&diary, "store", None);
        Ok::<_, BadEnd>(parts.add("store", ("the way to it", part)))
    });
    let (parts, way) = started.await.unwrap();
    assert_eq!(way, "the way to it");
    assert!(parts.stop().await);
}

#[actix::test]
async fn a_task_is_told_to_stop_and_waited_for() {
    let (ended, seen) = watch::channel(false);
    let mut parts = PartList::default();
    parts.add(
        "task",
        TaskPart::start(|mut stop| async move {
            stop.wait_for(|stop| *stop).await.unwrap();
            ended.send_replace(true);
        }),
    );
    assert!(parts.stop().await);
    assert!(*seen.borrow());
}

#[actix::test]
async fn a_task_that_panics_ends_badly_and_alone() {
    let (mut parts, diary) = three(None);
    parts.add("task", TaskPart::start(|_| async { panic!("planted") }));
    assert!(parts.stop().await, "it had nothing to drain");
    assert_eq!(*diary.lock().unwrap(), ENDS);
    let ((), task) = TaskPart::start(|_| async { panic!("planted") });
    assert!(matches!(Box::new(task).stop().await, Err(BadEnd::Task(_))));
}
