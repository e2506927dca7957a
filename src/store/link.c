#include "store/link.h"
#include "store/packed.h"

#include <string.h>

const char *const prov_link_state_names[] = { "synced",  "disabled", "removed",    "out of scope",
                                              "pending", "waiting",  "working",    "unknown",
                                              "failed",  "held",     "superseded", "orphaned",
                                              NULL };

/* --- the row -------------------------------------------------------------------------------- */

#define NUMBER(member)     PROV_PACKED(prov_link, member, PROV_PACKED_NUMBER, 0)
#define UP_TO(member, top) PROV_PACKED(prov_link, member, PROV_PACKED_NUMBER, top)
#define BYTES(member)      PROV_PACKED(prov_link, member, PROV_PACKED_BYTES, 0)

/* The order is the format. */
static const prov_packed_field fields[] = {
    NUMBER(type),
    UP_TO(queue, PROV_QUEUE_NORMAL),
    NUMBER(trigger),
    NUMBER(application),
    UP_TO(gone, true),
    NUMBER(wanted),
    NUMBER(applied),
    UP_TO(at, PROV_AT_OUT_OF_SCOPE),
    NUMBER(due),
    NUMBER(last_time),
    NUMBER(last_success),
    NUMBER(last_status),
    BYTES(remote),
    BYTES(etag),
    BYTES(key),
    NUMBER(attempt),
    UP_TO(attempt_kind, PROV_ATTEMPT_MEMBERS),
    NUMBER(attempt_at),
    BYTES(sent_key),
    NUMBER(lease.process),
    NUMBER(lease.claim),
    NUMBER(lease.until),
    NUMBER(verify),
    NUMBER(failing),
    NUMBER(tries),
    NUMBER(refused),
    NUMBER(held),
    BYTES(candidate),
    PROV_PACKED(prov_link, superseded_by, PROV_PACKED_FIXED, 0),
};
#define FIELDS ((int)(sizeof fields / sizeof *fields))

void prov_link_write(prov_buf *b, const prov_link *l)
{
    prov_packed_write(b, fields, FIELDS, l);
}

bool prov_link_read(prov_bytes row, prov_link *out)
{
    memset(out, 0, sizeof *out);
    return row.len > 0 && prov_packed_read(row, fields, FIELDS, out);
}

/* --- what follows from the facts ------------------------------------------------------------ */

static bool is_superseded(const prov_link *l)
{
    static const prov_id none;
    return !prov_id_equal(&l->superseded_by, &none);
}

bool prov_lease_free(const prov_lease *l, apr_time_t now)
{
    return l->process == 0 || l->until <= now;
}

bool prov_lease_mine(const prov_lease *l, uint32_t process, uint64_t claim)
{
    return process != 0 && l->process == process && l->claim == claim;
}

static prov_link_state state_at_rest(const prov_link *l)
{
    static const prov_link_state by_place[] = {
        [PROV_AT_NOTHING] = PROV_LINK_OUT_OF_SCOPE,      [PROV_AT_ACTIVE] = PROV_LINK_SYNCED,
        [PROV_AT_DISABLED] = PROV_LINK_DISABLED,         [PROV_AT_REMOVED] = PROV_LINK_REMOVED,
        [PROV_AT_OUT_OF_SCOPE] = PROV_LINK_OUT_OF_SCOPE,
    };
    return by_place[l->at];
}

static bool gave_up(const prov_link *l, apr_time_t now, apr_time_t give_up)
{
    return give_up > 0 && l->failing != 0 && now - l->failing >= give_up;
}

prov_link_state prov_link_state_of(const prov_link *l, apr_time_t now, bool declared,
                                   apr_time_t give_up)
{
    if (is_superseded(l))
        return PROV_LINK_SUPERSEDED;
    if (!prov_lease_free(&l->lease, now))
        return PROV_LINK_WORKING;
    if (l->attempt != 0)
        return PROV_LINK_UNKNOWN;
    if (l->applied == l->wanted)
        return state_at_rest(l);
    if (l->refused == l->wanted || gave_up(l, now, give_up))
        return PROV_LINK_FAILED;
    if (l->held == l->wanted)
        return PROV_LINK_HELD;
    if (l->due > now)
        return PROV_LINK_WAITING;
    return declared ? PROV_LINK_PENDING : PROV_LINK_ORPHANED;
}

static bool has_work(const prov_link *l)
{
    if (l->attempt != 0)
        return true; /* whatever became of it must be asked, refused or not */
    return l->applied != l->wanted && l->refused != l->wanted && l->held != l->wanted;
}

apr_time_t prov_link_next(const prov_link *l)
{
    if (is_superseded(l))
        return 0;
    if (l->lease.process != 0)
        return l->lease.until;
    apr_time_t next = l->verify;
    if (has_work(l)) {
        apr_time_t due = l->due > 0 ? l->due : 1; /* 0 would mean never */
        if (next == 0 || due < next)
            next = due;
    }
    return next;
}

