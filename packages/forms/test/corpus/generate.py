#!/usr/bin/python3
"""Renders and validates fields with Debian's python3-wtforms and writes corpus.json, the oracle of corpus.test.ts.

Run: /usr/bin/python3 packages/forms/test/corpus/generate.py (needs python3-wtforms, python3-werkzeug, python3-email-validator),
then: npx biome check --write packages/forms/test/corpus
Each case: a field (kind + options), submitted pairs or null, object data, render attributes; and what WTForms answers.
`ours` marks a deliberate difference: what we answer instead, with the reason.
"""
import datetime
import decimal
import json
import os

from wtforms import Form, fields, validators, widgets
from werkzeug.datastructures import MultiDict

V = {
    "dataRequired": lambda a: validators.DataRequired(*a),
    "inputRequired": lambda a: validators.InputRequired(*a),
    "optional": lambda a: validators.Optional(*a),
    "length": lambda a: validators.Length(**a[0]),
    "numberRange": lambda a: validators.NumberRange(**a[0]),
    "regexp": lambda a: validators.Regexp(*a),
    "email": lambda a: validators.Email(),
    "url": lambda a: validators.URL(**({"require_tld": a[0]["requireTld"]} if a else {})),
    "ipAddress": lambda a: validators.IPAddress(**(a[0] if a else {})),
    "macAddress": lambda a: validators.MacAddress(*a),
    "uuid": lambda a: validators.UUID(*a),
    "anyOf": lambda a: validators.AnyOf(*a),
    "noneOf": lambda a: validators.NoneOf(*a),
    "equalTo": lambda a: validators.EqualTo(*a),
}

class Address(Form):
    street = fields.StringField("Street", [validators.DataRequired()])
    zip = fields.StringField("Zip", [validators.Length(min=3, max=5)])
    token = fields.HiddenField("Token")

F = {
    "string": fields.StringField, "textArea": fields.TextAreaField, "password": fields.PasswordField,
    "hidden": fields.HiddenField, "submit": fields.SubmitField, "search": fields.SearchField,
    "tel": fields.TelField, "url": fields.URLField, "email": fields.EmailField,
    "integer": fields.IntegerField, "float": fields.FloatField, "decimal": fields.DecimalField,
    "integerRange": fields.IntegerRangeField, "decimalRange": fields.DecimalRangeField,
    "boolean": fields.BooleanField, "date": fields.DateField, "dateTime": fields.DateTimeField,
    "dateTimeLocal": fields.DateTimeLocalField, "time": fields.TimeField, "month": fields.MonthField,
    "select": fields.SelectField, "selectMultiple": fields.SelectMultipleField, "radio": fields.RadioField,
    "file": fields.FileField, "multipleFile": fields.MultipleFileField,
}
cases = []

