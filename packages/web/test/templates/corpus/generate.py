#!/usr/bin/python3
"""Renders the corpus with Jinja2 and writes corpus.json beside this file.

    /usr/bin/python3 packages/web/test/templates/corpus/generate.py

An entry is a template (or several), a JSON context and what Jinja2 made of it. Where Athanor differs on purpose, the entry
says why and what Athanor prints instead (`ours`); Jinja2's own output is kept beside it.
"""
import json
import os

import jinja2

ENTRIES = []
CTX = {}


def case(group, source, context=None, *, files=None, options=None, main="main.html", ours=None, why=None):
    """One entry. `files` are further templates; `ours` and `why` mark a deliberate difference."""
    templates = dict(files or {})
    templates[main] = source
    context = CTX if context is None else context
    env = jinja2.Environment(
        loader=jinja2.DictLoader(templates),
        autoescape=jinja2.select_autoescape(["html", "htm", "xml", "xhtml", "svg"]),
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        **{SNAKE[key]: value for key, value in (options or {}).items()},
    )
    entry = {"group": group, "main": main, "templates": templates, "context": context}
    if options:
        entry["options"] = options
    try:
        # A round trip, so that Jinja2 sees exactly what the other side reads.
        entry["expected"] = env.get_template(main).render(json.loads(json.dumps(context)))
    except Exception as error:  # the class of the failure is the expectation
        kind = type(error).__name__
        known = {"TemplateSyntaxError", "UndefinedError", "TemplateNotFound", "TemplatesNotFound"}
        kind = "TemplateSyntaxError" if kind == "TemplateAssertionError" else kind
        kind = "TemplateNotFound" if kind == "TemplatesNotFound" else kind
        entry["error"] = kind if kind in known else "TemplateError"
    if why is not None:
        entry["why"] = why
        entry["jinja"] = entry.pop("expected", None) or entry.pop("error", "")
        entry.pop("error", None)
        if isinstance(ours, dict):
            entry["error"] = ours["error"]
        else:
            entry["expected"] = ours
    ENTRIES.append(entry)


SNAKE = {
    "trimBlocks": "trim_blocks",
    "lstripBlocks": "lstrip_blocks",
    "keepTrailingNewline": "keep_trailing_newline",
    "lineStatementPrefix": "line_statement_prefix",
    "lineCommentPrefix": "line_comment_prefix",
    "variableStart": "variable_start_string",
    "variableEnd": "variable_end_string",
    "blockStart": "block_start_string",
    "blockEnd": "block_end_string",
    "commentStart": "comment_start_string",
    "commentEnd": "comment_end_string",
}


def many(group, context, *sources, **more):
    for source in sources:
        case(group, source, context, **more)


PEOPLE = {
    "people": [
        {"name": "Ann", "age": 31, "city": "Oslo", "active": True, "tags": ["a", "b"]},
        {"name": "bob", "age": 25, "city": "Bern", "active": False, "tags": []},
        {"name": "Cid", "age": 31, "city": "Oslo", "active": True, "tags": ["c"]},
        {"name": "dee", "age": 19, "city": "Rome", "active": False, "tags": ["d", "e", "f"]},
    ]
}
BASIC = {
    "n": 7,
    "zero": 0,
    "half": 2.5,
    "s": "hello world",
    "html": "<b>\"it's\" & more</b>",
    "xs": [3, 1, 2],
    "empty": [],
    "d": {"b": 2, "a": 1, "C": 3},
    "user": {"name": "Ann", "address": {"city": "Oslo"}, "tags": ["x", "y"]},
    "yes": True,
    "no": False,
    "nothing": None,
    "words": ["apple", "Banana", "cherry", "apple"],
    "matrix": [[1, 2], [3, 4]],
    "long": "The quick brown fox jumps over the lazy dog and runs away from the well-known angry bear",
}

NUM = "JavaScript has one number type: whole results print without '.0'"
BOOL = "JavaScript's true and false print as in JavaScript"
NULL = "null prints nothing"
TUPLE = "tuples are lists"

