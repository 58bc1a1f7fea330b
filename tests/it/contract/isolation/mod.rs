//! Who opens which door, and who may touch whose things: one table over every route, call and frame of apps, and over
//! the hub's own doors.
//!
//! `levels` says what opens a door: each key, token and cookie at each route, call and first frame. `calls` and
//! `frames` say who may ask what about whom: visitor by visitor, app by app. What is refused is refused alike whether
//! the thing is there or not. `names` reads from the source what there is, so that nothing is without a row.

mod calls;
mod frames;
mod frames_stage;
mod frames_table;
mod keys;
mod levels;
mod levels_table;
mod names;
mod world;
