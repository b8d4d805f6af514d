//! What a lane with one slot should do, in plain words: no threads, no atomics, no pointers.
//!
//! It shares no code with the lane but the words for what is asked and what becomes of it.

use std::collections::VecDeque;

use crate::{Priority, RefusedReason};

/// The plan, and what the lane may do with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    /// Nanoseconds of a batch, and of each of its rows.
    pub(super) fixed: u64,
    pub(super) per_row: u64,
    /// The most rows of a batch of several requests, and of one turn.
    pub(super) batch_rows: usize,
    pub(super) turn_rows: usize,
    /// The most rows and bytes that may wait.
    pub(super) max_rows: usize,
    pub(super) max_bytes: usize,
    /// Whether an attendant runs everything, all that came at a time at once.
    pub(super) attended: bool,
}

impl World {
    pub(super) fn time_of(&self, rows: usize) -> u64 {
        self.fixed + self.per_row * rows as u64
    }
}

/// What happens, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) at: u64,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// A task comes with a request, which has the number of its event.
    Ask { priority: Priority, rows: usize, bytes: usize, deadline: u64 },
    /// The task of that event goes away.
    Cancel(usize),
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Answered,
    Refused(RefusedReason),
    Cancelled,
}

/// When a batch began, and which requests were in it, in their order.
pub(super) type Ran = (u64, Vec<usize>);

/// Every batch, and the end of each request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) batches: Vec<Ran>,
    pub(super) ends: Vec<Option<End>>,
}

struct Request {
    priority: Priority,
    deadline: u64,
    rows: usize,
    bytes: usize,
    rows_left: usize,
    /// Whether the task has its thread run it, and cannot go away meanwhile.
    alone: bool,
}

struct Simulator<'a> {
    world: World,
    events: VecDeque<(usize, &'a Event)>,
    now: u64,
    /// By the number of the event.
    requests: Vec<Option<Request>>,
    waiting: [VecDeque<usize>; Priority::COUNT],
    /// Rows and bytes of all that was let in and has not ended.
    held: (usize, usize),
    looks: usize,
    course: Course,
}

/// What should happen.
pub(super) fn simulate(world: World, events: &[Event]) -> Course {
    let mut simulator = Simulator {
        world,
        events: events.iter().enumerate().collect(),
        now: 0,
        requests: events.iter().map(|_| None).collect(),
        waiting: Default::default(),
        held: (0, 0),
        looks: 0,
        course: Course { batches: Vec::new(), ends: vec![None; events.len()] },
    };
    while let Some((number, event)) = simulator.events.pop_front() {
        simulator.now = simulator.now.max(event.at);
        simulator.happen(number, event.what, !world.attended);
        while world.attended
            && let Some((number, event)) =
                simulator.events.pop_front_if(|next| next.1.at <= simulator.now)
        {
            simulator.happen(number, event.what, false);
        }
        simulator.run_all();
    }
    simulator.course
}

