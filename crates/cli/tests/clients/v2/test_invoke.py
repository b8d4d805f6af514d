"""`InvokeEndpoint` with boto3."""

import io
import json
import re

from support import MODELS, TestCase, as_csv, districts

SESSION = re.compile(r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*;\sExpires=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


class OneModel(TestCase):
    """A server of one model, called by that one's name."""

    def invoke(self, **parameters):
        rows, _ = districts(3)
        parameters = {"EndpointName": "housing", "Body": as_csv(rows)} | parameters
        return self.client.invoke_endpoint(**parameters)

    def test_every_parameter(self):
        rows, prices = districts(3)
        reply = self.invoke(
            Body=as_csv(rows),
            ContentType="text/csv",
            Accept="text/csv",
            CustomAttributes="trace=1; deadline_ms=60000",
            TargetModel="sub dir/housing 1.tar.gz",
            TargetVariant="AllTraffic",
            TargetContainerHostname="primary",
            InferenceId="one request",
            InferenceComponentName="component",
            SessionId="NEW_SESSION",
            PrefixAwareId="prefix",
        )
        self.assertEqual(reply["ContentType"], "text/csv")
        self.assertEqual(reply["InvokedProductionVariant"], "AllTraffic")
        self.assertRegex(reply["NewSessionId"], SESSION)
        self.assertRegex(reply["ResponseMetadata"]["RequestId"], r"^[0-9a-f-]{36}$")
        self.assert_prices(reply["Body"].read().decode().split(), prices)

    def test_session_is_opened_used_and_closed(self):
        opened = self.invoke(Body=b'{"requestType": "NEW_SESSION"}', SessionId="NEW_SESSION")
        session = opened["NewSessionId"].split(";")[0]
        used = self.invoke(ContentType="text/csv", SessionId=session)
        self.assertEqual(len(json.load(used["Body"])["predictions"]), 3)
        closed = self.invoke(Body=b'{"requestType": "CLOSE"}', SessionId=session)
        self.assertEqual(closed["ClosedSessionId"], session)
        with self.assertRaises(self.client.exceptions.ModelError) as refused:
            self.invoke(SessionId=session)
        self.assertEqual(refused.exception.response["OriginalStatusCode"], 400)

    def test_neither_content_type_nor_accept(self):
        rows, prices = districts(3)
        reply = self.invoke(Body=json.dumps(rows).encode())
        self.assertEqual(reply["ContentType"], "application/json")
        predictions = json.load(reply["Body"])["predictions"]
        self.assert_prices([prediction["score"] for prediction in predictions], prices)

    def test_explanations_are_asked_for(self):
        reply = self.invoke(ContentType="text/csv", EnableExplanations="`true`")
        for prediction in json.load(reply["Body"])["predictions"]:
            self.assertEqual(len(prediction["explanations"][0]["contributions"]), 8)

    def test_bodies_of_every_kind(self):
        rows, prices = districts(50)
        text = as_csv(rows)
        for body in (text, text.decode(), bytearray(text), io.BytesIO(text)):
            reply = self.invoke(Body=body, ContentType="text/csv", Accept="text/csv")
            self.assert_prices(reply["Body"].read().split(), prices)

    def test_body_longer_than_the_model_of_the_api_allows(self):
        rows, prices = districts(1)
        line = as_csv(rows) + b"\n"
        count = (7 << 20) // len(line)
        reply = self.invoke(Body=line * count, ContentType="text/csv", Accept="text/csv")
        got = reply["Body"].read().split()
        self.assertEqual((len(got), len(set(got))), (count, 1))
        self.assert_prices(got[:1], prices)


class SeveralModels(TestCase):
    """A server of several models behind one name."""

    ARGUMENTS = (MODELS, "--aws-endpoint-name", "houses-and-customers")

    def invoke(self, **parameters):
        rows, _ = districts(2)
        return self.client.invoke_endpoint(
            EndpointName="houses-and-customers",
            Body=as_csv(rows),
            ContentType="text/csv",
            Accept="text/csv",
            **parameters,
        )

    def test_target_model_chooses(self):
        _, prices = districts(2)
        for target in ("housing.tar.gz", "v1/housing.tar.gz", "housing"):
            reply = self.invoke(TargetModel=target)
            self.assert_prices(reply["Body"].read().split(), prices)

    def test_target_model_must_be_said_and_known(self):
        invalid = self.client.exceptions.ValidationError
        with self.assertRaisesRegex(invalid, "TargetModel"):
            self.invoke()
        with self.assertRaisesRegex(invalid, "failed to download model data"):
            self.invoke(TargetModel="boats.tar.gz")

    def test_models_are_endpoints_too(self):
        rows = (MODELS / "churn/rows.json").read_bytes()
        reply = self.client.invoke_endpoint(
            EndpointName="churn", Body=rows, ContentType="application/json"
        )
        labels = [each["predicted_label"] for each in json.load(reply["Body"])["predictions"]]
        self.assertEqual(labels, ["No", "No", "No", "No", "Yes", "Yes"])
