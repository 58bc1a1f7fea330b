//! `kill -9` in the middle of publishing, acknowledging and pushing: what was answered to a publisher comes until it is
//! acknowledged, and what was answered to who acknowledges never comes again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::postgres::Schema;
use crate::harness::process::run;
use crate::harness::receiver::{OK, Pushed, Receiver};
use crate::harness::{DEADLINE, Process, http, soon};

const TOPIC: &str = "/v1/projects/p/topics/news";
const SUBSCRIPTIONS: [&str; 2] =
    ["/v1/projects/p/subscriptions/plain", "/v1/projects/p/subscriptions/ordered"];
const PUSHED: &str = "/v1/projects/p/subscriptions/pushed";
/// What is published when all is over.
const LAST: &str = "the last one";
/// Publishers at once.
const PUBLISHERS: usize = 4;
/// A round ends after at most so many answers to publishers, and so many milliseconds later.
const ANSWERED_MAX: u64 = 60;
const DELAY_MAX_MS: u64 = 8;

/// What is known of all that was published and acknowledged, over all rounds.
#[derive(Clone, Default)]
struct Book {
    /// Answered, with the id.
    published: BTreeMap<String, String>,
    /// Asked, perhaps in vain.
    tried: BTreeSet<String>,
    /// Answered to who acknowledged, by subscription.
    acknowledged: [BTreeSet<String>; 2],
    /// Acknowledged, perhaps in vain.
    doubtful: [BTreeSet<String>; 2],
}

/// What was pushed, by its text: the id, and in which life of the hub it came.
#[derive(Default)]
struct Pushes {
    life: usize,
    came: BTreeMap<String, (String, Vec<usize>)>,
}

impl Pushes {
    fn take(&mut self, push: Pushed) {
        let id = push.json()["message"]["messageId"].as_str().expect("an id").to_owned();
        let text = push.payload();
        let (first, lives) = self.came.entry(text.clone()).or_insert_with(|| (id.clone(), vec![]));
        assert_eq!(*first, id, "{text} has one id");
        lives.push(self.life);
        push.answer(OK);
    }
}

