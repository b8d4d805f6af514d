#!/usr/bin/env python3
"""Packs the bench `devices` for a machine that has a GPU and not much else.

    python3 benches/gpu/pack.py
    python3 benches/gpu/pack.py --arch sm_75,sm_90

Into target/gpu go pieces that together hold the bench as a program, the three models that it asks,
and ONNX Runtime with its CUDA provider; the SHA-256 of the whole; and run.sh, which puts them
together again over there. What is packed already, from the same files, is left as it is.
"""

import argparse
import contextlib
import hashlib
import json
import lzma
import mmap
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODELS = ("fraud-mlp", "minilm", "cnn")
PROVIDER = "libonnxruntime_providers_cuda.so"
PIECE_BYTES = 50 << 20
CHUNK_BYTES = 1 << 20
DIGEST = "whole.sha256"
STAMP = "packed-from"
"""Beside the pieces: a hash of everything that they were made from."""

EPILOG = """\
The bench is built here and runs there, so the two machines must be alike: Linux on x86_64, and a
GNU C library over there that is not older than the one the program asks for, which is printed at
the end. Built on Debian 12 that is 2.34, which Debian 12, Ubuntu 22.04 and Red Hat 9 and later
have; ONNX Runtime itself asks for 2.28.

Not packed are the driver, which must know CUDA 13 (580 or newer), and CUDA's own libraries, which
are several times as large as all the rest: cudart, cublas, cublasLt and curand, and cuDNN for the
convolutions of the model cnn. run.sh says what it misses.

ONNX Runtime's provider holds its kernels as machine code, once for each kind of GPU, and that is
most of it. --arch says which kinds to keep: sm_75 is a T4, sm_80 an A100, sm_86 an A10, sm_89 an L4
or L40S, sm_90 an H100 or H200, sm_120 an RTX PRO 6000; "all" keeps everything. The code of other kinds is
replaced by zeros, which pack to nothing: its headers stay, so the file keeps its layout, and the
driver, which goes by the headers, never looks at what is zero. On a GPU of another kind the packed
provider does not work. Packing takes some minutes of one core."""


def main():
    options = arguments()
    began = time.monotonic()
    libraries = onnxruntime(options)
    program = bench()
    models = [path for name in MODELS for path in model_files(options.models, name)]
    with scratch_in(options.out) as scratch:
        program = stripped(program, scratch / "devices")
        files = {"bin/devices": program}
        files |= {f"lib/{path.name}": path for path in libraries}
        files |= {f"models/{path.relative_to(options.models)}": path for path in models}
        stamp = stamp_of(files, options.arch)
        if is_packed(options.out, stamp):
            say("packed already, from the same files")
        else:
            pack(files, options, scratch)
            # Last, so that an interrupted run leaves no stamp.
            (options.out / STAMP).write_text(stamp + "\n")
        version = glibc(program)
    shutil.copy2(HERE / "run.sh", options.out / "run.sh")
    conclude(options.out, version, time.monotonic() - began)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", type=architectures, metavar="LIST", default="sm_90",
                        help="kinds of GPU to keep code for, with commas, or all "
                        "[default: sm_90]")
    parser.add_argument("--models", type=pathlib.Path, metavar="DIR",
                        default=ROOT / "target/models",
                        help="where .ci/models made them [default: target/models]")
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", default=ROOT / "target/gpu",
                        help="where the pieces go [default: target/gpu]")
    return parser.parse_args()


def architectures(text):
    """The numbers of what --arch lists; none stands for all."""
    if text == "all":
        return ()
    found = [re.fullmatch(r"(?:sm_)?(\d{2,3})", word) for word in text.split(",")]
    if None in found:
        raise argparse.ArgumentTypeError(f"expected all, or kinds like sm_75,sm_90; got {text!r}")
    return tuple(sorted(int(match[1]) for match in found))


@contextlib.contextmanager
def scratch_in(folder):
    """A folder that is empty at first, whatever an interrupted run left, and gone at the end."""
    scratch = folder / "making"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch)


