"""The bots that the browser tests talk to: a small bank in three languages, and a post office to choose instead."""

from typing import Any

IBAN = "TR150006100000000000000101"

BANK: dict[str, Any] = {
    "name": "bank",
    "tenant": "acme",
    "locales": ["en", "tr", "zh"],
    "persona": {"tr": "Bankanın yardımcısısın.", "zh": "你是银行助手。", "en": "You help at the bank."},
    "intents": {
        "send_money": {
            "description": "Send money to an IBAN",
            "title": {"tr": "Para gönderme", "zh": "转账", "en": "Sending money"},
            "examples": {
                "tr": [
                    "para gönder",
                    "[500 lira](amount) göndermek istiyorum",
                    "[1.300,50 lira](amount) gönder",
                    "havale yap",
                    "para göndermek istiyorum",
                    "birine para göndereceğim",
                ],
                "zh": ["转账", "我要转账", "我想转[500里拉](amount)", "汇款", "给朋友汇钱", "帮我转一笔钱"],
                "en": [
                    "send money",
                    "I want to send [500 lira](amount)",
                    "send [1,300.50 lira](amount)",
                    "make a transfer",
                    "wire money please",
                    "transfer money",
                ],
            },
            "slots": {
                "amount": {
                    "type": "money",
                    "currency": "TRY",
                    "max": 50000,
                    "title": {"tr": "tutar", "zh": "金额", "en": "amount"},
                    "ask": {"tr": "Ne kadar göndereyim?", "zh": "要转多少钱？", "en": "How much shall I send?"},
                },
                "iban": {
                    "type": "id",
                    "format": "iban",
                    "title": {"tr": "IBAN", "zh": "IBAN", "en": "IBAN"},
                    "ask": {"tr": "Hangi IBAN'a?", "zh": "转到哪个 IBAN？", "en": "To which IBAN?"},
                },
            },
            "action": "send_money",
        },
        "order_card": {
            "description": "Order a new bank card",
            "title": {"tr": "Kart siparişi", "zh": "申请银行卡", "en": "Ordering a card"},
            "examples": {
                "tr": ["kart istiyorum", "yeni kart", "kart siparişi ver", "bana bir kart gönderin", "kart başvurusu"],
                "zh": ["我要办卡", "申请银行卡", "办一张新卡", "想要一张卡", "开卡"],
                "en": ["order a card", "I need a new card", "send me a card", "a new bank card", "card application"],
            },
            "slots": {
                "card": {
                    "type": "choice",
                    "title": {"tr": "kart türü", "zh": "卡类型", "en": "kind of card"},
                    "values": {
                        "debit": {"tr": ["banka kartı"], "zh": ["借记卡"], "en": ["debit card"]},
                        "credit": {"tr": ["kredi kartı"], "zh": ["信用卡"], "en": ["credit card"]},
                    },
                }
            },
            "reply": {
                "tr": "Kartınız yola çıktı.",
                "zh": "您的卡已寄出。",
                "en": "Your card is on its way.",
            },
        },
    },
    "knowledge": {"sources": ["knowledge/"]},
}

DOCUMENTS = {
    "fees.en.md": """# Fees

## Transfers
A transfer to another bank costs 7.50 lira and arrives the next morning.

## Safe deposit boxes
A safe deposit box costs 1,200 lira a year.
""",
    "fees.tr.md": """# Ücretler

## Havale ve EFT
Başka bankaya EFT ücreti 7,50 liradır ve para ertesi sabah ulaşır.

## Kiralık kasa
Kiralık kasanın yıllık ücreti 1.200 liradır.
""",
    "fees.zh.md": """# 费用

## 转账
跨行转账手续费为7.50里拉，次日早上到账。

## 保险箱
保险箱租金为每年1200里拉。
""",
}

POST: dict[str, Any] = {
    "name": "post",
    "tenant": "acme",
    "locales": ["en"],
    "persona": {"en": "You help at the post office."},
    "intents": {
        "opening": {
            "title": {"en": "Opening hours"},
            "examples": {"en": ["when do you open", "opening hours", "are you open today", "when do you close"]},
            "reply": {"en": "We are open from 9 to 17."},
        },
        "parcel": {
            "title": {"en": "Sending a parcel"},
            "examples": {"en": ["send a parcel", "post a package", "how do I mail a box", "parcel drop-off"]},
            "reply": {"en": "Bring it to any counter."},
        },
    },
    "actions": {},
}