# --- expressions -------------------------------------------------------------------------------------------------------
many(
    "expressions",
    BASIC,
    "{{ 1 + 2 * 3 }}|{{ (1 + 2) * 3 }}|{{ 2 - 5 }}|{{ -n }}|{{ +n }}|{{ - 3 + 10 }}",
    "{{ 7 // 2 }}|{{ -7 // 2 }}|{{ 7 % 3 }}|{{ -7 % 3 }}|{{ 7 % -3 }}|{{ 7.5 % 2 }}",
    "{{ 2 ** 10 }}|{{ 2 ** 3 ** 2 }}|{{ -2 ** 2 }}|{{ 2 ** -1 }}",
    "{{ 0x1f }}|{{ 0b101 }}|{{ 0o17 }}|{{ 1_000_000 }}|{{ 1.5e3 + 0.25 }}|{{ 3.25 }}",
    "{{ 'a' ~ 1 ~ n ~ half }}|{{ 'a' + 'b' }}|{{ 'ab' * 3 }}|{{ 3 * 'x' }}|{{ [1] * 2 }}|{{ [1] + [2] }}",
    "{{ 'con' 'cat' \"ed\" }}|{{ 'tab\\tnew\\nquote\\'' }}|{{ '\\x41\\u00e9' }}",
    "{{ 'yes' if n > 3 else 'no' }}|{{ 'yes' if n > 30 else 'no' }}|{{ 'x' if no }}|{{ 'a' if no else 'b' if no else 'c' }}",
    "{{ 'y' if 1 < n < 10 else 'n' }}{{ 'y' if 1 < n > 10 else 'n' }}{{ 'y' if n == 7 != 8 else 'n' }}",
    "{{ 'y' if not no and yes or no else 'n' }}{{ 'y' if not (yes and no) else 'n' }}{{ 'y' if not not yes else 'n' }}",
    "{{ no or 'default' }}|{{ yes and 'then' }}|{{ zero or empty or 'last' }}|{{ '' or nothing or 'x' }}|{{ n and xs }}",
    "{% if 1 in xs %}a{% endif %}{% if 9 not in xs %}b{% endif %}{% if 'b' in d %}c{% endif %}{% if 'wor' in s %}d{% endif %}{% if not 1 in xs %}e{% endif %}",
    "{{ xs[0] }}{{ xs[-1] }}{{ xs.1 }}{{ user.tags[1] }}{{ user['tags'][0] }}{{ matrix[1][0] }}{{ matrix.1.1 }}",
    "{{ s[0] }}{{ s[-1] }}{{ s[1:3] }}|{{ s[:-6] }}|{{ s[::-1] }}|{{ xs[1:] }}|{{ xs[::-1] }}|{{ xs[:2] }}|{{ xs[-2:] }}|{{ s[::2] }}|{{ xs[5:9] }}",
    "{{ user.name }}{{ user['name'] }}{{ user.address.city }}{{ user.missing }}|{{ user['missing'] }}|{{ nothing.foo }}|{{ xs[9] }}|{{ s.nope }}",
    "{{ [1, 'two', [3]] }}|{{ {'a': 1, 'b': [2]} }}|{{ [] }}|{{ {} }}|{{ [\"it's\"] }}|{{ ['q\"'] }}|{{ ['a\\nb'] }}",
    "{{ {'a': {'b': 1}}.a.b }}|{{ {1: 'one', 'k': 2}[1] }}|{{ {'2': 'x', '1': 'y'} }}|{{ {1: 'a'} }}",
    "{% if xs == [3, 1, 2] %}a{% endif %}{% if d == {'a': 1, 'b': 2, 'C': 3} %}b{% endif %}{% if 1 == 1.0 %}c{% endif %}{% if '1' == 1 %}d{% endif %}{% if yes == 1 %}e{% endif %}",
    "{% if 'a' < 'b' %}a{% endif %}{% if [1, 2] < [1, 3] %}b{% endif %}{% if 'B' < 'a' %}c{% endif %}{% if n >= 7 %}d{% endif %}{% if n <= 6 %}e{% endif %}",
    "{{ missing }}|{{ missing or 'x' }}|{% if missing %}a{% else %}b{% endif %}|{{ missing ~ 'z' }}|{% for i in missing %}x{% endfor %}|{{ 'a' in missing or 'no' }}",
    "{{ {'a': {'b': {}}} }}",
    "{{ 'x' if missing is defined else 'undef' }}",
    "{{ (1, 2)[1] }}{{ (1,)[0] }}{{ ('a', 'b') | length }}{{ () | length }}",
    "{{ n|string + 'x' }}|{{ (n + 1)|string ~ 'y' }}|{{ -n|abs }}|{{ (-n)|abs }}|{{ 3 - 2|int }}",
    "{{ 12345678901234567890 + 1 }}",
    "{{ 1.5 + 1 }}|{{ 0.1 + 0.2 }}|{{ 10 / 4 }}|{{ 1e3 + 0.5 }}|{{ 1 / 3 }}",
    "{{ '%s-%d-%05.1f' % ('a', 3, 2.25) }}|{{ '%s' % 5 }}|{{ '%(x)s' % {'x': 1} }}|{{ '%5s|%-5s|' % ('a', 'b') }}|{{ '%x %o %e' % (255, 8, 12345.678) }}",
    "{{ '%s' % xs }}|{{ 'x' % xs }}|{{ 'y' % d }}|{{ '%s %s' % (1, 2) }}|{{ '%d%%' % 5 }}",
    "{{ no|select|join }}|{{ nothing|map('upper')|join }}|{{ zero|selectattr('x')|list }}",
    "{{ 'ab' * yes }}|{{ 'ab' * no }}",
    "{{ xs|sort|first + 1 }}{{ not yes or 'z' }}",
    "{{ d.b + d['a'] * 2 }}{{ user.tags|join('-') ~ '!' }}",
    "{{ 'b' if 'a' is string and 3 is odd else 'c' }}",
)
many("expressions", BASIC, "{{ 4 / 2 }}|{{ 1.0 }}|{{ 2.0 * 3 }}", ours="2|1|6", why=NUM)
many("expressions", BASIC, "{{ yes }}{{ no }}{{ 1 == 1 }}{{ not yes }}{{ True }}{{ false }}", ours="truefalsetruefalsetruefalse", why=BOOL)
many("expressions", BASIC, "{{ nothing }}|{{ none }}|{{ None }}|{{ nothing ~ 'x' }}", ours="|||x", why=NULL)
many("expressions", BASIC, "{{ [yes, nothing] }}", ours="[true, null]", why=BOOL)
many("expressions", BASIC, "{{ (1, 2) }}|{{ 1, 2 }}", ours="[1, 2]|[1, 2]", why=TUPLE)

# --- Python methods ----------------------------------------------------------------------------------------------------
many(
    "methods",
    BASIC,
    "{{ s.upper() }}|{{ s.title() }}|{{ s.capitalize() }}|{{ 'ABC'.lower() }}|{{ 'aBc'.swapcase() }}",
    "{{ s.replace('o', '0') }}|{{ s.replace('o', '0', 1) }}|{{ s.split() }}|{{ 'a,b,c'.split(',') }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a,b,c'.rsplit(',', 1) }}",
    "{{ '  x '.strip() }}|{{ '--x--'.strip('-') }}|{{ 'xxa'.lstrip('x') }}|{{ 'axx'.rstrip('x') }}",
    "{% if s.startswith('hell') %}a{% endif %}{% if s.endswith('ld') %}b{% endif %}{% if 'abc'.isalpha() %}c{% endif %}{% if '12'.isdigit() %}d{% endif %}{% if 'a1'.isalpha() %}e{% endif %}",
    "{{ s.find('o') }}|{{ s.find('z') }}|{{ s.count('l') }}|{{ s.index('w') }}|{{ s.rfind('o') }}",
    "{{ '-'.join(words) }}|{{ 'x'.center(5, '*') }}|{{ 'x'.ljust(3) }}|{{ 'x'.rjust(3) }}|{{ '7'.zfill(3) }}|{{ '-7'.zfill(4) }}",
    "{{ 'Hi {}, {}!'.format('you', 3) }}|{{ '{0}{1}{0}'.format('a', 'b') }}|{{ '{x:>5}|{y:<4}|{z:^5}'.format(x=1, y='a', z='m') }}|{{ '{:.2f} {:,} {:05d} {:x}'.format(3.14159, 1234567, 42, 255) }}",
    "{{ '{0[name]}'.format(user) }}|{{ '{!r}'.format('a') }}|{{ '{{}}'.format() }}",
    "{{ d.get('a') }}|{{ d.get('zz', 'std') }}|{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k in d.keys() %}{{ k }}{% endfor %}{% for v in d.values() %}{{ v }}{% endfor %}",
    "{% set l = [1] %}{% do l.append(2) %}{% do l.extend([3, 4]) %}{% do l.insert(0, 0) %}{{ l }}|{{ l.pop() }}|{{ l.pop(0) }}|{{ l }}|{{ l.index(2) }}|{{ l.count(3) }}",
    "{% set m = {'a': 1} %}{% do m.update({'b': 2}) %}{{ m }}|{{ m.pop('a') }}|{{ m }}|{{ m.setdefault('c', 9) }}|{{ m.c }}",
    "{{ 'a\\nb'.splitlines() }}",
    "{{ s.partition(' ')[2] }}|{{ 'test.html'.removesuffix('.html') }}|{{ 'test.html'.removeprefix('test') }}",
    "{% for a in d %}{{ a }}{% endfor %}|{% for c in 'abc' %}{{ c }}.{% endfor %}",
)

