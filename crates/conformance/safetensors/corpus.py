"""What the vocabularies are trained on, and what the models are asked.

All of it was written for this purpose.
"""

from __future__ import annotations

CORPUS = (
    "The parcel was left in the rain behind the garage, and nobody rang the bell.",
    "I forgot my password and the link in your message does not work any more.",
    "Please cancel my order and send the money back to my account.",
    "The payment was made twice on the same evening from another country.",
    "Customer asked for the invoice of March; sent again by mail.",
    "Is the small one still there? I would take two of them, thank you!",
    "They moved to another provider because it was cheaper: 29.95 a month.",
    "Good service, quick answer, no complaints at all.",
    "Die Lieferung kam drei Tage zu spät, und die Tür war beschädigt.",
    "Bitte prüfen Sie die Rechnung; für März fehlt die Gutschrift. Straße, Größe, Übung.",
    "Le colis est arrivé abîmé, j'ai déjà demandé un remboursement à l'élève.",
    "¿Dónde está mi pedido? Mañana vuelvo a llamar al señor Muñoz.",
    "A encomenda não chegou; a atenção do serviço foi péssima.",
    "Zamówienie nie dotarło, proszę o zwrot pieniędzy. Łódź, źródło.",
    "Siparişim hâlâ gelmedi, ücret iki kez çekildi. İstanbul'da ışık.",
    "Посылка не пришла, верните деньги на мой счёт.",
    "Спасибо, всё работает хорошо, поддержка ответила быстро.",
    "Платёж прошёл дважды вечером из другой страны.",
    "Не могу войти: пароль не подходит, письмо не приходит.",
    "我的包裹还没有到，请退款到我的账户。",
    "密码忘记了，邮件里的链接不能用。",
    "服务很好，回答很快，谢谢你们。",
    "荷物がまだ届きません。返金をお願いします。",
    "パスワードを忘れました。メールのリンクが使えません。",
    "لم تصل الطردية بعد، أريد استرجاع المبلغ إلى حسابي.",
    "نسيت كلمة المرور والرابط لا يعمل، شكرا لكم.",
    "Great 👍 thanks 🙏 the box arrived 📦 today 😀",
    "Broken again 😡 refund 💸 please 🙏🏽",
    "Order 88213, code AB-77/2, 14:30 on 2024-03-14, total 1,299.00 €, 20% off.",
    "e-mail: support@example.com, https://example.com/help?id=42#top (see notes).",
)

LONG = (
    "When the bakery on the corner closed for good, nobody in the street believed it at first. "
    "The blinds had been down before, in August mostly, and they had always gone up again with "
    "the smell of rye bread at five in the morning. Спасибо, соседи ещё долго ждали хлеба. "
) * 6
"""Longer than any of the models reads."""

TEXTS = (
    "Refund, please.",
    "I forgot my password and the link does not work any more.",
    "",
    "   \t\n ",
    "a",
    "  The parcel was left in the rain.  ",
    "Ok\r\nthanks\tfor the quick answer",
    "Die Tür der Straßenbahn ist beschädigt, schöne Grüße aus Köln",
    "Cafe\u0301 и кафе\u0301, NAÏVE naïve, İstanbul ışık",
    "¿Dónde está mi pedido? ¡Mañana!",
    "Посылка не пришла, верните деньги",
    "ПЛАТЁЖ прошёл дважды вечером из другой страны.",
    "我的包裹还没有到，请退款。",
    "荷物がまだ届きません。パスワードを忘れました",
    "لم تصل الطردية بعد، شكرا لكم",
    "Great 👍 thanks 🙏🏽 the box arrived 📦 👩‍👩‍👧 today",
    "Ｆｕｌｌ　ｗｉｄｔｈ ﬁne ﬂoor ① ½ ℌ ㎏",
    "zero\u200bwidth\u00a0space\u00ad soft\ufeff and \u0000null\u0007bell",
    "It costs 1,299.00 €, 20% less (order #88213)!",
    "[CLS] a text that [SEP] names <s>the</s> special <mask> tokens [MASK] [UNK] itself",
    "x" * 230,
    "support@example.com https://example.com/help?id=42#top AB-77/2",
    "हिन्दी ελληνικά עברית 한국어 ไทย",
    LONG,
)

PADS = "a text with <pad> or [PAD] in it<pad>[PAD] is counted in its own way"
"""RoBERTa gives no place to a token of padding, wherever it is."""

PAIRS = (
    ("Where is my parcel?", "The parcel was left behind the garage."),
    ("Where is my parcel?", "服务很好，回答很快，谢谢你们。"),
    ("Я забыл пароль", "Не могу войти: пароль не подходит"),
    ("a", ""),
    ("", "b"),
    ("", ""),
    ("Short question?", LONG),
    (LONG, "Short answer."),
    (LONG, "On the other hand, " + LONG),
    (" with spaces ", "\tand a tab "),
    ("Great 👍", "Broken again 😡 refund 💸"),
    ("لم تصل الطردية", "нет <s> [SEP] </s> да"),
)
