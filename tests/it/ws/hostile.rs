//! Peers that mean no good, or have bad luck.
//!
//! Each of them ends as the contract says, takes a bounded part of the server's memory, and does
//! not delay its neighbours: a pair that goes on talking all the while. What is said about memory
//! is measured on a server in a process of its own.

mod closing;
mod flood;
mod framing;
mod memory;
mod silent;
mod slow;
