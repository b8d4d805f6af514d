"""Records what SageMaker's containers answer, with the models that models.py trained.

    python record.py MODELS SOURCES

Runs in requirements.txt. `SOURCES` holds checkouts of aws/sagemaker-xgboost-container and aws/sagemaker-scikit-learn-container,
and `sagemaker_containers` as its release 2.8.6.post2 has it. Writes `xgboost.jsonl` and
`sklearn.jsonl` beside this file: an exchange a line, with `reply` absent where it names addresses of
the process that answered.
"""
import base64
import collections
import collections.abc
import io
import json
import logging
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import time
import types
import urllib.error
import urllib.request

import numpy as np

collections.Mapping = collections.abc.Mapping
sys.modules["gethostname"] = types.ModuleType("gethostname")
HERE = pathlib.Path(__file__).parent
MODELS, SOURCES = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
for source in ["sagemaker-xgboost-container/src", "sagemaker-scikit-learn-container/src", "."]:
    sys.path.insert(0, str(SOURCES / source))
os.environ.update(SM_MODEL_DIR="/nowhere", SAGEMAKER_BASE_DIR="/tmp/nowhere")

# The order of a folder is the file system's; ours is that of the names.
listed = os.listdir
os.listdir = lambda path=".": sorted(listed(path))

ACCEPTS = [
    None, "*/*", "text/csv", "application/json", "application/jsonlines",
    "application/x-recordio-protobuf", "TEXT/CSV", "text/csv;q=0.5", "application/json; a=b",
    "application/xml", "text/csv, application/json", "json",
]
KEYS = [
    "predicted_label", "labels", "probability", "probabilities", "raw_score", "raw_scores",
    "predicted_score",
]
ROWS = "1,0.5,-0.25,2\n,1.5,0.5,-1\n-2,0,nan,0.125\n"
ROW = "0.25,-0.5,1e-1,2\n"


def text_of(data):
    try:
        return "", data.decode("utf-8")
    except UnicodeDecodeError:
        return "64", base64.b64encode(data).decode()


class Recorder:
    def __init__(self, file, versions):
        self.lines = [json.dumps({"versions": versions})]
        self.file = file

    def add(self, model, env, body, content_type, accept, status, reply_type, reply):
        line = {"model": model}
        line.update({"env": env} if env else {})
        line.update({"content_type": content_type} if content_type is not None else {})
        line.update({"accept": accept} if accept is not None else {})
        suffix, text = text_of(body)
        line["body" + suffix] = text
        line["status"] = status
        line["reply_type"] = reply_type
        if b"Stack trace" not in reply:
            suffix, text = text_of(reply)
            line["reply" + suffix] = text
        self.lines.append(json.dumps(line, ensure_ascii=False))

    def write(self):
        (HERE / self.file).write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        print(self.file, len(self.lines) - 1)


def ask(app, recorder, model, env, body, content_type="text/csv", accept=None):
    headers = {"Accept": accept} if accept is not None else {}
    headers.update({"Content-Type": content_type} if content_type is not None else {})
    body = body.encode() if isinstance(body, str) else body
    reply = app.test_client().post("/invocations", data=body, headers=headers)
    recorder.add(model, env, body, content_type, accept,
                 reply.status_code, reply.headers.get("Content-Type"), reply.data)


def record(*values):
    """A record of RecordIO-protobuf with dense or sparse features."""
    from sagemaker_containers import _encoders
    buffer = io.BytesIO(_encoders.array_to_recordio_protobuf(*values))
    return buffer.getvalue()


