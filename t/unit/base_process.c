/* Who is alive: asked of the kernel, which may have nobody to answer. */
#include "base/process.h"
#include "tap.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_own(void)
{
    uint32_t pid = (uint32_t)getpid();
    uint64_t started = prov_process_started(pid);
    ok(started && prov_process_alive(pid, started), "who asks is alive");
    ok(!prov_process_alive(pid, started + 1), "who had the same pid before is not");
}

static void test_ended(void)
{
    pid_t pid = fork();
    if (pid == 0)
        pause();
    uint64_t started = prov_process_started((uint32_t)pid);
    ok(prov_process_alive((uint32_t)pid, started), "a child is alive");
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    ok(!prov_process_alive((uint32_t)pid, started),
       "and dead when it ended, though nobody has buried it");
    waitpid(pid, NULL, 0);
    ok(!prov_process_alive((uint32_t)pid, started), "and buried");
}

/* Whoever were taken for dead would lose all he has at work. */
static void test_no_descriptor(void)
{
    uint32_t pid = (uint32_t)getpid();
    uint64_t started = prov_process_started(pid);
    struct rlimit was, none;
    getrlimit(RLIMIT_NOFILE, &was);
    none = was;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    bool alive = prov_process_alive(pid, started);
    bool told = prov_process_started(pid) != 0;
    setrlimit(RLIMIT_NOFILE, &was);
    ok(!told && alive, "without a descriptor to ask with, nobody is dead");
}

int main(void)
{
    test_own();
    test_ended();
    test_no_descriptor();
    return plan_done();
}