# --- filters -----------------------------------------------------------------------------------------------------------
many(
    "filters",
    BASIC,
    "{{ -3|abs }}|{{ n|abs }}|{{ (-2.5)|abs }}",
    "{{ s|attr('nope') }}",
    "{% for row in [1,2,3,4,5]|batch(2) %}{{ row|join(',') }};{% endfor %}{% for row in [1,2,3,4,5]|batch(3, 'x') %}{{ row|join(',') }};{% endfor %}",
    "{{ 'hELLO wORLD'|capitalize }}|{{ ''|capitalize }}|{{ 5|capitalize }}",
    "[{{ 'ab'|center(7) }}]|[{{ 'abc'|center(6) }}]|[{{ 'abcd'|center(2) }}]|[{{ 'ab'|center(5) }}]",
    "{{ missing|default('x') }}|{{ missing|d }}|{{ ''|default('y') }}|{{ ''|default('y', true) }}|{{ nothing|default('z', boolean=true) }}|{{ user.nope|default('q') }}|{{ n|default(1) }}",
    "{% for k, v in d|dictsort %}{{ k }}{{ v }};{% endfor %}{% for k, v in d|dictsort(true) %}{{ k }}{{ v }};{% endfor %}{% for k, v in d|dictsort(false, 'value') %}{{ k }}{{ v }};{% endfor %}{% for k, v in d|dictsort(reverse=true) %}{{ k }};{% endfor %}",
    "{{ html|e }}|{{ html|escape|e }}|{{ html|safe }}|{{ html|safe|e }}|{{ html|safe|forceescape }}",
    "{{ 0|filesizeformat }}|{{ 1|filesizeformat }}|{{ 999|filesizeformat }}|{{ 1000|filesizeformat }}|{{ 1500000|filesizeformat }}|{{ 1024|filesizeformat(true) }}|{{ 123456789|filesizeformat(binary=true) }}|{{ 1e12|filesizeformat }}|{{ '2048'|filesizeformat }}",
    "{{ xs|first }}|{{ 'abc'|first }}|{{ empty|first }}|{{ xs|last }}|{{ 'abc'|last }}|{{ empty|last }}|{{ d|first }}",
    "{{ '3.25'|float }}|{{ 'x'|float(1.5) }}|{{ '1e3'|float + 0.5 }}|{{ n|float / 2 }}",
    "{{ '%s and %s'|format('a', 'b') }}|{{ '%(x)s!'|format(x='y') }}|{{ '%.3f'|format(3.14159) }}|{{ '%+d'|format(5) }}|{{ '%%'|format }}|{{ '%03d'|format(7) }}",
    "{{ 'a\nb\n\nc'|indent }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent(2, blank=true) }}|{{ 'a\nb'|indent('--') }}|{{ 'a\nb'|indent(width=1, first=true) }}",
    "{{ '42'|int }}|{{ '42.7'|int }}|{{ 'x'|int }}|{{ 'x'|int(5) }}|{{ '0x1f'|int(base=16) }}|{{ '101'|int(0, 2) }}|{{ 3.9|int }}|{{ '-7'|int }}|{{ ' 8 '|int }}|{{ nothing|int(3) }}|{{ 'ff'|int(0, 16) }}",
    "{{ xs|join }}|{{ xs|join(', ') }}|{{ words|join(' & ') }}|{{ [1, '<', html]|join('|') }}|{{ d|join(',') }}|{{ 'abc'|join('.') }}",
    "{{ xs|length }}|{{ s|length }}|{{ d|length }}|{{ xs|count }}|{{ ''|length }}|{{ missing|length }}",
    "{{ 'abc'|list }}|{{ d|list }}|{{ xs|list }}|{{ range(3)|list }}",
    "{{ 'ABC'|lower }}|{{ 'abc'|upper }}|{{ html|upper }}|{{ 5|upper }}",
    "{% for k, v in d|items %}{{ k }}:{{ v }},{% endfor %}{% for k, v in missing|items %}x{% endfor %}",
    "{{ xs|map('string')|join }}|{{ words|map('upper')|join(',') }}|{{ words|map('replace', 'a', '4')|join(',') }}|{{ [1.234, 5.678]|map('round', 1)|join(',') }}|{{ ['1', 'x']|map('int', default=9)|join(',') }}",
    "{{ xs|max }}|{{ xs|min }}|{{ words|max }}|{{ words|min }}|{{ ['a', 'B']|max }}|{{ ['a', 'B']|max(true) }}|{{ empty|max }}|{{ d|max }}",
    "{{ words|pprint }}|{{ 'x'|pprint }}",
    "{{ [1, 2, 3, 4]|reject('odd')|join(',') }}|{{ [1, 2, 3, 4]|select('odd')|join(',') }}|{{ [0, 1, '', 'a']|select|join(',') }}|{{ [0, 1, '', 'a']|reject|join(',') }}|{{ xs|select('>', 1)|join(',') }}|{{ xs|select('in', [1, 2])|join(',') }}|{{ xs|reject('equalto', 2)|join(',') }}",
    "{{ s|replace('l', 'L') }}|{{ s|replace('l', 'L', 2) }}|{{ html|replace('<', '[') }}|{{ html|safe|replace('<b>', '<i>') }}|{{ 'a<b'|replace('<', '&lt;'|safe) }}|{{ 'aXb'|replace('X', '<'|safe) }}",
    "{{ 'abc'|reverse }}|{{ xs|reverse|list }}|{{ xs|reverse|join }}",
    "{{ 42.55|round(1) }}|{{ 2.675|round(2) }}|{{ 1.234|round(2) }}|{{ 42.55|round(1, 'floor') }}|{{ 42.51|round(1, 'ceil') }}|{{ 0.125|round(2) }}|{{ 1.05|round(1) }}|{{ (-2.675)|round(2) }}|{{ 0.5|round(2) }}",
    "{% for c in [1,2,3,4,5,6,7]|slice(3) %}{{ c|join(',') }};{% endfor %}{% for c in [1,2,3,4]|slice(3, 'x') %}{{ c|join(',') }};{% endfor %}",
    "{{ xs|sort }}|{{ xs|sort(reverse=true) }}|{{ words|sort }}|{{ ['b', 'A', 'a', 'B']|sort }}|{{ ['b', 'A', 'a', 'B']|sort(case_sensitive=true) }}|{{ ['b', 'A']|sort(false, true) }}",
    "{{ 5|string }}|{{ html|string }}|{{ html|safe|string }}|{{ [1]|string }}",
    "{{ '<p>a  <b>b</b>\n c</p><!-- x -->&amp; &lt;'|striptags }}|{{ html|striptags }}|{{ 'a < b'|striptags }}",
    "{{ xs|sum }}|{{ xs|sum(start=10) }}|{{ [1.5, 2]|sum }}|{{ [[1], [2]]|sum(start=[]) }}|{{ empty|sum }}",
    "{{ 'hello wORLD'|title }}|{{ \"it's foo-bar (baz) [qux]\"|title }}|{{ 'foo\tbar'|title }}|{{ 5|title }}",
    "[{{ '  a b '|trim }}]|[{{ 'xxaxx'|trim('x') }}]|[{{ '\n a'|trim }}]|{{ '..a.'|trim(chars='.') }}",
    "{{ long|truncate(20) }}|{{ long|truncate(20, true) }}|{{ long|truncate(20, false, '>>') }}|{{ long|truncate(25, leeway=0) }}|{{ 'short'|truncate(3) }}|{{ 'abcdefghijkl'|truncate(5) }}|{{ 'foo bar'|truncate(length=5, killwords=true, end='', leeway=0) }}",
    "{{ words|unique|join(',') }}|{{ ['a', 'A', 'b']|unique|join(',') }}|{{ ['a', 'A']|unique(true)|join(',') }}|{{ [1, 1, 2, [1], [1]]|map('string')|unique|join(';') }}",
    "{{ 'a b/c?d=é&\"'|urlencode }}|{{ {'a': 'x y', 'b': '/'}|urlencode }}|{{ [['k', 'v w'], ['z', 1]]|urlencode }}|{{ 5|urlencode }}|{{ \"~-_.!*'()\"|urlencode }}",
    "{{ 'see http://example.com/a?b=1&c=2, ok'|urlize }}|{{ 'www.example.org.'|urlize }}|{{ 'mail me@example.com now'|urlize }}|{{ '(http://x.com/(a))'|urlize }}|{{ '<http://x.com>'|urlize }}",
    "{{ 'http://example.com/very/long/path'|urlize(10) }}|{{ 'http://x.com'|urlize(nofollow=true) }}|{{ 'http://x.com'|urlize(target='_blank') }}|{{ 'http://x.com'|urlize(rel='me') }}|{{ 'example.com foo.bar'|urlize }}|{{ 'mailto:a@b.de'|urlize }}|{{ 'tel:123 x'|urlize(extra_schemes=['tel:']) }}",
    "{{ 'http://127.0.0.1:8080/x and https://[::1]/ http://localhost'|urlize }}|{{ 'javascript:alert(1) http://x\"onclick=1'|urlize }}",
    "{{ 'Hello, big world: a_b it\\'s'|wordcount }}|{{ ''|wordcount }}|{{ 'äö ß'|wordcount }}",
    "{{ long|wordwrap(20) }}|{{ 'abcdefghij klm'|wordwrap(4) }}|{{ 'abcdefghij klm'|wordwrap(4, false) }}|{{ long|wordwrap(30, wrapstring='<br>') }}|{{ 'a well-known fact'|wordwrap(7) }}|{{ 'a\nb c d'|wordwrap(3) }}",
    "<p{{ {'id': 'x', 'class': 'a\"b', 'n': none, 'm': missing, 'k': 1}|xmlattr }}>|<p {{ {'a': '<'}|xmlattr(false) }}>|<p{{ {}|xmlattr }}>|{{ {'a': '&amp;'|safe}|xmlattr }}",
    "{{ {'b': [1, 'x'], 'a': none}|tojson }}|{{ '<script>&\\'\"'|tojson }}|{{ 'é😀'|tojson }}|{{ [1, 2.5, 'a']|tojson }}|{{ {'a': [1, {}], 'b': []}|tojson(2) }}|{{ []|tojson }}|{{ 'a\\nb'|tojson }}",
    "<script>var x = {{ html|tojson }};</script><a data-x='{{ {'k': html}|tojson }}'>",
    "{{ s|upper|replace('O', '0')|title }}|{{ xs|sort|reverse|join }}|{{ words|map('first')|join|upper }}",
    "{{ words|select('equalto', 'apple')|list|length }}|{{ words|map('length')|sum }}|{{ words|map('upper')|map('lower')|map('title')|join(' ') }}",
)
many("filters", BASIC, "{{ 2.5|round }}|{{ 3.5|round }}|{{ 7|round }}|{{ '3'|float }}|{{ 1234.5|round(-2) }}", ours="2|4|7|3|1200", why=NUM)
many("filters", BASIC, "{{ d|dictsort }}|{{ d|items|list }}", ours="[[&#39;a&#39;, 1], [&#39;b&#39;, 2], [&#39;C&#39;, 3]]|[[&#39;b&#39;, 2], [&#39;a&#39;, 1], [&#39;C&#39;, 3]]", why=TUPLE)
ATTR = "a plain object is the JavaScript object, so attr reads its properties; Python's dict has none"
case("filters", "{{ user|attr('name') }}", BASIC, ours="Ann", why=ATTR)
case("filters", "{{ people|map('attr', 'name')|join(',') }}", PEOPLE, ours="Ann,bob,Cid,dee", why=ATTR)
many("filters", BASIC, "{{ yes|string }}|{{ nothing|string }}|{{ yes|upper }}", ours="true||TRUE", why=BOOL)
many("filters", BASIC, "{{ words|random in words }}", ours="true", why=BOOL)
many(
    "filters",
    PEOPLE,
    "{{ people|map(attribute='name')|join(',') }}|{{ people|map(attribute='nick', default='-')|join(',') }}|{{ people|map(attribute='tags.0', default='x')|join(',') }}",
    "{{ people|selectattr('active')|map(attribute='name')|join(',') }}|{{ people|rejectattr('active')|map(attribute='name')|join(',') }}|{{ people|selectattr('age', 'equalto', 31)|map(attribute='name')|join(',') }}|{{ people|selectattr('age', '>', 20)|map(attribute='name')|join(',') }}|{{ people|rejectattr('city', 'in', ['Oslo'])|map(attribute='name')|join(',') }}|{{ people|selectattr('nope', 'defined')|list|length }}",
    "{% for g in people|groupby('city') %}{{ g.grouper }}:{{ g.list|map(attribute='name')|join('+') }};{% endfor %}",
    "{% for city, items in people|groupby('city') %}{{ city }}={{ items|length }};{% endfor %}{% for k, items in people|groupby('nope', default='none') %}{{ k }}={{ items|length }};{% endfor %}",
    "{% for k, items in [{'c': 'x'}, {'c': 'X'}, {'c': 'y'}]|groupby('c') %}{{ k }}{{ items|length }}{% endfor %}|{% for k, items in [{'c': 'x'}, {'c': 'X'}]|groupby('c', case_sensitive=true) %}{{ k }}{{ items|length }}{% endfor %}",
    "{{ people|sort(attribute='name')|map(attribute='name')|join(',') }}|{{ people|sort(attribute='age,name')|map(attribute='name')|join(',') }}|{{ people|sort(attribute='age', reverse=true)|map(attribute='name')|join(',') }}|{{ people|sort(true, attribute='city')|map(attribute='name')|join(',') }}",
    "{{ people|sum(attribute='age') }}|{{ (people|max(attribute='age')).name }}|{{ (people|min(attribute='age')).name }}|{{ people|unique(attribute='city')|map(attribute='name')|join(',') }}|{{ people|join('/', attribute='name') }}",
    "{% for p in people|rejectattr('tags') %}{{ p.name }}{% endfor %}|{{ people|map(attribute='tags')|map('length')|list }}|{{ people|map(attribute='tags')|sum(start=[])|join }}",
)
many("filters", {"a": "x", "b": "<i>"}, "{% filter upper %}{{ a }}{{ b }}{% endfilter %}", "{% filter replace('x', 'y')|upper %}axb{% endfilter %}", "{% filter escape %}{{ b }}<{% endfilter %}", "{% filter indent(2) %}a\nb{% endfilter %}")