PARSED = [
    # Delimiters, and cells that are numbers or not.
    ROW, ROW.strip(), "1;2;3;4\n5;6;7;8", "1\t2\t3\t4", "1 2 3 4", "1|2|3|4", "1:2:3:4", "1,2,3,4\r\n5,6,7,8\r\n",
    "  1,2,3,4  \n\n", "1, 2, 3 ,4", ",,,", "1,,3,", "1,2,3,\r", "nan,NaN,-nan,NAN", "1e5,+2,.5,5.", "1_0,2,3,4",
    "1,NA,3,4", "1,null,3,4", "1,inf,3,4", "1,2,3,-Infinity", "1,1e400,3,4", "1,1e39,3,4", '"1","2","3","4"', "a,b,c,d\n1,2,3,4",
    "1,2,3,4\n1,2,3", "1,2\n1,2,3,4\n1", "1,2,3,4\n\n5,6,7,8", "\ufeff1,2,3,4", "1,it's,3,4", "1,\"a\tb\",3,4",
    "1,\u00fc,3,4", "1,0x10,3,4", "1,a\\b,3,4", "1,\u200b2,3,4",
    # Widths.
    "1", "-1.5", "7\n8\n\n9", "1,2", "1,2\n3,4", "1,2,3,4,5", "..", "--1",
    # No rows.
    "", " ", "\n\n", b"\xff", b"1,2,\xc3", b"1,\xe2\x28\xa1,3,4",
]
LIBSVM = [
    "1 1:0.5 2:1.5 4:2", "0:1 3:2\n1:1", "1 1:0.5\n0 2:1\n", "1 0:0.5 4:1", "1 1:0.5 5:1", "1 1:0.5 6:1", "1",
    "", "0\n1 2:3\n0", "1 1:0.5\n0", "1:1:2", "1 1:a", "1 a:1", "1 -1:2 3:1", "1 1:1 1:2", "1 2:0", "1\t2:3",
    "1 2:3\t3:4", "1 1.5:2", "1 2:nan 3:1", "1 2:inf", "qid:1 2:3", "1 2:1e-3\r\n1 3:2\r\n", "0:1", "1: 2:3",
]
TYPES = [
    "csv", "TEXT/CSV", "text/csv; charset=utf-8", "text/csv;label_size=0", "text/csv;label_size=1",
    "text/csv; label_size=\"2\"", "Text/Csv;Label_Size=3", "application/json", "application/x-npy", "application/jsonlines",
    "text/plain", "parquet", "application/x-parquet", "libsvm", "text/libsvm", "text/x-libsvm ; a", "", None,
]


