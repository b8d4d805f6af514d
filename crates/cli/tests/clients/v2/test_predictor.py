"""`Predictor` of the SageMaker SDK, second version."""

import io

import boto3
import numpy
import pandas
import sagemaker
from botocore.exceptions import ClientError
from sagemaker import deserializers, serializers
from sagemaker.iterators import ByteIterator, LineIterator
from sagemaker.amazon.common import RecordSerializer
from sagemaker.predictor import Predictor
from scipy import sparse
from support import TestCase, as_csv, districts

ROWS, PRICES = districts(20)
MATRIX = numpy.array(ROWS)
NAMES = (
    "MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude"
)


def as_libsvm(rows):
    """Rows as libsvm has them, the first column being column one."""
    lines = (" ".join(f"{at}:{cell!r}" for at, cell in enumerate(row, 1)) for row in rows)
    return "\n".join(f"0 {line}" for line in lines)


class PredictorCase(TestCase):
    """One model, asked through the SDK."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.session = sagemaker.Session(
            boto_session=boto3.Session(region_name="us-east-1"),
            sagemaker_client=cls.server.client("sagemaker"),
            sagemaker_runtime_client=cls.client,
        )

    def predictor(self, serializer, deserializer):
        return Predictor(
            "housing",
            sagemaker_session=self.session,
            serializer=serializer,
            deserializer=deserializer,
        )


class Serializers(PredictorCase):
    """Whatever a serializer makes of the rows, the prices are the same."""

    def ask(self, serializer, data, expected=PRICES):
        reply = self.predictor(serializer, deserializers.CSVDeserializer()).predict(data)
        self.assert_prices([price for (price,) in reply], expected)

    def test_csv(self):
        frame = pandas.DataFrame(ROWS, columns=NAMES)
        text = as_csv(ROWS).decode()
        for data in (ROWS, MATRIX, frame, text, io.StringIO(text)):
            with self.subTest(type(data)):
                self.ask(serializers.CSVSerializer(), data)
        self.ask(serializers.CSVSerializer(), ROWS[0], PRICES[:1])
        self.ask(serializers.CSVSerializer(), MATRIX[0], PRICES[:1])

    def test_json(self):
        named = {"instances": [dict(zip(NAMES, row)) for row in ROWS]}
        for data in (ROWS, MATRIX, {"instances": ROWS}, {"instances": MATRIX}, named):
            with self.subTest(type(data)):
                self.ask(serializers.JSONSerializer(), data)
        self.ask(serializers.JSONSerializer(), ROWS[0], PRICES[:1])

    def test_json_lines(self):
        for lines in ([{"features": row} for row in ROWS], [dict(zip(NAMES, row)) for row in ROWS]):
            self.ask(serializers.JSONLinesSerializer(), lines)

    def test_numpy(self):
        self.ask(serializers.NumpySerializer(), MATRIX)
        self.ask(serializers.NumpySerializer(), ROWS)
        self.ask(serializers.NumpySerializer(dtype=numpy.float32), ROWS)
        self.ask(serializers.NumpySerializer(), numpy.asfortranarray(MATRIX))

    def test_sparse_matrix(self):
        for form in ("csr", "csc", "coo"):
            with self.subTest(form):
                matrix = sparse.coo_matrix(MATRIX).asformat(form)
                self.ask(serializers.SparseMatrixSerializer(), matrix)

    def test_libsvm(self):
        text = as_libsvm(ROWS)
        self.ask(serializers.LibSVMSerializer(), text)
        self.ask(serializers.LibSVMSerializer(), io.StringIO(text))

    def test_record_io(self):
        self.ask(RecordSerializer(), MATRIX.astype("float32"))
        self.ask(RecordSerializer(), MATRIX)

    def test_type_that_names_no_format_is_told(self):
        with self.assertRaises(ClientError) as refused:
            self.ask(serializers.StringSerializer(), as_csv(ROWS).decode())
        self.assertEqual(refused.exception.response["OriginalStatusCode"], 415)

    def test_bytes_are_known_by_how_they_begin(self):
        for content_type in ("application/octet-stream", "text/csv"):
            self.ask(serializers.IdentitySerializer(content_type=content_type), as_csv(ROWS))


class Deserializers(PredictorCase):
    """Whatever a deserializer asks for, it understands the reply."""

    def ask(self, deserializer, rows=ROWS):
        return self.predictor(serializers.CSVSerializer(), deserializer).predict(rows)

    def test_csv(self):
        self.assert_prices([row[0] for row in self.ask(deserializers.CSVDeserializer())], PRICES)

    def test_json(self):
        predictions = self.ask(deserializers.JSONDeserializer())["predictions"]
        self.assert_prices([prediction["score"] for prediction in predictions], PRICES)

    def test_json_lines(self):
        lines = self.ask(deserializers.JSONLinesDeserializer())
        self.assert_prices([line["score"] for line in lines], PRICES)

    def test_numpy(self):
        for accept in ("application/x-npy", "text/csv"):
            with self.subTest(accept):
                array = self.ask(deserializers.NumpyDeserializer(accept=accept))
                self.assert_prices(numpy.asarray(array).ravel(), PRICES)

    def test_pandas(self):
        # Its reader takes the first line for names.
        frame = self.ask(deserializers.PandasDeserializer(accept="text/csv"))
        self.assert_prices(frame.iloc[:, 0], PRICES[1:])
        self.assertIsInstance(self.ask(deserializers.PandasDeserializer()), pandas.DataFrame)

    def test_text_and_bytes(self):
        text = self.ask(deserializers.StringDeserializer(accept="text/csv"))
        self.assert_prices(text.split(), PRICES)
        content = self.ask(deserializers.BytesDeserializer(accept="text/csv"))
        self.assertEqual(content.decode(), text)
        stream, kind = self.ask(deserializers.StreamDeserializer(accept="text/csv"))
        self.assertEqual((stream.read().decode(), kind), (text, "text/csv"))


class Streams(PredictorCase):
    """`predict_stream`."""

    def test_bytes_and_lines(self):
        predictor = self.predictor(
            serializers.CSVSerializer(), deserializers.StreamDeserializer(accept="text/csv")
        )
        rows, prices = districts(1000)
        parts = list(predictor.predict_stream(rows * 6, iterator=ByteIterator))
        self.assertGreater(len(parts), 1)
        self.assert_prices(b"".join(parts).split(), prices * 6)
        lines = list(predictor.predict_stream(rows * 6, iterator=LineIterator))
        self.assert_prices(lines, prices * 6)
