# ruff: noqa: E501 - a case is one row of its table
"""A project that can be read and is not as its author means it."""

import pytest

from config.checks import NOT_SUPPORTED_YET, check, check_namesakes
from config.loading import load, load_version
from tests.config.projects import ENVIRONMENT, GOOD, changed, lines_of, problems_of, write_project

FEES = '    reply: {en: "Nothing.", tr: "Ücretsiz."}\n'
SLOT = "amount: {type: money, currency: TRY, min: 1, max: 50000, title: {en: amount, tr: tutar}}"


def slot(written):
    return changed(SLOT, f"amount: {written}")


ERRORS = [
    # names that point nowhere
    (changed("    action: send_money\n  fees", "    action: send_mony\n  fees"), "intents.send_money.action: there is no action 'send_mony'; expected 'send_money' (did you mean that?)"),
    (changed("    method: POST", "    method: POST\n    auth: bank"), "actions.send_money.auth: there is no auth 'bank'"),
    (changed("    method: POST", "    method: POST\n    status: nobody"), "actions.send_money.status: there is no other action 'nobody'"),
    (changed("      iban: {}", "      ibann: {}"), "intents.send_money.slots.ibann: there is no shared slot 'ibann' to refer to; expected 'iban' (did you mean that?)"),
    (changed("iban: {}", "iban: {depends_on: [amont]}"), "intents.send_money.slots.iban.depends_on: the intent has no slot 'amont'; expected 'amount'"),
    (changed("iban: {}", "iban: {depends_on: [iban]}"), "the slot 'iban' depends on itself"),
    (changed("transfer some money", '"[x](amunt) y"'), "project.yaml:13:46: intents.send_money.examples.en.1: the intent has no slot 'amunt'; expected 'amount'"),
    # templates
    (changed('json: {amount: "{{ slots.amount }}"', 'json: {amount: "{{ slots.amuont }}"'), "actions.send_money.json.amount: the template reads 'slots.amuont', which no intent of this action asks for and no result sets; expected 'slots.amount' (did you mean that?)"),
    (changed("/transfers", "/{{ slots.account }}"), "actions.send_money.url: the template reads 'slots.account'"),
    (changed("/transfers", "/{{ variables.amount }}"), "which no intent of this action asks for and no result sets; expected 'slots.amount'"),
    (changed("/transfers", "/{{ slots.reference }}"), "no result sets; expected 'variables.reference' (did you mean that?)"),
    (changed("/transfers", "/{{ x }}"), "actions.send_money.url: the template reads 'x', which is not defined"),
    (changed("${DEMO_API}/transfers", "https://{{ slots.iban }}/x"), "a template stands where the host is"),
    (changed("${DEMO_API}/transfers", "/transfers"), "actions.send_money.url: '/transfers' has no host; expected https://… or ${NAME}/…"),
    (changed('en: "Sent, {{ result.reference }}."', 'en: "Sent, {{ result.referens }}."'), "project.yaml:29:13: actions.send_money.reply.en: the template reads 'result.referens', which is not defined; expected 'result.reference' (did you mean that?)"),
    (changed('en: "Sent, {{ result.reference }}."', 'en: "Sent, {{ result.reference "'), "the template cannot be read"),
    (changed('en: "Nothing."', 'en: "{{ slots.amount }}"'), "intents.fees.reply.en: the template reads 'slots.amount'"),
    (changed("result: {reference: data.id}", "result: {reference: 'data['}"), "actions.send_money.result.reference: not a JMESPath"),
    (changed("timezone:", "texts: {en: {greting: x}, tr: {greting: x}}\ntimezone:"), "texts.en.greting: there is no built-in text 'greting'; expected 'greeting'"),
    (changed("timezone:", "texts: {en: {corrected: '{{ foo }}'}, tr: {corrected: x}}\ntimezone:"), "texts.en.corrected: the template reads 'foo', which is not defined"),
    (changed("timezone:", "texts: {de: {greeting: x}}\ntimezone:"), "texts.de: 'de' is not one of the project's locales"),
    # guards
    (changed("    action: send_money\n  fees", "    undo_with: recall\n    action: send_money\n  fees"), "intents.send_money.undo_with: there is no other intent 'recall'"),
    (changed("    action: send_money\n  fees", "    undo_with: send_money\n    action: send_money\n  fees"), "intents.send_money.undo_with: there is no other intent 'send_money'"),
    (changed("    action: send_money\n  fees", '    when: "slots.iban is"\n    action: send_money\n  fees'), "intents.send_money.when: the template cannot be read"),
    (changed("    action: send_money\n  fees", '    when: "result.x"\n    action: send_money\n  fees'), "intents.send_money.when: 'result.x' is not on offer"),
    # reach
    (changed("    examples: {en: [what does it cost], tr: [ücreti ne kadar]}\n", ""), "intents.fees: the intent cannot be reached: it has no examples"),
    (changed("what does it cost", "transfer some money"), "intents.fees.examples.en.0: the same example belongs to 'send_money' too (line 13)"),
    (changed("what does it cost", "Transfer  SOME money!"), "the same example belongs to 'send_money' too"),
    (changed("what does it cost", '""'), "intents.fees.examples.en.0: an empty example"),
    (changed("{en: [what does it cost]", "{de: [was kostet das], en: [what does it cost]"), "intents.fees.examples.de: 'de' is not one of the project's locales"),
    (changed('{en: "Nothing."', '{zh: "没有", en: "Nothing."'), "intents.fees.reply.zh: 'zh' is not one of the project's locales"),
    # slots
    (changed("TR[0-9]{24}", "TR[0-9"), "project.yaml:7:5: slots.iban.pattern: not a regular expression: unterminated character set at position 2"),
    (changed("TR[0-9]{24}", "([0-9]+)+"), "project.yaml:7:5: slots.iban.pattern: catastrophic: a repetition inside a repetition"),
    (slot("{type: choice}"), "intents.send_money.slots.amount.type: a choice needs values"),
    (slot("{type: choice, values: [a, b], default: c}"), "the default 'c' is none of the values"),
    (slot("{type: choice, values: {a: {en: [one]}, b: {en: [One]}}}"), "'One' (en) means both 'a' and 'b'"),
    (slot("{type: choice, values: {a: {de: [eins]}}}"), "'de' at 'a' is not one of the project's locales"),
    (slot("{type: money, currency: TRY, min: 9, max: 2}"), "min 9 is above max 2"),
    (slot("{type: date, min: today+9d, max: today+2d}"), "min 'today+9d' is above max 'today+2d'"),
    (slot("{type: time, min: '18:00', max: '09:00'}"), "min '18:00' is above max '09:00'"),
    (slot("{type: date, min: tomorrow}"), "'tomorrow' is no limit for a date; expected an ISO date, today, today+30d"),
    (slot("{type: number, max: many}"), "'many' is no limit for a number; expected a number"),
    # surroundings
    (changed("timezone:", "transfer: {hours: 9-17}\ntimezone:"), "project.yaml:3:12: transfer.hours: '9-17' are no hours; expected Mon-Fri 09:00-18:00"),
    (changed("timezone:", "transfer: {hours: Mon-Fri 09:00-25:00}\ntimezone:"), "are no hours"),
    (changed("timezone:", "allow_hosts: ['https://a.example/x']\ntimezone:"), "allow_hosts.0: 'https://a.example/x' is not a host; expected a host such as"),
    (changed("timezone:", "knowledge: {sources: [documents/]}\ntimezone:"), "knowledge.sources.0: there is no 'documents/' in the project's folder"),
    (changed("timezone:", "knowledge: {sources: [../other]}\ntimezone:"), "'../other' lies outside the project's folder"),
    (changed("timezone:", "confidence: {rule: fitted, low: 0.9, high: 0.5}\ntimezone:"), "confidence.low: low 0.9 is above high 0.5"),
    (changed("[en, tr]", "[en, tr, en]"), "locales: a locale stands twice"),
    (changed("actions:", "auth: {a: {type: token_endpoint, url: '${DEMO_API}/t', header: 'Bearer x'}}\nactions:"), "auth.a.header: 'Bearer x' carries no token"),
]  # fmt: skip

