/* Who is to be at a target by the groups he is in, when those who change them know of no roles. */
#include "outbound_given.h"

/* As a process of an older configuration, which had no reason to look at who is below. */
static void leave_as_before(const prov_id *group, const prov_id *member)
{
    prov_plan *plan = prov_plan_make(pool);
    prov_touch now = touch(PROV_QUEUE_NORMAL);
    prov_plan_member_remove(plan, group, member, &now);
    prov_plan_moved(plan, group, &now);
    prov_plan_recheck(plan, group, 0);
    commit(plan, "an older process's change");
}

static void test_below(void)
{
    prov_id top = prov_id_make(), sub = prov_id_make(), user = prov_id_make();
    put(group_type, &top, role, NULL);
    put(group_type, &sub, "sub", NULL);
    join(&top, &sub, true);
    put(user_type, &user, "una", NULL);
    join(&sub, &user, true);
    ok(settle() && there("User", "una"), "who is in a group within the role's is there");
    leave_as_before(&top, &sub);
    apr_time_t until = apr_time_now() + SETTLE_FOR;
    while (there("User", "una")->active && apr_time_now() < until)
        apr_sleep(2000);
    ok(!there("User", "una")->active, "and goes when an older process takes that group out of it");
}

int main(int argc, const char *const *argv)
{
    role = "everybody there";
    begin(argc, argv);
    test_below();
    end();
    return plan_done();
}