def xgboost():
    import xgboost as library
    from sagemaker_xgboost_container.algorithm_mode import serve, serve_utils
    logging.disable(logging.CRITICAL)
    recorder = Recorder("xgboost.jsonl", {
        "sagemaker-xgboost-container": "cb8df91", "sagemaker-containers": "2.8.6.post2",
        "xgboost": library.__version__, "numpy": np.__version__,
    })
    service = serve.ScoringService

    def use(model, **env):
        service.MODEL_PATH = str(MODELS / "xgboost" / model)
        service.booster = service.config_json = service.objective = None
        for name in [
            "SAGEMAKER_BATCH", "SAGEMAKER_INFERENCE_OUTPUT", "SAGEMAKER_INFERENCE_ENSEMBLE",
            "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT",
        ]:
            os.environ.pop(name, None)
        os.environ.update(env)
        serve.SAGEMAKER_BATCH = serve_utils.SAGEMAKER_BATCH = env.get("SAGEMAKER_BATCH")
        serve_utils.SAGEMAKER_INFERENCE_OUTPUT = env.get("SAGEMAKER_INFERENCE_OUTPUT")
        return lambda *rest, **more: ask(service.app, recorder, model, env, *rest, **more)

    objectives = [
        "binary-logistic", "binary-logitraw", "binary-hinge", "multi-softprob", "multi-softmax",
        "reg-squarederror",
    ]
    for model in objectives:
        for env in [{}, {"SAGEMAKER_BATCH": "true"}]:
            send = use(model, **env)
            for accept in ACCEPTS if not env or model == objectives[0] else ACCEPTS[2:5]:
                send(ROWS, accept=accept)
        send = use(model)
        for accept in ["text/csv", "application/json"]:
            send(ROW, accept=accept)
    for default in ["application/json", "application/jsonlines", "application/xyz", "csv", "text/csv;q=1"]:
        for env in [{}, {"SAGEMAKER_BATCH": "true"}, {"SAGEMAKER_INFERENCE_OUTPUT": "raw_score"}]:
            send = use("binary-logistic", SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT=default, **env)
            for accept in [None, "*/*", "text/csv"]:
                send(ROWS, accept=accept)
    for model in ["reg-logistic", "reg-gamma", "reg-tweedie", "reg-absoluteerror", "count-poisson", "wide"]:
        send = use(model)
        table = "\n".join(",".join(f"{(7 * i + 11 * j) % 29 / 7 - 2:.2f}" for j in range(4)) for i in range(24))
        for accept in ["text/csv", "application/json"]:
            send(table, accept=accept)

    selections = [*KEYS, ",".join(KEYS[:6]), "Raw_Score, labels ,PREDICTED_LABEL", "probability,probability",
                  "probability,nothing", "nothing", "", "labels,predicted_score,raw_score"]
    selected = ["text/csv", "application/json", "application/jsonlines", "application/x-recordio-protobuf"]
    def valid(model):
        return set(serve_utils.VALID_OBJECTIVES[model.replace("-", ":")])

    for model in objectives:
        for keys in selections:
            lacked = set(keys.replace(" ", "").lower().split(",")) - valid(model)
            # Several keys that the objective lacks stand in the order of a set, which is chance.
            for accept in selected if len(lacked) < 2 else selected[:1]:
                use(model, SAGEMAKER_INFERENCE_OUTPUT=keys)(ROWS if "," in keys else ROW, accept=accept)
        if model != "reg-squarederror":
            send = use(model, SAGEMAKER_INFERENCE_OUTPUT="predicted_label,raw_scores", SAGEMAKER_BATCH="true")
            for accept in selected:
                send(ROWS, accept=accept)
    for model in ["count-poisson", "reg-logistic", "reg-gamma", "reg-tweedie", "reg-absoluteerror", "wide"]:
        for accept in [*selected[:2], None, "application/xml"]:
            use(model, SAGEMAKER_INFERENCE_OUTPUT="predicted_score")(ROWS, accept=accept)

    for body in PARSED:
        use("binary-logistic")(body)
    for body in LIBSVM:
        use("binary-logistic")(body, content_type="text/libsvm")
    for body, content_type in [("1,2,3,4", "text/csv"), ("1 2:3 4:5", "text/libsvm"), ("1", None), ("1,2", "text/csv")]:
        use("reg-squarederror")(body, content_type=content_type)
    for content_type in TYPES:
        use("binary-logistic")("1,2,3,4", content_type=content_type)
        use("binary-logistic")("", content_type=content_type)
        use("binary-logistic")("1 1:2 3:4", content_type=content_type)
    table = np.array([[1, 2.5, -1, 0.25], [0, 0, 3, 4]])
    import scipy.sparse
    dense = record(table.astype("float32"))
    for body in [
        dense, record(table), record(table.astype("int64")), record(table[:, :3]), record(np.ones((1, 5))),
        record(table, np.array([1.0, 0.0])), record(scipy.sparse.csr_matrix(table)), dense + record(scipy.sparse.csr_matrix(table)), dense[:-4], dense + b"\1\2",
        b"\0\0\0\0" + dense, dense + b"\0" * 8, b"1,2,3,4,5,6", dense[:4] + b"\0" * 4,
    ]:
        use("binary-logistic")(body, content_type="application/x-recordio-protobuf")

    # Before scipy 1.11 a mode kept its axis. Containers with a later one fail wherever models vote.
    mode = serve_utils.stats.mode
    serve_utils.stats.mode = lambda array: mode(array, keepdims=True)
    one = {"SAGEMAKER_INFERENCE_ENSEMBLE": "false"}
    for model in sorted(listed(MODELS / "xgboost")):
        if model[0].isdigit():
            for env in [{}, one, {"SAGEMAKER_BATCH": "true"}]:
                for body in [ROW, ROWS, ROW + ROWS.split("\n")[0]]:
                    use(model, **env)(body, accept="text/csv")
            use(model)(ROWS, accept="application/json")
            use(model, SAGEMAKER_INFERENCE_OUTPUT="predicted_label,raw_scores")(ROWS, accept="text/csv")
    multi_model(recorder)
    recorder.write()


# What a Python that the model server starts needs before anything else.
SHIM = """
import collections, collections.abc, sys, types
collections.Mapping = collections.abc.Mapping
sys.modules["gethostname"] = types.ModuleType("gethostname")
"""