# --- tests -------------------------------------------------------------------------------------------------------------
T = "{{ 1 if %s else 0 }}"
for group in [
    ["n is number", "s is number", "half is number", "yes is number", "n is integer", "half is float", "half is integer", "n is float"],
    ["s is string", "n is string", "html|safe is string", "xs is sequence", "d is sequence", "s is sequence", "n is sequence", "d is mapping", "xs is mapping"],
    ["xs is iterable", "s is iterable", "n is iterable", "missing is defined", "n is defined", "missing is undefined", "user.nope is defined", "nothing is defined"],
    ["nothing is none", "n is none", "yes is true", "no is false", "yes is false", "1 is true", "yes is boolean", "1 is boolean"],
    ["n is odd", "n is even", "8 is even", "-3 is odd", "9 is divisibleby 3", "9 is divisibleby(2)", "n is divisibleby 7"],
    ["'abc' is lower", "'Abc' is lower", "'ABC' is upper", "'A1' is upper", "'1' is upper", "range is callable", "n is callable"],
    ["n is eq 7", "n is equalto 7", "n is ne 8", "n is gt 3", "n is greaterthan 9", "n is ge 7", "n is lt 9", "n is lessthan 2", "n is le 7"],
    ["3 is in xs", "'b' is in(d)", "9 is in [1]", "3 is not in xs", "n is sameas n", "nothing is sameas none", "yes is sameas true"],
    ["html is escaped", "html|safe is escaped", "html|e is escaped", "'upper' is filter", "'nope' is filter", "'odd' is test", "'nope' is test"],
    ["n is not string", "not n is string", "n is defined and n is odd", "n is string or n is number", "missing is defined or n is odd"],
]:
    case("tests", "".join(T % test for test in group), BASIC)

