/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log writer: sleeps until the ring stops being empty, then empties it. */
#include "log_writer.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 1, GATHER_US = 5000 };

static struct {
	pthread_t thread;
	bool running;
	atomic_bool stop;
	int wake_fd;
} writer = { .wake_fd = -1 };

static void wake(void)
{
	uint64_t one = 1;

	/* It cannot be full: the writer resets it each time. */
	while (write(writer.wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

static void *writer_main(void *arg)
{
	uint64_t count;

	(void)arg;
	while (!atomic_load(&writer.stop)) {
		if (read(writer.wake_fd, &count, sizeof(count)) < 0 && errno != EINTR)
			break;
		log_drain();
		/* Lines come in bursts; waking for each would cost their writer more than they do. */
		if (!atomic_load(&writer.stop))
			usleep(GATHER_US);
	}
	log_stop_ring();
	return NULL;
}

int log_writer_start(void)
{
	int ret;

	writer.wake_fd = eventfd(0, EFD_CLOEXEC);
	if (writer.wake_fd < 0)
		return -errno;
	atomic_store(&writer.stop, false);
	ret = pthread_create(&writer.thread, NULL, writer_main, NULL);
	if (ret)
		return -ret;
	pthread_setname_np(writer.thread, "log");
	writer.running = true;
	log_start_ring(wake);
	return 0;
}

bool log_writer_stop(void)
{
	struct timespec until;

	if (!writer.running)
		return true;
	atomic_store(&writer.stop, true);
	wake();
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (pthread_timedjoin_np(writer.thread, NULL, &until))
		return false;
	writer.running = false;
	return true;
}
