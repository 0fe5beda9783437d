/* SPDX-License-Identifier: Apache-2.0
 * The engine is tried out, not guessed; what forbids it is named. */
#include "net/uring.h"

#include "net_test.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void test_it_works_or_says_why_not(void **state)
{
    (void)state;
    char why[160] = "?";
    bool works = loop_uring_works(why, sizeof why);
    assert_int_equal(works, why[0] == '\0');
    assert_true(loop_engine_works(LOOP_EPOLL, why, sizeof why));
    assert_string_equal(loop_engine_name(LOOP_EPOLL), "epoll");
    assert_string_equal(loop_engine_name(LOOP_URING), "io_uring");
}

/* As a container's or a service manager's filter does it. */
static bool forbid(unsigned call, int error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = countof(code), .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a process of its own, for a filter stays. 0: `reason` was given. */
static int outcome_when(unsigned call, int error, const char *reason)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char why[160];
        if (!forbid(call, error))
            _exit(2);
        if (loop_uring_works(why, sizeof why))
            _exit(3);
        _exit(strstr(why, reason) != NULL ? 0 : 4);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_a_filter_is_named(void **state)
{
    (void)state;
    char why[160];
    assert_int_equal(outcome_when(SYS_io_uring_setup, EPERM, "forbidden here"), 0);
    assert_int_equal(outcome_when(SYS_io_uring_setup, ENOSYS, "has no io_uring"), 0);
    assert_int_equal(outcome_when(SYS_io_uring_setup, EINVAL, "too old"), 0);
    assert_int_equal(outcome_when(SYS_io_uring_setup, ENOMEM, "RLIMIT_MEMLOCK"), 0);
    if (!loop_uring_works(why, sizeof why))
        return;
    assert_int_equal(outcome_when(SYS_io_uring_register, EPERM, "forbidden here"), 0);
    assert_int_equal(outcome_when(SYS_io_uring_enter, EPERM, "forbidden here"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_works_or_says_why_not),
        cmocka_unit_test(test_a_filter_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