# --- statements --------------------------------------------------------------------------------------------------------
many(
    "for",
    BASIC,
    "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{% if loop.first %}F{% endif %}{% if loop.last %}L{% endif %}/{{ loop.length }} {% endfor %}",
    "{% for x in empty %}x{% else %}none{% endfor %}{% for x in xs %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in xs if x > 1 %}{{ loop.index }}:{{ x }}{% if not loop.last %},{% endif %}{% endfor %}{% for x in xs if x > 9 %}a{% else %}none{% endfor %}",
    "{% for a, b in matrix %}{{ a }}-{{ b }};{% endfor %}{% for (a, (b, c)) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for x in xs %}{{ loop.cycle('odd', 'even') }} {% endfor %}{% for x in xs %}{{ loop.previtem|default('-') }}{{ x }}{{ loop.nextitem|default('-') }} {% endfor %}",
    "{% for x in [1, 1, 2, 2, 1] %}{% if loop.changed(x) %}[{{ x }}]{% endif %}{{ x }}{% endfor %}",
    "{% for x in xs %}{% for y in xs %}{{ loop.index }}{% endfor %}-{{ loop.index }};{% endfor %}",
    "{% for x in xs %}{% set outer = loop %}{% for y in 'ab' %}{{ outer.index }}{{ y }}{% endfor %}{% endfor %}",
    "{% set x = 'out' %}{% for x in xs %}{{ x }}{% endfor %}{{ x }}",
    "{% set v = 1 %}{% for x in xs %}{% set v = x %}{{ v }}{% endfor %}{{ v }}",
    "{% for x in xs %}{{ v }}{% set v = x %}{{ v }}{% endfor %}{{ v }}",
    "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}|{% for x in xs %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in range(5) %}{{ x }}{% endfor %}{% for x in range(2, 8, 3) %}{{ x }}{% endfor %}{% for x in range(3, 0, -1) %}{{ x }}{% endfor %}",
    "{% for k, v in d|dictsort %}{{ k }}{{ v }}{% endfor %}{% for x in xs|sort %}{{ x }}{% endfor %}{% for x in xs[1:] %}{{ x }}{% endfor %}",
    "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}{% for x in (4, 5) %}{{ x }}{% endfor %}",
    "{% for x in xs %}{% for y in xs if y > x %}{{ y }}{% endfor %};{% endfor %}",
    "{% for x in xs %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}",
    "{% for x in missing %}a{% else %}b{% endfor %}",
    "{% for i in [1] %}{% for i in [2] %}{{ i }}{% endfor %}{{ i }}{% endfor %}{{ i }}",
    "{% for x in xs %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for x in [] %}{% else %}{% set q = 1 %}{{ q }}{% endfor %}{{ q }}",
)
TREE = {"tree": [{"n": "a", "kids": [{"n": "b", "kids": []}, {"n": "c", "kids": [{"n": "d<", "kids": []}]}]}, {"n": "e", "kids": []}]}
many(
    "recursive",
    TREE,
    "{% for t in tree recursive %}[{{ loop.depth }}{{ t.n }}{% if t.kids %}{{ loop(t.kids) }}{% endif %}]{% endfor %}",
    "<ul>{% for t in tree recursive %}<li>{{ t.n }}{% if t.kids %}<ul>{{ loop(t.kids) }}</ul>{% endif %}</li>{% endfor %}</ul>",
    "{% for t in tree recursive %}{{ loop.index }}{{ loop.depth0 }}{{ t.n }}{{ loop(t.kids) }}{% else %}.{% endfor %}",
    "{% for t in tree if t.n != 'c' recursive %}{{ t.n }}{{ loop(t.kids) }}{% endfor %}",
)
many(
    "if",
    BASIC,
    "{% if n > 5 %}a{% elif n > 3 %}b{% else %}c{% endif %}{% if n > 8 %}a{% elif n > 6 %}b{% else %}c{% endif %}{% if n > 8 %}a{% elif n > 9 %}b{% else %}c{% endif %}",
    "{% if [] %}1{% endif %}{% if {} %}2{% endif %}{% if '' %}3{% endif %}{% if 0 %}4{% endif %}{% if none %}5{% endif %}{% if ' ' %}6{% endif %}{% if [0] %}7{% endif %}{% if 0.0 %}8{% endif %}",
    "{% if n > 5 and (s or missing) %}x{% endif %}{% if not missing %}y{% endif %}",
    "{% if yes %}{% set a = 1 %}{% else %}{% set a = 2 %}{% endif %}{{ a }}{% if no %}{% set b = 1 %}{% endif %}{{ b is defined and 1 or 0 }}",
    "{% if yes %}{% if no %}a{% else %}b{% endif %}{% endif %}",
)
many(
    "set",
    BASIC,
    "{% set a = 1 %}{% set b = a + 1 %}{{ a }}{{ b }}{% set a, c = 5, 6 %}{{ a }}{{ c }}{% set (e, f) = 'xy' %}{{ e }}{{ f }}",
    "{% set block %}<i>{{ html }}</i>{% endset %}{{ block }}|{{ block|length }}",
    "{% set up | upper %}a{{ s }}b{% endset %}{{ up }}|{% set r | replace('a', 'b')|upper %}aaa{% endset %}{{ r }}",
    "{% set n = n + 1 %}{{ n }}{% set n = n * 2 %}{{ n }}",
    "{% set ns = namespace(found=false, n=1) %}{% for x in xs %}{% set ns.n = ns.n + x %}{% if x == 1 %}{% set ns.found = 'y' %}{% endif %}{% endfor %}{{ ns.n }}{{ ns.found }}{{ ns.nope }}",
    "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{% set ns.c %}blk<{% endset %}{{ ns.c }}",
    "{% set t = (1, 2) %}{{ t[0] }}{% set l = [] %}{% for x in xs %}{% do l.append(x * 2) %}{% endfor %}{{ l }}",
    "{% with a = 1, b = n %}{{ a }}{{ b }}{% set c = 3 %}{{ c }}{% endwith %}{{ a }}{{ c }}",
    "{% set a = 'o' %}{% with a = 'i', b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}{% with %}{% set a = 2 %}{{ a }}{% endwith %}{{ a }}",
    "{% with (a, b) = (1, 2) %}{{ a }}{{ b }}{% endwith %}",
    "{{ x }}{% set x = 1 %}{{ x }}",
    "{{ n }}{% set n = 1 %}{{ n }}{% if yes %}{% set n = 2 %}{% endif %}{{ n }}",
    "{% set a %}{% set b = 1 %}{{ b }}{% endset %}{{ a }}{{ b }}",
    "{% do [1] %}x{% print n %}",
)
MACRO = "{% macro input(name, value='', type='text', size=20) %}<input name=\"{{ name }}\" value=\"{{ value }}\" type={{ type }} size={{ size }}>{% endmacro %}"
many(
    "macro",
    BASIC,
    MACRO + "{{ input('a') }}{{ input('b', html) }}{{ input('c', size=5) }}{{ input(name='d', type='x') }}",
    MACRO + MACRO + "{{ input('a')|upper }}|{{ input('a') ~ '<' }}",
    "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m() }}",
    "{% macro m() %}{{ varargs|join(',') }}|{% for k, v in kwargs|dictsort %}{{ k }}={{ v }};{% endfor %}{% endmacro %}{{ m(1, 2, x=3, y='<') }}",
    "{% macro m(a) %}{{ a }}:{{ varargs|list }}:{{ kwargs }}{% endmacro %}{{ m(1) }}",
    "{% macro m(a) %}{{ m.name }}{{ m.arguments|join }}{% endmacro %}{{ m(1) }}{{ m.name }}{{ 'y' if m.catch_kwargs else 'n' }}",
    "{% macro wrap(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call wrap('b') %}in {{ s }}{{ html }}{% endcall %}",
    "{% macro list(items) %}{% for i in items %}{{ caller(i, loop.index) }}{% endfor %}{% endmacro %}{% call(item, n) list(xs) %}[{{ n }}:{{ item }}]{% endcall %}{{ n }}",
    "{% macro a() %}A{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}",
    "{% macro fact(n) %}{% if n <= 1 %}1{% else %}{{ n }}*{{ fact(n - 1) }}{% endif %}{% endmacro %}{{ fact(4) }}",
    "{% set g = 'global' %}{% macro m() %}{{ g }}{{ n }}{% endmacro %}{{ m() }}{% set g = 'changed' %}{{ m() }}",
    "{% macro m(x) %}{% set y = x %}{{ y }}{% endmacro %}{{ m(1) }}{{ y }}",
    "{% macro m(a, b) %}{{ a }}|{{ b is defined and 1 or 0 }}|{{ b }}{% endmacro %}{{ m(1) }}",
    "{% macro m() %}{{ caller() if caller else 'none' }}{% endmacro %}{{ m() }}{% call m() %}called{% endcall %}",
    "{% macro outer() %}{% macro inner(x) %}<{{ x }}>{% endmacro %}{{ inner('a') }}{{ inner('b') }}{% endmacro %}{{ outer() }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(*[1]) }}{{ m(**{'a': 2}) }}",
    "{% macro m(a, b) %}{% endmacro %}{{ m(1, 2, 3) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(z=3) }}",
    "{% for x in xs %}{% macro m(y) %}{{ x }}{{ y }}{% endmacro %}{{ m('!') }}{% endfor %}",
    "{% macro t(x) %}{{ x }}{% endmacro %}{{ ['<', 'b']|map('upper')|map('string')|join(t('|')) }}",
    "{% macro m(a='<') -%} {{ a }} {%- endmacro %}[{{ m() }}][{{ m('>'|safe) }}]",
)
many(
    "globals",
    BASIC,
    "{% set c = cycler('a', 'b', 'c') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{% do c.reset() %}{{ c.next() }}",
    "{% set j = joiner('|') %}{{ j() }}a{{ j() }}b{{ j() }}c{% set k = joiner() %}{{ k() }}x{{ k() }}y",
    "{{ dict(a=1, b='x') }}|{{ dict({'z': 1}, y=2) }}|{{ dict([['k', 'v']]) }}",
    "{{ range(4)|list }}|{{ range(1, 4)|sum }}|{{ lipsum(2)|length > 50 and 'long' }}|{{ lipsum(1, false, 3, 5)|wordcount < 6 and 'few' }}",
)

