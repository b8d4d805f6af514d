"""What the inference toolkit's own suite demands of a multi-model container, in its words."""

import requests
from support import HOUSING, Server, TestCase, as_csv, districts


class MultiModel(TestCase):
    """Models come and go through the container's port, as the platform sends for them."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(variables={"SAGEMAKER_MULTI_MODEL": "true"})
        cls.addClassCleanup(cls.server.kill)

    def setUp(self):
        self.assertEqual(self.ask("GET", "/ping")[0], 200)
        self.assertEqual(self.names(), [])

    def tearDown(self):
        for name in self.names():
            self.ask("DELETE", f"/models/{name}")

    def ask(self, method, path, **parameters):
        reply = requests.request(method, self.server.container_url + path, timeout=60, **parameters)
        return reply.status_code, reply.json() if reply.content else None

    def names(self):
        status, listed = self.ask("GET", "/models")
        self.assertEqual(status, 200)
        return [model["modelName"] for model in listed["models"]]

    def load(self, name, model):
        url = str(HOUSING.parent / model)
        return self.ask("POST", "/models", json={"model_name": name, "url": url})

    def test_models_are_loaded_listed_and_unloaded(self):
        for name in ("a", "b"):
            self.assertEqual(self.load(name, "housing"), (200, {"status": "Workers scaled"}))
        entry = {"modelUrl": str(HOUSING)}
        both = [{"modelName": name} | entry for name in ("a", "b")]
        self.assertEqual(self.ask("GET", "/models"), (200, {"models": both}))
        self.assertEqual(self.ask("GET", "/models/a"), (200, both[0]))
        gone = self.ask("DELETE", "/models/a")
        self.assertEqual(gone, (200, {"status": 'Model "a" unregistered'}))
        self.assertEqual(self.ask("GET", "/models"), (200, {"models": both[1:]}))

    def test_list_in_pages(self):
        for name in ("a", "b", "c"):
            self.load(name, "housing")
        _, page = self.ask("GET", "/models?limit=2")
        self.assertEqual([model["modelName"] for model in page["models"]], ["a", "b"])
        token = {"limit": 2, "next_page_token": page["nextPageToken"]}
        _, page = self.ask("GET", "/models", params=token)
        self.assertEqual([model["modelName"] for model in page["models"]], ["c"])
        self.assertNotIn("nextPageToken", page)

    def test_refusals(self):
        self.assertEqual(self.load("banana", "banana")[0], 404)
        self.assertEqual(self.ask("DELETE", "/models/banana")[0], 404)
        self.assertEqual(self.ask("GET", "/models/banana")[0], 404)
        self.assertEqual(self.ask("POST", "/models/banana/invoke", data=b"1")[0], 404)
        self.load("a", "housing")
        self.assertEqual(self.load("a", "housing")[0], 409)
        self.assertEqual(self.ask("POST", "/models", data=b"{}")[0], 400)

    def test_invocation(self):
        self.load("a", "housing")
        rows, prices = districts(3)
        headers = {
            "Content-Type": "text/csv",
            "Accept": "application/json",
            "X-Amzn-SageMaker-Target-Model": "sub dir/houses.tar.gz",
        }
        status, reply = self.ask("POST", "/models/a/invoke", data=as_csv(rows), headers=headers)
        self.assertEqual(status, 200)
        self.assert_prices([each["score"] for each in reply["predictions"]], prices)

    def test_models_that_come_are_endpoints_of_the_front_door(self):
        client = self.server.client()
        rows, prices = districts(3)
        request = {
            "EndpointName": "late",
            "Body": as_csv(rows),
            "ContentType": "text/csv",
            "Accept": "text/csv",
        }
        with self.assertRaises(client.exceptions.ValidationError):
            client.invoke_endpoint(**request)
        self.load("late", "housing")
        self.assert_prices(client.invoke_endpoint(**request)["Body"].read().split(), prices)