WARNINGS = [
    (changed("    action: send_money\n  fees", "    undo_with: fees\n    action: send_money\n  fees"), "intents.send_money.undo_with: the intent 'fees' takes nothing back; expected an intent with an action or with transfer: true"),
    (changed("${DEMO_API}/transfers", "${OTHER_API}/transfers"), "actions.send_money.url: the environment variable OTHER_API is not set; expected OTHER_API in the environment or in .env"),
    (changed('en: "Nothing."', 'en: "${DEMO_API}"'), "${DEMO_API} is not replaced here"),
    (changed('{en: "Nothing.", tr: "Ücretsiz."}', '{en: "Nothing."}'), "intents.fees.reply: no text in tr"),
    (changed('{en: "Nothing.", tr: "Ücretsiz."}', '"Nothing."'), "intents.fees.reply: one text for all of en, tr"),
    (changed('ask: {en: "Which IBAN?", tr: "Hangi IBAN?"}', 'ask: {tr: "Hangi IBAN?"}'), "slots.iban.ask: no text in en"),
    (changed("{en: amount, tr: tutar}", "{en: amount}"), "intents.send_money.slots.amount.title: no text in tr"),
    (changed(", title: {en: amount, tr: tutar}", ""), "intents.send_money.slots.amount: it is asked for as 'amount'"),
    (changed("    title: {en: Send money, tr: Para gönderme}\n", ""), "intents.send_money: without a title it is called 'send money'"),
    (changed("en: [what does it cost], ", ""), "intents.fees.examples: no examples in en"),
    (changed("timezone:", "texts: {tr: {greeting: Selam}}\ntimezone:"), "texts.tr.greeting: worded anew in tr, but not in en"),
    (changed("timezone:", "session: {busy: merge, hang_up: stop}\ntimezone:"), "session.hang_up: 'stop' has no effect beside busy: merge"),
    (changed("[en, tr]", "[en, tr, fr]"), "locales: there is no language data for 'fr': its texts are said, and what customers write is read, in another language; there is de, en, tr, zh; expected one of these, or a folder config/locales/fr with texts.yaml, acts.yaml and grammar.yaml"),
    (changed("what does it cost", "transfer some moneys"), "nearly the same example belongs to 'send_money' (line 13)"),
    (changed("transfer some money", '"send 500 lira please"'), "the same example stands in line 13 already"),
    (changed("transfer some money", "transfer some money, wire it"), "intents.fees.examples.en: one example in en beside an intent of 3: it will rarely be chosen; expected about as many"),
    (changed(FEES, ""), "intents.fees: the intent does nothing"),
    (changed(FEES, FEES + "    confirm: true\n"), "there is nothing to confirm"),
    (changed("    effect: write\n", ""), "actions.send_money: POST is taken as a write"),
    (changed("    effect: write\n", "    effect: write\n    retries: 2\n"), "actions.send_money.retries: a write is tried once"),
    (changed("slots:\n  iban", "slots:\n  spare: {type: text}\n  iban"), "slots.spare: 'spare' is used nowhere"),
    (changed("actions:", "actions:\n  spare: {url: 'https://a.example/'}"), "actions.spare: 'spare' is used nowhere"),
    (changed("actions:", "auth: {a: {type: bearer, token: abc}}\nactions:"), "auth.a.token: a secret stands in the file"),
    (changed("    action: send_money\n  fees", '    when: "slots.customer is defined"\n    action: send_money\n  fees'), "nothing in this project sets 'customer'"),
    (slot("{type: location, title: x}"), "without values any place is taken"),
    (slot("{type: money, title: x}"), "no currency is assumed"),
    (slot("{type: text, currency: TRY, title: x}"), "'currency' means nothing for a text"),
    (slot("{type: boolean, min: 1, title: x}"), "'min' means nothing for a boolean"),
    (changed("name: demo", "name: other"), "the project is called 'other' and its folder 'demo'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), ERRORS)
def test_an_error_names_its_place_and_its_remedy(tmp_path, text, line):
    found = [str(problem) for problem in problems_of(tmp_path / "demo", text) if problem.severity == "error"]

    assert any(line in one for one in found), found
    assert all(problem.line for problem in problems_of(tmp_path / "demo", text))


@pytest.mark.parametrize(("text", "line"), WARNINGS)
def test_a_warning_names_its_place_and_its_remedy(tmp_path, text, line):
    found = problems_of(tmp_path / "demo", text)

    assert any(line in str(problem) for problem in found if problem.severity == "warning"), [str(one) for one in found]
    assert [str(problem) for problem in found if problem.severity == "error"] == []


CIRCLE = """\
name: demo
locales: [en]
understanding: embedded
intents:
  first:
    title: First
    when: variables.b is defined
    examples: {en: [one]}
    slots: {a: {title: A, variable: a}}
    reply: done
  second:
    title: Second
    when: variables.a is defined
    examples: {en: [two]}
    slots: {b: {title: B, variable: b}}
    reply: done
"""


def test_guards_that_wait_for_each_other_are_found(tmp_path):
    lines = lines_of(tmp_path / "demo", CIRCLE)

    assert lines == [
        "project.yaml:7:5: intents.first.when: circular guard: it waits for b, which only intents set that wait for each other; expected a guard that can be true at some time",
        "project.yaml:13:5: intents.second.when: circular guard: it waits for a, which only intents set that wait for each other; expected a guard that can be true at some time",
    ]


@pytest.mark.parametrize("guard", ["variables.a is not defined", "locale == 'en'", "variables.a is defined or True"])
def test_guards_that_some_order_of_talk_opens_are_no_circle(tmp_path, guard):
    assert lines_of(tmp_path / "demo", CIRCLE.replace("variables.a is defined", guard)) == []


def test_an_intent_that_only_a_model_finds_is_a_warning_where_a_model_may_look(tmp_path):
    text = GOOD.replace(
        "    examples: {en: [what does it cost], tr: [ücreti ne kadar]}\n", "    description: Tell the fee.\n"
    )
    found = problems_of(tmp_path / "demo", text)

    assert [(problem.severity, problem.key) for problem in found] == [("warning", "intents.fees")]


def test_two_folders_may_not_hold_one_project(tmp_path):
    write_project(tmp_path / "copy")
    version = load_version(write_project(tmp_path / "demo"))

    assert [str(problem) for problem in check_namesakes(version)] == [
        "project.yaml:1:1: name: the folder 'copy' gives the same tenant a project of this name; expected another name or another tenant"
    ]

    write_project(tmp_path / "copy", changed("name: demo", "name: demo\ntenant: other"))
    assert check_namesakes(version) == []


def test_the_environment_of_the_process_is_the_default(tmp_path, monkeypatch):
    loaded = load(write_project(tmp_path / "demo"))
    monkeypatch.setenv("DEMO_API", "x")
    assert check(loaded.version) == []

    monkeypatch.delenv("DEMO_API")
    assert len(check(loaded.version)) == 1


def test_every_key_not_supported_yet_is_a_key_of_the_project_file():
    assert all(key.split(".")[0] in load_keys() for key in NOT_SUPPORTED_YET)


def load_keys():
    from config.project import Project

    return Project.model_fields


def test_the_contracts_example_is_read_whole(tmp_path):
    folder = write_project(tmp_path / "bank", CONTRACT)
    (folder / "knowledge").mkdir()
    loaded = load(folder)
    errors = [one for one in check(loaded.version, environment=ENVIRONMENT) if one.severity == "error"]

    assert [problem.key for problem in errors] == ["actions.send_money.url"]
    assert "slots.account" in errors[0].message


CONTRACT = """\
name: bank
tenant: demo
locales: [tr, en]
timezone: Europe/Istanbul
persona: {tr: "…", en: "…"}
understanding: hybrid
texts:
  tr: {greeting: "…", api_error: "{{ action }} servisi şu an yanıt vermiyor."}
slots:
  iban: {type: id, pattern: "TR[0-9]{24}", sensitive: true, ask: {tr: "…", en: "…"}, invalid: {tr: "…"}}
intents:
  send_money:
    description: Send money from the customer's account to an IBAN
    title: {tr: Para gönderme, en: Send money}
    examples: {tr: ["[500 lira](amount) gönder"], en: ["send money"]}
    slots:
      amount: {type: money, currency: TRY, min: 1, max: 50000, ask: {tr: a}, invalid: {tr: a}, why: {tr: a}}
      iban: {}
      note: {type: text, required: false}
    action: send_money
    confirm: true
    digressions: allow
    when: "slots.customer_id is defined"
  faq_fees: {examples: {tr: [ücret], en: [fee]}, reply: {tr: "…", en: "…"}}
actions:
  send_money:
    effect: write
    method: POST
    url: "${BANK_API}/transfers/{{ slots.account }}"
    auth: bank
    headers: {X-Channel: "{{ channel }}"}
    query: {}
    json: {amount: "{{ slots.amount }}", iban: "{{ slots.iban }}"}
    timeout: 5
    retries: 2
    idempotency: true
    result: {reference: "data.id", fee: "data.fees[0].amount"}
    reply: {tr: "Gönderildi, referans {{ result.reference }}.", en: "…"}
    reply_prompt: "…{{ api_response }}…"
    errors: {404: {tr: "…"}, 409: {tr: "…"}}
auth:
  bank: {type: token_endpoint, url: "${BANK_API}/token", json: {client: "${BANK_CLIENT}", secret: "${BANK_SECRET}"},
         token_path: access_token, expires_path: expires_in, header: "Authorization: Bearer {{ token }}"}
allow_hosts: ["api.bank.example"]
knowledge: {sources: [knowledge/], max_evidence_tokens: 2000, top_k: 5}
confidence: {rule: fitted, low: 0.3, high: 0.6}
transfer: {after_failures: 3, on_low_confidence: true, desk: {webhook: "${DESK_URL}", secret: "${DESK_SECRET}"},
           hours: "Mon-Fri 09:00-18:00"}
limits: {message_chars: 4000, turn_seconds: 30, history_tokens: 4000, llm_calls_per_turn: 3, llm_tokens_per_day: 2000000,
         turns_per_minute: 30, max_params_per_question: 2}
"""


def test_a_status_action_reads_the_slots_of_the_action_it_tells_about(tmp_path):
    told = '  told: {url: "${DEMO_API}/transfers/{{ slots.iban }}"}\n'
    text = changed("    method: POST", "    method: POST\n    status: told") + told

    assert lines_of(tmp_path / "demo", text) == []
