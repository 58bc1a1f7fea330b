//! Users and friendships, as tables.

use tradewind::domain::accounts::friendship::Friendship;
use tradewind::domain::accounts::name::Called;
use tradewind::domain::accounts::user::User;
use tradewind::store::accounts::friendships;
use tradewind::store::accounts::users::{self, NewUser};

use super::harness::*;

on_both! {
    fn a_user_is_found_by_id_name_and_address(db) {
        let database = db.open();
        let new = NewUser {
            id: id(2),
            name: &name("Ann 윤"),
            email: &email("Ann@X.org"),
            password_hash: "hash",
            imported: false,
            created_at: at(1),
        };
        database.write(|conn| users::insert(conn, &new)).unwrap();
        let called = |text| Called::new(text).unwrap();
        let ann = User { id: id(2), name: "Ann 윤".to_owned(), profile: None };
        let found = Some(ann.clone());
        assert_eq!(database.read(|conn| users::by_id(conn, id(2))).unwrap(), found);
        assert_eq!(database.read(|conn| users::by_id(conn, id(4))).unwrap(), None);
        assert_eq!(database.read(|conn| users::by_name(conn, &called("Ann 윤"))).unwrap(), found);
        assert_eq!(database.read(|conn| users::by_name(conn, &called("Ann윤"))).unwrap(), None);
        let name_taken = |text| database.read(|conn| users::name_taken(conn, &name(text))).unwrap();
        assert!(name_taken("Ann 윤") && !name_taken("Ann"));
        let email_taken =
            |text| database.read(|conn| users::email_taken(conn, &email(text))).unwrap();
        assert!(email_taken("ANN@x.org") && !email_taken("bob@x.org"));

        let (other_name, other_email) = (name("bob"), email("bob@x.org"));
        let clashes = [
            NewUser { name: &other_name, email: &other_email, ..new },
            NewUser { id: id(4), email: &other_email, ..new },
            NewUser { id: id(4), name: &other_name, ..new },
        ];
        for clash in clashes {
            let error = database.write(|conn| users::insert(conn, &clash)).unwrap_err();
            assert!(error.is_unique_violation(), "{error}");
        }
        let imported = NewUser {
            id: id(i64::MAX - 1),
            name: &other_name,
            email: &other_email,
            imported: true,
            ..new
        };
        database.write(|conn| users::insert(conn, &imported)).unwrap();
        assert_eq!(database.id_floor().unwrap(), 2, "an imported id says nothing");
        befriend(&database, 2, i64::MAX - 1, Friendship::Friends);
        let friends = |who| database.read(|conn| friendships::friends_of(conn, &[id(who)])).unwrap().remove(&id(who)).unwrap_or_default();
        assert_eq!(friends(i64::MAX - 1), [ann], "the largest ids do not overflow");
        assert_eq!(friends(2)[0].id, id(i64::MAX - 1));
        // Two sessions of a user may ask together.
        let twice = [id(2), id(i64::MAX - 1), id(2)];
        let both = database.read(|conn| friendships::friends_of(conn, &twice)).unwrap();
        assert_eq!((both[&id(2)].len(), both[&id(i64::MAX - 1)].len()), (1, 1));
        let requests = database.read(|conn| friendships::requests_to(conn, &twice)).unwrap();
        assert!(requests.is_empty());
    }

    fn ten_thousand_users_and_their_friendships_are_stored_at_once(db) {
        let database = db.open();
        assert_eq!(database.id_floor().unwrap(), 0);
        let ids: Vec<i64> = (1..=10_000).map(|n| 2 * n).collect();
        make_users(&database, &ids);
        let ring: Vec<_> = ids.windows(2).map(|two| pair(two[0], two[1])).collect();
        let friends = Friendship::Friends;
        database.write(|conn| friendships::insert_many(conn, &ring, friends, at(1))).unwrap();
        assert_eq!(database.read(users::count).unwrap(), 10_000);
        let of_one = database.read(|conn| friendships::friends_of(conn, &[id(5_000)])).unwrap().remove(&id(5_000)).unwrap_or_default();
        assert_eq!(of_one.iter().map(|user| user.id.get()).collect::<Vec<_>>(), [4_998, 5_002]);
        assert_eq!(database.id_floor().unwrap(), 20_000);
    }

    fn friends_and_requests_come_oldest_first(db) {
        use Friendship::{Friends, RequestedByHigh, RequestedByLow};
        let database = db.open();
        make_users(&database, &[2, 4, 6, 8, 10, 12]);
        let rows = [
            (6, 2, Friends, 30),
            (6, 8, Friends, 10),
            (6, 4, RequestedByLow, 40),
            (6, 10, RequestedByHigh, 20),
            (6, 12, RequestedByLow, 5),
        ];
        for (a, b, state, changed_at) in rows {
            let set = |conn: &mut _| friendships::set(conn, pair(a, b), state, at(changed_at));
            database.write(set).unwrap();
        }
        let ids = |users: Vec<User>| users.iter().map(|user| user.id.get()).collect::<Vec<_>>();
        let friends = |who| ids(database.read(|conn| friendships::friends_of(conn, &[id(who)])).unwrap().remove(&id(who)).unwrap_or_default());
        let requests =
            |who| ids(database.read(|conn| friendships::requests_to(conn, &[id(who)])).unwrap().remove(&id(who)).unwrap_or_default());
        assert_eq!((friends(6), requests(6)), (vec![8, 2], vec![10, 4]));
        assert_eq!((friends(8), requests(8)), (vec![6], vec![]));
        assert_eq!((friends(12), requests(12)), (vec![], vec![6]));
        // Accepting makes it the newest friendship.
        befriend(&database, 6, 10, Friends);
        let set = |conn: &mut _| friendships::set(conn, pair(6, 10), Friends, at(90));
        database.write(set).unwrap();
        assert_eq!((friends(6), requests(6)), (vec![8, 2, 10], vec![4]));
        database.write(|conn| friendships::clear(conn, pair(8, 6))).unwrap();
        assert_eq!(friends(6), [2, 10]);
        assert_eq!(database.read(|conn| friendships::between(conn, pair(8, 6))).unwrap(), None);
    }
}
