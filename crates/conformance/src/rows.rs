//! Rows of tensors: picked, and put together.

use hotplate::{Labels, Shape, Tensor, TensorView};
use hotplate_model::onnx::TestMap;
use hotplate_tensor::{Data, DataView, Element};

/// These rows of a tensor, in this order; a row may be there several times.
///
/// # Panics
///
/// When the tensor is a scalar or has no such row.
pub fn pick(tensor: &TensorView<'_>, rows: &[usize]) -> Tensor {
    let row = tensor.shape().of_one_row();
    let width = row.elements();
    let shape = match row.with_rows(rows.len()) {
        Ok(shape) => shape,
        Err(error) => panic!("rows of {row}: {error}"),
    };
    gather(tensor, shape, rows.iter().flat_map(|row| row * width..(row + 1) * width))
}

/// The tensor with the axis of its rows in front, where one axis alone is as long as there are rows
/// and it is not the first. `None` where there is nothing to be moved.
pub fn in_front(tensor: &TensorView<'_>, rows: usize) -> Option<Tensor> {
    let dims = tensor.shape().dims();
    let axis = dims.iter().position(|&dim| dim == rows).filter(|&axis| axis > 0)?;
    if dims[axis + 1..].contains(&rows) {
        return None;
    }
    let (before, behind): (usize, usize) =
        (dims[..axis].iter().product(), dims[axis + 1..].iter().product());
    let moved: Vec<usize> =
        [rows].iter().chain(&dims[..axis]).chain(&dims[axis + 1..]).copied().collect();
    let shape = Shape::new(&moved).ok()?;
    let elements = (0..rows).flat_map(|row| {
        (0..before).flat_map(move |block| {
            let first = (block * rows + row) * behind;
            first..first + behind
        })
    });
    Some(gather(tensor, shape, elements))
}

/// The elements of a tensor at these positions, as another.
fn gather(tensor: &TensorView<'_>, shape: Shape, elements: impl Iterator<Item = usize>) -> Tensor {
    let mut gathered = Tensor::empty(tensor.dtype());
    macro_rules! gather {
        ($($variant:ident: $type:ty),+) => {
            match tensor.data() {
                $(DataView::$variant(from) => {
                    let to = gathered.reset::<$type>(shape);
                    to.iter_mut().zip(elements).for_each(|(to, element)| *to = from[element]);
                })+
                DataView::Str(from) => {
                    let to = gathered.reset_strings(shape);
                    to.clear();
                    to.extend(elements.map(|element| from.get(element)));
                }
                other => unreachable!("no tensor of a test is of {}", other.dtype()),
            }
        };
    }
    gather!(
        Bool: bool, I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64,
        F32: f32, F64: f64
    );
    gathered
}

/// Maps of classes to scores, one a row, as `[rows, classes]` in the order of `classes`.
///
/// # Errors
///
/// One sentence, when a map has other classes.
pub fn of_maps(maps: &[TestMap], classes: &Labels) -> Result<Tensor, String> {
    let shape = Shape::new(&[maps.len(), classes.len()]).map_err(|error| error.to_string())?;
    let mut scores = Tensor::empty(f32::DTYPE);
    let cells = scores.reset::<f32>(shape);
    for (row, (map, cells)) in maps.iter().zip(cells.chunks_mut(classes.len().max(1))).enumerate() {
        let place = |key: usize| match (&map.keys, classes) {
            (Data::I64(keys), Labels::Integers(classes)) => {
                classes.iter().position(|class| *class == keys[key])
            }
            (Data::Str(keys), Labels::Text(classes)) => {
                classes.iter().position(|class| class == keys.view().get(key))
            }
            _ => None,
        };
        let mut places: Vec<usize> = (0..map.keys.len()).filter_map(place).collect();
        for (&place, &score) in places.iter().zip(&map.values) {
            cells[place] = score;
        }
        places.sort_unstable();
        if !places.into_iter().eq(0..classes.len()) || map.keys.len() != classes.len() {
            return Err(format!("the map of row {row} has other classes than the model"));
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use hotplate::StrView;

    use super::*;

    fn map(keys: &[i64], values: &[f32]) -> TestMap {
        TestMap { keys: Data::I64(keys.to_vec()), values: values.to_vec() }
    }

    #[test]
    fn rows_are_picked_in_any_order() {
        let shape = Shape::new(&[3, 1, 2]).unwrap();
        let numbers = TensorView::new(shape, DataView::I16(&[0, 1, 2, 3, 4, 5])).unwrap();
        let picked = pick(&numbers, &[2, 0, 2]);
        assert_eq!(picked.data(), DataView::I16(&[4, 5, 0, 1, 4, 5]));
        assert_eq!(picked.shape(), &shape);
        let texts = ["a", "b", "c", "d", "e", "f"];
        let texts = TensorView::new(shape, DataView::Str(StrView::from(&texts[..]))).unwrap();
        let expected = ["c", "d"];
        assert_eq!(pick(&texts, &[1]).data(), DataView::Str(StrView::from(&expected[..])));
        assert_eq!(pick(&texts, &[]).shape().dims(), [0, 1, 2]);
    }

    #[test]
    fn rows_of_another_axis_come_in_front() {
        let in_front = |dims: &[usize], rows| {
            let elements: Vec<u8> = (0..6).collect();
            let tensor = TensorView::new(Shape::new(dims).unwrap(), DataView::U8(&elements));
            let moved = in_front(&tensor.unwrap(), rows)?;
            let DataView::U8(elements) = moved.data() else { panic!("another type") };
            Some((moved.shape().dims().to_vec(), elements.to_vec()))
        };
        assert_eq!(in_front(&[1, 6], 6), Some((vec![6, 1], vec![0, 1, 2, 3, 4, 5])));
        assert_eq!(in_front(&[2, 3], 3), Some((vec![3, 2], vec![0, 3, 1, 4, 2, 5])));
        assert_eq!(in_front(&[1, 3, 2], 3), Some((vec![3, 1, 2], vec![0, 1, 2, 3, 4, 5])));
        assert_eq!(in_front(&[3, 2], 3), None);
        assert_eq!(in_front(&[6], 2), None);
    }

    #[test]
    fn maps_follow_the_classes() {
        let classes = Labels::Integers(vec![7, -1]);
        let maps = [map(&[-1, 7], &[0.25, 0.75]), map(&[7, -1], &[1.0, 0.0])];
        let scores = of_maps(&maps, &classes).unwrap();
        assert_eq!(scores.view().data(), DataView::F32(&[0.75, 0.25, 1.0, 0.0]));
        for keys in [&[7][..], &[7, 7], &[7, 8], &[7, -1, 3]] {
            let problem = of_maps(&[map(keys, &[0.0; 3][..keys.len()])], &classes).unwrap_err();
            assert_eq!(problem, "the map of row 0 has other classes than the model");
        }
    }
}
