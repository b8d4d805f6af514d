//! Requests for predictions, from their bodies to their replies: all but how a model is run.

use std::sync::Arc;

use hotplate::{Engine, Error};

use super::{
    Handler,
    admission::Predict,
    ask::{Ask, Form},
    scratch::{ModelScratch, Scratch, Stopwatch},
};
use crate::{
    problem::{Problem, Refusal},
    profile::Imitation,
    reply::Reply,
};

/// A request whose next rows a model is to be asked.
#[derive(Debug)]
pub(super) struct Asking<'r> {
    handler: &'r Handler,
    predict: &'r Predict,
    body: &'r [u8],
    engine: &'r Arc<Engine>,
    model: Box<ModelScratch>,
    manner: Manner<'r>,
    watch: Stopwatch,
}

/// How the body is read and the reply is written.
#[derive(Debug)]
enum Manner<'r> {
    Own(Ask),
    Imitated(Imitation<'r>),
}

impl Handler {
    /// Begins with a request: it has rows to ask a model, or there is a reply.
    pub(super) fn ask<'r>(
        &'r self,
        predict: &'r Predict,
        body: &'r [u8],
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) -> Option<Asking<'r>> {
        let session = predict.session.as_deref();
        if session.is_some() && self.is_about_session(session, body, reply) {
            return None;
        }
        let engine = predict.lease.engine();
        self.ask_engine(predict, engine, body, scratch, reply)
    }

    fn ask_engine<'r>(
        &'r self,
        predict: &'r Predict,
        engine: &'r Arc<Engine>,
        body: &'r [u8],
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) -> Option<Asking<'r>> {
        reply.clear();
        let manner = match &predict.form {
            Form::Own(ask) => Manner::Own(*ask),
            Form::Imitated(imitated) => Manner::Imitated(Imitation::new(imitated, engine)),
        };
        let (model, watch) = (scratch.take(engine), self.watch(&predict.form.wishes()));
        let mut asking = Asking { handler: self, predict, body, engine, model, manner, watch };
        let decoded = asking.decode(reply);
        asking.watch.parsed();
        asking.follow(decoded, scratch, reply)
    }
}

impl<'r> Asking<'r> {
    /// Asks the model the rows.
    pub(super) fn run(&mut self) -> Result<(), Error> {
        let terms = self.predict.form.wishes().terms;
        self.model.run(self.engine, &terms)
    }

    /// As [`run`](Self::run), in a task that does not block meanwhile.
    pub(super) async fn run_in_task(&mut self) -> Result<(), Error> {
        let terms = self.predict.form.wishes().terms;
        self.model.run_in_task(self.engine, &terms).await
    }

    /// Goes on when the model `ran`: there are further rows, or there is a reply.
    pub(super) fn go_on(
        mut self,
        ran: Result<(), Error>,
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) -> Option<Self> {
        let has_rows = match (ran, &mut self.manner) {
            (Err(error), Manner::Own(_)) => Err(Problem::from(error).into()),
            (Err(error), Manner::Imitated(imitation)) => Err(imitation.refuse(error, reply)),
            (Ok(()), manner) => {
                if let Some(shadow) = self.predict.lease.endpoint().shadow() {
                    self.model.show(shadow);
                }
                match manner {
                    Manner::Own(_) => Ok(false),
                    Manner::Imitated(imitation) => {
                        imitation.add(self.model.answer());
                        imitation.next(self.model.rows_mut(), reply)
                    }
                }
            }
        };
        self.follow(has_rows, scratch, reply)
    }

    /// Decodes the body, or the first of its rows; says whether there are any.
    fn decode(&mut self, reply: &mut Reply) -> Result<bool, Refusal> {
        match &mut self.manner {
            Manner::Own(ask) => {
                self.model.decode(*ask, self.body)?;
                Ok(true)
            }
            Manner::Imitated(imitation) => {
                imitation.read(self.body, reply)?;
                imitation.next(self.model.rows_mut(), reply)
            }
        }
    }

    /// Where there are no further rows, writes the reply or says why there is none; unless another
    /// version is to be asked them all.
    fn follow(
        mut self,
        has_rows: Result<bool, Refusal>,
        scratch: &mut Scratch,
        reply: &mut Reply,
    ) -> Option<Self> {
        let answered = match has_rows {
            Ok(true) => return Some(self),
            Ok(false) => self.write(reply),
            Err(refusal) => Err(refusal),
        };
        let Self { handler, predict, body, engine, model, .. } = self;
        scratch.put(engine, model);
        let lease = &predict.lease;
        let is_first_asked = Arc::ptr_eq(engine, lease.engine());
        if is_first_asked
            && lease.endpoint().is_watched()
            && let Some(before) = handler.judge(&answered, lease)
        {
            return handler.ask_engine(predict, before, body, scratch, reply);
        }
        handler.conclude(answered, lease, predict.session.as_deref(), body, reply);
        None
    }

    fn write(&mut self, reply: &mut Reply) -> Result<(), Refusal> {
        match &self.manner {
            Manner::Own(ask) => self.model.reply(self.engine, *ask, &mut self.watch, reply)?,
            Manner::Imitated(imitation) => {
                self.watch.computed(self.model.answer().began());
                imitation.write(self.model.answer(), reply)?;
                reply.phases = self.watch.encoded();
            }
        }
        Ok(())
    }
}
