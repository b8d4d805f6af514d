//! LabelEncoder and CategoryMapper: from one label to another, by a table of the file's.

use hotplate_backend::BackendError;
use hotplate_model::onnx::Node;
use hotplate_tensor::{DType, Data, DataView, Element, Shape, StrView, Tensor, TensorView};

use super::{
    super::support::operand,
    table::{Counts, IntegerTable, Key, TextTable, without_repeats},
    unknown::Unknown,
};
use crate::{
    operator::NotTaken,
    program::{
        constants::constant_of,
        kernel::{Compiled, Kernel, Operand, Operands},
    },
};

/// Compiles a LabelEncoder of this version of ai.onnx.ml.
pub(super) fn encoder(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
    version: i64,
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    if version < 2 {
        let texts: Vec<&str> = node.strings("classes_strings")?.into_iter().flatten().collect();
        let places: Vec<i64> = (0..).take(texts.len()).collect();
        return between_texts_and_integers(node, x, &texts, &places);
    }
    let keys = elements(node, "keys", x.ty.dtype)?;
    // The file says by the values' attribute what the output is.
    let values = ["values_strings", "values_int64s", "values_floats", "values_tensor"]
        .into_iter()
        .filter(|name| node.attribute(name).is_some())
        .collect::<Vec<_>>();
    let [values] = values[..] else {
        return Err(NotTaken::invalid(node, format!("{} kinds of values", values.len())));
    };
    let values = list(node, values)?;
    if keys.len() != values.len() {
        let problem = format!("{} keys and {} values", keys.len(), values.len());
        return Err(NotTaken::invalid(node, problem));
    }
    let (default, is_given) = default_of(node, values.dtype())?;
    let keys = Keys::new(keys.view(), Counts::First, version >= 4)?;
    let unknown = if is_given { Unknown::uncounted() } else { Unknown::of(x) };
    encoded(x, keys, &values, &default, unknown)
}

/// Compiles a CategoryMapper.
pub(super) fn mapper(
    node: &Node<'_>,
    operands: &[Option<Operand<'_>>],
) -> Result<Compiled, NotTaken> {
    let x = operand(node, operands, 0)?;
    let texts: Vec<&str> = node.strings("cats_strings")?.into_iter().flatten().collect();
    let integers: Vec<i64> = node.ints("cats_int64s")?.map(Iterator::collect).unwrap_or_default();
    if texts.len() != integers.len() {
        let problem = format!("{} texts and {} integers", texts.len(), integers.len());
        return Err(NotTaken::invalid(node, problem));
    }
    between_texts_and_integers(node, x, &texts, &integers)
}

/// From texts to integers or back, as the input is. Of equal keys the last counts.
fn between_texts_and_integers(
    node: &Node<'_>,
    x: &Operand<'_>,
    texts: &[&str],
    integers: &[i64],
) -> Result<Compiled, NotTaken> {
    let (text, integer) = (texts_of(texts)?, Data::I64(integers.to_vec()));
    let (keys, values) = match x.ty.dtype {
        DType::Str => (text, integer),
        DType::I64 => (integer, text),
        other => return Err(NotTaken::unsupported(format!("labels of {other}"))),
    };
    let (default, is_given) = default_of(node, values.dtype())?;
    let unknown = if is_given { Unknown::uncounted() } else { Unknown::of(x) };
    encoded(x, Keys::new(keys.view(), Counts::Last, false)?, &values, &default, unknown)
}

fn encoded(
    x: &Operand<'_>,
    keys: Keys,
    values: &Data,
    default: &Data,
    unknown: Unknown,
) -> Result<Compiled, NotTaken> {
    let output = super::value_type(values.dtype(), x.ty.dims.clone())?;
    macro_rules! kernel {
        ($($variant:ident),+) => {
            match (values, default) {
                $((Data::$variant(values), Data::$variant(default)) => Values::$variant(
                    values.iter().chain(default).copied().collect(),
                ),)+
                (Data::Str(values), Data::Str(default)) => Values::Str(
                    values.view().iter().chain(default.view().iter()).map(str::to_owned).collect(),
                ),
                _ => return Err(NotTaken::unsupported("a default of another type")),
            }
        };
    }
    let values = kernel!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64);
    Ok(Compiled { kernel: Box::new(Labels { keys, values, unknown }), outputs: vec![output] })
}

