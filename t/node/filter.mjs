// Our filter parser against that of npm's scim2-parse-filter: 10,000 random filters, some damaged.
// Where both accept one, they read the same into it, and find the same among random resources; what
// they are meant to disagree about stands in `apart`. Prints TAP.
//   node filter.mjs MODULES SCIM_LINES SEED COUNT
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const [modules, scimLines, seed, count] = process.argv.slice(2);
const { parse, filter: tester } = createRequire(modules + '/x.js')('scim2-parse-filter');
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

// ---- chance: mulberry32 ---------------------------------------------------------------------------

let state = Number(seed) >>> 0;
function random() {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const any = (list) => list[Math.floor(random() * list.length)];
const chance = (p) => random() < p;
const times = (n, make) => Array.from({ length: n }, make);

// ---- what there is: lower case throughout, for theirs knows no caseExact -----------------------------

const words = ['red', 'blue', 'green', 'work', 'home', 'a@b.c', 'x y', 'u"q', '[x]', 'and', '(', ''];
const plural = { value: 'string', display: 'string', type: 'string', primary: 'boolean' };
const attributes = {
    userName: 'string', displayName: 'string', title: 'string', nickName: 'string', active: 'boolean',
    name: { familyName: 'string', givenName: 'string' },
    emails: [plural], phoneNumbers: [plural], roles: [plural],
    [ENTERPRISE]: { employeeNumber: 'string', department: 'string', manager: { value: 'string' } },
};

const valueOf = (type) => (type === 'boolean' ? chance(0.5) : any(words));

function objectOf(shape, odds) {
    const made = {};
    for (const [name, type] of Object.entries(shape)) {
        if (!chance(odds)) continue;
        made[name] = Array.isArray(type)
            ? times(1 + Math.floor(random() * 3), () => ({ value: any(words), type: any(words), ...objectOf(type[0], 0.4) }))
            : typeof type === 'object' ? { ...objectOf(type, 0.7) } : valueOf(type);
    }
    return made;
}

// Whose values are distinct, at most one of them primary: as ours keeps them.
function resource(i) {
    const made = { schemas: [USER], ...objectOf(attributes, 0.7), userName: 'u' + i };
    for (const [name, list] of Object.entries(made)) {
        if (!Array.isArray(list) || name === 'schemas') continue;
        const seen = new Set();
        made[name] = list.filter((v) => v.value !== '' && !seen.has(v.value + '\0' + v.type)
            && seen.add(v.value + '\0' + v.type));
        let first = true;
        for (const v of made[name]) {
            if (!v.primary) delete v.primary;
            else if (!first) delete v.primary;
            else first = false;
        }
        if (!made[name].length) delete made[name];
    }
    for (const name of Object.keys(made)) {
        if (typeof made[name] === 'object' && !Array.isArray(made[name]) && !Object.keys(made[name]).length)
            delete made[name];
    }
    const manager = made[ENTERPRISE]?.manager;
    if (manager && !Object.keys(manager).length) delete made[ENTERPRISE].manager;
    if (made[ENTERPRISE] && !Object.keys(made[ENTERPRISE]).length) delete made[ENTERPRISE];
    return made;
}

// ---- random filters ----------------------------------------------------------------------------------

const mixed = (word) => any([word, word, word.toUpperCase(), word[0].toUpperCase() + word.slice(1)]);
const quoted = (value) => (chance(0.05) && typeof value === 'string' && value
    ? '"\\u' + value.charCodeAt(0).toString(16).padStart(4, '0') + JSON.stringify(value.slice(1)).slice(1)
    : JSON.stringify(value));

function leaf(shape, prefix, within) {
    const name = any(Object.keys(shape));
    const type = shape[name];
    const path = prefix + mixed(name);
    if (Array.isArray(type)) {
        const kind = random();
        if (kind < 0.1) return term(path, 'string');
        if (kind < 0.5) return leaf(type[0], path + '.', within);
        const inside = tree(() => leaf(type[0], '', true), 2);
        const after = chance(0.15) ? '.' + leaf(type[0], '', true) : '';
        return `${path}[${inside}]${after}`;
    }
    if (typeof type === 'object') return leaf(type, path + (name === ENTERPRISE ? ':' : '.'), within);
    return term(!prefix && !within && chance(0.1) ? `${USER}:${path}` : path, type);
}

function term(path, type) {
    if (chance(0.15)) return `${path} ${mixed('pr')}`;
    const op = type === 'boolean' ? any(['eq', 'eq', 'ne', 'gt'])
        : any(['eq', 'eq', 'eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);
    const value = chance(0.04) ? any([null, null, null, 7, -1.5, true]) : valueOf(type);
    return `${path} ${mixed(op)} ${quoted(value)}`;
}

function tree(make, depth) {
    if (depth <= 0 || chance(0.4)) return make();
    const space = () => any([' ', ' ', '  ']);
    const part = () => {
        const inner = tree(make, depth - 1);
        return chance(0.35) ? `(${any(['', ' '])}${inner})` : inner;
    };
    if (chance(0.2)) return `${mixed('not')}${any(['', ' '])}(${tree(make, depth - 1)})`;
    return times(2 + Math.floor(random() * 2), part).reduce((all, next) =>
        all + space() + mixed(any(['and', 'or'])) + space() + next);
}

function damaged(text) {
    const at = Math.floor(random() * text.length);
    const put = any(['', ' ', '(', ')', '[', ']', '"', '\\', '.', ':', 'not ', ' and ', '1', '\u00e4', '-']);
    return text.slice(0, at) + put + text.slice(at + Math.floor(random() * 3));
}

// ---- reading -------------------------------------------------------------------------------------------

function theirs(text) {
    try {
        return parse(text);
    } catch {
        return null;
    }
}

// and/or of the same kind are one list; names have no case.
function normal(f) {
    if (f.op === 'and' || f.op === 'or') {
        const filters = f.filters.map(normal).flatMap((c) => (c.op === f.op ? c.filters : [c]));
        return { op: f.op, filters };
    }
    if (f.op === 'not') return { op: 'not', filter: normal(f.filter) };
    const attrPath = f.attrPath.toLowerCase().replace(USER.toLowerCase() + ':', '');
    if (f.op === '[]') return { op: '[]', attrPath, valFilter: normal(f.valFilter) };
    return { op: f.op, attrPath, compValue: f.compValue };
}

function terms(f, found = []) {
    if (f.filters) f.filters.forEach((c) => terms(c, found));
    else if (f.filter) terms(f.filter, found);
    else if (f.valFilter) terms(f.valFilter, found);
    else found.push(f);
    return found;
}

const grouped = (f) => (f.op === '[]' ? f.valFilter.op === 'not' || terms(f.valFilter).length > 1
    : f.filter ? grouped(f.filter) : (f.filters || []).some(grouped));
const isPlural = (path) => Array.isArray(attributes[Object.keys(attributes)
    .find((name) => name.toLowerCase() === path.toLowerCase().replace(USER.toLowerCase() + ':', ''))]);
const some = (f, says) => terms(f).some(says);

// Where the two are meant to differ. `reads`: in what they make of the text, else in what it finds.
const apart = [
    { name: 'a sub-attribute behind a value path is of the same value, not of any (Entra means that)',
        reads: true, is: (f, text) => /\]\./.test(text) },
    { name: 'an escape is what JSON says, not a backslash', reads: true, is: (f, text) => /\\[^"]/.test(text) },
    { name: 'a multi-valued complex attribute by itself means its value', reads: true, is: (f) => some(f, (t) => isPlural(t.attrPath)) },
    { name: 'what stands in brackets holds of one and the same value', is: grouped },
    { name: 'the URN of the core schema before a name says nothing more', is: (f, text) => text.includes(USER) },
    { name: 'ne holds of what has no value at all', is: (f) => some(f, (t) => t.op === 'ne') },
    { name: 'eq null holds of what has no value', is: (f) => some(f, (t) => t.compValue === null) },
    { name: 'pr does not hold of an empty string', is: (f) => some(f, (t) => t.op === 'pr') },
    { name: 'a primary that is not there is false', is: (f) => some(f, (t) => /primary$/i.test(t.attrPath)) },
];

// What ours refuses and theirs, which knows no schema, does not.
const refused = [
    /does not support this operator/, // booleans have no order
    /does not have the attribute's type/,
    /is not an attribute that can be filtered/,
    /cannot be ordered or searched by null/,
];

// ---- the run -------------------------------------------------------------------------------------------

let tests = 0;
function ok(good, what, ...more) {
    console.log(`${good ? 'ok' : 'not ok'} ${++tests} - ${what.replace(/#/g, '\\#')}`);
    if (!good) more.forEach((line) => console.log('# ' + String(line).replace(/\n/g, ' ')));
}

function ask(questions) {
    const input = questions.map((q) => JSON.stringify(q) + '\n').join('');
    const run = spawnSync(scimLines, { input, maxBuffer: 1 << 30 });
    return run.stdout.toString().trimEnd().split('\n').map((line) => JSON.parse(line));
}

const resources = times(60, (_, i) => resource(i));
const whole = new Set();
const texts = times(Number(count), () => {
    const text = tree(() => leaf(attributes, '', false), 3);
    if (chance(0.15)) return damaged(text);
    whole.add(text);
    return text;
});
const [declared, taken, ...said] = ask([{ schemas: [] }, { type: 'User', resources },
    ...texts.map((filter) => ({ filter }))]);
ok(declared.status === 200 && taken.status === 200, 'the resources are read', JSON.stringify(taken));

const seen = { both: 0, found: 0, ours: 0, theirs: 0, neither: 0 };
const wrong = { reads: [], finds: [], prints: [], refuses: [] };
const once = new Map();
texts.forEach((text, i) => {
    const ours = said[i];
    const f = theirs(text);
    const accepted = ours.status === 200;
    if (whole.has(text) && !accepted && !refused.some((why) => why.test(ours.detail)))
        wrong.refuses.push([text, ours.detail]);
    if (!f || !accepted) return void seen[accepted ? 'ours' : f ? 'theirs' : 'neither']++;
    seen.both++;
    const again = theirs(ours.print);
    if (!again) return void wrong.prints.push([text, ours.print]);
    const differs = apart.filter((row) => row.is(f, text));
    const same = JSON.stringify(normal(f)) === JSON.stringify(normal(again));
    if (!same && !differs.some((row) => row.reads)) wrong.reads.push([text, ours.print]);
    const test = tester(f);
    const finds = resources.flatMap((r, n) => (test(r) ? [n] : []));
    const alike = JSON.stringify(finds) === JSON.stringify(ours.matches);
    if (alike) return void (seen.found += finds.length > 0);
    if (differs.length === 0) wrong.finds.push([text, ours.print, finds, ours.matches]);
    if (differs.length === 1) once.set(differs[0].name, text);
});
ok(seen.both > count / 2 && seen.neither && seen.found, `of ${count} filters ${seen.both} are accepted by both, ${seen.ours} `
    + `by ours alone, ${seen.theirs} by theirs alone, ${seen.neither} by neither; ${seen.found} find something`);
ok(!wrong.refuses.length, 'of those that are not damaged, ours refuses what the schema does not allow',
    ...wrong.refuses.slice(0, 5).map((w) => w.join('  =>  ')));
ok(!wrong.prints.length, 'what ours prints theirs reads', ...wrong.prints.slice(0, 5).map((w) => w.join('  =>  ')));
ok(!wrong.reads.length, 'both read the same', ...wrong.reads.slice(0, 5).map((w) => w.join('  =>  ')));
ok(!wrong.finds.length, 'both find the same', ...wrong.finds.slice(0, 5).map((w) => w.join('  =>  ')));
for (const row of apart) ok(once.has(row.name), `apart: ${row.name}`, 'no filter showed it');
console.log(`1..${tests}`);