def onnxruntime(options):
    """ONNX Runtime's three libraries, the one to load first."""
    say("ONNX Runtime with CUDA: .ci/onnxruntime --gpu")
    main_library = pathlib.Path(output([ROOT / ".ci/onnxruntime", "--gpu"]).strip())
    shared = main_library.with_name("libonnxruntime_providers_shared.so")
    return [main_library, shared, main_library.with_name(PROVIDER)]


def bench():
    """The bench as a program."""
    say("the bench: cargo bench --no-run")
    lines = output(["cargo", "bench", "--package", "hotplate-benches", "--bench", "devices",
                    "--no-run", "--locked", "--message-format", "json-render-diagnostics"])
    for line in lines.splitlines():
        message = json.loads(line)
        is_it = message.get("target", {}).get("name") == "devices"
        if message["reason"] == "compiler-artifact" and is_it and message["executable"]:
            return pathlib.Path(message["executable"])
    fail(1, "cargo built no program of the bench devices")


def output(command):
    try:
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    except FileNotFoundError:
        fail(2, f"{command[0]} not found")
    except subprocess.CalledProcessError as error:
        fail(1, f"{command[0]} ended with exit code {error.returncode}")
    return done.stdout


def stripped(program, copy):
    """The program without what only a debugger reads, where there is a tool to take that away."""
    shutil.copy2(program, copy)
    if shutil.which("strip"):
        subprocess.run(["strip", "--strip-debug", copy], check=True)
    return copy


def model_files(folder, name):
    """A model's file and the rows that the bench asks."""
    if not (folder / name / "model.onnx").is_file():
        fail(2, f"{folder / name} is not there; .ci/models {' '.join(MODELS)}")
    files = [folder / name / "model.onnx", *sorted((folder / name).glob("test_data_set_*/*.pb"))]
    return files


def stamp_of(files, arch):
    """A hash of everything that the pieces are made from, this script among it."""
    whole = hashlib.sha256(json.dumps(arch).encode())
    for name, path in sorted({"pack.py": pathlib.Path(__file__), **files}.items()):
        whole.update(f"{name} {digest(path)}\n".encode())
    return whole.hexdigest()


def digest(*paths):
    """The SHA-256 of files, one behind the other."""
    whole = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                whole.update(chunk)
    return whole.hexdigest()


def pieces(folder):
    return sorted(folder.glob("piece-[0-9][0-9]"))


def is_packed(folder, stamp):
    """Whether the pieces in `folder` are there, whole, and from the files of this stamp."""
    try:
        made_from = (folder / STAMP).read_text().strip()
        expected = (folder / DIGEST).read_text().strip()
    except OSError:
        return False
    return made_from == stamp and digest(*pieces(folder)) == expected


def pack(files, options, scratch):
    """Writes the pieces and the hash of the whole."""
    for old in [options.out / STAMP, options.out / DIGEST, *pieces(options.out)]:
        old.unlink(missing_ok=True)
    if options.arch:
        provider = f"lib/{PROVIDER}"
        files = files | {provider: blanked(files[provider], scratch, options.arch)}
    total = sum(path.stat().st_size for path in files.values())
    written = Pieces(options.out)
    with lzma.open(written, "w", preset=9) as packed, \
            tarfile.open(fileobj=packed, mode="w|") as archive:
        done = 0
        for name, path in files.items():
            size = path.stat().st_size
            if size > total // 100:
                say(f"packing, {100 * done // total:2} % done: {name}, {mb(size)}")
            with open(path, "rb") as file:
                archive.addfile(member(name, path), file)
            done += size
    (options.out / DIGEST).write_text(written.finish() + "\n")


def member(name, path):
    """A file's header in the archive, the same on every run."""
    header = tarfile.TarInfo(name)
    header.size = path.stat().st_size
    header.mode = 0o755 if name.startswith("bin/") else 0o644
    return header


