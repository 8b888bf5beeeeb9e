// The bytes between klippy and the simulated micro-controller: while some are on their way, time is held.
//
// A pty hands them over some time after write() has returned, so that they are counted by both ends. See flow.c.

#define _GNU_SOURCE
#include "page.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static char port_path[64];        // the simulator's only

int
zc_is_port(int fd)
{
    struct stat st;
    return page->port && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == page->port;
}

// The sender counts before it sends, and takes back what did not go. A reader that finds more than was on its way
// reads what had been given up for lost.
static void
count_read(int64_t *read, const int64_t *sent, int64_t count)
{
    lock();
    *read += count;
    if (*read > *sent)
        *read = *sent;
    unlock();
}

static void
count_sent(int64_t *read, int64_t *sent, int64_t count)
{
    lock();
    *sent += count;
    if (*read > *sent)
        *read = *sent;
    unlock();
}

void
zc_host_sent(int64_t count)
{
    count_sent(&page->mcu_read, &page->host_sent, count);
}

void
zc_host_read(int64_t count)
{
    count_read(&page->host_read, &page->mcu_sent, count);
}

EXPORT void
zc_mcu_sent(int64_t count)
{
    count_sent(&page->host_read, &page->mcu_sent, count);
}

EXPORT void
zc_mcu_read(int64_t count)
{
    count_read(&page->mcu_read, &page->host_sent, count);
}

// What was on its way is lost: the port was closed.
EXPORT void
zc_port_closed(void)
{
    lock();
    page->mcu_read = page->host_sent;
    page->host_read = page->mcu_sent;
    unlock();
}

EXPORT void
zc_port_is(uint64_t device, const char *path)
{
    page->port = (dev_t)device;
    snprintf(port_path, sizeof(port_path), "%s", path);
}

// Whether bytes for the host wait in its end of the port: it has not come round to reading them.
static int
host_has_unread(void)
{
    int waiting = 0, fd = open(port_path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (ioctl(fd, FIONREAD, &waiting) < 0)
        waiting = 0;
    close(fd);
    return waiting > 0;
}

// The simulator's turn to look for what got stuck: bytes that were thrown away with the port's buffers, and
// threads marked as woken whose wake-up never came.
void
look_for_stuck(void)
{
    int64_t at = real_now();
    int busy = 0;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &page->slots[i];
        if (slot->state == WOKEN && at - slot->woken_at > STALE) {
            if (slot->address)
                slot->state = IDLE;
            else
                kick(slot);
            slot->woken_at = at;
        }
        if (slot->state == BUSY || slot->state == WOKEN)
            busy = 1;
    }
    int64_t counters[4] = { page->host_sent, page->host_read, page->mcu_sent, page->mcu_read };
    if (busy || memcmp(counters, page->seen, sizeof(counters))) {
        memcpy(page->seen, counters, sizeof(counters));
        page->seen_since = at;
    } else if (at - page->seen_since > LOST && !host_has_unread()) {
        page->mcu_read = page->host_sent;
        page->host_read = page->mcu_sent;
    }
}