# --- inheritance -------------------------------------------------------------------------------------------------------
BASE = {"base.html": "<h>{% block head %}base head{% endblock %}</h><b>{% block body %}base {{ n }}{% endblock %}</b>{% block foot %}{% endblock foot %}"}
many(
    "extends",
    BASIC,
    "{% extends 'base.html' %}{% block body %}child {{ html }}{% endblock %}",
    "{% extends 'base.html' %}ignored{% block body %}[{{ super() }}]{% endblock %}ignored {{ n }}",
    "{% extends 'base.html' %}{% set x = 'set' %}{% block body %}{{ x }}{% endblock %}{% block head %}{{ x }}!{% endblock %}",
    "{% extends 'base.html' %}{% macro m(a) %}<{{ a }}>{% endmacro %}{% block body %}{{ m(html) }}{% endblock %}",
    "{% extends 'ba' ~ 'se.html' %}{% block foot %}{{ self.head() }}{{ self.foot is defined and 1 }}{% endblock %}",
    "{% if n > 5 %}{% extends 'base.html' %}{% endif %}x{% block body %}B{% endblock %}y",
    "{% if n > 50 %}{% extends 'base.html' %}{% endif %}x{% block body %}B{% endblock %}y",
    "before{% extends 'base.html' %}after",
    "{% extends 'base.html' %}{% for x in xs %}{{ x }}{% endfor %}{% block head %}h{% endblock %}",
    "{% extends 'base.html' %}{% block head %}{% set q = 1 %}{{ q }}{% endblock %}{% block body %}{{ q }}{% endblock %}",
    "{% extends 'nope.html' %}",
    "{% extends 'base.html' %}{% block head %}{{ super.super() }}{% endblock %}",
    files=BASE,
)
THREE = {
    **BASE,
    "mid.html": "{% extends 'base.html' %}{% block body %}mid({{ super() }}){% block inner %}mi{% endblock %}{% endblock %}",
}
many(
    "extends",
    BASIC,
    "{% extends 'mid.html' %}{% block body %}leaf({{ super() }}){% endblock %}",
    "{% extends 'mid.html' %}{% block inner %}li({{ super() }}){% endblock %}",
    "{% extends 'mid.html' %}{% block head %}{{ super() }}{{ super() }}{% endblock %}",
    "{% extends 'mid.html' %}{% block body %}{{ super.super() }}{% endblock %}",
    "{% extends 'mid.html' %}{% block head %}{{ self.inner() }}{% endblock %}",
    files=THREE,
)
many(
    "blocks",
    BASIC,
    "{% block a %}x{% endblock %}{{ self.a() }}{{ self.a()|upper }}",
    "{% for x in xs %}{% block b %}[{{ x }}]{% endblock %}{% endfor %}",
    "{% for x in xs %}{% block b scoped %}[{{ x }}{{ loop.index }}]{% endblock %}{% endfor %}",
    "{% block a %}{% block b %}in{% endblock %}out{% endblock a %}",
    "{% set v = 1 %}{% block a %}{{ v }}{% set v = 2 %}{{ v }}{% endblock %}{{ v }}",
    "{% block a required %}{% endblock %}",
    "{% with v = 1 %}{% block a scoped %}{{ v }}{% endblock %}{% endwith %}",
    "{% block a %}{{ super() }}{% endblock %}",
)
case("blocks", "{% extends 'r.html' %}{% block a %}filled{% endblock %}", BASIC, files={"r.html": "<{% block a required %} {# nothing #} {% endblock %}>"})
case("blocks", "{% extends 'r.html' %}", BASIC, files={"r.html": "<{% block a required %}{% endblock %}>"})
case("blocks", "{% extends 'l.html' %}{% block item %}<{{ x }}>{{ super() }}{% endblock %}", BASIC, files={"l.html": "{% for x in xs %}{% block item scoped %}{{ x }}{% endblock %}{% endfor %}"})

