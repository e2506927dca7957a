/* The outbox's part of store_given.h: links on their way to a target. */
#ifndef STORE_GIVEN_OUTBOX_H
#define STORE_GIVEN_OUTBOX_H

#include "store_given.h"

__attribute__((unused)) static const prov_budget plenty = { 100, 0, 0 };
__attribute__((unused)) static const prov_lease mine = { 1, 1, S(200) };

__attribute__((unused)) static void declare(void)
{
    static const uint8_t digest[32] = "declared";
    prov_plan *a = plan();
    prov_plan_target_declare(a, target, true, digest);
    prov_plan_target_declare(a, target2, true, digest);
    submit(a);
}

__attribute__((unused)) static void grant(const prov_id *id, const prov_resource_type *t,
                                          uint32_t at)
{
    prov_plan *a = plan();
    prov_plan_grant(a, id, t->number, at, (uint16_t)application, &soon);
    done(a, "a grant");
}

__attribute__((unused)) static prov_id linked(const char *name)
{
    prov_id id = make_user(name);
    grant(&id, user_type, target);
    return id;
}

static char link_room[400];
__attribute__((unused)) static prov_link link_of(const prov_id *id, uint32_t at)
{
    /* The names outlive the snapshot. */
    prov_link l = { .wanted = 0 };
    prov_snapshot *n = see();
    if (prov_snapshot_link(n, id, at, &l)) {
        char *to = link_room;
        prov_bytes *names[] = { &l.remote, &l.candidate, &l.etag, &l.key, &l.sent_key };
        for (int i = 0; i < 5; i++) {
            if (names[i]->len)
                memcpy(to, names[i]->data, names[i]->len);
            names[i]->data = (uint8_t *)to;
            to += names[i]->len;
        }
    }
    prov_snapshot_end(n);
    return l;
}

__attribute__((unused)) static void claim(const prov_id *id)
{
    prov_plan *a = plan();
    prov_plan_claim(a, id, target, &mine, S(190), &plenty);
    done(a, "a claim");
}

__attribute__((unused)) static prov_plan *prepared(const prov_id *id, const char *key)
{
    prov_prepare pr = { .process = 1,
                        .claim = 1,
                        .wanted = link_of(id, target).wanted,
                        .kind = PROV_ATTEMPT_CREATE,
                        .now = S(181),
                        .until = S(300),
                        .sent_key = prov_bytes_of(key),
                        .copy = PROV_BYTES("copy sent") };
    prov_plan *a = plan();
    prov_plan_prepare(a, id, target, &pr);
    return a;
}

__attribute__((unused)) static prov_ack applied(const prov_id *id, const char *remote,
                                                const char *key)
{
    return (prov_ack){ .kind = PROV_ACK_APPLIED,
                       .process = 1,
                       .claim = 1,
                       .now = S(185),
                       .sent = link_of(id, target).wanted,
                       .at = PROV_AT_ACTIVE,
                       .has_remote = true,
                       .remote = prov_bytes_of(remote),
                       .etag = PROV_BYTES("W/1"),
                       .key = prov_bytes_of(key),
                       .has_copy = true,
                       .copy = PROV_BYTES("copy applied"),
                       .status = 201 };
}

__attribute__((unused)) static prov_plan *acked(const prov_id *id, const prov_ack *ack)
{
    prov_plan *a = plan();
    prov_plan_ack(a, id, target, ack);
    return a;
}

/* All the way to the target. */
__attribute__((unused)) static void carry(const prov_id *id, const char *remote, const char *key)
{
    claim(id);
    done(prepared(id, key), "a prepare");
    prov_ack ack = applied(id, remote, key);
    done(acked(id, &ack), "an acknowledgement");
}

typedef struct due {
    int count;
    prov_id ids[8];
} due;

__attribute__((unused)) static bool note_link(void *baton, const prov_link *link)
{
    due *d = baton;
    if (d->count < 8)
        d->ids[d->count] = link->resource;
    d->count++;
    return true;
}

__attribute__((unused)) static due due_at(int now)
{
    due d = { 0 };
    prov_snapshot *n = see();
    prov_snapshot_due(n, target, S(now), note_link, &d);
    prov_snapshot_end(n);
    return d;
}

__attribute__((unused)) static prov_target row_of(uint32_t number)
{
    prov_target t = { .number = 0 };
    prov_snapshot *n = see();
    prov_snapshot_target(n, number, &t);
    prov_snapshot_end(n);
    t.reason = PROV_BYTES("");
    return t;
}

#endif
