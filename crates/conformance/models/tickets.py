"""A text classifier: which desk is a support ticket for?

Words weighed by how rare they are, then a logistic regression, exported by skl2onnx.
The input is a string, and the labels are strings. `tickets` gives the probabilities
as a matrix; `tickets-zipmap` gives what skl2onnx does unless told otherwise, a
sequence with a map from label to probability for each row.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from backend_test import require, write_data_sets

TICKETS = {
    "account": (
        "I cannot log in to my account",
        "My password is not accepted any more",
        "How do I reset the password of my account",
        "The confirmation email for my new account never came",
        "Please change the email address of my profile",
        "Two factor login asks for a code that I do not get",
        "My account is locked after too many attempts",
        "I want to delete my account and all my data",
        "Somebody else logged in with my user name",
        "The app logs me out every few minutes",
        "How can I change my user name",
        "The link to reset my password has expired",
        "I lost the phone with my login codes",
        "Please merge my two accounts into one profile",
        "It says that my email address is already registered",
        "My profile picture cannot be changed",
        "Login with my work address fails",
        "I never registered, please remove my profile",
        "The password page shows an error",
        "Which email address is my account registered with",
    ),
    "billing": (
        "I was charged twice for the same month",
        "Please send me an invoice for last year",
        "My card was charged after I had cancelled",
        "The amount on the invoice is wrong",
        "When do I get my refund",
        "I would like to pay by bank transfer instead of by card",
        "The payment failed although my card is valid",
        "Why did the price of my subscription go up",
        "I need an invoice with our tax number",
        "Cancel my subscription and refund the last payment",
        "The discount code was not applied to the price",
        "Please update the credit card for my subscription",
        "I do not recognise this charge on my bank statement",
        "The refund is lower than what I paid",
        "Can I pay once a year instead of every month",
        "My bank says that you rejected the payment",
        "The invoice shows the wrong company",
        "How much does the subscription cost after the trial",
        "Tax was charged although we are exempt",
        "I paid but the subscription is still not active",
    ),
    "delivery": (
        "Where is my parcel",
        "The package arrived with a broken corner",
        "My order was delivered to the wrong address",
        "Tracking has not changed for five days",
        "The courier left the parcel in the rain",
        "One item is missing from the box",
        "I received somebody else's order",
        "When will my order be shipped",
        "Please deliver to my neighbour instead",
        "The courier says nobody was at home but I was",
        "How long does shipping to Norway take",
        "The tracking number does not work",
        "My package has been at customs for two weeks",
        "Can I pick up the parcel at a shop",
        "The box was open when it arrived",
        "Change the delivery date of my order to Friday",
        "The driver could not find our street",
        "Half of the order has arrived and the rest is missing",
        "The wrong size was shipped",
        "The parcel was sent back to the warehouse",
    ),
}

NEW = {
    "My invoice was charged to the wrong card": "billing",
    "I forgot my password and cannot log in": "account",
    "The courier never brought my parcel": "delivery",
    "REFUND!!! I paid twice, and the payment is not on the invoice": "billing",
    "please reset my login, the email link has expired": "account",
    "box damaged; one item missing (order 4711)": "delivery",
}
"""Tickets that the model has not seen, with the desk that they are for."""

STRANGE = ("", "zyx 12 ?!", "Größe für Ærø: naïve café")
"""Of no known word. They get what the classes have before a word is read."""

TOLERANCE = 1e-5


def train() -> Pipeline:
    """The same pipeline each time: nothing in it is random."""
    texts = [text for tickets in TICKETS.values() for text in tickets]
    labels = [label for label, tickets in TICKETS.items() for _ in tickets]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10.0))
    return model.fit(texts, labels)


def save(folder: Path, zipmap: bool) -> None:
    """Train, export, and compare with scikit-learn."""
    trained = train()
    vectorizer, classifier = (step for _, step in trained.steps)
    # Lower case by the rules that every machine has. The exporter would have en_US.UTF-8, and
    # ONNX Runtime does not load the model where that is not installed.
    options = {id(vectorizer): {"locale": "C"}}
    if not zipmap:
        options[id(classifier)] = {"zipmap": False}
    exported = to_onnx(
        trained,
        initial_types=[("text", StringTensorType([None, 1]))],
        options=options,
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    # The exporter names the graph by chance, and has the operator sets in any order.
    exported.graph.name = folder.name
    operator_sets = sorted(exported.opset_import, key=lambda entry: entry.domain)
    del exported.opset_import[:]
    exported.opset_import.extend(operator_sets)
    (folder / "model.onnx").write_bytes(exported.SerializeToString(deterministic=True))

    texts = [*NEW, *STRANGE]
    data_sets = [
        {"text": np.array([[text] for text in texts[:rows]], dtype=object)}
        for rows in (1, len(texts))
    ]
    for inputs, outputs in zip(data_sets, write_data_sets(folder, data_sets), strict=True):
        given = list(inputs["text"][:, 0])
        labels, probabilities = outputs.values()
        require(list(labels) == list(trained.predict(given)), "the export gives other labels")
        apart = np.abs(probabilities - trained.predict_proba(given)).max()
        require(apart < TOLERANCE, f"the export's probabilities are {apart:.1e} off")
        for text, label in zip(given, labels):
            require(NEW.get(text, label) == label, f"{text!r} is taken for {label}")


def build(folder: Path) -> None:
    """Probabilities as `[rows, classes]`."""
    save(folder, zipmap=False)


def build_zipmap(folder: Path) -> None:
    """Probabilities as maps; the data sets have them as `[rows, classes]` all the same."""
    save(folder, zipmap=True)
