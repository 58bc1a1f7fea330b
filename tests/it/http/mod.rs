//! HTTP: limits, log-in, secrets, health, and what garbage gets.

mod bodies;
mod chatting;
mod console;
mod garbage;
mod hashing;
mod headers;
mod health;
mod limits;
mod login;
mod names;
mod page;
mod pubsub;
mod revoked;
mod sdk;
mod secrets;
mod shape;
mod text;
mod tokens;
mod tries;
mod unfinished;
mod v1;
mod widget;

const WRONG: &str = "email or password incorrect.";
const TOO_MANY: &str = "too many requests.";
const LOGIN: &str = "/api/v1/auth/login";
const REGISTER: &str = "/api/v1/auth/register";
