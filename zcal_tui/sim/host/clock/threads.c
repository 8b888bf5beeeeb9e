// The C library's threads and what they wait for each other with, for a process that is started with this library
// preloaded: see flow.c.
//
// pthread_cond_timedwait is only translated, never counted as waiting: in CPython it is how a thread asks for the
// interpreter lock, so the thread has work to do.

#define _GNU_SOURCE
#include "clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#define SEMAPHORE_SLICE (SECOND / 1000)

static struct {
    int (*cond_wait)(pthread_cond_t *, pthread_mutex_t *);
    int (*cond_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    int (*cond_signal)(pthread_cond_t *);
    int (*cond_broadcast)(pthread_cond_t *);
    int (*sem_wait)(sem_t *);
    int (*sem_timedwait)(sem_t *, const struct timespec *);
    int (*sem_clockwait)(sem_t *, clockid_t, const struct timespec *);
    int (*sem_post)(sem_t *);
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
} libc;

static pthread_key_t slot_key;

// The condition variables of x86 have an older namesake that a plain dlsym() may find.
static void *
find(const char *name)
{
    void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    return found ? found : dlsym(RTLD_NEXT, name);
}

static void
find_libc(void)
{
    if (libc.create)
        return;
    libc.cond_wait = find("pthread_cond_wait");
    libc.cond_timedwait = find("pthread_cond_timedwait");
    libc.cond_signal = find("pthread_cond_signal");
    libc.cond_broadcast = find("pthread_cond_broadcast");
    libc.sem_wait = dlsym(RTLD_NEXT, "sem_wait");
    libc.sem_timedwait = dlsym(RTLD_NEXT, "sem_timedwait");
    libc.sem_clockwait = dlsym(RTLD_NEXT, "sem_clockwait");
    libc.sem_post = dlsym(RTLD_NEXT, "sem_post");
    libc.create = dlsym(RTLD_NEXT, "pthread_create");
}

static void
thread_ends(void *slot)
{
    zc_slot_release((int)(intptr_t)slot - 1);
}

__attribute__((constructor)) static void
start(void)
{
    find_libc();
    const char *page = getenv("ZCAL_SIM_CLOCK");
    const char *preload = getenv("LD_PRELOAD");
    if (!page || !preload || pthread_key_create(&slot_key, thread_ends) || zc_attach(atoi(page)))
        return;
    // What klippy starts (git, for its version) lives in real time.
    unsetenv("LD_PRELOAD");
    unsetenv("ZCAL_SIM_CLOCK");
}


// ---- Semaphores: the locks of Python's threads ----

static int
try_semaphore(void *semaphore)
{
    return sem_trywait(semaphore);
}

static int
post_semaphore(void *semaphore)
{
    return libc.sem_post(semaphore);
}

EXPORT int
sem_post(sem_t *semaphore)
{
    find_libc();
    return zc_active() ? zc_sync_wake(semaphore, 0, post_semaphore) : libc.sem_post(semaphore);
}

EXPORT int
sem_wait(sem_t *semaphore)
{
    find_libc();
    if (!zc_active())
        return libc.sem_wait(semaphore);
    if (sem_trywait(semaphore) == 0 || !zc_sync_begin(semaphore, NEVER, try_semaphore))
        return 0;
    int result = libc.sem_wait(semaphore), error = errno;
    zc_sync_end();
    errno = error;
    return result;
}

static int
sem_wait_until(sem_t *semaphore, int64_t deadline)
{
    if (sem_trywait(semaphore) == 0)
        return 0;
    if (deadline <= zc_peek()) {
        errno = ETIMEDOUT;
        return -1;
    }
    if (!zc_sync_begin(semaphore, deadline, try_semaphore))
        return 0;
    int result, error;
    do {
        struct timespec slice = timespec_of(real_clock(CLOCK_REALTIME) + SEMAPHORE_SLICE);
        result = libc.sem_timedwait(semaphore, &slice);
        error = errno;
    } while (result && error == ETIMEDOUT && !zc_sync_expired(deadline));
    zc_sync_end();
    errno = error;
    return result;
}

EXPORT int
sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
    find_libc();
    if (!zc_active())
        return libc.sem_timedwait(semaphore, until);
    return sem_wait_until(semaphore, deadline_after(nanoseconds(until) - real_clock(CLOCK_REALTIME)));
}

EXPORT int
sem_clockwait(sem_t *semaphore, clockid_t id, const struct timespec *until)
{
    find_libc();
    if (!zc_active())
        return libc.sem_clockwait(semaphore, id, until);
    return is_virtual(id) ? sem_wait_until(semaphore, nanoseconds(until)) : sem_timedwait(semaphore, until);
}


// ---- Condition variables: those of klippy's C helper, and Python's interpreter lock ----

EXPORT int
pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    find_libc();
    if (!zc_active())
        return libc.cond_wait(condition, mutex);
    zc_sync_begin(condition, NEVER, NULL);
    int result = libc.cond_wait(condition, mutex);
    zc_sync_end();
    return result;
}

EXPORT int
pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    find_libc();
    if (!zc_active())
        return libc.cond_timedwait(condition, mutex, until);
    // The condition does not tell which clock it was made for; the times of the two are decades apart.
    int64_t left = nanoseconds(until) - zc_peek();
    if (left > SECOND * 3600 * 24 * 365 * 10)
        return libc.cond_timedwait(condition, mutex, until);
    struct timespec translated = timespec_of(real_clock(CLOCK_MONOTONIC) + (left > 0 ? left : 0));
    return libc.cond_timedwait(condition, mutex, &translated);
}

EXPORT int
pthread_cond_signal(pthread_cond_t *condition)
{
    find_libc();
    if (zc_active())
        zc_sync_wake(condition, 0, NULL);
    return libc.cond_signal(condition);
}

EXPORT int
pthread_cond_broadcast(pthread_cond_t *condition)
{
    find_libc();
    if (zc_active())
        zc_sync_wake(condition, 1, NULL);
    return libc.cond_broadcast(condition);
}


// ---- Threads ----

struct launch {
    void *(*start)(void *);
    void *argument;
    int slot;
};

static void *
run_thread(void *argument)
{
    struct launch launch = *(struct launch *)argument;
    free(argument);
    zc_slot_adopt(launch.slot);
    pthread_setspecific(slot_key, (void *)(intptr_t)(launch.slot + 1));
    return launch.start(launch.argument);
}

EXPORT int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    find_libc();
    struct launch *launch = zc_active() ? malloc(sizeof(*launch)) : NULL;
    if (!launch)
        return libc.create(thread, attributes, start, argument);
    *launch = (struct launch){ start, argument, zc_slot_take() };
    int slot = launch->slot;
    int error = libc.create(thread, attributes, run_thread, launch);
    if (error) {
        zc_slot_release(slot);
        free(launch);
    }
    return error;
}
