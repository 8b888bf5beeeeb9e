// The C library's clocks, waits and sleeps, for a process that is started with this library preloaded: see flow.c.
//
// Monotonic clocks, waits with a timeout and sleeps are virtual. The wall clock stays real: log lines and the
// names of configuration backups carry true dates. What waits for threads is in threads.c.

#define _GNU_SOURCE
#include "clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

static struct {
    int (*clock_nanosleep)(clockid_t, int, const struct timespec *, struct timespec *);
    int (*epoll_wait)(int, struct epoll_event *, int, int);
} libc;

static void
find_libc(void)
{
    if (libc.epoll_wait)
        return;
    find_real();
    libc.clock_nanosleep = dlsym(RTLD_NEXT, "clock_nanosleep");
    libc.epoll_wait = dlsym(RTLD_NEXT, "epoll_wait");
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
    int port = result > 0 && zc_active() ? zc_port_of(fd) : -1;
    if (port >= 0)
        zc_host_read(port, result);
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
    int port = zc_active() ? zc_port_of(fd) : -1;
    if (port < 0)
        return real.write(fd, buffer, count);
    zc_host_sent(port, (int64_t)count);
    ssize_t result = real.write(fd, buffer, count);
    int error = errno;
    zc_host_sent(port, (result > 0 ? result : 0) - (int64_t)count);
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