def multi_model(recorder):
    """The same container behind the model server of multi-model endpoints, over HTTP."""
    import mms
    home = pathlib.Path(mms.__file__).parent.parent
    address, handler = "http://127.0.0.1:18080", "sagemaker_xgboost_container.algorithm_mode.handler_service:handle"
    for env in [{}, {"SAGEMAKER_BATCH": "true"}, {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}]:
        env = {"SAGEMAKER_MULTI_MODEL": "true", **env}
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "sitecustomize.py").write_text(SHIM)
        (folder / "config.properties").write_text("\n".join([
            "model_store=/", "load_models=", f"inference_address={address}", f"management_address={address}",
            "default_workers_per_model=1", "decode_input_request=false", f"default_service_handler={handler}",
        ]))
        environment = {**os.environ, **env, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path[:4]]),
                       "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", "TEMP": str(folder)}
        server = subprocess.Popen(
            ["java", f"-Dmodel_server_home={home}", f"-Djava.io.tmpdir={folder}",
             "-cp", home / "mms/frontend/model-server.jar", "com.amazonaws.ml.mms.ModelServer",
             "-f", folder / "config.properties"],
            env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def send(method, path, body=None, **headers):
            request = urllib.request.Request(address + path, body, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=60) as reply:
                    return reply.status, reply.headers["content-type"], reply.read()
            except urllib.error.HTTPError as error:
                return error.code, error.headers["content-type"], error.read()

        try:
            for _ in range(60):
                time.sleep(1)
                try:
                    if send("GET", "/ping")[0] == 200:
                        break
                except OSError:
                    pass
            for model in ["binary-logistic", "multi-softprob", "reg-squarederror", "wide"]:
                asked = json.dumps({"model_name": model, "url": str(MODELS / "xgboost" / model)}).encode()
                assert send("POST", "/models", asked, **{"Content-Type": "application/json"})[0] == 200
                bodies = [(ROWS, "text/csv"), (ROW, "text/csv")]
                if model == "binary-logistic" and len(env) == 1:
                    bodies += [("", "text/csv"), ("1,a", "text/csv"), ("1,2,3,4,5", "text/csv"), ("[1]", "application/json"),
                               ("1 1:2 3:4", "text/libsvm")]
                accepts = ["text/csv", "application/json", "TEXT/CSV", "csv", "json", "application/jsonlines", "*/*",
                           "text/csv;q=0.5", "application/x-recordio-protobuf", "text/csv, application/json"]
                for body, content_type in bodies:
                    for accept in accepts if body == ROWS else accepts[:2]:
                        headers = {"Content-Type": content_type, "Accept": accept}
                        reply = send("POST", f"/models/{model}/invoke", body.encode(), **headers)
                        recorder.add(model, env, body.encode(), content_type, accept, *reply)
                send("DELETE", f"/models/{model}")
        finally:
            server.terminate()
            server.wait()


def sklearn():
    import sklearn as library
    from sagemaker_containers import _worker
    from sagemaker_sklearn_container import serving
    logging.disable(logging.CRITICAL)
    recorder = Recorder("sklearn.jsonl", {
        "sagemaker-scikit-learn-container": "eae7b6b", "sagemaker-containers": "2.8.6.post2",
        "scikit-learn": library.__version__, "numpy": np.__version__,
    })

    def use(model, **env):
        script = types.SimpleNamespace(model_fn=lambda _: pickle.loads(
            (MODELS / "pickled" / model / "model.pkl").read_bytes()))
        transformer = serving._user_module_transformer(script)
        transformer.initialize()
        _worker.env._default_accept = env.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "application/json")
        app = _worker.Worker(transform_fn=transformer.transform, module_name=f"worker_{model}")
        return lambda *rest, **more: ask(app, recorder, model, env, *rest, **more)

    def npy(array, **options):
        buffer = io.BytesIO()
        np.save(buffer, array, **options)
        return buffer.getvalue()

    rows = "1,0.5,-0.25,2\n0.1,1.5,0.5,-1\n-2,0,1,0.125\n0.3,0.3,0.3,0.3\n-1,-1,1.25,0\n"
    table = np.array([[float(cell) for cell in row.split(",")] for row in rows.split()])
    accepts = [None, "*/*", "text/csv", "application/json", "application/x-npy", "application/jsonlines",
               "TEXT/CSV", "text/csv;q=0.5", "text/csv; charset=utf-8", "text/csv, application/json", "application/xml"]
    for model in ["integers", "texts", "numbers"]:
        for accept in accepts:
            use(model)(rows, accept=accept)
        use(model)(json.dumps(table.tolist()), content_type="application/json", accept="text/csv")
        use(model)(json.dumps(table.tolist()), content_type=None)
        use(model)(npy(table), content_type="application/x-npy")
        use(model)(npy(table.astype("float32")), content_type="application/x-npy", accept="application/x-npy")
        for body in ["1,2,3,4", "1,2,3,4\n1,2,3,4"]:
            use(model)(body)
    for default in ["text/csv", "application/x-npy", "application/xyz"]:
        for accept in [None, "*/*", "application/json"]:
            use("integers", SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT=default)(rows, accept=accept)
    two = "1,2,3,4\n5,6,7,8"
    for body in [
        two + "\r\n", two.replace("\n", "\r\n"), two + "\n\n", "\n" + two, '"1","2",3,4\n5,6,7,8', " 1, 2,3 ,4\n5,6,7,8",
        "1,,3,4\n5,6,7,8", "1,inf,3,4\n5,6,7,8", "1,NA,3,4\n5,6,7,8", "a,b,c,d\n" + two, "1,2,3\n4,5,6",
        "1,2,3,4,5\n1,2,3,4,5", "1,2,3,4\n1,2,3", "1;2;3;4\n5;6;7;8", "1e2,+1,.5,5.\n1_0,2,3,4", '"1,2,3,4\n5,6,7,8',
        '"1"2,2,3,4\n5,6,7,8', "\ufeff1,2,3,4\n5,6,7,8", "", "\n", "1\n2", "1,1e40,3,4\n5,6,7,8", "1,1e400,3,4\n5,6,7,8",
        b"1,2,3,\xff\n5,6,7,8", "1,2,3,4\r5,6,7,8", '"1\n",2,3,4\n5,6,7,8', "1,0x1,3,4\n5,6,7,8",
        "1,1e-50,3,4\n5,6,7,8", "1,True,3,4\n5,6,7,8",
    ]:
        use("integers")(body)
    for body in [
        "[[1,2,3,4]]", "[1,2,3,4]", "[[1,2,3,4],[5,6,7,8]]", '{"instances": [[1,2,3,4]]}', "[]", "[[]]", "", "[[1,2,3]]",
        "[[1,2,3,4],[1]]", '[["1","2","3","4"]]', "[[1,null,3,4]]", "[[1,Infinity,3,4]]", "[[true,2,3,4]]",
        "[[1,2,3,1e39]]", "[[1,2,3,1e400]]", "[[[1,2,3,4]]]", " [[1, 2, 3, 4]] ", "[[1,2,3,4]],", "5", "null", '[["a",2,3,4]]',
        "[[1,2,3,123456789012345678901234567890]]", "[[01,2,3,4]]", "[[1,2,3,-0]]", '[[" 1 ","1_0","1e2",".5"]]',
        "[[1,2,3,4],[5,6,7,8],]", "\ufeff[[1,2,3,4]]", "[[true,false,true,true]]", '[[1,"2",3,4]]',
        '[[true,"2",3,4]]', "[[16777217,2,3,4.5]]", "[[1,2,3,4],5]", '[[null,"2",3,4]]', "[[1,2,3,18446744073709551615]]",
    ]:
        use("integers")(body, content_type="application/json")
    for content_type in [
        "text/csv; charset=utf-8", "TEXT/CSV", "application/x-npy", "application/x-npz", "text/libsvm", "application/jsonlines",
        "application/json; charset=utf-8", "text/plain", "", None,
    ]:
        use("integers")(two, content_type=content_type)
    for body in [
        npy(table[0]), npy(table[:1]), npy(table.astype("int64")), npy(table.astype(">f4")), npy(np.asfortranarray(table)),
        npy(table[:, :3]), npy(table.astype("U")), npy(np.array([["1", None]], dtype=object)), npy(table)[:-3],
        npy(table) + b"more", b"\x93NUMPY", npy(table.astype("float16")), npy(table > 0), npy(table[None]), npy(np.float64(1)),
        npy(table.astype("u1")),
    ]:
        use("integers")(body, content_type="application/x-npy")
    recorder.write()


if __name__ == "__main__":
    xgboost()
    sklearn()
