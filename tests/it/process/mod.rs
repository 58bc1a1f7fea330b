//! The real binary, in a process of its own: it is killed, starved, misconfigured, and asked for
//! all that its command line can do.

mod cli;
mod clock;
mod control;
mod devices;
mod disk;
mod faults;
mod gone;
mod kill;
mod kill_bridges;
mod kill_customers;
mod kill_pubsub;
mod lock;
mod owner;
mod restore;
mod rows;
mod signals;
