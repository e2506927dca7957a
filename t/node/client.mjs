// A client made of npm's scimmy, whose classes check each message in either direction: it discovers,
// creates, searches, changes and deletes, and works out by itself what filters and PATCHes must give.
// Prints TAP.
//   node client.mjs MODULES URL AUTHORIZATION
import { createRequire } from 'node:module';

const [modules, base, authorization] = process.argv.slice(2);
const { Schemas, Messages, Types } = createRequire(modules + '/x.js')('scimmy');
Schemas.User.extend(Schemas.EnterpriseUser);
const ENTERPRISE = Schemas.EnterpriseUser.definition.id;

let tests = 0;
function ok(good, what, ...more) {
    console.log(`${good ? 'ok' : 'not ok'} ${++tests} - ${what}`);
    if (!good) more.forEach((line) => console.log('# ' + line));
}
const is = (got, want, what) => ok(JSON.stringify(got) === JSON.stringify(want), what,
    'got ' + JSON.stringify(got), 'not ' + JSON.stringify(want));

// ---- the client ----------------------------------------------------------------------------------------

async function send(method, path, body) {
    const answer = await fetch(base + path, {
        method, body: body && JSON.stringify(body),
        headers: { authorization, 'content-type': 'application/scim+json', accept: 'application/scim+json' },
    });
    const text = await answer.text();
    const said = text ? JSON.parse(text) : undefined;
    if (answer.ok) return said;
    const { status, scimType, detail } = said;
    new Messages.ErrorResponse({ status, scimType, detail }); // the pair has to be one of RFC 7644's
    throw new Types.Error(status, scimType, detail);
}

async function refused(method, path, body) {
    try {
        await send(method, path, body);
        return 'accepted';
    } catch (error) {
        return `${error.status} ${error.scimType ?? ''}`.trim();
    }
}

const list = async (path) => new Messages.ListResponse(await send('GET', path));
const query = (path, args) => list(path + '?' + new URLSearchParams(args));
const patch = (Operations) => new Messages.PatchOp({ schemas: [Messages.PatchOp.id], Operations });

// Without what the server fills in, and in one order.
function plain(value) {
    if (Array.isArray(value)) return value.map(plain).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value)
        .filter(([name, v]) => v !== undefined && !['meta', 'schemas', '$ref'].includes(name) && !(name === 'primary' && !v))
        .map(([name, v]) => [name, plain(v)])
        .filter(([, v]) => typeof v !== 'object' || (Object.keys(v).length && v !== null));
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

// ---- discovery -----------------------------------------------------------------------------------------

const config = new Schemas.ServiceProviderConfig(await send('GET', '/ServiceProviderConfig'));
ok(config.patch.supported && config.filter.supported && config.bulk.maxOperations > 0, 'the service says what it can');
const types = (await list('/ResourceTypes')).Resources.map((type) => new Schemas.ResourceType(type));
is(types.map((type) => type.name), ['User', 'Group'], 'the types are read');
const published = (await list('/Schemas')).Resources;

function differences(ours, theirs, at) {
    const found = ours?.find((a) => a.name.toLowerCase() === theirs.name.toLowerCase());
    if (!found) return [`${at}${theirs.name} is not there`];
    const { multiValued = false, direction } = theirs.config;
    const wrong = [];
    if (found.type !== theirs.type) wrong.push(`${at}${theirs.name} is of type ${found.type}, not ${theirs.type}`);
    if (found.multiValued !== multiValued) wrong.push(`${at}${theirs.name} is ${multiValued ? 'not ' : ''}multi-valued`);
    return wrong.concat((theirs.subAttributes ?? []).flatMap((sub) => differences(found.subAttributes, sub, `${at}${theirs.name}.`)));
}

for (const schema of [Schemas.User, Schemas.Group, Schemas.EnterpriseUser]) {
    const { id, attributes } = schema.definition;
    const ours = published.find((s) => s.id === id);
    const own = attributes.filter((a) => a instanceof Types.Attribute && !['schemas', 'id', 'externalId', 'meta'].includes(a.name));
    is(own.flatMap((a) => differences(ours?.attributes, a, '')), [], `${id} is as the client knows it`);
}

// ---- create --------------------------------------------------------------------------------------------

const names = ['ada', 'brook', 'carol', 'dylan', 'erin', 'frank'];
const users = [];
for (const [i, name] of names.entries()) {
    const asked = new Schemas.User({
        userName: name, displayName: name.toUpperCase(), active: i % 2 === 0, title: ['engineer', 'nurse'][i % 3],
        name: { givenName: name, familyName: 'of ' + name },
        emails: [{ value: `${name}@work.example`, type: 'work', primary: true }, { value: `${name}@home.example`, type: 'home' }],
        [ENTERPRISE]: { employeeNumber: String(100 + i), department: ['r&d', 'sales'][i % 2] },
    }, 'in');
    const made = await send('POST', '/Users', asked);
    is({ ...plain(new Schemas.User(made, 'out')), id: undefined }, plain(asked), `${name} is made as asked`);
    users.push(made);
}
is(await refused('POST', '/Users', new Schemas.User({ userName: 'ADA' }, 'in')), '409 uniqueness', 'nobody is made twice');
is(await refused('POST', '/Users', { schemas: [Schemas.User.id] }), '400 invalidValue', 'nor without a name');
is(await refused('GET', '/Users/nobody'), '404', 'who is not there is not found');

// ---- search --------------------------------------------------------------------------------------------

