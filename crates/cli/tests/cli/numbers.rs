//! Files of numbers: the rows of housing in each format that holds nothing else.

use std::fs;

use crate::support::{assert_scores, golden, hotplate, shipped};

/// The rows of the model's example.
fn rows() -> Vec<Vec<f64>> {
    let text = fs::read_to_string(shipped("housing/rows.csv")).unwrap();
    let cells = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    text.lines().skip(1).map(cells).collect()
}

fn npy(rows: &[Vec<f64>]) -> Vec<u8> {
    let shape = format!("({}, {})", rows.len(), rows[0].len());
    let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    let elements = rows.iter().flatten().flat_map(|number| number.to_le_bytes());
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes()]
        .concat()
        .into_iter()
        .chain(elements)
        .collect()
}

fn libsvm(rows: &[Vec<f64>]) -> Vec<u8> {
    let line = |row: &Vec<f64>| {
        let cells = row.iter().enumerate().map(|(index, cell)| format!(" {}:{cell}", index + 1));
        format!("0{}\n", cells.collect::<String>())
    };
    rows.iter().map(line).collect::<String>().into_bytes()
}

#[test]
fn files_of_numbers_are_scored_by_their_ending() {
    let folder = tempfile::tempdir().unwrap();
    let expected = &golden("housing", "output.price")[..rows().len()];
    for (name, file) in [("rows.npy", npy(&rows())), ("rows.libsvm", libsvm(&rows()))] {
        let path = folder.path().join(name);
        fs::write(&path, file).unwrap();
        let path = path.to_str().unwrap();
        let run =
            hotplate(&["predict", "models/housing", "--input", path, "--output-format", "csv"]);
        assert_scores(&run.lines(), expected);
        // What is read and not written is answered in CSV.
        if name.ends_with("libsvm") {
            let run = hotplate(&["predict", "models/housing", "--input", path]);
            assert_scores(&run.lines(), expected);
        }
    }
}

#[test]
fn answers_are_an_array_where_the_rows_are() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["rows.npy", "scores.npy"].map(|name| folder.path().join(name));
    fs::write(&input, npy(&rows())).unwrap();
    let (input, output) = (input.to_str().unwrap(), output.to_str().unwrap());
    hotplate(&["predict", "models/housing", "--input", input, "--output", output]).lines();
    let array = fs::read(output).unwrap();
    assert!(array.starts_with(b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4'"));
    let scores = array[128..].chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    let scores: Vec<String> = scores.map(|score| score.to_string()).collect();
    let scores: Vec<&str> = scores.iter().map(String::as_str).collect();
    assert_scores(&scores, &golden("housing", "output.price")[..rows().len()]);
}

#[test]
fn array_that_breaks_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.npy");
    let file = npy(&rows());
    // Between two rows, where each that came is whole.
    fs::write(&path, &file[..file.len() - 64]).unwrap();
    let path = path.to_str().unwrap();
    let run = hotplate(&["predict", "models/housing", "--input", path, "--output-format", "csv"]);
    assert!(run.err.contains("bytes of elements behind the header, got fewer"), "{run:?}");
    assert_eq!(run.code, Some(1));
}
