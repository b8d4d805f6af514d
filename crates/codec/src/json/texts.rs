//! Texts in Hugging Face's form.

use hotplate_tensor::Columns;

use crate::{
    DecodeError, DecodeErrorKind, Decoder,
    json::{cursor::Cursor, document::PASSED_OVER},
    names::{nearest, unknown_column},
    number::Number,
    texts::{MOST_TEXTS, PAIR, ScoreFunction, TextForm, TextRequest, TopK},
};

/// The parameters, of which the last two say what is done anyway.
const PARAMETERS: [&str; 4] = ["top_k", "function_to_apply", "truncation", "truncate"];

/// What may stand beside the texts, or in the place of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Inputs,
    Parameters,
    PassedOver,
    Other,
}

impl Part {
    fn of(key: &str) -> Self {
        match key {
            "inputs" => Self::Inputs,
            "parameters" => Self::Parameters,
            _ if PASSED_OVER.contains(&key) => Self::PassedOver,
            _ => Self::Other,
        }
    }
}

impl Decoder {
    /// Appends the rows of the object at `cursor`, whose brace was peeked, if it is in Hugging
    /// Face's form; else `cursor` stays and no row is appended.
    pub(super) fn text_document(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<bool, DecodeError> {
        let start = *cursor;
        let mut request = TextRequest::default();
        let mut has_texts = false;
        let mut goes_on = cursor.opens(b'}');
        while goes_on {
            let key_start = cursor.value_start();
            if cursor.peek() != Some(b'"') && !has_texts {
                break;
            }
            let part = Part::of(cursor.key(&mut self.scratch)?);
            cursor.colon()?;
            match part {
                Part::Inputs if has_texts => {
                    return Err(DecodeError::new(DecodeErrorKind::DuplicateColumn)
                        .with_column("inputs")
                        .with_offset(key_start));
                }
                Part::Inputs => {
                    let Some(form) = self.texts(cursor, columns)? else { break };
                    request.form = form;
                    has_texts = true;
                }
                Part::Parameters => self.text_parameters(cursor, &mut request)?,
                Part::PassedOver => cursor.skip_value(&mut self.scratch)?,
                Part::Other if has_texts => {
                    return Err(self.unknown_key(start.at(key_start)));
                }
                Part::Other => break,
            }
            goes_on = cursor.goes_on(b'}')?;
        }
        if has_texts {
            self.text_request = Some(request);
        } else {
            *cursor = start;
        }
        Ok(has_texts)
    }

    /// Appends the row of `{"inputs": ..}` at `cursor`, whose brace was peeked, where one row
    /// belongs; else `cursor` stays.
    pub(super) fn text_row(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<bool, DecodeError> {
        let mut inside = *cursor;
        inside.bump();
        if !inside.key_is("inputs") || !matches!(inside.peek(), Some(b'"' | b'{')) {
            return Ok(false);
        }
        self.text(&mut inside, columns)?;
        inside.close_braces(1)?;
        *cursor = inside;
        Ok(true)
    }

    /// Appends a row for each text at `cursor`; none where it holds columns of lists.
    fn texts(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<Option<TextForm>, DecodeError> {
        match cursor.peek() {
            Some(b'"') => {
                self.text(cursor, columns).map_err(|error| error.with_row(0))?;
                Ok(Some(TextForm::Text))
            }
            Some(b'{') => {
                if begins_with_list(*cursor, &mut self.scratch) {
                    return Ok(None);
                }
                self.text(cursor, columns).map_err(|error| error.with_row(0))?;
                Ok(Some(TextForm::Object))
            }
            Some(b'[') => {
                let mut goes_on = cursor.opens(b']');
                while goes_on {
                    let row = columns.rows();
                    if row == MOST_TEXTS {
                        let most =
                            format!("{MOST_TEXTS} texts at most, or rows under \"instances\"");
                        return Err(DecodeError::new(DecodeErrorKind::TooLarge)
                            .with_column("inputs")
                            .with_expected(most.into())
                            .with_offset(cursor.value_start()));
                    }
                    self.text(cursor, columns).map_err(|error| error.with_row(row))?;
                    goes_on = cursor.goes_on(b']')?;
                }
                Ok(Some(TextForm::List))
            }
            _ => Err(not_texts("a text, an object of texts, or a list of these", cursor)),
        }
    }

    /// Appends the row at `cursor`: a text, or an object or a list of a text and perhaps another.
    fn text(&mut self, cursor: &mut Cursor<'_>, columns: &mut Columns) -> Result<(), DecodeError> {
        match cursor.peek() {
            Some(b'"') => {
                columns.begin_row();
                self.json_cell(cursor, 0, columns)
            }
            Some(b'{') => self.text_by_name(cursor, columns),
            Some(b'[') => self.text_by_position(cursor, columns),
            None => Err(cursor.malformed("a text")),
            Some(_) => Err(not_texts("a text, or an object or a list of texts", cursor)),
        }
    }

    fn text_by_name(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let start = cursor.position();
        columns.begin_row();
        let width = self.width();
        let mut has = [false; 2];
        let mut goes_on = cursor.opens(b'}');
        while goes_on {
            let key_start = cursor.value_start();
            let key = cursor.key(&mut self.scratch)?;
            let by_role = || PAIR.iter().position(|role| *role == key);
            let column = self.schema.column_index(key).or_else(by_role);
            match column.filter(|column| *column < width) {
                Some(column) if has[column] => {
                    return Err(DecodeError::new(DecodeErrorKind::DuplicateColumn)
                        .with_column(key)
                        .with_offset(key_start));
                }
                Some(column) => {
                    has[column] = true;
                    cursor.colon()?;
                    self.json_cell(cursor, column, columns)?;
                }
                None if self.ignore_unknown => {
                    cursor.colon()?;
                    cursor.skip_value(&mut self.scratch)?;
                }
                None => return Err(unknown_column(&self.schema, key).with_offset(key_start)),
            }
            goes_on = cursor.goes_on(b'}')?;
        }
        if has[0] {
            return Ok(());
        }
        let name = &self.schema.columns()[0].name;
        Err(DecodeError::new(DecodeErrorKind::MissingColumn).with_column(name).with_offset(start))
    }

    fn text_by_position(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let start = cursor.position();
        columns.begin_row();
        let mut cells = 0;
        let mut goes_on = cursor.opens(b']');
        while goes_on {
            if cells < self.width() {
                self.json_cell(cursor, cells, columns)?;
            } else {
                cursor.skip_value(&mut self.scratch)?;
            }
            cells += 1;
            goes_on = cursor.goes_on(b']')?;
        }
        if (1..=self.width()).contains(&cells) {
            return Ok(());
        }
        Err(Self::wrong_arity(self.width(), cells.to_string()).with_offset(start))
    }

    /// Reads the object at `cursor`; `null` says nothing.
    fn text_parameters(
        &mut self,
        cursor: &mut Cursor<'_>,
        request: &mut TextRequest,
    ) -> Result<(), DecodeError> {
        match cursor.peek() {
            Some(b'n') => return cursor.word("null"),
            Some(b'{') => {}
            _ => return Err(not_texts("an object of parameters", cursor)),
        }
        let mut goes_on = cursor.opens(b'}');
        while goes_on {
            let key_start = cursor.value_start();
            let key = cursor.key(&mut self.scratch)?;
            let Some(parameter) = PARAMETERS.into_iter().find(|known| *known == key) else {
                return Err(DecodeError::new(DecodeErrorKind::WrongParameter)
                    .with_column(key)
                    .with_expected("top_k, function_to_apply or truncation".into())
                    .with_suggestion(nearest(key, PARAMETERS.into_iter()))
                    .with_offset(key_start));
            };
            cursor.colon()?;
            let value = *cursor;
            let read = match parameter {
                "top_k" => self.top_k(cursor)?.map(|top_k| request.top_k = Some(top_k)),
                "function_to_apply" => {
                    self.score_function(cursor)?.map(|function| request.function = function)
                }
                _ => (cursor.peek() == Some(b't')).then(|| cursor.word("true")).transpose()?,
            };
            if read.is_none() {
                let expected = match parameter {
                    "top_k" => "a whole number from 1 on, or null".into(),
                    "function_to_apply" => format!("{}, or null", ScoreFunction::NAMES).into(),
                    _ => "true, for a text longer than the model takes is always cut".into(),
                };
                return Err(DecodeError::new(DecodeErrorKind::WrongParameter)
                    .with_column(parameter)
                    .with_expected(expected)
                    .with_got(value.describe())
                    .with_offset(value.value_start()));
            }
            goes_on = cursor.goes_on(b'}')?;
        }
        Ok(())
    }

    fn top_k(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<TopK>, DecodeError> {
        match cursor.peek() {
            Some(b'n') => cursor.word("null").map(|()| Some(TopK::All)),
            Some(b'-' | b'0'..=b'9') => Ok(match cursor.number()? {
                Number::Integer(most @ 1..) => {
                    Some(TopK::Most(usize::try_from(most).unwrap_or(usize::MAX)))
                }
                _ => None,
            }),
            _ => Ok(None),
        }
    }

    fn score_function(
        &mut self,
        cursor: &mut Cursor<'_>,
    ) -> Result<Option<Option<ScoreFunction>>, DecodeError> {
        match cursor.peek() {
            Some(b'n') => cursor.word("null").map(|()| Some(None)),
            Some(b'"') => {
                let name = cursor.string(&mut self.scratch)?;
                Ok(ScoreFunction::from_name(name).map(Some))
            }
            _ => Ok(None),
        }
    }
}

/// Whether the value of the first key of the object whose brace was peeked is a list.
fn begins_with_list(mut cursor: Cursor<'_>, scratch: &mut String) -> bool {
    cursor.bump();
    cursor.key(scratch).is_ok() && cursor.colon().is_ok() && cursor.peek() == Some(b'[')
}

#[cold]
fn not_texts(expected: &'static str, cursor: &Cursor<'_>) -> DecodeError {
    DecodeError::new(DecodeErrorKind::WrongType)
        .with_expected(expected.into())
        .with_got(cursor.describe())
        .with_offset(cursor.value_start())
}