class Pieces:
    """What is written comes as pieces, none longer than the limit, and is hashed on the way."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.room = 0
        self.piece = None
        self.whole = hashlib.sha256()

    def write(self, data):
        self.whole.update(data)
        rest = memoryview(data)
        while len(rest):
            if self.room == 0:
                self.next_piece()
            part, rest = rest[:self.room], rest[self.room:]
            self.piece.write(part)
            self.room -= len(part)

    def next_piece(self):
        if self.piece:
            self.piece.close()
        self.piece = open(self.folder / f"piece-{self.count:02}", "wb")
        self.count += 1
        self.room = PIECE_BYTES

    def finish(self):
        """Ends the last piece, and gives the SHA-256 of the whole."""
        self.piece.close()
        return self.whole.hexdigest()


FATBIN_MAGIC = b"\x50\xed\x55\xba"
"""0xBA55ED50, little endian: in front of every fatbin."""

PTX, MACHINE_CODE = 1, 2


def blanked(provider, scratch, arch):
    """A copy of the provider in which the code of other kinds of GPU is zeros.

    A fatbin is a header and entries, each an entry's header and a payload: kernels for one kind of
    GPU. Only payloads are overwritten.
    """
    copy = scratch / PROVIDER
    shutil.copyfile(provider, copy)
    zeros, there, served = 0, set(), set()
    with open(copy, "r+b") as file, mmap.mmap(file.fileno(), 0) as code:
        at = code.find(FATBIN_MAGIC)
        while at >= 0:
            entries = entries_of(code, at)
            there |= {entry_arch for entry_arch, _, _ in entries}
            used = {kind: used_by(kind, entries) for kind in arch}
            kept = set(used.values()) - {None}
            served |= {kind for kind in arch if used[kind]}
            for entry_arch, offset, size in entries:
                if entry_arch not in kept:
                    code[offset:offset + size] = bytes(size)
                    zeros += size
            at = code.find(FATBIN_MAGIC, at + len(FATBIN_MAGIC))
    if set(arch) - served:
        fail(2, f"{PROVIDER} has nothing for {kinds(set(arch) - served)}, only {kinds(there)}")
    say(f"kept the code for {kinds(arch)}, and blanked {mb(zeros)} of "
        f"{mb(copy.stat().st_size)}")
    return copy


def kinds(architectures):
    return ", ".join(f"sm_{arch}" for arch in sorted(architectures)) or "no kind of GPU"


def entries_of(code, at):
    """The entries of the fatbin at this offset: architecture, offset and size of the payload."""
    if at + 16 > len(code):
        return []
    _, version, header, total = struct.unpack_from("<IHHQ", code, at)
    entry, end = at + header, at + header + total
    if version != 1 or header != 16 or end > len(code):
        # The four bytes occur elsewhere too.
        return []
    entries = []
    while entry + 40 <= end:
        kind, _, entry_header, size = struct.unpack_from("<HHIQ", code, entry)
        payload = entry + entry_header
        if kind not in (PTX, MACHINE_CODE) or not 40 <= entry_header <= 1000 \
                or payload + size > end:
            return []
        (arch,) = struct.unpack_from("<I", code, entry + 28)
        entries.append((arch, payload, size))
        entry = payload + size
    return entries


def used_by(kind, entries):
    """The architecture whose entry a GPU of this kind runs: its own, or else the nearest below it
    of the same generation; None where there is none."""
    fits = [arch for arch, _, _ in entries if arch // 10 == kind // 10 and arch <= kind]
    return max(fits, default=None)


def glibc(program):
    """The oldest version of the GNU C library that has all that the program asks for."""
    asked = re.findall(rb"GLIBC_(\d+)\.(\d+)", program.read_bytes())
    return max(((int(major), int(minor)) for major, minor in asked), default=(0, 0))


def conclude(folder, version, seconds):
    for piece in pieces(folder):
        say(f"{piece}: {mb(piece.stat().st_size)}")
    say(f"all of it: {mb(sum(piece.stat().st_size for piece in pieces(folder)))}, SHA-256 "
        f"{(folder / DIGEST).read_text().strip()}, after {seconds:.0f} s")
    say(f"runs on Linux x86_64 with glibc {version[0]}.{version[1]} or newer: copy the pieces, "
        f"{DIGEST} and run.sh into a folder there, then bash run.sh RESULTS")


def mb(size):
    return f"{size / 1e6:.1f} MB"


def say(text):
    print(f"pack.py: {text}", file=sys.stderr, flush=True)


def fail(code, message):
    say(message)
    sys.exit(code)


if __name__ == "__main__":
    main()