/// The attribute of a list of keys for an input of this type.
fn elements(node: &Node<'_>, prefix: &str, dtype: DType) -> Result<Data, NotTaken> {
    let name = match dtype {
        DType::Str => format!("{prefix}_strings"),
        DType::I64 => format!("{prefix}_int64s"),
        DType::F32 => format!("{prefix}_floats"),
        _ => format!("{prefix}_tensor"),
    };
    let tensor = format!("{prefix}_tensor");
    let name = if node.attribute(&name).is_some() { name } else { tensor };
    if node.attribute(&name).is_none() {
        return Err(NotTaken::invalid(node, format!("no {prefix} for an input of {dtype}")));
    }
    let list = list(node, &name)?;
    if list.dtype() != dtype {
        let problem = format!("{prefix} of {} for an input of {dtype}", list.dtype());
        return Err(NotTaken::invalid(node, problem));
    }
    Ok(list)
}

/// A list of strings, integers or floats, or a tensor, as the attribute's name says.
fn list(node: &Node<'_>, name: &str) -> Result<Data, NotTaken> {
    let absent = || NotTaken::invalid(node, format!("{name} is not given"));
    if name.ends_with("_tensor") {
        let tensor = node.tensor(name)?.ok_or_else(absent)?;
        return data_of(constant_of(&tensor)?.data());
    }
    if name.ends_with("_strings") {
        let texts: Vec<&str> = node.strings(name)?.ok_or_else(absent)?.collect();
        return texts_of(&texts);
    }
    if name.ends_with("_int64s") {
        return Ok(Data::I64(node.ints(name)?.ok_or_else(absent)?.collect()));
    }
    Ok(Data::F32(node.floats(name)?.ok_or_else(absent)?.collect()))
}

/// What becomes of a key that the table does not have, and whether the file says so itself.
fn default_of(node: &Node<'_>, dtype: DType) -> Result<(Data, bool), NotTaken> {
    if let Some(tensor) = node.tensor("default_tensor")? {
        let default = data_of(constant_of(&tensor)?.data())?;
        if default.dtype() != dtype || default.len() != 1 {
            let problem = format!("default_tensor is {} of {}", default.len(), default.dtype());
            return Err(NotTaken::invalid(node, problem));
        }
        return Ok((default, true));
    }
    Ok(match dtype {
        DType::Str => {
            let text = node.string("default_string")?;
            (texts_of(&[text.unwrap_or("_Unused")])?, text.is_some())
        }
        DType::F32 => {
            let number = node.float("default_float")?;
            (Data::F32(vec![number.unwrap_or(-0.0)]), number.is_some())
        }
        DType::F64 => (Data::F64(vec![-0.0]), false),
        DType::I64 => {
            let integer = node.int("default_int64")?;
            (Data::I64(vec![integer.unwrap_or(-1)]), integer.is_some())
        }
        DType::I32 => (Data::I32(vec![-1]), false),
        DType::I16 => (Data::I16(vec![-1]), false),
        DType::I8 => (Data::I8(vec![-1]), false),
        other => return Err(NotTaken::unsupported(format!("labels of {other}"))),
    })
}

fn texts_of(texts: &[&str]) -> Result<Data, NotTaken> {
    let mut data = Data::new(DType::Str);
    let buffer = data.strings_mut();
    for text in texts {
        buffer.push(text).map_err(|error| NotTaken::unsupported(error.to_string()))?;
    }
    Ok(data)
}

/// Elements of their own.
fn data_of(view: DataView<'_>) -> Result<Data, NotTaken> {
    macro_rules! data {
        ($($variant:ident),+) => {
            match view {
                $(DataView::$variant(elements) => Ok(Data::$variant(elements.to_vec())),)+
                DataView::Str(texts) => texts_of(&texts.iter().collect::<Vec<_>>()),
                other => Err(NotTaken::unsupported(format!("labels of {}", other.dtype()))),
            }
        };
    }
    data!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64)
}

/// The keys, each with the place of its value.
#[derive(Debug)]
enum Keys {
    Texts(TextTable),
    Numbers(IntegerTable),
}

