DROP TABLE mails;
DROP TABLE verification_keys;
DROP TABLE registrations;
DROP TABLE messages;
DROP TABLE rooms;
DROP TABLE friendships;
DROP TABLE users;