/// Whether nothing waits any more for the subscription that is pushed.
fn all_taken(folder: &Path, set: &[&str]) -> bool {
    let output = run(folder, set, &["subscription", "list", "--project", "p"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut pushed = rows.filter(|row| PUSHED.ends_with(row["name"].as_str().expect("a name")));
    pushed.next().expect("the subscription")["backlog"] == 0
}

/// All that was answered to publishers is pushed, and what was taken does not come again after one more kill.
async fn pushes_end(
    process: Process,
    (folder, set, address): (&Path, &[&str], SocketAddr),
    (book, pushes): (&Book, &RefCell<Pushes>),
) -> Process {
    soon("all pushes", async {
        while !all_taken(folder, set) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    for (text, answered) in &book.published {
        let pushes = pushes.borrow();
        let (id, _) = pushes.came.get(text).unwrap_or_else(|| panic!("{text} was not pushed"));
        assert_eq!(id, answered, "{text} has one id");
    }
    let all = pushes.borrow().came.len();
    assert!(pushes.borrow().came.keys().all(|text| book.tried.contains(text)), "nobody's");
    process.kill();
    pushes.borrow_mut().life += 1;
    let process = Process::start(folder, set);
    let body = json!({"messages": [{"data": STANDARD.encode(LAST)}]});
    post(address, &format!("{TOPIC}:publish"), &body).await.expect("an answer");
    soon("the last one", async {
        while !pushes.borrow().came.contains_key(LAST) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let pushes = pushes.borrow();
    let again = pushes.came.values().filter(|(_, lives)| lives.last() == Some(&pushes.life));
    assert_eq!((again.count(), pushes.came.len()), (1, all + 1), "only what is new");
    drop(pushes);
    process
}

async fn post(address: SocketAddr, path: &str, body: &Value) -> Option<Value> {
    let client = awc::Client::builder().timeout(DEADLINE).finish();
    let mut answer = client.post(format!("http://{address}{path}")).send_json(body).await.ok()?;
    let json = answer.json::<Value>().await.ok()?;
    assert!(answer.status().is_success(), "{path}: {json}");
    Some(json)
}

/// Publishes until the server is gone.
async fn publish(address: SocketAddr, (book, number): (&RefCell<Book>, usize), round: usize) {
    for count in 0.. {
        let text = format!("{round:03} {number} {count:05}");
        book.borrow_mut().tried.insert(text.clone());
        let key = if number == 0 { "" } else { &text[..5] };
        let body = json!({"messages": [{"data": STANDARD.encode(&text), "orderingKey": key}]});
        let Some(answer) = post(address, &format!("{TOPIC}:publish"), &body).await else { return };
        let id = answer["messageIds"][0].as_str().expect("an id").to_owned();
        book.borrow_mut().published.insert(text, id);
    }
}

/// What a pull has brought: the text, the id of the message, and that of the delivery.
fn received(answer: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let messages = answer["receivedMessages"].as_array().cloned().unwrap_or_default();
    let one = |received: &Value| {
        let data = STANDARD.decode(text(&received["message"]["data"])).expect("base64");
        let data = String::from_utf8(data).expect("text");
        (data, text(&received["message"]["messageId"]), text(&received["ackId"]))
    };
    messages.iter().map(one).collect()
}

impl Book {
    fn came(&self, which: usize, (data, id, _): &(String, String, String)) {
        assert!(self.tried.contains(data), "nobody published {data}");
        assert!(
            !self.acknowledged[which].contains(data),
            "{data} was acknowledged, and came again"
        );
        if let Some(answered) = self.published.get(data) {
            assert_eq!(answered, id, "{data} has one id");
        }
    }
}

/// Pulls and acknowledges until the server is gone.
async fn consume(address: SocketAddr, (book, which): (&RefCell<Book>, usize)) {
    loop {
        let pull = format!("{}:pull", SUBSCRIPTIONS[which]);
        let Some(answer) = post(address, &pull, &json!({"maxMessages": 10})).await else { return };
        let received = received(&answer);
        received.iter().for_each(|one| book.borrow().came(which, one));
        // One of them is left for later.
        let some: Vec<_> = received.iter().skip(1).collect();
        if some.is_empty() {
            continue;
        }
        let ids: Vec<&String> = some.iter().map(|(_, _, ack_id)| ack_id).collect();
        let texts: Vec<String> = some.iter().map(|(data, ..)| data.clone()).collect();
        book.borrow_mut().doubtful[which].extend(texts.iter().cloned());
        let path = format!("{}:acknowledge", SUBSCRIPTIONS[which]);
        let answer = post(address, &path, &json!({"ackIds": ids})).await;
        if answer.is_none() {
            return;
        }
        book.borrow_mut().acknowledged[which].extend(texts);
    }
}

/// Pulls all that is left, without acknowledging: it is all that was not acknowledged.
async fn look(address: SocketAddr, book: &Book, which: usize) {
    let mut left = BTreeMap::new();
    loop {
        let pull = format!("{}:pull", SUBSCRIPTIONS[which]);
        let body = json!({"maxMessages": 1000, "returnImmediately": true});
        let received = received(&post(address, &pull, &body).await.expect("an answer"));
        if received.is_empty() {
            break;
        }
        for one in received {
            book.came(which, &one);
            let (data, id, _) = one;
            assert!(left.insert(data, id).is_none(), "leased twice");
        }
    }
    if which == 1 {
        // A window of a key is out, and what is behind it waits.
        return;
    }
    for text in book.published.keys() {
        let may_be_gone = book.doubtful[which].contains(text);
        assert!(left.contains_key(text) || may_be_gone, "{text} was answered, and is lost");
    }
}

/// Makes the topic and its subscriptions; what is pushed of it.
async fn make(address: SocketAddr) -> Rc<RefCell<Pushes>> {
    let (receiver, pushes) = (Receiver::start().await, Rc::new(RefCell::new(Pushes::default())));
    let topic = TOPIC.trim_start_matches("/v1/");
    for (path, body) in [
        (TOPIC, json!({})),
        (SUBSCRIPTIONS[0], json!({"topic": topic})),
        (SUBSCRIPTIONS[1], json!({"topic": topic, "enableMessageOrdering": true})),
        (PUSHED, json!({"topic": topic, "pushConfig": {"pushEndpoint": receiver.url("/")}})),
    ] {
        let headers = [("content-type", "application/json")];
        let answer = http::send(address, ("PUT", path), &headers, body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let shown = Rc::clone(&pushes);
    actix_web::rt::spawn(receiver.each(move |push| shown.borrow_mut().take(push)));
    pushes
}

async fn kill((folder, set): (&Path, &[&str]), rounds: usize) {
    let seed = std::env::var("TRADEWIND_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut random: u64 = seed
        .unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64);
    println!("TRADEWIND_TEST_SEED={random}");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let bind = format!("pubsub.bind={address}");
    let set = [set, &[&*bind]].concat();
    let mut process = Process::start(folder, &set);
    let pushes = make(address).await;
    let book = RefCell::new(Book::default());
    for round in 0..rounds {
        // Steele and Vigna's splitmix64: enough for moments.
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (random ^ (random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let before = book.borrow().published.len();
        let wanted = before + usize::try_from(1 + mixed % ANSWERED_MAX).expect("few");
        let work = async {
            let publishers = (0..PUBLISHERS).map(|number| publish(address, (&book, number), round));
            let consumers = (0..2).map(|which| consume(address, (&book, which)));
            futures_util::future::join(
                futures_util::future::join_all(publishers),
                futures_util::future::join_all(consumers),
            )
            .await;
        };
        let killed = async {
            soon("answers", async {
                while book.borrow().published.len() < wanted {
                    tokio::task::yield_now().await;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
            .await;
            // This is the fault, not synchronisation: any moment will do.
            tokio::time::sleep(Duration::from_millis((mixed >> 32) % DELAY_MAX_MS)).await;
            process.kill();
        };
        let both = async { tokio::join!(work, killed) };
        tokio::time::timeout(DEADLINE, both).await.expect("all ends");
        pushes.borrow_mut().life += 1;
        process = Process::start(folder, &set);
        for which in 0..2 {
            let known = book.borrow().clone();
            look(address, &known, which).await;
        }
        // The leases of this look end with the process.
        process.kill();
        pushes.borrow_mut().life += 1;
        process = Process::start(folder, &set);
    }
    let book = book.into_inner();
    process = pushes_end(process, (folder, &set, address), (&book, &pushes)).await;
    process.stop();
    let ids: BTreeSet<&String> = book.published.values().collect();
    assert_eq!(ids.len(), book.published.len(), "no id is given twice");
    let acknowledged = book.acknowledged.iter().map(BTreeSet::len).sum::<usize>();
    assert!(book.published.len() >= rounds && acknowledged >= rounds, "in the middle of something");
    let again = pushes.borrow().came.values().filter(|(_, lives)| lives.len() > 1).count();
    println!(
        "{rounds} rounds, {} published, {acknowledged} acknowledged, {again} pushed again",
        book.published.len()
    );
}

#[actix_web::test]
async fn what_is_published_comes_until_it_is_acknowledged_after_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    kill((folder.path(), &[]), 30).await;
}

#[actix_web::test]
async fn what_is_published_comes_until_it_is_acknowledged_after_kill_9_on_postgres() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let url = format!("store.url={}", schema.url());
    kill((folder.path(), &[&url]), 6).await;
}
