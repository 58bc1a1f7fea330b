use super::*;

/// A clock that stands where it is put.
struct Hand {
    wall_ms: AtomicI64,
    steady_ms: AtomicU64,
}

impl Hand {
    fn at(ms_after_epoch: i64) -> Arc<Self> {
        let wall_ms = AtomicI64::new(EPOCH.millis() + ms_after_epoch);
        Arc::new(Self { wall_ms, steady_ms: AtomicU64::new(0) })
    }

    fn step(&self, wall_ms: i64, steady_ms: u64) {
        self.wall_ms.fetch_add(wall_ms, Ordering::Relaxed);
        self.steady_ms.fetch_add(steady_ms, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.wall_ms.load(Ordering::Relaxed))
    }

    fn steady(&self) -> Duration {
        Duration::from_millis(self.steady_ms.load(Ordering::Relaxed))
    }
}

const TOLERANCE: Duration = Duration::from_secs(10);

fn mint(node: u16, floor: i64, clock: &Arc<Hand>) -> IdMint {
    let clock: Arc<dyn Clock> = clock.clone();
    IdMint::new(node, floor, TOLERANCE, clock).unwrap()
}

#[test]
fn the_layout_is_41_5_7_bits() {
    let clock = Hand::at(5);
    let mint = mint(3, 0, &clock);
    let first = mint.message().unwrap().get();
    assert_eq!((first >> 12, (first >> 7) & 31, first & 127), (5, 3, 0));
    let second = mint.message().unwrap().get();
    assert_eq!(second, first + 1);
}

#[test]
fn ids_stay_below_2_to_the_53_until_2095() {
    let clock = Hand::at((1 << 41) - 1);
    let id = mint(NODE_MAX, 0, &clock).message().unwrap().get();
    assert!(id < ID_LIMIT, "{id}");
}

#[test]
fn user_ids_are_even() {
    let clock = Hand::at(1);
    let mint = mint(1, 0, &clock);
    for _ in 0..60 {
        assert_eq!(mint.user().unwrap().get() % 2, 0);
    }
}

#[test]
fn ids_increase_when_the_clock_steps_back_a_little() {
    let clock = Hand::at(1_000_000);
    let mint = mint(0, 0, &clock);
    let mut last = 0;
    for round in 0..100 {
        for _ in 0..100 {
            let id = mint.message().unwrap().get();
            assert!(id > last);
            last = id;
        }
        clock.step(if round % 2 == 0 { -50 } else { 60 }, 5);
    }
    assert_eq!(mint.steps_back(), 0);
}

#[test]
fn a_large_step_back_makes_the_mint_unready_until_the_clock_is_right_again() {
    let clock = Hand::at(1_000_000);
    let mint = mint(0, 0, &clock);
    let before = mint.message().unwrap();
    clock.step(-10_001, 0);
    assert!(matches!(mint.message(), Err(MintError::ClockWentBack { behind_ms: 10_001 })));
    assert!(!mint.is_ready());
    assert_eq!(mint.steps_back(), 1);
    clock.step(10_002, 10_002);
    assert!(mint.is_ready());
    assert!(mint.message().unwrap() > before);
}

#[test]
fn a_restart_with_the_clock_behind_continues_above_the_floor() {
    let clock = Hand::at(1_000_000);
    let floor = mint(7, 0, &clock).message().unwrap().get();
    clock.step(-9_000, 0);
    assert!(mint(7, floor, &clock).message().unwrap().get() > floor);
    clock.step(-9_000, 0);
    let late = mint(7, floor, &clock);
    assert!(matches!(late.message(), Err(MintError::ClockWentBack { .. })));
}

#[test]
fn two_nodes_never_make_the_same_id() {
    let clock = Hand::at(77);
    let (a, b) = (mint(4, 0, &clock), mint(5, 0, &clock));
    let mut seen = std::collections::HashSet::new();
    for _ in 0..50 {
        for _ in 0..100 {
            assert!(seen.insert(a.message().unwrap().get()));
            assert!(seen.insert(b.message().unwrap().get()));
        }
        clock.step(1, 1);
    }
    assert!(matches!(
        IdMint::new(32, 0, TOLERANCE, Hand::at(1)),
        Err(MintError::NodeOutOfRange(32))
    ));
}

#[test]
fn threads_sharing_a_mint_never_get_the_same_id() {
    struct Real;
    impl Clock for Real {
        fn now(&self) -> Timestamp {
            let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
            Timestamp::from_micros(since.as_micros().try_into().unwrap())
        }
        fn steady(&self) -> Duration {
            std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap()
        }
    }
    let mint = Arc::new(IdMint::new(0, 0, TOLERANCE, Arc::new(Real)).unwrap());
    let draw = |mint: Arc<IdMint>| {
        std::thread::spawn(move || {
            (0..2_000).map(|_| mint.message().unwrap().get()).collect::<Vec<_>>()
        })
    };
    let threads: Vec<_> = (0..4).map(|_| draw(Arc::clone(&mint))).collect();
    let mut all: Vec<i64> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
    let total = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), total);
}

#[test]
fn ids_tell_when_they_were_minted() {
    let id = mint(31, 0, &Hand::at(5_000)).message().unwrap().get();
    let at = |ms: u64| first_id_at(EPOCH.after(Duration::from_millis(ms)));
    assert!(at(5_000) <= id && id < at(5_001));
    assert_eq!((first_id_at(EPOCH), first_id_at(Timestamp::from_micros(i64::MIN)) < 0), (0, true));
}
