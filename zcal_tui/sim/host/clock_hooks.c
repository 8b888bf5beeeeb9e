// The C library's clocks and waits, for a process that is started with this library preloaded: see clock.c.
//
// Monotonic clocks, waits with a timeout and sleeps are virtual. The wall clock stays real: log lines and the
// names of configuration backups carry true dates. pthread_cond_timedwait is only translated, never counted as
// waiting: in CPython it is how a thread asks for the interpreter lock, so the thread has work to do.

#define _GNU_SOURCE
#include "clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define SEMAPHORE_SLICE 1000000

static struct {
    int (*cond_wait)(pthread_cond_t *, pthread_mutex_t *);
    int (*cond_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    int (*cond_signal)(pthread_cond_t *);
    int (*cond_broadcast)(pthread_cond_t *);
    int (*sem_wait)(sem_t *);
    int (*sem_timedwait)(sem_t *, const struct timespec *);
    int (*sem_clockwait)(sem_t *, clockid_t, const struct timespec *);
    int (*sem_post)(sem_t *);
    int (*clock_nanosleep)(clockid_t, int, const struct timespec *, struct timespec *);
    int (*epoll_wait)(int, struct epoll_event *, int, int);
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
    find_real();
    libc.cond_wait = find("pthread_cond_wait");
    libc.cond_timedwait = find("pthread_cond_timedwait");
    libc.cond_signal = find("pthread_cond_signal");
    libc.cond_broadcast = find("pthread_cond_broadcast");
    libc.sem_wait = dlsym(RTLD_NEXT, "sem_wait");
    libc.sem_timedwait = dlsym(RTLD_NEXT, "sem_timedwait");
    libc.sem_clockwait = dlsym(RTLD_NEXT, "sem_clockwait");
    libc.sem_post = dlsym(RTLD_NEXT, "sem_post");
    libc.clock_nanosleep = dlsym(RTLD_NEXT, "clock_nanosleep");
    libc.epoll_wait = dlsym(RTLD_NEXT, "epoll_wait");
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

static int64_t
nanoseconds(const struct timespec *ts)
{
    return ts->tv_sec * SECOND + ts->tv_nsec;
}

static struct timespec
timespec_of(int64_t t)
{
    return (struct timespec){ .tv_sec = t / SECOND, .tv_nsec = t % SECOND };
}

static int
is_virtual(clockid_t id)
{
    return id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW || id == CLOCK_MONOTONIC_COARSE
           || id == CLOCK_BOOTTIME;
}

static int64_t
deadline_after(int64_t duration)
{
    int64_t now = zc_peek();
    return duration > NEVER - now ? NEVER : now + duration;
}

EXPORT int
clock_gettime(clockid_t id, struct timespec *ts)
{
    find_libc();
    if (!zc_active() || !is_virtual(id))
        return real.clock_gettime(id, ts);
    *ts = timespec_of(zc_tick());
    return 0;
}


// ---- Descriptors ----

EXPORT int
ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    find_libc();
    if (!zc_active() || (timeout && !nanoseconds(timeout)))
        return real.ppoll(fds, count, timeout, mask);
    return zc_wait(fds, count, timeout ? deadline_after(nanoseconds(timeout)) : NEVER, mask);
}

EXPORT int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
    struct timespec ts = timespec_of(timeout * INT64_C(1000000));
    return ppoll(fds, count, timeout < 0 ? NULL : &ts, NULL);
}

EXPORT int
__poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t length)
{
    if (length / sizeof(*fds) < count)
        abort();
    return poll(fds, count, timeout);
}

EXPORT int
select(int count, fd_set *reads, fd_set *writes, fd_set *errors, struct timeval *timeout)
{
    struct pollfd fds[FD_SETSIZE];
    nfds_t used = 0;
    for (int fd = 0; fd < count; fd++) {
        short events = (reads && FD_ISSET(fd, reads) ? POLLIN : 0) | (writes && FD_ISSET(fd, writes) ? POLLOUT : 0)
                       | (errors && FD_ISSET(fd, errors) ? POLLPRI : 0);
        if (events)
            fds[used++] = (struct pollfd){ .fd = fd, .events = events };
    }
    struct timespec ts = { 0, 0 };
    if (timeout)
        ts = timespec_of(timeout->tv_sec * SECOND + timeout->tv_usec * INT64_C(1000));
    int ready = ppoll(fds, used, timeout ? &ts : NULL, NULL);
    if (ready < 0)
        return ready;
    int bits = 0;
    for (nfds_t i = 0; i < used; i++) {
        short events = fds[i].events, got = fds[i].revents;
        if (got & POLLNVAL) {
            errno = EBADF;
            return -1;
        }
        if (events & POLLIN) {
            if (got & (POLLIN | POLLHUP | POLLERR))
                bits++;
            else
                FD_CLR(fds[i].fd, reads);
        }
        if (events & POLLOUT) {
            if (got & (POLLOUT | POLLERR))
                bits++;
            else
                FD_CLR(fds[i].fd, writes);
        }
        if (events & POLLPRI) {
            if (got & POLLPRI)
                bits++;
            else
                FD_CLR(fds[i].fd, errors);
        }
    }
    return bits;
}

EXPORT int
epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    find_libc();
    if (zc_active() && timeout) {
        struct pollfd fd = { .fd = epoll, .events = POLLIN };
        if (poll(&fd, 1, timeout) < 0)
            return -1;
        timeout = 0;
    }
    return libc.epoll_wait(epoll, events, most, timeout);
}

EXPORT ssize_t
read(int fd, void *buffer, size_t count)
{
    find_libc();
    ssize_t result = real.read(fd, buffer, count);
    if (result > 0 && zc_active() && zc_is_port(fd))
        zc_host_read(result);
    return result;
}

EXPORT ssize_t
__read_chk(int fd, void *buffer, size_t count, size_t length)
{
    if (count > length)
        abort();
    return read(fd, buffer, count);
}

EXPORT ssize_t
write(int fd, const void *buffer, size_t count)
{
    find_libc();
    if (!zc_active() || !zc_is_port(fd))
        return real.write(fd, buffer, count);
    zc_host_sent((int64_t)count);
    ssize_t result = real.write(fd, buffer, count);
    int error = errno;
    zc_host_sent((result > 0 ? result : 0) - (int64_t)count);
    errno = error;
    return result;
}


// ---- Sleeps ----

EXPORT int
clock_nanosleep(clockid_t id, int flags, const struct timespec *request, struct timespec *remain)
{
    find_libc();
    int absolute = flags & TIMER_ABSTIME;
    if (!zc_active() || (absolute && !is_virtual(id)))
        return libc.clock_nanosleep(id, flags, request, remain);
    int64_t deadline = absolute ? nanoseconds(request) : deadline_after(nanoseconds(request));
    if (zc_wait(NULL, 0, deadline, NULL) == 0)
        return 0;
    int64_t left = deadline - zc_peek();
    if (remain && !absolute)
        *remain = timespec_of(left > 0 ? left : 0);
    return errno;
}

EXPORT int
nanosleep(const struct timespec *request, struct timespec *remain)
{
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, request, remain);
    if (error)
        errno = error;
    return error ? -1 : 0;
}

EXPORT int
usleep(useconds_t duration)
{
    struct timespec ts = timespec_of(duration * INT64_C(1000));
    return nanosleep(&ts, NULL);
}

EXPORT unsigned int
sleep(unsigned int duration)
{
    struct timespec ts = timespec_of(duration * SECOND), remain = { 0, 0 };
    return nanosleep(&ts, &remain) ? (unsigned int)remain.tv_sec + 1 : 0;
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
