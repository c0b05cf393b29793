"""The words the sample's rows are made of: several scripts, and nobody's data.

Family names say that they are examples, mail addresses end in domains reserved for examples (RFC 2606), addresses of
clients are from the documentation networks (RFC 5737, RFC 3849).
"""

CURRENCIES = (
    # code, name, units per euro (rounded, only to be plausible), minor digits
    ("EUR", "Euro", "1.00000000", 2),
    ("USD", "US dollar", "1.08500000", 2),
    ("GBP", "Pound sterling", "0.85500000", 2),
    ("CHF", "Schweizer Franken", "0.95500000", 2),
    ("CNY", "人民币", "7.85000000", 2),
    ("JPY", "日本円", "163.20000000", 0),
    ("EGP", "جنيه مصري", "52.40000000", 2),
    ("TRY", "Türk lirası", "35.10000000", 2),
)

COUNTRIES = (
    # code, English name, native name, currency, VAT rate
    ("DE", "Germany", "Deutschland", "EUR", "0.1900"),
    ("AT", "Austria", "Österreich", "EUR", "0.2000"),
    ("CH", "Switzerland", "Schweiz · Suisse · Svizzera", "CHF", "0.0810"),
    ("FR", "France", "France", "EUR", "0.2000"),
    ("GB", "United Kingdom", "United Kingdom", "GBP", "0.2000"),
    ("US", "United States", "United States", "USD", "0.0000"),
    ("CN", "China", "中国", "CNY", "0.1300"),
    ("JP", "Japan", "日本", "JPY", "0.1000"),
    ("EG", "Egypt", "مصر", "EGP", "0.1400"),
    ("TR", "Türkiye", "Türkiye", "TRY", "0.2000"),
)

LOCALES = ("de_DE", "en_GB", "en_US", "fr_FR", "zh_CN", "ar_EG", "ja_JP", "tr_TR")

GIVEN_NAMES = ("Anna", "Jürgen", "Zoë", "Łucja", "李", "小明", "مريم", "يوسف", "花子", "Ayşe", "Noël", "Siân", "Bjørn")
FAMILY_NAMES = ("Beispiel", "Mustermann", "Example", "Exemple", "示例", "某某", "مثال", "見本", "Örnek", "Przykład")
MAIL_DOMAINS = ("example.com", "example.net", "example.org", "mail.example")

THINGS = (
    "Teekanne",
    "Umbrella",
    "Bougie",
    "茶壶",
    "雨伞",
    "مصباح",
    "سجادة",
    "急須",
    "Kilim",
    "Lantern",
    "Schüssel",
    "Tasse",
)
QUALITIES = (
    "groß",
    "small",
    "bleu",
    "红色",
    "أخضر",
    "青い",
    "eski",
    "fein",
    "extra 🌿",
    "neu ✨",
    "très léger",
    "N° 5",
)
COLOURS = ("red", "grün", "bleu", "黑色", "أبيض", "natural")
SHOP_KINDS = ("Laden", "Shop", "Boutique", "商店", "متجر", "Dükkân", "屋")
SENTENCES = (
    "Handgemacht in kleiner Auflage; jedes Stück ist ein wenig anders.",
    "Ships in plain paper, no plastic at all.",
    "Se lave à la main, sèche à l'ombre.",
    "手工制作，每一件都独一无二。",
    "صنع يدوي بعناية فائقة.",
    "ひとつひとつ手作りです。",
    "Ürünler el yapımıdır.",
    'She said: "it\'s 100 % worth it" \\o/',
    "Passt zu allem 🎉 – wirklich zu allem.",
)
CARRIERS = ("Post", "Kurier Süd", "Fahrradbote", "Küstenfracht", "Parcel & Co")
ACTORS = ("back office", "Aushilfe Süd", "système", "import", "owner")
METHODS = ("card", "transfer", "wallet", "cash, on delivery")
