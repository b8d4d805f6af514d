//! A folder in S3's place.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

/// Buckets are its folders, and keys are paths in them.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The file of `s3://BUCKET/KEY`; none where that names no file of the folder.
    pub(super) fn file(&self, location: &str) -> Option<PathBuf> {
        let inside = Path::new(location.strip_prefix("s3://")?);
        let mut names = 0;
        for component in inside.components() {
            match component {
                Component::Normal(_) => names += 1,
                _ => return None,
            }
        }
        (names > 1).then(|| self.0.join(inside))
    }

    /// Makes sure that an object can be written later.
    pub(super) fn prepare(&self, location: &str) -> io::Result<()> {
        let file = self.file(location).ok_or(io::ErrorKind::InvalidFilename)?;
        file.parent().map_or(Ok(()), fs::create_dir_all)
    }

    /// Writes an object whole: a reader sees all of it or none.
    pub(super) fn put(&self, location: &str, content: &[u8]) -> io::Result<()> {
        self.prepare(location)?;
        let file = self.file(location).ok_or(io::ErrorKind::InvalidFilename)?;
        let mut unfinished = file.clone().into_os_string();
        unfinished.push(".part");
        fs::write(&unfinished, content)?;
        fs::rename(&unfinished, &file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_stay_in_the_folder() {
        let folder = Folder::at(PathBuf::from("/s3"));
        assert_eq!(folder.file("s3://bucket/a/b.csv"), Some(PathBuf::from("/s3/bucket/a/b.csv")));
        for location in [
            "s3://bucket",
            "s3://",
            "s3://../etc/passwd",
            "s3:///etc/passwd",
            "s3://a/../../b",
            "/s3/bucket/a",
            "file:///s3/bucket/a",
            "",
        ] {
            assert_eq!(folder.file(location), None, "{location}");
        }
    }

    #[test]
    fn objects_are_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let s3 = Folder::at(folder.path().to_owned());
        s3.put("s3://bucket/deep/a.out", b"1\n").unwrap();
        let file = folder.path().join("bucket/deep/a.out");
        assert_eq!(fs::read(&file).unwrap(), b"1\n");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }
}
