"""Writes the golden files beside it: what other programs make of one table, to be read as that.

    python -m pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 sagemaker==2.257.7
    python make.py

The table is 5 x 4; row 2 is all zero, and NaN is a value. Each file says in its name what it is.
"""

import io
import pathlib
import struct

import numpy as np
import scipy.sparse as sp
from sagemaker.amazon import common
from sagemaker.serializers import NumpySerializer, SparseMatrixSerializer
from sklearn.datasets import dump_svmlight_file

here = pathlib.Path(__file__).parent / "golden"
here.mkdir(exist_ok=True)
table = np.array(
    [[1.5, 0, -2, 0], [0, 0.25, 0, 1e-3], [0, 0, 0, 0], [7, 8, 9, 10], [0, 0, 0, 0.1]]
)
labels = np.array([1.0, 0, 1, 0, 2])


def write(name, content):
    (here / name).write_bytes(content)


def npy(name, array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    write(f"{name}.npy", out.getvalue())


for dtype in ["<f8", ">f8", "<f4", ">f4", "<f2", ">f2"]:
    npy("float-" + dtype.replace("<", "little-").replace(">", "big-"), table.astype(dtype))
whole = np.arange(20).reshape(5, 4)
for dtype in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i2", ">i4", ">i8", ">u2", ">u8"]:
    npy("whole-" + dtype.replace(">", "big-"), whole.astype(dtype))
npy("bool", table != 0)
npy("fortran", np.asfortranarray(table))
npy("version-2", table, (2, 0))
npy("version-3", table, (3, 0))
npy("one-row", table[3])
npy("no-rows", table[:0])
npy("text-unicode", np.array([["1.5", "é"], ["nan", "z"]]))
npy("text-bytes", np.array([[b"1.5", "é".encode()], [b"nan", b"z"]]))
# What replies are to be, byte for byte.
npy("reply-numbers", np.array([1.5, -2], dtype="<f4"))
npy("reply-classes", np.array([[0.25, 0.75, 0], [0.5, 0.25, 0.25]], dtype="<f8"))
npy("cube", np.arange(12.0).reshape(2, 2, 3))
npy("cube-fortran", np.asfortranarray(np.arange(12.0).reshape(2, 2, 3)))
out = io.BytesIO()
np.save(out, np.array([[1, "a"]], dtype=object), allow_pickle=True)
write("object.npy", out.getvalue())
out = io.BytesIO()
np.save(out, np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
write("fields.npy", out.getvalue())
write("sagemaker.npy", NumpySerializer().serialize(table.tolist()))

for kind in ["csr", "csc", "coo", "bsr"]:
    matrix = sp.csr_matrix(table).asformat(kind)
    for compressed in [False, True]:
        out = io.BytesIO()
        sp.save_npz(out, matrix, compressed=compressed)
        write(f"{kind}-{'deflated' if compressed else 'stored'}.npz", out.getvalue())
for kind in ["csr", "coo"]:
    out = io.BytesIO()
    sp.save_npz(out, sp.csr_array(table).asformat(kind))
    write(f"{kind}-array.npz", out.getvalue())
blocks = sp.bsr_matrix(table[:4], blocksize=(2, 2))
out = io.BytesIO()
sp.save_npz(out, blocks)
write("bsr-blocks.npz", out.getvalue())
out = io.BytesIO()
sp.save_npz(out, sp.dia_matrix(table))
write("dia.npz", out.getvalue())
out = io.BytesIO()
np.savez(out, table)
write("dense.npz", out.getvalue())
write("sagemaker.npz", SparseMatrixSerializer().serialize(sp.csr_matrix(table)))

for zero_based in [True, False]:
    out = io.BytesIO()
    dump_svmlight_file(table, labels, out, zero_based=zero_based, comment="by scikit-learn")
    write(f"sklearn-{'zero' if zero_based else 'one'}.libsvm", out.getvalue())
out = io.BytesIO()
dump_svmlight_file(table, labels, out, zero_based=False, query_id=np.array([1, 1, 2, 2, 2]))
write("sklearn-qid.libsvm", out.getvalue())

for dtype in ["float32", "float64", "int64"]:
    # Of any integers the SDK makes tensors of int32.
    values = (table if dtype != "int64" else whole).astype(dtype)
    out = io.BytesIO()
    common.write_numpy_to_dense_tensor(out, values, labels.astype("float32"))
    write(f"dense-{dtype}.recordio", out.getvalue())
    out = io.BytesIO()
    common.write_spmatrix_to_sparse_tensor(out, sp.csr_matrix(values), labels.astype("float32"))
    write(f"sparse-{dtype}.recordio", out.getvalue())
write("sagemaker.recordio", common.RecordSerializer().serialize(table).read())
out = io.BytesIO()
common.write_numpy_to_dense_tensor(out, np.array([[1.0, 2.0]], dtype="float32"))
assert out.getvalue().hex() == (
    "0a23d7ce180000000a160a0676616c756573120c120a0a080000803f00000040"
)
write("vector.recordio", out.getvalue())
assert struct.unpack("<I", out.getvalue()[:4])[0] == 0xCED7230A