# --- include and import ------------------------------------------------------------------------------------------------
PARTS = {
    "part.html": "[{{ n }}{{ local }}{{ html }}]",
    "item.html": "<{{ x }}{{ loop.index }}>",
    "sets.html": "{% set inside = 5 %}{{ inside }}",
    "plain.txt": "{{ html }}",
    "macros.html": "{% macro hi(x) %}hi {{ x }}{{ n }}!{% endmacro %}{% set const = 42 %}{% macro _priv() %}p{% endmacro %}{% macro two() %}{{ hi('two') }}{{ _priv() }}{% endmacro %}text",
    "nested.html": "({% include 'part.html' %})",
}
many(
    "include",
    BASIC,
    "{% include 'part.html' %}",
    "{% set local = 'L' %}{% include 'part.html' %}{% include 'part.html' without context %}",
    "{% for x in xs %}{{ loop.first and '' or '' }}{% include 'item.html' %}{% endfor %}",
    "{% include 'nope.html' ignore missing %}x{% include ['nope.html', 'part.html'] %}{% include ['a', 'b'] ignore missing %}",
    "{% include 'sets.html' %}{{ inside }}",
    "{% include 'plain.txt' %}",
    "{% include 'nested.html' %}{% with local = 1 %}{% include 'nested.html' %}{% endwith %}",
    "{% include 'nope.html' %}",
    "{% include ['nope.html', 'nada.html'] %}",
    "{% set f = 'part.html' %}{% include f %}{% include 'pa' ~ 'rt.html' ignore missing with context %}",
    "{% macro m(local) %}{% include 'part.html' %}{% endmacro %}{{ m('arg') }}",
    "{% set x %}{% include 'part.html' %}{% endset %}{{ x|length }}",
    "{% import 'macros.html' as m %}{{ m.hi('a<') }}{{ m.const }}{{ m.nope }}",
    "{% import 'macros.html' as m with context %}{{ m.hi('a') }}{{ m.two() }}",
    "{% from 'macros.html' import hi, const as c %}{{ hi('b') }}{{ c }}",
    "{% from 'macros.html' import hi with context %}{{ hi('b') }}",
    "{% from 'macros.html' import hi as hello, two %}{{ hello(1) }}{{ two() }}",
    "{% from 'macros.html' import nope %}{{ nope is defined and 1 or 0 }}",
    "{% from 'macros.html' import nope %}{{ nope() }}",
    "{% from 'macros.html' import _priv %}",
    "{% import 'macros.html' as m %}{{ m }}",
    "{% import 'nope.html' as m %}",
    "{% for x in xs %}{% from 'macros.html' import hi %}{{ hi(x) }}{% endfor %}",
    files=PARTS,
)
case("include", "{% for x in xs %}{% include 'item.html' %}{% endfor %}", BASIC, files=PARTS, ours="<31><12><23>", why="an included template sees loop even where the including body never mentions it")
case("include", "{% extends 'b.html' %}{% from 'macros.html' import hi %}{% block a %}{{ hi('in block') }}{% include 'part.html' %}{% endblock %}", BASIC, files={**PARTS, "b.html": "{% block a %}{% endblock %}"})
case("include", "{% include 'tree.html' %}", TREE | {"nodes": TREE["tree"]}, files={"tree.html": "{% for t in nodes %}{{ t.n }}{% with nodes = t.kids %}({% include 'tree.html' %}){% endwith %}{% endfor %}"})

# --- autoescape --------------------------------------------------------------------------------------------------------
many(
    "autoescape",
    BASIC,
    "{{ html }}|{{ html|safe }}|{{ '<' }}|{{ '<'|safe }}|{{ [html] }}|{{ {'<': '>'} }}",
    "{{ '<b>'|safe ~ html }}|{{ '<b>'|safe + html }}|{{ html + '<b>'|safe }}|{{ html ~ '&' }}|{{ ('<b>'|safe ~ s)|upper }}",
    "{{ ('<b>%s</b>'|safe)|format(html) }}|{{ '<b>%s</b>'|safe % html }}|{{ ('<b>{}</b>'|safe).format(html) }}|{{ '<i>%s</i>'|format(html) }}",
    "{{ [html, '<i>'|safe]|join('<br>') }}|{{ [html]|join('<br>'|safe) }}|{{ ['a', 'b']|join('<br>') }}|{{ ('<hr>'|safe).join([html, 'x']) }}",
    "{{ '<b>'|safe|upper }}|{{ '<b>'|safe|lower }}|{{ '<b>'|safe|trim }}|{{ '<b>'|safe|capitalize }}|{{ '<b>x'|safe|title }}|{{ '<b>'|safe|center(9) }}|{{ '<b>abc'|safe|reverse }}|{{ '<b>'|safe|string }}|{{ '<b>'|safe|first }}",
    "{{ '<b>'|safe * 2 }}|{{ ('<b>'|safe)[0] }}|{{ ('<b>'|safe)[1:] }}|{{ ('<b>'|safe).replace('b', '<') }}|{{ '<b>'|safe|replace('b', '<') }}|{{ ('<b>'|safe).upper() }}|{{ ('<b> '|safe).strip() }}",
    "{% autoescape false %}{{ html }}{{ '<' ~ html|safe }}{% autoescape true %}{{ html }}{% endautoescape %}{% endautoescape %}{{ html }}",
    "{% autoescape yes %}{{ html }}{% endautoescape %}{% autoescape no %}{{ html }}{% endautoescape %}",
    "{{ html|e|e }}|{{ html|safe|e }}|{{ html|forceescape|e }}|{{ html|e|length }}",
    "{% set x %}<b>{{ html }}{% endset %}{{ x }}{{ x ~ '<' }}{% filter upper %}<i>{{ html }}{% endfilter %}",
    "{{ '<b>abc def ghi jkl mno'|safe|truncate(12) }}|{{ '<a>\n<b>'|safe|indent }}|{{ html|truncate(5, true, '<') }}",
    "{{ html|default('x') }}|{{ missing|default('<') }}|{{ missing|default('<'|safe) }}|{{ html|list|first }}|{{ html|striptags }}|{{ html|urlize }}",
    "<a href=\"?q={{ html|urlencode }}\" title='{{ html }}'>{{ html|wordwrap(5) }}</a>",
)
many("autoescape", BASIC, "{{ html }}|{{ html|e }}|{{ html|safe }}|{{ '<' ~ html|e }}|{% autoescape true %}{{ html }}{% endautoescape %}|{{ [html|e]|join('<') }}|{{ html|urlize }}|{{ {'a': html}|xmlattr }}", main="main.txt")
many("autoescape", BASIC, "{{ html }}", main="a.xml")
many("autoescape", BASIC, "{{ html }}", main="a.xhtml")
many("autoescape", BASIC, "{{ html }}", main="a.js")
many("autoescape", BASIC, "{% macro m() %}{{ html }}{% endmacro %}{{ m() }}{% autoescape true %}{{ m() }}{% endautoescape %}", main="main.txt", ours="<b>\"it's\" & more</b>&lt;b&gt;&#34;it&#39;s&#34; &amp; more&lt;/b&gt;", why="a macro from unescaped text gives text, so an escaping caller escapes it")

