// scimmy.mjs PORT COUNT: a server made of scimmy-routers as its manual says, with so many users of
// the bench in memory, by id and by userName; nothing is durable. Needs its packages beside it.
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";
import { randomUUID } from "node:crypto";

const [port, count] = process.argv.slice(2).map(Number);
const byId = new Map(), byName = new Map();

function keep(data)
{
    const now = new Date();
    const user = { ...data, id: randomUUID(), meta: { created: now, lastModified: now } };
    byId.set(user.id, user);
    byName.set(user.userName.toLowerCase(), user);
    return user;
}

// A filter for one userName is looked up, as any real store would; another goes through them all.
function matching(filter)
{
    const name = filter?.length === 1 && filter[0].userName;
    if (!Array.isArray(name) || name[0] !== "eq" || Object.keys(filter[0]).length !== 1)
        return filter ? filter.match([...byId.values()]) : [...byId.values()];
    const found = byName.get(String(name[1]).toLowerCase());
    return found ? [found] : [];
}

SCIMMY.Resources.declare(SCIMMY.Resources.User)
    .ingress(async (resource, data) => keep(data))
    .egress(async (resource) => {
        if (!resource.id)
            return matching(resource.filter);
        const user = byId.get(resource.id);
        if (!user)
            throw new SCIMMY.Types.Error(404, null, "no such user");
        return user;
    });

for (let i = 0; i < count; i++) {
    const name = `user${String(i).padStart(6, "0")}`;
    keep({ userName: name, externalId: `hr-${name}`, displayName: `Barbara Jensen ${i}`,
        name: { givenName: "Barbara", familyName: "Jensen" }, title: "Nurse", active: true,
        emails: [{ value: `${name}@example.com`, type: "work", primary: true }],
        phoneNumbers: [{ value: `tel:+1-555-${i}`, type: "work" }] });
}

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer", docUri: "https://example.com",
    handler: (request) => {
        if (request.header("Authorization") !== "Bearer bench-token")
            throw new Error("not this one");
        return "bench";
    } }));
app.get("/ids", (request, response) => response.send([...byId.keys()].join("\n")));
app.listen(port, "127.0.0.1");
