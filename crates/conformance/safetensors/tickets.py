"""Two hundred texts of mixed length and script for MiniLM. All were written for this purpose."""

from __future__ import annotations

import numpy as np

from corpus import CORPUS, TEXTS

COUNT = 200

SEED = 31

NOTES = (
    "card declined",
    "URGENT!!!",
    "no",
    "Thanks",
    "42",
    "3.14159",
    "refund status?",
    "Hi, can you tell me when my contract ends?",
    "I was charged twice for the same subscription in April and once more in May.",
    "Transaction of 4,310.55 USD at 03:12 from a device that the customer had never used before.",
    "Caller knew the mother's maiden name but not the last four digits of the card.",
    "Merchant category 5967, three attempts within two minutes, the last one approved.",
    "The customer says that the terminal in the shop showed an error and that he paid in cash.",
    "Account opened yesterday, address in one country, phone number of another.",
    "Two-factor codes arrive with a delay of ten minutes, so they are never valid.",
    "App crashes when I open the settings after the update to version 7.2.1 on Android 14.",
    "The chart on the dashboard stays empty in Firefox, although the export has all numbers.",
    "How do I add a second user to my plan without paying for a third?",
    "Leaving because the new prices are too high for a small bakery like ours.",
    "Competitor offers twice the speed for half of the price; will not renew.",
    "Great support last week, but the product itself is too slow for us.",
    "Moved abroad, the service is not available there.",
    "The technician came on time, was friendly, and fixed the line in half an hour.",
    "Nobody came between 8 and 12 as promised; I took a day off for nothing.",
    "The box was open and one of the six glasses was missing.",
    "Wrong size: ordered XL, received M. The label on the bag says XL, though.",
    "Please remove my e-mail address from your list, this is the third time that I ask.",
    "I would like to speak to a human being.",
    "What does error E-1043 (gateway timeout) mean?",
    "ERROR 500 at /api/v2/orders?id=9931&full=true",
    "SELECT name FROM customers WHERE id = 7; -- does this work?",
    "if (x < 10) { return \"small\"; } else { return 'large'; }",
    "The quick brown fox jumps over the lazy dog.",
    "supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "-----=====#####*****~~~~~",
    "\"Quoted,\" she said; ‘single’ — and dashes – too…",
    "naïve café résumé coöperate façade Ångström smørrebrød",
    "Die Heizung in der Wohnung im dritten Stock ist seit Montag kalt, bitte um Rückruf.",
    "Ich möchte meinen Vertrag zum Ende des Monats kündigen und bitte um eine Bestätigung.",
    "Je souhaite modifier l'adresse de livraison de ma commande passée hier soir.",
    "Pourquoi mon abonnement a-t-il augmenté de 30 % sans prévenir ?",
    "Quisiera saber por qué me cobraron una comisión que no figura en el contrato.",
    "O aplicativo fecha sozinho quando tento pagar a fatura do cartão.",
    "Vorrei restituire le scarpe, sono troppo strette e il colore non è quello della foto.",
    "Mijn pakket staat al vijf dagen op bezorgd, maar ik heb niets gekregen.",
    "Nie mogę zalogować się na konto, choć hasło zmieniłem dziś rano.",
    "Kartımdan bilgim olmadan para çekilmiş, lütfen işlemi iptal edin.",
    "Tôi chưa nhận được hàng, xin hoàn tiền.",
    "Здравствуйте, подскажите, пожалуйста, когда закончится мой договор?",
    "Деньги списали два раза, а заказ так и не пришёл. Жду возврата уже месяц.",
    "Доброго дня, чому мій рахунок заблоковано?",
    "Καλησπέρα, πότε θα φτάσει η παραγγελία μου;",
    "שלום, מתי תגיע החבילה שלי?",
    "متى ستصل طلبيتي؟ دفعت منذ أسبوع ولم أستلم شيئا.",
    "मेरा ऑर्डर अभी तक नहीं आया, कृपया पैसे वापस करें।",
    "สินค้ายังไม่มาถึง ขอเงินคืนด้วยค่ะ",
    "我想取消订阅，为什么上个月扣了两次款？",
    "請問我的包裹什麼時候會到？",
    "アプリが起動しません。更新してから毎回落ちます。",
    "주문한 상품이 아직 도착하지 않았어요. 환불해 주세요.",
    "გამარჯობა, როდის მოვა ჩემი შეკვეთა?",
    "Բարև, ե՞րբ կգա իմ պատվերը։",
    "😀😀😀",
    "👍🏽 merci, спасибо, 谢谢, شكرا 🙏",
    "Price: ₹1,500 ≈ £14 ≈ ¥2,600 ± 5 % → OK ✓",
    "x² + y² = r², ∑ aᵢ ≥ 0, ∀ε>0 ∃δ",
)
"""Short ones, as support and fraud teams write and get them."""


def texts() -> list[str]:
    """The notes, the other texts of the recipes, and paragraphs put together of them."""
    single = [*NOTES, *CORPUS, *TEXTS]
    random = np.random.default_rng(SEED)
    sentences = [*NOTES[6:], *CORPUS]
    paragraphs = []
    for at in range(COUNT - len(single)):
        # From two sentences to nearly as many as are read.
        chosen = random.choice(len(sentences), size=2 + at % 8, replace=False)
        paragraphs.append(" ".join(sentences[one] for one in chosen))
    return [*single, *paragraphs]