impl Keys {
    /// `nan_is_key` where NaN among the keys is found, though it is equal to nothing.
    fn new(keys: DataView<'_>, counts: Counts, nan_is_key: bool) -> Result<Self, NotTaken> {
        fn numbers<K: Key>(keys: &[K], counts: Counts, nan_is_key: bool) -> Keys {
            let places =
                without_repeats(&keys.iter().map(|key| key.key()).collect::<Vec<_>>(), counts);
            let is_found = |place: u32| nan_is_key || !Key::is_nan(keys[place as usize]);
            let entries = places.into_iter().filter(|&(_, place)| is_found(place)).collect();
            Keys::Numbers(IntegerTable::new(entries))
        }
        macro_rules! keys {
            ($($variant:ident),+) => {
                match keys {
                    $(DataView::$variant(keys) => Ok(numbers(keys, counts, nan_is_key)),)+
                    DataView::Str(texts) => {
                        let texts: Vec<&str> = texts.iter().collect();
                        Ok(Self::Texts(TextTable::new(&texts, counts)))
                    }
                    other => Err(NotTaken::unsupported(format!("labels of {}", other.dtype()))),
                }
            };
        }
        keys!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64)
    }
}

macro_rules! values {
    ($($variant:ident: $type:ty),+) => {
        /// The values, the default behind them.
        #[derive(Debug)]
        enum Values {
            $($variant(Box<[$type]>),)+
            Str(Box<[String]>),
        }

        impl Values {
            /// Gives the output its shape, and each element the value that `place` names for the
            /// element there, or else the default.
            fn write(
                &self,
                output: &mut Tensor,
                shape: Shape,
                place: impl FnMut(usize) -> Result<Option<usize>, BackendError>,
            ) -> Result<(), BackendError> {
                match self {
                    $(Self::$variant(values) => {
                        write_elements(values, output.reset::<$type>(shape), place)
                    })+
                    Self::Str(texts) => {
                        let mut place = place;
                        output.reset_strings(shape);
                        for at in 0..shape.elements() {
                            let place = place(at)?.unwrap_or(texts.len() - 1);
                            output.set_string(at, &texts[place]);
                        }
                        Ok(())
                    }
                }
            }
        }
    };
}

values!(
    Bool: bool, I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64,
    F32: f32, F64: f64
);

fn write_elements<T: Element>(
    values: &[T],
    output: &mut [T],
    mut place: impl FnMut(usize) -> Result<Option<usize>, BackendError>,
) -> Result<(), BackendError> {
    for (at, to) in output.iter_mut().enumerate() {
        *to = values[place(at)?.unwrap_or(values.len() - 1)];
    }
    Ok(())
}

#[derive(Debug)]
struct Labels {
    keys: Keys,
    values: Values,
    unknown: Unknown,
}

impl Kernel for Labels {
    fn run(&self, operands: Operands<'_>, outputs: &mut [Tensor]) -> Result<(), BackendError> {
        let input = operands.view(0);
        macro_rules! labels {
            ($($variant:ident),+) => {
                match (&self.keys, input.data()) {
                    (Keys::Texts(table), DataView::Str(texts)) => {
                        self.of_texts(table, texts, &operands, input, &mut outputs[0])
                    }
                    $((Keys::Numbers(table), DataView::$variant(keys)) => {
                        let place = |at: usize| Ok(table.get(keys[at].key()));
                        self.values.write(&mut outputs[0], *input.shape(), place)
                    })+
                    _ => unreachable!("compiled for the type of the keys"),
                }
            };
        }
        labels!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64)
    }

    fn unknown_categories(&self) -> Vec<(usize, u64)> {
        self.unknown.counts()
    }
}

impl Labels {
    fn of_texts(
        &self,
        table: &TextTable,
        texts: StrView<'_>,
        operands: &Operands<'_>,
        input: TensorView<'_>,
        output: &mut Tensor,
    ) -> Result<(), BackendError> {
        self.values.write(output, *input.shape(), |at| {
            let text = texts.get(at);
            let place = table.get(text);
            if place.is_none() {
                self.unknown.met(operands, at, text, false, table.names())?;
            }
            Ok(place)
        })
    }
}
