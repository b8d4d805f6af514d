"""Archives: the same bytes for the same files, and what is refused."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import pack


class Archives(unittest.TestCase):
    """Model folders through the command line."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.churn = self.model("churn")

    def model(self, name: str) -> Path:
        """A model folder."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "model.onnx").write_bytes(b"a graph")
        (folder / "hotplate.toml").write_text('[model]\nfile = "model.onnx"\n')
        return folder

    def pack(self, *line: str | Path) -> tuple[int, str]:
        """Exit code and complaints."""
        complaints = io.StringIO()
        with (
            mock.patch.object(sys, "argv", ["pack.py", *map(str, line)]),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(complaints),
        ):
            return pack.main(), complaints.getvalue()

    def test_dates_owners_and_hidden_files_make_no_difference(self) -> None:
        one, other = self.folder / "one.tar.gz", self.folder / "other.tar.gz"
        self.assertEqual(self.pack(self.churn, "--out", one), (0, ""))
        os.utime(self.churn / "model.onnx", (1, 1))
        (self.churn / "model.onnx").chmod(0o600)
        (self.churn / ".cache").write_text("hidden")
        self.assertEqual(self.pack(self.churn, "--out", other), (0, ""))
        self.assertEqual(one.read_bytes(), other.read_bytes())
        with tarfile.open(one) as archive:
            self.assertEqual(archive.getnames(), ["hotplate.toml", "model.onnx"])
            self.assertEqual({entry.mode for entry in archive}, {0o644})

    def test_several_models_are_an_archive_each(self) -> None:
        out = self.folder / "models"
        self.assertEqual(self.pack(self.churn, self.model("housing-2"), "--out", out), (0, ""))
        self.assertEqual(sorted(os.listdir(out)), ["churn.tar.gz", "housing-2.tar.gz"])

    def test_several_models_are_no_single_archive(self) -> None:
        code, said = self.pack(self.churn, self.model("housing"), "--out", self.folder / "a.tar.gz")
        self.assertEqual(code, 1)
        self.assertIn("an archive holds one model", said)

    def test_names_that_sagemaker_refuses(self) -> None:
        code, said = self.pack(self.model("under_score"), "--out", self.folder / "models")
        self.assertEqual(code, 1)
        self.assertIn("under_score: letters, digits and hyphens", said)

    def test_what_fails_in_the_container_is_refused_and_nothing_written(self) -> None:
        def link(folder: Path) -> None:
            (folder / "data.csv").symlink_to("/etc/passwd")

        def pickle(folder: Path) -> None:
            (folder / "pipeline.joblib").write_bytes(b"")

        def lost(folder: Path) -> None:
            (folder / "model.onnx").unlink()

        def settings(folder: Path) -> None:
            (folder / "hotplate.toml").unlink()

        def name(folder: Path) -> None:
            (folder / "größe.csv").write_text("")

        cases = {
            link: "neither a file nor a folder",
            pickle: "may run code",
            lost: "names model.onnx, which is not in the folder",
            settings: "no hotplate.toml at the top",
            name: "printable ASCII",
        }
        for number, (spoil, expected) in enumerate(cases.items()):
            with self.subTest(spoil.__name__):
                spoiled = self.model(f"spoiled-{number}")
                spoil(spoiled)
                code, said = self.pack(self.churn, spoiled, "--out", self.folder / "models")
                self.assertEqual(code, 1)
                self.assertIn(expected, said)
                self.assertFalse((self.folder / "models").exists())


if __name__ == "__main__":
    unittest.main()