def plain(value):
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, (datetime.date, datetime.time, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value

def errors_of(field):
    return field.errors if isinstance(field.errors, (list, dict)) else list(field.errors)

def build(kind, label, opts):
    opts = dict(opts)
    kw = {}
    vs = [V[name](args) for name, *args in opts.pop("validators", [])]
    if "choices" in opts:
        c = opts.pop("choices")
        kw["choices"] = {g: [tuple(x) for x in xs] for g, xs in c.items()} if isinstance(c, dict) else [tuple(x) if isinstance(x, list) else x for x in c]
        first = c if isinstance(c, list) else next(iter(c.values()))
        if first and isinstance(first[0], list) and isinstance(first[0][0], int):
            kw["coerce"] = int
    for ours, theirs in (("renderKw", "render_kw"), ("falseValues", "false_values"), ("validateChoice", "validate_choice"), ("minEntries", "min_entries"), ("maxEntries", "max_entries")):
        if ours in opts:
            kw[theirs] = opts.pop(ours)
    if kind == "list":
        return fields.FieldList(build(*opts.pop("of")), label, vs, **kw, **opts)
    if kind == "form":
        return fields.FormField(Address, label, **opts)
    if "rounding" in opts:
        opts["rounding"] = {"halfUp": decimal.ROUND_HALF_UP, "down": decimal.ROUND_DOWN, "up": decimal.ROUND_UP, "floor": decimal.ROUND_FLOOR}[opts["rounding"]]
    return F[kind](label, vs, **kw, **opts)

TYPES = {"date": datetime.date.fromisoformat, "dateTime": datetime.datetime.fromisoformat, "time": datetime.time.fromisoformat,
         "dateTimeLocal": datetime.datetime.fromisoformat, "month": datetime.date.fromisoformat,
         "decimal": decimal.Decimal, "decimalRange": decimal.Decimal}

def case(kind, opts=None, submit=None, data=None, attrs=None, label="Field", prefix="", ours=None, other=None, ignore=()):
    opts = opts or {}
    body = {"x": build(kind, label, opts)}
    if other:
        body["other"] = fields.StringField("Other one")
    cls = type("F", (Form,), body)
    given = {} if data is None else {"x": TYPES.get(kind, lambda v: v)(data)}
    form = cls(MultiDict([tuple(p) for p in submit]) if submit is not None else None, prefix=prefix, data=given)
    entry = {"kind": kind, "label": label, "opts": opts, "submit": submit, "data": data, "attrs": attrs or {}, "prefix": prefix, "other": bool(other)}
    html_before = str(form.x(**(attrs or {})))
    entry["expect"] = {"html": html_before, "label": str(form.x.label), "value": plain(form.x.data)}
    ok = form.validate()
    entry["expect"].update(valid=ok, errors=plain(errors_of(form.x)), again=str(form.x()))
    for key in ignore:
        entry["expect"].pop(key, None)
    if ours:
        entry["ours"] = ours
    cases.append(entry)

REQ = [["dataRequired"]]
# rendering
case("string")
case("string", data="a<b>&\"'c")
case("string", {"validators": [["dataRequired"], ["length", {"min": 2, "max": 5}]]})
case("string", attrs={"size": 32, "class_": "wide"})
case("string", attrs={"data_foo_bar": "1", "aria_label": "x", "for_": "y"})
case("string", attrs={"checked": True, "readonly": False, "z": "", "A": "upper"})
case("string", {"renderKw": {"class": "a", "placeholder": "p"}}, attrs={"class_": "b"})
case("string", attrs={"value": "override", "id": "other", "type": "weird"})
case("string", {"id": "own-id", "description": "help"})
case("string", {"name": "html-name"})
case("string", prefix="p", submit=[["p-x", "v"]])
case("string", prefix="p_", submit=[["p_x", "v"]])
case("string", label=None)
case("string", {"default": "dflt"})
case("string", {"default": "dflt"}, submit=[])
case("string", {"default": "dflt"}, submit=[["x", ""]])
case("string", data="obj", submit=[["y", "1"]])
case("string", data="obj", submit=[["x", "1"], ["x", "2"]])
case("textArea", data="\n<first> line")
case("textArea", {"validators": [["length", {"max": 10}]]}, attrs={"rows": 4, "cols": 10})
case("password", submit=[["x", "secret"]])
case("password", {"validators": REQ}, data="secret")
case("hidden", data="h")
case("hidden", {"validators": REQ})
case("submit")
case("submit", submit=[["x", "Save"]], label="Save <now>")
case("search", {"validators": [["length", {"max": 3}]]})
case("tel", data="+49")
case("url", data="http://a.b/?a=1&b=2")
case("email", {"validators": REQ})
# numbers
for text in ("12", " 12 ", "-3", "+5", "12abc", "", "0x10", "1e3", "1.5", "٣"):
    case("integer", submit=[["x", text]], ours={"why": "ASCII digits only", "valid": False, "value": None, "errors": ["Not a valid integer value."]} if text == "٣" else None, ignore=("html",) if text == "" else ())
case("integer", submit=[["x", "1_000"]], ours={"why": "no underscores in what people type", "valid": False, "value": None, "errors": ["Not a valid integer value."]})
case("integer", submit=[["x", "9007199254740993"]], ours={"why": "a double cannot hold it: refused, not rounded", "valid": False, "value": None, "errors": ["Not a valid integer value."]})
case("integer", data=7, attrs={"step": 2})
case("integer", {"validators": [["numberRange", {"min": 1, "max": 10}]]}, submit=[["x", "11"]])
case("integer", {"validators": [["numberRange", {"min": 1}]]}, submit=[["x", "0"]])
case("integer", {"validators": [["numberRange", {"max": 10}]]}, submit=[["x", "10"]])
case("integer", {"validators": REQ}, submit=[["x", "0"]])
case("integer", {"validators": [["inputRequired"]]}, submit=[["x", "0"]])
case("integer", {"validators": [["inputRequired"]]}, submit=[["x", ""]])
case("integer", {"validators": [["optional"]]}, submit=[["x", ""]])
case("integer", {"validators": [["optional"]]}, submit=[["x", "  "]])
case("integer", {"validators": [["optional"]]}, submit=[["x", "abc"]])
case("integer", {"validators": [["dataRequired"], ["numberRange", {"min": 5}]]}, submit=[["x", "abc"]])
case("integer", {"validators": [["numberRange", {"min": 5}]]}, submit=[["x", "abc"]])
case("integerRange", {"validators": [["numberRange", {"min": 0, "max": 9}]]}, data=3)
case("float", submit=[["x", "1.50"]])
case("float", submit=[["x", "1e3"]], ours={"why": "JavaScript writes 1000, Python 1000.0 - equal numbers"})
case("float", submit=[["x", "nan"]], ignore=("value",), ours={"why": "NaN is no number", "valid": False, "value": None, "errors": ["Not a valid float value."]})
case("float", submit=[["x", "one"]])
case("float", data=2.5)
for text, extra in (("1.50", {}), ("-0.005", {}), (".5", {}), ("abc", {}), ("12,5", {})):
    case("decimal", extra, submit=[["x", text]], ignore=("value",) if text == ".5" else ())
case("decimal", data="1.005")
case("decimal", data="2.675")
case("decimal", data="2.665")
case("decimal", {"rounding": "halfUp"}, data="2.665")
case("decimal", {"rounding": "down"}, data="-2.669")
case("decimal", {"rounding": "up"}, data="2.661")
case("decimal", {"rounding": "floor"}, data="-2.661")
case("decimal", {"places": 0}, data="2.5")
case("decimal", {"places": None}, data="2.123456")
case("decimal", {"places": 4}, data="12345678901234567890.1")
case("decimal", {"validators": REQ}, submit=[["x", "0.00"]])
case("decimal", {"validators": [["numberRange", {"min": 1, "max": 2}]]}, submit=[["x", "2.0000000000000000001"]])
case("decimalRange", data="3")
# booleans
for body in ([["x", "y"]], [["x", ""]], [["x", "false"]], [["x", "0"]], [], None, [["x", "on"]]):
    case("boolean", submit=body)
case("boolean", {"default": True})
case("boolean", {"default": True}, submit=[["y", "1"]])
case("boolean", {"falseValues": ["0", "no"]}, submit=[["x", "0"]])
case("boolean", {"validators": REQ}, submit=[["other", "1"]])
# dates
for text in ("2023-02-28", "2023-02-30", "2024-02-29", "2023-2-3", "2023-13-01", "", "0099-01-02", "2023-02-28x"):
    case("date", submit=[["x", text]])
case("date", {"format": "%d.%m.%Y"}, submit=[["x", "03.04.2023"]])
case("date", {"format": "%d.%m.%Y"}, data="2023-04-03")
case("date", {"format": ["%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%j %y"]}, submit=[["x", "3 march 2023"]])
case("date", {"format": ["%Y-%m-%d", "%j/%y"]}, submit=[["x", "60/24"]])
case("date", {"format": "%-d.%-m.%Y"}, data="2023-04-03")
case("date", {"format": "%A, %d %b %Y"}, data="2023-04-03")
case("dateTime", submit=[["x", "2023-02-28 10:20:30"]])
case("dateTime", submit=[["x", "2023-02-28"], ["x", "10:20:30"]])
case("dateTime", submit=[["x", "2023-02-28T10:20:30"]])
case("dateTime", {"format": "%Y-%m-%d %I:%M %p"}, submit=[["x", "2023-02-28 12:05 am"]])
case("dateTime", {"format": "%Y-%m-%d %H:%M:%S.%f"}, submit=[["x", "2023-02-28 10:20:30.5"]])
case("dateTime", data="2023-02-28T01:02:03")
case("dateTimeLocal", submit=[["x", "2023-02-28T10:20:30"]])
case("dateTimeLocal", submit=[["x", "2023-02-28 10:20:30"]])
case("dateTimeLocal", data="2023-02-28T10:20:30", ours={"why": "HTML wants the T form", "html": '<input id="x" name="x" type="datetime-local" value="2023-02-28T10:20:30">', "again": '<input id="x" name="x" type="datetime-local" value="2023-02-28T10:20:30">'})
case("dateTimeLocal", submit=[["x", "2023-02-28T10:20"]], ours={"why": "browsers leave zero seconds out", "valid": True, "value": "2023-02-28T10:20:00", "errors": []})
case("time", submit=[["x", "23:59"]])
case("time", submit=[["x", "24:00"]])
case("time", data="07:05:00")
case("time", submit=[["x", "10:20:30"]], ours={"why": "browsers send seconds when step asks for them", "valid": True, "value": "10:20:30", "errors": []})
case("month", submit=[["x", "2023-05"]])
case("month", submit=[["x", "2023-00"]])
case("month", data="2023-05-01")
# choices
AB = [["a", "Apple <1>"], ["b", "Bread"]]
case("select", {"choices": AB})
case("select", {"choices": AB}, data="b")
case("select", {"choices": AB}, submit=[["x", "b"]])
case("select", {"choices": AB}, submit=[["x", "c"]])
case("select", {"choices": AB}, submit=[])
case("select", {"choices": AB, "default": "a"}, submit=[["y", ""]])
case("select", {"choices": AB, "validateChoice": False}, submit=[["x", "c"]])
case("select", {"choices": AB, "validators": REQ}, attrs={"class_": "s"})
case("select", {"choices": ["a", "b"]}, submit=[["x", "a"]])
case("select", {"choices": [[1, "low"], [2, "high"]]}, submit=[["x", "2"]])
case("select", {"choices": [[1, "low"], [2, "high"]]}, submit=[["x", "3"]])
case("select", {"choices": [[1, "low"], [2, "high"]]}, submit=[["x", "zz"]], ours={"why": "without a coerce of your own the text is kept and refused as no choice", "value": "zz", "errors": ["Not a valid choice."]})
case("select", {"choices": {"Fruit & co": [["a", "Apple"]], "Other": [["b", "Bread"], ["c", "Cake"]]}}, data="c")
case("select", {"choices": {"G": [["a", "Apple"]]}}, submit=[["x", "b"]])
case("selectMultiple", {"choices": AB}, submit=[["x", "a"], ["x", "b"]])
case("selectMultiple", {"choices": AB}, submit=[["x", "a"], ["x", "q"]])
case("selectMultiple", {"choices": AB}, submit=[])
case("selectMultiple", {"choices": AB}, data=["b"], attrs={"size": 4})
case("selectMultiple", {"choices": [[1, "low"], [2, "high"]]}, submit=[["x", "2"]])
case("radio", {"choices": AB})
case("radio", {"choices": AB, "validators": REQ}, submit=[["x", "b"]])
case("radio", {"choices": AB}, submit=[["x", "z"]])
case("radio", {"choices": AB, "renderKw": {"class": "r"}}, data="a")
case("file", {"validators": REQ})
case("multipleFile", attrs={"accept": "image/*"})
# validators
def text(value, *vs, **kw):
    case("string", {"validators": list(vs)}, submit=[["x", value]], **kw)
text("", ["dataRequired"]); text("   ", ["dataRequired"]); text("x", ["dataRequired", "need it"]); text("", ["dataRequired", "need it"])
text("   ", ["inputRequired"]); text("", ["inputRequired"]); text("", ["optional"], ["length", {"min": 3}])
text("a", ["length", {"min": 1}]); text("", ["length", {"min": 1}]); text("a", ["length", {"min": 2}]); text("ab", ["length", {"max": 1}]); text("abc", ["length", {"max": 2}])
text("a", ["length", {"min": 3, "max": 3}]); text("a", ["length", {"min": 1 + 1, "max": 4}]); text("a", ["length", {"min": 3, "max": 9, "message": "%(min)d-%(max)d not %(length)d"}])
text("😀😀", ["length", {"max": 2}]); text("😀😀😀", ["length", {"max": 2}])
text("xab", ["regexp", "ab"]); text("abx", ["regexp", "ab"]); text("abx", ["regexp", "ab$", 0, "no"], ours={"why": "our second argument is the message", "skipBuild": ["regexp", "ab$", "no"]}); text("b", ["regexp", "a|b"])
text("12:34:56:ab:CD:ef", ["macAddress"]); text("12-34-56-ab-CD-ef", ["macAddress"]); text("12:34:56:ab:CD", ["macAddress"])
for u in ("http://foobar.dk", "http://foobar.dk/", "http://foobar.museum/foobar", "http://192.168.0.1/foobar", "http://192.168.0.1:9000/fake", "http://foobar", "foobar.dk", "http://127.0.0/asdf", "http://foobar.d", "http://foobar.12", "http://localhost:3000", "http://-x.dk", "ftp://a_b.de/x?y", "HTTP://EXAMPLE.COM", "http://xn--uxac.xn--jxalpdlp/", "javascript:alert(1)", "http://a..b.com", "http://ex ample.com"):
    text(u, ["url"])
text("http://localhost:3000/", ["url", {"requireTld": False}])
for ip in ("127.0.0.1", "256.1.1.1", "1.2.3", "::1", "1.2.3.04", "abc"):
    text(ip, ["ipAddress"])
for ip in ("::1", "dead:beef::1", "1.2.3.4", "abc.0.0.1", "1::2::3"):
    text(ip, ["ipAddress", {"ipv4": False, "ipv6": True}])
for value in ("2bc1c94f-0deb-43e9-92a1-4775189ec9f8", "2bc1c94f0deb43e992a14775189ec9f8", "{2bc1c94f-0deb-43e9-92a1-4775189ec9f8}", "urn:uuid:2bc1c94f-0deb-43e9-92a1-4775189ec9f8", "2bc1c94f-deb-43e9-92a1-4775189ec9f8", "gbc1c94f-0deb-43e9-92a1-4775189ec9f8", ""):
    text(value, ["uuid"])
text("a", ["anyOf", ["a", "b"]]); text("c", ["anyOf", ["a", "b"]]); text("c", ["anyOf", ["a", "b"], "not in %(values)s"])
text("a", ["noneOf", ["a", "b"]]); text("c", ["noneOf", ["a", "b"]])
case("string", {"validators": [["equalTo", "other"]]}, submit=[["x", "1"], ["other", "1"]], other=True)
case("string", {"validators": [["equalTo", "other"]]}, submit=[["x", "1"], ["other", "2"]], other=True)
case("string", {"validators": [["equalTo", "other", "as %(other_label)s/%(other_name)s"]]}, submit=[["x", "1"], ["other", "2"]], other=True)
case("string", {"validators": [["equalTo", "missing"]]}, submit=[["x", "1"]])
try:
    import email_validator  # noqa: F401
    for mail in ("foo@bar.dk", "123@bar.dk", "foo@456.dk", "foo@bar456.info", "foo", "bar.dk", "foo@", "@bar.dk", "foo@bar", "foo@bar.ab12", "foo@.bar.ab", "foo.@bar.co", "foo@foo@bar.co", "foo@bar.co..uk", "foo@b_ar.dk", "f..o@bar.dk", "o'neil+tag@bar.co.uk", "jörg@bücher.de", "a" * 65 + "@bar.dk", "foo bar@bar.dk", "foo@bar.dk "):
        text(mail, ["email"])
except ImportError:
    pass
# enclosures
S = ["string", "Tag", {"validators": [["dataRequired"]]}]
case("list", {"of": S}, data=["a", "b"])
case("list", {"of": S, "minEntries": 2}, data=["a"])
case("list", {"of": S}, submit=[["x-3", "c"], ["x-0", "a"], ["x-10", "k"]])
case("list", {"of": S}, submit=[["x-0", "a"], ["x-1", ""]])
case("list", {"of": S, "maxEntries": 2}, submit=[["x-0", "a"], ["x-5", "f"], ["x-999", "z"]])
case("list", {"of": S}, submit=[["x-a", "1"], ["x-", "2"], ["x-1x", "3"], ["xx-0", "q"]])
case("list", {"of": S, "validators": [["length", {"min": 2}]]}, submit=[["x-0", "a"]])
case("list", {"of": S, "minEntries": 1, "maxEntries": 3}, submit=[["y", "a"]])
case("list", {"of": ["form", "Addr", {}]}, submit=[["x-0-street", "s"], ["x-0-zip", "1234"], ["x-2-zip", "1"]])
case("list", {"of": S}, prefix="p", submit=[["p-x-0", "a"]])
case("form", data={"street": "s", "zip": "12345", "token": "t"})
case("form", submit=[["x-street", "s"], ["x-zip", "1"]])
case("form", {"separator": "."}, submit=[["x.street", "s"], ["x.zip", "1234"]])
case("form", submit=[], prefix="q")

here = os.path.dirname(os.path.abspath(__file__))
import wtforms
with open(os.path.join(here, "corpus.json"), "w", encoding="utf-8") as out:
    out.write('{"wtforms": "%s", "cases": [\n' % wtforms.__version__)
    out.write(",\n".join(json.dumps(c, ensure_ascii=False) for c in cases))
    out.write("\n]}\n")
print(len(cases), "cases", sum("ours" in c for c in cases), "deliberate differences")