const all = (await query('/Users', { count: 100 })).Resources;
is(all.length, names.length, 'all are listed');
for (const text of ['userName eq "carol"', 'userName sw "d" or userName ew "k"', 'active eq true', 'name.familyName co "of b"',
    'title pr', 'active eq false and title eq "nurse"', 'emails[type eq "work" and value sw "ada"]', 'userName gt "carol"',
    'emails.value eq "erin@home.example"', '(userName eq "ada" or userName eq "erin") and active eq true', 'userName ne "ada"']) {
    const filter = new Types.Filter(text);
    const want = filter.match(all).map((u) => u.userName).sort();
    const got = (await query('/Users', { filter: filter.expression })).Resources.map((u) => u.userName).sort();
    is(got, want, `${text}: ${want.length}`);
}
const sought = new Messages.SearchRequest();
await sought.prepare({ filter: 'userName pr', sortBy: 'userName', sortOrder: 'descending', startIndex: 2, count: 2, attributes: ['userName'] });
const found = await send('POST', '/Users/.search', sought);
new Messages.ListResponse(found); // for its checks alone: it would cut the page out of the page again
is([found.totalResults, found.startIndex, found.Resources.map((u) => u.userName)], [6, 2, ['erin', 'dylan']], 'a page of a search');
is(Object.keys(found.Resources[0]).filter((n) => n !== 'schemas').sort(), ['id', 'userName'], 'with what was asked for');
is(await refused('GET', '/Users?filter=userName%20is%20%22x%22'), '400 invalidFilter', 'a filter that is none');

// ---- change --------------------------------------------------------------------------------------------

for (const operations of [
    [{ op: 'replace', path: 'displayName', value: 'Ada L.' }],
    [{ op: 'replace', value: { title: 'countess', active: false } }],
    [{ op: 'add', path: 'emails', value: [{ value: 'ada@other.example', type: 'other' }] }],
    [{ op: 'replace', path: 'emails[type eq "home"].value', value: 'ada@new.example' }],
    [{ op: 'remove', path: 'emails[type eq "other"]' }, { op: 'remove', path: 'title' }],
    [{ op: 'add', path: 'name.middleName', value: 'K.' }, { op: 'add', value: { nickName: 'a' } }],
    [{ op: 'add', path: 'phoneNumbers', value: [{ value: '555', type: 'work' }] }, { op: 'replace', path: 'name.givenName', value: 'Augusta' }],
]) {
    const message = patch(operations);
    const was = await send('GET', `/Users/${users[0].id}`);
    const want = (await message.apply(new Schemas.User(was, 'out'))) ?? new Schemas.User(was, 'out');
    const got = await send('PATCH', `/Users/${users[0].id}`, message);
    is(plain(new Schemas.User(got, 'out')), plain(want), 'PATCH ' + JSON.stringify(operations));
}
is(await refused('PATCH', `/Users/${users[0].id}`, patch([{ op: 'replace', path: 'id', value: 'x' }])), '400 mutability', 'what is fixed stays');
is(await refused('PATCH', `/Users/${users[0].id}`, patch([{ op: 'replace', path: 'emails[type eq "x"].value', value: 'x' }])),
    '400 noTarget', 'what is not there is not replaced');
const put = new Schemas.User({ ...(await send('GET', `/Users/${users[1].id}`)), displayName: 'Put', emails: undefined }, 'in');
is({ ...plain(new Schemas.User(await send('PUT', `/Users/${users[1].id}`, put), 'out')), id: undefined }, { ...plain(put), id: undefined },
    'PUT leaves what it says and no more');

// ---- groups, bulk, delete ------------------------------------------------------------------------------

const group = await send('POST', '/Groups', new Schemas.Group({ displayName: 'crew', members: users.slice(0, 2).map((u) => ({ value: u.id })) }, 'in'));
is(new Schemas.Group(group, 'out').members.map((m) => m.value).sort(), [users[0].id, users[1].id].sort(), 'a group and its members');
const crew = await send('PATCH', `/Groups/${group.id}`, patch([{ op: 'add', path: 'members', value: [{ value: users[2].id }] },
    { op: 'remove', path: `members[value eq "${users[0].id}"]` }]));
is(new Schemas.Group(crew, 'out').members.map((m) => m.value).sort(), [users[1].id, users[2].id].sort(), 'one comes, one goes');
is((await send('GET', `/Users/${users[2].id}`)).groups.map((g) => g.value), [group.id], 'who came knows the group');

const bulk = new Messages.BulkRequest({ schemas: [Messages.BulkRequest.id], Operations: [
    { method: 'POST', path: '/Users', bulkId: 'new', data: new Schemas.User({ userName: 'grace' }, 'in') },
    { method: 'PATCH', path: `/Groups/${group.id}`, data: patch([{ op: 'add', path: 'members', value: [{ value: 'bulkId:new' }] }]) },
    { method: 'DELETE', path: `/Users/${users[5].id}` },
] }, config.bulk.maxOperations);
const done = new Messages.BulkResponse(await send('POST', '/Bulk', bulk));
is(done.Operations.map((o) => String(o.status)), ['201', '200', '204'], 'many at once');
is((await send('GET', `/Groups/${group.id}`)).members.length, 3, 'who was made in it is a member');

for (const user of (await query('/Users', { count: 100, attributes: 'userName' })).Resources) {
    is(await send('DELETE', `/Users/${user.id}`), undefined, `${user.userName} is deleted`);
    is(await refused('GET', `/Users/${user.id}`), '404', 'and gone');
}
is((await send('GET', `/Groups/${group.id}`)).members, undefined, 'the group has nobody');
is((await list('/Users')).totalResults, 0, 'there is nobody');
console.log(`1..${tests}`);