impl Simulator<'_> {
    fn happen(&mut self, number: usize, what: What, idle: bool) {
        let (priority, rows, bytes, deadline) = match what {
            What::Cancel(other) => {
                // Of a task that asked, and has no answer.
                let may_go = |request: &Request| !request.alone;
                let waits = self.requests[other].as_ref().is_some_and(may_go);
                if waits && self.course.ends[other].is_none() {
                    self.course.ends[other] = Some(End::Cancelled);
                }
                return;
            }
            What::Ask { priority, rows, bytes, deadline } => (priority, rows, bytes, deadline),
        };
        let request = Request { priority, deadline, rows, bytes, rows_left: rows, alone: idle };
        if idle {
            let end = self.now + self.world.time_of(rows);
            if end > deadline {
                self.course.ends[number] = Some(End::Refused(RefusedReason::Late));
                return;
            }
            self.requests[number] = Some(request);
            return self.run_alone(number);
        }
        let over = |held: usize, more: usize, most: usize| held > 0 && held + more > most;
        let (held_rows, held_bytes) = self.held;
        let refused = if over(held_rows, rows.max(1), self.world.max_rows)
            || over(held_bytes, bytes, self.world.max_bytes)
        {
            Some(RefusedReason::Full)
        } else if self.now + self.world.time_of(held_rows + rows) > deadline {
            Some(RefusedReason::Late)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.course.ends[number] = Some(End::Refused(reason));
            return;
        }
        self.held = (held_rows + rows.max(1), held_bytes + bytes);
        self.waiting[priority as usize].push_back(number);
        self.requests[number] = Some(request);
    }

    /// A request that found the slot free: what comes meanwhile runs between its turns.
    fn run_alone(&mut self, number: usize) {
        loop {
            self.run(&[number]);
            if self.request(number).rows_left == 0 {
                self.course.ends[number].get_or_insert(End::Answered);
                return;
            }
            self.run_one_batch();
        }
    }

    fn run_all(&mut self) {
        while self.run_one_batch() {}
    }

    fn run_one_batch(&mut self) -> bool {
        if self.waiting.iter().all(VecDeque::is_empty) {
            return false;
        }
        let batch = self.next_batch();
        if batch.is_empty() {
            return true;
        }
        self.run(&batch);
        for number in batch {
            let more = self.request(number).rows_left > 0;
            if more && self.course.ends[number].is_none() {
                let class = self.request(number).priority as usize;
                self.waiting[class].push_back(number);
            } else {
                self.end(number, End::Answered);
            }
        }
        true
    }

    /// Every eighth batch begins with one request of each class, in turns; all others are filled
    /// from the highest class down.
    fn next_batch(&mut self) -> Vec<usize> {
        self.looks += 1;
        let mut batch = Vec::new();
        if self.looks.is_multiple_of(8) {
            for step in 0..3 {
                self.take(&mut batch, (self.looks / 8 + step) % 3);
            }
        }
        for class in 0..3 {
            while self.take(&mut batch, class) {}
        }
        batch
    }

    /// Takes the first of a class out of the queue: into the batch, or to its end.
    fn take(&mut self, batch: &mut Vec<usize>, class: usize) -> bool {
        let Some(&number) = self.waiting[class].front() else { return false };
        let cancelled = self.course.ends[number].is_some();
        if !cancelled {
            let rows: usize = batch.iter().map(|&mate| self.turn(mate)).sum();
            let rows = rows + self.turn(number);
            let (own, end) = (self.request(number).deadline, self.now + self.world.time_of(rows));
            let mates = batch.iter().map(|&mate| self.request(mate).deadline).min();
            let hopeless = self.now >= own || batch.is_empty() && end > own;
            let spoils = end > own || mates.is_some_and(|deadline| end > deadline);
            let large = rows > self.world.batch_rows && !batch.is_empty();
            if large || !hopeless && spoils {
                return false;
            }
            if !hopeless {
                self.waiting[class].pop_front();
                batch.push(number);
                return true;
            }
        }
        self.waiting[class].pop_front();
        self.end(number, End::Refused(RefusedReason::Late));
        true
    }

    /// Runs the next turns of these, while the world goes on.
    fn run(&mut self, batch: &[usize]) {
        self.course.batches.push((self.now, batch.to_vec()));
        let rows = batch.iter().map(|&number| self.turn(number)).sum();
        let end = self.now + self.world.time_of(rows);
        while let Some((number, event)) = self.events.pop_front_if(|next| next.1.at <= end) {
            self.now = self.now.max(event.at);
            self.happen(number, event.what, false);
        }
        self.now = end;
        for &number in batch {
            let turn = self.turn(number);
            if let Some(request) = &mut self.requests[number] {
                request.rows_left -= turn;
            }
        }
    }

    fn end(&mut self, number: usize, end: End) {
        let Request { rows, bytes, .. } = *self.request(number);
        self.held = (self.held.0 - rows.max(1), self.held.1 - bytes);
        self.course.ends[number].get_or_insert(end);
    }

    fn turn(&self, number: usize) -> usize {
        self.request(number).rows_left.min(self.world.turn_rows)
    }

    fn request(&self, number: usize) -> &Request {
        self.requests[number].as_ref().unwrap()
    }
}
