//! Whether a session reads: not while it waits for answers, and more slowly while the store has
//! more to do than it can.

use std::time::Duration;

use super::Input;

/// The first pause; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(25);
/// How often a pause is doubled.
const DOUBLINGS_MAX: u32 = 3;

/// Why a session does not read.
#[derive(Debug, Default)]
pub(super) struct Brake {
    /// The session waits for answers.
    held: bool,
    /// The session pauses, because too much waits for the disk.
    paused: bool,
    /// How many pauses have followed each other.
    pauses: u32,
}

impl Brake {
    /// The machine takes frames, or not.
    pub fn hold(&mut self, input: Input) {
        self.held = input == Input::Hold;
    }

    /// Something was written, or a pause is over; how long to pause now. `None`: not, or there is a
    /// pause already.
    pub fn press(&mut self, pressed: bool) -> Option<Duration> {
        if self.paused {
            return None;
        }
        if !pressed {
            self.pauses = 0;
            return None;
        }
        let pause = PAUSE_FIRST.saturating_mul(1 << self.pauses);
        self.pauses = self.pauses.saturating_add(1).min(DOUBLINGS_MAX);
        self.paused = true;
        Some(pause)
    }

    /// The pause is over.
    pub fn release(&mut self) {
        self.paused = false;
    }

    /// Whether to read.
    pub fn input(&self) -> Input {
        if self.held || self.paused { Input::Hold } else { Input::Flow }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_while_the_pressure_lasts() {
        let mut brake = Brake::default();
        let mut pauses = Vec::new();
        for _ in 0..7 {
            pauses.push(brake.press(true).unwrap().as_millis());
            assert_eq!(brake.press(true), None, "one pause at a time");
            assert_eq!(brake.input(), Input::Hold);
            brake.release();
        }
        assert_eq!(pauses, [25, 50, 100, 200, 200, 200, 200]);
        assert_eq!(brake.press(false), None);
        assert_eq!(brake.press(true), Some(PAUSE_FIRST));
    }

    #[test]
    fn both_reasons_hold() {
        let mut brake = Brake::default();
        assert_eq!(brake.input(), Input::Flow);
        brake.hold(Input::Hold);
        brake.press(true).unwrap();
        brake.hold(Input::Flow);
        assert_eq!(brake.input(), Input::Hold);
        brake.release();
        assert_eq!(brake.input(), Input::Flow);
    }
}