/* --- transitions ---------------------------------------------------------------------------- */

void prov_link_touch(prov_link *l, const prov_touch *t)
{
    if (l->refused != 0 && l->refused == l->wanted) {
        /* The change is a new question: it gets all the time an answer may take. */
        l->failing = 0;
        l->tries = 0;
    }
    l->wanted++;
    l->due = t->now;
    if (t->queue == PROV_QUEUE_URGENT)
        l->queue = PROV_QUEUE_URGENT;
    l->trigger = t->trigger;
    l->application = t->application;
    l->gone = l->gone || t->gone;
}

static const prov_bytes empty = { (const uint8_t *)"", 0 };

void prov_link_prepare(prov_link *l, const prov_prepare *p)
{
    l->attempt = p->wanted;
    l->attempt_kind = p->kind;
    l->attempt_at = p->now;
    l->sent_key = p->sent_key;
    l->lease.until = p->until;
    if (p->drop_remote) {
        l->remote = empty;
        l->etag = empty;
        l->at = PROV_AT_NOTHING;
    }
}

static void end_attempt(prov_link *l)
{
    l->attempt = 0;
    l->attempt_kind = PROV_ATTEMPT_NONE;
    l->attempt_at = 0;
    l->sent_key = empty;
}

/* One that lies ahead was put there by who knows of a call that may still arrive. */
static void end_due_verify(prov_link *l, apr_time_t now)
{
    if (l->verify <= now)
        l->verify = 0;
}

/* It was not to be there and never was: nothing was sent that could have been a success. */
static bool was_nothing(const prov_link *l, const prov_ack *a)
{
    return !l->last_success && !l->attempt && !l->remote.len && a->at != PROV_AT_ACTIVE &&
           a->at != PROV_AT_DISABLED;
}

static void applied(prov_link *l, const prov_ack *a)
{
    if (!was_nothing(l, a))
        l->last_success = a->now;
    end_attempt(l);
    /* With edges left, that wanted is not there yet. */
    l->applied = a->more && a->sent ? a->sent - 1 : a->sent;
    l->at = a->at;
    l->tries = 0;
    l->failing = 0;
    l->refused = 0;
    l->held = 0;
    end_due_verify(l, a->now);
    l->due = l->applied != l->wanted ? a->now : 0;
    if (l->applied == l->wanted)
        l->queue = PROV_QUEUE_NORMAL;
}

static void observed(prov_link *l, const prov_ack *a)
{
    /* What was seen need not be what the open attempt was to leave, nor what was known: compare
     * once more. */
    bool news = l->attempt != 0 || l->at != a->at;
    if (news && l->wanted != 0 && l->applied == l->wanted)
        l->applied--;
    end_attempt(l);
    l->at = a->at;
    if (a->verified)
        end_due_verify(l, a->now);
}

static void note_failure(prov_link *l, const prov_ack *a, uint64_t about)
{
    l->due = a->due ? a->due : a->now;
    if (a->kind == PROV_ACK_RELEASED && l->verify && l->verify <= a->now)
        l->verify = l->due; /* the look itself came to nothing */
    if (a->refused)
        l->refused = about;
    if (a->held)
        l->held = about;
    if (!a->counts)
        return;
    l->tries++;
    if (l->failing == 0)
        l->failing = a->now;
}

/* Without a word about it, a release leaves the time as it was. */
static bool says_when(const prov_ack *a)
{
    return a->kind != PROV_ACK_RELEASED || a->due || a->refused || a->held;
}

static void take_names(prov_link *l, const prov_ack *a)
{
    l->remote = a->remote;
    l->etag = a->etag;
    l->key = a->key;
    l->candidate = empty;
}

void prov_link_ack(prov_link *l, const prov_ack *a)
{
    /* A touch since then asks anew, so a refusal is only about what was sent. */
    uint64_t about = a->sent ? a->sent : l->attempt ? l->attempt : l->wanted;

    memset(&l->lease, 0, sizeof l->lease);
    if (a->kind != PROV_ACK_RELEASED) {
        l->last_time = a->now;
        l->last_status = a->status;
    }
    if (a->kind == PROV_ACK_APPLIED)
        applied(l, a);
    else if (a->kind == PROV_ACK_OBSERVED)
        observed(l, a);
    else if (a->kind == PROV_ACK_NOT_APPLIED)
        end_attempt(l);
    if (a->kind != PROV_ACK_APPLIED && says_when(a))
        note_failure(l, a, about);
    if (a->has_remote)
        take_names(l, a);
    if (a->verify > l->verify)
        l->verify = a->verify;
}

/* His call may have undone what was done since, or made a second object. */
void prov_link_deposit(prov_link *l, const prov_ack *a)
{
    bool other = a->has_remote && a->remote.len && !prov_bytes_equal(a->remote, l->remote);
    apr_time_t look = a->late ? a->late : other ? a->now : 0;
    if (other)
        l->candidate = a->remote;
    if (look > l->verify)
        l->verify = look;
}