# --- white space, comments, raw ----------------------------------------------------------------------------------------
WS = [
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n",
    "a\n  {%- if true -%}\n  b\n  {%- endif -%}\nc\n",
    "a  {{- ' x ' -}}  b",
    "<ul>\n{% for i in [1, 2] %}\n  <li>{{ i }}</li>\n{% endfor %}\n</ul>\n",
    "<ul>\n  {% for i in [1, 2] -%}\n  <li>{{ i }}</li>\n  {%- endfor %}\n</ul>\n",
    "a {# comment #} b\n{# c1 #}\nd {#- strip -#} e",
    "a\n    {# c #}\nb\n\t{# c #} d\n",
    "x {% if true %}y{% endif %}\n z\n\n",
    "  {%+ if true %} y {%+ endif %}\n z",
    "a\n  {% set x = 1 %}  \nb{{ x }}\n",
    "{% raw %}{{ x }}{% if %}{# c #}{% endraw %}",
    "a\n  {% raw %}\n  {{ x }}\n  {% endraw %}\nb",
    "a {%- raw -%}  {{ x }}  {%- endraw -%} b",
    "line1\r\nline2\r\n{% if true %}\r\nx{% endif %}",
    "{{ 1 }}\n{{ 2 }}\n",
    "\n\n{{ 1 }}\n\n",
    "{% if true +%}\nx{% endif +%}\ny",
    "{# a #}{# b #}\n{% if 1 %}{# c #}\n{% endif %}x",
    "a{% if true %} \n b{% endif %}",
    "  {{ 1 }}\n  {% if 1 %}{{ 2 }}{% endif %}\n",
    "{{ 1 -}}\n\n {{- 2 }}\n {%- if 1 %} 3{% endif -%}\n",
    "a\n\n  {% block x %}\n  in\n  {% endblock %}\n\nb",
    "{%- for i in [1] -%}\n{{ i }}\n{%- endfor -%}",
    "{% raw -%}\n a{% endraw %}\n\nb",
]
for source in WS:
    case("whitespace", source, {})
    case("whitespace", source, {}, options={"trimBlocks": True})
    case("whitespace", source, {}, options={"lstripBlocks": True})
    case("whitespace", source, {}, options={"trimBlocks": True, "lstripBlocks": True})
    case("whitespace", source, {}, options={"keepTrailingNewline": True})
LINES = {"lineStatementPrefix": "#", "lineCommentPrefix": "##"}
for source in [
    "# for i in [1, 2]\n<{{ i }}>\n# endfor\nx",
    "# for i in [1, 2]:\n<{{ i }}>  ## comment\n# endfor",
    "  # if true\n  a\n  # endif\nb ## c\n## whole\nd",
    "# set x = [1,\n  2]\n{{ x }}",
    "a\n# if 1\nb\n# else\nc\n# endif\n",
]:
    case("line statements", source, {}, options=LINES)
SYMBOLS = {"variableStart": "[[", "variableEnd": "]]", "blockStart": "<%", "blockEnd": "%>", "commentStart": "<#", "commentEnd": "#>"}
case("delimiters", "[[ [1, 2][0] ]]<% if x %>{{ no }}<% endif %><# c #>", {"x": 1}, options=SYMBOLS)
case("delimiters", "${x}<% for i in [1] %>${i}<% endfor %>", {"x": 1}, options={"variableStart": "${", "variableEnd": "}", "blockStart": "<%", "blockEnd": "%>"})
many("whitespace", {}, "{{ '{{' }}{{ '}}' }}{{ '%}' }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "}} %} #} { % {", "{{ 'é' }}ü😀{{ '😀x'|length }}{{ '😀x'[1] }}{{ '😀x'|reverse }}")

# --- errors ------------------------------------------------------------------------------------------------------------
many(
    "errors",
    BASIC,
    "{{ missing.attr }}",
    "{{ user.nope.more }}",
    "{{ missing() }}",
    "{{ missing + 1 }}",
    "{{ 1 / 0 }}",
    "{{ 1 < 'a' }}",
    "{{ 1 + 'a' }}",
    "{% if %}{% endif %}",
    "{% for x in xs %}",
    "{% endfor %}",
    "{% nope %}",
    "{{ x|nofilter }}",
    "{{ x is notest }}",
    "{{ 'open }}",
    "{{ (1 }}",
    "{{ 1 + }}",
    "{{ }}",
    "{% block a %}{% endblock %}{% block a %}{% endblock %}",
    "{% block a %}{% endblock b %}",
    "{% set 1 = 2 %}",
    "{% set x.y = 2 %}",
    "{% set none = 2 %}",
    "{{ a b }}",
    "{# never closed",
    "{% raw %}never closed",
    "{{ f(a=1, 2) }}",
    "{% break %}",
    "{% macro m(a=1, b) %}{% endmacro %}",
    "{% extends 'a', 'b' %}",
    "{% for x in 5 %}{% endfor %}",
    "{% for a, b in [[1, 2, 3]] %}{% endfor %}",
    "{{ n|batch }}",
    "{{ range(1000) | first ~ undefined_thing.x }}",
    "{% call 5 %}{% endcall %}",
    "{{ xs | join(nope=1) }}",
    "{{ n() }}",
    "{{ \"a\" is }}",
    "{% include %}",
    "{% from 'a' import %}",
)

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "corpus.json"), "w", encoding="utf-8") as file:
    json.dump({"jinja2": jinja2.__version__, "entries": ENTRIES}, file, ensure_ascii=False, indent=1)
    file.write("\n")
print(len(ENTRIES), "entries,", sum("why" in e for e in ENTRIES), "with a deliberate difference,", sum("error" in e for e in ENTRIES), "errors")
