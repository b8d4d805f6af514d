use std::{
    hint::black_box,
    process,
    sync::Arc,
    time::{Duration, Instant},
};

use hotplate::{Answer, Columns, Engine};
use hotplate_codec::{Decoder, Encoder, Format};

use crate::process::processor_time;

/// What the server does with the bytes of a body, and nothing that is about HTTP.
pub(crate) struct InProcess<'e> {
    engine: &'e Engine,
    bodies: &'e [String],
    decoder: Decoder,
    rows: Columns,
    answer: Answer,
    reply: Vec<u8>,
}

impl<'e> InProcess<'e> {
    pub(crate) fn new(engine: &'e Engine, bodies: &'e [String]) -> Self {
        Self {
            engine,
            bodies,
            decoder: Decoder::new(Arc::clone(engine.signature().schema())),
            rows: engine.rows(),
            answer: engine.answer(),
            reply: Vec::new(),
        }
    }

    /// Decodes, predicts and encodes for about `time`; what one row takes, in microseconds.
    pub(crate) fn cost(&mut self, time: Duration) -> f64 {
        let (start, before) = (Instant::now(), processor_time(process::id()));
        let mut answered = 0.0;
        while start.elapsed() < time {
            for body in self.bodies {
                self.decoder.decode(Format::Json, body.as_bytes(), &mut self.rows).unwrap();
                self.engine.predict_into(&self.rows, &mut self.answer).unwrap();
                let mut tensors = Vec::new();
                let predictions = self.answer.predictions(&mut tensors);
                self.reply.clear();
                let mut encoder = Encoder::new(Format::Json, self.engine.output());
                encoder.block(&predictions, &mut self.reply);
                encoder.finish(&mut self.reply);
                black_box(&self.reply);
                answered += 1.0;
            }
        }
        (processor_time(process::id()) - before).as_secs_f64() * 1e6 / answered
    }
}
